"""Figures of the chain on images of which they are known; the ways through the pipeline."""

import numpy as np
import pytest

from jwst_denoise_benchmarks.chain import figures, imaging, spectra, ways
from jwst_denoise_benchmarks.chain.field import QUICK, field


@pytest.fixture(scope="module")
def made():
    return field(QUICK[0], 1)


def image(made, rng, noise=1.0, light=1.0):
    """Image with white noise of the sky in units of what the field expects, and a part of the light of sources."""
    sigma = noise * np.sqrt(made.variance)
    data = QUICK[0].sky + light * (made.truth - QUICK[0].sky) + rng.normal(0, sigma, made.truth.shape)
    return figures.Image(np.where(made.light, data, np.nan), np.full(data.shape, sigma))


@pytest.fixture(scope="module")
def found(made):
    rng = np.random.default_rng(5)
    cases = {"usual": {}, "half the noise": {"noise": 0.5}, "less light": {"noise": 0.01, "light": 0.98}}
    images = {name: image(made, rng, **options) for name, options in cases.items()}
    return {name: figures.measure(one, made, QUICK[0].sky) for name, one in images.items()}


def test_sources_are_where_they_are_said(made):
    y, x = np.rint(made.places[:, ::-1]).astype(int).T
    bright = made.flux > 50 * np.sqrt(made.variance)
    inside = (x > 4) & (y > 4) & (x < made.truth.shape[1] - 4) & (y < made.truth.shape[0] - 4)
    assert (made.truth[y, x] > 1.5 * QUICK[0].sky)[bright & inside].all()


def test_noise_and_errors(found, made):
    assert found["usual"]["pull"] == pytest.approx(1, abs=0.03)
    assert found["usual"]["noise"] == pytest.approx(np.sqrt(made.variance), rel=0.03)
    for radius, sigma in found["usual"]["apertures"].items():
        assert sigma == pytest.approx(np.sqrt(np.pi * made.variance) * radius, rel=0.15)


def test_half_the_noise_is_deeper_by_three_quarters_of_a_magnitude(found):
    deeper = imaging.gain(found["half the noise"], found["usual"])
    for radius in figures.RADII:
        assert deeper[radius] == pytest.approx(2.5 * np.log10(2), abs=0.1)
    assert 0.3 < deeper["matched filter"] < 1.2


def test_lost_light_is_a_bias(found):
    for kinds in found["less light"]["bias"].values():
        for (low, _), bias in kinds.items():
            if low >= 10:
                assert bias["bias"] == pytest.approx(-0.02, abs=0.002)


def test_ways_are_told_apart():
    for some in (ways.WAYS, ways.SPECTRA):
        assert len({way.name for way in some}) == len(some)
        assert len({(way.groups, way.rates, way.images, str(way.options)) for way in some}) == len(some)
        assert all(set(way.groups) <= {*ways.STAGE1, *ways.FLICKER.groups} for way in some)


def test_columns_of_a_spectrum():
    rng = np.random.default_rng(2)
    flux, noise = np.full(2048, 5.0), np.ones(2048)
    found = spectra._combined([(flux, rng.normal(0.5, 2, 2048), noise)])
    assert found["robust"] == pytest.approx(2, abs=0.15)
    assert found["rms"] == pytest.approx(np.hypot(2, 0.5), abs=0.15)
    (bias,) = found["bias"].values()
    assert bias["bias"] == pytest.approx(0.1, abs=4 * bias["error"])

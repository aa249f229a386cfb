"""Metrics of the chain on images for which they are known; the configurations of the pipeline."""

import numpy as np
import pytest

from jwst_denoise_benchmarks.chain import configurations, imaging, metrics, spectra
from jwst_denoise_benchmarks.chain.field import QUICK, simulate_field


@pytest.fixture(scope="module")
def field():
    return simulate_field(QUICK[0], 1)


def image(field, rng, noise=1.0, flux=1.0):
    """Image with white noise in units of that of the field, and a fraction of the flux of the sources."""
    sigma = noise * np.sqrt(field.variance)
    data = QUICK[0].sky + flux * (field.truth - QUICK[0].sky) + rng.normal(0, sigma, field.truth.shape)
    return metrics.Image(np.where(field.active, data, np.nan), np.full(data.shape, sigma))


@pytest.fixture(scope="module")
def measured(field):
    rng = np.random.default_rng(5)
    cases = {"usual": {}, "half the noise": {"noise": 0.5}, "less flux": {"noise": 0.01, "flux": 0.98}}
    images = {name: image(field, rng, **options) for name, options in cases.items()}
    return {name: metrics.measure_image(one, field, QUICK[0].sky) for name, one in images.items()}


def test_sources_are_at_their_positions(field):
    y, x = np.rint(field.places[:, ::-1]).astype(int).T
    bright = field.flux > 50 * np.sqrt(field.variance)
    inside = (x > 4) & (y > 4) & (x < field.truth.shape[1] - 4) & (y < field.truth.shape[0] - 4)
    assert (field.truth[y, x] > 1.5 * QUICK[0].sky)[bright & inside].all()


def test_noise_and_errors(measured, field):
    assert measured["usual"]["pull"] == pytest.approx(1, abs=0.03)
    assert measured["usual"]["noise"] == pytest.approx(np.sqrt(field.variance), rel=0.03)
    for radius, sigma in measured["usual"]["apertures"].items():
        assert sigma == pytest.approx(np.sqrt(np.pi * field.variance) * float(radius), rel=0.15)


def test_half_the_noise_is_a_gain_of_three_quarters_of_a_magnitude(measured):
    deeper = imaging.gains(measured["half the noise"], measured["usual"])
    for radius in metrics.RADII:
        assert deeper[f"{radius}"] == pytest.approx(2.5 * np.log10(2), abs=0.1)
    assert 0.3 < deeper["matched filter"] < 1.2


def test_lost_flux_is_a_bias(measured):
    for kinds in measured["less flux"]["bias"].values():
        for low, bias in kinds.items():
            if float(low) >= 10:
                assert bias["bias"] == pytest.approx(-0.02, abs=0.002)


def test_configurations_are_unique():
    for group in (configurations.IMAGES, configurations.SPECTRA):
        assert len({one.name for one in group}) == len(group)
        assert len({(one.groups, one.rates, one.images, str(one.options)) for one in group}) == len(group)
        assert all(set(one.groups) <= {*configurations.STAGE1, *configurations.FLICKER.groups} for one in group)


def test_rows_of_a_configuration(measured):
    name, reference = configurations.DENOISE1.name, measured["usual"]
    gain = imaging.gains(measured["half the noise"], reference)
    limit, apertures, noise, pull, *bias = imaging.image_rows(QUICK[0], name, measured["half the noise"], gain)
    assert set(limit.result) == set(reference["limits"]) and limit.target == apertures.target == "≥ 0.5"
    assert apertures.passed and apertures.result["r = 2 pixels"] == pytest.approx(0.75, abs=0.1)
    assert noise.unit == "e-/s" and pull.result["ratio"] == pytest.approx(1, abs=0.03) and len(bias) == 2
    assert limit.metrics["gain"] == gain and limit.metrics["bias"]["stars"]


def test_columns_of_a_spectrum():
    rng = np.random.default_rng(2)
    flux, noise = np.full(2048, 5.0), np.ones(2048)
    combined = spectra.combine([(flux, rng.normal(0.5, 2, 2048), noise)])
    assert combined["robust"] == pytest.approx(2, abs=0.15)
    assert combined["rms"] == pytest.approx(np.hypot(2, 0.5), abs=0.15)
    (bias,) = combined["bias"].values()
    assert bias["bias"] == pytest.approx(0.1, abs=4 * bias["error"])

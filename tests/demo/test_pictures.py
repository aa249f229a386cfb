"""Numbers and pictures of images that are known to be right or wrong."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from jwst_denoise import products, simulate
from jwst_denoise.demo import correlated_noise, metrics, part, pictures
from jwst_denoise.readout import Readout

SHAPE = (200, 220)
READOUT = Readout(SHAPE, 1, 2)


@pytest.fixture(scope="module")
def truth():
    """Thirty stars far apart on a background of 100 e- with errors of 10 e-."""
    image = np.zeros(SHAPE)
    y, x = (k.ravel() for k in np.meshgrid(np.arange(20, 190, 36), np.arange(20, 210, 36), indexing="ij"))
    image[y, x] = np.geomspace(300, 30000, len(y))
    signal = 100 + gaussian_filter(image, 1.0)
    sources = signal > 105
    return metrics.Truth(signal, signal, np.full(SHAPE, 10.0), sources, ~sources, 100.0)


def image_of(truth, noise, err=10.0):
    return metrics.Image(truth.signal + noise, np.full(SHAPE, err), np.ones(SHAPE, bool))


@pytest.fixture(scope="module")
def images(truth):
    noise = np.random.default_rng(3).normal(0, 10, SHAPE)
    return {"default": image_of(truth, noise), "denoised": image_of(truth, noise / 2, 5.0)}


def test_numbers_of_white_noise(truth, images):
    before, after = (metrics.measure_image(image, truth) for image in images.values())
    assert before.background_noise == pytest.approx(10, rel=0.02)
    assert before.aperture_noise == pytest.approx(10 / np.sqrt(np.pi * 2.5**2), rel=0.1)
    assert after.background_noise == pytest.approx(before.background_noise / 2, rel=1e-6)
    assert after.source_noise == pytest.approx(5, rel=0.05)
    for one in (before, after):
        assert one.over_err == pytest.approx(1, abs=0.02)
        assert one.aperture_over_err == pytest.approx(1, abs=0.08)
        assert abs(one.flux_bias) < 0.01


def test_lost_flux_and_shifted_background_are_measured(truth, images):
    noise = np.random.default_rng(4).normal(3, 0.01, SHAPE)
    lost = image_of(truth, noise - 0.1 * np.where(truth.sources, truth.signal - 100, 0))
    result = metrics.measure_image(lost, truth)
    above = (truth.signal - 100)[truth.sources].sum() / truth.signal[truth.sources].sum()
    assert result.flux_bias == pytest.approx(-0.1 * above, rel=0.02)
    assert result.shift == pytest.approx(3, abs=1e-3)
    assert result.flux_scatter > 3


def test_hits_in_the_noise_free_run_are_left_out(truth):
    exposure = replace_rate(truth)
    noiseless = image_of(truth, np.where(np.indices(SHAPE)[0] == 50, 100.0, 0))
    result = metrics.find_truth(exposure, [noiseless], noiseless)
    assert not result.background[50].any()
    assert result.background[100:].mean() > 0.5
    assert result.background.dtype == metrics.find_truth(exposure, [noiseless]).background.dtype == bool


def replace_rate(truth):
    """What `find_truth` reads of an exposure."""

    class Exposure:
        group_time, counts, readout = 10.0, np.zeros((1, 11, 1, 1)), READOUT

        class truth:  # noqa: N801
            rate = None

    Exposure.truth.rate = (truth.signal / 100).astype(np.float32)
    return Exposure


def test_biases_and_errors_are_explained_where_they_are_large(truth, images):
    usual = metrics.measure_image(images["default"], truth)
    biased = replace(usual, flux_bias=-0.0123, over_err=0.69, aperture_over_err=1.51)
    measured = {"default": usual, "denoised": biased}
    causes = dict.fromkeys(measured, "the reason.")
    assert part.explain_fluxes(measured, causes) == ["denoised: total flux -1.2 %: the reason."]
    (sentence,) = part.explain_errors(measured, causes)
    assert sentence.startswith(
        "denoised: on the background, pixels scatter by 0.69 ERR and sums over apertures by 1.51"
    )


def drawn(monkeypatch, draw, *arguments):
    """Title -> axes of a picture."""
    figures = []
    monkeypatch.setattr(pictures, "write_figure", lambda path, title, rows: figures.append(rows))
    draw("x.png", "title", *arguments)
    from jwst_denoise.report.plotting import new_figure

    return {axis.get_title(loc="left"): axis for axis in new_figure("title", figures[0]).axes}


def test_picture_against_the_truth(truth, images, monkeypatch):
    panels = drawn(
        monkeypatch, pictures.draw_against_truth, images, {"default": "without", "denoised": "with"}, truth, READOUT
    )
    assert list(panels)[:4] == ["without", "with", "without: error", "with: error"]
    shown = panels["with: error"].images[0].get_array()
    np.testing.assert_allclose(shown, truth.centered(images["denoised"].data - truth.signal))
    assert [bar.get_ylabel() for title in list(panels)[:4] for bar in panels[title].child_axes] == ["e⁻"] * 4
    noise = {line.get_label(): line.get_ydata() for line in panels["background: mean over an area"].lines}
    np.testing.assert_allclose(noise["denoised"], noise["default"] / 2, rtol=1e-6)
    spectrum = panels["background: order of readout"]
    assert (spectrum.get_xlabel(), spectrum.get_ylabel()) == ("frequency / Hz", "power / (e⁻)² Hz⁻¹")


def test_flux_of_added_stars(tmp_path, monkeypatch):
    """The step keeps the flux that `max_source_loss` promises."""
    rng = np.random.default_rng(1)
    detector = simulate.detector("NIS")
    rate, observation = simulate.scene("field", detector, rng, subarray_name="SUB128")
    exposure = simulate.simulate_exposure(
        rate, detector, None, "NISRAPID", 5, 1, rng, observation=observation, cosmic_rays=False
    )
    path = products.write_products(exposure, tmp_path, "small", ["rate"])["rate"]
    monkeypatch.setenv("STPIPE_DISABLE_CRDS_STEPPARS", "true")
    kept = correlated_noise.flux_kept(path, rate < 2 * np.median(rate), tmp_path / "added", tmp_path / "log.txt")
    assert 0.97 < kept < 1.01
    assert np.isnan(correlated_noise.flux_kept(path, rate < 0, tmp_path, tmp_path / "log.txt"))

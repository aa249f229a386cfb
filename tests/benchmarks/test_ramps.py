"""The benchmark of ramps: its metrics against slow definitions, its rows, its files; no test of speed."""

import json
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner

from jwst_denoise import simulate
from jwst_denoise.commands.main import main
from jwst_denoise.networks.hxrg.preprocess import subtract_background_levels, subtract_reference_levels
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.ramps.slopes import fit_slope
from jwst_denoise.simulate.bias import dark_rate
from jwst_denoise.simulate.spectra import Spectrum, Trace, render_traces
from jwst_denoise_benchmarks.core.catalog import RAMPS, select
from jwst_denoise_benchmarks.core.inputs import models_from, seeded
from jwst_denoise_benchmarks.core.plots import COLORS, draw_figures
from jwst_denoise_benchmarks.papers import nirps, nirps_figures, nirps_images
from jwst_denoise_benchmarks.ramps import errors, exposures, faint, figures, methods, sources, traces


@pytest.fixture(scope="module")
def models(untrained):
    """Directory of untrained networks with the names of the shipped models."""
    architecture = {"family": "ramp_denoise", "hidden": 2, "depth": 2, "recurrent_units": 4}
    return untrained(dict.fromkeys((nirps.MODEL, methods.MODEL), architecture))


@pytest.fixture
def small(monkeypatch, clear_caches):
    """Few reads of few lines, and one small subarray."""
    monkeypatch.setattr(nirps, "FEW", 144)
    monkeypatch.setattr(nirps, "reads_of", lambda quick: 4)
    monkeypatch.setattr(nirps, "numbers_of", lambda quick: (2, 4))
    monkeypatch.setattr(nirps, "DARKS", 1)
    case = faint.Case("NIRCam", "cluster", "BRIGHT1", 0.3, "SUB160")
    monkeypatch.setattr(faint, "QUICK", (case,))
    monkeypatch.setattr(sources, "size_of", lambda quick: (160, 1))
    clear_caches(nirps.simulate_band, nirps.read_differences, nirps.fall, nirps_images.measure_pair)
    clear_caches(faint.measured, sources.measured)


def test_slopes_of_corrected_reads_are_corrected_slopes(small):
    band = nirps.simulate_band("star", 0, 0, True)
    detector, readout = simulate.detector("H4RG"), band.readout
    exposure = simulate.simulate_exposure(band.scene, detector, readout, "UTR", 4, 1, seeded(1, 0), **nirps.OFF)
    dark = dark_rate(detector, readout.shape)
    background = (band.scene == 0) & (dark < nirps.HOT) & ~readout.reference_pixels
    reads = (exposure.counts[0].astype(np.float32) - exposure.counts[0, 0]) * np.float32(detector.gain)
    reads -= dark * band.interval * np.arange(4, dtype=np.float32)[:, None, None]
    reads = subtract_background_levels(subtract_reference_levels(reads, readout), readout, background)
    for number in (2, 4):
        expected = fit_slope(reads[:number], GroupNoise(detector.read_noise, band.interval)).rate
        np.testing.assert_allclose(band.rates[number][band.good], expected[band.good], atol=2e-3 / band.interval)
    assert np.isnan(band.rates[4][readout.reference_pixels]).all()


def test_band_has_the_flux_of_the_paper(small):
    band = nirps.simulate_band("star", 0, 0, True)
    assert band.flux(4).max() == pytest.approx(nirps.PEAK, rel=0.05)
    error = (band.fitted(4) - band.flux(4))[band.good]
    assert abs(error.mean()) < 0.5
    assert 0.5 < np.std(error) / errors.rms(band.slopes(4).read_noise * band.seconds(4)) < 2


def test_white_noise_is_that_of_a_fit():
    reads = 3.0 * np.random.default_rng(1).standard_normal((10, 200, 200))
    fitted = fit_slope(reads, GroupNoise(3.0, 1.0)).rate.std() * 9
    assert nirps.white_noise(3.0, 10) == pytest.approx(fitted, rel=0.02)


def test_exponent_of_white_noise():
    numbers = np.array([200, 400, 800])
    errors = [nirps.white_noise(1.0, n) for n in numbers]
    assert nirps.exponent(numbers, errors) == pytest.approx(-1.5, abs=0.01)


def test_spectra_sum_whole_orders():
    scene = np.zeros((40, 50))
    scene[8:13, 1:49] = np.array([0.01, 0.5, 1.0, 0.5, 0.01])[:, None]
    scene[38:, 1:30] = 1.0  # ends before the edge
    good = np.ones(scene.shape, bool)
    good[:, [0, -1]] = False
    (spectrum,) = nirps_images.extract_orders(scene, good, [np.where(scene > 0, 3.0, 100.0)])
    assert spectrum.shape == (1, 50)
    np.testing.assert_array_equal(spectrum[0, 1:49], 9.0)


def test_block_rms_is_that_of_the_pixels():
    rng = np.random.default_rng(2)
    error, good = rng.normal(size=(70, 100)), rng.random((70, 100)) < 0.8
    blocks = errors.block_rms(error, good, 32)
    assert blocks.shape == (2, 3)
    part = np.s_[32:64, 64:96]
    assert blocks[1, 2] == pytest.approx(errors.rms(error[part][good[part]]))
    assert np.isnan(errors.block_rms(error, np.zeros_like(good), 32)).all()


def test_biases_and_their_errors():
    rng = np.random.default_rng(3)
    ratio = rng.uniform(10, 30, 4000)
    flux = ratio * 2.0
    bins = errors.biases(0.01 * flux + rng.normal(0, 2.0, 4000), flux, ratio)
    one = bins["10"]
    assert one["number"] == 4000
    assert one["error"] == pytest.approx(2.0 * np.sqrt(4000) / flux.sum(), rel=0.05)
    assert abs(one["bias"] - 0.01) < 4 * one["error"]
    assert errors.is_unbiased(bins) is False
    assert errors.is_unbiased({"10": {"bias": 0.001, "error": 0.002, "number": 50}}) is True
    assert errors.is_unbiased({"10": {"bias": 0.001, "error": 0.02, "number": 50}}) is None
    assert errors.is_unbiased({"3": {"bias": 0.1, "error": 0.001, "number": 50}}) is None


def test_pull_of_gaussian_errors():
    sample = np.random.default_rng(4).normal(0, 1.3, 100_000)
    assert errors.pull(sample) == pytest.approx(1.3, rel=0.02)


def test_flux_has_its_ratio():
    flux = sources.flux_of(20.0, 4.0, 0.04, 100.0)
    assert flux / np.sqrt(np.pi * 16 * 0.04 + flux / 100.0) == pytest.approx(20.0)


def test_extraction_follows_the_traces():
    spectrum = Spectrum(5.0, 0.0)
    slits = [Trace(center, 15, spectrum, sky=0.0, tilt=2.0, position=1.0) for center in (20.0, 50.0)]
    image = render_traces(slits, (70, 200), (1, 1))
    np.testing.assert_allclose(traces.extract_spectra(image, slits, (1, 1))[:, 10:-10], 5.0, rtol=0.01)


def test_lines_stand_out():
    flux = np.ones((1, 200))
    flux[0, 100:103] = 5.0
    assert np.flatnonzero(traces.line_columns(flux)[0]).tolist() == [100, 101, 102]


@pytest.mark.slow
def test_ramps_are_cut_to_groups_and_lines():
    detector = simulate.detector("NRS1")
    scene, observation = simulate.scene("slit", detector, np.random.default_rng(5), brightness=0.1)
    with exposures.references():
        rng = np.random.default_rng(6)
        ramps = list(exposures.simulate_ramps(scene, observation, "NRS1", "NRSRAPID", (3, 5), rng, lines=64))
        assert [ramp.model.data.shape for ramp in ramps] == [(1, 3, 256, 64), (1, 5, 256, 64)]
        assert ramps[0].truth.shape == ramps[0].active.shape == (256, 64)
        start = ramps[0].model.meta.subarray.xstart
        middle = (start - observation.corner[0], start - observation.corner[0] + 64)
        np.testing.assert_allclose(ramps[0].truth.mean(), scene[:, slice(*middle)].mean(), rtol=0.1)
        assert ramps[0].model.meta.exposure.ngroups == 3
        rate = methods.fit_ramp(ramps[1].model)
    error = ((rate.data - ramps[1].truth) / rate.err)[ramps[1].active]
    assert np.isfinite(error).mean() > 0.95
    assert abs(np.nanmedian(error)) < 0.5
    assert errors.pull(error[np.isfinite(error)]) < 1.6


@pytest.mark.slow
def test_command_measures_nirps(small, models, tmp_path):
    names = ("noise", "images", "reads", "fabry-perot")
    only = [part for name in names for part in ("--only", name)]
    files = ["--json", str(tmp_path / "rows.json"), "--figures", str(tmp_path / "png"), "--models", str(models)]
    result = CliRunner().invoke(main, ["benchmark", "ramps", "--quick", *only, *files])
    assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert Counter(row["group"] for row in rows) == {"noise": 5, "images": 11, "reads": 3, "fabry-perot": 4}
    assert all(row["passed"] is None for row in rows)
    expected = {file for group in select(names, RAMPS.main) for file in group.figures}
    assert {path.name for path in (tmp_path / "png").iterdir()} == expected


@pytest.mark.slow
def test_jwst_rows_and_figures(small, models, tmp_path):
    with models_from(models):
        absolute, ratio, background, sources_row = faint.faint(True)
        assert {**absolute.result, **absolute.reference}.keys() == {methods.DENOISED, *methods.REFERENCES}
        best = min(absolute.reference.values())
        assert ratio.result[methods.DENOISED] == absolute.result[methods.DENOISED] / best
        assert 0.5 < background.result[methods.DENOISED] < 2 and 0.5 < background.reference[methods.FIT] < 2
        assert set(sources_row.metrics) == {"pull", "levels"}
        draw_figures(tmp_path, select(["faint"], RAMPS.main), True)
    assert {path.name for path in tmp_path.iterdir()} == {"ramps_jwst_images.png", "ramps_jwst_errors.png"}


def test_without_models_the_reference_methods_are_measured(small, tmp_path):
    with models_from(tmp_path):
        for name in ("images", "realizations", "reads", "fabry-perot", "out-of-distribution", "gpu"):
            (group,) = select([name], RAMPS.main)
            assert all(row.metrics["skipped"] and row.passed is None for row in group.rows(True))
        (group,) = select(["noise"], RAMPS.main)
        assert [row.passed for row in group.rows(True)] == [None] * 5


def test_figures_have_a_color_for_every_method():
    assert set(figures.STYLE.values()) | {key for key, _ in nirps_figures.NAMES.values()} <= set(COLORS)

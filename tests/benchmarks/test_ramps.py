"""The benchmark of ramps: its measures against slow definitions, its rows, its files; no test of speed."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from jwst_denoise import model_files, simulate
from jwst_denoise.commands.main import main
from jwst_denoise.networks import build
from jwst_denoise.networks.hxrg.preprocess import subtract_background_levels, subtract_reference_levels
from jwst_denoise.ramps.noise import GroupNoise
from jwst_denoise.ramps.slopes import fit_slope
from jwst_denoise.simulate.bias import dark_rate
from jwst_denoise.simulate.spectra import Spectrum, Trace, render_traces
from jwst_denoise_benchmarks import suite
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.ramps import (
    bias,
    blocks,
    exposures,
    faint,
    figures,
    images,
    jwst_pictures,
    methods,
    nirps,
    nirps_pictures,
    noise,
    pictures,
    sources,
    traces,
)
from jwst_denoise_benchmarks.ramps.suite import GROUPS, STUDIES


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """Directory with files of untrained networks of the shipped models' names."""
    directory = tmp_path_factory.mktemp("models")
    torch.manual_seed(1)
    for name in (nirps.MODEL, methods.MODEL):
        network = build({"family": "ramp_denoise", "hidden": 2, "depth": 2, "recurrent_units": 4}).eval()
        info = {
            "name": name, "domain": {"description": "nothing"}, "provenance": {"training": "none"},
            "scores": {"none": {"one": 0.0}}, "licence": "BSD-3-Clause", "card": "Untrained.", "thresholds": {},
        }  # fmt: skip
        model_files.save(directory / f"{name}.asdf", network, info)
    return directory


@pytest.fixture
def small(monkeypatch):
    """Few reads of few lines, and one small subarray."""
    monkeypatch.setattr(nirps, "FEW", 144)
    monkeypatch.setattr(nirps, "reads_of", lambda quick: 4)
    monkeypatch.setattr(nirps, "numbers_of", lambda quick: (2, 4))
    monkeypatch.setattr(nirps, "DARKS", 1)
    case = faint.Case("NIRCam", "cluster", "BRIGHT1", 0.3, "SUB160")
    monkeypatch.setattr(faint, "QUICK", (case,))
    monkeypatch.setattr(sources, "size_of", lambda quick: (160, 1))
    clear()
    yield
    clear()


def clear():
    for cached in (nirps.band, nirps.differences, noise.fall, images.pair, faint.measured, sources.measured):
        cached.cache_clear()


def test_every_group_has_a_function():
    for group in (*GROUPS, *STUDIES):
        module, _, name = group.function.rpartition(".")
        assert callable(getattr(__import__(f"jwst_denoise_benchmarks.{module}", fromlist=[name]), name))


def test_slopes_of_corrected_reads_are_corrected_slopes(small):
    band = nirps.band("star", 0, 0, True)
    detector, readout = simulate.detector("H4RG"), band.readout
    exposure = simulate.simulate_exposure(
        band.scene, detector, readout, "UTR", 4, 1, np.random.default_rng([nirps.SEED, 1, 0]), **nirps.OFF
    )
    dark = dark_rate(detector, readout.shape)
    unlit = (band.scene == 0) & (dark < nirps.HOT) & ~readout.reference_pixels
    reads = (exposure.counts[0].astype(np.float32) - exposure.counts[0, 0]) * np.float32(detector.gain)
    reads -= dark * band.interval * np.arange(4, dtype=np.float32)[:, None, None]
    reads = subtract_background_levels(subtract_reference_levels(reads, readout), readout, unlit)
    for number in (2, 4):
        expected = fit_slope(reads[:number], GroupNoise(detector.read_noise, band.interval)).rate
        np.testing.assert_allclose(band.rates[number][band.good], expected[band.good], atol=2e-3 / band.interval)
    assert np.isnan(band.rates[4][readout.reference_pixels]).all()


def test_band_has_the_light_of_the_paper(small):
    band = nirps.band("star", 0, 0, True)
    assert band.flux(4).max() == pytest.approx(nirps.PEAK, rel=0.05)
    error = (band.fitted(4) - band.flux(4))[band.good]
    assert abs(error.mean()) < 0.5
    assert 0.5 < np.std(error) / noise.rms(band.slopes(4).read_noise * band.seconds(4)) < 2


def test_appendix_is_the_noise_of_a_fit():
    reads = 3.0 * np.random.default_rng(1).standard_normal((10, 200, 200))
    found = fit_slope(reads, GroupNoise(3.0, 1.0)).rate.std() * 9
    assert nirps.appendix(3.0, 10) == pytest.approx(found, rel=0.02)


def test_exponent_of_white_noise():
    numbers = np.array([200, 400, 800])
    errors = [nirps.appendix(1.0, n) for n in numbers]
    assert noise.exponent(numbers, errors) == pytest.approx(-1.5, abs=0.01)


def test_spectra_sum_whole_orders():
    scene = np.zeros((40, 50))
    scene[8:13, 1:49] = np.array([0.01, 0.5, 1.0, 0.5, 0.01])[:, None]
    scene[38:, 1:30] = 1.0  # ends before the edge
    good = np.ones(scene.shape, bool)
    good[:, [0, -1]] = False
    (found,) = images.spectra(scene, good, [np.where(scene > 0, 3.0, 100.0)])
    assert found.shape == (1, 50)
    np.testing.assert_array_equal(found[0, 1:49], 9.0)


def test_block_rms_is_that_of_the_pixels():
    rng = np.random.default_rng(2)
    error, good = rng.normal(size=(70, 100)), rng.random((70, 100)) < 0.8
    found = blocks.block_rms(error, good, 32)
    assert found.shape == (2, 3)
    part = np.s_[32:64, 64:96]
    assert found[1, 2] == pytest.approx(noise.rms(error[part][good[part]]))
    assert np.isnan(blocks.block_rms(error, np.zeros_like(good), 32)).all()


def test_biases_and_their_errors():
    rng = np.random.default_rng(3)
    ratio = rng.uniform(10, 30, 4000)
    flux = ratio * 2.0
    found = bias.biases(0.01 * flux + rng.normal(0, 2.0, 4000), flux, ratio)
    one = found[10.0, 30.0]
    assert one["number"] == 4000
    assert one["error"] == pytest.approx(2.0 * np.sqrt(4000) / flux.sum(), rel=0.05)
    assert abs(one["bias"] - 0.01) < 4 * one["error"]
    assert bias.is_met(found) is False
    assert bias.is_met({(10.0, 30.0): {"bias": 0.001, "error": 0.002, "number": 50}}) is True
    assert bias.is_met({(10.0, 30.0): {"bias": 0.001, "error": 0.02, "number": 50}}) is None
    assert bias.is_met({(3.0, 10.0): {"bias": 0.1, "error": 0.001, "number": 50}}) is None


def test_pull_of_gaussian_errors():
    errors = np.random.default_rng(4).normal(0, 1.3, 100_000)
    assert faint.pull(errors) == pytest.approx(1.3, rel=0.02)


def test_flux_has_its_ratio():
    flux = sources.flux_of(20.0, 4.0, 0.04, 100.0)
    assert flux / np.sqrt(np.pi * 16 * 0.04 + flux / 100.0) == pytest.approx(20.0)


def test_extraction_follows_the_traces():
    spectrum = Spectrum(5.0, 0.0)
    some = [Trace(center, 15, spectrum, sky=0.0, tilt=2.0, position=1.0) for center in (20.0, 50.0)]
    image = render_traces(some, (70, 200), (1, 1))
    np.testing.assert_allclose(traces.extracted(image, some, (1, 1))[:, 10:-10], 5.0, rtol=0.01)


def test_lines_stand_out():
    flux = np.ones((1, 200))
    flux[0, 100:103] = 5.0
    assert np.flatnonzero(traces.lines_of(flux)[0]).tolist() == [100, 101, 102]


def test_ramps_are_cut_to_groups_and_lines():
    detector = simulate.detector("NRS1")
    scene, observation = simulate.scene("slit", detector, np.random.default_rng(5), brightness=0.1)
    with exposures.opened():
        rng = np.random.default_rng(6)
        found = list(exposures.ramps_of(scene, observation, "NRS1", "NRSRAPID", (3, 5), rng, lines=64))
        assert [ramp.model.data.shape for ramp in found] == [(1, 3, 256, 64), (1, 5, 256, 64)]
        assert found[0].truth.shape == found[0].light.shape == (256, 64)
        start = found[0].model.meta.subarray.xstart
        middle = (start - observation.corner[0], start - observation.corner[0] + 64)
        np.testing.assert_allclose(found[0].truth.mean(), scene[:, slice(*middle)].mean(), rtol=0.1)
        assert found[0].model.meta.exposure.ngroups == 3
        rate = methods.fitted(found[1].model)
    error = ((rate.data - found[1].truth) / rate.err)[found[1].light]
    assert np.isfinite(error).mean() > 0.95
    assert abs(np.nanmedian(error)) < 0.5
    assert faint.pull(error[np.isfinite(error)]) < 1.6


def test_command_measures_nirps(small, untrained, tmp_path):
    only = [part for name in ("noise", "images", "reads", "fabry-perot") for part in ("--only", name)]
    files = ["--json", str(tmp_path / "figures.json"), "--figures", str(tmp_path / "png"), "--models", str(untrained)]
    result = CliRunner().invoke(main, ["benchmark", "ramps", "--quick", *only, *files])
    assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "figures.json").read_text())["rows"]
    assert [row["group"] for row in rows] == ["noise"] * 4 + ["images"] * 5 + ["reads"] + ["fabry-perot"] * 2
    assert all(row["met"] is None for row in rows)
    expected = {file for name in ("noise", "images", "reads", "fabry-perot") for file in pictures.PICTURES[name]}
    assert {path.name for path in (tmp_path / "png").iterdir()} == expected


def test_jwst_rows_and_pictures(small, untrained, tmp_path):
    with models.in_directory(untrained):
        found = list(faint.faint(True))
        assert len(found) == 3
        assert set(found[0].figures["rms"]) == {*methods.PEERS, methods.OURS}
        for name in (methods.FIT, methods.OURS):
            assert 0.5 < found[1].figures[faint.SHOWN]["pull"][name]["pull"] < 2
        pictures.draw(tmp_path, ["faint"], True)
    assert {path.name for path in tmp_path.iterdir()} == {"jwst_images.png", "jwst_errors.png"}


def test_without_models_the_peers_are_measured(small, tmp_path):
    with models.in_directory(tmp_path):
        for name in ("images", "realizations", "reads", "fabry-perot", "foreign", "gpu"):
            (group,) = suite.choose([name], GROUPS)
            assert all(row.ours.startswith("skipped") and row.met is None for row in group.rows(True))
        (group,) = suite.choose(["noise"], GROUPS)
        assert [row.met for row in group.rows(True)] == [None] * 4


def test_unknown_rows():
    result = CliRunner().invoke(main, ["benchmark", "ramps", "--only", "nothing"])
    assert result.exit_code == 1
    assert "nothing" in result.stderr


def test_pictures_have_a_color_for_everything():
    assert set(jwst_pictures.STYLE.values()) | {key for key, _ in nirps_pictures.NAMES.values()} <= set(figures.COLORS)

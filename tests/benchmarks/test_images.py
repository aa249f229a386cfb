"""The benchmark of images: its measures against slow definitions, its rows, its files; no test of speed."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from jwst_denoise import model_files
from jwst_denoise.commands.main import main
from jwst_denoise.networks import build
from jwst_denoise.ramps.coadd import coadd_frames
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks import suite
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.images import (
    classical,
    coverage,
    denoisers,
    depth,
    detection,
    exposures,
    false_sources,
    filters,
    fluxes,
    foreign,
    limits,
    pictures,
    pixels,
    published,
    residuals,
    scenes,
    speed,
    stacks,
    stars,
    studies,
    truth,
    widths,
)
from jwst_denoise_benchmarks.images.suite import GROUPS, STUDIES

OURS = ("published", "ratio-two", "classical", "truth", "independent", "stacked", "fluxes", "false-sources",
        "residuals", "coverage", "foreign", "depth", "single", "widths")  # fmt: skip
CACHED = (scenes.scenes, published.pair, published._measured, truth._views, truth._measured, classical.scanned,
          fluxes._measured, coverage._measured, depth._curves, stacks.stack)  # fmt: skip


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """Directory with files of untrained networks of the shipped models' names."""
    directory = tmp_path_factory.mktemp("models")
    torch.manual_seed(1)
    for name in denoisers.MODELS:
        family = next(f for f in ("astro_unet", "noise2noise-stack", "noise2noise") if name.startswith(f))
        dropout = {"dropout": 0.05} if name.endswith("uncertainty") else {}
        network = build({"family": family, "hidden": 2, "depth": 2} | dropout).eval()
        info = {
            "name": name, "domain": {"description": "nothing"}, "provenance": {"training": "none"},
            "scores": {"none": {"one": 0.0}}, "licence": "BSD-3-Clause", "card": "Untrained.", "thresholds": {},
        }  # fmt: skip
        model_files.save(directory / f"{name}.asdf", network, info)
    return directory


@pytest.fixture
def small(monkeypatch):
    """Small scenes and few of them."""
    monkeypatch.setattr(scenes, "EDGE", 256)
    monkeypatch.setattr(published, "RATIOS", (2, 5))
    monkeypatch.setattr(filters, "FILTERS", {"Gaussian": filters.FILTERS["Gaussian"]})
    monkeypatch.setattr(classical, "FILTERS", filters.FILTERS)
    monkeypatch.setattr(classical, "STACKS", (2,))
    monkeypatch.setattr(fluxes, "CASES", fluxes.CASES[:1])
    monkeypatch.setattr(foreign, "CASES", foreign.CASES[-1:])
    monkeypatch.setattr(depth, "_size", lambda quick: (1, 128))
    clear()
    yield
    clear()


def clear():
    for cached in CACHED:
        cached.cache_clear()


class Known:
    """A network whose result is a function of its input."""

    takes_stack = uses_ratio = False

    def __init__(self, change, err=1.0):
        self.change, self.err = change, err

    def denoise(self, image, ratio=2.0, uncertainty="aleatoric"):
        rate = self.change(image)
        return SimpleNamespace(rate=rate, err=np.full_like(rate, self.err), network_weight=np.ones_like(rate))


def test_every_group_has_a_function():
    for group in (*GROUPS, *STUDIES):
        module, _, name = group.function.rpartition(".")
        assert callable(getattr(__import__(f"jwst_denoise_benchmarks.{module}", fromlist=[name]), name))
    assert set(pictures.PICTURES) <= {group.name for group in GROUPS}


def test_psnr_and_ssim_of_known_images():
    image = np.random.default_rng(1).uniform(0, 10, (60, 60))
    image[0, 0] = 100.0
    assert pixels.psnr(image, image + 1) == pytest.approx(40.0)
    assert pixels.ssim(image, image, 2.0) == pytest.approx(1.0)
    mean, twice = 4.0, 8.0
    flat = pixels.ssim(np.full((20, 20), mean), np.full((20, 20), twice), 2.0)
    constant = (0.01 * 2.0) ** 2
    assert flat == pytest.approx((2 * mean * twice + constant) / (mean**2 + twice**2 + constant))


def test_divergence_of_gaussians():
    rng = np.random.default_rng(2)
    narrow, wide = rng.normal(0, 1, 400_000), rng.normal(0, 2, 400_000)
    expected = np.log(2) + 1 / 8 - 1 / 2
    assert pixels.divergence(narrow, wide) == pytest.approx(expected, rel=0.05)
    assert abs(pixels.divergence(narrow, rng.normal(0, 1, 400_000))) < 1e-3


@pytest.mark.parametrize("correlated", [False, True])
def test_exposures_have_the_noise_that_is_told(correlated):
    noise = exposures.Noise(12.0, 0.02, correlated)
    found = exposures.exposed(np.full((256, 256), 0.5), 200.0, np.random.default_rng(3), noise)
    told = np.sqrt(np.mean(found.variance) - found.poisson * (found.rate.clip(0).mean() - 0.5))
    assert np.std(found.rate) == pytest.approx(told, rel=0.08 if correlated else 0.02)
    assert found.rate.mean() == pytest.approx(0.5, abs=0.03 if correlated else 3e-3)
    rows = found.rate.mean(axis=1).std() * 16 / np.std(found.rate)
    assert (rows > 1.3) == correlated


def test_thinned_keeps_the_real_image():
    long = SlopeImage(np.full((200, 200), 2.0, np.float32), np.zeros((200, 200)), 0.0)
    long.rate[:, :100] = -1.0
    found = exposures.thinned(long, 50.0, np.random.default_rng(4), exposures.Noise(5.0, 0.0))
    left, right = found.rate[:, :100], found.rate[:, 100:]
    assert left.mean() == pytest.approx(0.0, abs=0.01)
    assert right.mean() == pytest.approx(2.0, abs=0.01)
    assert right.var() == pytest.approx((2.0 * 50 + 25) / 50**2, rel=0.05)


def test_counterparts_are_mutual():
    one = np.array([[0.0, 0.0], [1.0, 0.0], [50.0, 50.0]])
    other = np.array([[0.9, 0.1], [80.0, 0.0]])
    here, there = detection.crossmatch(one, other)
    assert here.tolist() == [1] and there.tolist() == [0]
    assert len(detection.crossmatch(one, np.zeros((0, 2)))[0]) == 0


def test_stars_are_found_and_measured():
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:192, :192]
    image = rng.normal(3.0, 1.0, (192, 192))
    places = np.array([[40.0, 60.0], [120.5, 90.2], [60.3, 150.0]])
    for column, row in places:
        image += 400 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / 4)
    found = detection.find(image)
    assert len(found) == 3
    here, there = detection.crossmatch(places, found.places)
    np.testing.assert_allclose(found.places[there], places[here], atol=0.1)
    np.testing.assert_allclose(found.flux, 400 * 4 * np.pi, rtol=0.02)
    np.testing.assert_allclose(found.noise, np.sqrt(np.pi * 25), rtol=0.1)
    assert len(detection.find(rng.normal(3.0, 1.0, (192, 192)))) == 0


def test_measures_of_stars():
    def sources(x, flux, alone=3.0):
        x = np.array(x, float)
        return detection.Sources(x, 0 * x, np.array(flux, float), np.full(len(x), 3.0), np.full(len(x), alone))

    real, image = sources([0, 10, 20, 30], [100, 200, 300, 400]), sources([0, 10, 20, 60], [90, 202, 300, 1])
    observed = sources([10, 20], [210, 300], 6.0)
    found = stars.figures([stars.recovered(real, image, observed, 2.0, 5)])
    assert found["tpr"] == found["precision"] == found["f"] == 0.75
    assert found["rfe"] == pytest.approx((0.1 + 0.01 + 0) / 3)
    assert found["rfe_signed"] == pytest.approx((0.1 - 0.01) / 3)
    assert found["rfe_common"] == pytest.approx(0.005)
    assert found["snr_gain"] == pytest.approx(2 * 502 / 510)
    assert found["snr_gain_measured"] == pytest.approx(502 / 510)
    assert found["stacked"] == pytest.approx(found["snr_gain"] ** 2)
    pixel = 9 / (np.pi * 25)
    ours = np.mean([f * 10 / np.sqrt(9 * 10**2 + f * 10 + pixel * 10**2) for f in (202, 300)])
    seen = np.mean([f * 2 / np.sqrt(9 * 2**2 + f * 2 + pixel * 2**2) for f in (210, 300)])
    assert found["snr_gain_photons"] == pytest.approx(ours / seen)


def test_published_protocol_of_the_real_image(small):
    some = scenes.scenes(True)
    answers = {id(published.pair(scene, 2)[1]): published.pair(scene, 2)[0].rate + np.float32(1e-6) for scene in some}
    ours, seen, real = published.measure(lambda image, ratio: answers[id(image)], some, 2)
    assert ours["tpr"] == real["tpr"] == 1
    assert ours["rfe"] < 1e-3 < seen["rfe"]
    assert ours["snr_gain"] == pytest.approx(real["snr_gain"], rel=1e-3)
    assert ours["kl"] < 1e-3 and ours["ssim"] > 0.99


def test_filters_see_even_noise():
    rng = np.random.default_rng(6)
    for rate in (0.1, 5.0, 100.0):
        image = exposures.exposed(np.full((200, 200), rate), 100.0, rng)
        stabilizer = filters.Stabilizer(image)
        even = stabilizer.forward(image.rate.astype(float))
        assert even.std() == pytest.approx(1.0, rel=0.02)
        back = stabilizer.back(np.full(1, even.mean()))
        assert back == pytest.approx(rate, abs=float(4 * image.rate.std() / 200 + 0.003 * rate))
        np.testing.assert_allclose(stabilizer.back(stabilizer.forward(np.array([rate]))), rate, rtol=0.05)


def test_wavelets_keep_what_is_significant():
    even = np.random.default_rng(7).normal(0, 1, (256, 256))
    all_kept = filters._wavelet(even, 0.0)
    np.testing.assert_allclose(all_kept, even, atol=1e-12)
    assert filters._wavelet(even, 3.0).std() < 0.25
    assert np.isclose((even - filters._wavelet(even, 1e9)).std(), 1, atol=0.01)
    for name, (_, strengths) in filters.FILTERS.items():
        image = SlopeImage(np.full((32, 32), 2.0, np.float32), np.full((32, 32), 0.1), 0.01)
        np.testing.assert_allclose(filters.filtered(name, strengths[0], image), 2.0, rtol=0.01)


def test_limit_is_where_completeness_falls():
    found = limits.Curve(np.arange(5) / 4, np.array([1.0, 0.96, 1.0, 0.8, 0.2]), np.full(5, 9), 0.9)
    assert limits.limit(found) == pytest.approx(0.5 + 0.25 * 0.08 / 0.18)
    assert np.isnan(limits.limit(limits.Curve(found.magnitude, np.zeros(5), np.ones(5), 0.0)))


def test_ideal_filter_has_the_limit_of_theory():
    psf = stacks.psf_stamp()
    some = [stacks.stack(8, 256, seed) for seed in range(50, 56)]
    rng = np.random.default_rng(8)
    scatter = stacks.faintest(8) / 5 * np.sqrt(np.sum(psf**2))
    images = [one.truth + rng.normal(0, scatter, one.truth.shape) for one in some]
    found = limits.curve(images, [one.stars for one in some], "matched filter", psf)
    assert found.purity >= 0.9
    assert -0.6 < limits.limit(found) < 0.3
    quiet = limits.curve([one.truth for one in some], [one.stars for one in some], "matched filter", psf)
    assert quiet.completeness[quiet.magnitude < 1.5].min() > 0.9


def test_connected_pixels_are_those_of_photutils():
    image = np.random.default_rng(9).normal(0, 1, (120, 120))
    labels = detection.segments(image, 0.8, 5, deblend=False)
    places = limits._connected(image, 0.8, 5).astype(int)
    assert len(places) == labels.max()
    for x, y in places:
        assert image[y, x] == image[labels == labels[y, x]].max()


def test_stacks_are_cleaned_of_cosmic_rays():
    one = stacks.stack(8, 128, 60)
    scatter = stacks.faintest(8) / 5 * np.sqrt(np.sum(stacks.psf_stamp() ** 2))
    error = coadd_frames(one.frames).image.rate - stacks.SKY - one.truth
    assert np.abs(error).max() < 12 * scatter
    assert np.std(error) == pytest.approx(scatter, rel=0.15)


def test_light_of_a_star_has_its_ratio(small):
    scene = scenes.scenes(True)[0]
    psf = stacks.psf_stamp()
    rate = np.full((128, 128), 0.2)
    reach = len(psf) // 2
    rate[64 - reach : 65 + reach, 64 - reach : 65 + reach] += 50 * psf
    alone = scenes.Scene(scene.kind, *stacks.USUAL, 100.0, rate, (0,))
    long = SlopeImage(rate, np.full(rate.shape, 0.1), 0.0)
    found = false_sources.true_ratio(alone, long)
    assert found[64, 64] == pytest.approx(50 * np.sqrt(np.sum(psf**2)) / 0.1, rel=0.02)
    sources = detection.Sources(*(np.array(v, float) for v in ([64, 20], [64, 20], [1, 1], [1, 1], [1, 1])))
    assert false_sources.false_fraction(sources, found) == (2, 1)


def test_coverage_of_gaussian_errors():
    pull = np.random.default_rng(10).normal(0, 1, 200_000)
    np.testing.assert_allclose(coverage.covered(pull), coverage.LEVELS, atol=0.005)
    classes = coverage.calibration(pull, np.linspace(-1, 5, len(pull)))
    assert set(classes) == {"all", "blank", "faint", "bright"}


def test_pulls_of_a_known_error(small):
    some = scenes.scenes(True)
    network = Known(lambda image: image.rate, err=1.0)
    pull, light = coverage.pulls(network, some)
    expected = np.concatenate([(truth.views(s, 2)[0].rate - s.rate).ravel() for s in some])
    np.testing.assert_allclose(pull, expected, atol=1e-5)
    assert len(light) == len(pull)


def test_bias_of_a_network_that_takes_light():
    sky = fluxes.CASES[0][0]
    network = Known(lambda image: (sky + 0.97 * (image.rate - sky)).astype(np.float32))
    found = fluxes.measure(network, 1, 256, cases=fluxes.CASES[:1])
    for one in (one for kind in found.values() for (low, _), one in kind.items() if low >= 10):
        assert one["bias"] == pytest.approx(-0.03, abs=0.003 + 4 * one["error"])


def test_residual_of_pure_noise(small):
    by_image = {}
    some = scenes.scenes(True)
    for scene in some:
        by_image[id(truth.views(scene, residuals.RATIO)[0])] = scene.rate
    found = residuals.measure(Known(lambda image: by_image[id(image)].astype(np.float32)), some)
    assert abs(found["mean"]) < 0.03
    assert found["width"] / found["noise_width"] == pytest.approx(1, abs=0.02)
    assert found["local_mean"] == pytest.approx(1, abs=0.2)
    assert abs(found["correlation"]) < 0.04


def test_width_of_a_gaussian():
    y, x = np.mgrid[:41, :41]
    narrow, wide = (np.exp(-((x - 20) ** 2 + (y - 20) ** 2) / (2 * s**2)) for s in (1.0, 1.02))
    stamps = [widths.mean_stamp(image, np.array([[20.2, 19.9]])) for image in (narrow, wide)]
    expected = [np.sqrt(1 / (1 / s**2 + 1 / widths.WINDOW**2)) for s in (1.0, 1.02)]
    np.testing.assert_allclose([widths.width(stamp) for stamp in stamps], expected, rtol=1e-3)


def test_command_measures_images(small, untrained, tmp_path):
    only = [part for name in OURS for part in ("--only", name)]
    files = ["--json", str(tmp_path / "figures.json"), "--figures", str(tmp_path / "png"), "--models", str(untrained)]
    result = CliRunner().invoke(main, ["benchmark", "images", "--quick", *only, *files])
    assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "figures.json").read_text())["rows"]
    assert [name for name in OURS if not any(row["group"] == name for row in rows)] == []
    assert all(row["met"] is None and not row["ours"].startswith("skipped") for row in rows)
    expected = {file for name in OURS for file in pictures.PICTURES.get(name, {})}
    assert {path.name for path in (tmp_path / "png").iterdir()} == expected


def test_without_models_rows_say_so(small, tmp_path):
    with models.in_directory(tmp_path):
        for name in (*OURS, "speed", "gpu"):
            (group,) = suite.choose([name], GROUPS)
            assert all(row.ours.startswith("skipped") and row.met is None for row in group.rows(True))
        assert pictures.draw(tmp_path, ["truth"], True) == ["images_scenes.png"]


def test_job_denoises_a_stack(untrained):
    found = speed.denoise_job("noise2noise-stack", str(untrained), 1, 64)()
    assert found.rate.shape == (64, 64) and np.isfinite(found.err).all()


def test_experiments_train(small, monkeypatch):
    monkeypatch.setattr(studies, "EXPERIMENTS", dict(list(studies.EXPERIMENTS.items())[2:3]))
    (row,) = studies.training(True)
    assert row.figures["settings"] == {"loss": "l2"} and np.isfinite(row.figures["ours"]["rfe"])


def test_unknown_rows():
    result = CliRunner().invoke(main, ["benchmark", "images", "--only", "nothing"])
    assert result.exit_code == 1
    assert "nothing" in result.stderr

"""The benchmark of images: its metrics against slow definitions, its rows, its files; no test of speed."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from jwst_denoise.commands.main import main
from jwst_denoise.ramps.coadd import coadd_frames
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise_benchmarks.core.catalog import IMAGES, select
from jwst_denoise_benchmarks.core.inputs import models_from
from jwst_denoise_benchmarks.core.plots import draw_figures
from jwst_denoise_benchmarks.images import (
    classical,
    coverage,
    detection,
    limits,
    out_of_distribution,
    scenes,
    sources,
    speed,
    stacks,
    truth,
)
from jwst_denoise_benchmarks.papers import astro_unet, studies

MEASURED = ("published", "ratio-two", "classical", "truth", "independent", "stacked", "fluxes", "false-sources",
        "residuals", "coverage", "out-of-distribution", "depth", "single", "widths")  # fmt: skip
CACHED = (
    scenes.simulate_scenes, astro_unet.exposure_pair, astro_unet._measured, truth._views, truth._measured,
    classical.scan_filters, sources._fluxes, coverage._measured, stacks._curves, stacks.simulate_stack,
)  # fmt: skip


@pytest.fixture(scope="module")
def models(untrained):
    """Directory of untrained networks with the names of the shipped models."""
    architectures = {}
    for name in scenes.MODELS:
        family = next(f for f in ("astro_unet", "noise2noise-stack", "noise2noise") if name.startswith(f))
        dropout = {"dropout": 0.05} if name.endswith("uncertainty") else {}
        architectures[name] = {"family": family, "hidden": 2, "depth": 2} | dropout
    return untrained(architectures)


@pytest.fixture
def small(monkeypatch, clear_caches):
    """Small scenes and few of them."""
    monkeypatch.setattr(scenes, "EDGE", 256)
    monkeypatch.setattr(astro_unet, "RATIOS", (2, 5))
    monkeypatch.setattr(classical, "FILTERS", {"Gaussian": classical.FILTERS["Gaussian"]})
    monkeypatch.setattr(classical, "STACKS", (2,))
    monkeypatch.setattr(sources, "FLUX_CASES", sources.FLUX_CASES[:1])
    monkeypatch.setattr(out_of_distribution, "CASES", out_of_distribution.CASES[-1:])
    monkeypatch.setattr(stacks, "size_of", lambda quick: (1, 128))
    clear_caches(*CACHED)


class Known:
    """A network whose result is a given function of its input."""

    takes_stack = uses_ratio = False

    def __init__(self, change, err=1.0):
        self.change, self.err = change, err

    def denoise(self, image, ratio=2.0, uncertainty="aleatoric"):
        rate = self.change(image)
        return SimpleNamespace(rate=rate, err=np.full_like(rate, self.err), network_weight=np.ones_like(rate))


def test_psnr_and_ssim_of_known_images():
    image = np.random.default_rng(1).uniform(0, 10, (60, 60))
    image[0, 0] = 100.0
    assert truth.psnr(image, image + 1) == pytest.approx(40.0)
    assert truth.ssim(image, image, 2.0) == pytest.approx(1.0)
    mean, twice = 4.0, 8.0
    flat = truth.ssim(np.full((20, 20), mean), np.full((20, 20), twice), 2.0)
    constant = (0.01 * 2.0) ** 2
    assert flat == pytest.approx((2 * mean * twice + constant) / (mean**2 + twice**2 + constant))


def test_divergence_of_gaussians():
    rng = np.random.default_rng(2)
    narrow, wide = rng.normal(0, 1, 400_000), rng.normal(0, 2, 400_000)
    expected = np.log(2) + 1 / 8 - 1 / 2
    assert truth.divergence(narrow, wide) == pytest.approx(expected, rel=0.05)
    assert abs(truth.divergence(narrow, rng.normal(0, 1, 400_000))) < 1e-3


@pytest.mark.parametrize("correlated", [False, True])
def test_exposures_have_the_stated_noise(correlated):
    noise = scenes.Noise(12.0, 0.02, correlated)
    result = scenes.simulate_exposure(np.full((256, 256), 0.5), 200.0, np.random.default_rng(3), noise)
    expected = np.sqrt(np.mean(result.variance) - result.poisson * (result.rate.clip(0).mean() - 0.5))
    assert np.std(result.rate) == pytest.approx(expected, rel=0.08 if correlated else 0.02)
    assert result.rate.mean() == pytest.approx(0.5, abs=0.03 if correlated else 3e-3)
    rows = result.rate.mean(axis=1).std() * 16 / np.std(result.rate)
    assert (rows > 1.3) == correlated


def test_thinned_keeps_the_real_image():
    long = SlopeImage(np.full((200, 200), 2.0, np.float32), np.zeros((200, 200)), 0.0)
    long.rate[:, :100] = -1.0
    result = scenes.thin_exposure(long, 50.0, np.random.default_rng(4), scenes.Noise(5.0, 0.0))
    left, right = result.rate[:, :100], result.rate[:, 100:]
    assert left.mean() == pytest.approx(0.0, abs=0.01)
    assert right.mean() == pytest.approx(2.0, abs=0.01)
    assert right.var() == pytest.approx((2.0 * 50 + 25) / 50**2, rel=0.05)


def test_counterparts_are_mutual():
    one = np.array([[0.0, 0.0], [1.0, 0.0], [50.0, 50.0]])
    other = np.array([[0.9, 0.1], [80.0, 0.0]])
    here, there = detection.cross_match(one, other)
    assert here.tolist() == [1] and there.tolist() == [0]
    assert len(detection.cross_match(one, np.zeros((0, 2)))[0]) == 0


def test_stars_are_found_and_measured():
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:192, :192]
    image = rng.normal(3.0, 1.0, (192, 192))
    places = np.array([[40.0, 60.0], [120.5, 90.2], [60.3, 150.0]])
    for column, row in places:
        image += 400 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / 4)
    result = detection.find_sources(image)
    assert len(result) == 3
    here, there = detection.cross_match(places, result.places)
    np.testing.assert_allclose(result.places[there], places[here], atol=0.1)
    np.testing.assert_allclose(result.flux, 400 * 4 * np.pi, rtol=0.02)
    np.testing.assert_allclose(result.noise, np.sqrt(np.pi * 25), rtol=0.1)
    assert len(detection.find_sources(rng.normal(3.0, 1.0, (192, 192)))) == 0


def test_metrics_of_stars():
    def sources(x, flux, alone=3.0):
        x = np.array(x, float)
        return detection.Sources(x, 0 * x, np.array(flux, float), np.full(len(x), 3.0), np.full(len(x), alone))

    real, image = sources([0, 10, 20, 30], [100, 200, 300, 400]), sources([0, 10, 20, 60], [90, 202, 300, 1])
    observed = sources([10, 20], [210, 300], 6.0)
    result = astro_unet.star_metrics([astro_unet.compare_stars(real, image, observed, 2.0, 5)])
    assert result["tpr"] == result["precision"] == result["f"] == 0.75
    assert result["rfe"] == pytest.approx((0.1 + 0.01 + 0) / 3)
    assert result["rfe_signed"] == pytest.approx((0.1 - 0.01) / 3)
    assert result["rfe_common"] == pytest.approx(0.005)
    assert result["snr_gain"] == pytest.approx(2 * 502 / 510)
    assert result["snr_gain_measured"] == pytest.approx(502 / 510)
    assert result["stacked"] == pytest.approx(result["snr_gain"] ** 2)
    pixel = 9 / (np.pi * 25)
    denoised = np.mean([f * 10 / np.sqrt(9 * 10**2 + f * 10 + pixel * 10**2) for f in (202, 300)])
    observed = np.mean([f * 2 / np.sqrt(9 * 2**2 + f * 2 + pixel * 2**2) for f in (210, 300)])
    assert result["snr_gain_photons"] == pytest.approx(denoised / observed)


def test_published_protocol_of_the_real_image(small):
    selected = scenes.simulate_scenes(True)
    answers = {
        id(astro_unet.exposure_pair(scene, 2)[1]): astro_unet.exposure_pair(scene, 2)[0].rate + np.float32(1e-6)
        for scene in selected
    }
    denoised, observed, real = astro_unet.measure(lambda image, ratio: answers[id(image)], selected, 2)
    assert denoised["tpr"] == real["tpr"] == 1
    assert denoised["rfe"] < 1e-3 < observed["rfe"]
    assert denoised["snr_gain"] == pytest.approx(real["snr_gain"], rel=1e-3)
    assert denoised["kl"] < 1e-3 and denoised["ssim"] > 0.99


def test_filters_see_even_noise():
    rng = np.random.default_rng(6)
    for rate in (0.1, 5.0, 100.0):
        image = scenes.simulate_exposure(np.full((200, 200), rate), 100.0, rng)
        stabilizer = classical.Stabilizer(image)
        even = stabilizer.forward(image.rate.astype(float))
        assert even.std() == pytest.approx(1.0, rel=0.02)
        back = stabilizer.back(np.full(1, even.mean()))
        assert back == pytest.approx(rate, abs=float(4 * image.rate.std() / 200 + 0.003 * rate))
        np.testing.assert_allclose(stabilizer.back(stabilizer.forward(np.array([rate]))), rate, rtol=0.05)


def test_wavelets_keep_what_is_significant():
    even = np.random.default_rng(7).normal(0, 1, (256, 256))
    all_kept = classical._wavelet(even, 0.0)
    np.testing.assert_allclose(all_kept, even, atol=1e-12)
    assert classical._wavelet(even, 3.0).std() < 0.25
    assert np.isclose((even - classical._wavelet(even, 1e9)).std(), 1, atol=0.01)
    for name, (_, strengths) in classical.FILTERS.items():
        image = SlopeImage(np.full((32, 32), 2.0, np.float32), np.full((32, 32), 0.1), 0.01)
        np.testing.assert_allclose(classical.apply_filter(name, strengths[0], image), 2.0, rtol=0.01)


def test_limit_is_where_completeness_falls():
    result = limits.Curve(np.arange(5) / 4, np.array([1.0, 0.96, 1.0, 0.8, 0.2]), np.full(5, 9), 0.9)
    assert limits.magnitude_limit(result) == pytest.approx(0.5 + 0.25 * 0.08 / 0.18)
    assert np.isnan(limits.magnitude_limit(limits.Curve(result.magnitude, np.zeros(5), np.ones(5), 0.0)))


def test_ideal_filter_has_the_limit_of_theory():
    psf = stacks.psf_stamp()
    selected = [stacks.simulate_stack(8, 256, seed) for seed in range(50, 56)]
    rng = np.random.default_rng(8)
    scatter = stacks.faintest(8) / 5 * np.sqrt(np.sum(psf**2))
    images = [one.truth + rng.normal(0, scatter, one.truth.shape) for one in selected]
    result = limits.measure_curve(images, [one.stars for one in selected], "matched filter", psf)
    assert result.purity >= 0.9
    assert -0.6 < limits.magnitude_limit(result) < 0.3
    quiet = limits.measure_curve(
        [one.truth for one in selected], [one.stars for one in selected], "matched filter", psf
    )
    assert quiet.completeness[quiet.magnitude < 1.5].min() > 0.9


def test_connected_pixels_are_those_of_photutils():
    image = np.random.default_rng(9).normal(0, 1, (120, 120))
    labels = detection.segment_image(image, 0.8, 5, deblend=False)
    places = limits.connected_sources(image, 0.8, 5).astype(int)
    assert len(places) == labels.max()
    for x, y in places:
        assert image[y, x] == image[labels == labels[y, x]].max()


def test_stacks_are_cleaned_of_cosmic_rays():
    one = stacks.simulate_stack(8, 128, 60)
    scatter = stacks.faintest(8) / 5 * np.sqrt(np.sum(stacks.psf_stamp() ** 2))
    error = coadd_frames(one.frames).image.rate - stacks.SKY - one.truth
    assert np.abs(error).max() < 12 * scatter
    assert np.std(error) == pytest.approx(scatter, rel=0.15)


def test_ratio_of_a_star(small):
    scene = scenes.simulate_scenes(True)[0]
    psf = stacks.psf_stamp()
    rate = np.full((128, 128), 0.2)
    reach = len(psf) // 2
    rate[64 - reach : 65 + reach, 64 - reach : 65 + reach] += 50 * psf
    alone = scenes.Scene(scene.kind, *stacks.USUAL, 100.0, rate, (0,))
    long = SlopeImage(rate, np.full(rate.shape, 0.1), 0.0)
    result = sources.true_ratio(alone, long)
    assert result[64, 64] == pytest.approx(50 * np.sqrt(np.sum(psf**2)) / 0.1, rel=0.02)
    detected = detection.Sources(*(np.array(v, float) for v in ([64, 20], [64, 20], [1, 1], [1, 1], [1, 1])))
    assert sources.count_false(detected, result) == (2, 1)


def test_coverage_of_gaussian_errors():
    pull = np.random.default_rng(10).normal(0, 1, 200_000)
    np.testing.assert_allclose(coverage.covered(pull), coverage.LEVELS, atol=0.005)
    classes = coverage.calibration(pull, np.linspace(-1, 5, len(pull)))
    assert set(classes) == {"all", "blank", "faint", "bright"}


def test_pulls_of_a_known_error(small):
    selected = scenes.simulate_scenes(True)
    network = Known(lambda image: image.rate, err=1.0)
    pull, signal = coverage.pulls(network, selected)
    expected = np.concatenate([(truth.views(s, 2)[0].rate - s.rate).ravel() for s in selected])
    np.testing.assert_allclose(pull, expected, atol=1e-5)
    assert len(signal) == len(pull)


def test_bias_of_a_network_that_loses_flux():
    sky = sources.FLUX_CASES[0][0]
    network = Known(lambda image: (sky + 0.97 * (image.rate - sky)).astype(np.float32))
    result = sources.measure_fluxes(network, 1, 256, cases=sources.FLUX_CASES[:1])
    for one in (one for kind in result.values() for low, one in kind.items() if float(low) >= 10):
        assert one["bias"] == pytest.approx(-0.03, abs=0.003 + 4 * one["error"])


def test_residual_of_pure_noise(small):
    by_image = {}
    selected = scenes.simulate_scenes(True)
    for scene in selected:
        by_image[id(truth.views(scene, coverage.RATIO)[0])] = scene.rate
    result = coverage.measure_residual(Known(lambda image: by_image[id(image)].astype(np.float32)), selected)
    assert abs(result["mean"]) < 0.03
    assert result["width"] / result["noise_width"] == pytest.approx(1, abs=0.02)
    assert result["local_mean"] == pytest.approx(1, abs=0.2)
    assert abs(result["correlation"]) < 0.04


def test_width_of_a_gaussian():
    y, x = np.mgrid[:41, :41]
    narrow, wide = (np.exp(-((x - 20) ** 2 + (y - 20) ** 2) / (2 * s**2)) for s in (1.0, 1.02))
    stamps = [stacks.mean_stamp(image, np.array([[20.2, 19.9]])) for image in (narrow, wide)]
    expected = [np.sqrt(1 / (1 / s**2 + 1 / stacks.WINDOW**2)) for s in (1.0, 1.02)]
    np.testing.assert_allclose([stacks.stamp_width(stamp) for stamp in stamps], expected, rtol=1e-3)


@pytest.mark.slow
def test_command_measures_images(small, models, tmp_path):
    only = [part for name in MEASURED for part in ("--only", name)]
    files = ["--json", str(tmp_path / "rows.json"), "--figures", str(tmp_path / "png"), "--models", str(models)]
    result = CliRunner().invoke(main, ["benchmark", "images", "--quick", *only, *files])
    assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert {row["group"] for row in rows} == set(MEASURED)
    assert all(row["passed"] is None and "skipped" not in row["metrics"] for row in rows)
    expected = {file for group in select(MEASURED, IMAGES.main) for file in group.figures}
    assert {path.name for path in (tmp_path / "png").iterdir()} == expected


def test_missing_models_are_reported(small, tmp_path):
    with models_from(tmp_path):
        for group in select((*MEASURED, "speed", "gpu"), IMAGES.main):
            assert all(row.metrics["skipped"] and row.passed is None for row in group.rows(True))
        assert draw_figures(tmp_path, select(["truth"], IMAGES.main), True) == ["images_scenes.png"]


def test_job_denoises_a_stack(models):
    result = speed.denoise_job("noise2noise-stack", str(models), 1, 64)()
    assert result.rate.shape == (64, 64) and np.isfinite(result.err).all()


@pytest.mark.slow
def test_experiments_train(small, monkeypatch):
    monkeypatch.setattr(studies, "EXPERIMENTS", dict(list(studies.EXPERIMENTS.items())[2:3]))
    rows = list(studies.experiments(True))
    assert [row.configuration for row in rows] == ["input"] * 2 + ["L2 (experiment 2)"] * 3
    assert rows[2].metrics["settings"] == {"loss": "l2"} and np.isfinite(rows[2].result["flux error (%)"])

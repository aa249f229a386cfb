"""The benchmark of cosmic-ray masks: its metrics against slow definitions, its rows, its files; no test of speed."""

import json
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.ndimage import binary_dilation
from scipy.stats import norm

from jwst_denoise.commands.main import main
from jwst_denoise.simulate import CosmicRayParameters, point_spread_function, simulate_image
from jwst_denoise.simulate.images import Image
from jwst_denoise_benchmarks.core.catalog import COSMIC_RAYS, select
from jwst_denoise_benchmarks.core.inputs import load_model, models_from
from jwst_denoise_benchmarks.cosmic_ray_mask import after_jump, cases, cores, detection, figures, filling, real, scores
from jwst_denoise_benchmarks.cosmic_ray_mask.cases import MASK_MODELS

SMALL = (2, 80)  # images of a kind and their edge


@pytest.fixture(scope="module")
def models(untrained):
    """Directory of untrained networks with the names of the shipped models."""
    architecture = {"family": "cosmic_ray_mask", "depth": 2, "hidden": 4}
    architectures = dict.fromkeys(MASK_MODELS, architecture) | {filling.MODEL: architecture | {"family": "inpaint"}}
    return untrained(architectures, {"0.0005": 0.9, "0.005": 0.5})


@pytest.fixture
def small(monkeypatch, clear_caches):
    """Tiny images and a short scan."""
    monkeypatch.setattr(cases, "size_of", lambda quick: SMALL)
    monkeypatch.setattr(detection, "QUICK_SCAN", {"objlim": (5.0,), "sigclip": (4.5, 20.0)})
    clear_caches(detection._measured)


def rows(name):
    (group,) = select([name], COSMIC_RAYS.main)
    return list(group.rows(quick=True))


def some_case(seed=5, edge=64):
    return cases.cases("galaxies", 1, edge, seed)[0]


def test_dilated_scores_are_scores_of_dilated_masks():
    case = some_case()
    rng = np.random.default_rng(1)
    score = rng.normal(size=case.image.data.shape)
    pool = scores.Scores.of([score], [case])
    for threshold in (0.5, 2.0, 3.0):
        dilated = binary_dilation(score > threshold, np.ones((3, 3)))
        rates = scores.rates_of_masks([score > threshold], [case])
        np.testing.assert_allclose(pool.rates(threshold), rates)
        assert rates[2] == dilated[case.truth & case.good].mean()


def test_threshold_keeps_the_rate():
    score = np.arange(1000.0)
    pool = scores.Scores(score, score, score >= 900)
    assert pool.rates(pool.threshold(0.01))[0] == pytest.approx(0.01, abs=1.1 / 900)
    assert scores.true_rates(pool, [0.01])["plain"] == [1.0]


def test_rates_between_points():
    points = np.array([[0.01, 0.8, 0.9], [0.001, 0.4, 0.5]])
    detected = scores.rates_at(points, [0.0005, 0.001, 0.0055, 0.5])
    np.testing.assert_allclose(detected["plain"], [0.2, 0.4, 0.6, 0.8])
    np.testing.assert_allclose(detected["dilated"], [0.25, 0.5, 0.7, 0.9])


def test_best_contrast_for_each_rate():
    scanned = {
        (2.0, 5.0): np.array([0.0005, 0.1, 0.2]), (2.0, 3.0): np.array([0.005, 0.9, 0.9]),
        (5.0, 5.0): np.array([0.0005, 0.3, 0.4]), (5.0, 3.0): np.array([0.005, 0.5, 0.95]),
    }  # fmt: skip
    detected = scores.best_lacosmic(scanned)
    assert detected == {"plain": [0.3, 0.9], "dilated": [0.4, 0.95], "objlim": [5.0, 2.0]}
    assert scores.strictest_lacosmic(scanned) == {"objlim": 5.0, "sigclip": 5.0}


def test_lacosmic_detects_bright_cosmic_rays():
    image = simulate_image(np.full((64, 64), 0.2), 100.0, np.random.default_rng(3))
    detected = scores.lacosmic_mask(image)
    assert detected[image.cosmic_rays > 20 * image.err].mean() > 0.8
    assert detected[image.cosmic_rays < 0.1 * image.err].mean() < 0.01


def test_observer_of_single_pixels_is_limited_by_gaussian_noise():
    rng = np.random.default_rng(2)
    zero = np.zeros((400, 400), np.float32)
    hits = zero.copy()
    hits[::4, ::4] = 3.0
    image = Image(rng.standard_normal(zero.shape) + hits, zero + 1, hits, zero, 100.0)
    case = cases.Case("galaxies", "NIRCAM_SW", "F200W", image)
    detected = scores.true_rates(scores.Scores.of([detection.excess(image)], [case]))["plain"]
    expected = norm.sf(norm.isf(scores.FALSE_RATES) - 3.0)
    np.testing.assert_allclose(detected, expected, atol=4 * np.sqrt(0.25 / 1e4) + 0.03)


def test_images_differ_and_are_reproducible(clear_caches):
    first, second = cases.cases("cluster", 2, 48, 1)
    assert (first.filter, first.image.seconds) != (second.filter, second.image.seconds)
    assert not np.array_equal(first.image.data, cases.cases("cluster", 2, 48, 2)[0].image.data)
    clear_caches(cases.cases)
    np.testing.assert_array_equal(cases.cases("cluster", 2, 48, 1)[0].image.data, first.image.data)


def test_cores_are_those_of_bright_stars():
    psf = point_spread_function("NIRCAM_SW", "F200W")
    x, y, flux = np.array([20.0, 44.0]), np.array([20.0, 44.0]), np.array([300.0, 0.5])
    image = simulate_image(
        np.full((64, 64), 0.2) + star_images(psf, x, y, flux), 100.0, np.random.default_rng(4),
        hits=CosmicRayParameters(flux=0, snowball_rate=0, shower_rate=0),
    )  # fmt: skip
    core = cores.core_pixels(image, x, y, flux, psf)
    assert core[20, 20] and not core[44, 44]
    signal = image.rate - 0.2
    assert set(zip(*np.nonzero(core), strict=True)) == set(zip(*np.nonzero(signal > 0.52 * signal.max()), strict=True))


def star_images(psf, x, y, flux):
    from jwst_denoise.simulate.fields import point_sources

    return point_sources((64, 64), x, y, flux, psf)


def test_errors_of_filling_are_those_of_the_pixels(small, models):
    with models_from(models):
        detected = filling.errors("galaxies", True)
    assert set(detected) == {"truth", "noisy", "relative"}
    for values in detected.values():
        assert set(values) == {"network", "median", "biharmonic", "sky level"}
    case, sums = cases.cases("galaxies", *SMALL), []
    for index, one in enumerate(case):
        hole = cases.hole_mask(one, index) & ~one.truth & one.good
        level = np.nanmedian(one.image.data)
        sums.append(((level - one.image.rate[hole]) / np.median(one.image.err)).astype(float) ** 2)
    assert detected["truth"]["sky level"] == pytest.approx(np.concatenate(sums).mean(), rel=1e-4)


@pytest.mark.slow
def test_command_writes_rows_and_figures(small, models, tmp_path):
    only = [part for name in ("detection", "ceiling", "thresholds", "tiles") for part in ("--only", name)]
    files = ["--json", str(tmp_path / "rows.json"), "--figures", str(tmp_path / "png"), "--models", str(models)]
    result = CliRunner().invoke(main, ["benchmark", "cosmic_rays", "--quick", *only, *files])
    assert result.exit_code == 0, result.output
    content = json.loads((tmp_path / "rows.json").read_text())
    expected = {"detection": 16, "ceiling": 8, "thresholds": 16, "tiles": 2}
    assert Counter(row["group"] for row in content["rows"]) == expected
    assert {"torch", "astroscrappy"} <= set(content["machine"]["versions"])
    assert {path.name for path in (tmp_path / "png").iterdir()} == {"cosmic_rays_curves.png", "cosmic_rays_stamps.png"}


def test_without_models_the_reference_methods_are_measured(small, tmp_path):
    with models_from(tmp_path):
        for row in rows("detection") + rows("wide"):
            assert row.metrics["skipped"] and list(row.reference) == ["LACosmic"] and row.passed is None
        for name in ("thresholds", "cores", "tiles", "real", "after-jump", "ramps"):
            assert all(row.metrics["skipped"] for row in rows(name))


def test_target_is_that_of_the_paper_or_the_ceiling():
    rates = {"plain": [0.9, 0.99], "dilated": [0.9, 0.99]}
    for kind, target in (("galaxies", "≥ 88.5"), ("cluster", "≥ 80.0"), ("slices", "")):
        ceiling = {"plain": [0.8, 0.9], "dilated": [0.8, 0.9]}
        row, *_ = detection.detection_rows(kind, {MASK_MODELS[0]: rates}, rates, ceiling)
        assert row.target == target and row.passed is (True if target else None)


def test_observations(models, data_directory):
    with models_from(models):
        model = load_model(MASK_MODELS[0])
        tracks, elsewhere = real.ccd(model)
        slit = real.nirspec_slit(model, data_directory / real.SLIT)
    assert len(tracks) == 2 and 0 <= elsewhere <= 1
    assert slit["unchanged"] and slit["finite"]


@pytest.mark.slow
def test_some_charge_of_hits_remains_after_the_jump_step():
    image = after_jump.remaining_hits(8, quick=True)
    assert not image.hits[image.bad].any()
    signal = image.hits / image.err
    assert signal.min() > -1e-3
    assert signal.max() > 1
    assert 0.5 < (signal < 1e-3).mean() < 0.999
    clean = (image.data - image.hits) / image.err
    assert abs(np.median(clean[signal > 1])) < 2


def test_stamp_is_within_the_image():
    case = cases.cases("cluster", 1, 100, 6)[0]
    box = figures.interesting_box(case)
    assert case.truth[box].shape == (figures.STAMP, figures.STAMP)
    assert case.truth[box].mean() < 3 * case.truth.mean()
    assert np.log(case.image.rate[box]).mean() > np.log(case.image.rate).mean()


def test_colors_of_masks():
    truth, mask = np.array([[1, 1, 0, 0]], bool), np.array([[1, 0, 1, 0]], bool)
    detected = figures.color_mask(mask, truth)[0]
    np.testing.assert_allclose(detected, [*figures.COLORS.values(), (1, 1, 1)])

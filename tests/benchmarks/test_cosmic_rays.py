"""The benchmark of cosmic-ray masks: its measures against slow definitions, its rows, its files; no test of speed."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from scipy.ndimage import binary_dilation
from scipy.stats import norm

from jwst_denoise import model_files
from jwst_denoise.commands.main import main
from jwst_denoise.networks import build
from jwst_denoise.simulate import CosmicRayParameters, point_spread_function, simulate_image
from jwst_denoise.simulate.images import Image
from jwst_denoise_benchmarks import suite
from jwst_denoise_benchmarks.cosmic_ray_mask import (
    after_jump,
    cases,
    cores,
    detection,
    filling,
    lacosmic,
    models,
    picture,
    real,
    roc,
)
from jwst_denoise_benchmarks.cosmic_ray_mask.suite import GROUPS

SMALL = (2, 80)  # images of a kind and their edge


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """Directory with files of untrained networks of the shipped models' names."""
    directory = tmp_path_factory.mktemp("models")
    torch.manual_seed(1)
    for name in (*models.MASKS, filling.MODEL):
        family = "inpaint" if name == filling.MODEL else "cosmic_ray_mask"
        network = build({"family": family, "depth": 2, "hidden": 4}).eval()
        info = {
            "name": name, "domain": {"description": "nothing"}, "provenance": {"training": "none"},
            "scores": {"none": 0}, "licence": "BSD-3-Clause", "card": "Untrained.",
            "thresholds": {"0.0005": 0.9, "0.005": 0.5},
        }  # fmt: skip
        model_files.save(directory / f"{name}.asdf", network, info)
    return directory


@pytest.fixture
def small(monkeypatch):
    """Tiny images and a short scan."""
    monkeypatch.setattr(cases, "size_of", lambda quick: SMALL)
    monkeypatch.setattr(detection, "QUICK_SCAN", {"objlim": (5.0,), "sigclip": (4.5, 20.0)})
    detection._measured.cache_clear()
    yield
    detection._measured.cache_clear()


def rows(name):
    (group,) = suite.choose([name], GROUPS)
    return list(group.rows(quick=True))


def some_case(seed=5, edge=64):
    return cases.cases("galaxies", 1, edge, seed)[0]


def test_dilated_scores_are_scores_of_dilated_masks():
    case = some_case()
    rng = np.random.default_rng(1)
    score = rng.normal(size=case.image.data.shape)
    pool = roc.Scores.of([score], [case])
    for threshold in (0.5, 2.0, 3.0):
        grown = binary_dilation(score > threshold, np.ones((3, 3)))
        rates = roc.of_masks([score > threshold], [case])
        np.testing.assert_allclose(pool.found(threshold), rates)
        assert rates[2] == grown[case.truth & case.good].mean()


def test_threshold_keeps_the_rate():
    score = np.arange(1000.0)
    pool = roc.Scores(score, score, score >= 900)
    assert pool.found(pool.threshold(0.01))[0] == pytest.approx(0.01, abs=1.1 / 900)
    assert roc.thresholded(pool, [0.01])["plain"] == [1.0]


def test_rates_between_points():
    points = np.array([[0.01, 0.8, 0.9], [0.001, 0.4, 0.5]])
    found = roc.rates_at(points, [0.0005, 0.001, 0.0055, 0.5])
    np.testing.assert_allclose(found["plain"], [0.2, 0.4, 0.6, 0.8])
    np.testing.assert_allclose(found["dilated"], [0.25, 0.5, 0.7, 0.9])


def test_best_contrast_for_each_rate():
    scanned = {
        (2.0, 5.0): np.array([0.0005, 0.1, 0.2]), (2.0, 3.0): np.array([0.005, 0.9, 0.9]),
        (5.0, 5.0): np.array([0.0005, 0.3, 0.4]), (5.0, 3.0): np.array([0.005, 0.5, 0.95]),
    }  # fmt: skip
    found = lacosmic.best(scanned)
    assert found == {"plain": [0.3, 0.9], "dilated": [0.4, 0.95], "objlim": [5.0, 2.0]}
    assert lacosmic.strictest(scanned) == {"objlim": 5.0, "sigclip": 5.0}


def test_lacosmic_finds_what_is_plain():
    image = simulate_image(np.full((64, 64), 0.2), 100.0, np.random.default_rng(3))
    found = lacosmic.mask(image)
    assert found[image.cosmic_rays > 20 * image.err].mean() > 0.8
    assert found[image.cosmic_rays < 0.1 * image.err].mean() < 0.01


def test_pixel_alone_finds_what_gaussian_noise_lets_it():
    rng = np.random.default_rng(2)
    zero = np.zeros((400, 400), np.float32)
    hits = zero.copy()
    hits[::4, ::4] = 3.0
    image = Image(rng.standard_normal(zero.shape) + hits, zero + 1, hits, zero, 100.0)
    case = cases.Case("galaxies", "NIRCAM_SW", "F200W", image)
    found = roc.thresholded(roc.Scores.of([detection._excess(image)], [case]))["plain"]
    expected = norm.sf(norm.isf(roc.RATES) - 3.0)
    np.testing.assert_allclose(found, expected, atol=4 * np.sqrt(0.25 / 1e4) + 0.03)


def test_images_differ_and_return():
    first, second = cases.cases("cluster", 2, 48, 1)
    assert (first.filter, first.image.seconds) != (second.filter, second.image.seconds)
    assert not np.array_equal(first.image.data, cases.cases("cluster", 2, 48, 2)[0].image.data)
    cases.cases.cache_clear()
    np.testing.assert_array_equal(cases.cases("cluster", 2, 48, 1)[0].image.data, first.image.data)


def test_cores_are_those_of_bright_stars():
    psf = point_spread_function("NIRCAM_SW", "F200W")
    x, y, flux = np.array([20.0, 44.0]), np.array([20.0, 44.0]), np.array([300.0, 0.5])
    image = simulate_image(
        np.full((64, 64), 0.2) + detection_light(psf, x, y, flux), 100.0, np.random.default_rng(4),
        hits=CosmicRayParameters(flux=0, snowball_rate=0, shower_rate=0),
    )  # fmt: skip
    core = cores.core_pixels(image, x, y, flux, psf)
    assert core[20, 20] and not core[44, 44]
    light = image.rate - 0.2
    assert set(zip(*np.nonzero(core), strict=True)) == set(zip(*np.nonzero(light > 0.52 * light.max()), strict=True))


def detection_light(psf, x, y, flux):
    from jwst_denoise.simulate.fields import point_sources

    return point_sources((64, 64), x, y, flux, psf)


def test_errors_of_filling_are_those_of_the_pixels(small, untrained):
    with models.in_directory(untrained):
        found = filling.errors("galaxies", True)
    assert set(found) == {"truth", "datum", "relative"}
    for values in found.values():
        assert set(values) == {"network", "median", "biharmonic", "sky level"}
    case, sums = cases.cases("galaxies", *SMALL), []
    for index, one in enumerate(case):
        hole = cases.foreign_mask(one, index) & ~one.truth & one.good
        level = np.nanmedian(one.image.data)
        sums.append(((level - one.image.rate[hole]) / np.median(one.image.err)).astype(float) ** 2)
    assert found["truth"]["sky level"] == pytest.approx(np.concatenate(sums).mean(), rel=1e-4)


def test_command_writes_rows_and_pictures(small, untrained, tmp_path):
    only = [part for name in ("detection", "ceiling", "thresholds", "tiles") for part in ("--only", name)]
    files = [tmp_path / name for name in ("figures.json", "curves.png", "stamps.png")]
    options = zip(("--json", "--figure", "--stamps", "--models"), map(str, (*files, untrained)), strict=True)
    arguments = ["benchmark", "cosmic_rays", "--quick", *only, *(part for pair in options for part in pair)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    content = json.loads(files[0].read_text())
    assert [row["group"] for row in content["rows"]] == ["detection"] * 4 + ["ceiling"] * 4 + ["thresholds"] * 2 + [
        "tiles"
    ]
    assert {"torch", "astroscrappy"} <= set(content["machine"]["versions"])
    assert all(path.stat().st_size > 10_000 for path in files[1:])


def test_without_models_the_peers_are_measured(small, tmp_path):
    with models.in_directory(tmp_path):
        for row in rows("detection") + rows("wide"):
            assert row.ours.startswith("skipped") and "LACosmic" in row.peer and row.met is None
        for name in ("thresholds", "cores", "tiles", "real", "after-jump"):
            assert all(row.ours.startswith("skipped") for row in rows(name))


def test_unknown_directory_of_models():
    result = CliRunner().invoke(main, ["benchmark", "cosmic_rays", "--models", "nowhere"])
    assert result.exit_code == 1
    assert "nowhere" in result.stderr


def test_real_data_of_the_peer(untrained):
    with models.in_directory(untrained):
        row = real.ccd(models.load(models.MASKS[0]), models.MASKS[0])
    assert row.peer.endswith("163")
    assert len(row.figures["shares"]) == 2


def test_slit_keeps_what_is_missing(untrained, data_directory):
    with models.in_directory(untrained):
        row = real.nirspec_slit(models.load(models.MASKS[0]), models.MASKS[0], data_directory / real.SLIT)
    assert row.figures["unchanged"] and row.figures["finite"]


def test_pipeline_leaves_some_charge_of_hits():
    left = after_jump.left_by_jump(8, quick=True)
    assert not left.hits[left.bad].any()
    signal = left.hits / left.err
    assert signal.min() > -1e-3
    assert signal.max() > 1
    assert 0.5 < (signal < 1e-3).mean() < 0.999
    clean = (left.data - left.hits) / left.err
    assert abs(np.median(clean[signal > 1])) < 2


def test_stamp_is_within_the_image():
    case = cases.cases("cluster", 1, 100, 6)[0]
    box = picture._busiest(case)
    assert case.truth[box].shape == (picture.STAMP, picture.STAMP)
    assert case.truth[box].mean() < 3 * case.truth.mean()
    assert np.log(case.image.rate[box]).mean() > np.log(case.image.rate).mean()


def test_colors_of_masks():
    truth, mask = np.array([[1, 1, 0, 0]], bool), np.array([[1, 0, 1, 0]], bool)
    found = picture._colored(mask, truth)[0]
    np.testing.assert_allclose(found, [*picture.COLORS.values(), (1, 1, 1)])

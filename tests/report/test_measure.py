"""Metrics against what they should be, and against slow definitions."""

import numpy as np
import pytest

from jwst_denoise import report
from jwst_denoise.report import flags, measure, pictures, regions, tables
from jwst_denoise.statistics import robust_sigma

from .conftest import SHAPE, STARS


@pytest.fixture(scope="module")
def found(pair):
    return measure.compare(*(report.take(model)[0] for model in pair))


def test_errors_match_the_scatter_after_and_not_before(found):
    widths = {name: robust_sigma(each) for name, each in found.pulls.items()}
    assert widths["after"] == pytest.approx(1, abs=0.03)
    assert widths["before"] == pytest.approx(np.sqrt(5), rel=0.2)
    assert found.scatter["after"] == pytest.approx(1, abs=0.03)


def test_stars_are_not_blank(found):
    assert not found.blank[tuple(STARS.T)].any()
    assert found.blank.mean() > 0.4
    assert not found.blank[3, 4]


def test_profile_against_a_loop():
    rng = np.random.default_rng(3)
    image, good = rng.normal(size=(5, 7)), rng.random((5, 7)) < 0.5
    good[2] = False
    image[~good] = np.nan
    rows = measure.profile(image, good, 1)
    for row in range(5):
        expected = np.mean(image[row][good[row]]) if good[row].any() else np.nan
        np.testing.assert_allclose(rows[row], expected)


def test_noise_is_that_of_the_light_after(pair):
    """The variance by light of the noisy rate is larger where noise is, so means over it are biased."""
    rng = np.random.default_rng(5)
    light = np.full(SHAPE, 4.0)
    before, after = (model.copy() for model in pair)
    noisy = rng.normal(light, np.sqrt(light * 0.5))
    before.data, after.data = noisy.astype("f4"), light.astype("f4")
    before.var_poisson = (0.5 * np.maximum(noisy, 0)).astype("f4")
    before.err = np.sqrt(before.var_poisson + 0.01).astype("f4")
    compared = measure.compare(report.take(before)[0], report.take(after)[0])
    np.testing.assert_allclose(compared.noise[compared.usable], np.sqrt(2.01), rtol=1e-4)
    assert abs(compared.trust.metrics["residual_mean"]) < 4 / np.sqrt(noisy.size)


def test_noise_without_errors_is_the_scatter(pair):
    before = pair[1].copy()
    before.err = None
    compared = measure.compare(report.take(before)[0], report.take(pair[1])[0])
    np.testing.assert_allclose(compared.noise, 1, rtol=0.2)
    assert set(compared.pulls) == {"after"}


def test_counts_of_flags_against_a_loop(pair):
    (before,), (after,) = (report.take(model) for model in pair)
    counts = {each.name: each for each in flags.count_flags(before, after)}
    assert set(counts) == {"DO_NOT_USE", "JUMP_DET"}
    assert (counts["JUMP_DET"].before, counts["JUMP_DET"].new, counts["JUMP_DET"].gone) == (0, 20, 0)
    assert (counts["DO_NOT_USE"].before, counts["DO_NOT_USE"].after, counts["DO_NOT_USE"].new) == (1, 1, 0)
    fresh = flags.newly_flagged(before, after)
    assert fresh.sum() == 20
    assert fresh[60:64, 70:75].all()


def test_flags_that_are_gone(pair):
    (before,), (after,) = (report.take(model) for model in pair[::-1])
    (jumps,) = [each for each in flags.count_flags(before, after) if each.name == "JUMP_DET"]
    assert (jumps.before, jumps.after, jumps.new, jumps.gone) == (20, 0, 0, 20)
    assert not flags.newly_flagged(before, after).any()


def test_regions(pair):
    """New flags and the brightest star."""
    before, after = (model.copy() for model in pair)
    after.data = before.data.copy()
    y, x = STARS[2]
    after.data[y - 2 : y + 3, x - 2 : x + 3] += 400
    after.data[85:88, 130:133] -= 30
    compared = measure.compare(report.take(before)[0], report.take(after)[0])
    flagged = np.zeros(SHAPE, bool)
    flagged[100:110, 30:40] = True
    chosen = {region.name: region for region in regions.choose(compared, flagged)}
    flags, brightest, *_ = chosen.values()
    assert flags.name == "most new flags"
    assert inside(flags, 105, 35)
    assert brightest.name.startswith("bright source")
    assert inside(brightest, y, x)
    for region in chosen.values():
        assert region.part[0].stop <= SHAPE[0]
        assert region.part[1].stop <= SHAPE[1]
        assert min(region.y, region.x) >= 0


def inside(region, y, x):
    return region.y <= y < region.y + region.ny and region.x <= x < region.x + region.nx


def test_stretch_keeps_order_and_limits(found):
    stretch = pictures.Stretch.of(found.before.image, found.after.image, found.usable)
    values = np.linspace(stretch.low, stretch.high, 500)
    levels = stretch.levels(values[None])[0]
    assert (levels[0], levels[-1]) == (1, pictures.LEVELS)
    assert (np.diff(levels.astype(int)) >= 0).all()
    assert stretch.levels(np.array([[np.nan, -1e9, 1e9]])).tolist() == [[0, 1, pictures.LEVELS]]


def test_zscale_table_is_linear_between_its_limits(found):
    """Looking a value up by its asinh brightness gives its place between the limits of zscale."""
    stretch = pictures.Stretch.of(found.before.image, found.after.image, found.usable)
    first, last = stretch.zscale
    values = np.linspace(max(first, stretch.low), min(last, stretch.high), 20)
    shown = stretch.table[stretch.levels(values[None])[0] - 1]
    np.testing.assert_allclose(shown, (values - first) / (last - first), atol=0.05)


def test_pictures_are_shrunk_by_means():
    image = np.arange(24.0).reshape(4, 6)
    image[0, 0] = np.nan
    small = pictures.shrink(image, 3)
    np.testing.assert_allclose(small, [[(1 + 6 + 7) / 3, 5.5, 7.5], [15.5, 17.5, 19.5]])
    assert pictures.shrink(image, 6) is image
    assert pictures.shrink(image > 22, 3).tolist() == [[False, False, False], [False, False, True]]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.012345, "0.0123"), (-1.5, "−1.5"), (12345.6, "12\u202f346"), (1234567, "1\u202f234\u202f567"), ("a", "a"),
     (float("nan"), "–"), (None, "")],
)  # fmt: skip
def test_numbers(value, text):
    assert tables.number(value) == text


@pytest.mark.parametrize("case", ["nothing", "all NaN", "all flagged", "constant", "tiny", "line"])
def test_awkward_images(pair, case):
    """Whatever an image holds, there is a page."""
    before, after = (model.copy() for model in pair)
    for model in (before, after):
        if case == "all NaN":
            model.data[:] = np.nan
        elif case == "all flagged":
            model.dq[:] = 1
        elif case == "constant":
            model.data[:] = 3
        elif case in ("tiny", "line"):
            part = np.s_[:3, :5] if case == "tiny" else np.s_[:1, :]
            for name in ("data", "err", "dq"):
                setattr(model, name, getattr(model, name)[part].copy())
    if case == "nothing":
        after = before
    page = report.render(report.take(before), report.take(after))
    assert "</html>" in page

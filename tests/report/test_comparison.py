"""Numbers and curves against known values and slow definitions."""

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import report
from jwst_denoise.report import comparison, pictures, regions, tables
from jwst_denoise.statistics import robust_sigma

from .conftest import SHAPE, STARS, describe, fill


@pytest.fixture(scope="module")
def compared(pair):
    return report.compare_images(*(report.read_images(model)[0] for model in pair))


def compare(before, after, **options):
    return report.compare_images(report.read_images(before)[0], report.read_images(after)[0], **options)


def test_errors_match_the_scatter_after_and_not_before(compared):
    widths = {name: robust_sigma(each) for name, each in compared.over_err.items()}
    assert widths["after"] == pytest.approx(1, abs=0.03)
    assert widths["before"] == pytest.approx(np.sqrt(5), rel=0.2)


def test_stars_are_not_background(compared):
    assert not compared.background[tuple(STARS.T)].any()
    assert compared.background.mean() > 0.4
    assert not compared.background[3, 4]


@pytest.mark.parametrize("axis", [0, 1])
def test_profile_against_a_loop(axis):
    rng = np.random.default_rng(3)
    image, good = rng.normal(size=(6, 8)), rng.random((6, 8)) < 0.5
    good[2], good[:, 5] = False, False
    image[~good] = np.nan
    profile = comparison.interquartile_profile(image, good, axis)
    lines, masks = (image, good) if axis == 1 else (image.T, good.T)
    for value, line, mask in zip(profile, lines, masks, strict=True):
        middle = np.sort(line[mask])[mask.sum() // 4 : mask.sum() - mask.sum() // 4]
        np.testing.assert_allclose(value, middle.mean() if mask.any() else np.nan)


def test_noise_of_apertures_and_boxes():
    """White noise falls with the square root of the area; the noise of lines does not."""
    rng = np.random.default_rng(7)
    white, lines = 3 * rng.normal(size=(400, 400)), rng.normal(size=(400, 1)) * np.ones((400, 400))
    good = rng.random(white.shape) < 0.95
    for scale in comparison.measure_noise(white, good, np.full(white.shape, 3.0)):
        assert scale.scatter == pytest.approx(3 / np.sqrt(scale.pixels), rel=0.08)
        assert scale.over_err == pytest.approx(1, abs=0.06)
    pixel, aperture, *_, box = comparison.measure_noise(lines, good)
    assert (pixel.name, aperture.name, box.name) == ("one pixel", "aperture, r = 2.5 pixels", "box of 11 × 11 pixels")
    assert aperture.pixels == pytest.approx(np.pi * 2.5**2, rel=1e-3)
    assert box.scatter == pytest.approx(1 / np.sqrt(11), rel=0.25)
    assert np.isnan(box.over_err)


def test_noise_of_few_apertures_is_not_given():
    pixel, *others = comparison.measure_noise(np.ones((10, 10)), np.ones((10, 10), bool))
    assert pixel.scatter == 0
    assert np.isnan([one.scatter for one in others]).all()


def test_outliers_single_and_extended():
    rng = np.random.default_rng(8)
    image = rng.normal(size=(256, 256))
    image[20, 30] = 40
    image[100:120, 150:170] += 1.5
    good = comparison.reject_outliers(image, np.ones(image.shape, bool))
    assert not good[20, 30]
    assert not good[103:117, 153:167].any()
    assert good.mean() > 0.98


def test_background_of_a_step_is_used_without_outliers(pair):
    mask = np.zeros(SHAPE, bool)
    mask[100:140] = True
    result = compare(*pair, background=mask)
    assert not result.background[:100].any()
    assert not result.background[tuple(STARS.T)].any()
    assert result.background[100:140].mean() > 0.9


@pytest.fixture
def wave():
    """A sine along the rows, read by NRCA1 at 10 μs a pixel."""
    model = fill(describe(datamodels.ImageModel(), "wave.fits"), np.zeros((64, 200)))
    model.meta.subarray.fastaxis, model.meta.subarray.slowaxis = -1, 2
    model.dq[:] = 0
    model.data = np.broadcast_to(np.sin(2 * np.pi * 0.1 * np.arange(200)), (64, 200)).astype("f4")
    return model


def test_a_wave_has_its_power_at_its_time_or_along_the_rows(wave):
    frequency, power = compare(wave, wave.copy(), background=np.ones((64, 200), bool)).spectra["before"]
    assert frequency[power.argmax()] == pytest.approx(0.1 / 1e-5, rel=0.1)
    wave.meta.cal_step.resample = "COMPLETE"
    frequency, power = compare(wave, wave.copy(), background=np.ones((64, 200), bool)).spectra["before"]
    assert frequency[power.argmax()] == pytest.approx(0.1, rel=0.1)


def test_poisson_noise_is_that_of_the_image_after(pair):
    """The Poisson variance of the noisy rate is larger where noise is positive, so means over it are biased."""
    rng = np.random.default_rng(5)
    signal = np.full(SHAPE, 4.0)
    before, after = (model.copy() for model in pair)
    noisy = rng.normal(signal, np.sqrt(signal * 0.5))
    before.data, after.data = noisy.astype("f4"), signal.astype("f4")
    before.var_poisson = (0.5 * np.maximum(noisy, 0)).astype("f4")
    before.err = np.sqrt(before.var_poisson + 0.01).astype("f4")
    compared = compare(before, after)
    np.testing.assert_allclose(compared.noise[compared.usable], np.sqrt(2.01), rtol=1e-4)
    assert abs(compared.quality.metrics["residual_mean"]) < 4 / np.sqrt(noisy.size)


def test_noise_without_errors_is_the_scatter(pair):
    before = pair[1].copy()
    before.err = None
    compared = compare(before, pair[1])
    np.testing.assert_allclose(compared.noise, 1, rtol=0.2)
    assert set(compared.over_err) == {"after"}


def test_counts_of_flags_against_a_loop(pair):
    (before,), (after,) = (report.read_images(model) for model in pair)
    counts = {each.name: each for each in comparison.count_flags(before, after)}
    assert set(counts) == {"DO_NOT_USE", "JUMP_DET"}
    assert (counts["JUMP_DET"].before, counts["JUMP_DET"].new, counts["JUMP_DET"].gone) == (0, 20, 0)
    assert (counts["DO_NOT_USE"].before, counts["DO_NOT_USE"].after, counts["DO_NOT_USE"].new) == (1, 1, 0)
    fresh = comparison.find_new_flags(before, after)
    assert fresh.sum() == 20
    assert fresh[60:64, 70:75].all()


def test_flags_that_are_gone(pair):
    (before,), (after,) = (report.read_images(model) for model in pair[::-1])
    (jumps,) = [each for each in comparison.count_flags(before, after) if each.name == "JUMP_DET"]
    assert (jumps.before, jumps.after, jumps.new, jumps.gone) == (20, 0, 0, 20)
    assert not comparison.find_new_flags(before, after).any()


def test_regions(pair):
    """New flags and the brightest star."""
    before, after = (model.copy() for model in pair)
    after.data = before.data.copy()
    y, x = STARS[2]
    after.data[y - 2 : y + 3, x - 2 : x + 3] += 400
    after.data[85:88, 130:133] -= 30
    before.dq[:], after.dq[:] = 0, 0
    after.dq[100:110, 30:40] = 4
    chosen = regions.choose_regions(compare(before, after))
    flags, brightest, *_ = chosen
    assert flags.name == "most new flags"
    assert inside(flags, 105, 35)
    assert flags.place == f"x = {flags.x + 1} to {flags.x + 72}, y = {flags.y + 1} to {flags.y + 72}"
    assert brightest.name == "bright source"
    assert inside(brightest, y, x)
    for region in chosen:
        assert region.part[0].stop <= SHAPE[0]
        assert region.part[1].stop <= SHAPE[1]
        assert min(region.y, region.x) >= 0


def inside(region, y, x):
    return region.y <= y < region.y + region.ny and region.x <= x < region.x + region.nx


def test_pictures_are_shrunk_by_means():
    image = np.arange(24.0).reshape(4, 6)
    image[0, 0] = np.nan
    small = pictures.shrink_image(image, 3)
    np.testing.assert_allclose(small, [[(1 + 6 + 7) / 3, 5.5, 7.5], [15.5, 17.5, 19.5]])
    assert pictures.shrink_image(image, 6) is image
    assert pictures.shrink_image(image > 22, 3).tolist() == [[False, False, False], [False, False, True]]


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
    page = report.render_page(report.read_images(before), report.read_images(after))
    assert "</html>" in page

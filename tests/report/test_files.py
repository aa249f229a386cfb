"""Which products can be compared, and what is read from them."""

import shutil

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import report

from .conftest import SHAPE, describe, fill


def saved(model, path):
    model.save(path)
    return path


@pytest.fixture
def ramps(pair):
    """Ramps of 2 integrations of 5 groups of 10 s whose slopes are the rates; the later groups of a pixel jump."""

    def make(rate):
        model = describe(datamodels.RampModel(), "jw1_ramp.fits")
        model.data = (rate.data * 10 * np.arange(5)[:, None, None] * np.ones((2, 1, 1, 1))).astype("f4")
        model.data[:, 3:, 10, 20] += 5000
        model.groupdq = np.zeros(model.data.shape, "u1")
        model.groupdq[:, 3, 10, 20] = 4
        model.pixeldq = rate.dq.copy()
        return model

    return tuple(make(rate) for rate in pair)


def test_rates(files, pair):
    before, after = report.compare_files(files["rate"], files["clean"])
    assert len(before) == len(after) == 1
    np.testing.assert_array_equal(before[0].image, pair[0].data)
    assert before[0].unit == "DN/s"
    assert before[0].plane == 0
    assert not before[0].usable[3, 4]
    assert before[0].usable.sum() == before[0].image.size - 1
    assert len(before[0].record.sha256) == 64
    assert after[0].record.denoise["nsclean"]["parameters"] == "method='gp', n_sigma=2.0"


def test_the_plane_that_has_changed_most(files, cubes):
    before, after = report.compare_files(files["rateints"], files["cleanints"])
    assert before[0].plane == after[0].plane == 1
    np.testing.assert_array_equal(after[0].image, cubes[1].data[1])
    chosen, _ = report.compare_files(files["rateints"], files["cleanints"], plane=3)
    np.testing.assert_array_equal(chosen[0].image, cubes[0].data[2])


def test_noise_of_every_plane(cubes):
    """White noise of 1, and stripes of 1, 3 and 2."""
    (before,), (after,) = (report.read_images(model) for model in cubes)
    np.testing.assert_allclose(before.noise, np.hypot(1, [1, 3, 2]), rtol=0.25)
    np.testing.assert_allclose(after.noise, 1, rtol=0.05)


def test_a_stack_is_compared_with_the_mean(files, cubes, tmp_path):
    stack = fill(describe(datamodels.ImageModel(), "stack.fits"), cubes[1].data.mean(axis=0))
    before, after = report.compare_files(files["rateints"], saved(stack, tmp_path / "stack.fits"))
    np.testing.assert_allclose(before[0].image, np.mean(cubes[0].data, axis=0), rtol=1e-5)
    np.testing.assert_allclose(before[0].err[10:20], 1 / np.sqrt(3), rtol=1e-5)
    assert before[0].plane is None


def test_slope_of_ramps(ramps, pair):
    (exposure,) = report.read_images(ramps[0])
    good = np.isfinite(pair[0].data)
    np.testing.assert_allclose(exposure.image[good], pair[0].data[good], rtol=1e-3)
    assert exposure.unit == "DN/s"
    assert set(exposure.flags) == {"PIXELDQ", "GROUPDQ"}
    assert len(exposure.noise) == 2


def test_ramps_on_disk(ramps, tmp_path):
    paths = [saved(ramp, tmp_path / f"{k}.fits") for k, ramp in enumerate(ramps)]
    before, after = report.compare_files(*paths)
    page = report.render_page(before, after)
    assert "GROUPDQ" in page
    assert "differences of successive groups" in page


def test_slits(pair, tmp_path, monkeypatch):
    monkeypatch.setattr(report.page, "MOST_SECTIONS", 2)
    paths = []
    for model, name in zip(pair, ("s1", "s2"), strict=True):
        several = datamodels.MultiSlitModel()
        for number in range(3):
            slit = fill(datamodels.SlitModel(), model.data[number * 15 : number * 15 + 15])
            slit.name = f"S{number}"
            several.slits.append(slit.instance)
        several.meta.filename = f"{name}.fits"
        paths.append(saved(several, tmp_path / f"{name}.fits"))
    before, after = report.compare_files(*paths)
    assert [one.label for one in before] == [f"slit S{number}" for number in range(3)]
    page = report.render_page(before, after)
    assert page.count("<section") == 2
    assert "<td>slit S2</td>" in page
    assert "The first 2 of 3 slits are shown below." in page


def test_guider_product(pair):
    model = datamodels.GuiderCalModel()
    model.data = np.stack([pair[0].data] * 3)
    model.err = np.ones(model.data.shape, "f4")
    model.dq = pair[0].dq.copy()
    (before,) = report.read_images(model, 2)
    assert len(before.noise) == 3
    np.testing.assert_array_equal(before.image, pair[0].data)
    assert not before.usable[3, 4]


def test_images_are_copies(pair):
    model = pair[0].copy()
    (exposure,) = report.read_images(model)
    model.data += 100
    model.dq |= 1
    np.testing.assert_array_equal(exposure.image, pair[0].data)
    np.testing.assert_array_equal(exposure.flags["DQ"], pair[0].dq)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("missing", "there is no file .*nothing.fits"),
        ("same", "are the same file"),
        ("copy", "hold the same bytes"),
        ("shape", "rate.fits is 180 x 150 and .*other.fits 100 x 150 pixels"),
        ("unit", "rate.fits is in DN/s and .*other.fits in MJy/sr"),
        ("planes", "rate.fits has 1 planes and .*rateints.fits has 3"),
        ("raw", "other.fits: a Level1bModel holds no images"),
        ("spectrum", "other.fits: a MultiSpecModel holds no images"),
        ("text", "other.fits"),
        ("plane", "has 3 planes; there is no plane 4"),
    ],
)
def test_products_that_cannot_be_compared(files, pair, tmp_path, change, text):
    before, after, plane, other = files["rate"], files["clean"], None, tmp_path / "other.fits"
    if change == "missing":
        after = tmp_path / "nothing.fits"
    elif change == "same":
        after = before
    elif change == "copy":
        after = shutil.copy(before, other)
    elif change == "shape":
        after = saved(fill(describe(datamodels.ImageModel(), "other.fits"), np.ones((SHAPE[0], 100))), other)
    elif change == "unit":
        model = fill(describe(datamodels.ImageModel(), "other.fits"), np.ones(SHAPE))
        model.meta.bunit_data = "MJy/sr"
        after = saved(model, other)
    elif change == "planes":
        after = files["rateints"]
    elif change == "raw":
        model = datamodels.Level1bModel((1, 2, 8, 8))
        after = saved(describe(model, "other.fits"), other)
    elif change == "spectrum":
        after = saved(datamodels.MultiSpecModel(), other)
    elif change == "text":
        other.write_text("no FITS file")
        after = other
    elif change == "plane":
        before, after, plane = files["rateints"], files["cleanints"], 4
    with pytest.raises((ValueError, OSError), match=text):
        report.compare_files(before, after, plane)

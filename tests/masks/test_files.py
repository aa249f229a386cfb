"""Masks in FITS files and painted pictures."""

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from jwst_denoise import masks


@pytest.fixture
def mask(rng):
    return rng.random((12, 20)) < 0.4


@pytest.mark.parametrize("name", ["mask.fits", "mask.fits.gz"])
def test_round_trip(tmp_path, mask, name):
    path = tmp_path / name
    masks.write_mask(path, mask)
    masks.write_mask(path, mask)  # replaces
    np.testing.assert_array_equal(masks.read_user_mask(path, mask.shape), mask)
    with fits.open(path) as hdus:
        assert hdus[0].data.dtype == np.uint8
        assert hdus[0].header["DARKFRAC"] == pytest.approx(mask.mean())


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32])
def test_first_extension_and_any_type(tmp_path, mask, dtype):
    path = tmp_path / "mask.fits"
    extension = fits.ImageHDU(7 * mask.astype(dtype), name="SCI")
    fits.HDUList([fits.PrimaryHDU(), extension, fits.ImageHDU(np.zeros((2, 2)))]).writeto(path)
    np.testing.assert_array_equal(masks.read_user_mask(str(path), mask.shape), mask)


def test_mask_saved_as_a_datamodel(tmp_path, mask):
    datamodels = pytest.importorskip("stdatamodels.jwst.datamodels")
    path = tmp_path / "jw_mask.fits"
    with datamodels.ImageModel(data=mask.astype(np.float32)) as model:
        model.save(path)
    np.testing.assert_array_equal(masks.read_user_mask(path, mask.shape), mask)


def test_nan_is_not_dark(tmp_path):
    path = tmp_path / "mask.fits"
    fits.writeto(path, np.array([[1.0, np.nan], [0.0, -2.0]]))
    assert masks.read_user_mask(path, (2, 2)).tolist() == [[True, False], [False, True]]


def test_one_plane_for_each_integration(tmp_path, rng):
    path, cube = tmp_path / "mask.fits", rng.random((3, 6, 7)) < 0.5
    masks.write_mask(path, cube)
    np.testing.assert_array_equal(masks.read_user_mask(path, (3, 6, 7)), cube)
    np.testing.assert_array_equal(masks.read_user_mask(path, (3, 5, 6, 7)), cube)
    np.testing.assert_array_equal(masks.read_user_mask(path, (6, 7)), cube.all(axis=0))
    with pytest.raises(ValueError, match=r"mask.fits: the mask has 3 integrations .* the data have 4"):
        masks.read_user_mask(path, (4, 6, 7))


def test_subarray_is_cut_out_of_a_full_frame(tmp_path, rng):
    path, full = tmp_path / "mask.fits", rng.random((64, 48)) < 0.5
    masks.write_mask(path, full)
    np.testing.assert_array_equal(masks.read_user_mask(path, (8, 16), start=(5, 11)), full[10:18, 4:20])
    with pytest.raises(ValueError, match="starting at column 40 and row 1; give a mask"):
        masks.read_user_mask(path, (8, 16), start=(40, 1))


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.fits"):
        masks.read_user_mask(tmp_path / "nowhere.fits", (4, 4))


def test_files_that_are_no_masks(tmp_path):
    text, empty, line = (tmp_path / name for name in ("text.fits", "empty.fits", "line.fits"))
    text.write_text("hello")
    fits.PrimaryHDU().writeto(empty)
    fits.PrimaryHDU(np.ones(5)).writeto(line)
    for path, message in ((text, "not a readable FITS"), (empty, "contains no image"), (line, "2 or 3 dimensions")):
        with pytest.raises(ValueError, match=f"{path.name}.*{message}"):
            masks.read_user_mask(path, (4, 4))
    with pytest.raises(ValueError, match="2 or 3 dimensions"):
        masks.write_mask(tmp_path / "new.fits", np.ones(4, bool))
    assert not (tmp_path / "new.fits").exists()


@pytest.mark.parametrize("origin", ["lower", "upper"])
def test_picture_round_trip(tmp_path, mask, rng, origin):
    image = 100 * rng.normal(size=mask.shape)
    image[3, 4] = np.nan
    path = tmp_path / "mask.png"
    masks.write_overlay(path, image, mask, origin)
    np.testing.assert_array_equal(masks.from_png(path, origin=origin, shape=mask.shape), mask)
    np.testing.assert_array_equal(masks.from_png(path, origin="upper"), mask if origin == "upper" else mask[::-1])


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_paint_on_any_gray_in_any_mode(tmp_path, mode):
    gray = np.linspace(0, 1, 8)[None, :, None] * np.ones((4, 8, 3))
    painted = np.zeros((4, 8), bool)
    painted[1, :] = True
    picture = np.where(painted[..., None], 0.7 * gray + 0.3 * np.array([1, 0, 0]), gray)
    path = tmp_path / "painted.png"
    pixels = Image.fromarray(np.round(255 * picture).astype(np.uint8))
    (pixels.quantize(64, dither=Image.Dither.NONE) if mode == "P" else pixels.convert(mode)).save(path)
    np.testing.assert_array_equal(masks.from_png(path, origin="upper"), painted)


def test_base_removes_the_colors_of_the_picture(tmp_path):
    base, paint = np.full((4, 6, 3), [200, 40, 40], np.uint8), np.zeros((4, 6), bool)
    paint[2, 3] = True
    gray = np.full((4, 6, 3), 90, np.uint8)
    base[:, :3] = gray[:, :3]
    painted = np.where(paint[..., None], 0.7 * base + [76, 0, 0], base).astype(np.uint8)
    painted[2, 1] = 0.7 * base[2, 1] + [76, 0, 0]
    for name, pixels in (("base.png", base), ("painted.png", painted)):
        Image.fromarray(pixels).save(tmp_path / name)
    mask = masks.from_png(tmp_path / "painted.png", tmp_path / "base.png", origin="upper")
    assert list(zip(*np.nonzero(mask), strict=True)) == [(2, 1)]


def test_pictures_that_do_not_do(tmp_path, mask):
    path, text = tmp_path / "gray.png", tmp_path / "text.png"
    Image.fromarray(np.full((4, 6), 128, np.uint8)).save(path)
    text.write_text("no picture")
    with pytest.raises(ValueError, match="gray.png: no pixel is painted red"):
        masks.from_png(path)
    with pytest.raises(ValueError, match=r"gray.png: the picture has 6 x 4 pixels, but 20 x 12 are needed"):
        masks.from_png(path, shape=mask.shape)
    with pytest.raises(ValueError, match="text.png: not a readable picture"):
        masks.from_png(text)
    with pytest.raises(FileNotFoundError, match="nowhere.png"):
        masks.from_png(tmp_path / "nowhere.png")
    with pytest.raises(ValueError, match="origin='left'"):
        masks.from_png(path, origin="left")
    with pytest.raises(ValueError, match="threshold=0"):
        masks.from_png(path, threshold=0)
    with pytest.raises(ValueError, match="shape"):
        masks.write_overlay(tmp_path / "new.png", np.zeros((3, 3)), mask)

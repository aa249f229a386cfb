"""Filling of holes, and the error that is measured of it."""

from types import SimpleNamespace

import numpy as np
import pytest

from jwst_denoise.cosmic_ray_mask import inpaint as module
from jwst_denoise.cosmic_ray_mask.inpaint import inpaint, measured_error

CLASSICAL = ("median", "biharmonic")


class Constant:
    """A model of the right kind that fills with a constant and remembers what it was given."""

    info = {"family": "inpaint", "name": "constant"}

    def predict(self, image, hole, err=None, bad=None):
        self.given = SimpleNamespace(err=err, bad=bad)
        return np.where(hole, 7.0, image).astype(image.dtype)


def frame(rng, shape=(48, 56)):
    """Smooth image with noise, holes, NaN and bad pixels beside the holes."""
    y, x = np.mgrid[: shape[0], : shape[1]] / 20
    image = (20 + 10 * np.sin(x) * np.cos(y) + 0.1 * rng.normal(size=shape)).astype("f4")
    hole = rng.random(shape) < 0.06
    bad = (rng.random(shape) < 0.04) & ~hole
    return image, hole, bad


def slow_median(image, hole, bad):
    result = image.copy()
    good = ~hole & ~bad & np.isfinite(image)
    for y, x in np.argwhere(hole):
        part = np.s_[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
        result[y, x] = np.median(image[part][good[part]])
    return result


def test_median_against_a_loop(rng):
    image, hole, bad = frame(rng)
    image[10:13, 20] = np.nan
    hole[10:13, 20] = False
    result = inpaint(image, hole, "median", bad=bad)
    np.testing.assert_allclose(result[hole], slow_median(image, hole, bad)[hole], rtol=1e-6)


def test_median_of_a_large_hole_looks_further(rng):
    image, hole = np.full((40, 40), 3.0), np.zeros((40, 40), bool)
    hole[10:25, 12:30] = True
    image[hole] = 1e6
    np.testing.assert_array_equal(inpaint(image, hole, "median"), 3.0)


@pytest.mark.parametrize("method", [*CLASSICAL, "network"])
def test_only_holes_change_and_only_good_pixels_count(rng, method):
    image, hole, bad = frame(rng)
    image[bad] = 1e9
    image[30, 5:8] = np.nan
    hole[30, 5:8] = False
    hole[20, 20] = bad[20, 20] = True  # bad pixels are not filled
    before = image.copy()
    result = inpaint(image, hole, method, model=Constant(), bad=bad)
    np.testing.assert_array_equal(image, before)
    outside = ~hole | bad
    np.testing.assert_array_equal(result[outside], image[outside])
    assert (result.dtype, result.shape) == (image.dtype, image.shape)
    assert np.isfinite(result[~outside]).all()
    assert np.abs(result[~outside]).max() < 100
    image[bad] = -1e9
    np.testing.assert_allclose(inpaint(image, hole, method, model=Constant(), bad=bad)[~outside], result[~outside])


def test_biharmonic_is_that_of_scikit_image(rng):
    restoration = pytest.importorskip("skimage.restoration")
    image, hole, _ = frame(rng)
    expected = restoration.inpaint_biharmonic(image.astype(float), hole)
    np.testing.assert_allclose(inpaint(image, hole, "biharmonic")[hole], expected[hole], rtol=1e-4)


def test_biharmonic_follows_a_slope(rng):
    y, x = np.mgrid[:30, :30].astype(float)
    hole = np.zeros((30, 30), bool)
    hole[12:15, 14] = True
    np.testing.assert_allclose(inpaint(2 * x - y, hole, "biharmonic")[hole], (2 * x - y)[hole], atol=1e-6)


def test_planes_of_a_cube(rng):
    image, hole, bad = frame(rng)
    cube = np.stack([image, image[::-1], image + 1])
    result = inpaint(cube, hole, "median", bad=bad)
    for plane, filled in zip(cube, result, strict=True):
        np.testing.assert_array_equal(filled, inpaint(plane, hole, "median", bad=bad))


def test_what_the_network_is_given(rng):
    image, hole, bad = frame(rng)
    model, err = Constant(), np.full(image.shape, 0.1)
    assert (inpaint(image, hole, model=model, err=err, bad=bad)[hole] == 7).all()
    np.testing.assert_array_equal(model.given.err, err)
    np.testing.assert_array_equal(model.given.bad, bad)


def test_no_holes_need_no_model():
    image = np.ones((4, 4))
    np.testing.assert_array_equal(inpaint(image, image > 1), image)


def test_mistakes_are_named(rng):
    image, hole, _ = frame(rng)
    with pytest.raises(ValueError, match="method='spline' of inpainting must be one of network, median, biharmonic"):
        inpaint(image, hole, "spline")
    with pytest.raises(ValueError, match=r"shape \(5,\), the image has \(48, 56\)"):
        inpaint(image, hole[0, :5], "median")
    wrong = SimpleNamespace(info={"family": "cosmic_ray_mask", "name": "mask"}, predict=None)
    with pytest.raises(ValueError, match="mask is of the family 'cosmic_ray_mask'"):
        inpaint(image, hole, model=wrong)


def test_measured_error_of_white_noise(rng):
    """The median of n pixels of unit noise scatters by sqrt(π / 2n); rarer holes leave nearly all 24 neighbors."""
    image = rng.normal(5, 1, (300, 300))
    hole = rng.random(image.shape) < 0.01
    error = measured_error(image, hole, "median", err=1.0)
    expected = np.sqrt(np.pi / 2 / 24)
    count = 3 * np.count_nonzero(hole)
    scatter = np.sqrt(2 / count) / (2 * expected**2)  # of the mean square, that of truth and filling, over 2σ²
    assert np.sqrt(np.mean(error[hole] ** 2)) / expected == pytest.approx(1, abs=3 * scatter)
    assert not error[~hole].any()


@pytest.mark.parametrize("method", CLASSICAL)
def test_measured_error_is_that_of_the_truth(skies, method):
    """In the faint half and in the brighter half of the holes, where sky and galaxies are.

    The holes leave out the cores of stars, on which shifted copies may fall: the measured error may be the larger.
    """
    sky = skies["F200W"]
    hole = sky.hit & ~sky.core
    filled = inpaint(sky.data, hole, method)
    error = measured_error(sky.data, hole, method, err=sky.image.err, filled=filled)
    truth = filled - sky.image.rate
    faint = hole & (filled < np.median(filled[hole]))
    assert 0.8 < np.sqrt(np.mean(error[faint] ** 2)) / np.sqrt(np.mean(truth[faint] ** 2)) < 2
    bright = hole & ~faint & (np.abs(truth) < np.quantile(np.abs(truth[hole]), 0.99))
    assert np.sqrt(np.mean(error[bright] ** 2)) > 0.7 * np.sqrt(np.mean(truth[bright] ** 2))
    assert error[bright].mean() > 1.5 * error[faint].mean()


def test_measured_error_where_nothing_can_be_measured():
    image = np.full((9, 9), np.nan)
    hole = np.zeros((9, 9), bool)
    hole[4, 4] = True
    assert np.isnan(measured_error(image, hole, "median", filled=np.zeros((9, 9)))[4, 4])
    image[0, :2] = 1, 3
    assert measured_error(image, hole, "median", filled=np.zeros((9, 9)))[4, 4] == 1


def test_test_holes_lie_on_good_pixels(rng):
    hole = rng.random((60, 60)) < 0.05
    good = ~hole & (rng.random((60, 60)) < 0.9)
    test = module._test_holes(hole, good, 1000)
    assert test.any()
    assert not (test & ~good).any()
    np.testing.assert_array_equal(module._shifted(hole, 2, -3)[2:, :-3], hole[:-2, 3:])
    assert not module._shifted(hole, 2, -3)[:2].any()

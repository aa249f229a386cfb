"""Networks on images: tiles, units, missing pixels, cubes; inputs are never changed."""

import numpy as np
import pytest
import torch

from jwst_denoise.networks.blocks.scaling import compress_image, level_and_noise


@pytest.fixture
def image():
    """Noise with stars, as float32, odd edges."""
    rng = np.random.default_rng(5)
    data = rng.normal(10, 2, (83, 101))
    data[rng.uniform(size=data.shape) < 0.02] += rng.exponential(300)
    return data.astype(np.float32)


@pytest.fixture
def hole(image):
    return np.random.default_rng(6).uniform(size=image.shape) < 0.03


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("tile", [1, 16, 37, 100, 4096])
def test_tiled_is_whole(network, image, depth, tile):
    net = network("cosmic_ray_mask", depth)
    image[10:30, 20:22] = np.nan
    np.testing.assert_allclose(net.predict(image, tile=tile), net.predict(image, tile=None), atol=1e-6)


def test_whole_is_the_module(network, image):
    """Folding batch normalization into convolutions, padding and tiling change nothing but rounding."""
    net = network("cosmic_ray_mask")
    with torch.inference_mode():
        plain = torch.sigmoid(net(torch.from_numpy(image[None, :82, :100])))[0, 0].numpy()
    np.testing.assert_allclose(net.predict(image[:82, :100], tile=32), plain, atol=1e-6)


def test_prediction_does_not_depend_on_units(network, image):
    net = network("cosmic_ray_mask")
    here, there = net.predict(image), net.predict(image * 1e-5 + 3e-3)
    np.testing.assert_allclose(there, here, atol=2e-3)
    err = np.full(image.shape, 2.0)
    np.testing.assert_allclose(net.predict(image / 7 - 2, err=err / 7), net.predict(image, err=err), atol=1e-4)


def test_a_network_knows_missing_pixels_from_zero(network, image):
    net = network("cosmic_ray_mask")
    missing, level = image.copy(), image.copy()
    missing[40, 50], level[40, 50] = np.nan, np.median(image)
    assert abs(net.predict(missing) - net.predict(level)).max() > 1e-4
    bad = np.zeros(image.shape, dtype=bool)
    bad[40, 50] = True
    np.testing.assert_array_equal(net.predict(image, bad=bad), net.predict(missing))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_missing_data_do_not_spread(network, image, value):
    net = network("cosmic_ray_mask")
    image[20:60, 30] = value
    result = net.predict(image)
    assert np.isfinite(result).all()
    assert np.isfinite(net.predict(np.full((20, 30), value, dtype=np.float32))).all()


def test_cubes_are_planes(network, image, hole):
    cube = np.stack([image, image[::-1], 2 * image])
    net = network("cosmic_ray_mask")
    np.testing.assert_array_equal(net.predict(cube)[1], net.predict(cube[1]))
    fill = network("inpaint")
    np.testing.assert_array_equal(fill.predict(cube, hole)[2], fill.predict(cube[2], hole))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_only_holes_are_filled(network, image, hole, dtype):
    image = image.astype(dtype)
    image[5, 5] = np.nan
    hole[5, 5] = False
    image[7, 7], hole[7, 7] = np.nan, True
    before = image.copy()
    result = network("inpaint").predict(image, hole)
    assert result.dtype == dtype and result.shape == image.shape
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(result[~hole], image[~hole])
    assert np.isfinite(result[hole]).all()


def test_what_is_in_a_hole_does_not_matter(network, image, hole):
    net = network("inpaint")
    other = np.where(hole, 1e7, image).astype(np.float32)
    np.testing.assert_array_equal(net.predict(other, hole)[hole], net.predict(image, hole)[hole])


def test_bad_pixels_are_neither_used_nor_filled(network, image, hole):
    net = network("inpaint")
    bad = np.random.default_rng(7).uniform(size=image.shape) < 0.02
    result = net.predict(image, hole, bad=bad)
    np.testing.assert_array_equal(result[bad], image[bad])
    other = np.where(bad, -1e6, image).astype(np.float32)
    np.testing.assert_array_equal(net.predict(other, hole, bad=bad)[hole & ~bad], result[hole & ~bad])


@pytest.mark.parametrize("tile", [16, 50])
def test_filling_does_not_depend_on_tiles(network, image, hole, tile):
    net = network("inpaint")
    np.testing.assert_allclose(net.predict(image, hole, tile=tile), net.predict(image, hole, tile=None), rtol=1e-4)


@pytest.mark.parametrize("call", ["shape", "err", "bad", "hole", "tile"])
def test_shapes_that_do_not_fit(network, image, call):
    mask, fill = network("cosmic_ray_mask"), network("inpaint")
    with pytest.raises(ValueError, match=r"shape|tile=0"):
        {
            "shape": lambda: mask.predict(image[0]),
            "err": lambda: mask.predict(image, err=image[1:]),
            "bad": lambda: mask.predict(image, bad=np.isnan(image.T)),
            "hole": lambda: fill.predict(image, np.isnan(image[1:])),
            "tile": lambda: mask.predict(image, tile=0),
        }[call]()


def test_level_and_noise_of_blank_sky():
    rng = np.random.default_rng(8)
    images = torch.from_numpy(rng.normal(5, 3, (4, 256, 256)).astype(np.float32))
    images[0, ::7] = torch.nan
    level, noise = level_and_noise(images)
    assert abs(level - 5).max() < 5 * 3 * 1.25 / 256
    assert abs(noise / 3 - 1).max() < 0.03  # the lower quartile of 65 536 differences: 0.7 %
    known = level_and_noise(images, torch.tensor([1.0, torch.nan, 0.0, 2.0]), torch.tensor([torch.nan, 4.0, 4.0, 4.0]))
    assert known[1][[0, 3]].tolist() == [1.0, 2.0] and torch.equal(known[1][1:3], noise[1:3])
    assert known[0][1:].tolist() == [4.0] * 3 and known[0][0] == level[0]


def test_compressed_images_are_asinh_of_the_signal_to_noise():
    image = torch.tensor([[[1.0, torch.nan, 21.0]]])
    values, good = compress_image(image, torch.tensor([1.0]), torch.tensor([2.0]))
    assert values[0, 0].tolist() == pytest.approx([0, 0, np.arcsinh(10)])
    assert good[0, 0].tolist() == [1, 0, 1]


def test_constant_images_have_a_noise():
    level, noise = level_and_noise(torch.zeros(1, 8, 8))
    assert (level.item(), noise.item()) == (0.0, 1.0)

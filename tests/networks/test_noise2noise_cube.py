"""Noise2Noise of cubes."""

import numpy as np
import pytest
import torch

from jwst_denoise.networks import build


@pytest.fixture
def network():
    torch.manual_seed(1)
    return build({"family": "noise2noise-cube", "planes": 5, "hidden": 4, "depth": 2}).eval()


@pytest.fixture
def cube():
    return np.random.default_rng(2).normal(3, 2, (5, 37, 41)).astype(np.float32)


def test_tiled_is_whole(network, cube):
    whole = network.predict(cube, tile=64)[0]
    np.testing.assert_allclose(network.predict(cube, tile=16)[0], whole, atol=1e-5)


def test_it_is_the_module_in_units_of_the_noise(network, cube):
    image = cube[:, :36, :40]
    level = np.median(image, axis=(1, 2), keepdims=True)
    with torch.inference_mode():
        plain = network(torch.from_numpy((image - level) / 2)[None])[0].numpy()
    np.testing.assert_allclose(network.predict(image, err=2.0)[0], level + 2 * plain, atol=1e-4)


def test_units_do_not_matter(network, cube):
    np.testing.assert_allclose(network.predict(7 * cube + 1)[0], 7 * network.predict(cube)[0] + 1, rtol=1e-3, atol=1e-2)


def test_planes_see_each_other(network, cube):
    other = cube.copy()
    other[4] += np.random.default_rng(3).normal(size=other[4].shape)
    assert np.abs(network.predict(other, err=2.0)[0][0] - network.predict(cube, err=2.0)[0][0]).max() > 1e-4


def test_missing_data_stay_missing_and_do_not_spread(network, cube):
    cube[2, 10, 11] = np.nan
    before = cube.copy()
    bad = np.zeros(cube.shape[1:], dtype=bool)
    bad[20, 20] = True
    result, sigma = network.predict(cube, bad=bad)
    assert np.isnan(result[2, 10, 11]) and np.isnan(result[:, 20, 20]).all()
    assert np.isnan(result).sum() == 6 and sigma is None
    np.testing.assert_array_equal(cube, before)


@pytest.mark.parametrize("shape", [(4, 16, 16), (16, 16)])
def test_other_numbers_of_planes_are_refused(network, shape):
    with pytest.raises(ValueError, match="a cube of 5 planes is needed"):
        network.predict(np.zeros(shape))

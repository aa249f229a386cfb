"""Principal components along the third axis."""

import numpy as np
import pytest

from jwst_denoise_benchmarks.images.principal_components import reconstruct


@pytest.fixture
def truth():
    rng = np.random.default_rng(1)
    profiles = np.stack([np.sin(np.arange(15.0)), np.cos(0.5 * np.arange(15.0))])
    return np.einsum("kn,kyx->nyx", profiles, rng.normal(size=(2, 40, 50))) + 3


@pytest.fixture
def cube(truth):
    return truth + 0.2 * np.random.default_rng(2).normal(size=truth.shape)


def test_as_many_components_as_the_scene_has(truth, cube):
    result = reconstruct(cube)
    np.testing.assert_allclose(result, reconstruct(cube, 2), atol=1e-6)
    expected = 0.2 * np.sqrt(2 / 15)  # two of fifteen directions keep their noise
    assert (result - truth).std() == pytest.approx(expected, rel=0.05)


def test_it_is_the_projection(cube):
    profiles = cube.reshape(15, -1)
    mean = profiles.mean(axis=1, keepdims=True)
    u, s, v = np.linalg.svd(profiles - mean, full_matrices=False)
    slow = (mean + (u[:, :3] * s[:3]) @ v[:3]).reshape(cube.shape)
    np.testing.assert_allclose(reconstruct(cube, 3), slow, atol=1e-4)


def test_all_components_are_the_cube_and_none_the_mean_profile(cube):
    np.testing.assert_allclose(reconstruct(cube, 15), cube, atol=1e-4)
    mean = cube.mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(reconstruct(cube, 0), np.broadcast_to(mean, cube.shape), atol=1e-4)


def test_noise_alone_has_no_components():
    noise = np.random.default_rng(3).normal(size=(10, 60, 60))
    assert reconstruct(noise, noise=1.0).std(axis=(1, 2)).max() < 1e-3


def test_missing_pixels_stay_as_they_are(cube):
    cube[4, 3, 3] = np.nan
    before = cube.copy()
    result = reconstruct(cube)
    np.testing.assert_array_equal(cube, before)
    assert np.isnan(result[4, 3, 3])
    np.testing.assert_allclose(result[5, 3, 3], cube[5, 3, 3], rtol=1e-6)
    assert np.isfinite(result).sum() == cube.size - 1
    nothing = np.full((3, 4, 4), np.nan)
    np.testing.assert_array_equal(reconstruct(nothing), nothing)


@pytest.mark.parametrize(("cube", "components", "message"), [
    (np.zeros((4, 4)), None, r"shape \(4, 4\)"), (np.zeros((3, 4, 4)), 4, "components=4 must be from 0 to .* 3"),
])  # fmt: skip
def test_what_does_not_fit(cube, components, message):
    with pytest.raises(ValueError, match=message):
        reconstruct(cube, components)

"""Transits."""

import numpy as np
import pytest

from jwst_denoise.simulate import modulate, transit

TIME = np.linspace(-3, 3, 601)


def test_depth_and_contacts():
    curve = transit(TIME, middle=0.0, duration=2.0, depth=0.01, limb=(0, 0))
    assert curve[300] == pytest.approx(1 - 0.01)
    assert np.all(curve[np.abs(TIME) > 1.001] == 1)
    assert np.all(curve[np.abs(TIME) < 0.995] < 1)
    np.testing.assert_allclose(curve, curve[::-1], atol=1e-12)


def test_overlap_is_the_area_of_two_circles():
    """Uniform star: the flux lost during ingress is the overlap, counted on a grid."""
    ratio = 0.2
    grid = (np.arange(4000) + 0.5) / 4000 * 2.6 - 1.3
    x, y = np.meshgrid(grid, grid[np.abs(grid) < ratio])
    for distance in (0.85, 1.0, 1.1):
        covered = (np.hypot(x, y) < 1) & (np.hypot(x - distance, y) < ratio)
        expected = covered.sum() * (2.6 / 4000) ** 2 / np.pi
        curve = transit(np.array([distance]), middle=0.0, duration=2 * (1 + ratio), depth=ratio**2, limb=(0, 0))
        assert 1 - curve[0] == pytest.approx(expected, rel=0.01)


def test_limb_darkening_deepens_the_middle():
    flat = transit(TIME, middle=0.0, duration=2.0, depth=1e-4, limb=(0, 0))
    dark = transit(TIME, middle=0.0, duration=2.0, depth=1e-4, limb=(0.3, 0.2))
    assert dark[300] < flat[300] and dark[220] > flat[220]


def test_modulation_leaves_the_constant_part():
    scene = np.array([[10.0, 2.0]])
    series = modulate(scene, [1.0, 0.5], constant=2.0)
    np.testing.assert_allclose(series, [[[10, 2]], [[6, 2]]])

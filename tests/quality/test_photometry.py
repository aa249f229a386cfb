"""Aperture sums and local backgrounds against what they are of flat images and single pixels."""

import numpy as np
import pytest

from jwst_denoise.quality.photometry import aperture_sums, ring_medians


def test_sums_of_a_flat_image_are_areas():
    positions = [(10.0, 20.0), (12.3, 7.7)]
    sums, errors = aperture_sums(np.full((40, 30), 3.0), positions, 2.5, np.full((40, 30), 2.0))
    np.testing.assert_allclose(sums, 3 * np.pi * 2.5**2)
    np.testing.assert_allclose(errors, 2 * np.sqrt(np.pi) * 2.5)


def test_positions_are_x_and_y():
    image = np.zeros((40, 30))
    image[20, 10] = 7
    np.testing.assert_allclose(aperture_sums(image, [(10, 20), (20, 10)], 1.5), [7, 0])
    assert aperture_sums(image, [], 1.5).shape == (0,)


def test_local_background_ignores_the_source_and_masked_pixels():
    y, x = np.mgrid[:60, :60]
    image = 5.0 + 100 * np.exp(-((y - 30) ** 2 + (x - 25) ** 2) / 4)
    mask = x > 25
    image[mask] = 1e6
    assert ring_medians(image, [(25, 30)], 6, 12, mask) == pytest.approx(5, abs=0.01)

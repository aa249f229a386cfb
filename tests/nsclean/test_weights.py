"""Published weights and filters: centered, and equal to their definitions."""

import numpy as np
import pytest

from jwst_denoise.nsclean.weights import band_apodizer, density_weights, longest_gap, lowpass_apodizer, ridge
from jwst_denoise.statistics import masked_median, replace_outliers


def dense_density(mask, sigma):
    """Local density by definition: the Gaussian-weighted sum over the periodic line."""
    n = mask.size
    kernel = [np.exp(-0.5 * (min(d, n - d) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi)) for d in range(n)]
    return np.array([sum(mask[j] * kernel[(i - j) % n] for j in range(n)) for i in range(n)])


def test_weights_are_the_inverse_square_of_the_local_density():
    mask = (np.random.default_rng(0).random(96) < 0.4).astype(float)
    expected = np.where(mask > 0, dense_density(mask, 5.0) ** -2.0, 0)
    np.testing.assert_allclose(density_weights(mask, 5.0), expected, rtol=1e-9, atol=1e-12)


def test_an_impulse_is_weighted_symmetrically():
    mask = np.zeros(65)
    mask[[32 - 7, 32, 32 + 7]] = 1
    weights = density_weights(mask, 4.0)
    np.testing.assert_allclose(weights, weights[::-1], rtol=1e-12)


def test_lowpass_has_half_gain_at_the_critical_frequency():
    gain = lowpass_apodizer(2048, 1 / 256, 1 / 1024)
    assert gain[8] == pytest.approx(0.5)
    assert np.count_nonzero(gain) == 9  # k = 0 … 8
    np.testing.assert_array_equal(gain[:8], 1)


def test_bands_fall_and_rise_as_published():
    frequency = np.fft.rfftfreq(90112, 1e-5)
    gain = band_apodizer(90112, 1e-5, (1061, 1211, 49943, 49957))
    np.testing.assert_allclose(gain[frequency <= 1061], 1)
    np.testing.assert_allclose(gain[(frequency >= 1211) & (frequency <= 49943)], 0)
    np.testing.assert_allclose(gain[frequency >= 49957], 1)
    middle = np.argmin(np.abs(frequency - 1136))
    assert gain[middle] == pytest.approx(0.5, abs=0.01)


def test_longest_gap_is_counted_around_the_line():
    mask = np.zeros((3, 20), dtype=bool)
    mask[0, [3, 9]] = True
    mask[1] = True
    np.testing.assert_array_equal(longest_gap(mask), [13, 0, 20])


def test_only_gappy_fits_get_a_ridge():
    mask = np.zeros((2, 20), dtype=bool)
    mask[0, ::2] = True
    mask[1, :4] = True
    np.testing.assert_allclose(ridge(mask, np.array([10.0, 4.0]), 8, strength=0.5), [0, 2])


def test_masked_median_is_the_median():
    rng = np.random.default_rng(3)
    values, mask = rng.normal(size=(40, 31)), rng.random((40, 31)) < 0.3
    mask[0] = False
    expected = [np.median(v[m]) if m.any() else 0 for v, m in zip(values, mask, strict=True)]
    np.testing.assert_allclose(masked_median(values, mask), expected)


def test_outliers_become_the_median_of_their_line():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(3, 200))
    values[1, 7] = 50
    mask = np.ones(values.shape, dtype=bool)
    cleaned, sigma = replace_outliers(values, mask, 6)
    assert sigma[0] == pytest.approx(1.4826 * np.median(np.abs(values[0] - np.median(values[0]))))
    assert cleaned[1, 7] == np.median(values[1])
    values[1, 7] = cleaned[1, 7]
    np.testing.assert_array_equal(cleaned, values)

"""Robust statistics of dark pixels: masked medians by sorting, outliers, scatter."""

import numpy as np

__all__ = ["MAD_TO_SIGMA", "masked_median", "replace_outliers", "robust_sigma"]

MAD_TO_SIGMA = 1.4826


def masked_median(values, mask):
    """Median over the last axis of the values where ``mask`` is True.

    Parameters
    ----------
    values, mask : ndarray
        (…, n); ``mask`` boolean.

    Returns
    -------
    ndarray
        (…); 0 where nothing is unmasked.
    """
    ordered = np.sort(np.where(mask, values, np.inf), axis=-1)
    count = np.count_nonzero(mask, axis=-1)[..., None]
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, count // 2 % values.shape[-1], axis=-1)
    half = np.asarray(0.5, dtype=values.dtype)
    return np.where(count > 0, half * (low + np.where(count % 2, low, high)), 0)[..., 0]


def replace_outliers(values, mask, n_sigma):
    """Replace outliers of each line by the line's median (Rauscher 2024, `NSClean`: 3 σ from the MAD).

    Parameters
    ----------
    values, mask : ndarray
        (…, n) lines and the boolean mask of the samples that count.
    n_sigma : float
        Distance from the median, in units of 1.4826 MAD; 0 replaces nothing.

    Returns
    -------
    replaced : ndarray
        (…, n) copy of ``values`` with outliers replaced; unmasked samples are 0.
    sigma : ndarray
        (…) 1.4826 MAD of each line.
    """
    values = np.where(mask, values, 0)
    median = masked_median(values, mask)[..., None]
    distance = np.abs(values - median)
    sigma = MAD_TO_SIGMA * masked_median(distance, mask)
    if n_sigma:
        values = np.where(mask & (distance > n_sigma * sigma[..., None]), median, values)
    return values, sigma


def robust_sigma(values, most=200_000):
    """Scatter of a 1-D sample from its MAD; a large sample is thinned regularly to at most ``most`` values."""
    if values.size == 0:
        return 0.0
    values = values[:: max(1, values.size // most)]
    return float(MAD_TO_SIGMA * np.median(np.abs(values - np.median(values))))

"""Weights, filters and ridge of method ``nsclean`` (Rauscher 2024, PASP 136, 015001, §3.2-3.3).

The kernels are centered on their own pixel, unlike those of the published code.
"""

import numpy as np
from scipy import fft

__all__ = ["GAP_RIDGE", "band_apodizer", "density_weights", "longest_gap", "lowpass_apodizer", "ridge"]

#: Ridge of gappy fits, as a fraction of the mean diagonal of the normal equations.
GAP_RIDGE = 0.3


def density_weights(mask, sigma):
    """Weights ρ⁻² of the dark samples, where ρ is their local density along the last axis.

    Parameters
    ----------
    mask : ndarray
        (…, n), True (or 1) on dark samples.
    sigma : float
        Standard deviation of the Gaussian that measures the density, in samples; the line is periodic.

    Returns
    -------
    ndarray
        (…, n) weights, 0 where ``mask`` is False; float64 for a float64 mask, else float32 (eq. 5).
    """
    mask = np.asarray(mask, dtype=np.float64 if mask.dtype == np.float64 else np.float32)
    n = mask.shape[-1]
    distance = np.minimum(np.arange(n), n - np.arange(n))
    kernel = np.exp(-0.5 * (distance / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    response = fft.rfft(kernel).real.astype(mask.dtype)
    density = fft.irfft(fft.rfft(mask, workers=-1) * response, n, workers=-1)
    floor = 0.5 / (sigma * np.sqrt(2 * np.pi))  # a lone sample has twice this density
    return mask / np.maximum(density, floor) ** 2


def lowpass_apodizer(n, critical_frequency, kill_width):
    """Low-pass filter with a half-cosine roll-off of full width ``kill_width`` about ``critical_frequency``.

    Parameters
    ----------
    n : int
        Samples of the line.
    critical_frequency, kill_width : float
        Cycles per pixel.

    Returns
    -------
    ndarray
        Gain of each of the n // 2 + 1 frequencies k / n.
    """
    frequency = fft.rfftfreq(n)
    if kill_width == 0:
        return (frequency <= critical_frequency).astype(float)
    phase = np.clip((frequency - critical_frequency) / kill_width + 0.5, 0, 1)
    return 0.5 * (1 + np.cos(np.pi * phase))


def band_apodizer(n, pixel_time, bands):
    """Filter of the subarray fit: a low band and the band of alternating columns.

    Parameters
    ----------
    n : int
        Ticks of the frame.
    pixel_time : float
        Seconds per tick.
    bands : sequence of 4 floats
        Gain 1 below ``bands[0]``, half cosine to 0 at ``bands[1]``, 0 up to ``bands[2]``, half cosine
        to 1 at ``bands[3]`` (Hz).

    Returns
    -------
    ndarray
        Gain of each of the n // 2 + 1 frequencies.
    """
    frequency = fft.rfftfreq(n, pixel_time)
    low_end, low_stop, high_start, high_full = bands
    falling = np.clip((frequency - low_end) / (low_stop - low_end), 0, 1)
    rising = np.clip((high_full - frequency) / (high_full - high_start), 0, 1)
    return 0.5 * (2 + np.cos(np.pi * falling) + np.cos(np.pi * rising))


def longest_gap(mask):
    """Longest run of samples that are not dark, along the last axis of a periodic line.

    Parameters
    ----------
    mask : ndarray of bool
        (…, n).

    Returns
    -------
    ndarray of int
        (…); n if no sample is dark.
    """
    n = mask.shape[-1]
    lines = mask.reshape(-1, n)
    line, sample = np.nonzero(lines)
    longest = np.full(len(lines), n)
    if sample.size:
        first = np.flatnonzero(np.diff(line, prepend=-1))
        previous = np.roll(sample, 1)
        previous[first] = sample[np.append(first[1:], sample.size) - 1] - n
        longest[line[first]] = np.maximum.reduceat(sample - previous - 1, first)
    return longest.reshape(mask.shape[:-1])


def ridge(mask, total_weight, shortest_period, strength=GAP_RIDGE):
    """Ridge of each fit; 0, as published, where the dark samples determine every fitted frequency.

    Where a gap exceeds the shortest fitted period, no sample constrains some combinations of frequencies, and the
    published least squares returns noise. There the diagonal grows by the fraction ``strength`` of its mean,
    which pulls those combinations toward zero.

    Parameters
    ----------
    mask : ndarray of bool
        (…, n).
    total_weight : ndarray
        (…), Σ w: the diagonal of the normal equations.
    shortest_period : float
        Shortest period among the fitted low frequencies, in samples.
    strength : float, optional
        Fraction of the diagonal.

    Returns
    -------
    ndarray
        (…), value to add to the diagonal.
    """
    return np.where(longest_gap(mask) > shortest_period, strength, 0) * total_weight

"""Robust statistics: masked medians, scatter, background levels, power spectra."""

import numpy as np
from scipy.fft import rfft, rfft2

__all__ = [
    "MAD_TO_SIGMA", "box_level", "masked_median", "power_spectrum", "radial_power_spectrum", "replace_outliers",
    "robust_level", "robust_sigma",
]  # fmt: skip

MAD_TO_SIGMA = 1.4826

BOX = 64  # pixels, edge of a cell of `box_level`
FEWEST_IN_BOX = 50  # pixels
MAX_ROUNDS = 10  # of clipping
MAX_SAMPLE = 2**18  # pixels, which determine the width to 0.2 %
ONE_SIGMA = 0.158655  # cumulative normal probability at -1 sigma
RADIAL_BINS = 24
FEWEST_MODES = 100  # of a radial bin


def masked_median(values, mask, axis=-1, *, lower=False, fewest=1, empty=0.0):
    """Median of the values where ``mask`` is True.

    Parameters
    ----------
    values, mask : ndarray
        Arrays of one shape; ``mask`` boolean.
    axis : int, optional
        Axis along which to take the median.
    lower : bool, optional
        Of an even number of values take the lower of the two in the middle instead of their mean.
    fewest : int, optional
        Number of values that a median needs.
    empty : float, optional
        Result where there are fewer.

    Returns
    -------
    ndarray
        Shape of ``values`` without the axis.
    """
    ordered = np.sort(np.ascontiguousarray(np.where(mask, values, np.inf)), axis=axis)  # contiguous: ten times faster
    count = np.count_nonzero(mask, axis=axis, keepdims=True)
    median = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=axis)
    if not lower:
        upper = np.take_along_axis(ordered, count // 2 % values.shape[axis], axis=axis)
        median = np.asarray(0.5, dtype=values.dtype) * (median + np.where(count % 2, median, upper))
    return np.where(count >= fewest, median, empty).squeeze(axis)


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


def robust_sigma(values, most=200_000, *, center=None):
    """Scatter of a 1-D sample: 1.4826 times its median absolute deviation.

    Parameters
    ----------
    values : ndarray
        (n,) sample.
    most : int or None, optional
        A larger sample is thinned regularly to about this number of values; None uses all.
    center : float, optional
        Value from which the deviations are counted; by default the median.

    Returns
    -------
    float
        0 for an empty sample.
    """
    if values.size == 0:
        return 0.0
    values = values[:: max(1, values.size // (most or values.size))]
    return float(MAD_TO_SIGMA * np.median(np.abs(values - (np.median(values) if center is None else center))))


def robust_level(values, n_sigma=3.0):
    """Level and width of the background in a sample with positive and negative outliers.

    The sample is clipped about its median until nothing changes. The width is the distance from the median to the
    15.9th percentile, so that faint signal, which raises only the upper half, does not widen it. Of large samples
    about `MAX_SAMPLE` evenly spaced values are used.

    Parameters
    ----------
    values : ndarray of float
        Sample; values that are not finite are left out.
    n_sigma : float
        Clipping limit.

    Returns
    -------
    level, sigma : float
        Median and lower half-width, ``(0.0, 0.0)`` for an empty sample.

    Examples
    --------
    >>> import numpy as np
    >>> sample = np.append(np.arange(-50.0, 51.0), 1e6)
    >>> level, sigma = robust_level(sample)
    >>> float(level)
    0.0
    """
    kept = values[np.isfinite(values)]
    kept = kept[:: kept.size // MAX_SAMPLE | 1]  # an odd step meets every column of an image
    if kept.size == 0:
        return 0.0, 0.0
    for _ in range(MAX_ROUNDS):
        low, level = np.quantile(kept, [ONE_SIGMA, 0.5])
        sigma = level - low
        inside = np.abs(kept - level) <= n_sigma * sigma
        if sigma == 0 or inside.all():
            break
        kept = kept[inside]
    return float(level), float(sigma)


def box_level(image, good, box=BOX, fewest=FEWEST_IN_BOX):
    """Median of the good pixels of each box, at every pixel of the box.

    Parameters
    ----------
    image : ndarray
        (ny, nx).
    good : ndarray of bool
        (ny, nx) pixels that count.
    box : int, optional
        Edge of a box in pixels; boxes at the upper edges are smaller.
    fewest : int, optional
        Good pixels that a box needs; with fewer it gets the median of the whole image.

    Returns
    -------
    ndarray of float32
        (ny, nx); 0 if no pixel is good.
    """
    level = np.full(image.shape, np.median(image[good]) if good.any() else 0, np.float32)
    for y in range(0, image.shape[0], box):
        for x in range(0, image.shape[1], box):
            cell = np.s_[y : y + box, x : x + box]
            values = image[cell][good[cell]]
            if values.size >= fewest:
                level[cell] = np.median(values)
    return level


def power_spectrum(series, good, interval=1.0, bins=60):
    """Power spectrum along the last axis, averaged over the other axes and in logarithmic bins.

    Parameters
    ----------
    series : ndarray
        (…, n) samples with the mean 0.
    good : ndarray of bool
        (…, n). Other samples count as 0, and the power is divided by the good fraction; so the spectrum serves to
        compare two images under one mask, not to fit a model.
    interval : float, optional
        Distance of two samples in s or pixels.
    bins : int, optional
        Logarithmic bins in frequency; empty ones are left out.

    Returns
    -------
    frequency, power : ndarray
        In 1 / interval, and one-sided density in (unit of the samples)² × interval: 2 σ² × interval for white noise.
        Empty where nothing is good.
    """
    if not good.any() or series.shape[-1] < 4:
        return np.empty(0), np.empty(0)
    length = series.shape[-1]
    modes = np.abs(rfft(np.where(good, series, 0).reshape(-1, length))) ** 2
    power = modes[:, 1:].mean(axis=0) * (2 * interval / length / good.mean())
    frequency = np.fft.rfftfreq(length, interval)[1:]
    index = np.digitize(frequency, np.geomspace(frequency[0], frequency[-1], bins + 1)[1:-1])
    count = np.bincount(index, minlength=bins)
    used = count > 0
    return tuple(np.bincount(index, values, minlength=bins)[used] / count[used] for values in (frequency, power))


def radial_power_spectrum(image, good):
    """Mean power of an image in rings of spatial frequency.

    Parameters
    ----------
    image : ndarray
        (ny, nx) with the mean 0; 0 where it is not good.
    good : ndarray of bool
        (ny, nx).

    Returns
    -------
    frequency, power : ndarray
        In 1 / pixel up to 0.5, and power per good pixel: σ² for white noise. Rings with fewer than 100 modes are left
        out.
    """
    modes = np.abs(rfft2(image)) ** 2 / max(np.count_nonzero(good), 1)
    fy, fx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])[None, :]
    ring = (np.hypot(fy, fx) * (2 * RADIAL_BINS)).astype(int)
    inside = ring < RADIAL_BINS
    inside[0, 0] = False
    counts, power = (
        np.bincount(ring[inside], weights, minlength=RADIAL_BINS)
        for weights in (None, modes[inside].astype(np.float64))
    )
    enough = counts >= FEWEST_MODES
    return ((np.arange(RADIAL_BINS) + 0.5) / (2 * RADIAL_BINS))[enough], power[enough] / counts[enough]

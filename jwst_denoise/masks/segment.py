"""
Detection of sources at several scales.

Each scale is a Gaussian smoothing of an image binned for speed. Sources found at one scale are excluded from the next,
so that wide kernels detect faint halos instead of spreading bright stars.
"""

import warnings

import numpy as np
from scipy import ndimage

from jwst_denoise.statistics import robust_level

#: (bin factor, Gaussian sigma in binned pixels): about 1, 4 and 12 detector pixels.
SCALES = ((1, 1.0), (4, 1.0), (8, 1.5))
SEED = 1.5
MIN_PIXELS = 4
MIN_BLOCKS = 32  # binned pixels on each side that a scale needs to separate sources from the background
HOT = 10.0  # sigma of a possible hot pixel or cosmic ray
SHARPEST = 0.1  # a pixel is sharper than any point source if all neighbors are below this fraction of it


def bin_sum(values, factor):
    """
    Sum blocks of pixels; the last blocks are padded with zeros.

    Parameters
    ----------
    values : ndarray, shape (ny, nx)
        Data.
    factor : int
        Edge of a block in pixels.

    Returns
    -------
    ndarray of float32, shape (ceil(ny / factor), ceil(nx / factor))
        The sums.
    """
    if factor == 1:
        return np.asarray(values, np.float32)
    ny, nx = values.shape
    padded = np.pad(np.asarray(values, np.float32), ((0, -ny % factor), (0, -nx % factor)))
    return padded.reshape(padded.shape[0] // factor, factor, -1, factor).sum(axis=(1, 3))


def expand_bins(region, factor, shape):
    """
    Expand binned pixels to their blocks, the inverse of binning.

    Parameters
    ----------
    region : ndarray, shape (my, mx)
        Binned array.
    factor : int
        Edge of a block in pixels.
    shape : tuple of int
        Shape of the result.

    Returns
    -------
    ndarray, shape `shape`
        The array at full size.
    """
    return region.repeat(factor, axis=0).repeat(factor, axis=1)[: shape[0], : shape[1]]


def significance(image, good, factor=1, sigma=1.0):
    """
    Smoothed image in units of its background noise.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data with background level 0 and uniform noise.
    good : ndarray of bool, shape (ny, nx)
        Pixels to use.
    factor : int
        Bin factor.
    sigma : float or tuple of float
        Gaussian width in binned pixels.

    Returns
    -------
    ndarray of float32
        Binned significance; 0 where the kernel covers too few good pixels.
    """
    weight = ndimage.gaussian_filter(bin_sum(good, factor), sigma, mode="constant", truncate=3)
    total = ndimage.gaussian_filter(bin_sum(np.where(good, image, 0), factor), sigma, mode="constant", truncate=3)
    covered = weight > 0.1 * factor**2
    snr = np.where(covered, total / np.sqrt(np.where(covered, weight, 1)), 0)
    level, noise = robust_level(snr[covered])
    return np.where(covered, (snr - level) / (noise or 1), 0).astype(np.float32)


def segments(snr, threshold, seed=SEED):
    """
    Connected areas above or below the background that contain at least one secure pixel.

    Parameters
    ----------
    snr : ndarray of float, shape (ny, nx)
        Significance, positive or negative.
    threshold : float
        Limit of an area's edge in sigma.
    seed : float
        An area counts if its peak exceeds ``threshold + seed``.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        The areas.
    """
    strength = np.abs(snr)
    labels = _labels(strength, threshold)
    secure = np.zeros(labels.max() + 1, bool)
    secure[labels[strength > threshold + seed]] = True
    secure[0] = False
    return secure[labels]


def _labels(strength, threshold):
    from photutils.segmentation import detect_sources
    from photutils.utils.exceptions import NoDetectionsWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoDetectionsWarning)
        segmentation = detect_sources(strength, threshold, MIN_PIXELS)
    return np.zeros(strength.shape, int) if segmentation is None else segmentation.data


def lone_pixels(image, good):
    """
    Positive or negative pixels sharper than a point source: hot pixels and cosmic rays.

    Smoothing would turn each of them into a false source.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data with background level 0 and uniform noise.
    good : ndarray of bool, shape (ny, nx)
        Pixels to use.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` on such pixels.
    """
    _, noise = robust_level(image[good])
    strength = np.pad(np.where(good, np.abs(image), 0), 1)
    y, x = np.nonzero(strength > HOT * noise)
    limit = SHARPEST * strength[y, x] + 3 * noise
    around = [(j, i) for j in (-1, 0, 1) for i in (-1, 0, 1) if (j, i) != (0, 0)]
    lone = np.all([strength[y + j, x + i] < limit for j, i in around], axis=0)
    hot = np.zeros(image.shape, bool)
    hot[y[lone] - 1, x[lone] - 1] = True
    return hot


def detect_signal(image, good, n_sigma, scales=SCALES):
    """
    Find sources and halos, positive or negative, at every scale.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data with background level 0 and uniform noise.
    good : ndarray of bool, shape (ny, nx)
        Pixels to use.
    n_sigma : float
        Limit of a segment's edge in the smoothed image.
    scales : tuple of (int, float or tuple of float)
        Bin factor and Gaussian width in binned pixels of each scale, small scales first.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` on sources; lone pixels do not count.
    """
    good = good & ~lone_pixels(image, good)
    sources = np.zeros(image.shape, bool)
    for factor, sigma in scales:
        if factor > 1 and min(image.shape) < MIN_BLOCKS * factor:
            continue
        snr = significance(image, good & ~sources, factor, sigma)
        sources |= expand_bins(segments(snr, n_sigma), factor, image.shape)
    return sources

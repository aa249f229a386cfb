"""
Detection of light at several scales.

Each scale is a Gaussian smoothing of an image binned for speed. What one scale has found is left out of the
next, so that the wide kernels meet faint halos and not the wings that they would give to a bright star.
"""

import warnings

import numpy as np
from scipy import ndimage

from jwst_denoise.statistics import robust_level

#: (bin factor, Gaussian sigma in binned pixels): about 1, 4 and 12 detector pixels.
SCALES = ((1, 1.0), (4, 1.0), (8, 1.5))
SEED = 1.5
MIN_PIXELS = 4
MIN_BLOCKS = 32  # a scale needs this many binned pixels on each side to tell sources from the background
HOT = 10.0  # sigma of a pixel that may be a hot one or a hit
SHARPEST = 0.1  # a pixel whose neighbors are all below this fraction of it is sharper than any point source


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


def expand(region, factor, shape):
    """
    Undo a binning: every binned pixel becomes its block.

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
    Smoothed image in units of its own background noise.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data whose background level is 0, of uniform noise.
    good : ndarray of bool, shape (ny, nx)
        Pixels to use.
    factor : int
        Bin factor.
    sigma : float or tuple of float
        Gaussian width in binned pixels.

    Returns
    -------
    ndarray of float32
        Binned; 0 where too few good pixels lie under the kernel.
    """
    weight = ndimage.gaussian_filter(bin_sum(good, factor), sigma, mode="constant", truncate=3)
    total = ndimage.gaussian_filter(bin_sum(np.where(good, image, 0), factor), sigma, mode="constant", truncate=3)
    covered = weight > 0.1 * factor**2
    snr = np.where(covered, total / np.sqrt(np.where(covered, weight, 1)), 0)
    level, noise = robust_level(snr[covered])
    return np.where(covered, (snr - level) / (noise or 1), 0).astype(np.float32)


def segments(snr, threshold, seed=SEED):
    """
    Connected areas above or below the background that hold at least one secure pixel.

    Parameters
    ----------
    snr : ndarray of float, shape (ny, nx)
        Significance, positive or negative.
    threshold : float
        Limit in sigma of the areas' outer edge.
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
        found = detect_sources(strength, threshold, MIN_PIXELS)
    return np.zeros(strength.shape, int) if found is None else found.data


def lone_pixels(image, good):
    """
    Bright or negative pixels that are sharper than a point source: hot pixels and cosmic-ray hits.

    Smoothed, each would become a disk of false source.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data whose background level is 0, of uniform noise.
    good : ndarray of bool, shape (ny, nx)
        Pixels to use.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` in a lone pixel.
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


def detect(image, good, n_sigma, scales=SCALES):
    """
    Find sources and halos, bright or negative, at every scale.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data whose background level is 0, of uniform noise.
    good : ndarray of bool, shape (ny, nx)
        Pixels to use.
    n_sigma : float
        Limit of a segment's edge in the smoothed image.
    scales : tuple of (int, float or tuple of float)
        Bin factor and Gaussian width in binned pixels of each scale, small ones first.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` in a source; lone pixels are none.
    """
    good = good & ~lone_pixels(image, good)
    found = np.zeros(image.shape, bool)
    for factor, sigma in scales:
        if factor > 1 and min(image.shape) < MIN_BLOCKS * factor:
            continue
        snr = significance(image, good & ~found, factor, sigma)
        found |= expand(segments(snr, n_sigma), factor, image.shape)
    return found

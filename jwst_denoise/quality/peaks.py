"""Peaks of an image above their surroundings, in units of known noise."""

import warnings

import numpy as np
from scipy.ndimage import gaussian_filter

__all__ = ["Contrast", "find"]

NARROW, WIDE = 1.0, 4.0  # pixels, Gaussian width of a star and of its surroundings
REACH = 3.0  # of the Gaussians, in widths
LEAST = 1e-6
COVERED = 0.3  # least part of the narrow kernel's weight on usable pixels
SEPARATION = 5  # pixels: of several maxima in a box of this edge the highest counts


class Contrast:
    """Mean under a narrow Gaussian less the mean under a wide one, in units of its standard deviation.

    Parameters
    ----------
    noise : ndarray
        (ny, nx) standard deviation of each pixel.
    usable : ndarray of bool
        (ny, nx) pixels that count.
    """

    def __init__(self, noise, usable):
        self._usable = usable
        self._near, self._far = (np.maximum(_smooth(usable, width), LEAST) for width in (NARROW, WIDE))
        variance = _smooth(np.where(usable, noise, 0).astype(np.float32) ** 2, NARROW / np.sqrt(2))
        self.covered = usable & (self._near > COVERED) & (variance > 0)
        self._deviation = np.sqrt(variance * _white(NARROW, WIDE)) / self._near

    def of(self, image):
        """Contrast of an image (ny, nx), float32; 0 where too few pixels are usable."""
        image = np.where(self._usable, image, 0).astype(np.float32)
        value = _smooth(image, NARROW) / self._near - _smooth(image, WIDE) / self._far
        return np.where(self.covered, value, 0) / np.where(self.covered, self._deviation, 1)


def find(significance, threshold):
    """Local maxima above a threshold.

    Parameters
    ----------
    significance : ndarray
        (ny, nx).
    threshold : float
        Least value.

    Returns
    -------
    ndarray of int
        (n, 2): row and column of each, the highest first.
    """
    from photutils.detection import find_peaks
    from photutils.utils.exceptions import NoDetectionsWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoDetectionsWarning)
        table = find_peaks(significance, threshold, box_size=SEPARATION)
    if table is None:
        return np.empty((0, 2), dtype=int)
    table.sort("peak_value", reverse=True)
    return np.stack([table["y_peak"], table["x_peak"]], axis=1).astype(int)


def _smooth(image, width):
    return gaussian_filter(np.asarray(image, np.float32), width, mode="constant", truncate=REACH)


def _white(narrow, wide):
    """Variance of white noise of variance 1 under a difference of Gaussians."""
    whole = 1 + (narrow / wide) ** 2 - 4 * narrow**2 / (narrow**2 + wide**2)
    return whole / (4 * np.pi * narrow**2)

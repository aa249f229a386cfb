"""Sources before and after: detection, and which vanished, which appeared, and whether they kept their flux."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter

from jwst_denoise.masks.segment import lone_pixels
from jwst_denoise.quality.photometry import aperture_sums, ring_medians
from jwst_denoise.statistics import robust_sigma

__all__ = ["Contrast", "Sources", "compare_sources", "find_sources"]

NARROW, WIDE = 1.0, 4.0  # pixels, Gaussian width of a star and of its surroundings
REACH = 3.0  # of the Gaussians, in widths
LEAST = 1e-6
COVERED = 0.3  # minimum part of the narrow kernel's weight on usable pixels
SEPARATION = 5  # pixels: of several maxima in a box of this edge the highest counts
CLEAR = 2.0  # sigma above the threshold, from which a source may not vanish
BEYOND = 3.0  # sigma by which a source may exceed its contrast in the input
NEAR = 5  # pixels, edge of the box in which a source is searched
FADED = 0.5  # a source with less of its contrast has vanished
RADIUS = 3.0  # pixels, of the aperture
RING = (6.0, 12.0)  # pixels, of the local background
BRIGHT = 10.0  # S/N in the aperture from which fluxes are compared
SCATTER = (0.1, 1.0)  # limits of the contrast's scatter after, in units of that before
MOST = 500  # sources whose fluxes are compared


@dataclass(frozen=True)
class Sources:
    """Sources of an image before and after.

    Parameters
    ----------
    before, after : int
        Sources found in each.
    clear, vanished : int
        Sources that were certain before, and those of them with less than half the contrast after.
    appeared : int
        Sources found after whose flux the image before contradicts by three standard deviations.
    flux_before, flux_after, flux_error : ndarray
        (n,) flux in the same aperture above the same local background, and its error before, for sources with S/N > 10
        after.
    """

    before: int
    after: int
    clear: int
    vanished: int
    appeared: int
    flux_before: np.ndarray
    flux_after: np.ndarray
    flux_error: np.ndarray

    @property
    def change(self):
        """Median relative change of the flux, and its standard error; NaN without sources."""
        if not len(self.flux_before):
            return float("nan"), float("nan")
        ratio = self.flux_after / self.flux_before - 1
        return float(np.median(ratio)), 1.25 * robust_sigma(ratio) / float(np.sqrt(len(ratio)))


def compare_sources(before, after, noise, usable, threshold=5.0):
    """Detect sources in both images in the same way and compare them.

    Parameters
    ----------
    before, after : ndarray
        (ny, nx) images.
    noise : ndarray
        (ny, nx) standard deviation of the pixels before.
    usable : ndarray of bool
        (ny, nx) pixels that count.
    threshold : float, optional
        Significance of a source: relative to the expected noise before, and to the measured scatter after.

    Returns
    -------
    Sources

    Notes
    -----
    Pixels sharper than any star (hot pixels, cosmic rays) are excluded. The sources whose fluxes are compared are
    selected in the image after, whose noise is a part of that before: selection before would favor positive noise, and
    the sources would seem to fade.
    """
    level = np.median(before[usable]) if usable.any() else 0.0
    scaled = np.where(usable, (before - level) / np.where(usable, noise, 1), 0).astype(np.float32)
    lone = lone_pixels(scaled, usable) if usable.any() else np.zeros(usable.shape, bool)
    contrast = Contrast(noise, usable & ~lone)
    old, new = contrast.of(before), contrast.of(after)
    scatter = robust_sigma(new[contrast.covered]) if contrast.covered.any() else 1.0
    first, last = find_sources(old, threshold), find_sources(new, threshold * np.clip(scatter, *SCATTER))
    clear = first[old[tuple(first.T)] > threshold + CLEAR]
    unsupported = new[tuple(last.T)] - maximum_filter(old, NEAR)[tuple(last.T)] > BEYOND
    fluxes = _fluxes(before, after, noise, usable, last[old[tuple(last.T)] > BEYOND])
    vanished = maximum_filter(new, NEAR)[tuple(clear.T)] < FADED * old[tuple(clear.T)]
    counts = (int(np.count_nonzero(array)) for array in (vanished, unsupported))
    return Sources(len(first), len(last), len(clear), *counts, *fluxes)


def _fluxes(before, after, noise, usable, places):
    """Fluxes before and after in the same apertures, and their errors, of bright sources."""
    if not len(places):
        return (np.empty(0),) * 3
    points = places[np.unique(np.linspace(0, len(places) - 1, MOST).astype(int))][:, ::-1]
    filled = np.where(usable, before, 0)
    sky = ring_medians(filled, points, *RING, mask=~usable) * aperture_sums(usable, points, RADIUS)
    flux, error = aperture_sums(filled, points, RADIUS, np.where(usable, noise, 0))
    flux, later = flux - sky, aperture_sums(np.where(usable, after, 0), points, RADIUS) - sky
    good = np.isfinite(sky) & (later > BRIGHT * error) & (flux > 0)
    return flux[good], later[good], error[good]


class Contrast:
    """Mean under a narrow Gaussian minus the mean under a wide one, in units of its standard deviation.

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


def find_sources(significance, threshold):
    """Local maxima of a significance map above a threshold.

    Parameters
    ----------
    significance : ndarray
        (ny, nx).
    threshold : float
        Minimum significance.

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

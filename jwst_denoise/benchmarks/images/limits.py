"""Completeness and purity of injected stars, and the faintest of which 90 % are found with 90 % of purity."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from jwst_denoise.benchmarks.images.detection import crossmatch

__all__ = ["DETECTORS", "Curve", "curve", "limit", "matched_filter", "segmentation", "smoothed"]

PURITY = COMPLETENESS = 0.9
STEPS, FACTOR = 90, 1.08  # thresholds that are tried, each this times the one before
ENOUGH = 50  # detections that tell a purity
LOWEST = 0.3  # of the range of the image's own scatter where the thresholds begin
CONNECTED = 5  # pixels of a detection by segmentation
KERNEL = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16  # SExtractor's default filter
NEAR = 2.0  # pixels between a detection and a star
BIN = 0.25  # mag
EDGE = 8  # pixels at the edge of an image that do not count


@dataclass(frozen=True, eq=False)
class Curve:
    """Completeness at one purity.

    Parameters
    ----------
    magnitude : ndarray
        (n,) middles of bins.
    completeness : ndarray
        (n,) fraction of the stars that are found.
    purity : float
        Fraction of the detections that are stars.
    """

    magnitude: np.ndarray
    completeness: np.ndarray
    purity: float


def segmentation(image, psf):
    """Function of a threshold: places (n, 2) of connected pixels above it."""
    return lambda threshold: _connected(image, threshold)


def smoothed(image, psf):
    """As `segmentation`, of the image behind SExtractor's default filter."""
    soft = ndimage.convolve(image, KERNEL)
    return lambda threshold: _connected(soft, threshold)


def matched_filter(image, psf):
    """Function of a threshold: places (n, 2) of peaks above it behind the point-spread function.

    The best that a linear filter can do for stars on even, white noise.
    """
    peaks, scores = _peaks(ndimage.correlate(image, psf))
    return lambda threshold: peaks[scores > threshold]


#: How sources are looked for: as observers do, and the strongest peer.
DETECTORS = {"segmentation": segmentation, "smoothed": smoothed, "matched filter": matched_filter}


def _connected(image, threshold):
    labels, number = ndimage.label(image > threshold, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=number + 1)
    numbers = np.flatnonzero(sizes >= CONNECTED)[1:]
    places = np.array(ndimage.maximum_position(image, labels, numbers)).reshape(-1, 2)
    return places[:, ::-1].astype(float)


def _peaks(image):
    where = (ndimage.maximum_filter(image, 3) == image) & (image > 0)
    return np.argwhere(where)[:, ::-1].astype(float), image[where]


def curve(images, stars, detector, psf):
    """Completeness at the lowest threshold with the purity that is asked.

    Parameters
    ----------
    images : sequence of ndarray
        (ny, nx) each, of one noise, sky subtracted.
    stars : sequence of ndarray
        (n, 3) each: x, y and magnitude of every star that there is.
    detector : str
        One of `DETECTORS`.
    psf : ndarray
        Point-spread function around its middle pixel.

    Returns
    -------
    Curve
    """
    scans = [DETECTORS[detector](image, psf) for image in images]
    found = [_Found(scan, table, image.shape) for scan, table, image in zip(scans, stars, images, strict=True)]
    scale = _scale(images if detector == "segmentation" else [_soft(image, detector, psf) for image in images])
    best = None
    for threshold in scale * FACTOR ** np.arange(STEPS)[::-1]:
        hit, total = (np.concatenate(parts) for parts in zip(*(one.at(threshold) for one in found), strict=True))
        purity = total.sum() / max(len(total), 1)
        if purity >= PURITY:
            best = hit, purity
        elif len(total) > ENOUGH:
            break
    magnitude = np.concatenate([one.stars[:, 2] for one in found])
    return _binned(magnitude, *(best or (np.zeros(len(magnitude), bool), 0.0)))


def _soft(image, detector, psf):
    return ndimage.convolve(image, KERNEL) if detector == "smoothed" else ndimage.correlate(image, psf)


def _scale(images):
    """Threshold where the scan ends: a part of the scatter that most pixels have."""
    values = np.concatenate([image.ravel()[::7] for image in images])
    return max(LOWEST * 1.4826 * float(np.median(np.abs(values - np.median(values)))), 1e-9)


class _Found:
    """Detections of one image beside its stars, away from the edge."""

    def __init__(self, scan, stars, shape):
        self.scan, self.shape = scan, shape
        self.stars = stars[self._inside(stars)]

    def _inside(self, places):
        (x, y), (ny, nx) = places[:, :2].T, self.shape
        return (x >= EDGE) & (x < nx - EDGE) & (y >= EDGE) & (y < ny - EDGE)

    def at(self, threshold):
        """Which stars are found, bool, and which detections are stars, bool."""
        places = self.scan(threshold)
        places = places[self._inside(places)]
        true, here = crossmatch(self.stars[:, :2], places, NEAR)
        return np.isin(np.arange(len(self.stars)), true), np.isin(np.arange(len(places)), here)


def _binned(magnitude, hit, purity):
    edges = np.arange(magnitude.min(), magnitude.max() + 1e-6, BIN)
    bins = np.clip(np.digitize(magnitude, edges) - 1, 0, len(edges) - 2)
    number, found = (np.bincount(bins, w, len(edges) - 1) for w in (None, hit.astype(float)))
    return Curve((edges[:-1] + edges[1:]) / 2, found / np.maximum(number, 1), float(purity))


def limit(found):
    """Magnitude at which the completeness falls through 90 %, by a straight line between bins; NaN if it never is."""
    below = np.flatnonzero(found.completeness < COMPLETENESS)
    if not len(below):
        return float(found.magnitude[-1])
    if below[0] == 0:
        return float("nan")
    pair = slice(below[0] - 1, below[0] + 1)
    return float(np.interp(-COMPLETENESS, -found.completeness[pair], found.magnitude[pair]))

"""Completeness and purity of injected stars, and the magnitude limit at 90 % completeness and 90 % purity."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.optimize import isotonic_regression
from scipy.signal import oaconvolve

from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.images.detection import cross_match

__all__ = [
    "DETECTORS", "Curve", "connected_sources", "filter_matched", "magnitude_limit", "measure_curve", "segment",
    "smooth",
]  # fmt: skip

PURITY = COMPLETENESS = 0.9
COARSE, STEPS = 1.5, 18  # factor between the thresholds of the scan, and their number
FINE, REFINED = 1.05, 9  # the same below the best of them
ENOUGH = 50  # detections that define a purity
LOWEST = 0.3  # of the scatter of the image, where the thresholds begin
CONNECTED = {"segmentation": 10, "smoothed": 5}  # pixels of a detection: of the paper, and SExtractor's default
KERNEL = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16  # SExtractor's default filter
MATCH = 2.0  # pixels between a detection and a star
BIN = 0.25  # mag
EDGE = 8  # pixels at the edge of an image that do not count


@dataclass(frozen=True, eq=False)
class Curve:
    """Completeness at one purity.

    Parameters
    ----------
    magnitude : ndarray
        (n,) centers of bins.
    completeness : ndarray
        (n,) fraction of the stars that are detected.
    number : ndarray
        (n,) stars in each bin.
    purity : float
        Fraction of the detections that are stars.
    """

    magnitude: np.ndarray
    completeness: np.ndarray
    number: np.ndarray
    purity: float


def segment(image, psf):
    """Function of a threshold: positions (n, 2) of connected pixels above it."""
    return lambda threshold: connected_sources(image, threshold, CONNECTED["segmentation"])


def smooth(image, psf):
    """As `segment`, of the image after SExtractor's default filter."""
    filtered = ndimage.convolve(image, KERNEL)
    return lambda threshold: connected_sources(filtered, threshold, CONNECTED["smoothed"])


def filter_matched(image, psf):
    """Function of a threshold: positions (n, 2) of peaks above it after convolution with the point-spread function.

    The optimal linear filter for stars in uniform, white noise.
    """
    peaks, scores = _peaks(_correlate(image, psf))
    return lambda threshold: peaks[scores > threshold]


#: Methods of source detection: as observers do, and the optimal one.
DETECTORS = {"segmentation": segment, "smoothed": smooth, "matched filter": filter_matched}


def connected_sources(image, threshold, fewest):
    """Positions (n, 2) of the brightest of at least ``fewest`` connected pixels above a threshold."""
    labels, number = ndimage.label(image > threshold, np.ones((3, 3)))
    y, x = np.nonzero(labels)
    order = np.lexsort((-image[y, x], labels[y, x]))
    y, x = y[order], x[order]
    sizes = np.bincount(labels[y, x], minlength=number + 1)[1:]
    brightest = np.cumsum(sizes) - sizes
    return np.column_stack([x, y])[brightest[sizes >= fewest]].astype(float)


def _correlate(image, psf):
    return oaconvolve(image, psf[::-1, ::-1], mode="same")


def _peaks(image):
    where = (ndimage.maximum_filter(image, 3) == image) & (image > 0)
    return np.argwhere(where)[:, ::-1].astype(float), image[where]


def measure_curve(images, stars, detector, psf):
    """Completeness at the lowest threshold with a purity of 90 %.

    Parameters
    ----------
    images : sequence of ndarray
        (ny, nx) each, with the same noise, sky subtracted.
    stars : sequence of ndarray
        (n, 3) each: x, y and magnitude of every star.
    detector : str
        One of `DETECTORS`.
    psf : ndarray
        Point-spread function around its central pixel.

    Returns
    -------
    Curve
    """
    scans = [DETECTORS[detector](image, psf) for image in images]
    matches = [_Matches(scan, table, image.shape) for scan, table, image in zip(scans, stars, images, strict=True)]
    lowest = _lowest_threshold([_filtered(image, detector, psf) for image in images])
    best = _scan(matches, lowest * COARSE ** np.arange(STEPS)[::-1])
    if best is not None:
        best = _scan(matches, best[0] * FINE ** -np.arange(1, REFINED)) or best
    magnitude = np.concatenate([one.stars[:, 2] for one in matches])
    _, hit, purity = best or (0.0, np.zeros(len(magnitude), bool), 0.0)
    return _binned(magnitude, hit, purity)


def _scan(matches, thresholds):
    """Last of falling thresholds with enough purity, the stars it detects, and the purity; None if there is none."""
    best = None
    for threshold in thresholds:
        hit, real = (np.concatenate(parts) for parts in zip(*(one.at(threshold) for one in matches), strict=True))
        purity = float(real.mean()) if len(real) else 0.0
        if purity >= PURITY:
            best = threshold, hit, purity
        elif len(real) > ENOUGH:
            break
    return best


def _filtered(image, detector, psf):
    """Image that is compared with the threshold."""
    if detector == "segmentation":
        return image
    return ndimage.convolve(image, KERNEL) if detector == "smoothed" else _correlate(image, psf)


def _lowest_threshold(images):
    """Threshold at which the scan ends: a fraction of the scatter of most pixels."""
    values = np.concatenate([image.ravel()[::7] for image in images])
    return max(LOWEST * robust_sigma(values, None), 1e-9)


class _Matches:
    """Detections of one image and its stars, away from the edge."""

    def __init__(self, scan, stars, shape):
        self.scan, self.shape = scan, shape
        self.stars = stars[self._inside(stars)]

    def _inside(self, places):
        (x, y), (ny, nx) = places[:, :2].T, self.shape
        return (x >= EDGE) & (x < nx - EDGE) & (y >= EDGE) & (y < ny - EDGE)

    def at(self, threshold):
        """Which stars are detected, bool, and which detections are stars, bool."""
        places = self.scan(threshold)
        places = places[self._inside(places)]
        true, here = cross_match(self.stars[:, :2], places, MATCH)
        return np.isin(np.arange(len(self.stars)), true), np.isin(np.arange(len(places)), here)


def _binned(magnitude, hit, purity):
    edges = np.arange(magnitude.min(), magnitude.max() + 1e-6, BIN)
    bins = np.clip(np.digitize(magnitude, edges) - 1, 0, len(edges) - 2)
    number, detected = (np.bincount(bins, w, len(edges) - 1) for w in (None, hit.astype(float)))
    present = number > 0
    middle = (edges[:-1] + edges[1:]) / 2
    return Curve(middle[present], detected[present] / number[present], number[present], purity)


def magnitude_limit(curve):
    """Magnitude at which the completeness, made monotonic, falls to 90 %; NaN if it is never as high."""
    falling = isotonic_regression(curve.completeness, weights=curve.number, increasing=False).x
    below = np.flatnonzero(falling < COMPLETENESS)
    if not len(below):
        return float(curve.magnitude[-1])
    if below[0] == 0:
        return float("nan")
    pair = slice(below[0] - 1, below[0] + 1)
    return float(np.interp(-COMPLETENESS, -falling[pair], curve.magnitude[pair]))

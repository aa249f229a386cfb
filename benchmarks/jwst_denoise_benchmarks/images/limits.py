"""Completeness and purity of injected stars, and the faintest of which 90 % are found with 90 % of purity."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.optimize import isotonic_regression
from scipy.signal import oaconvolve

from jwst_denoise.statistics import robust_sigma
from jwst_denoise_benchmarks.images.detection import crossmatch

__all__ = ["DETECTORS", "Curve", "curve", "limit", "matched_filter", "segmentation", "smoothed"]

PURITY = COMPLETENESS = 0.9
COARSE, STEPS = 1.5, 18  # factor from one threshold that is tried to the next, and how many
FINE, REFINED = 1.05, 9  # the same below the best of them
ENOUGH = 50  # detections that tell a purity
LOWEST = 0.3  # of the range of the image's own scatter where the thresholds begin
CONNECTED = {"segmentation": 10, "smoothed": 5}  # pixels of a detection: the paper's, and SExtractor's own
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
    number : ndarray
        (n,) stars in each bin.
    purity : float
        Fraction of the detections that are stars.
    """

    magnitude: np.ndarray
    completeness: np.ndarray
    number: np.ndarray
    purity: float


def segmentation(image, psf):
    """Function of a threshold: places (n, 2) of connected pixels above it."""
    return lambda threshold: _connected(image, threshold, CONNECTED["segmentation"])


def smoothed(image, psf):
    """As `segmentation`, of the image behind SExtractor's default filter."""
    soft = ndimage.convolve(image, KERNEL)
    return lambda threshold: _connected(soft, threshold, CONNECTED["smoothed"])


def matched_filter(image, psf):
    """Function of a threshold: places (n, 2) of peaks above it behind the point-spread function.

    The best that a linear filter can do for stars on even, white noise.
    """
    peaks, scores = _peaks(_correlated(image, psf))
    return lambda threshold: peaks[scores > threshold]


#: How sources are looked for: as observers do, and the strongest peer.
DETECTORS = {"segmentation": segmentation, "smoothed": smoothed, "matched filter": matched_filter}


def _connected(image, threshold, fewest):
    labels, number = ndimage.label(image > threshold, np.ones((3, 3)))
    y, x = np.nonzero(labels)
    order = np.lexsort((-image[y, x], labels[y, x]))
    y, x = y[order], x[order]
    sizes = np.bincount(labels[y, x], minlength=number + 1)[1:]
    brightest = np.cumsum(sizes) - sizes
    return np.column_stack([x, y])[brightest[sizes >= fewest]].astype(float)


def _correlated(image, psf):
    return oaconvolve(image, psf[::-1, ::-1], mode="same")


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
    lowest = _scale([_seen(image, detector, psf) for image in images])
    best = _scan(found, lowest * COARSE ** np.arange(STEPS)[::-1])
    if best is not None:
        best = _scan(found, best[0] * FINE ** -np.arange(1, REFINED)) or best
    magnitude = np.concatenate([one.stars[:, 2] for one in found])
    _, hit, purity = best or (0.0, np.zeros(len(magnitude), bool), 0.0)
    return _binned(magnitude, hit, purity)


def _scan(found, thresholds):
    """Last of falling thresholds with enough purity, which stars it finds, and the purity; None if there is none."""
    best = None
    for threshold in thresholds:
        hit, real = (np.concatenate(parts) for parts in zip(*(one.at(threshold) for one in found), strict=True))
        purity = float(real.mean()) if len(real) else 0.0
        if purity >= PURITY:
            best = threshold, hit, purity
        elif len(real) > ENOUGH:
            break
    return best


def _seen(image, detector, psf):
    """What the threshold is compared with."""
    if detector == "segmentation":
        return image
    return ndimage.convolve(image, KERNEL) if detector == "smoothed" else _correlated(image, psf)


def _scale(images):
    """Threshold where the scan ends: a part of the scatter that most pixels have."""
    values = np.concatenate([image.ravel()[::7] for image in images])
    return max(LOWEST * robust_sigma(values, None), 1e-9)


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
    kept = number > 0
    middle = (edges[:-1] + edges[1:]) / 2
    return Curve(middle[kept], found[kept] / number[kept], number[kept], purity)


def limit(found):
    """Magnitude at which the completeness, made to fall only, goes through 90 %; NaN if it is never as high."""
    falling = isotonic_regression(found.completeness, weights=found.number, increasing=False).x
    below = np.flatnonzero(falling < COMPLETENESS)
    if not len(below):
        return float(found.magnitude[-1])
    if below[0] == 0:
        return float("nan")
    pair = slice(below[0] - 1, below[0] + 1)
    return float(np.interp(-COMPLETENESS, -falling[pair], found.magnitude[pair]))

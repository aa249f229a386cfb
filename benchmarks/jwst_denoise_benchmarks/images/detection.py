"""Detection and photometry of sources with the settings of the paper's SExtractor, by photutils."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from jwst_denoise.quality.photometry import aperture_sums

__all__ = ["Sources", "cross_match", "find_sources", "measure_background", "segment_image"]

THRESHOLD, PIXELS = 7.0, 10  # DETECT_THRESH, DETECT_MINAREA
LEVELS, CONTRAST = 32, 0.005  # DEBLEND_NTHRESH, DEBLEND_MINCONT
MESH, FILTER = 64, 3  # BACK_SIZE, BACK_FILTERSIZE
RADIUS = 5.0  # half of PHOT_APERTURES
MATCH = 1.5  # pixels between a source and its counterpart


@dataclass(frozen=True, eq=False)
class Sources:
    """Sources of an image.

    Parameters
    ----------
    x, y : ndarray
        (n,) pixels.
    flux : ndarray
        (n,) above the background in an aperture, in the unit of the image.
    noise : ndarray
        (n,) standard deviation of ``flux`` by the measured rms of the background.
    alone : ndarray
        (n,) the same without the contribution of faint sources to that rms, if the truth is known.
    """

    x: np.ndarray
    y: np.ndarray
    flux: np.ndarray
    noise: np.ndarray
    alone: np.ndarray

    def __len__(self):
        """Number of sources."""
        return len(self.x)

    @property
    def places(self):
        """(n, 2) x and y."""
        return np.column_stack([self.x, self.y])


def measure_background(image):
    """Level and rms of the background, (ny, nx) each."""
    from photutils.background import Background2D, SExtractorBackground

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        background = Background2D(
            image, MESH, filter_size=FILTER, bkg_estimator=SExtractorBackground(), exclude_percentile=90
        )
    return background.background, background.background_rms


def segment_image(image, threshold, pixels, deblend=True):
    """Connected pixels above a threshold, blended sources separated: labels (ny, nx), 0 for none."""
    from photutils.segmentation import deblend_sources, detect_sources

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        segments = detect_sources(image, threshold, pixels)
        if segments is None:
            return np.zeros(image.shape, dtype=int)
        if deblend:
            segments = deblend_sources(
                image, segments, pixels, n_levels=LEVELS, contrast=CONTRAST, progress_bar=False
            )  # fmt: skip
    return segments.data


def find_sources(image, threshold=THRESHOLD, pixels=PIXELS, scene=None):
    """Sources of an image, from its own background and rms.

    Parameters
    ----------
    image : ndarray
        (ny, nx), finite.
    threshold : float, optional
        Of each pixel of a source, in units of the rms.
    pixels : int, optional
        Smallest number of connected pixels.
    scene : ndarray, optional
        (ny, nx) truth.

    Returns
    -------
    Sources
    """
    level, rms = measure_background(image)
    signal = image - level
    labels = segment_image(signal, threshold * rms, pixels)
    numbers = np.unique(labels)[1:]
    places = np.array(ndimage.center_of_mass(signal, labels, numbers)).reshape(-1, 2)[:, ::-1]
    flux, noise = aperture_sums(signal, places, RADIUS, rms)
    alone = noise
    if scene is not None:
        _, alone = aperture_sums(signal, places, RADIUS, measure_background(image - scene)[1])
    return Sources(places[:, 0], places[:, 1], flux, noise, alone)


def cross_match(one, other, distance=MATCH):
    """Indices of counterparts, each the nearest neighbor of the other: two arrays of the same length.

    Parameters
    ----------
    one, other : ndarray
        (n, 2) and (m, 2) x and y.
    distance : float, optional
        Largest distance in pixels.
    """
    if not len(one) or not len(other):
        return np.zeros(0, int), np.zeros(0, int)
    separation, there = KDTree(other).query(one)
    _, back = KDTree(one).query(other)
    index = np.flatnonzero((separation <= distance) & (back[there] == np.arange(len(one))))
    return index, there[index]

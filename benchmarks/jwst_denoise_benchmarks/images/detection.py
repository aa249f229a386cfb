"""Sources as an observer finds and measures them: the settings of the paper's SExtractor, by photutils."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from jwst_denoise.quality.photometry import aperture_sums

__all__ = ["Sources", "background", "crossmatch", "find", "segments"]

THRESHOLD, PIXELS = 7.0, 10  # DETECT_THRESH, DETECT_MINAREA
LEVELS, CONTRAST = 32, 0.005  # DEBLEND_NTHRESH, DEBLEND_MINCONT
MESH, FILTER = 64, 3  # BACK_SIZE, BACK_FILTERSIZE
RADIUS = 5.0  # half of PHOT_APERTURES
NEAR = 1.5  # pixels between a source and its counterpart


@dataclass(frozen=True, eq=False)
class Sources:
    """Sources of an image.

    Parameters
    ----------
    x, y : ndarray
        (n,) pixels.
    flux : ndarray
        (n,) above the background in an aperture, in the image's unit.
    noise : ndarray
        (n,) standard deviation of ``flux`` by the measured rms of the background.
    alone : ndarray
        (n,) the same without what faint sources add to that rms, where the truth is known.
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


def background(image):
    """Level and rms of the background, (ny, nx) each."""
    from photutils.background import Background2D, SExtractorBackground

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Background2D(
            image, MESH, filter_size=FILTER, bkg_estimator=SExtractorBackground(), exclude_percentile=90
        )
    return found.background, found.background_rms


def segments(image, threshold, pixels, deblend=True):
    """Connected pixels above a threshold, blended sources taken apart: labels (ny, nx), 0 for none."""
    from photutils.segmentation import deblend_sources, detect_sources

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = detect_sources(image, threshold, pixels)
        if found is None:
            return np.zeros(image.shape, dtype=int)
        if deblend:
            found = deblend_sources(
                image, found, pixels, n_levels=LEVELS, contrast=CONTRAST, progress_bar=False
            )  # fmt: skip
    return found.data


def find(image, threshold=THRESHOLD, pixels=PIXELS, scene=None):
    """Sources of an image by its own background and rms.

    Parameters
    ----------
    image : ndarray
        (ny, nx), finite.
    threshold : float, optional
        Of each pixel of a source, in units of the rms.
    pixels : int, optional
        Fewest connected pixels.
    scene : ndarray, optional
        (ny, nx) truth.

    Returns
    -------
    Sources
    """
    level, rms = background(image)
    light = image - level
    labels = segments(light, threshold * rms, pixels)
    numbers = np.unique(labels)[1:]
    places = np.array(ndimage.center_of_mass(light, labels, numbers)).reshape(-1, 2)
    flux, noise = aperture_sums(light, places[:, ::-1], RADIUS, rms)
    alone = noise if scene is None else aperture_sums(light, places[:, ::-1], RADIUS, background(image - scene)[1])[1]
    return Sources(places[:, 1], places[:, 0], flux, noise, alone)


def crossmatch(one, other, near=NEAR):
    """Indices of counterparts, each the nearest of the other's: two arrays of one length.

    Parameters
    ----------
    one, other : ndarray
        (n, 2) and (m, 2) x and y.
    near : float, optional
        Largest distance in pixels.
    """
    if not len(one) or not len(other):
        return np.zeros(0, int), np.zeros(0, int)
    distance, there = KDTree(other).query(one)
    _, back = KDTree(one).query(other)
    index = np.flatnonzero((distance <= near) & (back[there] == np.arange(len(one))))
    return index, there[index]

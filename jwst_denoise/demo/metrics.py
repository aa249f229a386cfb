"""Metrics of a run against the truth."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from jwst_denoise.demo.cross_validation import clipped_scatter
from jwst_denoise.statistics import box_level, robust_sigma

__all__ = ["Metrics", "Planes", "electrons", "measure", "read"]

LIT = 0.5  # a pixel with more light than this many sigma of its error is lit
HIT = 6  # sigma of a pixel, or of the mean of a box around it, that tells of what cosmic rays have left
HIT_BOX = 9  # pixels
PIECE = 32  # pixels; longer sources are measured in pieces


@dataclass(frozen=True)
class Planes:
    """The exposure's images in e- over the exposure, and which of its pixels are lit.

    Parameters
    ----------
    before, after, perfect : ndarray
        (ny, nx) without and with the step, and without correlated noise.
    error_before, error_after : ndarray
        (ny, nx) their errors.
    light : ndarray
        (ny, nx) true scene, background included.
    lit, dark : ndarray of bool
        (ny, nx) pixels with and without light of sources; neither where a pixel is unusable.
    seconds : float
        Exposure time.
    """

    before: np.ndarray
    after: np.ndarray
    perfect: np.ndarray
    error_before: np.ndarray
    error_after: np.ndarray
    light: np.ndarray
    lit: np.ndarray
    dark: np.ndarray
    seconds: float

    @property
    def truth(self):
        """Correlated noise that is in the rate image, e-."""
        return self.before - self.perfect

    @property
    def removed(self):
        """What the step took out, e-."""
        return self.before - self.after


@dataclass(frozen=True)
class Metrics:
    """Metrics of one image against the truth.

    Parameters
    ----------
    dark_rms, lit_rms : float
        Correlated noise left on dark and on lit pixels, e- rms.
    source_bias : float
        Error of the flux of all sources above the local background, as a fraction; the background is the median of
        the dark pixels in cells of 64 pixels.
    source_scatter : float
        Rms error of the flux of a source (or a piece of 32 pixels of it), in units of its ERR.
    background : float
        Shift of the dark pixels' median, e-.
    pull : float
        Scatter of the blank sky in units of its ERR.
    """

    dark_rms: float
    lit_rms: float
    source_bias: float
    source_scatter: float
    background: float
    pull: float


def read(exposure, before, after, perfect):
    """Planes of an exposure from its three rate files.

    Parameters
    ----------
    exposure : jwst_denoise.simulate.Exposure
        With the truth.
    before, after, perfect : path-like
        Rate images without and with the step, and of the exposure without correlated noise.

    Returns
    -------
    Planes
    """
    seconds = _seconds(exposure)
    images, errors, unusable = zip(*(electrons(path, exposure) for path in (before, after, perfect)), strict=True)
    (raw, clean, ideal), (raw_error, clean_error, _) = images, errors
    unusable = np.logical_or.reduce(unusable)
    light = exposure.truth.rate * np.float32(seconds)
    usable = ~unusable & ~exposure.readout.reference_pixels
    sky = np.median(light[usable]) if light[usable].min() > 0 else 0.0
    lit = usable & (light - sky > LIT * np.median(raw_error[usable]))
    hit = _hit((ideal - light) / raw_error, usable)
    return Planes(raw, clean, ideal, raw_error, clean_error, light, lit, usable & ~lit & ~hit, seconds)


def electrons(path, exposure):
    """Rate or calibrated image of a file and its error, e- over the exposure, and which pixels are not to be used.

    Parameters
    ----------
    path : path-like
        Rate file.
    exposure : jwst_denoise.simulate.Exposure
        What it was made of.

    Returns
    -------
    image, error : ndarray
        (ny, nx) each.
    unusable : ndarray of bool
        (ny, nx).
    """
    from stdatamodels.jwst import datamodels

    factor = np.float32(exposure.detector.gain * _seconds(exposure))
    with datamodels.open(str(path)) as model:
        if model.meta.bunit_data == "MJy/sr":
            factor /= np.float32(model.meta.photometry.conversion_megajanskys)
        image, error = model.data * factor, model.err * factor
        return image, error, ((model.dq & 1) > 0) | ~np.isfinite(image + error)


def _seconds(exposure):
    return exposure.group_time * (exposure.counts.shape[1] - 1)


def measure(image, error, planes):
    """Metrics of an image (ny, nx) with its error, e-.

    Parameters
    ----------
    image, error : ndarray
        One of the exposure's images and its error.
    planes : Planes
        The truth.

    Returns
    -------
    Metrics
    """
    left = image - planes.perfect
    shift = float(np.median(left[planes.dark]))
    bias, spread = _sources(left - box_level(left, planes.dark), planes)
    pull = robust_sigma(((image - planes.light) / error)[planes.dark])
    return Metrics(clipped_scatter(left[planes.dark]), clipped_scatter(left[planes.lit]), bias, spread, shift, pull)


def _hit(pull, usable):
    """Pixels that differ from the truth by much more than noise, or do so with their neighbors."""
    pull = np.where(usable, pull - np.median(pull[usable]), 0)
    return (np.abs(pull) > HIT) | (np.abs(ndimage.uniform_filter(pull, HIT_BOX)) * HIT_BOX > HIT)


def _sources(left, planes):
    """Bias and scatter of the fluxes of sources."""
    labels = _pieces(planes.lit)
    index = np.arange(1, labels.max() + 1)
    error = ndimage.sum_labels(left, labels, index)
    noise = np.sqrt(ndimage.sum_labels(planes.error_before**2, labels, index))
    return float(error.sum() / planes.light[planes.lit].sum()), float(np.sqrt(np.mean((error / noise) ** 2)))


def _pieces(lit):
    """Labels 1, 2, … of connected lit pixels, cut where they cross a grid of 32 pixels."""
    row, column = np.indices(lit.shape) // PIECE
    sources, number = ndimage.label(lit)
    cells = np.where(lit, sources + (number + 1) * (column + (column.max() + 1) * row), 0)
    return np.unique(cells, return_inverse=True)[1].reshape(lit.shape)

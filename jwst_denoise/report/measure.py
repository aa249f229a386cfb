"""Metrics and curves of an image before and after."""

import logging
from dataclasses import dataclass

import numpy as np

from jwst_denoise import masks, quality
from jwst_denoise.statistics import box_level, power_spectrum, robust_sigma

__all__ = ["Comparison", "compare", "profile", "pulls"]

BINS = 40  # of spatial frequency
MOST_LIGHT = 5.0  # of the typical variance by light for its rate


@dataclass(frozen=True)
class Comparison:
    """An image before and after, and what is common to both.

    Parameters
    ----------
    before, after : jwst_denoise.report.exposure.Exposure
        The images.
    noise : ndarray
        (ny, nx) standard deviation of the pixels before.
    usable, blank : ndarray of bool
        (ny, nx) pixels that hold a value in both; those of them that are blank sky.
    trust : jwst_denoise.quality.QualityMetrics
        Whether what was removed is noise, and what became of sources.
    """

    before: object
    after: object
    noise: np.ndarray
    usable: np.ndarray
    blank: np.ndarray
    trust: quality.QualityMetrics

    @property
    def pair(self):
        """Both images with their names."""
        return (("before", self.before), ("after", self.after))

    @property
    def removed(self):
        """(ny, nx) before less after."""
        return self.before.image - self.after.image

    @property
    def pulls(self):
        """Name -> blank sky around its local level, in units of ERR; without errors nothing."""
        return {name: pulls(one, self.blank) for name, one in self.pair if one.err is not None}

    @property
    def scatter(self):
        """Name -> scatter of the blank sky around its local level, in the unit of the image."""
        return {name: robust_sigma(self._flat(one)[self.blank]) for name, one in self.pair}

    def spectra(self, axis):
        """Name -> frequency and power along one axis of the blank sky around its local level."""
        blank = np.moveaxis(self.blank, axis, -1)
        flat = {name: np.moveaxis(self._flat(one), axis, -1) for name, one in self.pair}
        return {name: power_spectrum(lines, blank, bins=BINS) for name, lines in flat.items()}

    def profiles(self, axis):
        """Name -> mean of the blank sky over one axis."""
        return {name: profile(one.image, self.blank, axis) for name, one in self.pair}

    def _flat(self, one):
        return one.image - box_level(one.image, self.blank)


def compare(before, after):
    """Measure what is common to an image before and after.

    Parameters
    ----------
    before, after : jwst_denoise.report.exposure.Exposure
        Of one shape.

    Returns
    -------
    Comparison
    """
    usable = before.usable & after.usable
    noise = _noise(before, after, usable)
    return Comparison(
        before,
        after,
        noise,
        usable,
        _blank(after, noise, usable),
        quality.assess_quality(_only(before, usable), _only(after, usable), noise),
    )


def pulls(exposure, blank):
    """Blank sky around its local level, in units of the errors.

    Parameters
    ----------
    exposure : jwst_denoise.report.exposure.Exposure
        With errors.
    blank : ndarray of bool
        (ny, nx).

    Returns
    -------
    ndarray
        (n,), finite.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        found = ((exposure.image - box_level(exposure.image, blank)) / exposure.err)[blank]
    return found[np.isfinite(found)]


def profile(image, good, axis):
    """Mean of the good pixels over one axis.

    Parameters
    ----------
    image : ndarray
        (ny, nx).
    good : ndarray of bool
        (ny, nx).
    axis : int
        Axis that is averaged.

    Returns
    -------
    ndarray
        NaN where nothing is good.
    """
    count = good.sum(axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(good, image, 0).sum(axis, dtype=np.float64) / np.where(count > 0, count, np.nan)


def _noise(before, after, usable):
    """Error before, with the variance by light that the image after has: by the noisy one it rises with the noise."""
    if before.err is None:
        flat = before.image - box_level(before.image, usable)
        return np.full(before.image.shape, max(robust_sigma(flat[usable]), 1e-30), np.float32)
    variance = before.err**2
    if before.light is not None and after.unit == before.unit:
        variance = variance - before.light + _light(before, after, usable)
    with np.errstate(invalid="ignore"):
        return np.sqrt(np.where(variance > 0, variance, before.err**2))


def _light(before, after, usable):
    """Variance by light at the rate after."""
    lit = usable & (before.image > 0) & (before.light > 0)
    if not lit.any():
        return before.light
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = before.light / before.image
    typical = np.median(ratio[lit])
    return np.where(lit, np.minimum(ratio, MOST_LIGHT * typical), typical) * np.maximum(after.image, 0)


def _only(exposure, usable):
    return np.where(usable, exposure.image, np.nan)


def _blank(after, noise, usable):
    """Pixels that show sky, found in the image after, whose faint sources are clearer."""
    log = logging.getLogger("stpipe.jwst_denoise.masks")
    level, log.disabled = log.disabled, True  # of a crowded field or an empty image the report tells by its numbers
    try:
        return masks.imaging_mask(_only(after, usable), noise) & usable
    finally:
        log.disabled = level

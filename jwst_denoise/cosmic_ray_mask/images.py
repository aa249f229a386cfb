"""Cosmic rays of one image: from a network's probabilities to a mask."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.cosmic_ray_mask.veto import protect_sources
from jwst_denoise.masks.operations import grow_mask

__all__ = ["Options", "flag", "mask_image"]


@dataclass(frozen=True)
class Options:
    """How probabilities become a mask.

    Parameters
    ----------
    threshold : float
        Probability from which a pixel is flagged, between 0 and 1.
    dilate : int, optional
        Pixels by which the mask is grown, corners included.
    spared : tuple of Templates, optional
        What the veto spares, one kind after the other (`jwst_denoise.cosmic_ray_mask.templates`); empty for no veto.

    Raises
    ------
    ValueError
        If a value is impossible; the message names it.
    """

    threshold: float
    dilate: int = 0
    spared: tuple = ()

    def __post_init__(self):
        """Check the values."""
        if not 0 < self.threshold < 1:
            raise ValueError(f"threshold={self.threshold} must be a probability between 0 and 1, both excluded")
        if self.dilate != int(self.dilate) or self.dilate < 0:
            raise ValueError(f"dilate={self.dilate} must be a whole number of pixels, 0 or more")


def mask_image(image, network, options, err=None, bad=None):
    """Find the cosmic rays of one image.

    Parameters
    ----------
    image : ndarray
        (ny, nx), any units; NaN where there is no datum.
    network : object
        Its ``predict(image, err=, bad=)`` gives probabilities, (ny, nx).
    options : Options
        Threshold, growth and veto.
    err : ndarray, optional
        (ny, nx) 1-sigma noise in the unit of the image.
    bad : ndarray of bool, optional
        (ny, nx), pixels that are neither used nor flagged.

    Returns
    -------
    flagged : ndarray of bool
        (ny, nx).
    probability : ndarray
        (ny, nx) float32, as the network gives it.
    """
    probability = network.predict(image, err=err, bad=bad)
    return flag(image, probability, options, err, bad), probability


def flag(image, probability, options, err=None, bad=None):
    """Mask of what is probably a cosmic ray, without stars and lines, grown; see `mask_image`."""
    usable = np.isfinite(image) if bad is None else np.isfinite(image) & ~bad
    flagged = (probability >= options.threshold) & usable
    for templates in options.spared:
        if flagged.any():
            flagged = protect_sources(image, flagged, err, bad, templates)
    return grow_mask(flagged, options.dilate) & usable

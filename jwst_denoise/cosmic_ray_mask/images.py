"""Mask of the cosmic rays of one image from the probabilities of a network."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.cosmic_ray_mask.veto import protect_sources
from jwst_denoise.masks.operations import grow_mask

__all__ = ["Options", "flag_pixels", "mask_image"]


@dataclass(frozen=True)
class Options:
    """Options of masks.

    Parameters
    ----------
    threshold : float
        Probability from which a pixel is flagged, between 0 and 1 (exclusive).
    dilate : int, optional
        Pixels by which the mask is grown, corners included.
    protected : tuple of Templates, optional
        Kinds of sources that are not flagged (`jwst_denoise.cosmic_ray_mask.veto`).

    Raises
    ------
    ValueError
        If a value is out of range; the message names it.
    """

    threshold: float
    dilate: int = 0
    protected: tuple = ()

    def __post_init__(self):
        """Check the values."""
        if not 0 < self.threshold < 1:
            raise ValueError(f"threshold={self.threshold} must be a probability between 0 and 1 (exclusive)")
        if self.dilate != int(self.dilate) or self.dilate < 0:
            raise ValueError(f"dilate={self.dilate} must be an integer number of pixels, 0 or more")


def mask_image(image, network, options, err=None, bad=None):
    """Mask the cosmic rays of one image.

    Parameters
    ----------
    image : ndarray
        (ny, nx), any unit; NaN where the value is missing.
    network : object
        Its ``predict(image, err=, bad=)`` returns probabilities, (ny, nx).
    options : Options
        Threshold, growth and protection of sources.
    err : ndarray, optional
        (ny, nx) 1-sigma noise in the unit of the image.
    bad : ndarray of bool, optional
        (ny, nx), pixels that are neither used nor flagged.

    Returns
    -------
    flagged : ndarray of bool
        (ny, nx).
    probability : ndarray
        (ny, nx) float32, from the network.
    """
    probability = network.predict(image, err=err, bad=bad)
    return flag_pixels(image, probability, options, err, bad), probability


def flag_pixels(image, probability, options, err=None, bad=None):
    """Mask from probabilities, with sources protected, grown; parameters as for `mask_image`."""
    usable = np.isfinite(image) if bad is None else np.isfinite(image) & ~bad
    flagged = (probability >= options.threshold) & usable
    for templates in options.protected:
        if flagged.any():
            flagged = protect_sources(image, flagged, err, bad, templates)
    return grow_mask(flagged, options.dilate) & usable

"""Background mask of an exposure whose science regions are known."""

import logging

import numpy as np

from jwst_denoise.dq import NOT_BACKGROUND, usable
from jwst_denoise.masks.clip import clip
from jwst_denoise.masks.dilate import grow
from jwst_denoise.masks.imaging import PIXEL_MARGIN, find_sources

logger = logging.getLogger("stpipe.jwst_denoise.masks")


def region_mask(image, err=None, dq=None, *, science, n_sigma=2.0, dilation=2, readout=None, flags=NOT_BACKGROUND):
    """
    Find the dark background outside given science regions, without stray light, zero orders and outliers.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Rate or other image in any unit; NaN is allowed.
    err : ndarray of float, shape (ny, nx), optional
        1-sigma errors; only their relative size matters.
    dq : ndarray of int, shape (ny, nx), optional
        Data-quality flags.
    science : ndarray of bool, shape (ny, nx)
        `True` where science light may fall.
    n_sigma : float
        Stray light is left out where the smoothed image exceeds this many sigma, single pixels 2 sigma farther out,
        on both sides; 0 leaves out nothing but the regions and bad pixels.
    dilation : int
        Pixels by which science and stray light are grown.
    readout : `jwst_denoise.readout.Readout`, optional
        Direction of the stripes.
    flags : int
        Data-quality bits of pixels that are never background.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` where the pixel is dark background.

    Raises
    ------
    ValueError
        If `image` is not two-dimensional or `science` has another shape.
    """
    if np.ndim(image) != 2 or np.shape(science) != np.shape(image):
        raise ValueError(f"the image has shape {np.shape(image)}, the science regions {np.shape(science)}")
    dark = usable(image, err, dq, flags) & ~grow(science, dilation)
    if not dark.any():
        logger.warning("Science regions and bad pixels cover the whole image; its background mask is empty")
    if n_sigma == 0 or not dark.any():
        return dark
    stray, flat = find_sources(image, dark, err, n_sigma=n_sigma, readout=readout)
    return clip(flat, dark & ~grow(stray, dilation), n_sigma + PIXEL_MARGIN)

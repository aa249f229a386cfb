"""Background mask of an exposure whose science regions are known; regions of NIRSpec's slits and stage-2 products."""

import logging

import numpy as np

from jwst_denoise.detectors.observing import FIXED_SLIT_ROWS
from jwst_denoise.dq import NOT_BACKGROUND, usable
from jwst_denoise.masks.imaging import PIXEL_MARGIN, find_sources
from jwst_denoise.masks.operations import clip_outliers, grow_mask

logger = logging.getLogger("stpipe.jwst_denoise.masks")


def region_mask(image, err=None, dq=None, *, science, n_sigma=2.0, dilation=2, readout=None, flags=NOT_BACKGROUND):
    """
    Find the dark background outside given science regions, excluding stray light, zero orders and outliers.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Rate or other image in any unit; NaN is allowed.
    err : ndarray of float, shape (ny, nx), optional
        1-sigma errors; only their relative size matters.
    dq : ndarray of int, shape (ny, nx), optional
        Data-quality flags.
    science : ndarray of bool, shape (ny, nx)
        `True` where science signal may fall.
    n_sigma : float
        Stray light is masked where the smoothed image exceeds this many sigma, single pixels at 2 sigma more, on both
        sides; 0 masks only the regions and bad pixels.
    dilation : int
        Pixels by which science regions and stray light are grown.
    readout : `jwst_denoise.readout.Readout`, optional
        Direction of the stripes.
    flags : int
        Data-quality bits of pixels that are never background.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` on dark background.

    Raises
    ------
    ValueError
        If `image` is not two-dimensional or `science` has a different shape.
    """
    if np.ndim(image) != 2 or np.shape(science) != np.shape(image):
        shapes = f"image {np.shape(image)} and science regions {np.shape(science)}"
        raise ValueError(f"{shapes} must have one two-dimensional shape")
    dark = usable(image, err, dq, flags) & ~grow_mask(science, dilation)
    if not dark.any():
        logger.warning("Science regions and bad pixels cover the whole image; its background mask is empty")
    if n_sigma == 0 or not dark.any():
        return dark
    stray, flat = find_sources(image, dark, err, n_sigma=n_sigma, readout=readout)
    return clip_outliers(flat, dark & ~grow_mask(stray, dilation), n_sigma + PIXEL_MARGIN)


def fixed_slit_region(shape, first_row=0):
    """
    Rows of the NIRSpec detectors that the fixed slits illuminate.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) of the image in DMS orientation.
    first_row : int
        Row of the full frame at which the image starts, counted from 0 (SUBSTRT2 - 1).

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` where signal from the fixed slits may fall.

    Examples
    --------
    >>> fixed_slit_region((2048, 2048)).sum() // 2048
    np.int64(194)
    """
    rows = np.arange(shape[0]) + first_row
    inside = (rows >= FIXED_SLIT_ROWS[0]) & (rows < FIXED_SLIT_ROWS[1])
    return np.repeat(inside[:, None], shape[1], axis=1)


def paste_finite(shape, cutouts):
    """
    Mark the pixels with a value in any cut-out of an extracted product.

    Stage 2 sets all pixels outside the slices or slits to NaN, so finite pixels are science (Rauscher 2023,
    section 3.5).

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) of the exposure.
    cutouts : iterable of (ndarray, int, int)
        Data of shape (..., h, w), and the column and row of its first pixel, counted from 0. Parts outside the
        exposure are ignored.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` where any plane of any cut-out is finite.

    Examples
    --------
    >>> import numpy as np
    >>> paste_finite((2, 4), [(np.array([[np.nan, 1.0]]), 1, 0)]).astype(int)
    array([[0, 0, 1, 0],
           [0, 0, 0, 0]])
    """
    science = np.zeros(shape, bool)
    for data, column, row in cutouts:
        finite = np.isfinite(data).reshape(-1, *np.shape(data)[-2:]).any(axis=0)
        y, x = np.nonzero(finite)
        y, x = y + row, x + column
        inside = (y >= 0) & (y < shape[0]) & (x >= 0) & (x < shape[1])
        science[y[inside], x[inside]] = True
    return science

"""Science regions of NIRSpec that plain arrays tell: the fixed slits and the footprint of stage-2 products."""

import numpy as np

from jwst_denoise.detectors.observing import FIXED_SLIT_ROWS


def fixed_slit_region(shape, first_row=0):
    """
    Rows of the NIRSpec detectors that are lit through the fixed slits.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) of the image in DMS orientation.
    first_row : int
        Row of the full frame at which the image starts, counted from 0 (SUBSTRT2 - 1).

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` where fixed-slit light may fall.

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
    Mark the pixels that hold a value in any cut-out of an extracted product.

    Stage 2 sets everything outside the slices or slits to NaN, so finite pixels are science (Rauscher 2023,
    section 3.5).

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) of the exposure.
    cutouts : iterable of (ndarray, int, int)
        Data of shape (..., h, w) and the column and row, counted from 0, where its first pixel lies. Parts
        outside the exposure are left out.

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

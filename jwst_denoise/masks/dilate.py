"""Growing the science part of a mask."""

import numpy as np
from scipy import ndimage


def disk(radius):
    """
    Boolean disk of a whole radius, corners of the circle included.

    Parameters
    ----------
    radius : int
        Radius in pixels.

    Returns
    -------
    ndarray of bool, shape (2 * radius + 1, 2 * radius + 1)
        `True` within ``radius + 0.5`` pixels of the center.

    Examples
    --------
    >>> disk(1).astype(int)
    array([[1, 1, 1],
           [1, 1, 1],
           [1, 1, 1]])
    """
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return y**2 + x**2 <= (radius + 0.5) ** 2


def grow(region, radius):
    """
    Grow a region by a whole number of pixels in the image plane.

    Parameters
    ----------
    region : ndarray of bool, shape (..., ny, nx)
        Region to grow.
    radius : int
        Pixels; 0 gives a copy.

    Returns
    -------
    ndarray of bool, shape (..., ny, nx)
        The grown region.

    Raises
    ------
    ValueError
        If `radius` is negative or not whole.
    """
    if radius != int(radius) or radius < 0:
        raise ValueError(f"dilation is {radius}; it must be a whole number of pixels, 0 or more")
    region = np.asarray(region, bool)
    if radius == 0:
        return region.copy()
    structure = disk(int(radius))
    return ndimage.binary_dilation(region, structure.reshape((1,) * (region.ndim - 2) + structure.shape))


def grow_by_size(region, fraction):
    """
    Grow every connected area by a fraction of its own half-thickness.

    The halo of a galaxy reaches farther beyond its detected edge, the larger the galaxy is.

    Parameters
    ----------
    region : ndarray of bool, shape (ny, nx)
        Region to grow.
    fraction : float
        Margin in units of the largest distance from a pixel of the area to the area's edge.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        The grown region.
    """
    labels, count = ndimage.label(region, np.ones((3, 3)))
    if count == 0:
        return np.array(region, bool)
    depth = ndimage.distance_transform_edt(region)
    margin = np.zeros(count + 1)
    np.maximum.at(margin, labels.ravel(), fraction * depth.ravel())
    distance, (row, column) = ndimage.distance_transform_edt(~region, return_indices=True)
    return distance <= margin[labels[row, column]]


def dilate_science(mask, n=1):
    """
    Grow the science (`False`) part of a mask, a margin for wings and mask edges (Rauscher 2023, section 3.5).

    Parameters
    ----------
    mask : ndarray of bool, shape (ny, nx) or (n, ny, nx)
        `True` where the pixel is dark.
    n : int
        Margin in pixels.

    Returns
    -------
    ndarray of bool, shape of `mask`
        A new mask.

    Raises
    ------
    ValueError
        If `n` is negative or not whole.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.ones((3, 4), bool)
    >>> mask[1, 0] = False
    >>> dilate_science(mask, 1).astype(int)
    array([[0, 0, 1, 1],
           [0, 0, 1, 1],
           [0, 0, 1, 1]])
    """
    return ~grow(~np.asarray(mask, bool), n)

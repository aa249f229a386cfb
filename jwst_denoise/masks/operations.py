"""Operations on masks: clipping of outliers, growing of regions."""

import numpy as np
from scipy import ndimage

from jwst_denoise.statistics import robust_level


def clip_outliers(image, mask, n_sigma=2.0):
    """
    Remove pixels brighter or fainter than the background from a mask.

    Negative outliers are removed too: the negative traces of a nod subtraction are science.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx) or (n, ny, nx)
        Data in any unit; each plane is clipped about its own level.
    mask : ndarray of bool
        `True` on dark pixels; shape of `image`, or (ny, nx) for all planes.
    n_sigma : float
        Limit on both sides in units of the background's width; 0 disables clipping.

    Returns
    -------
    ndarray of bool, shape of `image`
        A new mask. Pixels that are not finite are never dark.

    Raises
    ------
    ValueError
        If `n_sigma` is negative or the shapes do not match.

    Notes
    -----
    Clipping a normal sample at ``n`` sigma reduces an offset in it by ``2 n phi(n) / (2 Phi(n) - 1)``: 23 % at 2 sigma,
    3 % at 3, 0.1 % at 4. Clip data whose noise is yet to be measured at 3 sigma or more, or after a rough correction.
    """
    if n_sigma < 0:
        raise ValueError(f"n_sigma={n_sigma} must be 0 (no clipping) or positive")
    image = np.asarray(image)
    try:
        dark = np.broadcast_to(np.asarray(mask, bool), image.shape) & np.isfinite(image)
    except ValueError:
        raise ValueError(f"a mask of shape {np.shape(mask)} does not fit data of shape {image.shape}") from None
    if n_sigma == 0:
        return dark
    if image.ndim == 2:
        return dark & _within(image, dark, n_sigma)
    return dark & np.stack([_within(plane, keep, n_sigma) for plane, keep in zip(image, dark, strict=True)])


def _within(plane, dark, n_sigma):
    level, sigma = robust_level(plane[dark])
    return np.abs(plane - level) <= n_sigma * sigma


def disk(radius):
    """
    Boolean disk with an integer radius, corners of the circle included.

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


def grow_mask(region, radius):
    """
    Grow a region by an integer number of pixels in the image plane.

    Parameters
    ----------
    region : ndarray of bool, shape (..., ny, nx)
        Region to grow.
    radius : int
        Pixels; 0 returns a copy.

    Returns
    -------
    ndarray of bool, shape (..., ny, nx)
        The grown region.

    Raises
    ------
    ValueError
        If `radius` is negative or not an integer.
    """
    if radius != int(radius) or radius < 0:
        raise ValueError(f"dilation={radius} must be an integer number of pixels, 0 or more")
    region = np.asarray(region, bool)
    if radius == 0:
        return region.copy()
    structure = disk(int(radius))
    return ndimage.binary_dilation(region, structure.reshape((1,) * (region.ndim - 2) + structure.shape))


def grow_by_size(region, fraction):
    """
    Grow every connected area by a fraction of its half-thickness.

    The halo of a larger galaxy extends farther beyond its detected edge.

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
    Grow the science (`False`) part of a mask by a margin for PSF wings and mask edges (Rauscher 2023, section 3.5).

    Parameters
    ----------
    mask : ndarray of bool, shape (ny, nx) or (n, ny, nx)
        `True` on dark pixels.
    n : int
        Margin in pixels.

    Returns
    -------
    ndarray of bool, shape of `mask`
        A new mask.

    Raises
    ------
    ValueError
        If `n` is negative or not an integer.

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
    return ~grow_mask(~np.asarray(mask, bool), n)

"""Aperture photometry."""

import numpy as np

__all__ = ["aperture_sums", "ring_medians"]


def aperture_sums(image, positions, radius, error=None):
    """Sums in circular apertures, with the exact overlap of circle and pixels.

    Parameters
    ----------
    image : ndarray
        (ny, nx), finite.
    positions : array_like
        (n, 2) x and y of the centers.
    radius : float
        Pixels.
    error : ndarray, optional
        (ny, nx) standard deviation of the pixels.

    Returns
    -------
    ndarray, or tuple of two ndarray
        (n,) sums; with ``error`` also their standard deviations, for independent pixels.
    """
    from photutils.aperture import CircularAperture

    positions = np.reshape(np.asarray(positions, float), (-1, 2))
    if not len(positions):
        sums = errors = np.empty(0)
    else:
        error = None if error is None else np.asarray(error, float)
        sums, errors = CircularAperture(positions, radius).do_photometry(np.asarray(image, float), error=error)
    return sums if error is None else (sums, errors)


def ring_medians(image, positions, inner, outer, mask=None):
    """Medians in rings, the local background of sources.

    Parameters
    ----------
    image : ndarray
        (ny, nx).
    positions : array_like
        (n, 2) x and y of the centers.
    inner, outer : float
        Radii in pixels.
    mask : ndarray of bool, optional
        (ny, nx) pixels to leave out.

    Returns
    -------
    ndarray
        (n,); NaN where a ring has no pixel.
    """
    from photutils.background import LocalBackground, MedianBackground

    ring = LocalBackground(inner, outer, bkg_estimator=MedianBackground(sigma_clip=None))
    return np.atleast_1d(ring(np.asarray(image, float), *np.transpose(positions).astype(float), mask=mask))

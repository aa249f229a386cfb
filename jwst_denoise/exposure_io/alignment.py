"""Transformation of pixels between exposures, from their world coordinates."""

import numpy as np
from astropy.wcs import WCS

__all__ = ["frames_of", "is_imaging", "sky_of"]

NODES = 9  # grid points along each axis at which positions are compared
NOWHERE = 1e6  # pixels, a shift without any overlap


def is_imaging(model):
    """Whether neighboring pixels are neighbors on the sky, according to the exposure type."""
    from jwst.lib.exposure_types import IMAGING_TYPES

    return (model.meta.exposure.type or "").lower() in IMAGING_TYPES


def sky_of(model, path):
    """Functions between pixels and sky.

    Parameters
    ----------
    model : JwstDataModel
        An image, with a gwcs or at least the FITS keywords of a WCS.
    path : path-like
        File, for error messages.

    Returns
    -------
    to_sky, to_pixels : callable
        (x, y) -> (ra, dec) in degrees, and back; x and y count from 0.

    Raises
    ------
    ValueError
        If it has neither.
    """
    if model.meta.hasattr("wcs") and model.meta.wcs is not None:
        wcs = model.meta.wcs
        return (
            lambda x, y: wcs(x, y, with_bounding_box=False),
            lambda ra, dec: wcs.invert(ra, dec, with_bounding_box=False),
        )
    info = model.meta.wcsinfo.instance
    if not {"crval1", "crval2", "crpix1", "crpix2"} <= info.keys() or not str(info.get("ctype1", "")).startswith("RA"):
        raise ValueError(
            f"{path}: no world coordinates (CRVAL1, CRPIX1, CTYPE1); run assign_wcs on it, or use a rateints file, "
            "whose integrations are not shifted"
        )
    wcs = WCS({key.upper(): value for key, value in info.items() if isinstance(value, int | float | str)}, naxis=2)
    return lambda x, y: wcs.all_pix2world(x, y, 0), lambda ra, dec: wcs.all_world2pix(ra, dec, 0, quiet=True)


def frames_of(skies, shape):
    """Frames of exposures, for `~jwst_denoise.training.own_exposures.stacks.ExposureStack`.

    Parameters
    ----------
    skies : sequence of tuple of callable
        From `sky_of`, for each exposure.
    shape : tuple of int
        (ny, nx).

    Returns
    -------
    ndarray
        (n, 2, 3): affine transformations from the pixels of the first exposure to those of each, by least squares
        on a grid. The common distortion of dithered exposures cancels to first order.
    """
    y, x = (axis.ravel() for axis in np.meshgrid(*(np.linspace(0, n - 1, NODES) for n in shape), indexing="ij"))
    sky = skies[0][0](x, y)
    return np.stack([_affine(np.stack([y, x], axis=1), to_pixels(*sky)) for _, to_pixels in skies])


def _affine(pixels, other):
    """(2, 3) least-squares transformation of (n, 2) pixels (y, x) to others, given as (x, y)."""
    target = np.stack(other[::-1], axis=1)
    known = np.isfinite(target).all(axis=1)
    if known.sum() < 3:
        return np.array([[1.0, 0.0, NOWHERE], [0.0, 1.0, NOWHERE]])
    basis = np.column_stack([pixels, np.ones(len(pixels))])
    return np.linalg.lstsq(basis[known], target[known], rcond=None)[0].T

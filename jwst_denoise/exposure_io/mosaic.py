"""Sources of a mosaic or segmentation map, projected onto the detector pixels of an exposure."""

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import gaussian_filter, map_coordinates

from jwst_denoise.masks.imaging import find_sources, smooth_background
from jwst_denoise.masks.operations import grow_mask
from jwst_denoise.masks.segment import segments
from jwst_denoise.statistics import MAD_TO_SIGMA

__all__ = ["project_sources", "read_sources"]

NODES = 65  # along each axis, between which pixel coordinates are interpolated
STRUCTURE = 64  # pixels of a mosaic on which the noise around compact sources is measured
LEAST_OVERLAP = 0.01  # fraction of the exposure that the mosaic must cover


def read_sources(path, n_sigma=2.0):
    """Read the sources of a mosaic.

    Parameters
    ----------
    path : path-like
        FITS file whose first two-dimensional image with celestial coordinates is used. An image of integers is a
        segmentation map, in which every pixel other than 0 belongs to a source. In any other image sources are
        detected as in `jwst_denoise.masks.imaging_mask`, and stars on bright structure by its local scatter.
    n_sigma : float, optional
        Limit of the detection, at which a source ends.

    Returns
    -------
    sources : ndarray of bool
        (my, mx), True in a source.
    wcs : astropy.wcs.WCS
        Celestial coordinates of the mosaic.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not FITS or holds no image with celestial coordinates.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            image, header = _celestial_image(hdus, path)
            wcs = WCS(header, hdus, naxis=2)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no mosaic {path}") from None
    except OSError as error:
        raise ValueError(f"{path}: not a FITS file that can be read ({error})") from None
    if image.dtype.kind in "iub":
        return image != 0, wcs
    usable = np.isfinite(image) & (image != 0)  # drizzled mosaics are 0 where no exposure contributed
    image = np.where(usable, image, 0).astype(np.float32)
    sources, _ = find_sources(image, usable, n_sigma=n_sigma)
    return (sources | _compact_sources(image, usable, n_sigma + 1)) & usable, wcs


def _compact_sources(image, usable, n_sigma):
    """Sources of a few pixels that stand out from the structure around them, such as stars in a nebula."""
    narrow, wide = (gaussian_filter(image, sigma, truncate=3) for sigma in (1, 4))
    noise = MAD_TO_SIGMA * smooth_background(np.abs(narrow - wide), usable, STRUCTURE)
    return segments(np.maximum(narrow - wide, 0) / np.where(noise > 0, noise, np.inf), n_sigma)


def project_sources(sources, wcs, to_sky, shape, growth=3):
    """Project sources of a mosaic onto the pixels of an exposure.

    Parameters
    ----------
    sources : ndarray of bool
        (my, mx) sources of the mosaic.
    wcs : astropy.wcs.WCS
        Celestial coordinates of the mosaic.
    to_sky : callable
        (x, y) -> (ra, dec) in degrees: coordinates of the exposure, see `jwst_denoise.exposure_io.alignment.sky_of`.
    shape : tuple of int
        (ny, nx) of the exposure.
    growth : int, optional
        Radius in pixels of the exposure by which the sources are grown: that of the point-spread function to the level
        that matters, and the error of the pointing.

    Returns
    -------
    ndarray of bool
        (ny, nx), True on a source. Pixels outside the mosaic are False.

    Raises
    ------
    ValueError
        If the mosaic covers less than 1 % of the exposure.
    """
    nodes = [np.linspace(0, n - 1, min(n, NODES)) for n in shape]
    y, x = np.meshgrid(*nodes, indexing="ij")
    columns, rows = wcs.world_to_pixel_values(*to_sky(x.ravel(), y.ravel()))
    columns, rows = (_interpolated(np.reshape(values, x.shape), nodes, shape) for values in (columns, rows))
    inside = (columns > -0.5) & (rows > -0.5) & (columns < sources.shape[1] - 0.5) & (rows < sources.shape[0] - 0.5)
    if inside.mean() < LEAST_OVERLAP:
        raise ValueError(f"the mosaic covers {100 * inside.mean():.2g} % of the exposure; is it of the same field?")
    pixel = np.abs(columns[-1, -1] - columns[0, 0]) + np.abs(rows[-1, -1] - rows[0, 0])
    pixel /= max(sum(shape) - 2, 1)  # mosaic pixels to a pixel of the exposure, for the sources that fall between
    sources = grow_mask(sources, int(np.ceil(pixel / 2))) if pixel > 1 else sources
    projected = (
        map_coordinates(sources.astype(np.uint8), [rows, columns], order=0, mode="constant", prefilter=False) > 0
    )
    return grow_mask(projected & inside, growth)


def _celestial_image(hdus, path):
    """Data and header of the first image with celestial coordinates, an extension SCI before all others."""
    ordered = sorted(hdus, key=lambda hdu: hdu.name != "SCI")
    for hdu in ordered:
        if not hdu.is_image or hdu.data is None or hdu.data.ndim != 2:
            continue
        if WCS(hdu.header, hdus, naxis=2).has_celestial:
            return hdu.data, hdu.header
    raise ValueError(f"{path}: holds no two-dimensional image with celestial coordinates (CTYPE1, CRVAL1, ...)")


def _interpolated(values, nodes, shape):
    """Smooth coordinates (ny, nx) from their values at the nodes."""
    order = [min(3, len(axis) - 1) for axis in nodes]
    if not np.isfinite(values).all():
        raise ValueError("the coordinates of the exposure are not finite everywhere")
    return RectBivariateSpline(*nodes, values, kx=order[0], ky=order[1], s=0)(*(np.arange(n) for n in shape))

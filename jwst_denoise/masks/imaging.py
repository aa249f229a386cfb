"""Automatic background mask of an imaging exposure."""

import logging
import warnings

import numpy as np

from jwst_denoise.dq import NOT_BACKGROUND, usable
from jwst_denoise.masks.clip import clip
from jwst_denoise.masks.destripe import destripe
from jwst_denoise.masks.dilate import grow, grow_by_size
from jwst_denoise.masks.segment import SCALES, bin_sum, detect, expand

logger = logging.getLogger("stpipe.jwst_denoise.masks")

PIXEL_MARGIN = 2.0  # single pixels are clipped this many sigma beyond n_sigma
MIN_DARK = 0.05  # least dark fraction of the usable pixels
BOX = 128  # largest edge of a background mesh cell, pixels
HALO = 0.5  # margin of a source in units of its half-thickness
FIRST_HALO = 0.25  # the same around the sources of the first look, which the second background leaves out
LARGE = 512  # images at least this large on both sides are binned for the background and the first look


def smooth_background(image, good, box=BOX):
    """
    Smooth background by photutils' `~photutils.background.Background2D` on a binned image.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data in any unit.
    good : ndarray of bool, shape (ny, nx)
        Pixels to use.
    box : int
        Largest edge of a mesh cell in pixels; small images get smaller cells.

    Returns
    -------
    ndarray of float32, shape (ny, nx)
        The background; a constant where no mesh cell holds enough good pixels.
    """
    factor = 4 if min(image.shape) >= LARGE else 1
    count = bin_sum(good, factor)
    mean = bin_sum(np.where(good, image, 0), factor) / np.maximum(count, 1)
    empty = count < 0.25 * factor**2
    cells = tuple(min(n, max(32, min(box, n * factor // 4)) // factor) for n in mean.shape)
    return expand(_mesh(mean, empty, cells), factor, image.shape)


def _mesh(image, empty, cells):
    from astropy.stats import SigmaClip
    from astropy.utils.exceptions import AstropyUserWarning
    from photutils.background import Background2D, MedianBackground

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyUserWarning)
            found = Background2D(
                image,
                cells,
                mask=empty,
                exclude_percentile=80,
                sigma_clip=SigmaClip(3, maxiters=5),
                bkg_estimator=MedianBackground(),
            )
            return found.background.astype(np.float32)
    except ValueError:  # no cell has enough good pixels
        level = np.median(image[~empty]) if not empty.all() else 0.0
        return np.full(image.shape, level, np.float32)


def flatten(image, good, err=None, readout=None):
    """
    Bring an image to zero background without stripes and, if errors are given, to uniform noise.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data in any unit.
    good : ndarray of bool, shape (ny, nx)
        Pixels that are believed to be background.
    err : ndarray of float, optional
        1-sigma errors; only their relative size matters.
    readout : `jwst_denoise.readout.Readout`, optional
        Gives the direction of the stripes.

    Returns
    -------
    ndarray of float32, shape (ny, nx)
        The flattened image; pixels that are not finite become 0.
    """
    values = np.nan_to_num(np.asarray(image, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    flat = destripe(values - smooth_background(values, good), good, readout)
    if err is None:
        return flat
    scale = np.asarray(err, np.float32)
    positive = np.isfinite(scale) & (scale > 0)
    return flat / np.where(positive, scale, np.median(scale[positive])) if positive.any() else flat


def with_halos(found, fraction=HALO):
    """
    Add the undetected halos of sources, on a binned image where it is large.

    Parameters
    ----------
    found : ndarray of bool, shape (ny, nx)
        Sources.
    fraction : float
        Margin in units of a source's half-thickness.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        Sources with margins; those thinner than a bin have none.
    """
    factor = 4 if min(found.shape) >= LARGE else 1
    large = bin_sum(found, factor) > 0.5 * factor**2
    return found | expand(grow_by_size(large, fraction), factor, found.shape)


def find_sources(image, good, err=None, *, n_sigma=2.0, readout=None):
    """
    Segment an image into sources and background, the background estimated twice.

    Parameters
    ----------
    image, good, err, readout
        As in `flatten`, `good` being every pixel that may be used.
    n_sigma : float
        Limit of a segment's edge in the smoothed images.

    Returns
    -------
    found : ndarray of bool, shape (ny, nx)
        `True` in a source.
    flat : ndarray of float32, shape (ny, nx)
        The image flattened with the sources left out.
    """
    # One narrow scale first: a wide one would also meet the bands that sources leave in their destriped lines.
    first_look = SCALES[1:2] if min(image.shape) >= LARGE else SCALES[:1]
    found = detect(flatten(image, good, err, readout), good, n_sigma, first_look)
    flat = flatten(image, good & ~with_halos(grow(found, 2), FIRST_HALO), err, readout)
    return with_halos(detect(flat, good, n_sigma)), flat


def imaging_mask(
    image, err=None, dq=None, *, n_sigma=2.0, dilation=4, readout=None, flags=NOT_BACKGROUND, min_dark=MIN_DARK
):
    """
    Find the dark background of an image: everything but sources, halos, negative traces and bad pixels.

    The image is flattened (smooth background and stripes), sources are segmented at three scales, grown by a fixed
    margin and by a part of their own size for their halos, and single pixels that stand out are clipped on both sides.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Rate or other image in any unit; NaN is allowed.
    err : ndarray of float, shape (ny, nx), optional
        1-sigma errors; only their relative size matters.
    dq : ndarray of int, shape (ny, nx), optional
        Data-quality flags.
    n_sigma : float
        A source ends where the smoothed image falls below this many sigma. Single pixels are clipped 2 sigma
        farther out, because a tight clip would pull the noise that is to be measured toward zero.
    dilation : int
        Pixels by which sources are grown.
    readout : `jwst_denoise.readout.Readout`, optional
        Direction of the stripes; without it both axes are destriped before detection.
    flags : int
        Data-quality bits of pixels that are never background.
    min_dark : float
        Least fraction of the usable pixels to call dark. Where the field is so crowded that fewer would remain,
        the limits are raised until they do, with a warning in the log.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` where the pixel is dark background.

    Raises
    ------
    ValueError
        If the image is not two-dimensional, another array has another shape, or a parameter is out of range.

    Notes
    -----
    Light that a mask leaves in is taken for noise. Mean of five simulated fields of 512 x 512 pixels with four
    outputs, 1/f noise of 0.8 of the white noise, 40 stars and 3 galaxies: flux that the ``gp`` fit takes from the
    sources, and its residual as a fraction of the correlated noise that was there, with a dilation of 2 where none is
    named:

    ==========================  =====  =====
    n_sigma 2                   0.6 %  0.578
    no margin for halos         1.7 %  0.565
    pixels clipped at n_sigma   0.7 %  0.604
    n_sigma 1.5                 0.5 %  0.606
    n_sigma 3                   0.7 %  0.565
    dilation 0                  1.2 %  0.572
    dilation 4 (default)        0.3 %  0.586
    ==========================  =====  =====
    """
    _check(image, err, dq, n_sigma, min_dark)
    good = usable(image, err, dq, flags)
    if not good.any():
        logger.warning("The image has no usable pixel; its background mask is empty")
        return good
    for limit, margin in _limits(n_sigma, dilation):
        dark = _dark(image, good, err, limit, margin, readout)
        if dark.sum() >= min_dark * good.sum():
            break
    if limit > n_sigma:
        message = "Crowded field: source limit raised from %g to %.3g sigma to keep %.1f %% of the pixels as background"
        logger.warning(message, n_sigma, limit, 100 * dark.mean())
    return dark


def _limits(n_sigma, dilation):
    yield n_sigma, dilation
    for power in range(1, 12):
        yield max(n_sigma, 1) * 2**power, 0


def _dark(image, good, err, n_sigma, dilation, readout):
    found, flat = find_sources(image, good, err, n_sigma=n_sigma, readout=readout)
    return clip(flat, good & ~grow(found, dilation), n_sigma + PIXEL_MARGIN)


def _check(image, err, dq, n_sigma, min_dark):
    if np.ndim(image) != 2:
        raise ValueError(f"an imaging mask needs one image of two dimensions, not an array of shape {np.shape(image)}")
    for name, array in (("err", err), ("dq", dq)):
        if array is not None and np.shape(array) != np.shape(image):
            raise ValueError(f"{name} has shape {np.shape(array)}, the image {np.shape(image)}")
    if not n_sigma > 0:
        raise ValueError(f"n_sigma is {n_sigma}; it must be positive")
    if not 0 <= min_dark < 1:
        raise ValueError(f"min_dark is {min_dark}; it must be a fraction from 0 to below 1")

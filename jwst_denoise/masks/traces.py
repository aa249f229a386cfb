"""Background mask from spectral traces in the image, for spectroscopy without a usable WCS."""

import numpy as np
from scipy import ndimage

from jwst_denoise.dq import NOT_BACKGROUND, usable
from jwst_denoise.masks.regions import region_mask
from jwst_denoise.masks.segment import segments
from jwst_denoise.statistics import masked_median, robust_sigma

WIDTH = 64  # pixels along the dispersion that are averaged into one sample of the cross-dispersion profile
REACH = 151  # rows from which the dark level of a profile is estimated
DARK_QUANTILE = 5  # percent of these rows that must be dark: the gaps between the slices of an IFU are narrow
_QUANTILE_OFFSET = 1.6449  # distance of the 5th percentile below the median of a normal sample, in sigma
_WITHIN_ONE_SIGMA = 0.6827
_SMOOTHED = (4 * np.pi) ** -0.25  # noise after Gaussian smoothing with a width of 1 sample
SEED = 3.0  # sigma above the threshold: a false trace masks many columns


def cross_dispersion_profiles(image, good, width=WIDTH):
    """
    Median of an image along the dispersion (rows) in pieces.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data in any unit.
    good : ndarray of bool, shape (ny, nx)
        Pixels to use.
    width : int
        Length of a piece in pixels.

    Returns
    -------
    profiles : ndarray of float, shape (ny, ceil(nx / width))
        Median of each piece, NaN where fewer than a quarter of its pixels are good.
    """
    pad = -image.shape[1] % width
    pieces = np.pad(np.where(good, image, np.nan), ((0, 0), (0, pad)), constant_values=np.nan)
    pieces = pieces.reshape(image.shape[0], -1, width)
    return masked_median(pieces, np.isfinite(pieces), lower=True, fewest=width // 4, empty=np.nan)


def dark_level(profiles, noise):
    """
    Dark level near every row.

    Where signal fills most rows the dark level is a low percentile; where negative traces of a nod lie among dark rows
    it is the median. A dark rate is near zero, so the estimate nearer to zero is used for the whole image.

    Parameters
    ----------
    profiles : ndarray of float, shape (ny, n)
        Cross-dispersion profiles.
    noise : float
        Their 1-sigma noise.

    Returns
    -------
    ndarray of float, shape (ny, n)
        The level.
    """
    reach = min(REACH, len(profiles))
    low = ndimage.percentile_filter(profiles, DARK_QUANTILE, size=(reach, 1), mode="nearest") + _QUANTILE_OFFSET * noise
    middle = ndimage.median_filter(profiles, size=(reach, 1), mode="nearest")
    level = min(low, middle, key=lambda candidate: abs(np.median(candidate)))
    return ndimage.uniform_filter1d(level, max(reach // 3, 1), axis=0, mode="nearest")


def profile_significance(profiles):
    """
    Profiles above their local dark level, in units of their noise.

    The noise is the larger of the row-to-row scatter and the scatter below the dark level, which slow drifts increase.

    Parameters
    ----------
    profiles : ndarray of float, shape (ny, n)
        Cross-dispersion profiles, NaN where undefined.

    Returns
    -------
    ndarray of float, shape (ny, n)
        Significance; 0 where undefined.
    """
    known = np.isfinite(profiles)
    center = np.median(profiles[known]) if known.any() else 0.0
    filled = np.where(known, profiles, center)
    steps = np.diff(filled, axis=0)[known[1:] & known[:-1]]
    noise = robust_sigma(steps, None, center=0) / np.sqrt(2)
    smooth = ndimage.gaussian_filter1d(filled - dark_level(filled, noise), 1.0, axis=0)
    below = -smooth[known & (smooth < 0)]
    smooth_noise = max(noise * _SMOOTHED, np.quantile(below, _WITHIN_ONE_SIGMA) if below.size else 0.0)
    return np.where(known, smooth / (smooth_noise or 1), 0.0)


def find_traces(image, good, n_sigma=2.0):
    """
    Find continuum traces along the rows.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Data in any unit.
    good : ndarray of bool, shape (ny, nx)
        Pixels to use.
    n_sigma : float
        A trace ends where the smoothed profile falls below this many sigma.

    Returns
    -------
    ndarray of bool, shape (ny, nx)
        `True` on traces.
    """
    significance = profile_significance(cross_dispersion_profiles(image, good))
    return segments(significance, n_sigma, SEED).repeat(WIDTH, axis=1)[:, : image.shape[1]]


def trace_mask(image, err=None, dq=None, *, n_sigma=2.0, dilation=2, readout=None, flags=NOT_BACKGROUND):
    """
    Find the dark background of a spectrum dispersed along the rows, as on the NIRSpec detectors.

    Continuum traces are found in profiles averaged over 64 columns, relative to the dark level of the neighboring rows;
    emission lines and other sources by the segmentation of `imaging_mask`. Signal that fills the slices of an IFU
    evenly and is fainter than about half the noise of a pixel is not detected: pass its regions to `region_mask`.

    Parameters
    ----------
    image : ndarray of float, shape (ny, nx)
        Rate or other image in any unit; NaN is allowed.
    err : ndarray of float, shape (ny, nx), optional
        1-sigma errors.
    dq : ndarray of int, shape (ny, nx), optional
        Data-quality flags.
    n_sigma : float
        A trace ends where the smoothed profile falls below this many sigma.
    dilation : int
        Pixels by which traces are grown.
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
        If the image is not two-dimensional.
    """
    if np.ndim(image) != 2:
        raise ValueError(f"a trace mask needs a two-dimensional image, not an array of shape {np.shape(image)}")
    traces = find_traces(np.asarray(image, float), usable(image, err, dq, flags), n_sigma)
    options = {"n_sigma": n_sigma, "dilation": dilation, "readout": readout, "flags": flags}
    return region_mask(image, err, dq, science=traces, **options)

r"""Protection of stars and emission lines in a mask of cosmic rays.

The point-spread function spreads the flux of a star: besides the flagged core there are wings in unflagged pixels. A
cosmic ray has none. Every local maximum among the flagged pixels is a candidate, and two explanations of the pixels
around it compete: a *star*, the filter's point-spread function at the best of many positions on a tilted plane, for the
flagged pixels that touch the maximum and all unflagged ones; a *cosmic ray*, the plane alone for the unflagged pixels,
while the flagged ones may have any value. With :math:`\chi^2_\star` and :math:`\chi^2_c` of the two, the candidate is
protected if

.. math:: (\chi^2_c - \chi^2_\star) / s > T,

that is, if the wings are there and the flagged pixels have the values that the wings predict. The errors include 10 %
of the signal for the limited knowledge of the point-spread function, and s, the smaller of the two reduced
:math:`\chi^2` but at least 1, allows for structure in a crowded or nebulous neighborhood.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from scipy.special import erf

from jwst_denoise.detectors.parameters import ipc_kernel
from jwst_denoise.simulate.psf import filters, point_spread_function
from jwst_denoise.simulate.response import couple
from jwst_denoise.statistics import masked_median, robust_sigma

__all__ = ["HALF", "Templates", "line_templates", "protect_sources", "star_templates"]

HALF = 3  # pixels from the middle of a stamp to its edge
POSITIONS = tuple((k - 3) / 7 for k in range(7))  # of the center within its pixel
IPC = ipc_kernel(0.005)
LINE_WIDTH = 0.95  # pixels rms: a resolution element of 2.2 pixels
SHEARS = (-0.4, -0.2, 0.0, 0.2, 0.4)  # pixels by which an extended line moves for each row
#: Extent along the slit (pixels rms), position in it and shear of the source of a line: from point sources to sky.
LINES = (
    *product((0.85,), POSITIONS, (0.0,)),
    *product((1.6,), (-1 / 3, 0.0, 1 / 3), (-0.2, 0.0, 0.2)),
    *product((4.0, 40.0), (0.0,), SHEARS),
)
ANY = (("NIRCAM_SW", "F070W"), ("NIRCAM_SW", "F200W"), ("NIRISS", "F090W"))  # for unknown optics
MOFFAT_WIDTHS = (2.5, 4.0)  # full widths at half maximum of wider stars
EVIDENCE = 8.0  # T
MISMATCH = 0.1  # of the signal in a pixel
FEW = 4  # flagged pixels of the inner 3 × 3 from which the shape counts too
CHI2 = 2.0  # largest reduced χ² of a star by its shape
GAIN = 50.0  # χ² that such a star must explain
EXPLAINED = 0.5  # of the excess in a flagged pixel that the star must explain to protect the pixel
N_SIGMA = 3.0
LARGEST_ERROR = 1e15  # larger ones mark missing values, and their squares would overflow
BATCH = 4096
OFFSETS = np.mgrid[-HALF : HALF + 1, -HALF : HALF + 1].reshape(2, -1)
MIDDLE = len(OFFSETS[0]) // 2
INNER = np.abs(OFFSETS).max(axis=0) <= 1


@dataclass(frozen=True, eq=False)
class Templates:
    """Shapes of sources in stamps of (2 `HALF` + 1)² pixels, and of their background.

    Parameters
    ----------
    shapes : ndarray
        (pixels, shapes) float32: fraction of the flux in each pixel.
    background : ndarray
        (pixels, terms) float32: terms of the background under a source.
    """

    shapes: np.ndarray
    background: np.ndarray


@cache
def star_templates(channel=None, filter_name=None):
    """Stars at all positions within a pixel, on a tilted plane.

    Parameters
    ----------
    channel : str, optional
        As for `jwst_denoise.simulate.point_spread_function`; None for a few sharp and wide profiles that represent any
        telescope.
    filter_name : str, optional
        The nearest shipped filter is used; by default the bluest, the reddest and one between represent all.

    Returns
    -------
    Templates

    Raises
    ------
    ValueError
        If the channel is not known.

    Examples
    --------
    >>> star_templates("NIRCAM_SW", "F070W").shapes.shape
    (49, 49)
    """
    centers = list(product(POSITIONS, POSITIONS))
    stamps = [
        point_spread_function(owner, name).stamp(*center)
        for owner, name in _chosen(channel, filter_name)
        for center in centers
    ]
    if channel is None:
        stamps += [_moffat(width, *center) for width in MOFFAT_WIDTHS for center in centers]
    return Templates(_matrix(stamps), _plane())


@cache
def line_templates(dispersion_axis=1):
    """Lines of a spectrum, of several extents along the slit, on a continuum that is constant along each row.

    Parameters
    ----------
    dispersion_axis : {1, 2}
        1 along x, 2 along y, as the keyword DISPAXIS.

    Returns
    -------
    Templates
    """
    size = 2 * HALF + 1
    stamps = [_line(*shape, dx) for shape in LINES for dx in POSITIONS]
    rows = np.repeat(np.eye(size), size, axis=0)
    if dispersion_axis == 2:
        stamps, rows = [stamp.T for stamp in stamps], rows.reshape(size, size, size).swapaxes(0, 1).reshape(-1, size)
    return Templates(_matrix(stamps), rows.astype(np.float32))


def _chosen(channel, filter_name):
    """(channel, filter) of the point-spread functions that represent a filter, or all of a channel."""
    if channel is None:
        return ANY
    if filter_name is not None:
        return ((channel, filter_name),)
    ordered = sorted(filters(channel), key=filters(channel).get) or [None]
    return tuple((channel, ordered[k]) for k in sorted({0, len(ordered) // 2, len(ordered) - 1}))


def _matrix(stamps):
    """Middle of the stamps as columns, with inter-pixel capacitance."""
    columns = []
    for stamp in stamps:
        part = slice(len(stamp) // 2 - HALF, len(stamp) // 2 + HALF + 1)
        columns.append(couple(np.asarray(stamp, float), IPC)[part, part].ravel())
    return np.stack(columns, axis=1).astype(np.float32)


def _plane():
    y, x = np.mgrid[-HALF : HALF + 1, -HALF : HALF + 1].reshape(2, -1)
    return np.stack([np.ones(len(x)), y, x], axis=1).astype(np.float32)


def _gaussian(width, center):
    """Integrals over the pixels of a stamp, sum about 1."""
    edges = (np.arange(-HALF - 0.5, HALF + 1) - center) / (np.sqrt(2) * width)
    return 0.5 * np.diff(erf(edges))


def _line(height, dy, shear, dx):
    """One line in a stamp."""
    across = np.stack([_gaussian(LINE_WIDTH, dx + shear * row) for row in range(-HALF, HALF + 1)])
    return _gaussian(height, dy)[:, None] * across


def _moffat(width, dy, dx, samples=5):
    """Moffat profile with β = 2, averaged over each pixel of a stamp; its wings are a telescope's."""
    fine = (np.arange((2 * HALF + 3) * samples) + 0.5) / samples - HALF - 1.5
    radius2 = (fine[:, None] - dy) ** 2 + (fine[None, :] - dx) ** 2
    core2 = (width / 2) ** 2 / (np.sqrt(2) - 1)
    size = 2 * HALF + 3
    profile = (1 + radius2 / core2) ** -2 / (np.pi * core2)
    return profile.reshape(size, samples, size, samples).mean(axis=(1, 3))


def protect_sources(image, flagged, err=None, bad=None, templates=None, evidence=EVIDENCE):
    """Remove the cores of stars, or lines, from a mask of cosmic rays.

    Parameters
    ----------
    image : ndarray
        (ny, nx), any unit; NaN where the value is missing.
    flagged : ndarray of bool
        (ny, nx), True where a cosmic ray is suspected.
    err : ndarray or float, optional
        1-sigma noise in the unit of the image; by default measured.
    bad : ndarray of bool, optional
        Pixels that are not to be used.
    templates : Templates, optional
        `star_templates` of the filter, or `line_templates`; by default stars of any instrument.
    evidence : float, optional
        T above; a larger value protects fewer sources.

    Returns
    -------
    ndarray of bool
        (ny, nx), a new mask: ``flagged`` without the protected pixels.
    """
    templates = templates or star_templates()
    usable = np.isfinite(image) if bad is None else np.isfinite(image) & ~bad
    variance = _variance(image, err, usable)
    usable &= (variance > 0) & np.isfinite(variance)
    margins = [(HALF, HALF)] * 2
    planes = [np.pad(np.where(usable, image, 0).astype(np.float32), margins)]
    planes.append(np.pad(np.where(usable, variance, 0).astype(np.float32), margins))
    marked = np.pad(flagged & usable, margins)
    result, width = np.pad(flagged, margins), marked.shape[1]
    around = OFFSETS[0] * width + OFFSETS[1]
    for center in np.array_split(*_batches(_maxima(planes[0], marked))):
        pixel = center[:, None] + around
        protected = _protect_candidates(*(plane.ravel()[pixel] for plane in (*planes, marked)), templates, evidence)
        result.ravel()[pixel[protected]] = False
    return result[HALF:-HALF, HALF:-HALF]


def _variance(image, err, usable):
    """Variance of every pixel, float32 (ny, nx)."""
    if err is None:
        steps = np.diff(image, axis=1)[usable[:, 1:] & usable[:, :-1]]
        err = robust_sigma(steps) / np.sqrt(2)
    return np.broadcast_to(np.minimum(err, LARGEST_ERROR).astype(np.float32) ** 2, image.shape)


def _batches(candidates):
    return candidates, max(1, -(-len(candidates) // BATCH))


def _maxima(image, marked):
    """Flat indices of the marked pixels that no marked neighbor exceeds."""
    pixels, values = np.flatnonzero(marked), image.ravel()
    flat, width = marked.ravel(), marked.shape[1]
    highest = np.ones(len(pixels), bool)
    for dy, dx in OFFSETS.T[INNER]:
        beside = pixels + dy * width + dx
        highest &= ~flat[beside] | (values[beside] <= values[pixels])
    return pixels[highest]


def _protect_candidates(values, variance, marked, templates, evidence):
    """Pixels of each stamp, (n, pixels), that belong to a star."""
    known = variance > 0
    open_ = known & ~marked
    values = values - masked_median(values, open_, lower=True)[:, None]
    weight = np.where(known, 1 / np.where(known, variance + (MISMATCH * values) ** 2, 1), 0)
    protected = _protected_pixels(values, variance, marked, _fit_wings(values, weight, open_, templates, evidence))
    rest = np.flatnonzero(~protected[:, MIDDLE] & (np.count_nonzero(marked[:, INNER], axis=1) >= FEW))
    by_shape = _fit_shape(values[rest], weight[rest], templates)
    protected[rest] = _protected_pixels(values[rest], variance[rest], marked[rest], by_shape)
    return protected


def _fit_wings(values, weight, open_, templates, evidence):
    """Whether each candidate is a star according to the unflagged pixels, its flux in each pixel, the plane."""
    ray, ray_dof, _ = _chi2(values, np.where(open_, weight, 0), templates.background)
    fitted = np.where(open_ | INNER, weight, 0)
    star, flux, plane = _best(values, fitted, templates)
    scale = np.maximum(1, np.minimum(ray / np.maximum(ray_dof, 1), star / _freedom(fitted, templates)))
    return (ray - star > evidence * scale) & (ray_dof > 0), flux, plane


def _fit_shape(values, weight, templates):
    """As `_fit_wings`, with all pixels, flagged or not: a bright star may be flagged as a whole."""
    star, flux, plane = _best(values, weight, templates)
    gain = np.einsum("np,np,np->n", weight, flux, flux)
    return (star < CHI2 * _freedom(weight, templates)) & (gain > GAIN), flux, plane


def _freedom(weight, templates):
    return np.maximum(np.count_nonzero(weight, axis=1) - templates.background.shape[1] - 3, 1)


def _protected_pixels(values, variance, marked, fit):
    """Marked pixels of each stamp whose signal is that of the star, (n, pixels)."""
    is_star, flux, plane = fit
    excess = values - plane
    tolerance = N_SIGMA * np.sqrt(variance + (MISMATCH * flux) ** 2)
    explained = (flux > EXPLAINED * excess) & (excess < flux + tolerance)
    explained[:, MIDDLE] = True
    return (is_star & (flux.max(axis=1) > 0))[:, None] & marked & explained


def _chi2(values, weight, background):
    """χ² of the background alone, its degrees of freedom, and the inverse of its normal matrix."""
    normal = (weight @ _products(background)).reshape(-1, background.shape[1], background.shape[1])
    inverse = np.linalg.inv(normal + _ridge(normal))
    projected = (weight * values) @ background
    solution = np.matmul(inverse, projected[:, :, None])[:, :, 0]
    chi2 = np.einsum("np,np,np->n", weight, values, values) - np.einsum("nj,nj->n", projected, solution)
    return chi2, np.count_nonzero(weight, axis=1) - background.shape[1], (inverse, solution)


def _best(values, weight, templates):
    """χ² of the best template on the background, its flux in each pixel, and the background there."""
    shapes, background = templates.shapes, templates.background
    alone, _, (inverse, solution) = _chi2(values, weight, background)
    overlap = np.stack([weight @ (column[:, None] * shapes) for column in background.T], axis=1)
    shadow = np.matmul(inverse, overlap)
    norm = weight @ shapes**2 - np.einsum("njk,njk->nk", overlap, shadow)
    signal = (weight * values) @ shapes - np.einsum("nj,njk->nk", solution, overlap)
    amplitude = np.where(norm > 1e-4 * (weight @ shapes**2), signal / np.maximum(norm, 1e-30), 0)
    gain = np.where(amplitude > 0, amplitude * signal, 0)
    best, row = gain.argmax(axis=1), np.arange(len(values))
    amplitude = np.where(gain[row, best] > 0, amplitude[row, best], 0)[:, None]
    plane = (solution - amplitude * shadow[row, :, best]) @ background.T
    return alone - gain[row, best], amplitude * shapes[:, best].T, plane


def _products(background):
    """Products of every two terms of the background in each pixel, (pixels, terms²)."""
    return (background[:, :, None] * background[:, None, :]).reshape(len(background), -1)


def _ridge(normal):
    """A small multiple of the identity: terms without data, such as a row that is all flagged, stay 0."""
    terms = normal.shape[-1]
    trace = np.trace(normal, axis1=1, axis2=2)[:, None, None]
    return (1e-5 / terms * trace + 1e-30) * np.eye(terms, dtype=np.float32)

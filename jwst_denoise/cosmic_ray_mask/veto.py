r"""Stars and emission lines among the pixels that were taken for cosmic rays.

Light that comes through the telescope is spread: where a star's core is, its wings are too, in pixels that nobody
flagged. A cosmic ray has none. Every local maximum among the flagged pixels is a candidate, and two explanations of the
pixels around it compete: a *star*, the filter's point-spread function at the best of many positions on a tilted plane,
for the flagged pixels that touch the maximum and all unflagged ones; a *cosmic ray*, the plane alone for the unflagged
pixels, while the flagged ones may be anything. With :math:`\chi^2_\star` and :math:`\chi^2_c` of the two, the candidate
is spared if

.. math:: (\chi^2_c - \chi^2_\star) / s > T,

that is, if the wings are there and the flagged pixels are what these wings ask for. The errors hold 10 % of the signal
for a point-spread function that is not known better, and s, the smaller of the two reduced :math:`\chi^2` but at
least 1, the structure of a crowded or nebulous neighborhood.
"""

import numpy as np

from jwst_denoise.cosmic_ray_mask.templates import HALF, stars
from jwst_denoise.statistics import masked_median, robust_sigma

__all__ = ["protect_sources"]

EVIDENCE = 8.0  # T
MISMATCH = 0.1  # of the signal in a pixel
FEW = 4  # flagged pixels of the inner 3 × 3 above which the shape counts too
CHI2 = 2.0
GAIN = 50.0
SHARE = 0.5  # of the excess in a flagged pixel that the star must explain to have it spared too
N_SIGMA = 3.0
LARGEST_ERROR = 1e15  # larger ones mean no datum, and their squares would overflow
BATCH = 4096
OFFSETS = np.mgrid[-HALF : HALF + 1, -HALF : HALF + 1].reshape(2, -1)
MIDDLE = len(OFFSETS[0]) // 2
NEAR = np.abs(OFFSETS).max(axis=0) <= 1


def protect_sources(image, flagged, err=None, bad=None, templates=None, evidence=EVIDENCE):
    """Take the cores of stars, or lines, out of a mask of cosmic rays.

    Parameters
    ----------
    image : ndarray
        (ny, nx), any units; NaN where there is no datum.
    flagged : ndarray of bool
        (ny, nx), True where a cosmic ray is supposed.
    err : ndarray or float, optional
        1-sigma noise in the unit of the image; by default measured in the image.
    bad : ndarray of bool, optional
        Pixels that are not to be used.
    templates : Templates, optional
        What to spare: `stars` of the filter, or `lines`; by default stars of any instrument.
    evidence : float, optional
        T above: the larger, the less is spared.

    Returns
    -------
    ndarray of bool
        (ny, nx), a new mask: ``flagged`` without what is spared.
    """
    templates = templates or stars()
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
        spared = _candidates(*(plane.ravel()[pixel] for plane in (*planes, marked)), templates, evidence)
        result.ravel()[pixel[spared]] = False
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
    for dy, dx in OFFSETS.T[NEAR]:
        beside = pixels + dy * width + dx
        highest &= ~flat[beside] | (values[beside] <= values[pixels])
    return pixels[highest]


def _candidates(values, variance, marked, templates, evidence):
    """Which pixels of each stamp, (n, pixels), are a star's and to be spared."""
    known = variance > 0
    open_ = known & ~marked
    values = values - masked_median(values, open_, lower=True)[:, None]
    weight = np.where(known, 1 / np.where(known, variance + (MISMATCH * values) ** 2, 1), 0)
    spared = _spared(values, variance, marked, _by_wings(values, weight, open_, templates, evidence))
    rest = np.flatnonzero(~spared[:, MIDDLE] & (np.count_nonzero(marked[:, NEAR], axis=1) >= FEW))
    some = values[rest], weight[rest]
    spared[rest] = _spared(some[0], variance[rest], marked[rest], _by_shape(*some, templates))
    return spared


def _by_wings(values, weight, open_, templates, evidence):
    """Whether each candidate is a star by the light in unflagged pixels, its flux in each pixel, the plane."""
    ray, ray_dof, _ = _chi2(values, np.where(open_, weight, 0), templates.background)
    fitted = np.where(open_ | NEAR, weight, 0)
    star, flux, plane = _best(values, fitted, templates)
    scale = np.maximum(1, np.minimum(ray / np.maximum(ray_dof, 1), star / _freedom(fitted, templates)))
    return (ray - star > evidence * scale) & (ray_dof > 0), flux, plane


def _by_shape(values, weight, templates):
    """As `_by_wings`, by all pixels, flagged or not: a bright star that is flagged as a whole is still like one."""
    star, flux, plane = _best(values, weight, templates)
    gain = np.einsum("np,np,np->n", weight, flux, flux)
    return (star < CHI2 * _freedom(weight, templates)) & (gain > GAIN), flux, plane


def _freedom(weight, templates):
    return np.maximum(np.count_nonzero(weight, axis=1) - templates.background.shape[1] - 3, 1)


def _spared(values, variance, marked, found):
    """Marked pixels of each stamp whose light is the star's, (n, pixels)."""
    is_star, flux, plane = found
    excess = values - plane
    tolerance = N_SIGMA * np.sqrt(variance + (MISMATCH * flux) ** 2)
    explained = (flux > SHARE * excess) & (excess < flux + tolerance)
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
    light, background = templates.light, templates.background
    alone, _, (inverse, solution) = _chi2(values, weight, background)
    overlap = np.stack([weight @ (column[:, None] * light) for column in background.T], axis=1)
    shadow = np.matmul(inverse, overlap)
    norm = weight @ light**2 - np.einsum("njk,njk->nk", overlap, shadow)
    signal = (weight * values) @ light - np.einsum("nj,njk->nk", solution, overlap)
    amplitude = np.where(norm > 1e-4 * (weight @ light**2), signal / np.maximum(norm, 1e-30), 0)
    gain = np.where(amplitude > 0, amplitude * signal, 0)
    best, row = gain.argmax(axis=1), np.arange(len(values))
    amplitude = np.where(gain[row, best] > 0, amplitude[row, best], 0)[:, None]
    plane = (solution - amplitude * shadow[row, :, best]) @ background.T
    return alone - gain[row, best], amplitude * light[:, best].T, plane


def _products(background):
    """Products of every two terms of the background in each pixel, (pixels, terms²)."""
    return (background[:, :, None] * background[:, None, :]).reshape(len(background), -1)


def _ridge(normal):
    """A trace of the identity: terms without a datum, such as a row that is all flagged, stay 0."""
    terms = normal.shape[-1]
    trace = np.trace(normal, axis1=1, axis2=2)[:, None, None]
    return (1e-5 / terms * trace + 1e-30) * np.eye(terms, dtype=np.float32)

"""Images of point sources."""

import numpy as np
from scipy.signal import oaconvolve

__all__ = ["crowd", "luminosities", "point_sources"]

PHASES = 4  # sub-pixel positions along each axis to which faint stars of a crowd are rounded


def point_sources(shape, x, y, flux, psf):
    """Image of point sources.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    x, y : ndarray
        Positions in pixels; the center of the first pixel is (0, 0).
    flux : ndarray
        Total e- / s of each source.
    psf : PSF
        Point-spread function.

    Returns
    -------
    ndarray
        (ny, nx) float32 e- / s.
    """
    reach = psf.reach
    image = np.zeros((shape[0] + 2 * reach, shape[1] + 2 * reach), dtype=np.float32)
    rows, columns = np.rint(y).astype(int), np.rint(x).astype(int)
    inside = (rows >= -reach) & (rows < shape[0] + reach) & (columns >= -reach) & (columns < shape[1] + reach)
    padded = np.pad(image, reach)
    for i in np.flatnonzero(inside):
        row, column = rows[i] + reach, columns[i] + reach
        box = padded[row : row + 2 * reach + 1, column : column + 2 * reach + 1]
        box += np.float32(flux[i]) * psf.stamp(y[i] - rows[i], x[i] - columns[i])
    edge = 2 * reach
    return padded[edge : edge + shape[0], edge : edge + shape[1]].copy()


def crowd(shape, x, y, flux, psf):
    """Image of very many faint point sources, as `point_sources`, at positions rounded to a quarter of a pixel."""
    reach = psf.reach
    padded = tuple(n + 2 * reach for n in shape)
    column, row = (np.floor((p + reach + 0.5) * PHASES).astype(int) for p in (x, y))
    inside = (row >= 0) & (row < padded[0] * PHASES) & (column >= 0) & (column < padded[1] * PHASES)
    index = row[inside] * padded[1] * PHASES + column[inside]
    fine = np.bincount(index, flux[inside], padded[0] * padded[1] * PHASES**2)
    fine = fine.reshape(padded[0], PHASES, padded[1], PHASES).astype(np.float32)
    image = np.zeros(shape, dtype=np.float32)
    for dy in range(PHASES):
        for dx in range(PHASES):
            stamp = psf.stamp(*((d + 0.5) / PHASES - 0.5 for d in (dy, dx))).astype(np.float32)
            image += oaconvolve(fine[:, dy, :, dx], stamp, mode="valid")
    return np.maximum(image, 0)


def luminosities(number, faintest, brightest, slope, rng):
    """Fluxes with N(> f) ∝ f^-slope between two limits, (number,)."""
    low, high = faintest**-slope, brightest**-slope
    return (low + rng.uniform(size=number) * (high - low)) ** (-1 / slope)

"""Images of point sources."""

import numpy as np

__all__ = ["luminosities", "point_sources"]


def point_sources(shape, x, y, flux, psf):
    """Image of point sources.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    x, y : ndarray
        Positions in pixels; the centre of the first pixel is (0, 0).
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


def luminosities(number, faintest, brightest, slope, rng):
    """Fluxes with N(> f) ∝ f^-slope between two limits, (number,)."""
    low, high = faintest**-slope, brightest**-slope
    return (low + rng.uniform(size=number) * (high - low)) ** (-1 / slope)

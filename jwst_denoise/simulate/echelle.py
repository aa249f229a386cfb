"""Echelle frames for an H4RG with 32 outputs, as the recurrent denoiser sees them."""

import numpy as np

__all__ = ["echelle"]


def echelle(shape=(4096, 4096), rng=None, *, peak=0.054, orders=28, source="star", width=1.6):
    """Scene of a cross-dispersed spectrograph: curved orders with blaze functions and lines.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx). Orders run along x; a smaller image has fewer orders at the same distance.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    peak : float, optional
        Largest rate in e- / s a pixel. 0.054 is 0.3 e- in each read of 5.6 s, and 30 e- after 100 reads.
    orders : int, optional
        Orders on 4096 rows.
    source : {"star", "fabry_perot"}
        Continuum with absorption lines, or a comb of emission lines.
    width : float, optional
        Rms width of an order across, pixels.

    Returns
    -------
    ndarray
        (ny, nx) float32 e- / s.

    Raises
    ------
    ValueError
        If the source is not known.
    """
    if source not in ("star", "fabry_perot"):
        raise ValueError(f"source={source!r} must be 'star' or 'fabry_perot'")
    rng = rng or np.random.default_rng()
    ny, nx = shape
    x = np.arange(nx)
    u = 2 * x / max(nx - 1, 1) - 1
    spacing = 4096 / orders
    image = np.zeros(shape, dtype=np.float32)
    for number in range(-1, int(ny / spacing) + 1):
        middle = (number + 0.5) * spacing + 40.0 * u**2 * nx / 4096 + 12.0 * u
        level = rng.uniform(0.5, 1.0) * np.sinc(0.8 * (u - rng.normal(0, 0.05))) ** 2
        level = level * (_comb(x, rng) if source == "fabry_perot" else _absorption(x, rng))
        row = np.rint(middle).astype(int) + np.arange(-8, 9)[:, None]
        light = level * np.exp(-0.5 * ((row - middle) / width) ** 2)
        inside = (row >= 0) & (row < ny)
        image[row[inside], np.broadcast_to(x, row.shape)[inside]] += light[inside]
    return image * np.float32(peak / max(image.max(), 1e-30))


def _absorption(x, rng):
    transmission = np.ones(len(x))
    for _ in range(rng.poisson(len(x) / 40)):
        depth, width = rng.uniform(0.05, 0.7), rng.uniform(1.2, 4.0)
        transmission *= 1 - depth * np.exp(-0.5 * ((x - rng.uniform(0, len(x))) / width) ** 2)
    return transmission


def _comb(x, rng):
    phase = (x - rng.uniform(0, 12)) % 12 - 6
    return 0.02 + np.exp(-0.5 * (phase / 1.3) ** 2)

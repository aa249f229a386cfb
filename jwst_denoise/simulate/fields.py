"""Images of the sky: point sources, galaxies, and scenes made of them."""

import numpy as np
from scipy.fft import irfft2, rfft2
from scipy.signal import oaconvolve
from scipy.special import gamma, gammaincinv

from jwst_denoise.readout import FULL_FRAME

__all__ = [
    "add_sersic", "cluster", "crowd", "draw_fluxes", "field", "nebula", "point_sources", "resolved",
    "sersic_profile",
]  # fmt: skip

AREA = FULL_FRAME**2  # pixels to which the numbers of sources refer
FAINT = 5.0  # e- / s below which a star of a crowd is placed to a quarter of a pixel
PHASES = 4  # sub-pixel positions along each axis to which faint stars of a crowd are rounded
CORE, SUBPIXELS = 6, 5  # pixels from the center of a galaxy that are sampled more finely, and the samples in each


def field(shape, psf, rng, *, sky=0.15, galaxies=2500, stars=80, brightness=1.0):
    """Deep extragalactic field: galaxies, a few stars, zodiacal light.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    psf : PSF
        Point-spread function.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    sky : float, optional
        Background in e- / s a pixel.
    galaxies, stars : float, optional
        Mean numbers on 2048² pixels.
    brightness : float, optional
        Factor on all fluxes but the sky's.

    Returns
    -------
    ndarray
        (ny, nx) float32 e- / s.
    """
    frames = shape[0] * shape[1] / AREA
    image = np.zeros(shape, dtype=np.float32)
    for flux in draw_fluxes(rng.poisson(galaxies * frames), 1.0, 5000.0, 0.7, rng):
        size = 2.2 * flux**0.22 * rng.lognormal(0, 0.35)
        index = np.clip(rng.lognormal(0.2, 0.5), 0.5, 4.5)
        add_sersic(image, *_position(shape, rng), flux, size, index, rng.uniform(0.25, 1), rng.uniform(0, np.pi))
    image = _blur(image, psf)
    image += _stars(shape, psf, rng.poisson(stars * frames), 5.0, 5000.0, 0.5, rng)
    return (sky + brightness * image).astype(np.float32)


def cluster(shape, psf, rng, *, sky=0.2, stars=40000, brightness=1.0, core=0.12):
    """Crowded star cluster: a King-like profile of stars with a steep luminosity function; see `field`.

    ``core`` is the core radius as a fraction of the image's edge.
    """
    number = rng.poisson(stars * shape[0] * shape[1] / AREA)
    radius = core * np.sqrt(np.expm1(rng.uniform(0, np.log1p((0.75 / core) ** 2), number)))
    angle = rng.uniform(0, 2 * np.pi, number)
    x = (0.5 + radius * np.cos(angle)) * shape[1]
    y = (0.5 + radius * np.sin(angle)) * shape[0]
    flux = draw_fluxes(number, 3.0, 30000.0, 0.6, rng)
    return sky + np.float32(brightness) * point_sources(shape, x, y, flux, psf)


def resolved(shape, psf, rng, *, sky=0.2, stars=600000, brightness=1.0, scale=0.35):
    """Nearby galaxy resolved into stars: an exponential disk of a few bright and very many faint ones; see `field`.

    ``scale`` is the scale length of the disk as a fraction of the image's edge.
    """
    number = rng.poisson(stars * shape[0] * shape[1] / AREA)
    radius, angle = scale * rng.gamma(2.0, 1.0, number), rng.uniform(0, 2 * np.pi, number)
    tilt, axis_ratio = rng.uniform(0, np.pi), rng.uniform(0.4, 1.0)
    along, across = radius * np.cos(angle), axis_ratio * radius * np.sin(angle)
    x = (0.5 + along * np.cos(tilt) - across * np.sin(tilt)) * shape[1]
    y = (0.5 + along * np.sin(tilt) + across * np.cos(tilt)) * shape[0]
    flux = draw_fluxes(number, 0.05, 3000.0, 0.8, rng)
    bright = flux > FAINT
    image = crowd(shape, x[~bright], y[~bright], flux[~bright], psf)
    image += point_sources(shape, x[bright], y[bright], flux[bright], psf)
    return (sky + brightness * image).astype(np.float32)


def nebula(shape, psf, rng, *, sky=0.2, stars=300, brightness=1.0, level=3.0):
    """Extended emission on all scales (a log-normal field with a steep power spectrum) with stars; see `field`."""
    structure = _structure(shape, rng)
    image = level * np.exp(0.8 * structure - 0.32)
    number = rng.poisson(stars * shape[0] * shape[1] / AREA)
    return (sky + brightness * (image + _stars(shape, psf, number, 5.0, 5000.0, 0.6, rng))).astype(np.float32)


def _structure(shape, rng, slope=3.0):
    """Gaussian field with a power spectrum ∝ k^-slope, mean 0 and rms 1, (ny, nx) float32."""
    ky, kx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    k = np.hypot(ky, kx)
    k[0, 0] = np.inf
    modes = rfft2(rng.standard_normal(shape, dtype=np.float32)) * (k ** (-slope / 2)).astype(np.float32)
    field = irfft2(modes, shape)
    return field / field.std()


def _position(shape, rng):
    return rng.uniform(-20, shape[1] + 20), rng.uniform(-20, shape[0] + 20)


def _stars(shape, psf, number, faintest, brightest, slope, rng):
    x, y = rng.uniform(-10, shape[1] + 10, number), rng.uniform(-10, shape[0] + 10, number)
    return point_sources(shape, x, y, draw_fluxes(number, faintest, brightest, slope, rng), psf)


def _blur(image, psf):
    return np.maximum(oaconvolve(image, psf.stamp(0.0, 0.0).astype(np.float32), mode="same"), 0)


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


def draw_fluxes(number, faintest, brightest, slope, rng):
    """Fluxes with N(> f) ∝ f^-slope between two limits, shape (number,)."""
    low, high = faintest**-slope, brightest**-slope
    return (low + rng.uniform(size=number) * (high - low)) ** (-1 / slope)


def sersic_profile(radius, flux, effective_radius, index, axis_ratio=1.0):
    """Surface brightness of a Sérsic profile with a total ``flux``, at an elliptical radius.

    Sérsic (1963); total flux and the exact b_n after Graham & Driver (2005, PASA 22, 118), equations 1, 2 and 4.
    """
    b = gammaincinv(2 * index, 0.5)
    total = 2 * np.pi * index * effective_radius**2 * np.exp(b) * b ** (-2 * index) * gamma(2 * index) * axis_ratio
    return flux / total * np.exp(-b * ((radius / effective_radius) ** (1 / index) - 1))


def add_sersic(image, x, y, flux, effective_radius, index, axis_ratio, angle, extent=10.0):
    """Add a galaxy to an image, in place.

    Parameters
    ----------
    image : ndarray
        (ny, nx) e- / s.
    x, y : float
        Center in pixels.
    flux : float
        Total e- / s.
    effective_radius : float
        Semi-major axis that encloses half the flux, pixels.
    index, axis_ratio, angle : float
        Sérsic index, minor over major axis, direction of the major axis in radians from x to y.
    extent : float, optional
        Drawn out to this many ``effective_radius``.
    """
    shape = (effective_radius, axis_ratio, angle)
    box = _sersic_box(image.shape, x, y, max(extent * effective_radius, CORE + 1))
    yy, xx = np.mgrid[box]
    image[box] += sersic_profile(_elliptical_radius(xx - x, yy - y, *shape), flux, effective_radius, index, axis_ratio)
    core = _sersic_box(image.shape, x, y, CORE)
    offset = (np.arange(SUBPIXELS) + 0.5) / SUBPIXELS - 0.5
    yy, xx = np.mgrid[core]
    fine_x, fine_y = np.broadcast_arrays(
        xx[..., None, None] + offset[None, :] - x, yy[..., None, None] + offset[:, None] - y
    )
    fine = sersic_profile(_elliptical_radius(fine_x, fine_y, *shape), flux, effective_radius, index, axis_ratio)
    image[core] += fine.mean(axis=(-1, -2)) - sersic_profile(
        _elliptical_radius(xx - x, yy - y, *shape), flux, effective_radius, index, axis_ratio
    )


def _elliptical_radius(dx, dy, effective_radius, axis_ratio, angle):
    along = dx * np.cos(angle) + dy * np.sin(angle)
    across = (dy * np.cos(angle) - dx * np.sin(angle)) / axis_ratio
    return np.hypot(along, across)


def _sersic_box(shape, x, y, reach):
    ranges = ((y, shape[0]), (x, shape[1]))
    return tuple(slice(*np.clip((int(c - reach), int(c + reach) + 2), 0, n)) for c, n in ranges)

"""Scenes on the sky: a deep field, a star cluster, a resolved galaxy, an extended nebula."""

import numpy as np
from scipy.fft import irfft2, rfft2
from scipy.signal import oaconvolve

from jwst_denoise.simulate.point_sources import crowd, luminosities, point_sources
from jwst_denoise.simulate.sersic import add_sersic

__all__ = ["cluster", "field", "nebula", "resolved"]

AREA = 2048**2
FAINT = 5.0  # e- / s below which a star of a crowd is placed to a quarter of a pixel


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
    share = shape[0] * shape[1] / AREA
    image = np.zeros(shape, dtype=np.float32)
    for flux in luminosities(rng.poisson(galaxies * share), 1.0, 5000.0, 0.7, rng):
        size = 2.2 * flux**0.22 * rng.lognormal(0, 0.35)
        index = np.clip(rng.lognormal(0.2, 0.5), 0.5, 4.5)
        add_sersic(image, *_position(shape, rng), flux, size, index, rng.uniform(0.25, 1), rng.uniform(0, np.pi))
    image = _blur(image, psf)
    image += _stars(shape, psf, rng.poisson(stars * share), 5.0, 5000.0, 0.5, rng)
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
    flux = luminosities(number, 3.0, 30000.0, 0.6, rng)
    return sky + np.float32(brightness) * point_sources(shape, x, y, flux, psf)


def resolved(shape, psf, rng, *, sky=0.2, stars=600000, brightness=1.0, scale=0.35):
    """Nearby galaxy resolved into stars: an exponential disc of a few bright and very many faint ones; see `field`.

    ``scale`` is the scale length of the disc as a fraction of the image's edge.
    """
    number = rng.poisson(stars * shape[0] * shape[1] / AREA)
    radius, angle = scale * rng.gamma(2.0, 1.0, number), rng.uniform(0, 2 * np.pi, number)
    tilt, axis_ratio = rng.uniform(0, np.pi), rng.uniform(0.4, 1.0)
    along, across = radius * np.cos(angle), axis_ratio * radius * np.sin(angle)
    x = (0.5 + along * np.cos(tilt) - across * np.sin(tilt)) * shape[1]
    y = (0.5 + along * np.sin(tilt) + across * np.cos(tilt)) * shape[0]
    flux = luminosities(number, 0.05, 3000.0, 0.8, rng)
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
    return point_sources(shape, x, y, luminosities(number, faintest, brightest, slope, rng), psf)


def _blur(image, psf):
    return np.maximum(oaconvolve(image, psf.stamp(0.0, 0.0).astype(np.float32), mode="same"), 0)

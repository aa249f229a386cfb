"""Galaxies with Sérsic profiles."""

import numpy as np
from scipy.special import gamma, gammaincinv

__all__ = ["add_sersic", "sersic_profile"]

CORE, SUBPIXELS = 6, 5


def sersic_profile(radius, flux, half_light, index, axis_ratio=1.0):
    """Surface brightness of a Sérsic profile with a total ``flux``, at an elliptical radius.

    Sérsic (1963); total light and the exact b_n after Graham & Driver (2005, PASA 22, 118), equations 1, 2 and 4.
    """
    b = gammaincinv(2 * index, 0.5)
    total = 2 * np.pi * index * half_light**2 * np.exp(b) * b ** (-2 * index) * gamma(2 * index) * axis_ratio
    return flux / total * np.exp(-b * ((radius / half_light) ** (1 / index) - 1))


def add_sersic(image, x, y, flux, half_light, index, axis_ratio, angle, extent=10.0):
    """Add a galaxy to an image, in place.

    Parameters
    ----------
    image : ndarray
        (ny, nx) e- / s.
    x, y : float
        Center in pixels.
    flux : float
        Total e- / s.
    half_light : float
        Semi-major axis that holds half the light, pixels.
    index, axis_ratio, angle : float
        Sérsic index, minor over major axis, direction of the major axis in radians from x to y.
    extent : float, optional
        Drawn out to this many ``half_light``.
    """
    shape = (half_light, axis_ratio, angle)
    box = _box(image.shape, x, y, max(extent * half_light, CORE + 1))
    yy, xx = np.mgrid[box]
    image[box] += sersic_profile(_radius(xx - x, yy - y, *shape), flux, half_light, index, axis_ratio)
    core = _box(image.shape, x, y, CORE)
    offset = (np.arange(SUBPIXELS) + 0.5) / SUBPIXELS - 0.5
    yy, xx = np.mgrid[core]
    fine_x, fine_y = np.broadcast_arrays(
        xx[..., None, None] + offset[None, :] - x, yy[..., None, None] + offset[:, None] - y
    )
    fine = sersic_profile(_radius(fine_x, fine_y, *shape), flux, half_light, index, axis_ratio)
    image[core] += fine.mean(axis=(-1, -2)) - sersic_profile(
        _radius(xx - x, yy - y, *shape), flux, half_light, index, axis_ratio
    )


def _radius(dx, dy, half_light, axis_ratio, angle):
    along = dx * np.cos(angle) + dy * np.sin(angle)
    across = (dy * np.cos(angle) - dx * np.sin(angle)) / axis_ratio
    return np.hypot(along, across)


def _box(shape, x, y, reach):
    ranges = ((y, shape[0]), (x, shape[1]))
    return tuple(slice(*np.clip((int(c - reach), int(c + reach) + 2), 0, n)) for c, n in ranges)

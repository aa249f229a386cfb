"""Cosmic-ray tracks: straight paths through the detector layer with Landau-like energy loss and charge diffusion."""

import numpy as np
from scipy.special import erf
from scipy.stats import moyal

__all__ = ["deposit", "energy", "tracks"]

STEP = 0.25  # pixels between the points that stand for a track


def energy(length, parameters, rng):
    """Charge in e- that particles leave on paths of a ``length`` in µm.

    Landau's distribution in Moyal's form: most probable loss and width grow with the length (width over
    most probable value from a thin layer, Bichsel 1988, Rev. Mod. Phys. 60, 663). Capped at ``parameters.largest``.
    """
    loss = moyal.rvs(parameters.loss * length, parameters.loss_width * parameters.loss * length, random_state=rng)
    return np.clip(loss, 0.1 * parameters.loss * length, parameters.largest)


def tracks(shape, number, parameters, rng):
    """Charge in e- that ``number`` particles leave on a detector, (ny, nx) float32.

    Directions are isotropic over a plane: the density of the angle θ to the normal is 2 sin θ cos θ.
    """
    ny, nx = shape
    margin = parameters.longest / parameters.pixel
    number = rng.poisson(number * (1 + 2 * margin / ny) * (1 + 2 * margin / nx))
    start = rng.uniform((-margin, -margin), (ny + margin, nx + margin), (number, 2))
    sine2 = rng.uniform(0, 1, number)
    across = np.minimum(parameters.thickness * np.sqrt(sine2 / np.maximum(1 - sine2, 1e-9)), parameters.longest)
    angle = rng.uniform(0, 2 * np.pi, number)
    end = start + (across / parameters.pixel)[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    charge = energy(np.hypot(across, parameters.thickness), parameters, rng)
    return deposit(shape, start, end, charge, parameters, rng)


def deposit(shape, start, end, charge, parameters, rng):
    """Spread charges along straight paths, with the scatter of energy loss along the path and diffusion.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    start, end : ndarray
        (n, 2) positions (y, x) in pixels; the center of the first pixel is (0, 0).
    charge : ndarray
        (n,) e-.
    parameters : CosmicRayParameters
        ``diffusion`` (pixels) and ``clumps`` (independent losses a pixel of path).
    rng : `numpy.random.Generator`
        Source of the random numbers.
    """
    pixels = np.hypot(*(end - start).T)
    points = np.ceil(pixels / STEP).astype(int) + 1
    track = np.repeat(np.arange(len(points)), points)
    first = np.repeat(np.cumsum(points) - points, points)
    fraction = (np.arange(len(track)) - first + 0.5) / points[track]
    share = rng.gamma(parameters.clumps * STEP, 1.0, len(track)) + 1e-12
    share *= (charge / np.maximum(np.bincount(track, share, len(points)), 1e-12))[track]
    position = start[track] + fraction[:, None] * (end - start)[track]
    return _spread(shape, position, share, parameters.diffusion)


def _spread(shape, position, charge, sigma, reach=2):
    """Sum of Gaussians of width ``sigma`` pixels, integrated over the pixels."""
    ny, nx = shape
    center = np.rint(position).astype(int)
    offsets = np.arange(-reach, reach + 2) - 0.5
    edges = (center[:, :, None] + offsets - position[:, :, None]) / (np.sqrt(2) * sigma)
    weights = 0.5 * np.diff(erf(edges), axis=-1)
    pixel = center[:, :, None] + np.arange(-reach, reach + 1)
    values = charge[:, None, None] * weights[:, 0, :, None] * weights[:, 1, None, :]
    y, x = np.broadcast_arrays(pixel[:, 0, :, None], pixel[:, 1, None, :])
    inside = (y >= 0) & (y < ny) & (x >= 0) & (x < nx)
    image = np.bincount(y[inside] * nx + x[inside], values[inside], ny * nx)
    return image.reshape(shape).astype(np.float32)

"""Snowballs and showers: large round hits with saturated cores, and faint extended ones."""

import numpy as np

__all__ = ["showers", "snowballs"]


def snowballs(shape, number, parameters, rng):
    """Charge in e- of ``number`` (mean) snowballs, (ny, nx) float32.

    A disc of radius r with more charge than a well holds, and around it a halo that falls exponentially. Radii have
    the power law of the flight data, many small and few large ones (Regan 2024, JWST-STScI-008545; JDox:
    "Snowballs and shower artifacts").
    """
    image = np.zeros(shape, dtype=np.float32)
    low, high = parameters.snowball_radius
    for _ in range(rng.poisson(number)):
        radius = low * (high / low) ** (rng.uniform() ** 2)
        center = rng.uniform((0, 0), shape)
        halo = parameters.halo_level * np.float32(rng.lognormal(0, 0.4))
        scale = radius * parameters.halo_scale
        box, distance = _box(shape, center, radius + 7 * scale)
        core = 1 / (1 + np.exp(np.clip((distance - radius) / 0.4, -50, 50)))
        image[box] += parameters.core_level * core + halo * np.exp(-np.maximum(distance - radius, 0) / scale)
    return image


def showers(shape, number, parameters, rng):
    """Charge in e- of ``number`` (mean) showers: faint, lumpy patches much larger than a track, (ny, nx) float32."""
    image = np.zeros(shape, dtype=np.float32)
    for _ in range(rng.poisson(number)):
        center = rng.uniform((0, 0), shape)
        size = parameters.shower_size * rng.lognormal(0, 0.5)
        direction, axes = rng.uniform(0, np.pi), np.array([1.0, rng.uniform(0.2, 0.6)]) * size
        rotation = np.array([[np.cos(direction), -np.sin(direction)], [np.sin(direction), np.cos(direction)]])
        for _ in range(rng.integers(3, 9)):
            lump = center + rotation @ (axes * rng.normal(0, 0.7, 2))
            width = 0.4 * size * rng.uniform(0.4, 1)
            box, distance = _box(shape, lump, 5 * width)
            level = parameters.shower_level * np.float32(rng.exponential())
            image[box] += level * np.exp(-0.5 * (distance / width) ** 2)
    return image


def _box(shape, center, reach):
    """Slices of the square within ``reach`` of ``center`` (y, x) and the distance of its pixels from it."""
    low = [int(np.clip(np.floor(c - reach), 0, n)) for c, n in zip(center, shape, strict=True)]
    high = [int(np.clip(np.ceil(c + reach) + 1, 0, n)) for c, n in zip(center, shape, strict=True)]
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    y, x = np.ogrid[box]
    return box, np.hypot(y - np.float32(center[0]), x - np.float32(center[1])).astype(np.float32)

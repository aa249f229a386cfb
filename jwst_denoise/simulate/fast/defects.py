"""Pixels with excess noise, with ramps cut short, and without data."""

import numpy as np
from scipy import ndimage

__all__ = ["draw_cut_ramps", "draw_noise_factors", "draw_usable_pixels"]


def draw_noise_factors(shape, rng):
    """Factor of the read noise of every pixel; a few pixels are much noisier than the rest."""
    factor = 1 + 0.06 * rng.standard_normal(shape, dtype=np.float32)
    noisy = rng.uniform(size=shape) < 0.01
    factor[noisy] *= rng.uniform(1.3, 5, noisy.sum())
    return np.clip(factor, 0.7, None)


def draw_cut_ramps(shape, rng):
    """Factor by which the read noise grows where a jump or saturation has cut the ramp short."""
    factor = np.ones(shape, dtype=np.float32)
    cut = _draw_blobs(shape, 10 ** rng.uniform(-4, -2), rng)
    factor[cut] = rng.uniform(1.1, 4)
    return factor


def draw_usable_pixels(shape, rng):
    """Mask of usable pixels: isolated and clustered bad pixels, and in some images a border of reference pixels."""
    usable = rng.uniform(size=shape) > 10 ** rng.uniform(-3.5, -1.5)
    usable &= ~_draw_blobs(shape, 10 ** rng.uniform(-4, -2.5), rng)
    if rng.uniform() < 0.4:
        usable[:, :4] = usable[:, -4:] = False
    if rng.uniform() < 0.1:
        usable[: rng.integers(2, 12)] = False
    return usable


def _draw_blobs(shape, fraction, rng):
    """Clusters of connected pixels that cover about this fraction of the image."""
    seeds = rng.uniform(size=shape) < fraction / 8
    return ndimage.binary_dilation(seeds, iterations=int(rng.integers(1, 3))) if seeds.any() else seeds

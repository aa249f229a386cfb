"""Pixels that are not like others: noisy ones, cut ramps, bad ones."""

import numpy as np
from scipy import ndimage

__all__ = ["pixel_to_pixel", "shorter_ramps", "usable_pixels"]


def pixel_to_pixel(shape, rng):
    """Factor of the read noise of every pixel: a few are much noisier."""
    factor = 1 + 0.06 * rng.standard_normal(shape, dtype=np.float32)
    noisy = rng.uniform(size=shape) < 0.01
    factor[noisy] *= rng.uniform(1.3, 5, noisy.sum())
    return np.clip(factor, 0.7, None)


def shorter_ramps(shape, rng):
    """Factor of the read noise where jumps or saturation have cut the ramp."""
    factor = np.ones(shape, dtype=np.float32)
    cut = _blobs(shape, 10 ** rng.uniform(-4, -2), rng)
    factor[cut] = rng.uniform(1.1, 4)
    return factor


def usable_pixels(shape, rng):
    """Pixels with a slope: single bad ones, groups of them, now and then a border of reference pixels."""
    usable = rng.uniform(size=shape) > 10 ** rng.uniform(-3.5, -1.5)
    usable &= ~_blobs(shape, 10 ** rng.uniform(-4, -2.5), rng)
    if rng.uniform() < 0.4:
        usable[:, :4] = usable[:, -4:] = False
    if rng.uniform() < 0.1:
        usable[: rng.integers(2, 12)] = False
    return usable


def _blobs(shape, fraction, rng):
    """Connected pixels of about this fraction of the image."""
    seeds = rng.uniform(size=shape) < fraction / 8
    return ndimage.binary_dilation(seeds, iterations=int(rng.integers(1, 3))) if seeds.any() else seeds

"""Simulated stacks of exposures with stars on a sky."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from jwst_denoise.simulate import point_spread_function
from jwst_denoise.simulate.fields import point_sources
from jwst_denoise_benchmarks.images.exposures import Noise, exposed
from jwst_denoise_benchmarks.images.scenes import seeded

__all__ = ["SAMPLINGS", "Stack", "faintest", "psf_stamp", "stack"]

#: Channel and filter: undersampled, well sampled, and in the long-wavelength channel.
SAMPLINGS = (("NIRCAM_SW", "F115W"), ("NIRCAM_SW", "F200W"), ("NIRCAM_LW", "F356W"))
USUAL = SAMPLINGS[1]
SKY, SECONDS = 0.2, 100.0
NOISE = Noise(correlated=True)
HITS, CHARGE = 3e-4, 200.0  # fraction of the pixels of a frame with a cosmic ray, e- on the average
SPACING = 32  # pixels, edge of the cell of a star
RANGE = (-3.0, 2.5)  # mag fainter than an optimal S/N of 5 in the stack


@dataclass(frozen=True, eq=False)
class Stack:
    """Frames of one scene.

    Parameters
    ----------
    frames : tuple of SlopeImage
        Exposures.
    stars : ndarray
        (n, 3) x, y and magnitude.
    truth : ndarray
        (ny, nx) e-/s of the stars, without the sky.
    """

    frames: tuple
    stars: np.ndarray
    truth: np.ndarray


def psf_stamp(sampling=USUAL):
    """Point-spread function around its middle pixel."""
    return point_spread_function(*sampling).stamp(0.0, 0.0)


def faintest(frames, sampling=USUAL):
    """Flux in e-/s with a signal-to-noise ratio of 5 by the best filter in a stack of white noise."""
    read = NOISE.read_noise**2 + NOISE.dark * SECONDS
    variance = (SKY * SECONDS + read) / SECONDS**2 / frames
    return 5 * np.sqrt(variance / np.sum(psf_stamp(sampling) ** 2))


@lru_cache(maxsize=32)
def stack(frames, edge, seed, sampling=USUAL, shown=RANGE, hits=HITS):
    """Simulate frames of stars on a sky, one in every cell, with magnitudes drawn evenly.

    Parameters
    ----------
    frames : int
        Number of exposures.
    edge : int
        Pixels of an image.
    seed : int
        Different seeds have different stars.
    sampling : tuple, optional
        One of `SAMPLINGS`.
    shown : tuple of float, optional
        Range of the magnitudes, 0 being an ideal S/N of 5.
    hits : float, optional
        Fraction of the pixels of a frame with a cosmic ray.

    Returns
    -------
    Stack
    """
    rng = seeded(30, seed, frames)
    y, x = (np.mgrid[: edge // SPACING, : edge // SPACING] * float(SPACING) + SPACING / 2).reshape(2, -1)
    x, y = (values + rng.uniform(-SPACING / 3, SPACING / 3, values.size) for values in (x, y))
    magnitude = rng.uniform(*shown, x.size)
    flux = faintest(frames, sampling) * 10 ** (-0.4 * magnitude)
    truth = point_sources((edge, edge), x, y, flux, point_spread_function(*sampling))
    images = tuple(_frame(SKY + truth, hits, rng) for _ in range(frames))
    return Stack(images, np.column_stack([x, y, magnitude]), truth)


def _frame(rate, hits, rng):
    image = exposed(rate, SECONDS, rng, NOISE)
    charge = np.where(rng.uniform(size=rate.shape) < hits, rng.exponential(CHARGE, rate.shape), 0)
    return replace(image, rate=image.rate + (charge / SECONDS).astype(np.float32))

"""Spectra along the dispersion: continua and lines."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Spectrum", "random_spectrum"]


@dataclass(frozen=True)
class Spectrum:
    """Continuum and lines over pixels along the dispersion.

    Parameters
    ----------
    level : float
        Continuum in the middle, e- / s a pixel.
    slope : float
        Relative change of the continuum from the middle to the end.
    position, strength : tuple of float
        Pixel and total e- / s of each line; negative strengths absorb.
    width : float
        Rms width of a line in pixels: 0.95 is a resolution element of 2.2 pixels.
    """

    level: float
    slope: float
    position: tuple[float, ...] = ()
    strength: tuple[float, ...] = ()
    width: float = 0.95

    def continuum(self, x, length):
        """Continuum at pixels x of a detector of this length."""
        return self.level * np.maximum(1 + self.slope * (2 * x / length - 1), 0.05)

    def lines(self, x):
        """All lines at pixels x (any shape)."""
        total = np.zeros(np.shape(x))
        for position, strength in zip(self.position, self.strength, strict=True):
            near = np.abs(x - position) < 6 * self.width
            profile = np.exp(-0.5 * ((x[near] - position) / self.width) ** 2)
            total[near] += strength / (np.sqrt(2 * np.pi) * self.width) * profile
        return total

    def __call__(self, x, length):
        """Continuum and lines at pixels x, not negative."""
        return np.maximum(self.continuum(x, length) + self.lines(x), 0)


def random_spectrum(level, length, rng, *, lines=8, strength=20.0, absorption=0.0):
    """Spectrum with random lines of about ``strength`` times the continuum of a pixel, ``absorption`` of them dark."""
    number = rng.poisson(lines)
    value = level * strength * rng.lognormal(-0.7, 1.0, number)
    value = np.where(rng.uniform(size=number) < absorption, -level * rng.uniform(0.3, 1.5, number), value)
    positions = rng.uniform(0, length, number)
    return Spectrum(level, rng.uniform(-0.5, 0.5), tuple(positions), tuple(value))

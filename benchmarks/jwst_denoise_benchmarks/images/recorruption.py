"""Training pairs from a single noisy image: noise of the image's own spectrum, added and subtracted."""

import numpy as np
from scipy.fft import fft2, fftfreq, ifft2
from scipy.ndimage import gaussian_filter

__all__ = ["LocalNoise"]

PATCH = 160  # pixels: edge of the patches of which each has a spectrum of its own
SIGNAL = 0.08  # 1 / pixel, below which the scene hides the noise
SMOOTHING = 2.0  # modes
FINE, WIDTH = 20.0, 1.5  # pixels: over which the strength is measured, and of the blur that is subtracted before
DRAWS = 6  # realizations that tell what strength the spectra alone give


class LocalNoise:
    """Noise whose spectrum, direction included, changes from place to place; measured in an image.

    Above 0.08 / pixel the power of the image counts as noise. Below, where the scene rules, the noise is taken to fall
    with the square of the frequency. Its strength follows the image from one 20 pixels to the next: noise that is too
    weak by a few per cent would stay in the result by half as many.

    Parameters
    ----------
    image : ndarray
        (ny, nx), edges multiples of half a patch.
    patch : int, optional
        Edge of a patch in pixels; patches overlap by half.

    Attributes
    ----------
    sigma : ndarray
        (ny, nx) float32: its standard deviation.
    """

    def __init__(self, image, patch=PATCH):
        self.shape, self.patch = image.shape, patch
        place = np.pi * (np.arange(patch) + 0.5) / patch
        self._window = np.outer(np.sin(place), np.sin(place))  # squares of overlapping windows add up to 1
        self._frequency = np.hypot(fftfreq(patch)[:, None], fftfreq(patch))
        padded = np.pad(image, patch // 2, mode="reflect")
        self._starts = [(y, x) for y in self._steps(0) for x in self._steps(1)]
        self._spectra = [self._spectrum(padded[y : y + patch, x : x + patch]) for y, x in self._starts]
        variance = self._together([np.full((patch, patch), power.mean()) for power in self._spectra], 2)
        self._strength = np.ones(self.shape)
        rng = np.random.default_rng(0)
        drawn = np.mean([_fine_power(self.draw(rng)) for _ in range(DRAWS)], axis=0)
        self._strength = np.sqrt(_fine_power(image) / gaussian_filter(drawn, FINE))
        self.sigma = (np.sqrt(variance) * self._strength).astype(np.float32)

    def draw(self, rng):
        """One realization, (ny, nx) float32, of a `numpy.random.Generator`."""
        white = (rng.standard_normal((self.patch, self.patch), dtype=np.float32) for _ in self._starts)
        parts = [ifft2(fft2(w) * np.sqrt(power)).real for w, power in zip(white, self._spectra, strict=True)]
        return (self._together(parts, 1) * self._strength).astype(np.float32)

    def pair(self, image, strength, rng):
        """Two images of one scene with independent noise, if the noise of the image has the spectrum that was measured.

        Parameters
        ----------
        image : ndarray
            (ny, nx).
        strength : float
            Of the noise that the first image gets more, in units of its own.
        rng : `numpy.random.Generator`
            Source of the random numbers.

        References
        ----------
        Pang et al. 2021, CVPR, 2043 (Recorrupted-to-Recorrupted).
        """
        noise = self.draw(rng)
        return image + strength * noise, image - noise / strength

    def _steps(self, axis):
        return range(0, self.shape[axis] + 1, self.patch // 2)

    def _spectrum(self, part):
        """(patch, patch) power of the noise, whose mean is its variance."""
        modes = fft2((part - part.mean()) * self._window)
        power = gaussian_filter(np.abs(modes) ** 2, SMOOTHING, mode="wrap") / np.sum(self._window**2)
        at = np.abs(self._frequency - 1.25 * SIGNAL) < 0.25 * SIGNAL
        low = power[at].mean() * (self._frequency / SIGNAL) ** 2
        return np.where(self._frequency < SIGNAL, np.minimum(low, power), power)

    def _together(self, parts, exponent):
        half = self.patch // 2
        total = np.zeros([n + self.patch for n in self.shape])
        for (y, x), part in zip(self._starts, parts, strict=True):
            total[y : y + self.patch, x : x + self.patch] += part * self._window**exponent
        return total[half:-half, half:-half]


def _fine_power(image):
    """Local mean square of what changes within a few pixels."""
    return gaussian_filter((image - gaussian_filter(image, WIDTH)) ** 2, FINE)

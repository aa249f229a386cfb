"""Scenes with structure on all scales and noise of any spectrum, after the synthetic experiment of Noise2Noise."""

import numpy as np
from scipy.fft import irfft2, rfft2, rfftfreq
from scipy.ndimage import gaussian_filter

__all__ = ["NOISE", "RING", "colored", "filaments", "power_spectrum"]

NOISE = 3e-3  # standard deviation, in units of the continuum's intensity (section 3.1)
SCALES = (12, 24, 48, 96)  # pixels
STRENGTH = 0.05  # of filaments of the largest scale, where they are strongest
STEEPNESS = 1.3  # exponent of strength against scale
SHARPNESS = 0.35  # width of a filament over the rms of the field whose zeros it follows
PATCHINESS = 2.2  # logarithm of the strongest over the median strength
OVERSAMPLED = 2.0  # pixels: full width at half maximum of the blur of the oversampled scenes (section 3.1)
RING = (0.06, 0.3)  # 1 / pixel: what noise is left after image reconstruction, which a real solar image shows
FWHM = 2 * np.sqrt(2 * np.log(2))


def filaments(shape, rng, oversampled=False):
    """Signed filaments of several widths, strong in some places and weak in most, as in maps of polarization.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    rng : `numpy.random.Generator`
        Source of the random numbers.
    oversampled : bool, optional
        Blurred by a Gaussian of 2 pixels full width.

    Returns
    -------
    ndarray
        (ny, nx) float32, in units of the continuum's intensity.
    """
    image = np.zeros(shape, dtype=np.float32)
    for scale in SCALES:
        ridge = np.exp(-((_smooth(shape, scale, rng) / SHARPNESS) ** 2) / 2)
        sign = np.tanh(2 * _smooth(shape, 3 * scale, rng))
        strength = np.exp(PATCHINESS * (np.tanh(_smooth(shape, SCALES[-1], rng)) - 1))
        image += STRENGTH * (scale / SCALES[-1]) ** STEEPNESS * strength * sign * ridge
    return gaussian_filter(image, OVERSAMPLED / FWHM, mode="wrap") if oversampled else image


def colored(shape, rng, band=None):
    """Noise of standard deviation 1: white, or with a flat spectrum between two frequencies.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx).
    rng : `numpy.random.Generator`
        Source of the random numbers.
    band : tuple of float, optional
        Lowest and highest frequency, 1 / pixel.

    Returns
    -------
    ndarray
        (ny, nx) float32.
    """
    noise = rng.standard_normal(shape, dtype=np.float32)
    if band is None:
        return noise
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], rfftfreq(shape[1]))
    inside = (frequency >= band[0]) & (frequency < band[1])
    noise = irfft2(rfft2(noise) * inside, shape)
    return (noise / np.sqrt(np.pi * (band[1] ** 2 - band[0] ** 2))).astype(np.float32)


def power_spectrum(image, bins=50):
    """Azimuthal mean of the power spectrum of an image under a Hann window.

    Parameters
    ----------
    image : ndarray
        (ny, nx).
    bins : int, optional
        Between 0 and 0.5 / pixel.

    Returns
    -------
    frequency, power : ndarray
        (bins,) 1 / pixel; variance a mode.
    """
    window = np.outer(*(np.hanning(n) for n in image.shape))
    window /= np.sqrt(np.mean(window**2))
    power = np.abs(np.fft.rfft2((image - image.mean()) * window)) ** 2 / image.size
    frequency = np.hypot(np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1]))
    edges = np.linspace(0, 0.5, bins + 1)
    number, _ = np.histogram(frequency, edges)
    total, _ = np.histogram(frequency, edges, weights=power)
    return (edges[1:] + edges[:-1]) / 2, total / np.maximum(number, 1)


def _smooth(shape, scale, rng):
    """Periodic Gaussian random field of variance 1 that changes over ``scale`` pixels."""
    field = gaussian_filter(rng.standard_normal(shape), scale / FWHM, mode="wrap")
    return field / field.std()

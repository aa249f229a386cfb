"""Statistics of the residual: whether the signal removed from an image is noise."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

from jwst_denoise.statistics import radial_power_spectrum, robust_sigma

__all__ = ["Residual", "residual_statistics"]

BOX = 32  # pixels, edge of the boxes of local means
COVERED = 0.5  # minimum part of a box that is used
CLIP = 5.0  # noise of a pixel, beyond which a pixel is an outlier
LAGS = 8  # pixels
COMPARED = 3  # pixels: longest lag whose correlation has a bound


@dataclass(frozen=True)
class Residual:
    """Statistics of the residual (input less output), in units of the noise of each pixel.

    Parameters
    ----------
    number : int
        Pixels.
    mean : float
        Mean; 0 if flux is preserved.
    rms : float
        Robust scatter: 1 if all noise was removed, more if signal was removed.
    local_mean : float
        Rms of the means in boxes of 32 pixels, times the square root of their pixels: 1 for white noise, less if the
        flux in small boxes is preserved, more if flux was moved. NaN if no box is covered.
    along, across : ndarray
        (9,) autocorrelation at lags from 0 to 8 pixels along the rows and along the columns.
    frequency, power : ndarray
        Spatial frequency in 1 / pixel, and mean power, 1 for white noise of scatter 1. Empty for tiny images.
    """

    number: int
    mean: float
    rms: float
    local_mean: float
    along: np.ndarray
    across: np.ndarray
    frequency: np.ndarray
    power: np.ndarray

    @property
    def correlation(self):
        """Largest autocorrelation, in absolute value, at lags from 1 to 3 pixels."""
        near = np.concatenate([self.along[1 : COMPARED + 1], self.across[1 : COMPARED + 1]])
        return float(near[np.argmax(np.abs(near))])

    @property
    def power_peak(self):
        """Maximum power over the median of the upper half of the frequencies: 1 for white noise; NaN if undefined."""
        if len(self.power) < 4:
            return float("nan")
        reference = np.median(self.power[len(self.power) // 2 :])
        return float(self.power.max() / reference) if reference > 0 else float("nan")


def residual_statistics(removed, usable):
    """Statistics of the residual of an image.

    Parameters
    ----------
    removed : ndarray
        (ny, nx) input less output, in units of the input's noise.
    usable : ndarray of bool
        (ny, nx) pixels that count.

    Returns
    -------
    Residual

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if removed.shape != usable.shape:
        raise ValueError(f"removed {removed.shape} and usable {usable.shape} must have one shape")
    usable = usable & np.isfinite(removed)
    usable &= np.abs(np.where(usable, removed, 0)) <= CLIP
    number = int(np.count_nonzero(usable))
    if number == 0:
        nan, empty, lags = float("nan"), np.array([]), np.full(LAGS + 1, np.nan)
        return Residual(0, nan, nan, nan, lags, lags, empty, empty)
    values = removed[usable]
    mean = float(values.mean(dtype=np.float64))
    centered = np.where(usable, removed - mean, 0).astype(np.float32)
    along, across = _autocorrelation(centered, usable)
    return Residual(
        number,
        mean,
        robust_sigma(values),
        _local_mean(removed, usable),
        along,
        across,
        *radial_power_spectrum(centered, usable),
    )


def _autocorrelation(centered, usable):
    """Autocorrelation along both axes, over the pairs of pixels that are used."""
    shape = [next_fast_len(n + LAGS + 1, real=True) for n in centered.shape]
    products, pairs = (
        irfft2(np.abs(rfft2(a.astype(np.float32), shape)) ** 2, shape) for a in (centered, usable)
    )  # fmt: skip
    covariance = products / np.maximum(pairs, 0.5)
    variance = covariance[0, 0] or 1.0
    return covariance[0, : LAGS + 1] / variance, covariance[: LAGS + 1, 0] / variance


def _local_mean(removed, usable):
    """Rms of the means of boxes in units of their expected scatter."""
    ny, nx = (n // BOX * BOX for n in removed.shape)
    boxes = (ny // BOX, BOX, nx // BOX, BOX)
    used = usable[:ny, :nx].reshape(boxes)
    count = used.sum(axis=(1, 3))
    total = np.where(usable, removed, 0)[:ny, :nx].reshape(boxes).sum(axis=(1, 3), dtype=np.float64)
    covered = count > COVERED * BOX**2
    return float(np.sqrt(np.mean(total[covered] ** 2 / count[covered]))) if covered.any() else float("nan")

"""Noise statistics from the spectrum of the dark pixels, with an exact treatment of the mask.

The power spectrum of masked, weighted noise has the expectation  FT[C(τ) R(τ)], where C and R are the autocovariances
of the noise and of the weights (as for masked spectra in cosmology, Hivon et al. 2002, ApJ 567, 2). Power laws for the
noise common to the outputs and for that of each output are fitted to it by maximum (Whittle) likelihood.
"""

from functools import cached_property, partial

import numpy as np
from scipy import fft, optimize

from jwst_denoise.nsclean.options import Hyper

__all__ = ["MaskedSpectrum"]

#: Shallower spectra come from crosstalk of neighboring pixels, not from drifts of the electronics.
SLOPES = np.arange(0.75, 2.51, 0.25)
#: Normal priors: mean and width of a slope, width of the difference of the two.
SLOPE_PRIOR = (1.0, 0.25)
SLOPE_DIFFERENCE = 0.1
BINS_PER_OCTAVE = 3
LOWEST = 4
HARMONICS = 8
SMALL = 1e-12
#: Largest number of independent modes of a bin: a mask leaks power, so the errors of bins are correlated.
INDEPENDENT = 1000


class MaskedSpectrum:
    """Mean and difference spectra of the outputs, and their expectation for power laws under the same mask.

    Parameters
    ----------
    weight, weighted : ndarray
        (images or 1, outputs, length) and (images, outputs, length): Σw and Σw·d of the time bins, for data
        without level and smooth field and w in units of the inverse variance of the white noise.
    bins : Bins
        Time bins.
    removed : int
        Number of frequencies, from 0, that were removed with the level and the smooth field.
    """

    def __init__(self, weight, weighted, bins, removed):
        self._bins, self._removed = bins, removed
        self._outputs = weight.shape[-2]
        images = len(weighted)
        edges = _log_edges(bins.length // 2 + 1, LOWEST * removed)
        self._starts = edges[:-1]
        self._kept = _off_line_harmonics(bins, removed)
        counts = np.add.reduceat(self._kept, self._starts, dtype=float)
        self._filled = counts > 0  # in small frames some bins hold harmonics only
        self._counts = counts[self._filled]
        self.mean, self.difference = self._powers(fft.rfft(weighted, workers=-1))
        auto, total = _powers_by_frequency(fft.rfft(weight, workers=-1))
        repeat = images / len(weight)
        self._lags = fft.irfft(repeat * np.array([auto, total]), bins.length).astype(np.float32)
        self._white = float(weight.sum(dtype=np.float64)) * repeat
        modes = images * self._counts
        self._degrees = modes / (1 + modes / INDEPENDENT)

    def _powers(self, transform):
        """Power of the sum of the outputs and of their differences from the mean, in bins of frequency."""
        auto, total = _powers_by_frequency(transform)
        return self._average(total), self._average(auto - total / self._outputs)

    def _average(self, power):
        return np.add.reduceat(power * self._kept, self._starts)[self._filled] / self._counts

    @cached_property
    def _templates(self):
        """Expected spectra of f^−α for every α of the grid: log of (mean, difference) for common, then for output."""
        rows = []
        for slope in SLOPES:
            density = self._bins.averaged(partial(Hyper(1.0, 1.0, output_slope=slope).density, "output"))
            density /= self._bins.interval
            density[: self._removed] = 0
            covariance = fft.irfft(density.astype(np.float32), self._bins.length)
            auto, total = map(self._average, fft.rfft(self._lags * covariance, workers=-1).real)
            common = (total, auto - total / self._outputs)
            output = (auto, auto * (1 - 1 / self._outputs))
            rows.append([*common, *output])
        return np.log(np.maximum(rows, SMALL * self._white))

    def _expected(self, theta):
        """(mean, difference) spectra for log amplitudes, slopes and log white variance."""
        common, common_slope, output, output_slope, white = theta
        fraction = np.array([1, 1 - 1 / self._outputs])[:, None]
        expected = np.exp(white) * self._white * fraction
        expected = expected + np.exp(common + self._interpolate(common_slope)[:2])
        return expected + np.exp(output + self._interpolate(output_slope)[2:])

    def _interpolate(self, slope):
        place = np.clip((slope - SLOPES[0]) / (SLOPES[1] - SLOPES[0]), 0, len(SLOPES) - 1.001)
        low = int(place)
        return (1 - place + low) * self._templates[low] + (place - low) * self._templates[low + 1]

    def _cost(self, theta):
        """Minus twice the log likelihood, with a weak prior on the slopes."""
        expected = np.maximum(self._expected(theta), SMALL * self._white)
        measured = np.maximum([self.mean, self.difference], SMALL * self._white)
        ratio = measured / expected
        misfit = (ratio - 1 - np.log(ratio)) @ self._degrees
        slopes = theta[[1, 3]]
        prior = np.sum(((slopes - SLOPE_PRIOR[0]) / SLOPE_PRIOR[1]) ** 2)
        if self._outputs > 1:
            prior += ((slopes[0] - slopes[1]) / SLOPE_DIFFERENCE) ** 2
        return 2 * (misfit[0] + (self._outputs - 1) * misfit[1]) + prior

    def fit(self):
        """Fit the most likely power laws.

        Returns
        -------
        Hyper
            In units in which the white noise has a weight of 1; `Hyper.field` is 0. No correlated noise if the
            squares of the data overflow.
        """
        if not np.isfinite([self.mean, self.difference]).all():
            return Hyper(0.0, 0.0)
        knee = np.log(self._bins.interval)
        start = np.array([knee - 2, 1.0, knee - 2, 1.0, 0.0])
        amplitude, slope = (knee - 25, knee + 25), (SLOPES[0], SLOPES[-1])
        bounds = [amplitude, slope, amplitude, slope, (-5, 5)]
        if self._outputs == 1:
            start[0] = bounds[0][0]
            bounds[0] = (start[0], start[0])
        best = optimize.minimize(self._cost, start, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-7})
        common, common_slope, output, output_slope, white = best.x
        return Hyper(
            common=float(np.exp(common)) if self._outputs > 1 else 0.0,
            output=float(np.exp(output)),
            common_slope=float(common_slope),
            output_slope=float(output_slope),
            white=float(np.exp(0.5 * white)),
        )


def _powers_by_frequency(transform):
    """Σ over outputs of |X|², and |Σ over outputs of X|², summed over images."""
    auto = np.sum(transform.real**2 + transform.imag**2, axis=(0, 1), dtype=np.float64)
    total = transform.sum(axis=1)
    return auto, np.sum(total.real**2 + total.imag**2, axis=0, dtype=np.float64)


def _off_line_harmonics(bins, removed):
    """Select frequencies away from the line frequency and its first multiples, which the smooth field affects."""
    harmonic = bins.length / bins.per_line
    frequency = np.arange(bins.length // 2 + 1)
    multiple = np.round(frequency / harmonic)
    near = np.abs(frequency - multiple * harmonic) <= 2 * removed
    return ~(near & (multiple >= 1) & (multiple <= HARMONICS))


def _log_edges(count, first):
    """Edges of logarithmic frequency bins, starting at frequency number ``first``."""
    octaves = np.log2(count / first)
    edges = first * 2 ** np.linspace(0, octaves, int(octaves * BINS_PER_OCTAVE) + 2)
    return np.unique(np.minimum(np.round(edges).astype(int), count))

"""Method ``nsclean`` for subarrays: one fit to the whole frame in read-out order.

The published code (Rauscher 2024; `NSCleanSubarray`) builds a matrix of all dark pixels and frequencies. The
normal equations are Toeplitz: their product with a vector takes two Fourier transforms, so conjugate gradients
solve them without a matrix.
"""

import numpy as np
from scipy import fft
from scipy.sparse.linalg import LinearOperator, cg

from jwst_denoise.nsclean.weights import GAP_RIDGE, band_apodizer, density_weights, ridge
from jwst_denoise.statistics import MAD_TO_SIGMA, robust_sigma

__all__ = ["exclude_outliers", "fit_frame", "solve_toeplitz"]


def fit_frame(data, mask, readout, options, weights=None):
    """Fit the correlated noise of a subarray in time: low frequencies and alternating columns together.

    Parameters
    ----------
    data : ndarray
        (ny, nx) image in DMS orientation, finite under the mask; float64 is solved in double precision.
    mask : ndarray of bool
        (ny, nx), True on dark pixels.
    readout : Readout
        Order and times of reading. As published, the outputs count as one, in the order of pixels along the line.
    options : FitOptions
        The paper's constants.
    weights : ndarray, optional
        (lines, ticks) weights in time order instead of ρ⁻².

    Returns
    -------
    noise, variance : ndarray
        (ny, nx) model and its variance, that of a mean of the samples within the fitted bands.
    """
    dark = exclude_outliers(data, mask, options.frame_outlier_sigma)
    if not dark.any():
        return np.zeros_like(data), np.zeros_like(data)
    overhead = ((0, 0), (0, readout.line_ticks - readout.width))
    ticks = np.pad(readout.to_detector(dark), overhead).ravel()
    level = np.median(data[dark])
    series = np.pad(readout.to_detector(np.where(dark, data - level, 0)), overhead).ravel()
    gain = band_apodizer(ticks.size, readout.pixel_time, options.bands)
    if weights is None:
        sigma = 1 / (4 * (options.bands[0] + options.bands[1]) * readout.pixel_time)
        weights = density_weights(ticks.astype(series.dtype), sigma)
    weights = np.ravel(weights)
    diagonal = ridge(ticks, weights.sum(), 1 / (options.bands[0] * readout.pixel_time), GAP_RIDGE)
    spectrum = solve_toeplitz(weights, series, gain > 0, diagonal)
    model = fft.irfft(spectrum * gain, ticks.size) * ticks.size
    variance = _variance(weights, gain, robust_sigma(data[dark]))
    frame = (a.reshape(readout.lines, -1)[:, : readout.width] for a in (model + level, variance))
    return tuple(readout.from_detector(a) for a in frame)


def exclude_outliers(data, mask, n_sigma):
    """Remove from the mask the pixels beyond ``n_sigma`` (from the MAD) of the median, and their four neighbors.

    Parameters
    ----------
    data, mask : ndarray
        (ny, nx) image and boolean mask.
    n_sigma : float
        0 returns a copy of the mask.

    Returns
    -------
    ndarray of bool
        (ny, nx).
    """
    if not n_sigma or not mask.any():
        return mask.copy()
    median = np.median(data[mask])
    sigma = MAD_TO_SIGMA * np.median(np.abs(data[mask] - median))
    outlier = mask & (np.abs(data - median) > n_sigma * sigma)
    grown = outlier.copy()
    grown[1:] |= outlier[:-1]
    grown[:-1] |= outlier[1:]
    grown[:, 1:] |= outlier[:, :-1]
    grown[:, :-1] |= outlier[:, 1:]
    return mask & ~grown


def solve_toeplitz(weights, series, fitted, diagonal=0.0, tolerance=None, max_iterations=500):
    """Solve the weighted least squares of one-sided Fourier coefficients by conjugate gradients.

    Minimizes Σ w |d − Σₖ fₖ e^{2πikm/n}|² + diagonal Σ |fₖ|² over the fitted frequencies (Rauscher 2024, eq. 4).

    Parameters
    ----------
    weights, series : ndarray
        (n,) weights, 0 where there is no sample, and data.
    fitted : ndarray of bool
        (n // 2 + 1,) frequencies to fit.
    diagonal : float, optional
        Ridge.
    tolerance : float, optional
        Relative size of the final residual; the default depends on the precision of the data.
    max_iterations : int, optional
        Iterations after which to stop in any case.

    Returns
    -------
    ndarray
        (n // 2 + 1,) complex coefficients, 0 where not fitted.
    """
    n = series.size
    tolerance = tolerance or (1e-12 if series.dtype == np.float64 else 2e-7)
    order = np.flatnonzero(fitted)
    wave = np.zeros(n, dtype=np.result_type(series, 1j))

    def product(coefficients):
        wave[order] = coefficients
        signal = fft.ifft(wave)
        signal *= weights
        return fft.fft(signal)[order] + (diagonal / n) * coefficients

    right = fft.fft((weights * series).astype(wave.dtype))[order] / n
    normal = LinearOperator((order.size, order.size), product, dtype=wave.dtype)
    spectrum = np.zeros(n // 2 + 1, dtype=wave.dtype)
    spectrum[order], _ = cg(normal, right, rtol=tolerance, maxiter=max_iterations)
    return spectrum


def _variance(weights, gain, sigma):
    """Variance from white noise: bandwidth over the local number of samples, as for an unweighted mean."""
    n = weights.size
    bandwidth = (2 * np.sum(gain**2) - gain[0] ** 2) / n
    width = max(1, round(0.5 / bandwidth))
    count = fft.irfft(fft.rfft((weights > 0).astype(float)) * fft.rfft(_boxcar(n, width)), n)
    return sigma**2 * np.minimum(1, 2 * width * bandwidth / np.maximum(count, 1))


def _boxcar(n, half_width):
    box = np.zeros(n)
    box[: half_width + 1] = box[n - half_width :] = 1
    return box

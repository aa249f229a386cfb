"""Method ``nsclean`` for full frames: a few low frequencies fitted to the dark pixels of each line.

This is the least-squares estimate of Rauscher (2024), eq. 6, from its normal equations. With a diagonal W and a
Fourier basis, FᴴWF is Toeplitz, and one Fourier transform of the weights gives its entries. All lines are solved
together.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from jwst_denoise.nsclean.weights import GAP_RIDGE, density_weights, lowpass_apodizer, ridge
from jwst_denoise.readout import copy_tiled
from jwst_denoise.statistics import replace_outliers

__all__ = ["fit_lines"]


def fit_lines(data, mask, readout, options):
    """Fit the correlated noise of a full frame, line by line along the fast axis.

    Parameters
    ----------
    data : ndarray
        (ny, nx) image in DMS orientation, finite under the mask; float64 is solved in double precision.
    mask : ndarray of bool
        (ny, nx), True on dark pixels.
    readout : Readout
        Direction of the lines.
    options : FitOptions
        The paper's constants.

    Returns
    -------
    noise, variance : ndarray
        (ny, nx) model and its variance from white noise in the dark pixels; both are 0 on lines without dark pixels.
    """
    dark, frame = (copy_tiled(np.empty(a.shape, a.dtype), a) for a in map(readout.to_detector, (mask, data)))
    frame, sigma = replace_outliers(frame, dark, options.outlier_sigma)
    weights = density_weights(dark.astype(frame.dtype), options.weights_sigma)
    n = dark.shape[-1]
    gain = lowpass_apodizer(n, options.critical_frequency, options.kill_width)
    order = np.flatnonzero(gain)
    diagonal = ridge(dark, weights.sum(axis=-1), n / max(order[-1], 1), GAP_RIDGE)
    sandwich, inverse, coefficients = _solve(frame, weights, diagonal, len(order))
    synthesis = np.where(order > 0, 2, 1) * gain[order] * np.exp(2j * np.pi / n * np.outer(np.arange(n), order))
    if options.buff_sigma:
        coefficients = gaussian_filter1d(coefficients, options.buff_sigma, axis=0, mode="wrap")
    noise = _real_product(coefficients, synthesis, frame.dtype)
    variance = _variance(sigma, n, inverse, sandwich, synthesis, options.buff_sigma)
    return readout.from_detector(noise), readout.from_detector(variance.astype(frame.dtype))


def _solve(frame, weights, diagonal, count):
    """Solve (T + ridge) f = FᴴWd for every line.

    Returns the Toeplitz matrix of the squared weights (for the variance), the inverse of the normal matrix, and f.
    """
    n = frame.shape[-1]
    wave = np.exp(-2j * np.pi / n * np.outer(np.arange(n), np.arange(count))).astype(np.result_type(frame, 1j))
    lag = np.subtract.outer(np.arange(count), np.arange(count))

    def toeplitz(weight):
        column = weight @ wave
        return np.where(lag >= 0, column[:, np.abs(lag)], column[:, np.abs(lag)].conj())

    matrix = toeplitz(weights).astype(complex)
    empty = matrix[:, 0, 0].real == 0
    matrix += np.where(empty, 1, diagonal)[:, None, None] * np.eye(count)
    inverse = np.linalg.inv(matrix)
    coefficients = inverse @ ((weights * frame) @ wave)[..., None]
    return toeplitz(weights**2), inverse, coefficients[..., 0]


def _real_product(coefficients, synthesis, dtype):
    """Real part of Σₖ fₖ sₖ(x), as two real matrix products."""
    parts = [coefficients.real @ synthesis.real.T, -coefficients.imag @ synthesis.imag.T]
    return sum(parts).astype(dtype, copy=False)


def _variance(sigma, n, inverse, sandwich, synthesis, buff_sigma, step=32):
    """Variance of the model from white noise with the scatter ``sigma`` of each line, for blocks of ``step`` pixels.

    The one-sided complex fit of real data has f = A⁻¹FᴴWd; the model's variance is that of Re(sᴴf), half of
    σ² sᴴ A⁻¹ (FᴴW²F) A⁻¹ s for the oscillating part. Blurring across lines divides it by the kernel's width.
    """
    covariance = inverse @ sandwich @ inverse
    nodes = np.arange(step // 2, n, step)
    wave = synthesis[nodes]
    power = np.einsum("xk,lkj,xj->lx", wave, covariance, wave.conj(), optimize=True).real
    relation = 0.5 * (power + covariance[:, 0, 0].real[:, None])
    variance = sigma[:, None] ** 2 * relation
    if buff_sigma:
        averaged = max(1, 2 * np.sqrt(np.pi) * buff_sigma)
        variance = gaussian_filter1d(variance, buff_sigma, axis=0, mode="wrap") / averaged
    return np.repeat(variance.astype(np.float32), np.diff([0, *(nodes[:-1] + step // 2), n]), axis=1)

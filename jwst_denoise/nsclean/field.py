"""The smooth two-dimensional field beside the 1/f noise: picture frame, or sky."""

import numpy as np

__all__ = ["FieldBasis"]

MODES = 8
PIXELS_PER_MODE = 64


class FieldBasis:
    """Products of low-order cosines along the slow and the fast axis, at the time bins.

    Parameters
    ----------
    bins : Bins
        Where the basis is evaluated.
    """

    def __init__(self, bins):
        readout = bins.readout
        fast = _modes(readout.outputs * readout.width)
        slow = _modes(readout.lines) if fast > 1 else 1
        self.shape = (slow, fast if slow > 1 else 1)
        self._bins = bins
        self._slow = _cosines((np.arange(readout.lines) + 0.5) / readout.lines, self.shape[0])
        self._fast = _cosines(_fast_coordinate(bins), self.shape[1])
        order = np.hypot.outer(*(np.arange(n) for n in self.shape))
        #: Relative prior standard deviation of each mode: smooth fields have little power in high orders.
        self.prior_shape = (1 / (1 + order**2)).astype(np.float32)

    def evaluate(self, coefficients):
        """Field of coefficients (…, slow, fast) at the bins: (…, outputs, length)."""
        readout, bins = self._bins.readout, self._bins
        lines = self._slow @ coefficients @ self._fast.T
        lines = lines.reshape(*lines.shape[:-1], readout.outputs, bins.per_line)
        series = np.zeros((*coefficients.shape[:-2], readout.outputs, bins.length), dtype=np.float32)
        used = series[..., : bins.used].reshape(*series.shape[:-1], readout.lines, bins.per_line)
        used[...] = np.moveaxis(lines, -2, -3)
        series[..., : bins.used] = used.reshape(*series.shape[:-1], -1)
        return series

    def project(self, series):
        """Transpose of `evaluate`."""
        readout, bins = self._bins.readout, self._bins
        lines = series[..., : bins.used].reshape(*series.shape[:-1], readout.lines, bins.per_line)
        lines = np.moveaxis(lines, -3, -2).reshape(*series.shape[:-2], readout.lines, -1)
        return self._slow.T @ (lines @ self._fast)

    def normal_matrix(self, weight):
        """Σ w b bᵀ of all pairs of modes, for weights (outputs, length): (modes, modes)."""
        readout, bins = self._bins.readout, self._bins
        lines = weight[..., : bins.used].reshape(readout.outputs, readout.lines, bins.per_line)
        lines = np.moveaxis(lines, 0, 1).reshape(readout.lines, -1)
        slow, fast = self.shape
        fast_pairs = (self._fast[:, :, None] * self._fast[:, None, :]).reshape(len(self._fast), -1)
        slow_pairs = (self._slow[:, :, None] * self._slow[:, None, :]).reshape(len(self._slow), -1)
        matrix = (slow_pairs.T @ (lines @ fast_pairs)).reshape(slow, slow, fast, fast)
        return matrix.transpose(0, 2, 1, 3).reshape(slow * fast, slow * fast).astype(np.float64)


def _modes(pixels):
    return int(np.clip(pixels // PIXELS_PER_MODE, 1, MODES))


def _cosines(coordinate, count):
    return np.cos(np.pi * np.outer(coordinate, np.arange(count))).astype(np.float32)


def _fast_coordinate(bins):
    """Position of each (output, bin) along the fast axis, 0 to 1; bins of the overhead lie at the line's end."""
    readout = bins.readout
    pixels = np.arange(readout.outputs * readout.width, dtype=np.float32)
    line = np.empty((1, pixels.size), dtype=np.float32)
    line[...] = (pixels + 0.5) / pixels.size
    single = type(readout)((1, pixels.size), 1, 2, readout.outputs, readout.overhead, interleave=readout.interleave)
    streams = single.to_streams(line, fill=np.nan)[:, 0].reshape(readout.outputs, bins.per_line, bins.size)
    filled = np.isfinite(streams).sum(axis=-1)
    mean = np.nansum(streams, axis=-1) / np.maximum(filled, 1)
    return np.where(filled > 0, mean, 0.5).ravel()


def least_squares(normal, projected):
    """Coefficients (images, slow, fast) of the weighted least-squares field, barely regularised where undetermined."""
    size = len(normal)
    ridge = 1e-6 * max(np.trace(normal) / size, 1e-30)
    flat = projected.reshape(len(projected), size)
    return np.linalg.solve(normal + ridge * np.eye(size), flat.T).T.reshape(projected.shape)


def field_amplitude(coefficients, noise, prior_shape):
    """Most likely standard deviation of the field's first modes.

    Only modes that vary along the fast axis count: along the slow axis alone 1/f noise looks the same. Skies and picture
    frames know no fast axis, so what those modes say holds for all.

    Parameters
    ----------
    coefficients : ndarray
        (images, slow, fast) least-squares coefficients.
    noise : ndarray
        (draws, slow, fast) the same of drawn noise without a field.
    prior_shape : ndarray
        (slow, fast) relative standard deviations.

    Returns
    -------
    float
        0 if no mode varies along the fast axis.
    """
    if prior_shape.shape[1] == 1:
        return 0.0
    power, expected_noise = (np.mean(a[:, :, 1:] ** 2, axis=0).ravel() for a in (coefficients, noise))
    shape = prior_shape[:, 1:].ravel().astype(np.float64) ** 2
    amplitudes = np.concatenate([[0.0], np.max(power / shape) * np.geomspace(1e-8, 1, 60)])
    expected = expected_noise + np.outer(amplitudes, shape)
    return float(np.sqrt(amplitudes[np.argmin(np.sum(power / expected + np.log(expected), axis=1))]))

"""Smooth two-dimensional field: picture frame or sky."""

import numpy as np

__all__ = ["FieldBasis"]

MODES = 8
PIXELS_PER_MODE = 64
#: Decrease of −2 ln L that a field needs to be accepted: 3 σ if it is noise, none if it is sky.
EVIDENCE = {"remove": 9.0, "keep": 0.0}


class FieldBasis:
    """Products of low-order cosines along the slow and the fast axis, at the time bins.

    Parameters
    ----------
    bins : Bins
        Time bins at which the basis is evaluated.
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
        #: Relative prior standard deviation of each mode; a smooth field has little power at high orders.
        self.prior_shape = (1 / (1 + order**2)).astype(np.float32)

    def evaluate(self, coefficients):
        """Evaluate the field of coefficients (…, slow, fast) at the bins: (…, outputs, length)."""
        outputs = self._bins.readout.outputs
        series = np.zeros((*coefficients.shape[:-2], outputs, self._bins.length), dtype=np.float32)
        along = (self._slow @ coefficients.astype(np.float32, copy=False))[..., None, :, :]
        np.matmul(along, self._fast.swapaxes(-1, -2), out=self._bins.lines(series))
        return series

    def project(self, series):
        """Apply the transpose of `evaluate`."""
        return self._slow.T @ (self._bins.lines(series) @ self._fast).sum(axis=-3)

    def normal_matrix(self, weight):
        """Sum w b bᵀ over the bins, for weights (outputs, length): (modes, modes)."""
        slow, fast = self.shape
        fast_pairs = (self._fast[..., :, None] * self._fast[..., None, :]).reshape(*self._fast.shape[:-1], -1)
        slow_pairs = (self._slow[:, :, None] * self._slow[:, None, :]).reshape(len(self._slow), -1)
        along = (self._bins.lines(weight) @ fast_pairs).sum(axis=0)
        matrix = (slow_pairs.T @ along).reshape(slow, slow, fast, fast)
        return matrix.transpose(0, 2, 1, 3).reshape(slow * fast, slow * fast).astype(np.float64)


def _modes(pixels):
    return int(np.clip(pixels // PIXELS_PER_MODE, 1, MODES))


def _cosines(coordinate, count):
    return np.cos(np.pi * np.multiply.outer(coordinate, np.arange(count))).astype(np.float32)


def _fast_coordinate(bins):
    """Position of each (output, bin of a line) along the fast axis, 0 to 1; 0 in the overhead."""
    readout = bins.readout
    count = readout.width // bins.size
    coordinate = np.zeros((readout.outputs, bins.per_line))
    for output, line in enumerate(coordinate):
        place = np.arange(count)[:: -1 if output % 2 else 1] + output * count
        line[bins.place] = (place + 0.5) / (readout.outputs * count)
    return coordinate


def regularized(normal):
    """Add the smallest diagonal with which the matrix can be inverted if the data leave modes undetermined."""
    size = len(normal)
    return normal + 1e-6 * max(np.trace(normal) / size, 1e-30) * np.eye(size)


def least_squares(normal, projected):
    """Solve for the coefficients (images, slow, fast) of the weighted least-squares field."""
    flat = projected.reshape(len(projected), len(normal))
    return np.linalg.solve(regularized(normal), flat.T).T.reshape(projected.shape)


def field_amplitude(coefficients, noise, prior_shape, evidence):
    """Estimate the standard deviation of the first modes of the field by maximum likelihood.

    Only modes that vary along the fast axis count, because 1/f noise resembles the others. Neither sky nor picture
    frame depends on the fast axis, so the estimate holds for all modes.

    Parameters
    ----------
    coefficients : ndarray
        (images, slow, fast) least-squares coefficients.
    noise : ndarray
        (slow, fast) variance of the coefficients from noise alone.
    prior_shape : ndarray
        (slow, fast) relative standard deviations; more than one along the fast axis.
    evidence : float
        Decrease of −2 ln L that a field needs to be accepted.

    Returns
    -------
    float
        0 if there is no evidence of a field.
    """
    power = np.mean(coefficients[:, :, 1:] ** 2, axis=0).ravel()
    shape = prior_shape[:, 1:].ravel().astype(np.float64) ** 2
    amplitudes = np.concatenate([[0.0], np.max(power / shape) * np.geomspace(1e-8, 1, 60)])
    expected = noise[:, 1:].ravel() + np.outer(amplitudes, shape)
    cost = len(coefficients) * np.sum(power / expected + np.log(expected), axis=1)
    best = np.argmin(cost)
    return float(np.sqrt(amplitudes[best])) if cost[0] - cost[best] > evidence else 0.0

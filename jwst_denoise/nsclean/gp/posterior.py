"""Posterior mean of 1/f streams and a smooth field, by conjugate gradients with Fourier transforms.

Data d = n + B a + white, with n stationary in read-out time (spectrum S: the mean of the outputs and their differences
are independent) and a the coefficients of the field. In the variables z = S^−½ n, b = C^−½ a, the posterior mean solves

    (1 + S^½ W S^½) z + S^½ W B C^½ b = S^½ W d,   and likewise for b,

which takes conjugate gradients a few iterations with the preconditioner (1 + w̄ S)^−1, exact for uniform weights.
"""

from dataclasses import dataclass

import numpy as np
from scipy import fft

__all__ = ["Posterior", "State"]

TOLERANCE = 0.03
MAX_ITERATIONS = 60


@dataclass
class State:
    """Whitened unknowns: streams (…, outputs, frequencies) in the Fourier domain, field (…, slow, fast)."""

    streams: np.ndarray
    field: np.ndarray

    def add(self, other, factor=None):
        """Add ``other``, each image multiplied by its ``factor`` (images,), in place."""
        if factor is not None:
            factor = factor.astype(np.float32)[:, None, None]
            other = State(factor * other.streams, factor * other.field)
        self.streams += other.streams
        self.field += other.field
        return self


class Posterior:
    """Linear system of one set of weights and one prior.

    Parameters
    ----------
    weight : ndarray
        (images or 1, outputs, length) inverse variances of the bins, 0 where there is no data.
    basis : FieldBasis
        Basis of the smooth field.
    root_mean, root_difference : ndarray
        (frequencies,) square roots of the prior eigenvalues of the outputs' mean and of their differences.
    root_field : ndarray
        (slow, fast) prior standard deviations of the field's coefficients.
    """

    def __init__(self, weight, basis, root_mean, root_difference, root_field):
        self._weight, self._basis = weight, basis
        self._root_mean, self._root_difference = root_mean, root_difference
        self._root_field = root_field.astype(np.float32)
        self._has_field = bool(self._root_field.any())
        self._length = weight.shape[-1]
        self._precondition = self._make_preconditioner()

    def prior(self, state):
        """Return noise streams and field of whitened unknowns: two arrays (images, outputs, length)."""
        streams = fft.irfft(self._color(state.streams), self._length, norm="ortho", workers=-1)
        field = self._basis.evaluate(state.field * self._root_field) if self._has_field else np.zeros(1, np.float32)
        return streams, np.broadcast_to(field, streams.shape)

    def _transposed(self, series):
        """Apply the transpose of the sum of both parts of `prior`."""
        streams = self._color(fft.rfft(series, norm="ortho", workers=-1))
        if not self._has_field:
            return State(streams, np.zeros((len(series), *self._root_field.shape), dtype=np.float32))
        return State(streams, self._basis.project(series) * self._root_field)

    def _color(self, transform):
        """Multiply by S^½: the mean of the outputs by one root, their differences by the other."""
        return _by_mode(transform, self._root_mean, self._root_difference)

    def _make_preconditioner(self):
        typical = self._weight.mean(dtype=np.float64)
        mean = (1 / (1 + typical * self._root_mean.astype(np.float64) ** 2)).astype(np.float32)
        difference = (1 / (1 + typical * self._root_difference.astype(np.float64) ** 2)).astype(np.float32)
        #: Number of modes that the data determine.
        outputs = self._weight.shape[-2]
        self._determined = 1 + 2 * float(np.sum(1 - mean + (outputs - 1) * (1 - difference)))
        root = self._root_field.ravel().astype(np.float64)
        field = np.eye(root.size, dtype=np.float32)
        if self._has_field:
            normal = self._basis.normal_matrix(self._weight.mean(axis=0))
            field = np.linalg.inv(field + root[:, None] * normal * root).astype(np.float32)

        def apply(state):
            flat = state.field.reshape(len(state.field), -1)
            return State(_by_mode(state.streams, mean, difference), (flat @ field).reshape(state.field.shape))

        return apply

    def _dot(self, a, b):
        """Scalar product of the time series of each image; frequencies except the first and Nyquist count twice."""
        once = [0] if self._length % 2 else [0, -1]
        products = []
        for index in range(len(a.streams)):
            x, y = a.streams[index], b.streams[index]
            twice = 2 * np.vdot(x, y).real - np.vdot(x[:, once], y[:, once]).real
            products.append(twice + np.vdot(a.field[index], b.field[index]))
        return np.array(products, dtype=np.float64)

    def _product(self, state):
        streams, field = self.prior(state)
        if self._has_field:
            streams += field
        return self._transposed(self._weigh(streams)).add(state)

    def _weigh(self, streams):
        """Multiply a series by W, in place or not."""
        streams *= self._weight
        return streams

    def solve(self, weighted, tolerance=TOLERANCE):
        """Solve for the posterior mean.

        Parameters
        ----------
        weighted : ndarray
            (images, outputs, length) W d.
        tolerance : float, optional
            Largest numerical error, rms, in units of the standard deviation of the posterior.

        Returns
        -------
        streams, field : ndarray
            (images, outputs, length) 1/f noise and smooth field at the bins.
        """
        residual = self._transposed(weighted)
        corrected = self._precondition(residual)
        direction = corrected
        norm = self._dot(residual, corrected)
        enough = tolerance**2 * self._determined
        solution = State(np.zeros_like(residual.streams), np.zeros_like(residual.field))
        for _ in range(MAX_ITERATIONS):
            if np.all(norm <= enough):
                break
            image = self._product(direction)
            step = _ratio(norm, self._dot(direction, image))
            solution.add(direction, step)
            residual.add(image, -step)
            corrected = self._precondition(residual)
            norm, previous = self._dot(residual, corrected), norm
            direction = State(corrected.streams.copy(), corrected.field.copy()).add(direction, _ratio(norm, previous))
        return self.prior(solution)

    def draw(self, rng, images=1):
        """Draw noise and field from the prior: two arrays (images, outputs, length)."""
        white = rng.standard_normal((images, *self._weight.shape[-2:]), dtype=np.float32)
        field = rng.standard_normal((images, *self._root_field.shape), dtype=np.float32)
        return self.prior(State(fft.rfft(white, norm="ortho", workers=-1), field))


def _by_mode(transform, mean, difference):
    """Multiply the mean of the outputs by one filter and the differences from it by another."""
    if transform.shape[-2] == 1:
        return mean * transform
    filtered = difference * transform
    filtered += ((mean - difference) / transform.shape[-2]) * transform.sum(axis=-2, keepdims=True)
    return filtered


def _ratio(numerator, denominator):
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)

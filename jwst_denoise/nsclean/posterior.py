"""Posterior mean of 1/f streams and a smooth field, given noisy bins: conjugate gradients with Fourier transforms.

Data d = n + B a + white, with n stationary in read-out time (spectrum S: the mean of the outputs and their differences
are independent) and a the coefficients of the field. In the variables z = S^−½ n, b = C^−½ a, the posterior mean solves

    (1 + S^½ W S^½) z + S^½ W B C^½ b = S^½ W d,   and likewise for b,

which conjugate gradients do in a handful of steps with the preconditioner (1 + w̄ S)^−1, exact for uniform weights.
"""

from dataclasses import dataclass

import numpy as np
from scipy import fft

__all__ = ["Posterior", "State"]

TOLERANCE = 1e-3
MAX_ITERATIONS = 60


@dataclass
class State:
    """Whitened unknowns: streams (…, outputs, frequencies) in the Fourier domain, field (…, slow, fast)."""

    streams: np.ndarray
    field: np.ndarray

    def __add__(self, other):
        return State(self.streams + other.streams, self.field + other.field)

    def scaled(self, factor):
        """Multiply every image's unknowns by its own factor (images,)."""
        return State(factor[:, None, None] * self.streams, factor[:, None, None] * self.field)


class Posterior:
    """The linear system of one set of weights and one prior.

    Parameters
    ----------
    weight : ndarray
        (images or 1, outputs, length) inverse variances of the bins, 0 where there is no data.
    basis : FieldBasis
        The smooth field.
    root_mean, root_difference : ndarray
        (frequencies,) square roots of the prior eigenvalues of the outputs' mean and of their differences.
    root_field : ndarray
        (slow, fast) prior standard deviations of the field's coefficients.
    """

    def __init__(self, weight, basis, root_mean, root_difference, root_field):
        self._weight, self._basis = weight, basis
        self._root_mean, self._root_difference = root_mean, root_difference
        self._root_field = root_field.astype(np.float32)
        self._length = weight.shape[-1]
        self._count = np.full(len(root_mean), 2, dtype=np.float32)
        self._count[0] = 1
        if self._length % 2 == 0:
            self._count[-1] = 1
        self._precondition = self._make_preconditioner()

    def prior(self, state):
        """Noise streams and field of whitened unknowns: two arrays (images, outputs, length)."""
        streams = fft.irfft(self._color(state.streams), self._length, norm="ortho", workers=-1)
        return streams, self._basis.evaluate(state.field * self._root_field)

    def _transposed(self, series):
        """Transpose of the sum of both parts of `prior`."""
        streams = self._color(fft.rfft(series, norm="ortho", workers=-1))
        return State(streams, self._basis.project(series) * self._root_field)

    def _color(self, transform):
        """Multiply by S^½: the mean of the outputs by one root, the differences by the other."""
        mean = transform.mean(axis=-2, keepdims=True)
        return self._root_difference * transform + (self._root_mean - self._root_difference) * mean

    def _make_preconditioner(self):
        typical = self._weight.mean(dtype=np.float64)
        mean = (1 / (1 + typical * self._root_mean.astype(np.float64) ** 2)).astype(np.float32)
        difference = (1 / (1 + typical * self._root_difference.astype(np.float64) ** 2)).astype(np.float32)
        root = self._root_field.ravel().astype(np.float64)
        normal = self._basis.normal_matrix(self._weight.mean(axis=0))
        field = np.linalg.inv(np.eye(root.size) + root[:, None] * normal * root).astype(np.float32)

        def apply(state):
            average = state.streams.mean(axis=-2, keepdims=True)
            flat = state.field.reshape(len(state.field), -1)
            return State(
                difference * state.streams + (mean - difference) * average,
                (flat @ field).reshape(state.field.shape),
            )

        return apply

    def _dot(self, a, b):
        product = a.streams.real * b.streams.real + a.streams.imag * b.streams.imag
        streams = (product.sum(axis=-2) @ self._count).astype(np.float64)
        return streams + np.sum(a.field * b.field, axis=(-2, -1), dtype=np.float64)

    def _product(self, state):
        streams, field = self.prior(state)
        streams += field
        streams *= self._weight
        return state + self._transposed(streams)

    def solve(self, weighted, tolerance=TOLERANCE):
        """Posterior mean.

        Parameters
        ----------
        weighted : ndarray
            (images, outputs, length) W d.
        tolerance : float, optional
            Relative size of the last correction, in units of the posterior's own width.

        Returns
        -------
        streams, field : ndarray
            (images, outputs, length) 1/f noise and smooth field at the bins.
        """
        residual = self._transposed(weighted)
        corrected = self._precondition(residual)
        direction = corrected
        norm = start = self._dot(residual, corrected)
        solution = State(np.zeros_like(residual.streams), np.zeros_like(residual.field))
        for _ in range(MAX_ITERATIONS):
            if np.all(norm <= tolerance**2 * start):
                break
            image = self._product(direction)
            step = _ratio(norm, self._dot(direction, image)).astype(np.float32)
            solution += direction.scaled(step)
            residual += image.scaled(-step)
            corrected = self._precondition(residual)
            norm, previous = self._dot(residual, corrected), norm
            direction = corrected + direction.scaled(_ratio(norm, previous).astype(np.float32))
        return self.prior(solution)

    def sample(self, rng, images=1):
        """Draw noise and field from the prior, and the weighted data that they and white noise would give.

        Returns
        -------
        streams, field, weighted : ndarray
            (images, outputs, length) each.
        """
        shape = (images, self._weight.shape[-2], self._length)
        white = rng.standard_normal(shape, dtype=np.float32)
        unknown = State(
            fft.rfft(white, norm="ortho", workers=-1),
            rng.standard_normal((images, *self._root_field.shape), dtype=np.float32),
        )
        streams, field = self.prior(unknown)
        noise = rng.standard_normal(shape, dtype=np.float32) * np.sqrt(self._weight)
        return streams, field, self._weight * (streams + field) + noise


def _ratio(numerator, denominator):
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)

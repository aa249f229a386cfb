"""Small scenes whose noise is 1 in every pixel."""

from types import SimpleNamespace

import numpy as np
import pytest

from jwst_denoise.readout import Readout

SIZE = 256


@pytest.fixture
def rng():
    return np.random.default_rng(20230306)


@pytest.fixture
def readout():
    """Fast axis along x, one output."""
    return Readout((SIZE, SIZE), fastaxis=1, slowaxis=2)


@pytest.fixture
def noise(rng):
    """White noise of 1 and stripes of 0.5 along x."""
    return (rng.normal(size=(SIZE, SIZE)) + 0.5 * rng.normal(size=(SIZE, 1))).astype(np.float32)


@pytest.fixture
def stars(rng):
    """Thirty stars with Gaussian cores and exponential halos, and where they are."""
    y, x = np.mgrid[:SIZE, :SIZE]
    rows, columns = rng.integers(8, SIZE - 8, (2, 30))
    image = np.zeros((SIZE, SIZE), np.float32)
    for row, column in zip(rows, columns, strict=True):
        distance = np.hypot(y - row, x - column)
        image += 50 * np.exp(-((distance / 1.8) ** 2)) + 2 * np.exp(-distance / 2.5)
    return SimpleNamespace(image=image, rows=rows, columns=columns)

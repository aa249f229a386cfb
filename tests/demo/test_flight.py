"""Cross-validation on the flight exposure inside jwst."""

import numpy as np
import pytest

from jwst_denoise.demo import flight, metrics

RAW = {(1, 0): 13.89, (2, 1): 13.49, (2, 0): 13.94}  # DN, of the exposure itself


def test_gp_predicts_the_noise_of_pixels_outside_the_fit():
    results = flight.cross_validate()
    assert tuple(results) == flight.PAIRS
    for pair, scatter in results.items():
        assert scatter["raw"] == pytest.approx(RAW[pair], abs=0.01)
        assert scatter["gp"] < scatter["median"] - 0.2 < scatter["raw"] - 0.5


def test_scatter_is_that_of_the_core():
    sample = np.random.default_rng(1).normal(5, 2, 20_000)
    with_outliers = sample.copy()
    with_outliers[:100] = 1e4
    assert metrics.clipped_scatter(with_outliers) == pytest.approx(2, rel=4 / np.sqrt(2 * sample.size))


def test_missing_exposure(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.fits"):
        flight.cross_validate(tmp_path / "nothing.fits")

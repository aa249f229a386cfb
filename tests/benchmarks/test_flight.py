"""Cross-validation on the flight exposure inside jwst."""

import numpy as np
import pytest
from jwst_denoise_benchmarks.nsclean import flight

RAW = {(1, 0): 13.89, (2, 1): 13.49, (2, 0): 13.94}  # DN, of the exposure itself


def test_gp_predicts_the_noise_of_pixels_that_it_has_not_seen():
    figures = flight.flight_figures()
    assert [row["pair"] for row in figures] == list(flight.PAIRS)
    for row in figures:
        assert row["raw"] == pytest.approx(RAW[row["pair"]], abs=0.01)
        assert row["gp"] < row["median"] - 0.2 < row["raw"] - 0.5


def test_scatter_is_of_the_core():
    sample = np.random.default_rng(1).normal(5, 2, 20_000)
    spoilt = sample.copy()
    spoilt[:100] = 1e4
    assert flight.scatter(spoilt) == pytest.approx(2, rel=4 / np.sqrt(2 * sample.size))


def test_an_exposure_that_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.fits"):
        flight.flight_figures(tmp_path / "nothing.fits")

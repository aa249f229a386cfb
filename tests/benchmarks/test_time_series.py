"""The benchmark of time series: paired exposures, and what the methods leave and keep."""

import numpy as np
import pytest

from jwst_denoise_benchmarks.nsclean import time_series


@pytest.fixture(scope="module")
def bots():
    return time_series.Series(time_series.CASES["BOTS SUB512"], 8, 1)


def test_exposures_of_a_time_series_differ_by_the_transit_alone(bots):
    none, white, small = (bots.data(kind) for kind in ("none", "white", "small"))
    np.testing.assert_array_equal(none[bots.out], white[bots.out])
    total = bots.flux.sum()
    depth = bots.depth(bots.extract(none - white)).sum() / total
    assert -depth == pytest.approx(0.01, rel=0.1)  # limb darkening
    assert bots.depth(bots.extract(none - small)).sum() / total == pytest.approx(0.01 * depth, rel=0.01)
    assert bots.extract(none).std(axis=0).mean() == pytest.approx(bots.expected.mean(), rel=0.3)


def test_what_methods_leave_and_keep(bots):
    def dim(series, data):
        return 0.9 * data

    def perfect(series, data):
        return data - series.correlated

    runs = time_series.compare(bots, {"nothing": lambda series, data: data, "dim": dim, "perfect": perfect})
    expected = (bots.correlated - bots.correlated.mean(axis=0))[:, bots.box].std() * bots.unit
    assert runs["nothing"]["left"] == pytest.approx(expected, rel=1e-3)
    assert runs["perfect"]["left"] < 1e-3 * expected
    assert runs["dim"]["kept"] == pytest.approx(0.9, abs=0.02)
    assert runs["dim"]["bias"] == pytest.approx(-1000, rel=0.1)
    assert runs["dim"]["small_bias"] == pytest.approx(-10, rel=0.1)


def test_methods_that_remove_the_transit_do_not_count():
    good = {
        "left": 2.0,
        "channels": 1.0,
        "white": 100.0,
        "kept": 1.0,
        "bias": 0.0,
        "small_bias": 1.0,
        "curve": np.arange(5.0),
    }
    runs = {"no correction": good, "greedy": good | {"left": 0.5, "kept": 0.9}, time_series.STEP: good | {"left": 1.5}}
    rows = {row.quantity: row for row in time_series.summary_rows("BOTS", runs)}
    left = next(row for quantity, row in rows.items() if quantity.startswith("Correlated noise left"))
    assert left.result["nsclean"] == pytest.approx(0.75) and left.passed


@pytest.mark.parametrize("method", ["jwst, median", "jwst, median_image", "exoTEDRF, core masked"])
def test_reference_methods_remove_stripes_of_a_time_series(bots, method):
    stripes = 20 * np.random.default_rng(1).standard_normal((8, 1, 512), dtype=np.float32)
    data = bots.data("none") + stripes
    change = data - time_series.METHODS[method](bots, data.copy())
    change, stripes = (values - values.mean(axis=0) for values in (change, stripes))
    assert (change - stripes).std() < 0.5 * stripes.std()

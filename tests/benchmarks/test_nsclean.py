"""The benchmark of nsclean: rows, reference methods, and simulated noise."""

import numpy as np
import pytest

from jwst_denoise import simulate
from jwst_denoise.nsclean import Hyper
from jwst_denoise.nsclean.frame import fit_frame
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.core.catalog import NSCLEAN, select
from jwst_denoise_benchmarks.core.measure import in_process
from jwst_denoise_benchmarks.nsclean import constants, faint_stars, reference_methods, residuals, scenes, speed


def rows_of(name):
    (group,) = select([name], NSCLEAN.groups)
    return list(group.rows(quick=True))


def test_missing_data_are_reported(monkeypatch, tmp_path):
    monkeypatch.setenv("JWST_DENOISE_DATA", str(tmp_path))
    for name in ("ifu", "wfc3"):
        (row,) = rows_of(name)
        assert row.metrics["skipped"].startswith(f"no data at {tmp_path}")
        assert row.passed is None and row.result == {}


def test_rows_of_a_mask():
    regions = {"all": 1.0, "dark": 1.0, "science": 1.0}
    run = dict.fromkeys(("before", "median", "median by output", "fft", "gp", "gp, true statistics"), regions)
    run |= {"ratio": {"all": 0.8, "dark": 0.9, "science": 0.7}, "pull": regions | {"dark": 0.9}, "expected": regions}
    residual, ratio, expected, pull = residuals.ifu_rows("NRS1 15 %", 1.0, [run])
    assert residual.result == {"gp": 1.0} and len(residual.reference) == 4
    assert ratio.result["dark"] == 0.9 and ratio.passed is False
    assert expected.passed and pull.passed is False


@pytest.mark.slow
def test_series_in_a_separate_process():
    times, _, peaks, _ = speed.long_series(quick=True)
    assert times.configuration.endswith("gp")
    assert times.metrics["peak"] == 1e9 * peaks.result["nsclean"] > times.metrics["input"] > 0


@pytest.mark.slow
def test_memory_is_that_of_the_job():
    readout = Readout.for_detector("NRS1", (256, 512))
    measured = in_process(speed.nsclean_job, *readout.shape, repeats=2)
    assert 8 * readout.ticks < measured["above"] < 100 * 8 * readout.ticks
    assert len(measured["seconds"]) == 2


def test_failure_in_a_process_is_reported():
    with pytest.raises(RuntimeError, match="nsclean_job failed"):
        in_process(speed.nsclean_job, 3, "x")


def test_nsclean_subarray_has_the_same_model_with_its_weights():
    rng = np.random.default_rng(4)
    readout = Readout.for_detector("NRS1", (16, 256))
    mask = rng.random(readout.shape) < 0.9
    _, data = scenes.noisy_frame(readout, rng)
    model = reference_methods.subarray_noise(data, mask)
    weights = reference_methods.subarray_weights(mask, readout)
    noise, _ = fit_frame(data, mask, readout, speed.OPTIONS, weights=weights)
    assert np.std(noise - model) < 1e-4 * np.std(model)


def test_noise_of_a_rate_agrees_with_its_errors():
    detector = simulate.detector("NRS1")
    rate, observation = simulate.scene("bots", detector, np.random.default_rng(0), subarray_name="SUB512")
    model = scenes.template(rate, detector, observation, "NRSRAPID", 5)
    correlated, white = scenes.rate_noise(model, detector, np.random.default_rng(7), images=4)
    expected = np.sqrt(model.var_rnoise[0, 0])
    assert white.std() == pytest.approx(expected, rel=4 / np.sqrt(2 * white.size))
    ratio = np.hypot(detector.correlated.common_rms, detector.correlated.output_rms) / detector.read_noise
    assert correlated.std() == pytest.approx(ratio * expected, rel=0.3)


def test_star_dims_with_the_curve_and_noise_is_the_same():
    flat, dip = (scenes.star_series(np.array(curve), np.random.default_rng(3)).data for curve in ([1, 1], [1, 0.9]))
    star = scenes.star_series(np.ones(1), np.random.default_rng(0), noise=False).data[0]
    np.testing.assert_array_equal(flat[0], dip[0])
    np.testing.assert_allclose(flat[1] - dip[1], 0.1 * star, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("name", ["gap-ridge", "bins", "tolerance", "few-pixels"])
def test_constants(name):
    rows = rows_of(name)
    assert rows
    assert all(sum("(default)" in column for column in row.result) == 1 for row in rows)


def test_constants_are_restored():
    before = constants.lines.GAP_RIDGE
    list(constants.gap_ridge(quick=True))
    assert constants.lines.GAP_RIDGE == before


def test_rows_of_faint_stars():
    kept = {"nsclean": np.array([0.995, 0.997]), "with mosaic": np.array([0.99, 0.992]), "jwst median": np.ones(2)}
    rows = list(faint_stars.field_rows("field", [dict.fromkeys(faint_stars.RATIOS, kept)]))
    assert len(rows) == len(faint_stars.RATIOS) and rows[0].passed is False
    assert rows[0].result["nsclean"][0] == pytest.approx(0.996) and list(rows[0].reference) == ["jwst median"]


def test_rows_of_the_predicted_loss():
    by_bound = {0.01: (0.01, 0.012, 0.001), 0.05: (0.05, 0.07, 0.001), 1: (0.2, 0.21, 0.001)}
    *rows, rank = faint_stars.loss_rows({"geometry": by_bound})
    assert [row.passed for row in rows] == [True, False, True]
    assert rank.result["nsclean"] == pytest.approx(1) and rank.passed


def test_injected_loss_is_that_of_lines():
    """Without correlated noise nothing is removed; the stars are well inside dark areas and have their own places."""
    geometry = faint_stars.Geometry(Readout((96, 96), 1, 2), Hyper(0.0, 0.0), 0.6)
    for predicted, loss, error in faint_stars.injected_loss(geometry, 4).values():
        assert predicted == loss == error == 0

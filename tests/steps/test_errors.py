"""Errors after the correction: blank sky scatters as its errors say."""

import numpy as np
import pytest

from jwst_denoise import NSCleanStep
from jwst_denoise.statistics import MAD_TO_SIGMA
from jwst_denoise.steps.nsclean import errors


def test_scale_is_recovered(rng):
    shape, read, other = (400, 500), rng.uniform(0.5, 2, (400, 500)), 0.3
    residual = rng.normal(size=shape) * np.sqrt(0.6 * read + other - 0.02)
    scale = errors.error_scale(residual, np.ones(shape, bool), read, np.full(shape, other), np.full(shape, 0.02))
    assert scale == pytest.approx(0.6, rel=4 * np.sqrt(errors.MAD_VARIANCE / residual.size) * 2)


def test_few_pixels_leave_the_scale_alone(rng):
    residual = rng.normal(size=(100, 100)) * 10
    used = np.zeros(residual.shape, bool)
    one = np.ones(residual.shape)
    assert errors.error_scale(residual, used, one, 0 * one, 0 * one) == 1
    used[0, :4] = True
    few = errors.error_scale(residual, used, one, 0 * one, 0 * one)
    assert 1 < few < errors.error_scale(residual, used | True, one, 0 * one, 0 * one)


def test_pixels_without_read_noise_leave_the_errors_unchanged(rng):
    one = np.ones((200, 200))
    scale = errors.error_scale(3 * rng.normal(size=one.shape), one > 0, 1e-6 * one, one, 0 * one)
    assert np.isfinite(scale)
    err, _ = errors.updated(one, 1e-6 * one, scale, one > 0, 0 * one)
    np.testing.assert_allclose(err, 1, rtol=1e-3)


def test_updated_against_the_definition():
    err, read, fit = np.array([2.0, 2.0, np.nan, 0.0]), np.array([1.0, 1.0, np.nan, 0.0]), np.full(4, 0.1)
    new_err, new_read = errors.updated(err, read, 0.5, np.array([True, False, True, True]), fit)
    np.testing.assert_allclose(new_read, [0.4, 0.6, np.nan, 0])
    np.testing.assert_allclose(new_err, [np.sqrt(3.4), np.sqrt(3.6), np.nan, 0])


@pytest.mark.parametrize("method", ["gp", "nsclean", "median"])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_pull_of_blank_sky(rateints, method, factor):
    """The read noise variance of the input is wrong by a factor; that of the output is not."""
    rateints.var_rnoise *= factor
    rateints.err = np.sqrt(rateints.var_rnoise + rateints.var_poisson)
    result = NSCleanStep.call(rateints, method=method, configure_log=False)
    blank = result.data[:, 20:, :50] - np.nanmedian(result.data[:, 20:, :50])
    pull = blank / result.err[:, 20:, :50]
    assert 0.95 < MAD_TO_SIGMA * np.median(np.abs(pull)) < 1.05
    np.testing.assert_allclose(result.err**2, result.var_rnoise + result.var_poisson, rtol=1e-4)


def test_errors_alone(rateints):
    """A rate of cleaned groups whose errors are of the uncleaned ones: the data stay, the errors follow them."""
    cleaned = NSCleanStep.call(rateints, method="median", configure_log=False)
    cleaned.err[:], cleaned.var_rnoise[:] = 2, 3.8
    result = NSCleanStep.call(cleaned, errors_only=True, configure_log=False)
    np.testing.assert_array_equal(result.data, cleaned.data)
    pull = (result.data[:, 20:, :50] - np.nanmedian(result.data[:, 20:, :50])) / result.err[:, 20:, :50]
    assert 0.95 < MAD_TO_SIGMA * np.median(np.abs(pull)) < 1.05
    assert result.meta.cal_step.nsclean == "COMPLETE"
    assert result.meta.jwst_denoise.nsclean.parameters == cleaned.meta.jwst_denoise.nsclean.parameters


def test_errors_alone_replace_no_page(rateints, tmp_path):
    cleaned = NSCleanStep.call(rateints, method="median", save_qa=True, configure_log=False)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"jw1_ints_nsclean_qa.html", "jw1_ints_nsclean_qa.png"}
    NSCleanStep.call(cleaned, errors_only=True, save_qa=True, save_mask=True, configure_log=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_mask_of_a_ramp_does_not_outlast_a_single_step(ramp, rateints, caplog):
    """Only a pipeline passes the mask of its ramp on to the errors of the rates."""
    cleaned = NSCleanStep.call(rateints, method="median", configure_log=False)
    step = NSCleanStep(method="median")
    step.run(ramp)
    step.errors_only = True
    with caplog.at_level("INFO"):
        step.run(cleaned)
    assert "background mask of the groups" not in caplog.text


def test_errors_alone_need_a_cleaned_rate(rateints, ramp):
    for model in (rateints, ramp):
        result = NSCleanStep.call(model, errors_only=True, configure_log=False)
        assert result.meta.cal_step.nsclean == "SKIPPED"


def test_errors_of_pixels_and_sums_share_the_excess():
    err, read, none = np.full((4, 4), 2.0), np.full((4, 4), 1.0), np.zeros((4, 4))
    new_err, new_read = errors.updated(err, read, 1.0, True, none, sum_excess=1.44)
    np.testing.assert_allclose(new_err, 2 * 1.44**0.25)
    np.testing.assert_allclose(new_err**2 - new_read, 3)

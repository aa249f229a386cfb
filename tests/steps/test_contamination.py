"""nsclean leaves exposures unchanged in which signal is everywhere."""

import numpy as np
import pytest

from jwst_denoise import NSCleanStep
from jwst_denoise.steps.common.status import CorrectionFailed
from jwst_denoise.steps.nsclean.contamination import LIMIT, check_error_scale, check_group_correlation

from .conftest import SHAPE


def signal_of_lines(rng):
    """(ny, nx) signal that changes from line to line, as stripes do."""
    return np.broadcast_to(rng.normal(0, 30, (SHAPE[0], 1)), SHAPE).astype("f4")


def assert_refused(model, reason, caplog):
    before = np.array(model.data)
    result = NSCleanStep.call(model, n_sigma=0.0, configure_log=False)
    assert result.meta.cal_step.nsclean == "FAILED"
    assert reason in caplog.text and "user_mask" in caplog.text
    np.testing.assert_array_equal(result.data, before)


def test_ramp_full_of_signal(ramp, rng, caplog):
    time = np.arange(1, ramp.shape[1] + 1)[:, None, None]
    ramp.data = ramp.data + signal_of_lines(rng) * time
    assert_refused(ramp, "correlation", caplog)


def test_dark_ramp_is_cleaned(ramp):
    assert NSCleanStep.call(ramp, configure_log=False).meta.cal_step.nsclean == "COMPLETE"


def test_rate_full_of_signal(rate, rng, caplog):
    rate.data = rate.data + rng.normal(0, 10, SHAPE).astype("f4")
    assert_refused(rate, "scatter", caplog)


@pytest.mark.parametrize("scale", [None, 1.0, LIMIT])
def test_usual_errors_pass(scale):
    check_error_scale(scale)


def test_noise_is_new_in_every_group(rng):
    one, other = rng.normal(size=(2, 50, 60))
    check_group_correlation(one, other)
    check_group_correlation(np.zeros((5, 6)), np.zeros((5, 6)))
    with pytest.raises(CorrectionFailed, match="astronomical signal"):
        check_group_correlation(one, one + 0.5 * other)

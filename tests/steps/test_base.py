"""The base step with a small subclass."""

import logging
from dataclasses import dataclass

import numpy as np

from jwst_denoise.steps.base import DenoiseStep
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.common.settings import Settings
from jwst_denoise.steps.common.status import CorrectionFailed


@dataclass(frozen=True, kw_only=True)
class SubtractSettings(Settings):
    number: float


class Subtract(DenoiseStep):
    """Subtract a number; fail for negative ones."""

    class_alias = "nsclean"
    settings_class = SubtractSettings
    spec = """
        number = float(default=1.0)  # What to subtract
    """

    def denoise(self, model, settings):
        if settings.number < 0:
            raise CorrectionFailed(f"number is {settings.number}")
        model.data -= settings.number
        return Result(noise=np.full(model.data.shape, settings.number, "f4"), metrics={"noise_rms": settings.number})


def run(data, **parameters):
    step = Subtract(**parameters)
    return step.run(data)


def test_subclass_needs_only_the_correction(rate):
    result = run(rate, number=2.5, save_noise=True)
    np.testing.assert_array_equal(result.data, rate.data - np.float32(2.5))
    assert result.meta.cal_step.nsclean == "COMPLETE"
    assert result.meta.jwst_denoise.nsclean.parameters == "number=2.5"
    assert result.meta.jwst_denoise.nsclean.noise_rms == 2.5


def test_failure_returns_the_input(rate, caplog):
    with caplog.at_level(logging.ERROR):
        result = run(rate, number=-1)
    assert result.meta.cal_step.nsclean == "FAILED"
    np.testing.assert_array_equal(result.data, rate.data)
    assert "number is -1" in caplog.text


def test_input_of_instance_is_not_changed(rate):
    before = rate.data.copy()
    run([rate], number=3)
    np.testing.assert_array_equal(rate.data, before)


def test_empty_list():
    assert run([]) == []

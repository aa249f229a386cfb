"""Settings: one frozen object for each step, built anew for each exposure."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
from jwst.group_scale import GroupScaleStep
from stpipe import config_parser

import jwst_denoise
from jwst_denoise import DenoiseDetector1Pipeline, NSCleanStep, parameters

STEPS = ("NSCleanStep", "CosmicRayMaskStep", "RampDenoiseStep", "ImageDenoiseStep")
FILE = {"method": "median", "n_sigma": 2.25}


@pytest.fixture
def shipped(monkeypatch):
    """A shipped file with values that are no defaults of the spec."""
    monkeypatch.setattr(parameters, "select_parameters", lambda alias, meta: FILE if alias == "nsclean" else {})


def recorded(model):
    return model.meta.jwst_denoise.nsclean.parameters


@pytest.mark.parametrize("name", STEPS)
def test_settings_hold_what_the_spec_holds(name, rate):
    step = getattr(jwst_denoise, name)
    spec = config_parser.load_spec_file(step)
    common = config_parser.load_spec_file(step.__mro__[1])
    assert {field.name for field in fields(step.settings_class)} == {*spec, *common, "skip"}
    settings = step().settings(rate)
    with pytest.raises(FrozenInstanceError):
        settings.skip = True


@pytest.mark.usefixtures("shipped")
class TestAValueThatEqualsTheDefaultIsStillGiven:
    """``method='gp'`` is the default of the spec; the shipped file says ``median``."""

    def test_standalone(self, rate):
        text = recorded(NSCleanStep.call(rate, method="gp", configure_log=False))
        assert "method='gp'" in text
        assert "n_sigma=2.25" in text

    def test_hook_of_a_class(self, ramp):
        parent = GroupScaleStep()
        hook = NSCleanStep("nsclean", parent=parent, method="gp")
        assert hook.settings(ramp).method == "gp"
        assert hook.settings(ramp).n_sigma == 2.25

    def test_attribute_of_a_hook(self, ramp):
        parent = GroupScaleStep(post_hooks=["jwst_denoise.NSCleanStep"])
        (hook,) = parent._post_hooks
        assert hook.settings(ramp).method == "median"
        hook.method = "gp"
        assert hook.settings(ramp).method == "gp"

    def test_sub_step_of_the_pipeline(self, ramp):
        config, _ = DenoiseDetector1Pipeline.build_config(ramp, steps={"nsclean": {"method": "gp"}})
        pipeline = DenoiseDetector1Pipeline.from_config_section(config, name="DenoiseDetector1Pipeline")
        assert pipeline.nsclean.settings(ramp).method == "gp"
        assert pipeline.nsclean.settings(ramp).n_sigma == 2.25


def test_next_exposure_on_the_same_instance_is_named_after_itself(rate, rateints, tmp_path):
    rate.save("a_rate.fits")
    rateints.save("b_rateints.fits")
    step = NSCleanStep(method="median", save_results=True)
    before = step.get_pars()
    for name in ("a_rate.fits", "b_rateints.fits"):
        step.run(name)
        assert step.get_pars() == before
    assert {path.name for path in tmp_path.iterdir()} == {
        "a_rate.fits",
        "b_rateints.fits",
        "a_nscleanstep.fits",
        "b_ints_nscleanstep.fits",
    }


def test_directory_of_an_exposure_does_not_stay(rate, tmp_path):
    (tmp_path / "first").mkdir()
    rate.save("first/a_rate.fits")
    rate.save("b_rate.fits")
    step = NSCleanStep(method="median")
    results = [step.run(name) for name in ("first/a_rate.fits", "b_rate.fits")]
    np.testing.assert_array_equal(results[0].data, results[1].data)

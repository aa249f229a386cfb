"""Precedence of parameters, and the step as a hook."""

import asdf
import numpy as np
import pytest
from jwst.group_scale import GroupScaleStep
from jwst.stpipe import Pipeline
from stpipe import crds_client

from jwst_denoise import NSCleanStep, masks, parameters

HOOK = "jwst_denoise.NSCleanStep"


class OneStepPipeline(Pipeline):
    """Pipeline whose only step has a hook."""

    class_alias = "one_step"
    spec = ""
    step_defs = {"group_scale": GroupScaleStep}

    def process(self, data):
        return self.group_scale.run(self.prepare_output(data, open_as_ramp=True))

    def finalize_result(self, result, _reference_files_used):
        """Without CRDS there is no context to record."""


def write_step_file(path="nsclean.asdf", **values):
    tree = {"class": HOOK, "name": "nsclean", "parameters": values}
    asdf.AsdfFile(tree).write_to(path)
    return str(path)


def write_pipeline_file(section, path="pipeline.asdf", hooks=("post_hooks",)):
    step = {"class": "jwst.group_scale.GroupScaleStep", "name": "group_scale"}
    tree = {
        "class": f"{OneStepPipeline.__module__}.OneStepPipeline",
        "name": "one_step",
        "parameters": {},
        "steps": [{**step, "parameters": {name: [HOOK] for name in hooks}}],
        "jwst_denoise": section,
    }
    asdf.AsdfFile(tree).write_to(path)
    return str(path)


def recorded(model):
    return model.meta.jwst_denoise.nsclean.parameters


@pytest.fixture
def shipped(monkeypatch):
    """Shipped choice with two values that are no defaults of the spec."""
    monkeypatch.setattr(parameters, "select_parameters", lambda alias, meta: {"method": "median", "n_sigma": 2.25})


def test_shipped_choice_beats_the_spec(rate, shipped):
    text = recorded(NSCleanStep.call(rate, configure_log=False))
    assert "method='median'" in text
    assert "n_sigma=2.25" in text


def test_parameter_file_beats_the_shipped_choice(rate, shipped):
    result = NSCleanStep.call(rate, config_file=write_step_file(n_sigma=2.5), configure_log=False)
    assert "method='median'" in recorded(result)
    assert "n_sigma=2.5," in recorded(result)


def test_keyword_beats_the_parameter_file(rate, shipped):
    result = NSCleanStep.call(rate, config_file=write_step_file(n_sigma=2.5), n_sigma=2.75, configure_log=False)
    assert "n_sigma=2.75" in recorded(result)


def test_crds_is_not_queried(rate, monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("CRDS was queried")

    monkeypatch.delenv("STPIPE_DISABLE_CRDS_STEPPARS")
    monkeypatch.setattr(crds_client, "get_reference_file", fail)
    monkeypatch.setattr(crds_client, "get_multiple_reference_paths", fail)
    assert NSCleanStep.call(rate, configure_log=False).meta.cal_step.nsclean == "COMPLETE"


def test_choice_by_the_header_of_model_path_and_dictionary(rate):
    expected = parameters.select_parameters("nsclean", rate.meta)
    assert expected["background"] == "keep"
    rate.save("jw1_rate.fits")
    for dataset in (rate, "jw1_rate.fits", rate.get_crds_parameters()):
        assert dict(NSCleanStep.get_config_from_reference(dataset)) == expected


def test_attributes_are_never_changed(ramp, shipped):
    step = OneStepPipeline(steps={"group_scale": {"post_hooks": [HOOK]}})
    hook = step.group_scale._post_hooks[0]
    before = hook.get_pars()
    step.run(ramp)
    assert hook.get_pars() == before
    assert hook.method == "gp"


def test_hook_of_a_step(ramp):
    before = ramp.data.copy()
    for slot in ("pre_hooks", "post_hooks"):
        result = GroupScaleStep.call(ramp, **{slot: [HOOK]}, configure_log=False)
        assert result.meta.cal_step.nsclean == "COMPLETE"
        assert not np.array_equal(result.data, before)
        np.testing.assert_array_equal(ramp.data, before)


def test_hook_in_a_pipeline_with_parameters_from_its_file(ramp, tmp_path):
    (tmp_path / "pars").mkdir()
    masks.write_mask(tmp_path / "pars" / "my.mask.fits", np.ones((96, 128), bool))
    section = {"nsclean": {"method": "median", "n_sigma": 2.5, "user_mask": "my.mask.fits", "save_noise": True}}
    file = write_pipeline_file(section, tmp_path / "pars" / "pipeline.asdf")
    before = ramp.data.copy()
    result = OneStepPipeline.call(ramp, config_file=file, output_dir=str(tmp_path / "out"), configure_log=False)
    for expected in ("method='median'", "n_sigma=2.5,", "user_mask='my.mask.fits'", "background='keep'"):
        assert expected in recorded(result)
    np.testing.assert_array_equal(ramp.data, before)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["jw1_nsclean_noise.fits"]


def test_hook_that_is_skipped_by_its_file(ramp):
    file = write_pipeline_file({"nsclean": {"skip": True}})
    result = OneStepPipeline.call(ramp, config_file=file, configure_log=False)
    assert result.meta.cal_step.nsclean == "SKIPPED"
    np.testing.assert_array_equal(result.data, ramp.data)


@pytest.mark.parametrize(("name", "value"), [("n_sgima", 2.0), ("method", "fft"), ("n_sigma", "many")])
def test_bad_parameter_of_a_hook_is_named_before_the_run(name, value):
    file = write_pipeline_file({"nsclean": {name: value}})
    with pytest.raises(ValueError, match=name):
        OneStepPipeline.from_config_file(file)


def test_hook_with_keywords(ramp):
    result = GroupScaleStep.call(ramp, post_hooks=[f"{HOOK}(method='median', n_sigma=3)"], configure_log=False)
    assert "method='median'" in recorded(result)
    assert "n_sigma=3," in recorded(result)
    given = NSCleanStep(method="nsclean")
    result = GroupScaleStep.call(ramp, post_hooks=[given], configure_log=False)
    assert "method='nsclean'" in recorded(result)

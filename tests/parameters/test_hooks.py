"""Parameters of a hooked step from the pipeline's parameter file."""

from types import SimpleNamespace

import asdf
import pytest
from jwst.pipeline import Detector1Pipeline
from stdatamodels.jwst import datamodels
from stpipe import config_parser

from jwst_denoise import crds_cache, parameters

KNOWN = {"method", "n_sigma", "user_mask", "critical_frequency"}
SECTION = {"nsclean": {"method": "median", "n_sigma": 2.5, "user_mask": "some/where/my.mask.fits"}}


def write(path, section, jump_section=None):
    """A parameter file of calwebb_detector1 with a section for this package, and one for the hook."""
    jump = {"class": "jwst.step.JumpStep", "name": "jump", "parameters": {"post_hooks": ["jwst_denoise.NSCleanStep"]}}
    if jump_section is not None:
        jump["jwst_denoise"] = jump_section
    tree = {
        "class": "jwst.pipeline.Detector1Pipeline",
        "name": "Detector1Pipeline",
        "parameters": {},
        "steps": [jump],
        "jwst_denoise": section,
        "meta": {"instrument": {"name": "NIRCAM"}},
    }
    asdf.AsdfFile(tree).write_to(path)
    return path


def test_dots_and_paths_arrive(tmp_path):
    file = write(tmp_path / "a.asdf", SECTION)
    assert parameters.hook_parameters(file, "nsclean", known=KNOWN) == SECTION["nsclean"]


def test_stpipe_passes_over_the_section(tmp_path):
    config = config_parser.load_config_file(str(write(tmp_path / "a.asdf", SECTION, SECTION)))
    assert set(config) == {"class", "name", "steps"}
    assert set(config["steps"]["jump"]) == {"class", "name", "post_hooks"}


def test_section_beside_the_hook_wins(tmp_path):
    file = write(tmp_path / "a.asdf", SECTION, {"nsclean": {"n_sigma": 4.0}})
    assert parameters.hook_parameters(file, "nsclean", "jump")["n_sigma"] == 4.0
    assert parameters.hook_parameters(file, "nsclean", "jump")["method"] == "median"
    assert parameters.hook_parameters(file, "nsclean", "ramp_fit")["n_sigma"] == 2.5
    assert parameters.hook_parameters(file, "nsclean")["n_sigma"] == 2.5


@pytest.mark.parametrize("section", [{}, {"nsclean": {}}, {"nsclean": None}, None])
def test_empty_sections(tmp_path, section):
    assert parameters.hook_parameters(write(tmp_path / "a.asdf", section), "nsclean") == {}


@pytest.mark.parametrize("file", [None, "old.cfg"])
def test_files_without_parameters_of_hooks(file):
    assert parameters.hook_parameters(file, "nsclean") == {}


@pytest.mark.parametrize("beside_the_hook", [False, True])
@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"nsclean": {"n_sgima": 2}}, r"a\.asdf: 'n_sgima' is not a parameter of nsclean; did you mean 'n_sigma'\?"),
        ({"nsclaen": {}}, r"a\.asdf: 'nsclaen' is not a step of jwst_denoise; did you mean 'nsclean'\?"),
        ({"nsclean": "gp"}, r"a\.asdf: jwst_denoise: nsclean must map parameters to values, not 'gp'"),
        ("gp", r"a\.asdf: the section 'jwst_denoise' must map step aliases to parameters, not 'gp'"),
    ],
)
def test_mistakes_are_named(tmp_path, section, message, beside_the_hook):
    file = write(tmp_path / "a.asdf", *(({}, section) if beside_the_hook else (section,)))
    with pytest.raises(ValueError, match=message):
        parameters.hook_parameters(file, "nsclean", "ramp_fit", known=KNOWN)


def test_missing_file():
    with pytest.raises(FileNotFoundError, match=r"no parameter file nowhere\.asdf"):
        parameters.hook_parameters("nowhere.asdf", "nsclean")


def test_not_asdf(tmp_path):
    (tmp_path / "a.asdf").write_text("method = gp")
    with pytest.raises(ValueError, match=r"a\.asdf is not an ASDF parameter file"):
        parameters.hook_parameters(tmp_path / "a.asdf", "nsclean")


def test_a_step_that_is_not_a_hook():
    assert parameters.collect_hook_parameters(SimpleNamespace(parent=None)) == {}


def hook_of(pipeline):
    (hook,) = pipeline.jump._post_hooks
    return hook


def test_hook_of_a_real_pipeline(tmp_path):
    file = write(tmp_path / "a.asdf", SECTION)
    assert (
        parameters.collect_hook_parameters(hook_of(Detector1Pipeline.from_config_file(str(file)))) == SECTION["nsclean"]
    )


@pytest.mark.parametrize("disabled", [False, True])
def test_file_of_the_user_wins_over_references_of_crds(tmp_path, monkeypatch, disabled):
    monkeypatch.setenv("STPIPE_DISABLE_CRDS_STEPPARS", str(disabled))
    reference = write(tmp_path / "reference.asdf", {"nsclean": {"method": "median", "critical_frequency": 0.01}})
    own = write(tmp_path / "own.asdf", {"nsclean": {"method": "gp", "user_mask": "m.fits"}})
    crds_cache.build_cache(tmp_path / "cache", detectors=[], parameters=[reference])
    with crds_cache.activated(tmp_path / "cache"), datamodels.RampModel((1, 2, 8, 8)) as model:
        model.meta.instrument.name, model.meta.instrument.detector = "NIRCAM", "NRCB1"
        model.meta.exposure.type = "NRC_IMAGE"
        model.meta.observation.date, model.meta.observation.time = "2024-03-01", "12:00:00"
        collected = parameters.collect_hook_parameters(hook_of(Detector1Pipeline.from_config_file(str(own))), model)
    expected = {"method": "gp", "user_mask": "m.fits"}
    assert collected == (expected if disabled else {**expected, "critical_frequency": 0.01})

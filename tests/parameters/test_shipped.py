"""The shipped files: complete, valid for stpipe, and what the script writes."""

import importlib.util
from pathlib import Path

import asdf
import pytest
from jwst.pipeline import Detector1Pipeline
from stpipe import config_parser
from stpipe.utilities import import_class

import jwst_denoise
from jwst_denoise import parameters
from jwst_denoise.parameters import shipped

TOOL = Path(jwst_denoise.__file__).parents[1] / "tools" / "write_parameter_files.py"
PIPELINES = [name for name in parameters.names() if "_nsclean" in name]
COSMIC_RAYS = [name for name in parameters.names() if "_cosmic_ray_mask" in name]
RAMPS = [name for name in parameters.names() if "_ramp_denoise_" in name]
IMAGES = [name for name in parameters.names() if name.endswith("_image_denoise")]
DENOISE1 = [name for name in parameters.names() if name.endswith("_denoise1")]
RECIPES = [
    *("nirspec_ifu", "nirspec_mos", "nirspec_fs", "nirspec_bots", "nircam_imaging", "nircam_time_series"),
    *("niriss_imaging", "niriss_soss"),
]
STEPS = [name for name in parameters.names() if name.startswith("nsclean_")]


def test_every_instrument_and_stage_is_there():
    """The tests below load every file, so that stpipe checks its parameters, and hooks check theirs."""
    assert {*PIPELINES, *COSMIC_RAYS, *RAMPS, *IMAGES, *DENOISE1, *RECIPES, *STEPS} == set(parameters.names())
    for instrument in ("nirspec", "nircam", "niriss", "fgs"):
        for level in ("groups", "rates"):
            assert f"{instrument}_detector1_nsclean_{level}" in PIPELINES
    assert {"nircam_image2_nsclean", "niriss_image2_nsclean", "nirspec_spec2_nsclean", "fgs_guider_nsclean"} <= set(
        PIPELINES
    )
    assert {f"nsclean_nirspec_{mode}" for mode in ("ifu", "mos", "fs", "bots")} <= set(STEPS)


@pytest.mark.parametrize("name", PIPELINES)
def test_pipeline_files_hook_the_step(name):
    config = config_parser.load_config_file(str(parameters.path(name)))
    pipeline = import_class(config["class"]).from_config_file(str(parameters.path(name)))
    hooks = {
        f"{when} {step}": hook
        for step in pipeline.step_defs
        for when in ("pre", "post")
        for hook in getattr(getattr(pipeline, step), f"_{when}_hooks")
    }
    assert len(hooks) == (2 if name.endswith("_groups") else 1)
    for slot, hook in hooks.items():
        assert isinstance(hook, jwst_denoise.NSCleanStep)
        assert hook.parent.name == slot.split()[1]
        errors_only = parameters.collect_hook_parameters(hook).get("errors_only", False)
        assert errors_only == (name.endswith("_groups") and slot == "post ramp_fit")
    if hasattr(pipeline, "clean_flicker_noise"):
        assert pipeline.clean_flicker_noise.skip


@pytest.mark.parametrize("name", COSMIC_RAYS)
def test_pipeline_files_hook_the_cosmic_ray_mask(name):
    config = config_parser.load_config_file(str(parameters.path(name)))
    pipeline = import_class(config["class"]).from_config_file(str(parameters.path(name)))
    (hook,) = [hook for step in pipeline.step_defs for hook in getattr(pipeline, step)._post_hooks]
    assert isinstance(hook, jwst_denoise.CosmicRayMaskStep)
    assert parameters.collect_hook_parameters(hook) == {"model": "auto"}
    slots = {"ramps": "jump", "rates": "ramp_fit"}
    stage_2 = "flat_field" if "image2" in name else "clean_flicker_noise"
    assert hook.parent.name == slots.get(name.rpartition("_")[2], stage_2)


def test_cosmic_ray_masks_have_every_slot():
    for instrument in ("nirspec", "nircam", "niriss", "fgs"):
        for slot in ("detector1_cosmic_ray_mask_ramps", "detector1_cosmic_ray_mask_rates", "image2_cosmic_ray_mask"):
            assert f"{instrument}_{slot}" in COSMIC_RAYS
    assert {f"{name}_spec2_cosmic_ray_mask" for name in ("nirspec", "nircam", "niriss")} <= set(COSMIC_RAYS)


@pytest.mark.parametrize("name", RAMPS)
def test_pipeline_files_hook_ramp_denoise(name):
    pipeline = Detector1Pipeline.from_config_file(str(parameters.path(name)))
    kind = "_pre_hooks" if name.endswith("_groups") else "_post_hooks"
    (hook,) = getattr(pipeline.ramp_fit, kind)
    assert isinstance(hook, jwst_denoise.RampDenoiseStep)
    assert parameters.collect_hook_parameters(hook) == {"model": "auto"}
    assert pipeline.clean_flicker_noise.skip


@pytest.mark.parametrize("name", IMAGES)
def test_pipeline_files_hook_image_denoise(name):
    config = config_parser.load_config_file(str(parameters.path(name)))
    pipeline = import_class(config["class"]).from_config_file(str(parameters.path(name)))
    (hook,) = [hook for step in pipeline.step_defs for hook in getattr(pipeline, step)._post_hooks]
    assert isinstance(hook, jwst_denoise.ImageDenoiseStep)
    assert parameters.collect_hook_parameters(hook) == {"model": "auto"}
    slots = {"detector1": "ramp_fit", "image2": "photom", "image3": "resample"}
    assert hook.parent.name == slots[name.split("_")[1]]


def test_image_denoise_has_every_stage():
    for instrument in ("nirspec", "nircam", "niriss", "fgs"):
        assert {f"{instrument}_{stage}_image_denoise" for stage in ("detector1", "image2")} <= set(IMAGES)
    assert [name for name in IMAGES if "image3" in name] == ["fgs_image3_image_denoise", "nircam_image3_image_denoise"]


@pytest.mark.parametrize("name", DENOISE1)
def test_files_of_the_denoise_pipeline(name):
    pipeline = jwst_denoise.DenoiseDetector1Pipeline.from_config_file(str(parameters.path(name)))
    steps = ("cosmic_ray_mask", "clean_flicker_noise", "nsclean", "ramp_denoise")
    assert [getattr(pipeline, step).skip for step in steps] == [False, True, False, False]
    assert pipeline.ramp_denoise.product == "rate"


def test_ramp_denoise_has_every_slot():
    for instrument in ("nirspec", "nircam", "niriss", "fgs"):
        assert f"{instrument}_denoise1" in DENOISE1
        assert {f"{instrument}_detector1_ramp_denoise_{level}" for level in ("groups", "rates")} <= set(RAMPS)


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_save_masks_and_pictures(name):
    pipeline = jwst_denoise.DenoiseDetector1Pipeline.from_config_file(str(parameters.path(name)))
    assert not pipeline.cosmic_ray_mask.skip
    assert not pipeline.nsclean.skip
    assert pipeline.clean_flicker_noise.skip
    assert pipeline.ramp_denoise.skip == (name not in ("nirspec_ifu", "nirspec_mos", "nirspec_fs"))
    assert pipeline.cosmic_ray_mask.save_qa
    assert pipeline.nsclean.save_qa
    assert pipeline.nsclean.save_mask


@pytest.mark.parametrize("name", STEPS)
def test_step_files_are_valid_parameters(name):
    step = jwst_denoise.NSCleanStep.from_config_file(str(parameters.path(name)))
    assert step.get_pars()["background"] == shipped.tree(name)["parameters"]["background"]


@pytest.mark.parametrize("name", parameters.names())
def test_metadata_are_what_crds_asks_for(name):
    schema = asdf.schema.load_schema("http://stsci.edu/schemas/stpipe/step_config_with_metadata-1.0.0")
    meta = shipped.tree(name)["meta"]
    assert not set(schema["allOf"][1]["properties"]["meta"]["required"]) - set(meta)
    assert meta["reftype"] == "pars-" + shipped.tree(name)["class"].rpartition(".")[2].lower()
    assert meta["instrument"]["name"] == meta["selector"]["instrument"]


@pytest.mark.skipif(not TOOL.exists(), reason="the script is not part of an installed package")
def test_files_are_those_of_the_script(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("write_parameter_files", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, "FILES", tmp_path)
    tool.main()
    assert sorted(path.stem for path in tmp_path.iterdir()) == list(parameters.names())
    for path in tmp_path.iterdir():
        assert shipped.read(path) == shipped.tree(path.stem)


def test_path_with_and_without_suffix():
    assert parameters.path("nsclean_nirspec_ifu.asdf") == parameters.path("nsclean_nirspec_ifu")
    assert parameters.path("nsclean_nirspec_ifu").is_file()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nircam_detector1_nsclean_group", "did you mean 'nircam_detector1_nsclean_groups'"),
        ("nirspec_rates", "did you mean '.*' or 'nirspec_detector1_nsclean_rates'"),
        ("zzz", "no shipped parameter file 'zzz'; 'jwst-denoise pars list' shows them"),
    ],
)
def test_unknown_name_suggests(name, message):
    with pytest.raises(ValueError, match=message):
        parameters.path(name)


def test_copy(tmp_path):
    copies = parameters.copy_files(tmp_path / "mine")
    assert sorted(path.stem for path in copies) == list(parameters.names())
    copies[3].unlink()
    copies[4].write_text("edited")
    with pytest.raises(FileExistsError, match="exists already"):
        parameters.copy_files(tmp_path / "mine")
    assert not copies[3].exists()
    assert copies[4].read_text() == "edited"
    parameters.copy_files(tmp_path / "mine", overwrite=True)
    assert copies[4].read_bytes() == parameters.path(copies[4].stem).read_bytes()

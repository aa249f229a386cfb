"""The recipes of the guide run, with the files that they offer, and do what their pages say."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import DenoiseDetector1Pipeline, crds_cache, parameters, products, simulate

from .pages import RECIPES, ROOT

GUIDE = ROOT / "docs" / "guide"
pytestmark = pytest.mark.filterwarnings("ignore:'get_cache_lock' is deprecated:DeprecationWarning")

#: Recipe -> detector, observing mode of the simulator, subarray, type of the exposure in the header, read pattern.
EXPOSURES = {
    "nirspec_ifu": ("NRS1", "NRS_IFU", "SUB512", "NRS_IFU", "NRSRAPID"),
    "nirspec_mos": ("NRS1", "NRS_MSASPEC", "SUB512", "NRS_MSASPEC", "NRSRAPID"),
    "nirspec_fs": ("NRS1", "NRS_FIXEDSLIT", "SUB512", "NRS_FIXEDSLIT", "NRSRAPID"),
    "nirspec_bots": ("NRS1", "NRS_BRIGHTOBJ", "SUB512", "NRS_BRIGHTOBJ", "NRSRAPID"),
    "nircam_imaging": ("NRCB1", "NRC_IMAGE", "SUB64P", "NRC_IMAGE", "RAPID"),
    "nircam_time_series": ("NRCB1", "NRC_TSIMAGE", "SUB64P", "NRC_TSIMAGE", "RAPID"),
    "niriss_imaging": ("NIS", "NIS_IMAGE", "SUB64", "NIS_IMAGE", "NISRAPID"),
    "niriss_soss": ("NIS", "NIS_IMAGE", "SUB64", "NIS_SOSS", "NISRAPID"),
}
#: Recipe -> one whose file is the same but for the kind of exposure.
ALIKE = {"nirspec_mos": "nirspec_ifu", "nirspec_fs": "nirspec_ifu", "niriss_imaging": "nircam_imaging"}
#: Steps of the pipeline that matter little here.
PLAIN = ("saturation", "ipc", "superbias", "refpix", "linearity", "dark_current", "charge_migration", "persistence")
SECTIONS = ["The noise", "What to run", "What to check", "What to expect", "Limits"]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Cache of the detectors, in use, and no collection of garbage before every step: half of the time."""
    directory = tmp_path_factory.mktemp("crds") / "cache"
    crds_cache.build_cache(directory, detectors=sorted({detector for detector, *_ in EXPOSURES.values()}))
    with crds_cache.activated(directory), pytest.MonkeyPatch.context() as patch:
        patch.delenv("STPIPE_DISABLE_CRDS_STEPPARS", raising=False)
        patch.setattr("stpipe.step.gc", SimpleNamespace(collect=lambda: 0))
        yield directory


def uncal(recipe, directory):
    """A trace, or a star, on a faint sky."""
    name, mode, subarray, exp_type, pattern = EXPOSURES[recipe]
    detector = simulate.detector(name)
    observation = simulate.observation(detector, mode, subarray=subarray)
    ny, nx = simulate.subarray(name, subarray).shape
    scene = np.full((ny, nx), 0.3)
    lit = np.s_[14:17] if exp_type != "NRC_IMAGE" else np.s_[30:34, 40:44]
    scene[lit] = 300.0
    exposure = simulate.simulate_exposure(
        scene, detector, None, pattern, 5, 1, np.random.default_rng(5), observation=observation
    )
    path = products.write_products(exposure, directory, "exposure")["uncal"]
    with datamodels.open(path) as model:
        model.meta.exposure.type = exp_type
        model.save(path)
    return path


def settings(recipe):
    """Parameters of our steps in the file of a recipe."""
    tree = parameters.shipped.read(RECIPES / f"{recipe}.asdf")
    return {step["name"]: step["parameters"] for step in tree["steps"]}


@pytest.mark.parametrize(("recipe", "other"), ALIKE.items())
def test_recipes_that_are_alike(recipe, other):
    assert settings(recipe) == settings(other)


@pytest.mark.parametrize("recipe", [recipe for recipe in EXPOSURES if recipe not in ALIKE])
def test_recipe_runs(recipe, tmp_path):
    path, asked = uncal(recipe, tmp_path), settings(recipe)
    changed = {name: {"save_qa": False} for name in ("cosmic_ray_mask", "nsclean", "ramp_denoise")}
    changed |= {name: {"skip": True} for name in PLAIN}
    config, output = str(RECIPES / f"{recipe}.asdf"), tmp_path / "products"
    output.mkdir()
    DenoiseDetector1Pipeline.call(
        str(path), config_file=config, output_dir=str(output), save_results=True, steps=changed
    )
    with datamodels.open(output / "exposure_rateints.fits") as model:
        status = model.meta.cal_step
        ramps = "SKIPPED" if asked["ramp_denoise"].get("skip") else "COMPLETE"
        assert (status.cosmic_ray_mask, status.nsclean, status.ramp_denoise) == ("COMPLETE", "COMPLETE", ramps)
        assert status.clean_flicker_noise == "SKIPPED"
        recorded = model.meta.instance["jwst_denoise"]["nsclean"]["parameters"]
        assert asked["nsclean"].get("background", "auto") in recorded or "background" not in asked["nsclean"]
        assert np.isfinite(model.data).mean() > 0.9
    assert (output / "exposure_nsclean_mask.fits").exists()
    assert (output / "exposure_ramp_denoise_noise.fits").exists() == (ramps == "COMPLETE")


def test_every_recipe_has_a_page_and_a_file_and_is_listed():
    listed = re.findall(r"^   (ni\w+)$", (GUIDE / "index.rst").read_text(), flags=re.MULTILINE)
    assert listed == list(EXPOSURES) == [*listed]
    assert set(EXPOSURES) <= {path.stem for path in RECIPES.glob("*.asdf")}


@pytest.mark.parametrize("recipe", EXPOSURES)
def test_pages_of_recipes_are_complete(recipe):
    text = (GUIDE / f"{recipe}.rst").read_text()
    assert re.findall(r"^(\w.*)\n-+$", text, flags=re.MULTILINE) == SECTIONS
    assert f"strun {recipe}.asdf exposure_uncal.fits\n" in text
    assert f"parameters/files/{recipe}.asdf" in text

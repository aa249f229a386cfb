"""The recipes of the guide: a page and a parameter file for each observing mode."""

import re

import pytest

from jwst_denoise import parameters

from .pages import RECIPES, ROOT
from .test_blocks import EXPOSURES

GUIDE = ROOT / "docs" / "guide"
#: Recipe -> one whose file is the same but for the kind of exposure.
ALIKE = {"nirspec_mos": "nirspec_ifu", "nirspec_fs": "nirspec_ifu", "niriss_imaging": "nircam_imaging"}
SECTIONS = ["The noise", "What to run", "What to check", "What to expect", "Limits"]


def settings(recipe):
    """Parameters of the steps in the file of a recipe."""
    tree = parameters.shipped.read(RECIPES / f"{recipe}.asdf")
    return {step["name"]: step["parameters"] for step in tree["steps"]}


@pytest.mark.parametrize(("recipe", "other"), ALIKE.items())
def test_recipes_that_are_alike(recipe, other):
    assert settings(recipe) == settings(other)


def test_every_recipe_has_a_page_and_a_file_and_is_listed():
    listed = re.findall(r"^   (ni\w+)$", (GUIDE / "index.rst").read_text(), flags=re.MULTILINE)
    assert listed == list(EXPOSURES)
    assert set(EXPOSURES) <= {path.stem for path in RECIPES.glob("*.asdf")}


@pytest.mark.parametrize("recipe", EXPOSURES)
def test_pages_of_recipes_are_complete(recipe):
    text = (GUIDE / f"{recipe}.rst").read_text()
    assert re.findall(r"^(\w.*)\n-+$", text, flags=re.MULTILINE) == SECTIONS
    assert f"strun $(jwst-denoise pars path {recipe}) exposure_uncal.fits\n" in text
    assert f"parameters/files/{recipe}.asdf" in text


@pytest.mark.parametrize("recipe", [name for name in EXPOSURES if name.startswith("nirspec")])
def test_slit_recipes_give_the_weights_that_their_fluxes_need(recipe):
    """After ramp_denoise, resample_spec must not weight by VAR_RNOISE; IFU and time series are not resampled by it."""
    commands = re.findall(r"strun calwebb_spec2 .*", (GUIDE / f"{recipe}.rst").read_text())
    needed = recipe in ("nirspec_mos", "nirspec_fs")
    assert commands
    assert all(("--steps.resample_spec.weight_type=exptime" in command) == needed for command in commands)

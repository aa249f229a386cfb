"""The documentation says what the code does."""

import importlib.util
import re
from pathlib import Path

import pytest

import jwst_denoise

ROOT = Path(__file__).parents[1]
#: Parameters that every step of the pipeline has.
COMMON = {
    "pre_hooks", "post_hooks", "output_file", "output_dir", "output_ext", "output_use_model", "output_use_index",
    "save_results", "skip", "suffix", "search_output_file", "input_dir",
}  # fmt: skip
PAGES = [page for page in [*ROOT.glob("docs/**/*.rst"), ROOT / "README.md"] if page.name != "_changes.rst"]
STEPS = {
    "nsclean": "NSCleanStep",
    "cosmic_ray_mask": "CosmicRayMaskStep",
    "ramp_denoise": "RampDenoiseStep",
    "image_denoise": "ImageDenoiseStep",
}


def documented(alias):
    """Argument -> text of its default in the page of arguments."""
    text = (ROOT / "docs" / alias / "arguments.rst").read_text()
    return dict(re.findall(r"^``(\w+)`` \(.*, default:? ([^\n]*)\)$", text, flags=re.MULTILINE))


@pytest.mark.parametrize("alias", STEPS)
def test_every_argument_is_documented(alias):
    spec = set(getattr(jwst_denoise, STEPS[alias]).load_spec_file()) - COMMON
    assert set(documented(alias)) == spec


@pytest.mark.parametrize("alias", STEPS)
def test_defaults_are_documented(alias):
    step = getattr(jwst_denoise, STEPS[alias])()
    for name, text in documented(alias).items():
        assert text.split(" = ")[0].strip("`'") == str(getattr(step, name)).lower(), name


def test_readme_holds_the_commands_that_ci_runs():
    commands = re.findall(r"^python -m venv .*$", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    last = [command.split("&&")[-1].strip() for command in commands]
    assert last == [".venv/bin/jwst-denoise demo", ".venv/bin/pytest"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_parameter_files_that_are_named_exist(page):
    shipped = (
        r"\w+_nsclean\w*|nsclean_\w+|\w+_cosmic_ray_mask_?\w*|\w+_detector1_ramp\w*|\w+_image_denoise|\w+_denoise1"
    )
    pattern = rf"(?:pars path |``)(?!calwebb)((?!jw|exposure_|example_|x_){shipped})"
    names = re.findall(pattern, page.read_text())
    assert set(names) <= set(jwst_denoise.parameters.names())


def test_readme_has_the_numbers_of_the_benchmark():
    """The table is what ``tools/write_readme_table.py`` writes from the benchmark's file."""
    spec = importlib.util.spec_from_file_location("write_readme_table", ROOT / "tools" / "write_readme_table.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.readme() == tool.README.read_text(encoding="utf-8")
    assert tool.table().count("\n") == len(tool.ROWS) + 1


@pytest.mark.parametrize("name", jwst_denoise.model_files.shipped())
def test_shipped_models_contain_their_cards(name):
    card = (ROOT / "tools" / "cards" / name / "card.md").read_text(encoding="utf-8")
    assert jwst_denoise.model_files.read_info(jwst_denoise.model_files.path_of(name))["card"] == card


def test_readme_is_short():
    assert (ROOT / "README.md").read_text().count("\n") <= 150

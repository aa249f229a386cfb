"""Notebooks are stored without outputs, use public names only, and show how to use a file from MAST."""

import ast
import json
import re

import pytest

from .pages import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: Modules of the package that a notebook may import from.
PUBLIC = {"jwst_denoise", "jwst_denoise.readout", "jwst_denoise.cosmic_ray_mask.inpaint"}


def cells(path):
    """Code cells of a notebook."""
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_stored_without_outputs(path):
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_imports_public_names(path):
    code = "\n".join(line for cell in cells(path) for line in "".join(cell["source"]).splitlines() if line[:1] != "!")
    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    modules = {node.module for node in imports if node.module.startswith("jwst_denoise")}
    assert modules <= PUBLIC


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_shows_the_line_for_a_file_from_mast(path):
    code = "\n".join("".join(cell["source"]) for cell in cells(path))
    assert re.search(r'^# \w+_file = ".*jw[\w]+\.fits"  # .*your files? from MAST$', code, flags=re.MULTILINE)

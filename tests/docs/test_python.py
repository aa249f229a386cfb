"""The Python that the documentation shows is Python, imports what exists, and gives steps parameters that they have."""

import ast
import importlib

import pytest
from stpipe import Step, utilities

from .pages import PAGES, blocks, name_of

#: Of `stpipe.Step.call`, beside the parameters of a step.
CALL = {"config_file", "logcfg", "configure_log", "return_step", "steps"}
#: Packages that readers may have and the tests do not.
NOT_INSTALLED = {"dask_jobqueue"}
WITH_PYTHON = [page for page in PAGES if blocks(page, "python")]


def imported(tree):
    """Name -> object for everything that a piece of code imports from this package or jwst."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module not in NOT_INSTALLED:
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
                names[alias.asname or alias.name] = getattr(module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                importlib.import_module(alias.name)
    return names


def unknown_parameters(tree, names):
    """Keywords of ``Step.call`` and of steps that are no parameters of them, and steps of pipelines that are not."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "call" else node.func
        step = names.get(getattr(called, "id", None))
        if isinstance(step, type) and issubclass(step, Step):
            yield from {word.arg for word in node.keywords} - set(step.load_spec_file()) - CALL
            for word in node.keywords:
                if word.arg == "steps" and isinstance(word.value, ast.Dict):
                    yield from {key.value for key in word.value.keys} - set(step.step_defs)


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name_of)
def test_python_of_the_pages(page):
    names = {}
    for block in blocks(page, "python"):
        tree = ast.parse(block)
        names |= imported(tree)
        assert list(unknown_parameters(tree, names)) == []


@pytest.mark.parametrize("code", ["NSCleanStep.call('a.fits', n_sigmas=2)", "NSCleanStep(metod='gp')"])
def test_wrong_parameters_are_found(code):
    step = utilities.import_class("jwst_denoise.NSCleanStep")
    assert list(unknown_parameters(ast.parse(code), {"NSCleanStep": step}))

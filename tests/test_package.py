"""The package as a whole: cheap to import, layered, and a command line that fails in one line."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

import jwst_denoise
from jwst_denoise.commands.main import COMMANDS, main

PACKAGE = Path(jwst_denoise.__file__).parent
#: Sub-packages from the bottom to the top, with the heavy packages that they may import, and those that they may
#: import inside functions only. A sub-package imports from those above it in this table, never from those below.
LAYERS = {
    "extras": ((), ()),
    "readout": ((), ()),
    "dq": ((), ()),
    "statistics": ((), ()),
    "detectors": ((), ()),
    "nsclean": ((), ()),
    "masks": ((), ("astropy", "photutils")),
    "ramps": ((), ()),
    "quality": ((), ("photutils",)),
    "simulate": ((), ()),
    "networks": (("torch",), ()),
    "training": (("torch", "lightning"), ()),
    "schemas": (("asdf",), ()),
    "model_files": (("asdf", "stdatamodels"), ("torch",)),
    "cosmic_ray_mask": ((), ("torch", "skimage")),
    "parameters": (("asdf",), ("stpipe",)),
    "products": (("astropy", "jwst", "stdatamodels"), ()),
    "exposure_io": (("astropy", "jwst", "stdatamodels"), ()),
    "crds_cache": (("asdf", "astropy", "crds", "jwst", "stdatamodels"), ()),
    "report": (("astropy", "stdatamodels"), ("matplotlib",)),
    "steps": (("asdf", "astropy", "crds", "jwst", "stcal", "stdatamodels", "stpipe"), ("matplotlib", "torch")),
    "entry_points": ((), ()),
    "batch": (("dask", "distributed", "jwst", "stdatamodels", "stpipe", "asdf", "rich"), ()),
    "demo": (("asdf", "astropy", "jwst", "matplotlib", "photutils", "rich", "stdatamodels", "stpipe"), ("torch",)),
    "commands": (("asdf", "astropy", "click", "jwst", "matplotlib", "rich", "stdatamodels", "stpipe"), ("torch",)),
}
ORDER = list(LAYERS)
HEAVY = {
    "torch",
    "lightning",
    "asdf",
    "astropy",
    "photutils",
    "stdatamodels",
    "jwst",
    "stpipe",
    "stcal",
    "crds",
    "skimage",
}
HEAVY |= {"astroscrappy", "click", "rich", "matplotlib", "dask", "distributed"}


def imported(tree):
    """(dotted name, whether it is imported with the module) of every name that a module imports."""
    inside = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.Lambda) for n in ast.walk(f)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) not in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield from ((f"{node.module}.{alias.name}", id(node) not in inside) for alias in node.names)


def violations(top, tree):
    """Imports of one module that its layer does not permit, those inside functions included."""
    always, lazily = LAYERS[top]
    for name, at_import in imported(tree):
        root, *rest = name.split(".")
        if root == "jwst_denoise" and rest and rest[0] in ORDER and ORDER.index(rest[0]) > ORDER.index(top):
            yield f"imports {name}, a higher layer"
        if root in HEAVY and root not in (always if at_import else (*always, *lazily)):
            yield f"imports {name}"


def modules():
    return sorted(p.relative_to(PACKAGE) for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("path", modules(), ids=str)
def test_imports_point_downward(path):
    top = path.parts[0].removesuffix(".py")
    assert top in LAYERS, f"{top} is in no layer"
    assert list(violations(top, ast.parse((PACKAGE / path).read_text()))) == []


@pytest.mark.parametrize(
    ("top", "source", "allowed"),
    [
        ("nsclean", "import scipy.fft", True),
        ("nsclean", "from jwst_denoise.readout import Readout", True),
        ("nsclean", "from jwst_denoise import steps", False),
        ("nsclean", "from jwst_denoise.products import write", False),
        ("simulate", "def f():\n    import astropy.io", False),
        ("masks", "def f():\n    import photutils", True),
        ("masks", "import photutils", False),
        ("cosmic_ray_mask", "def f():\n    import torch", True),
        ("cosmic_ray_mask", "import torch", False),
        ("cosmic_ray_mask", "def f():\n    from jwst_denoise import model_files", True),
        ("cosmic_ray_mask", "from jwst_denoise import model_files", True),
        ("networks", "def f():\n    from jwst_denoise import model_files", False),
        ("cosmic_ray_mask", "def f():\n    from jwst_denoise import steps", False),
        ("model_files", "import asdf", True),
        ("model_files", "def f():\n    import torch", True),
        ("model_files", "import torch", False),
        ("model_files", "import lightning", False),
        ("networks", "import torch", True),
        ("networks", "import asdf", False),
        ("steps", "from jwst.stpipe import Step", True),
        ("steps", "import matplotlib", False),
        ("steps", "def f():\n    import torch", True),
        ("steps", "import torch", False),
        ("commands", "from jwst_denoise.steps import base", True),
    ],
)
def test_import_rule(top, source, allowed):
    assert (not list(violations(top, ast.parse(source)))) == allowed


def import_graph():
    """Module -> modules of the package that are imported with it."""
    paths = {module_name(path): path for path in modules()}
    for name, path in paths.items():
        targets = [target for target, at_import in imported(ast.parse((PACKAGE / path).read_text())) if at_import]
        owners = {target if target in paths else target.rpartition(".")[0] for target in targets}
        yield name, owners & paths.keys() - {name}


def module_name(path):
    return ".".join(["jwst_denoise", *path.with_suffix("").parts]).removesuffix(".__init__")


def circles(graph):
    """Sets of modules that import each other: strongly connected components of more than one module."""
    names = sorted(graph)
    edges = [(names.index(name), names.index(target)) for name in names for target in graph[name]]
    rows, columns = zip(*edges, strict=True)
    matrix = csr_array((np.ones(len(edges)), (rows, columns)), shape=(len(names), len(names)))
    _, labels = connected_components(matrix, connection="strong")
    members = [[name for name, label in zip(names, labels, strict=True) if label == number] for number in set(labels)]
    return [group for group in members if len(group) > 1]


def test_no_circles_of_imports():
    graph = dict(import_graph())
    assert sum(map(len, graph.values())) > len(graph) > 200
    assert circles(graph) == []


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_number_of_files():
    number = len(modules()) + 1
    flat = len(list((PACKAGE / "steps").glob("*.py")))
    assert number <= 240, f"{number} files"
    assert flat <= 12, f"{flat} flat files in steps"


def test_number_of_lines():
    number = sum(len((PACKAGE / path).read_text().splitlines()) for path in [*modules(), "__init__.py"])
    assert number <= 32_000, f"{number} lines"


def test_import_is_fast():
    code = "import sys; before = set(sys.modules); import jwst_denoise; print(*set(sys.modules) - before)"
    loaded = {name.split(".")[0] for name in run("-c", code).stdout.split()}
    assert "jwst_denoise" in loaded
    assert not loaded & (HEAVY | {"numpy", "scipy"})


@pytest.mark.parametrize("name", ["simulate", "networks", "training"])
def test_imports_without_the_pipeline(name):
    blocked = ["jwst", "stpipe", "stdatamodels", "asdf", "astropy"]
    code = f"import sys; sys.modules.update(dict.fromkeys({blocked})); import jwst_denoise.{name}"
    result = run("-c", code)
    assert result.returncode == 0, result.stderr


def test_attributes_load_on_use():
    assert jwst_denoise.networks.__name__ == "jwst_denoise.networks"
    assert {"networks", "training", "NSCleanStep", "load_model", "__version__"} <= set(dir(jwst_denoise))
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", jwst_denoise.__version__)
    with pytest.raises(AttributeError, match="no_such_name"):
        jwst_denoise.no_such_name  # noqa: B018


def test_help_lists_commands_without_loading_them():
    code = (
        "import sys; from jwst_denoise.commands.main import main\n"
        "try: main(['--help'])\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    result = run("-c", code)
    assert result.returncode == 0
    assert all(name in result.stdout for name in COMMANDS)
    assert not {name.split(".")[0] for name in result.stderr.split()} & (HEAVY - {"click", "rich"} | {"numpy"})


@pytest.mark.parametrize("arguments", [["no-such-command"], ["--no-such-option"]])
def test_bad_usage_is_one_line(arguments):
    result = run("-c", "from jwst_denoise.commands.main import main; main()", *arguments)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert arguments[0] in result.stderr


@pytest.fixture
def failing(monkeypatch):
    """A command that fails with the error given."""

    def install(error):
        import click

        @click.command()
        def command():
            raise error

        monkeypatch.setattr(type(main), "get_command", lambda self, ctx, name: command)

    return install


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("n_sigma = -1:\n must be positive"), "Error: n_sigma = -1: must be positive"),
        (FileNotFoundError(2, "No such file or directory", "a.fits"), "Error: a.fits: No such file or directory"),
        (PermissionError("mask.fits cannot be read"), "Error: mask.fits cannot be read"),
    ],
)
def test_user_errors_are_one_line(failing, error, text):
    failing(error)
    result = CliRunner().invoke(main, ["demo"])
    assert (result.exit_code, result.stderr) == (1, text + "\n")


def test_debug_keeps_the_traceback(failing):
    failing(ValueError("wrong"))
    assert isinstance(CliRunner().invoke(main, ["--debug", "demo"]).exception, ValueError)


def test_program_errors_are_not_hidden(failing):
    failing(KeyError("bug"))
    assert isinstance(CliRunner().invoke(main, ["demo"]).exception, KeyError)

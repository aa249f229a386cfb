import os
import subprocess
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

project = "jwst_denoise"
author = "jwst_denoise developers"
copyright = f"2026, {author}"
release = version = installed_version("jwst_denoise")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_click",
    "myst_nb",  # the notebooks, and CONTRIBUTING.md
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_changes.rst"]
default_role = "py:obj"
autosummary_generate = True
autodoc_member_order = "groupwise"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
numpydoc_validation_checks = {"GL06", "PR02", "PR07", "SS01", "SS02", "SS04", "YD01"}

# Notebooks are stored without outputs. A rebuild executes those whose text has changed; after a change of the package
# remove docs/_build.
nb_execution_mode = "cache"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_output_stderr = "remove"  # the pipeline's log
nb_merge_streams = True
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # figures in the pages, not in files

html_theme = "furo"
html_title = f"jwst_denoise {release}"
html_static_path = ["_static"]


def write_unreleased_changes():
    """Collect the change notes since the last release into a page."""
    here = Path(__file__).parent
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", release, "--date", "unreleased"]
    notes = subprocess.run(command, cwd=here.parent, capture_output=True, text=True, check=True).stdout
    (here / "_changes.rst").write_text(notes)


write_unreleased_changes()

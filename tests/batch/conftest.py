"""Exposures that are scripts for `fakes.FakeStep`."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(autouse=True, scope="module")
def fakes():
    """The fake step can be imported, by workers too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("STPIPE_DISABLE_CRDS_STEPPARS", "true")
        patch.setattr(sys, "path", [str(HERE), *sys.path])
        yield


@pytest.fixture
def write(tmp_path):
    """Write a script; its path."""

    def write(name, *lines):
        path = tmp_path / name
        path.write_text("\n".join(lines))
        return path

    return write


@pytest.fixture
def scripts(write):
    """Four exposures with one product each."""
    return [write(f"e{number}.txt", f"write p{number}.out text {number}") for number in range(4)]

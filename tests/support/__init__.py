"""Test library: unusual exposures, invariants of the steps, damaged files, processes without a network."""

import os
from pathlib import Path

__all__ = ["child_environment"]

TESTS = Path(__file__).parents[1]


def child_environment():
    """Environment in which a child process can import this library and the package of the source tree."""
    path = (str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH"))
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}

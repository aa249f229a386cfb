"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest
from jwst_denoise_benchmarks.robustness import sockets

DEFAULT_DATA = Path(__file__).parents[2] / "shared" / "data"
CONNECTIONS = []

sockets.forbid(CONNECTIONS)


@pytest.fixture(autouse=True)
def no_network():
    """No test reaches another machine: connections raise, and fail the test even if something catches that."""
    yield
    tried = [CONNECTIONS.pop() for _ in range(len(CONNECTIONS))]
    assert tried == [], "connections to other machines"


@pytest.fixture(scope="session")
def data_directory():
    """Directory of the real data files that are too large for the repository; without them the test skips."""
    path = Path(os.environ.get("JWST_DENOISE_DATA", DEFAULT_DATA))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; JWST_DENOISE_DATA names another directory")
    return path

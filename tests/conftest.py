"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest

DEFAULT_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_directory():
    """Directory of the real data files that are too large for the repository; without them the test skips."""
    path = Path(os.environ.get("JWST_DENOISE_DATA", DEFAULT_DATA))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; JWST_DENOISE_DATA names another directory")
    return path

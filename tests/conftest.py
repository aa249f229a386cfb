"""Fixtures that all tests share, and the profiles of hypothesis."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

DEFAULT_DATA = Path(__file__).parents[2] / "shared" / "data"

settings.register_profile("quick", derandomize=True, database=None, deadline=None, max_examples=5)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def data_directory():
    """Directory of the real data files that are too large for the repository; without them the test skips."""
    path = Path(os.environ.get("JWST_DENOISE_DATA", DEFAULT_DATA))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; JWST_DENOISE_DATA names another directory")
    return path

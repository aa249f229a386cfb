"""Fixtures that all tests share, and the profiles of hypothesis."""

import os
from pathlib import Path
from types import SimpleNamespace

import filelock
import pytest
from hypothesis import settings

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy and torch are imported: pytest-xdist uses all cores

DEFAULT_DATA = Path(__file__).parents[2] / "shared" / "data"

settings.register_profile("quick", derandomize=True, database=None, deadline=None, max_examples=5)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("quick")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Collect no doctests from the tests: --doctest-modules would import each file twice."""
    collectors = yield
    return [collector for collector in collectors if type(collector).__name__ != "DoctestModule"]


@pytest.fixture(scope="session")
def data_directory():
    """Directory of the real data files that are too large for the repository; without them the test skips."""
    path = Path(os.environ.get("JWST_DENOISE_DATA", DEFAULT_DATA))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; JWST_DENOISE_DATA names another directory")
    return path


@pytest.fixture(scope="session", autouse=True)
def no_garbage_collection():
    """stpipe collects garbage around every step, which takes longer than the step on a small exposure."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stpipe.step.gc", SimpleNamespace(collect=lambda: 0))
        yield


@pytest.fixture
def clear_caches():
    """Function that clears the caches of functions; they are cleared again after the test."""
    cached = []

    def clear(*functions):
        cached.extend(functions)
        for function in functions:
            function.cache_clear()

    yield clear
    clear(*cached)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """CRDS cache with one detector of every instrument, which the workers of pytest-xdist share."""
    from jwst_denoise import crds_cache

    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    with filelock.FileLock(root / "crds_cache.lock"):
        if not (root / "crds_cache").exists():
            crds_cache.build_cache(root / "crds_cache", detectors=["NRS1", "NRCB1", "NIS", "GUIDER2"])
    return root / "crds_cache"


@pytest.fixture(scope="module")
def active_cache(cache):
    """The same cache, used by the CRDS client in a whole module."""
    from jwst_denoise import crds_cache

    with crds_cache.activated(cache):
        yield cache

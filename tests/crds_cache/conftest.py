"""A cache of four detectors, built once."""

import pytest

from jwst_denoise import crds_cache


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Directory of a cache of a detector of every instrument."""
    directory = tmp_path_factory.mktemp("crds") / "cache"
    crds_cache.build_cache(directory, detectors=["NRS1", "NRCB1", "NIS", "GUIDER2"])
    return directory


@pytest.fixture
def active(cache):
    """The same cache, in use."""
    with crds_cache.activated(cache):
        yield cache


@pytest.fixture(scope="module")
def cache_in_use(cache):
    """The same cache, in use for a whole module."""
    with crds_cache.activated(cache):
        yield cache

"""A cache of two detectors, built once."""

import pytest

from jwst_denoise import crds_cache


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Directory of a cache of NRS1, NRCB1 and GUIDER2."""
    directory = tmp_path_factory.mktemp("crds") / "cache"
    crds_cache.build(directory, detectors=["NRS1", "NRCB1", "GUIDER2"])
    return directory


@pytest.fixture
def active(cache):
    """The same cache, in use."""
    with crds_cache.activated(cache):
        yield cache

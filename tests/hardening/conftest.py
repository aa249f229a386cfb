"""A directory for steps without CRDS, and small exposures for them."""

import pytest

from support.cases import DEFAULTS
from support.exposures import build
from support.trials import quiet


@pytest.fixture
def working_directory(tmp_path):
    with quiet(tmp_path):
        yield tmp_path


@pytest.fixture
def exposure():
    """Function that builds an exposure, ordinary except for the properties that it is given."""

    def build_exposure(**properties):
        return build(DEFAULTS | {"detector": "NRCA1"} | properties)

    return build_exposure


@pytest.fixture
def rate(exposure, tmp_path):
    """Path of a rate."""
    path = tmp_path / "in" / "jw1_rate.fits"
    path.parent.mkdir()
    exposure().save(path)
    return path

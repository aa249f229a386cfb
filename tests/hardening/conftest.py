"""Steps without CRDS, in a directory of their own, and small exposures for them."""

import pytest
from hypothesis import settings
from jwst_denoise_benchmarks.robustness import trials
from jwst_denoise_benchmarks.robustness.choices import CHOICES
from jwst_denoise_benchmarks.robustness.exposures import build

settings.register_profile("fixed", derandomize=True, database=None, deadline=None, max_examples=5)
settings.load_profile("fixed")


@pytest.fixture
def workplace(tmp_path):
    with trials.quiet(tmp_path):
        yield tmp_path


@pytest.fixture
def exposure():
    """Function that makes an ordinary exposure, but for what is said."""

    def make(**properties):
        return build({name: values[0] for name, values in CHOICES.items()} | {"detector": "NRCA1"} | properties)

    return make


@pytest.fixture
def rate(exposure, tmp_path):
    """Path of a rate."""
    path = tmp_path / "in" / "jw1_rate.fits"
    path.parent.mkdir()
    exposure().save(path)
    return path

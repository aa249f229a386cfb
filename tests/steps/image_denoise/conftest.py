"""Images to denoise, a stand-in for the network, and the gain that the step would find in CRDS."""

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import ImageDenoiseStep
from steps.conftest import SHAPE

from .stand_ins import GAIN, Halving, Stack, install, make


@pytest.fixture(scope="session")
def gain_file(tmp_path_factory):
    """Path of the gain reference file of the subarray."""
    path = str(tmp_path_factory.mktemp("references") / "gain.fits")
    with datamodels.GainModel(data=np.full(SHAPE, GAIN, "f4")) as model:
        area = model.meta.subarray
        area.xstart = area.ystart = 101
        area.xsize, area.ysize = SHAPE[::-1]
        area.fastaxis, area.slowaxis = -1, 2
        model.save(path)
    return path


@pytest.fixture(autouse=True)
def gain(gain_file, monkeypatch):
    monkeypatch.setattr(ImageDenoiseStep, "get_reference_file", lambda self, model, kind: gain_file)
    monkeypatch.setattr(ImageDenoiseStep, "reference_file_types", [])
    return gain_file


@pytest.fixture
def halving(monkeypatch):
    return install(Halving(), monkeypatch)


@pytest.fixture
def stack(monkeypatch):
    return install(Stack(), monkeypatch, "noise2noise-stack")


@pytest.fixture
def rate(rng):
    return make(rng)


@pytest.fixture
def rateints(rng):
    return make(rng, nints=3)

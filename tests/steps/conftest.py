"""Small exposures with stripes, for the steps."""

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

SHAPE = (96, 128)


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """No CRDS, and an empty working directory."""
    monkeypatch.setenv("STPIPE_DISABLE_CRDS_STEPPARS", "true")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def rng():
    return np.random.default_rng(20240229)


def describe(model, instrument="NIRCAM", detector="NRCA1", exp_type="NRC_IMAGE", axes=(-1, 2), name="jw1_rate.fits"):
    """Header of a subarray that one output reads."""
    meta = model.meta
    meta.instrument.name, meta.instrument.detector, meta.exposure.type = instrument, detector, exp_type
    meta.subarray.fastaxis, meta.subarray.slowaxis = axes
    meta.subarray.xsize, meta.subarray.ysize = model.shape[-1], model.shape[-2]
    meta.subarray.xstart = meta.subarray.ystart = 101
    meta.exposure.noutputs = 1
    meta.observation.date, meta.observation.time = "2024-02-29", "12:00:00"
    meta.filename = name
    return model


def stripes(rng, count, shape=SHAPE, axis=-1):
    """(count, ny, nx) one level a line, lines along ``axis``."""
    lines = list(shape)
    lines[axis] = 1
    return np.broadcast_to(rng.normal(0, 2, (count, *lines)), (count, *shape)).astype("f4")


def scene(shape=SHAPE, sky=5.0):
    """(ny, nx) sky with a source."""
    image = np.full(shape, sky, "f4")
    image[40:50, 60:72] += 200
    return image


def fill(model, data):
    """Rate arrays with unit white noise, half the sky's worth of Poisson noise and one bad pixel of each kind."""
    model.data = data.astype("f4")
    model.dq = np.zeros(data.shape, "u4")
    model.var_rnoise = np.full(data.shape, 0.8, "f4")
    model.var_poisson = np.full(data.shape, 0.2, "f4")
    model.err = np.ones(data.shape, "f4")
    model.data[..., 5, 7] = np.nan
    model.dq[..., 5, 7] = 1
    model.dq[..., 9, 11] = 1
    model.data[..., 9, 11] = 1e4
    return model


@pytest.fixture
def rate(rng):
    data = scene() + stripes(rng, 1)[0] + rng.normal(size=SHAPE)
    return describe(fill(datamodels.ImageModel(SHAPE), data))


@pytest.fixture
def rateints(rng):
    data = scene() + stripes(rng, 5) + rng.normal(size=(5, *SHAPE))
    return describe(fill(datamodels.CubeModel((5, *SHAPE)), data), name="jw1_rateints.fits")


@pytest.fixture
def ramp(rng):
    """Ramp of 2 integrations of 6 groups, each group with other stripes."""
    shape = (2, 6, *SHAPE)
    time = np.arange(1, 7)[:, None, None]
    model = datamodels.RampModel(shape)
    stripe = stripes(rng, 12).reshape(shape)
    signal = 1000 + rng.normal(0, 30, SHAPE) + scene(sky=0.5) * time
    model.data = (signal + stripe + rng.normal(size=shape)).astype("f4")
    model.groupdq = np.zeros(shape, "u1")
    model.pixeldq = np.zeros(SHAPE, "u4")
    model.pixeldq[5, 7] = 1
    return describe(model, name="jw1_ramp.fits")

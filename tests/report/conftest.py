"""A field of stars with and without stripes, as products in memory and on disk."""

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

SHAPE = (150, 180)
STARS = np.stack(np.mgrid[20:140:40, 20:170:40], axis=-1).reshape(-1, 2)


def describe(model, name):
    meta = model.meta
    meta.filename, meta.bunit_data = name, "DN/s"
    meta.instrument.name, meta.instrument.detector, meta.instrument.filter = "NIRCAM", "NRCA1", "F200W"
    meta.subarray.fastaxis, meta.subarray.slowaxis = -1, 2
    meta.exposure.type, meta.exposure.group_time, meta.exposure.nints = "NRC_IMAGE", 10.0, 1
    meta.cal_step.jump = "COMPLETE"
    return model


def scene():
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return 5 + sum(80 * np.exp(-((y - b) ** 2 + (x - a) ** 2) / 4) for b, a in STARS)


def fill(model, data):
    model.data = np.asarray(data, "f4")
    model.err = np.ones(model.data.shape, "f4")
    model.dq = np.zeros(model.data.shape, "u4")
    model.dq[..., 3, 4] = 1
    model.data[..., 3, 4] = np.nan
    return model


def cleaned(model, stripes, name):
    after = model.copy()
    after.data = model.data - stripes.astype("f4")
    after.dq[..., 60:64, 70:75] |= 4
    after.meta.filename, after.meta.cal_step.nsclean = name, "COMPLETE"
    after.meta.jwst_denoise.version = "0.0"
    after.meta.jwst_denoise.nsclean.parameters = "method='gp', n_sigma=2.0"
    return after


@pytest.fixture(scope="session")
def pair():
    """Rate before and after; the stripes have the scatter 2, the noise 1."""
    rng = np.random.default_rng(1)
    stripes = 2 * rng.normal(size=(SHAPE[0], 1)) * np.ones(SHAPE)
    before = fill(describe(datamodels.ImageModel(), "jw1_rate.fits"), scene() + stripes + rng.normal(size=SHAPE))
    return before, cleaned(before, stripes, "jw1_nsclean.fits")


@pytest.fixture(scope="session")
def cubes():
    """Three integrations, of which the second changes most."""
    rng = np.random.default_rng(2)
    stripes = np.array([1, 3, 2])[:, None, None] * rng.normal(size=(3, SHAPE[0], 1)) * np.ones(SHAPE)
    data = scene() + stripes + rng.normal(size=(3, *SHAPE))
    before = fill(describe(datamodels.CubeModel(), "jw1_rateints.fits"), data)
    return before, cleaned(before, stripes, "jw1_nscleanints.fits")


@pytest.fixture(scope="session")
def files(pair, cubes, tmp_path_factory):
    """Name -> path of all products."""
    directory, paths = tmp_path_factory.mktemp("products"), {}
    for name, model in zip(("rate", "clean", "rateints", "cleanints"), (*pair, *cubes), strict=True):
        paths[name] = directory / f"{name}.fits"
        model.save(paths[name])
    return paths

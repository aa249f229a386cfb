"""Flat field around the fit."""

from types import SimpleNamespace

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import NSCleanStep
from jwst_denoise.readout import Readout
from jwst_denoise.steps.nsclean import nsclean_step
from jwst_denoise.steps.nsclean.fitter import Fitter, flat_field


class Step:
    """What `flat_field` needs of a step."""

    def __init__(self, name):
        self.name = name

    def get_reference_file(self, model, kind):
        assert kind == "flat"
        return self.name


@pytest.fixture
def reference(rate, rng):
    """Full-frame flat with holes at pixels (0, 0) and (0, 1) of the exposure."""
    data = rng.uniform(0.9, 1.1, (2048, 2048)).astype("f4")
    data[100, 100:102] = np.nan, 0
    model = datamodels.FlatModel(data=data)
    model.meta.subarray.xstart = model.meta.subarray.ystart = 1
    model.meta.subarray.xsize = model.meta.subarray.ysize = 2048
    model.meta.subarray.fastaxis, model.meta.subarray.slowaxis = -1, 2
    model.save("flat.fits")
    return data[100:196, 100:228]


def test_flat_is_cut_and_its_holes_are_filled(rate, reference):
    flat = flat_field(Step("flat.fits"), rate)
    np.testing.assert_array_equal(flat[0, :2], 1)
    np.testing.assert_array_equal(flat[1:], reference[1:])


def test_no_flat_is_a_warning(rate, caplog):
    assert flat_field(Step("N/A"), rate) is None
    assert "No flat field" in caplog.text


@pytest.mark.parametrize("method", ["gp", "median"])
def test_pattern_of_the_flat_does_not_become_noise(rng, method):
    """Columns of a flat that look like stripes are sky: left alone with the flat, taken for noise without."""
    readout = Readout((96, 128), 1, 2)
    pattern = np.repeat(1 + rng.normal(0, 0.1, (96, 1)), 128, axis=1).astype("f4")
    data = (100 * pattern + rng.normal(0, 0.5, (96, 128)))[None].astype("f4")
    mask = np.ones((96, 128), bool)
    options = {"method": method, "background": "keep"}
    with_flat = Fitter(readout, options, pattern).prepared(data, mask)(data, mask).noise
    without = Fitter(readout, options)(data, mask).noise
    assert without.std() > 5
    assert with_flat.std() < 0.2


def test_step_uses_it(rate, monkeypatch, rng):
    pattern = np.repeat(1 + rng.normal(0, 0.3, (96, 1)), 128, axis=1).astype("f4")
    monkeypatch.setattr(nsclean_step, "flat_field", lambda step, model: pattern)
    rate.data = (5 * pattern + rng.normal(0, 0.3, (96, 128))).astype("f4")
    options = {"n_sigma": 0, "configure_log": False}
    results = [NSCleanStep.call(rate, apply_flat_field=on, **options) for on in (True, False)]
    removed = [np.nanstd(rate.data - result.data) for result in results]
    assert removed[0] < 0.2 * removed[1]


def test_flat_of_another_shape_is_named(rate):
    model = datamodels.FlatModel(data=np.ones((7, 7), "f4"))
    model.meta.subarray.xstart = model.meta.subarray.ystart = 101
    model.meta.subarray.xsize, model.meta.subarray.ysize = 128, 96
    model.save("small_flat.fits")
    with pytest.raises(ValueError, match="small_flat.fits"):
        flat_field(Step("small_flat.fits"), rate)


def test_no_flat_by_default(rate, monkeypatch):
    monkeypatch.setattr(nsclean_step, "flat_field", SimpleNamespace())  # not callable
    assert NSCleanStep.call(rate, configure_log=False).meta.cal_step.nsclean == "COMPLETE"

"""What the step does with awkward input."""

import logging

import numpy as np
import pytest
from stdatamodels.jwst import datamodels

from jwst_denoise import NSCleanStep, masks
from jwst_denoise.dq import NON_SCIENCE, REFERENCE_PIXEL

METHODS = ("gp", "nsclean", "median")


def run(data, **parameters):
    return NSCleanStep.call(data, configure_log=False, **parameters)


def assert_skipped(model, caplog, reason, **parameters):
    before = model.data.copy()
    with caplog.at_level(logging.WARNING):
        result = run(model, **parameters)
    assert result.meta.cal_step.nsclean == "SKIPPED"
    np.testing.assert_array_equal(result.data, before)
    assert any(reason in record.message and record.levelname == "WARNING" for record in caplog.records)


@pytest.mark.parametrize("method", METHODS)
def test_nan_and_flagged_pixels(rateints, method):
    rateints.data[2, 30, 40:44] = np.nan
    rateints.data[1, 20] = np.inf
    rateints.dq[0, 60, 10] = 1
    rateints.data[0, 60, 10] = 1e6
    result = run(rateints, method=method)
    np.testing.assert_array_equal(np.isfinite(result.data), np.isfinite(rateints.data))
    fixed = (rateints.dq & 1) != 0
    for name in ("data", "err", "var_rnoise"):
        np.testing.assert_array_equal(getattr(result, name)[fixed], getattr(rateints, name)[fixed])
    assert np.isfinite(result.err).all()


@pytest.mark.parametrize("method", METHODS)
def test_bad_values_do_not_spread(rate, method):
    expected = run(rate, method=method).data
    rate.data[9, 11] = -1e12  # DO_NOT_USE
    np.testing.assert_array_equal(run(rate, method=method).data[10:], expected[10:])


def test_reference_pixels_stay(rate):
    rate.dq[:4] |= REFERENCE_PIXEL
    result = run(rate, method="median")
    np.testing.assert_array_equal(result.data[:4], rate.data[:4])
    assert not np.array_equal(result.data[4:], rate.data[4:])


@pytest.mark.parametrize("method", METHODS)
def test_few_dark_pixels_shrink_the_correction(rate, method):
    for kept in (0, 3):
        mask = np.zeros(rate.data.shape, bool)
        mask[50, 10 : 10 + kept] = True
        masks.write_mask("few.fits", mask)
        result = run(rate, method=method, user_mask="few.fits", background="keep")
        removed = np.nan_to_num(rate.data - result.data)
        assert result.meta.cal_step.nsclean == "COMPLETE"
        assert np.std(removed) <= np.std(rate.data[50, 10:13]) + 1
        if not kept:
            assert not removed.any()
            np.testing.assert_allclose(result.err, rate.err, rtol=1e-6)


def test_everything_flagged(rate):
    rate.dq[:] = 1 | NON_SCIENCE
    result = run(rate)
    np.testing.assert_array_equal(result.data, rate.data)
    np.testing.assert_array_equal(result.err, rate.err)


def test_no_errors_at_all(rate):
    model = datamodels.ImageModel(data=rate.data.copy())
    model.update(rate)
    result = run(model, method="median")
    assert result.meta.cal_step.nsclean == "COMPLETE"
    assert result.err is None or not np.any(result.err)


def test_big_endian_data_keep_their_type(rate):
    rate.data = rate.data.astype(">f4")
    result = run(rate, method="gp")
    assert result.data.dtype == rate.data.dtype
    assert np.nanstd(result.data[:, :50]) < np.nanstd(rate.data[:, :50])


def test_miri_is_skipped(rate, caplog):
    rate.meta.instrument.name, rate.meta.instrument.detector = "MIRI", "MIRIMAGE"
    assert_skipped(rate, caplog, "MIRIMAGE")


def test_unknown_axes_are_skipped(rate, caplog):
    rate.meta.subarray.fastaxis = None
    rate.meta.instrument.detector = None
    assert_skipped(rate, caplog, "no read-out geometry")


def test_resampled_image_is_skipped(rate, caplog):
    rate.meta.cal_step.resample = "COMPLETE"
    assert_skipped(rate, caplog, "resampled")


def test_other_model_is_skipped(caplog):
    with caplog.at_level(logging.WARNING):
        result = run(datamodels.MultiSlitModel())
    assert result.meta.cal_step.nsclean == "SKIPPED"
    assert "MultiSlitModel" in caplog.text


def test_one_group_is_skipped(ramp, caplog):
    ramp.data, ramp.groupdq = ramp.data[:, :1], ramp.groupdq[:, :1]
    assert_skipped(ramp, caplog, "one group")


def test_guard_against_cleaning_twice(rate, caplog):
    once = run(rate, method="median")
    assert_skipped(once.copy(), caplog, "already", method="median")
    twice = run(run(once))  # SKIPPED does not hide that the data are clean
    np.testing.assert_array_equal(twice.data, once.data)
    assert run(once, force=True).meta.cal_step.nsclean == "COMPLETE"
    rate.meta.cal_step.clean_flicker_noise = "COMPLETE"
    assert_skipped(rate, caplog, "clean_flicker_noise")
    assert run(rate, force=True).meta.cal_step.nsclean == "COMPLETE"


def test_user_mask_that_does_not_exist(rate, tmp_path):
    with pytest.raises(FileNotFoundError, match="no_such_mask.fits"):
        run(rate, user_mask="no_such_mask.fits", save_results=True, save_noise=True)
    assert list(tmp_path.iterdir()) == []


def test_user_mask_that_does_not_fit(rate):
    masks.write_mask("small.fits", np.ones((5, 5), bool))
    with pytest.raises(ValueError, match="small.fits"):
        run(rate, user_mask="small.fits")


@pytest.mark.parametrize(
    ("name", "value"),
    [("method", "fft"), ("n_sigma", -1), ("n_sigma", "many"), ("n_sgima", 2.0), ("kill_width", 3.0), ("hyper", [1.0])],
)
def test_bad_parameter_is_named(rate, name, value, tmp_path):
    with pytest.raises(ValueError, match=name):
        run(rate, **{name: value}, save_results=True)
    assert list(tmp_path.iterdir()) == []

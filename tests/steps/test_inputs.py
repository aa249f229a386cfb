"""Every kind of input comes back as the same kind, cleaned, and the caller's own objects are not changed."""

import numpy as np
import pytest
from astropy.io import fits
from jwst.datamodels import ModelContainer, ModelLibrary
from stdatamodels.jwst import datamodels

from jwst_denoise import NSCleanStep

from .conftest import describe, fill

ARRAYS = ("data", "err", "dq", "var_rnoise", "var_poisson", "groupdq", "pixeldq")


def arrays(model):
    present = {name: getattr(model, name, None) for name in ARRAYS}
    return {name: array.copy() for name, array in present.items() if array is not None}


def line_scatter(model):
    """Scatter from line to line of the part of the image without source."""
    return np.nanstd(np.nanmedian(model.data[..., :50], axis=-1))


def assert_cleaned(before, after):
    assert type(after) is type(before)
    assert after.meta.cal_step.nsclean == "COMPLETE"
    assert line_scatter(after) < 0.25 * line_scatter(before)


def run(data, **parameters):
    return NSCleanStep.call(data, method="median", configure_log=False, **parameters)


@pytest.mark.parametrize("kind", ["rate", "rateints"])
@pytest.mark.parametrize("method", ["gp", "nsclean", "median"])
def test_methods_clean_and_leave_the_input(request, kind, method):
    model = request.getfixturevalue(kind)
    before = arrays(model)
    result = NSCleanStep.call(model, method=method, configure_log=False)
    assert_cleaned(model, result)
    for name, array in arrays(model).items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)
    assert model.meta.cal_step.nsclean is None
    for name in ("dq", "var_poisson"):
        np.testing.assert_array_equal(getattr(result, name), before[name])
    for name, array in arrays(result).items():
        assert (array.dtype, array.shape) == (before[name].dtype, before[name].shape)


def test_path(rate, tmp_path):
    rate.save(tmp_path / "jw1_rate.fits")
    for path in (tmp_path / "jw1_rate.fits", str(tmp_path / "jw1_rate.fits")):
        assert_cleaned(rate, run(path))


def test_list_and_container(rate, rateints):
    results = run([rate, rateints])
    assert isinstance(results, list)
    for before, after in zip((rate, rateints), results, strict=True):
        assert_cleaned(before, after)
    container = ModelContainer([rate.copy(), rate.copy()])
    result = run(container)
    assert isinstance(result, ModelContainer)
    for before, after in zip(container, result, strict=True):
        assert before is not after
        assert_cleaned(before, after)


def test_list_of_paths(rate, tmp_path):
    paths = [str(tmp_path / name) for name in ("a_rate.fits", "b_rate.fits")]
    for path in paths:
        rate.save(path)
    for result in run(paths):
        assert_cleaned(rate, result)


def test_tuple_of_ramp_fit(rate, rateints):
    results = run((rate, rateints))
    assert isinstance(results, tuple)
    assert_cleaned(rate, results[0])
    assert_cleaned(rateints, results[1])
    alone = run((rate, None))
    assert alone[1] is None
    assert_cleaned(rate, alone[0])


def test_other_two_dimensional_products(rate):
    for kind in (datamodels.IFUImageModel, datamodels.SlitModel):
        model = kind()
        model.update(rate)
        model.data, model.err, model.dq = rate.data.copy(), rate.err.copy(), rate.dq.copy()
        assert_cleaned(model, run(model))


def test_guider_product(rng, rate):
    model = datamodels.GuiderCalModel()
    model.update(rate)
    model.meta.instrument.name, model.meta.instrument.detector = "FGS", "GUIDER1"
    model.meta.subarray.fastaxis, model.meta.subarray.slowaxis = -2, -1
    level = np.repeat(rng.normal(0, 2, (3, 1, 64)), 64, axis=1)
    model.data = (level + rng.normal(size=level.shape)).astype("f4")
    model.dq = np.zeros((64, 64), "u4")  # one for all integrations
    model.dq[10, 20] = 1
    model.meta.subarray.xsize = model.meta.subarray.ysize = 64
    result = run(model)
    assert result.meta.cal_step.nsclean == "COMPLETE"
    assert np.std(np.median(result.data, axis=1)) < 0.25 * np.std(np.median(model.data, axis=1))
    np.testing.assert_array_equal(result.data[:, 10, 20], model.data[:, 10, 20])


def test_association_file(rate, tmp_path):
    from jwst.associations.asn_from_list import asn_from_list
    from jwst.associations.lib.rules_level3_base import DMS_Level3_Base

    rate.save(tmp_path / "a_cal.fits")
    association = asn_from_list(["a_cal.fits"], rule=DMS_Level3_Base, product_name="p")
    (tmp_path / "asn.json").write_text(association.dump()[1])
    result = run(str(tmp_path / "asn.json"))
    assert isinstance(result, ModelContainer)
    assert_cleaned(rate, result[0])


def test_library(rate):
    library = ModelLibrary([rate.copy(), rate.copy()])
    result = run(library)
    with result:
        for index, model in enumerate(result):
            assert_cleaned(rate, model)
            result.shelve(model, index, modify=False)


def test_one_mask_or_one_for_each_integration(rateints):
    rateints.data[3, 70:80, 100:110] += 300  # a source in one integration only
    run(rateints, single_mask=True, save_mask=True)
    assert fits.getdata("jw1_ints_nsclean_mask.fits").shape == rateints.data.shape[1:]
    run(rateints, single_mask=False, save_mask=True)
    source = fits.getdata("jw1_ints_nsclean_mask.fits")[:, 70:80, 100:110]
    assert not source[3].any()
    assert np.delete(source, 3, axis=0).mean() > 0.75


def test_nirspec_spectrum_without_wcs(rng):
    """Traces are masked, and the level of the dark detector goes with the noise."""
    data = np.repeat(rng.normal(3, 2, (1, 512)), 64, axis=0) + rng.normal(size=(64, 512))
    data[28:34] += 40
    model = describe(fill(datamodels.ImageModel((64, 512)), data), "NIRSPEC", "NRS1", "NRS_FIXEDSLIT", (2, 1))
    result = run(model, save_mask=True)
    with fits.open("jw1_nsclean_mask.fits") as mask:
        assert not mask[0].data[28:34].any()
        assert mask[0].data[:20].mean() > 0.9
    dark, trace = result.data[:20], result.data[28:34]
    assert abs(np.nanmedian(dark)) < 0.1
    assert np.median(trace) == pytest.approx(40, abs=0.1)

"""The step ``cosmic_ray_mask`` on images."""

import logging

import numpy as np
import pytest
from astropy.io import fits
from jwst.datamodels import ModelContainer
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise import CosmicRayMaskStep, model_files
from jwst_denoise.networks import build
from jwst_denoise.steps.cosmic_ray_mask import cosmic_ray_mask_step

from .conftest import SHAPE, describe

DNU, JUMP, SATURATED = 1, 4, 2
NON_SCIENCE, FILLED, REFERENCE = (dqflags.pixel[name] for name in ("NON_SCIENCE", "FLUX_ESTIMATED", "REFERENCE_PIXEL"))
INFO = {
    "name": "tiny",
    "domain": {"description": "tests", "instruments": ["NIRCAM", "NIRSPEC"], "exposure_time": [10, 3000]},
    "provenance": {"seeds": [1]},
    "scores": {"none": 0.0},
    "licence": "BSD-3-Clause",
    "card": "Random weights.",
    "thresholds": {"0.0005": 0.9, "0.005": 0.2},
}
HITS = ((20, 30), (21, 31), (60, 100), (80, 15))
ARRAYS = ("data", "err", "dq", "var_rnoise", "var_poisson")


class Peaks:
    """A stand-in for a network that is sure of what stands 20 sigma above the sky."""

    info = {**INFO, "name": "peaks", "family": "cosmic_ray_mask", "sha256": "ab" * 32}
    calls = ()

    def check_domain(self, **properties):
        return model_files.Domain(**INFO["domain"]).reasons(**properties)

    def threshold(self):
        return 0.5

    def predict(self, image, err=None, bad=None):
        assert image.shape == SHAPE
        Peaks.calls = image, err, bad
        return np.where(np.nan_to_num(image) > 20 + 5, 0.95, 0.05).astype("f4")


@pytest.fixture
def peaks(monkeypatch):
    monkeypatch.setattr(cosmic_ray_mask_step.model_files, "load", lambda name, device: Peaks())


@pytest.fixture
def tiny(tmp_path):
    """Model files with random weights, of both families."""
    paths = {}
    for family in ("cosmic_ray_mask", "inpaint"):
        network = build({"family": family, "depth": 1, "hidden": 2})
        paths[family] = model_files.save(tmp_path / f"{family}.asdf", network, {**INFO, "name": f"tiny-{family}"})
    return {name: str(path) for name, path in paths.items()}


def hit_image(rng):
    image = 5 + rng.normal(size=SHAPE).astype("f4")
    for y, x in HITS:
        image[y, x] += 100
    return image


def fill(model, data):
    model.data = data.astype("f4")
    model.dq = np.zeros(data.shape, "u4")
    model.err, model.var_rnoise = np.ones(data.shape, "f4"), np.full(data.shape, 0.8, "f4")
    model.var_poisson = np.full(data.shape, 0.2, "f4")
    model.meta.exposure.exposure_time = model.meta.exposure.integration_time = 500.0
    return describe(model)


@pytest.fixture
def rate(rng):
    return fill(datamodels.ImageModel(SHAPE), hit_image(rng))


@pytest.fixture
def rateints(rng):
    cube = np.stack([hit_image(rng) for _ in range(3)])
    cube[1, 20, 30] = 5
    return fill(datamodels.CubeModel(cube.shape), cube)


def truth(shape=SHAPE):
    mask = np.zeros(shape, bool)
    for y, x in HITS:
        mask[..., y, x] = True
    return mask


def run(data, **parameters):
    return CosmicRayMaskStep.call(data, configure_log=False, **parameters)


def arrays(model):
    return {name: getattr(model, name).copy() for name in ARRAYS}


def test_counts_are_of_new_flags(rate, peaks):
    rate.dq[HITS[0]] |= JUMP
    recorded = run(rate).meta.jwst_denoise.cosmic_ray_mask
    assert (recorded.flagged, recorded.flagged_before) == (len(HITS) - 1, 1)
    assert recorded.fraction == pytest.approx((len(HITS) - 1) / rate.data.size, rel=1e-4)


def test_flags_and_nothing_else(rate, peaks):
    before = arrays(rate)
    result = run(rate)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(rate, name), before[name])
        if name != "dq":
            np.testing.assert_array_equal(getattr(result, name), before[name])
    np.testing.assert_array_equal(result.dq, np.where(truth(), DNU | JUMP, 0))
    assert result.dq.dtype == before["dq"].dtype
    assert result.meta.cal_step.cosmic_ray_mask == "COMPLETE"
    assert rate.meta.cal_step.cosmic_ray_mask is None


def test_every_integration_alone(rateints, peaks):
    result = run(rateints)
    expected = truth(rateints.data.shape)
    expected[1, 20, 30] = False
    np.testing.assert_array_equal((result.dq & JUMP) != 0, expected)


def test_list_tuple_container_and_path(rate, rateints, peaks, tmp_path):
    results = run((rate, rateints))
    assert [type(r) for r in results] == [datamodels.ImageModel, datamodels.CubeModel]
    container = run(ModelContainer([rate.copy(), rate.copy()]))
    rate.save(tmp_path / "a_rate.fits")
    for result in (results[0], *container, run(str(tmp_path / "a_rate.fits"))):
        np.testing.assert_array_equal(result.dq != 0, truth())


@pytest.mark.parametrize("kind", [datamodels.IFUImageModel, datamodels.SlitModel])
def test_other_image_products(rate, peaks, kind):
    model = kind()
    model.update(rate)
    model.data, model.dq = rate.data.copy(), rate.dq.copy()
    model.meta.instrument.name, model.meta.exposure.type = "NIRSPEC", "NRS_IFU"
    np.testing.assert_array_equal(run(model).dq != 0, truth())


def test_unusable_pixels_are_neither_used_nor_changed(rate, peaks):
    rate.data[20, 30] = np.nan
    rate.data[40, 40] = np.inf
    flags = ((21, 31, DNU), (60, 100, NON_SCIENCE), (80, 15, REFERENCE | DNU), (5, 5, SATURATED))
    for y, x, bit in flags:
        rate.dq[y, x] = bit
    result = run(rate, inpaint="median", dilate=1)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(result, name), getattr(rate, name))
    image, _, bad = Peaks.calls
    for y, x in ((20, 30), (40, 40), (21, 31), (60, 100), (80, 15)):
        assert bad[y, x]
    assert not bad[5, 5]
    assert np.isnan(image[40, 40])


def test_threshold_dilation_and_veto(rate, peaks):
    assert not (run(rate, threshold=0.96).dq != 0).any()
    assert np.count_nonzero(run(rate, dilate=1).dq) == 9 + 5 + 9 + 9
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    rate.data += (120 / (1 + ((y - 70) ** 2 + (x - 60) ** 2) / 1.5) ** 2).astype("f4")
    assert (run(rate, veto=False).dq[69:72, 59:62] != 0).any()
    assert not (run(rate, veto=True).dq[69:72, 59:62] != 0).any()
    np.testing.assert_array_equal(run(rate, veto=True).dq != 0, truth())


@pytest.mark.parametrize("method", ["median", "biharmonic"])
def test_filled_pixels_cannot_pass_as_data(rate, peaks, method):
    result = run(rate, inpaint=method)
    hole = truth()
    np.testing.assert_array_equal(result.dq[hole], DNU | JUMP | FILLED)
    assert not result.dq[~hole].any()
    assert np.abs(result.data[hole] - 5).max() < 3
    assert (result.err[hole] > rate.err[hole]).all()
    total = result.var_rnoise + result.var_poisson
    np.testing.assert_allclose(result.err[hole] ** 2, total[hole], rtol=1e-5)
    for name in ("data", "err", "var_rnoise"):
        np.testing.assert_array_equal(getattr(result, name)[~hole], getattr(rate, name)[~hole])
        assert getattr(result, name).dtype == getattr(rate, name).dtype
    np.testing.assert_array_equal(result.var_poisson, rate.var_poisson)


def test_network_fills(rate, tiny):
    probability = model_files.load(tiny["cosmic_ray_mask"], "cpu").predict(rate.data, err=rate.err)
    models = {"model": tiny["cosmic_ray_mask"], "inpaint_model": tiny["inpaint"]}
    result = run(rate, inpaint="network", threshold=float(np.quantile(probability, 0.98)), **models)
    hole = (result.dq & FILLED) != 0
    assert 0 < hole.mean() < 0.5
    np.testing.assert_array_equal(hole, (result.dq & JUMP) != 0)
    np.testing.assert_array_equal(result.data[~hole], rate.data[~hole])
    assert np.isfinite(result.data).all()


def test_no_errors_and_no_flags(rate, peaks, caplog):
    model = datamodels.ImageModel(data=rate.data.copy())
    model.update(rate)
    with caplog.at_level(logging.WARNING):
        result = run(model, inpaint="median")
    np.testing.assert_array_equal((result.dq & FILLED) != 0, truth())
    assert "no errors to inflate" in caplog.text


def test_big_endian(rate, peaks):
    rate.data = rate.data.astype(">f4")
    result = run(rate, inpaint="median")
    assert result.data.dtype == rate.data.dtype
    np.testing.assert_array_equal(result.dq != 0, truth())


def test_a_file_of_a_model_and_its_provenance(rate, tiny):
    result = run(rate, model=tiny["cosmic_ray_mask"], dilate=1, save_probability=True)
    loaded = model_files.load(tiny["cosmic_ray_mask"], "cpu")
    expected = loaded.predict(rate.data, err=rate.err)
    np.testing.assert_allclose(fits.getdata("jw1_crprob.fits"), expected, atol=1e-6)
    result.save("out.fits")
    header = fits.getheader("out.fits")
    assert header["S_CRMASK"] == "COMPLETE"
    assert header["CRM_MODL"] == "tiny-cosmic_ray_mask"
    assert header["CRM_SHA"] == loaded.info["sha256"]
    assert header["CRM_THR"] == 0.9
    assert header["CRM_NPIX"] == np.count_nonzero(result.dq & JUMP)
    assert header["CRM_FRAC"] == pytest.approx(header["CRM_NPIX"] / rate.data.size, rel=1e-4)
    assert "dilate=1" in header["CRM_PARS"]
    assert loaded.info["sha256"] in "".join(header["HISTORY"])


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_do_not_matter(rate, tiny, threads):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        result = run(rate, model=tiny["cosmic_ray_mask"], threshold=0.4)
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(result.dq, run(rate, model=tiny["cosmic_ray_mask"], threshold=0.4).dq)


def test_products_beside_the_main_one(rateints, peaks, tmp_path):
    result = run(rateints, inpaint="median", save_noise=True, save_qa=True, save_probability=True, output_dir="out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    stem = "jw1_ints"
    own = {f"{stem}_cosmic_ray_mask_{ending}" for ending in ("noise.fits", "qa.png", "qa.html")}
    assert names == own | {f"{stem}_crprob.fits"}
    with datamodels.open(tmp_path / "out" / f"{stem}_cosmic_ray_mask_noise.fits") as noise:
        np.testing.assert_allclose(noise.data, rateints.data - result.data, atol=1e-4)
    assert fits.getdata(tmp_path / "out" / f"{stem}_crprob.fits").shape == rateints.data.shape


def test_nothing_else_is_written(rate, peaks, tmp_path):
    run(rate)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"threshold": 0.0}, "threshold=0.0"),
        ({"threshold": 1.0}, "threshold=1.0"),
        ({"threshold": float("nan")}, "threshold=nan"),
        ({"dilate": -1}, "dilate"),
        ({"inpaint": "spline"}, "inpaint"),
        ({"model": "no_such_model"}, "no_such_model"),
        ({"device": "abacus"}, "abacus"),
    ],
)
def test_bad_parameters_are_named(rate, tiny, parameters, message, tmp_path):
    files = set(tmp_path.iterdir())
    with pytest.raises(ValueError, match=message):
        run(rate, **{"model": tiny["cosmic_ray_mask"], **parameters}, save_results=True)
    assert set(tmp_path.iterdir()) == files


def test_missing_and_wrong_model_files(rate, tiny):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.asdf"):
        run(rate, model="nowhere.asdf")
    with pytest.raises(ValueError, match=r"inpaint\.asdf' is of the family 'inpaint'; this step needs"):
        run(rate, model=tiny["inpaint"])
    with pytest.raises(ValueError, match="tiny-cosmic_ray_mask is of the family 'cosmic_ray_mask'"):
        run(rate, model=tiny["cosmic_ray_mask"], inpaint="network", inpaint_model=tiny["cosmic_ray_mask"])


def assert_skipped(model, caplog, reason):
    with caplog.at_level(logging.WARNING):
        result = run(model)
    assert result.meta.cal_step.cosmic_ray_mask == "SKIPPED"
    assert reason in caplog.text
    return result


def test_other_instruments_are_refused(rate, peaks, caplog):
    rate.meta.instrument.name, rate.meta.instrument.detector = "MIRI", "MIRIMAGE"
    result = assert_skipped(rate, caplog, "peaks was not made for this detector: instrument MIRI")
    assert not result.dq.any()


def test_outside_the_domain_there_is_a_warning(rate, peaks, caplog):
    rate.meta.exposure.exposure_time = 9000.0
    with caplog.at_level(logging.WARNING):
        result = run(rate)
    assert "peaks was not made for this: exposure time 9000" in caplog.text
    assert result.meta.cal_step.cosmic_ray_mask == "COMPLETE"


def test_other_data_are_skipped(rate, peaks, caplog):
    assert_skipped(datamodels.MultiSlitModel(), caplog, "mask the exposure before extract_2d")
    assert_skipped(datamodels.GuiderCalModel(), caplog, "neither a ramp nor one detector's image")
    rate.meta.cal_step.resample = "COMPLETE"
    assert_skipped(rate, caplog, "resampled")


def test_real_slit(data_directory, tiny):
    """A flight spectrum in MJy/sr: 27 % NaN stay, and errors of 5e27 do no harm."""
    with datamodels.open(data_directory / "jw01345062001_03101_00001_nrs2_phot.138.1345_933.fits") as model:
        result = run(model, model=tiny["cosmic_ray_mask"], threshold=0.3, inpaint="median")
        np.testing.assert_array_equal(np.isfinite(result.data), np.isfinite(model.data))
        same = (result.dq & JUMP) == (model.dq & JUMP)
        np.testing.assert_array_equal(result.data[same], model.data[same])
        assert result.meta.cal_step.cosmic_ray_mask == "COMPLETE"


def test_real_slit_with_the_shipped_model(data_directory):
    """No emission line is eaten, and few pixels are flagged."""
    with datamodels.open(data_directory / "jw01345062001_03101_00001_nrs2_phot.138.1345_933.fits") as model:
        result = run(model)
        new = ((result.dq & JUMP) != 0) & ((model.dq & JUMP) == 0)
    for column in (68, 128):  # the two lines of the galaxy, rows 10 to 16
        assert not new[10:17, column - 2 : column + 3].any()
    assert 0 < np.count_nonzero(new) < 40

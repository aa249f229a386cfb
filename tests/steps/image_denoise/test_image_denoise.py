"""The step ``image_denoise`` with a stand-in for its network that knows the scene."""

import logging

import numpy as np
import pytest
from astropy.io import fits
from matplotlib.image import imread
from stdatamodels.jwst import datamodels

from jwst_denoise.steps.image_denoise import noise

from .stand_ins import (
    ARRAYS,
    FAINT,
    GAIN,
    READ,
    TIME,
    Erasing,
    arrays,
    fixed,
    install,
    run,
    scene,
)


def test_background_pixels_are_denoised_and_all_others_stay(rate, halving):
    before = arrays(rate)
    result = run(rate)
    written = (scene() < FAINT) & ~fixed()
    np.testing.assert_allclose(result.data[written], (before["data"] + scene() / GAIN)[written] / 2, rtol=1e-5)
    np.testing.assert_allclose(result.err[written], before["err"][written] / 2, rtol=0.05)
    np.testing.assert_allclose((result.var_poisson + result.var_rnoise)[written], result.err[written] ** 2, rtol=1e-5)
    for name, array in before.items():
        if name in ("data", "err"):
            np.testing.assert_array_equal(getattr(result, name)[~written], array[~written])
        np.testing.assert_array_equal(getattr(rate, name), array)
    sums = (result.var_poisson + result.var_rnoise, before["var_poisson"] + before["var_rnoise"])
    np.testing.assert_allclose(*(total[~written] for total in sums), rtol=1e-5)
    known = (before["var_rnoise"] > 0) & ~fixed()
    factor = result.var_rnoise[known] / before["var_rnoise"][known]
    np.testing.assert_allclose(factor, factor[0], rtol=1e-5)
    np.testing.assert_array_equal(result.dq, rate.dq)
    assert type(result) is type(rate)
    assert result.meta.cal_step.image_denoise == "COMPLETE"
    assert rate.meta.cal_step.image_denoise is None


def test_network_is_given_electrons_and_their_noise(rate, halving):
    run(rate, exposure_time_ratio=3, tile_size=128, mosaic=True)
    ((image, uncertainty, options),) = halving.calls
    good = ~fixed()
    np.testing.assert_allclose(image.rate[good], rate.data[good] * GAIN, rtol=1e-6)
    assert not np.isfinite(image.rate[~good]).any()
    np.testing.assert_allclose(image.read_noise[good], READ / TIME, rtol=1e-3)
    np.testing.assert_allclose(image.poisson[good], 1 / TIME, rtol=0.02)
    assert (uncertainty, options) == ("aleatoric", {"ratio": 3.0, "tile": 128, "mosaic": True, "n_samples": 16})


def test_calibrated_images_and_mosaics(rng, rate, halving):
    """The same image in MJy/sr gives the same electrons; a mosaic has the typical gain of its detectors."""
    run(rate)
    for scale, mosaic in ((0.5, False), (0.5, True)):
        model = rate.copy()
        for name, power in zip(ARRAYS, (1, 1, 2, 2), strict=True):
            setattr(model, name, getattr(model, name) * scale**power)
        model.meta.bunit_data, model.meta.photometry.conversion_megajanskys = "MJy/sr", scale
        model.meta.cal_step.photom = "COMPLETE"
        if mosaic:
            model.meta.cal_step.resample, model.meta.instrument.detector = "COMPLETE", "MULTIPLE"
            model.meta.instrument.channel = "SHORT"
        result = run(model)
        ratio = np.nanmedian(halving.calls[-1][0].rate / halving.calls[0][0].rate)
        assert ratio == pytest.approx(1.03 if mosaic else 1, rel=0.03 if mosaic else 1e-5)
        assert result.meta.cal_step.image_denoise == "COMPLETE"
        assert result.meta.bunit_data == "MJy/sr"


def test_noise_of_a_subtracted_sky_is_included(rng, rate, halving):
    sky = 0.15
    rate.data -= np.float32(sky / GAIN)
    run(rate)
    image = halving.calls[0][0]
    expected = np.sqrt((READ / TIME) ** 2 + sky / TIME)
    assert np.nanmedian(image.read_noise) == pytest.approx(expected, rel=0.02)
    assert np.nanmedian(image.poisson) == pytest.approx(1 / TIME, rel=0.02)


def test_poisson_noise_from_variances_or_from_the_time():
    rng = np.random.default_rng(1)
    rate = np.concatenate([rng.normal(1, 0.1, 20_000), rng.uniform(2, 50, 500)])
    deviation, variance = np.full(rate.shape, 0.1), 0.004 * rate + 0.02
    assert noise.poisson_noise(rate, deviation, variance, 100.0) == pytest.approx((0.004, 0.02), rel=0.03)
    dark = slice(0, 20_000)
    poisson, rest = noise.poisson_noise(rate[dark], deviation[dark], variance[dark], 100.0)
    assert (poisson, rest) == (0.01, pytest.approx(0.014, rel=0.03))


def test_fewer_groups_have_more_poisson_noise(rate, halving):
    rate.var_rnoise[70:80, 100:110] *= 8  # half of the groups
    rate.var_poisson[70:80, 100:110] *= 2
    run(rate)
    image = halving.calls[0][0]
    np.testing.assert_allclose(image.poisson[70:80, 100:110], 2 / TIME, rtol=0.02)
    np.testing.assert_allclose(image.read_noise[70:80, 100:110], np.sqrt(8) * READ / TIME, rtol=0.01)


def test_original_is_kept_through_files(rate, halving, tmp_path):
    result = run(rate)
    result.save("one.fits")
    with datamodels.open("one.fits") as model:  # without this package
        model.save("two.fits")
    for name in ("one.fits", "two.fits"):
        np.testing.assert_array_equal(fits.getdata(name), result.data)  # the first image is still SCI
        with fits.open(name) as hdus:
            np.testing.assert_array_equal(hdus["SCI_ORIGINAL"].data, rate.data)
            np.testing.assert_array_equal(hdus["ERR_ORIGINAL"].data, rate.err)
            assert hdus["SCI_ORIGINAL"].header["BUNIT"] == "DN/s"
    run(rate, keep_original=False).save("three.fits")
    with fits.open("three.fits") as hdus:
        assert "SCI_ORIGINAL" not in hdus


def test_provenance(rate, halving):
    run(rate).save("out.fits")
    header = fits.getheader("out.fits")
    assert header["S_IMGDN"] == "COMPLETE"
    assert (header["IMD_MODL"], header["IMD_SHA"], header["IMD_UNC"]) == ("standin", "ab" * 32, "aleatoric")
    assert "exposure_time_ratio=2.0" in header["IMD_PARS"]
    assert header["IMD_RMS"] == pytest.approx(0.5, abs=0.02)
    assert 0.9 < header["IMD_SHAR"] < 1
    assert (header["IMD_EPIX"], header["IMD_E1P5"], header["IMD_E8"]) == (0.6, 0.85, 1.4)
    assert abs(header["IMD_MEAN"]) < 0.02
    assert (header["IMD_NSRC"], header["IMD_VAN"], header["IMD_APP"]) == (5, 0, 0)
    assert header["IMD_WARN"] == "none"
    assert "image_denoise(model='auto'" in "".join(header["HISTORY"])


def test_doubts_are_in_header_and_log(rate, monkeypatch, caplog):
    network = install(Erasing(), monkeypatch)
    with caplog.at_level(logging.WARNING):
        result = run(rate)
    assert len(network.calls) == 1
    recorded = result.meta.jwst_denoise.image_denoise
    assert "flux_change" in recorded.doubts.split(", ")
    assert recorded.flux_change == pytest.approx(-0.5, abs=0.05)
    assert "Quality check failed: change of the flux of sources" in caplog.text


def test_errors_stay_without_uncertainty(rate, halving):
    result = run(rate, uncertainty="none")
    for name in ("err", "var_poisson", "var_rnoise"):
        np.testing.assert_array_equal(getattr(result, name), getattr(rate, name))
    assert not np.array_equal(result.data, rate.data)
    assert result.meta.jwst_denoise.image_denoise.uncertainty == "none"


def test_every_integration_alone(rateints, halving):
    result = run(rateints, save_noise=True, save_qa=True)
    assert len(halving.calls) == 3
    for k in range(3):
        written = (scene() < FAINT) & ~fixed()
        np.testing.assert_allclose(result.data[k][written], (rateints.data[k] + scene() / GAIN)[written] / 2, rtol=1e-5)
    with datamodels.open("jw1_ints_image_denoise_noise.fits") as noise:
        np.testing.assert_allclose(noise.data, rateints.data - result.data, atol=1e-6)
    assert imread("jw1_ints_image_denoise_qa.png")[..., :3].std() > 0.1
    np.testing.assert_array_equal(result.extra_fits.SCI_ORIGINAL.data, rateints.data)


@pytest.mark.parametrize("amplitude", [0.0, 0.5])
def test_stripes_are_a_case_for_nsclean_first(rate, halving, rng, caplog, amplitude):
    """Lines with offsets of half the noise of a pixel, as 1/f noise leaves them."""
    noise = np.sqrt(np.nanmedian(rate.var_rnoise + rate.var_poisson))
    rate.data = rate.data + (amplitude * noise * rng.normal(size=(rate.shape[0], 1))).astype("f4")
    run(rate)
    assert ("run nsclean first" in caplog.text) == (amplitude > 0)

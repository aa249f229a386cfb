"""The step ``image_denoise`` with a stand-in for its network that knows the scene."""

import logging
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from jwst.datamodels import ModelContainer, ModelLibrary
from scipy.ndimage import gaussian_filter
from stdatamodels.jwst import datamodels

from jwst_denoise import ImageDenoiseStep, model_files
from jwst_denoise.networks import build
from jwst_denoise.networks.image_denoise import DenoisedImage
from jwst_denoise.stacks import coadd
from jwst_denoise.steps import image_denoise_step, image_noise

from .conftest import SHAPE, describe

DNU, JUMP, REFERENCE = 1, 4, 2**31
GAIN, TIME, READ, SKY = 2.0, 1000.0, 12.0, 0.2
DOMAIN = {"description": "tests", "instruments": ["NIRCAM"], "kinds": ["image"], "exposure_time_ratio": [1, 5]}
STARS = ((20, 30, 60.0), (70, 90, 30.0), (50, 60, 400.0), (30, 100, 25.0), (80, 20, 45.0))
FAINT = 2.0  # e-/s in a pixel, above which the stand-in leaves it alone
ARRAYS = ("data", "err", "var_poisson", "var_rnoise")


def scene():
    image = np.zeros(SHAPE)
    for y, x, flux in STARS:
        image[y, x] = flux
    return (SKY + gaussian_filter(image, 1.0)).astype("f4")


class Halving:
    """Brings faint pixels half-way to the scene, and says half the error."""

    uses_ratio, takes_stack, uncertainties = True, False, ("none", "aleatoric")
    seen, limit = [], FAINT

    def denoise(self, image, *, uncertainty, **options):
        self.seen.append((image, uncertainty, options))
        observed = coadd(image).image if self.takes_stack else image
        share = (np.isfinite(observed.rate) & (scene() < self.limit)).astype("f4")
        rate = np.where(share > 0, (observed.rate + self.known()) / 2, observed.rate)
        err = None if uncertainty == "none" else np.sqrt(observed.variance) * np.where(share > 0, 0.5, 1)
        return DenoisedImage(rate, err, share, observed)

    def known(self):
        return scene()


class Stack(Halving):
    uses_ratio, takes_stack = False, True


class Erasing(Halving):
    limit = np.inf

    def known(self):
        return np.full(SHAPE, SKY, "f4")


@pytest.fixture
def loaded(monkeypatch):
    """Sets what a model file gives."""

    def install(network, family="astro_unet"):
        network.seen = []
        info = {"name": "standin", "family": family, "sha256": "ab" * 32, "domain": DOMAIN}

        class Loaded:
            def check_domain(self, **facts):
                return model_files.Domain(**DOMAIN).reasons(**facts)

        Loaded.info, Loaded.network = info, network
        monkeypatch.setattr(image_denoise_step.model_files, "load", lambda name, device: Loaded())
        monkeypatch.setattr(image_denoise_step.model_files, "read_info", lambda name: info)
        return network

    return install


@pytest.fixture
def halving(loaded):
    return loaded(Halving())


@pytest.fixture(autouse=True)
def gain(tmp_path_factory, monkeypatch):
    """Gain of the subarray, in place of that of CRDS."""
    path = tmp_path_factory.mktemp("references") / "gain.fits"
    with datamodels.GainModel(data=np.full(SHAPE, GAIN, "f4")) as model:
        area = model.meta.subarray
        area.xstart = area.ystart = 101
        area.xsize, area.ysize = SHAPE[::-1]
        area.fastaxis, area.slowaxis = -1, 2
        model.save(path)
    monkeypatch.setattr(ImageDenoiseStep, "get_reference_file", lambda self, model, kind: str(path))
    monkeypatch.setattr(ImageDenoiseStep, "reference_file_types", [])
    return str(path)


def make(rng, nints=None, factor=GAIN, seconds=TIME):
    """Rate image, or one for each integration, whose unit is ``factor`` e-/s."""
    shape = SHAPE if nints is None else (nints, *SHAPE)
    rate = rng.poisson(scene() * seconds, shape) / seconds + rng.normal(0, READ / seconds, shape)
    model = (datamodels.ImageModel if nints is None else datamodels.CubeModel)(shape)
    model.data = (rate / factor).astype("f4")
    model.var_rnoise = np.full(shape, (READ / seconds / factor) ** 2, "f4")
    model.var_poisson = (np.maximum(rate, 0) / seconds / factor**2).astype("f4")
    model.err = np.sqrt(model.var_rnoise + model.var_poisson)
    model.dq = np.zeros(shape, "u4")
    model.dq[..., 40, 40], model.data[..., 40, 40] = DNU, 100
    model.dq[..., :4, :] |= REFERENCE
    model.data[..., 60, 10] = np.nan
    exposure = model.meta.exposure
    exposure.exposure_time, exposure.integration_time = seconds * (nints or 1), seconds
    model.meta.bunit_data = "DN/s"
    model.meta.instrument.filter = "F200W"
    return describe(model, name="jw1_rate.fits" if nints is None else "jw1_rateints.fits")


@pytest.fixture
def rate(rng):
    return make(rng)


@pytest.fixture
def rateints(rng):
    return make(rng, nints=3)


def run(data, **parameters):
    return ImageDenoiseStep.call(data, configure_log=False, **parameters)


def arrays(model):
    return {name: getattr(model, name).copy() for name in ARRAYS}


def fixed():
    """Pixels that no network may change."""
    mask = np.zeros(SHAPE, bool)
    mask[40, 40] = mask[60, 10] = mask[:4] = True
    return mask


def test_faint_pixels_are_the_networks_and_all_else_stays(rate, halving):
    before = arrays(rate)
    result = run(rate)
    taken = (scene() < FAINT) & ~fixed()
    np.testing.assert_allclose(result.data[taken], (before["data"] + scene() / GAIN)[taken] / 2, rtol=1e-5)
    np.testing.assert_allclose(result.err[taken], before["err"][taken] / 2, rtol=0.05)
    np.testing.assert_allclose((result.var_poisson + result.var_rnoise)[taken], result.err[taken] ** 2, rtol=1e-5)
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(result, name)[~taken], array[~taken])
        np.testing.assert_array_equal(getattr(rate, name), array)
    np.testing.assert_array_equal(result.dq, rate.dq)
    assert type(result) is type(rate)
    assert result.meta.cal_step.image_denoise == "COMPLETE"
    assert rate.meta.cal_step.image_denoise is None


def test_network_is_given_electrons_and_their_noise(rate, halving):
    run(rate, exposure_time_ratio=3, tile_size=128, mosaic=True)
    ((image, uncertainty, options),) = halving.seen
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
        ratio = np.nanmedian(halving.seen[-1][0].rate / halving.seen[0][0].rate)
        assert ratio == pytest.approx(1.03 if mosaic else 1, rel=0.03 if mosaic else 1e-5)
        assert result.meta.cal_step.image_denoise == "COMPLETE"
        assert result.meta.bunit_data == "MJy/sr"


def test_light_that_was_subtracted_is_noise_that_is_known(rng, rate, halving):
    sky = 0.15
    rate.data -= np.float32(sky / GAIN)
    run(rate)
    image = halving.seen[0][0]
    expected = np.sqrt((READ / TIME) ** 2 + sky / TIME)
    assert np.nanmedian(image.read_noise) == pytest.approx(expected, rel=0.02)
    assert np.nanmedian(image.poisson) == pytest.approx(1 / TIME, rel=0.02)


def test_noise_of_light_from_variances_or_from_the_time():
    rng = np.random.default_rng(1)
    rate = np.concatenate([rng.normal(1, 0.1, 20_000), rng.uniform(2, 50, 500)])
    deviation, variance = np.full(rate.shape, 0.1), 0.004 * rate + 0.02
    assert image_noise.light_noise(rate, deviation, variance, 100.0) == pytest.approx((0.004, 0.02), rel=0.03)
    dark = slice(0, 20_000)
    poisson, rest = image_noise.light_noise(rate[dark], deviation[dark], variance[dark], 100.0)
    assert (poisson, rest) == (0.01, pytest.approx(0.014, rel=0.03))


def test_fewer_groups_have_more_noise_of_light(rate, halving):
    rate.var_rnoise[70:80, 100:110] *= 8  # half of the groups
    rate.var_poisson[70:80, 100:110] *= 2
    run(rate)
    image = halving.seen[0][0]
    np.testing.assert_allclose(image.poisson[70:80, 100:110], 2 / TIME, rtol=0.02)
    np.testing.assert_allclose(image.read_noise[70:80, 100:110], np.sqrt(8) * READ / TIME, rtol=0.01)


def test_original_is_kept_through_files(rate, halving, tmp_path):
    result = run(rate)
    result.save("one.fits")
    with datamodels.open("one.fits") as model:  # by software that knows nothing of this package
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
    assert abs(header["IMD_MEAN"]) < 0.02
    assert (header["IMD_NSRC"], header["IMD_VAN"], header["IMD_APP"]) == (5, 0, 0)
    assert header["IMD_WARN"] == "none"
    assert "image_denoise(model='auto'" in "".join(header["HISTORY"])


def test_doubts_are_in_header_and_log(rate, loaded, caplog):
    network = loaded(Erasing())
    with caplog.at_level(logging.WARNING):
        result = run(rate)
    assert len(network.seen) == 1
    recorded = result.meta.jwst_denoise.image_denoise
    assert "flux_change" in recorded.doubts.split(", ")
    assert recorded.flux_change == pytest.approx(-0.5, abs=0.05)
    assert "To be looked at: change of the flux of sources" in caplog.text


def test_errors_stay_without_uncertainty(rate, halving):
    result = run(rate, uncertainty="none")
    for name in ("err", "var_poisson", "var_rnoise"):
        np.testing.assert_array_equal(getattr(result, name), getattr(rate, name))
    assert not np.array_equal(result.data, rate.data)
    assert result.meta.jwst_denoise.image_denoise.uncertainty == "none"


def test_every_integration_by_itself(rateints, halving):
    result = run(rateints, save_noise=True, save_qa=True)
    assert len(halving.seen) == 3
    for k in range(3):
        taken = (scene() < FAINT) & ~fixed()
        np.testing.assert_allclose(result.data[k][taken], (rateints.data[k] + scene() / GAIN)[taken] / 2, rtol=1e-5)
    with datamodels.open("jw1_ints_image_denoise_noise.fits") as noise:
        np.testing.assert_allclose(noise.data, rateints.data - result.data, atol=1e-6)
    assert Path("jw1_ints_image_denoise_qa.png").read_bytes()[:4] == b"\x89PNG"
    np.testing.assert_array_equal(result.extra_fits.SCI_ORIGINAL.data, rateints.data)


def test_tuple_list_container_and_path(rate, rateints, halving, tmp_path):
    results = run((rate, rateints))
    assert [type(r) for r in results] == [datamodels.ImageModel, datamodels.CubeModel]
    assert run((rate, None))[1] is None
    rate.save(tmp_path / "a_rate.fits")
    found = [*run([rate, rate]), *run(ModelContainer([rate.copy(), rate.copy()])), run(str(tmp_path / "a_rate.fits"))]
    for result in found:
        np.testing.assert_array_equal(result.data, results[0].data)


def test_big_endian_data_keep_their_type(rate, halving):
    expected = run(rate).data
    rate.data = rate.data.astype(">f4")
    result = run(rate)
    assert result.data.dtype == rate.data.dtype
    np.testing.assert_array_equal(result.data, expected)


def test_only_once(rate, halving, caplog):
    once = run(rate)
    twice = run(once)
    np.testing.assert_array_equal(twice.data, once.data)
    assert "image_denoise has denoised this image already; force=True" in caplog.text
    again = run(once, force=True)
    taken = (scene() < FAINT) & ~fixed()
    assert np.std((again.data - scene() / GAIN)[taken]) < 0.6 * np.std((once.data - scene() / GAIN)[taken])
    np.testing.assert_array_equal(again.extra_fits.SCI_ORIGINAL.data, rate.data)
    rate.meta.jwst_denoise.ramp_denoise.product = "rate"
    assert run(rate).meta.cal_step.image_denoise == "SKIPPED"
    assert "ramp_denoise has denoised" in caplog.text


@pytest.mark.parametrize("masked", ["", "jumps", "step"])
def test_masks_of_cosmic_rays_are_recommended(rate, halving, caplog, masked):
    if masked == "jumps":
        rate.dq[30, 30] = JUMP
    if masked == "step":
        rate.meta.cal_step.cosmic_ray_mask = "COMPLETE"
    with caplog.at_level(logging.INFO):
        run(rate)
    assert ("run cosmic_ray_mask before" in caplog.text) == (not masked)


def change(**values):
    def apply(model):
        for path, value in values.items():
            node, names = model, path.split("__")
            for name in names[:-1]:
                node = getattr(node, name)
            setattr(node, names[-1], value)

    return apply


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (change(meta__bunit_data=None), "BUNIT) is not known"),
        (change(meta__bunit_data="DN"), "BUNIT) is DN;"),
        (change(meta__bunit_data="MJy/sr"), "PHOTMJSR"),
        (change(meta__exposure__exposure_time=None), "EFFEXPTM"),
        (change(var_rnoise=np.zeros(SHAPE, "f4")), "VAR_RNOISE"),
        (change(var_poisson=np.full(SHAPE, np.nan, "f4")), "VAR_POISSON"),
        (change(dq=np.ones(SHAPE, "u4")), "no pixel of the image can be used"),
        (change(meta__instrument__name="MIRI", meta__instrument__detector="MIRIMAGE"), "instrument MIRI"),
        (change(meta__exposure__type="NRC_WFSS"), "kind spectrum"),
    ],
)
def test_what_cannot_be_told_in_electrons_is_skipped(rate, halving, caplog, spoil, reason):
    spoil(rate)
    before = arrays(rate)
    result = run(rate)
    assert result.meta.cal_step.image_denoise == "SKIPPED"
    assert any(reason in record.message and record.levelname == "WARNING" for record in caplog.records)
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(result, name), array)
    assert "extra_fits" not in result.instance


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (datamodels.MultiSlitModel, "before extract_2d"),
        (datamodels.RampModel, "ramp_denoise takes it"),
        (datamodels.IFUCubeModel, "IFU cube"),
        (datamodels.GuiderCalModel, "is no image"),
    ],
)
def test_what_is_no_image_is_skipped(halving, caplog, kind, reason):
    assert run(kind()).meta.cal_step.image_denoise == "SKIPPED"
    assert reason in caplog.text


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"exposure_time_ratio": 1.0}, r"exposure_time_ratio=1.0 must be more than 1 and at most 5"),
        ({"exposure_time_ratio": 6.0}, "exposure_time_ratio=6"),
        ({"uncertainty": "total"}, "uncertainty='total': model 'standin' offers none, aleatoric"),
        ({"uncertainty": "most"}, "uncertainty"),
        ({"tile_size": 3}, "tile_size"),
        ({"n_samples": 1}, "n_samples"),
    ],
)
def test_bad_parameters_are_named(rate, halving, tmp_path, parameters, message):
    with pytest.raises(ValueError, match=message):
        run(rate, **parameters, save_results=True)
    assert list(tmp_path.iterdir()) == []


def test_wrong_model_files(rate, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.asdf"):
        run(rate, model="absent.asdf", save_results=True)
    with pytest.raises(ValueError, match=r"cosmic_ray_mask-2-4.*needs one of astro_unet"):
        run(rate, model="cosmic_ray_mask-2-4", save_results=True)
    assert list(tmp_path.iterdir()) == []


def test_ratios_that_a_model_was_not_trained_for(rate, halving, monkeypatch):
    monkeypatch.setitem(DOMAIN, "exposure_time_ratio", [2, 2])
    with pytest.raises(ValueError, match="exposure time ratio 3 is not among 2 to 2"):
        run(rate, exposure_time_ratio=3.0)


@pytest.fixture
def tiny(tmp_path_factory):
    """Model files with random weights."""
    info = {
        "domain": DOMAIN, "provenance": {"seeds": [1]}, "scores": {"none": 0.0}, "licence": "BSD-3-Clause",
        "card": "Random weights.",
    }  # fmt: skip
    folder = tmp_path_factory.mktemp("models")

    def write(family):
        network = build({"family": family, "hidden": 2, "depth": 2})
        return str(model_files.save(folder / f"{family}.asdf", network, {**info, "name": f"tiny-{family}"}))

    return write


@pytest.mark.parametrize("family", ["astro_unet", "noise2noise"])
def test_a_network_of_a_file(rate, tiny, family):
    path = tiny(family)
    first, second = (run(rate, model=path, tile_size=size) for size in (64, 1024))
    assert first.meta.jwst_denoise.image_denoise.model == f"tiny-{family}"
    np.testing.assert_allclose(first.data, second.data, atol=0.01 * np.nanmedian(rate.err))
    assert not np.array_equal(first.data, rate.data, equal_nan=True)
    assert np.isnan(first.data[60, 10])


def test_a_stack_becomes_one_image(rng, rateints, loaded):
    network = loaded(Stack(), "noise2noise-stack")
    before = rateints.data.copy()
    result = run(rateints, model="noise2noise-stack", save_noise=True, save_qa=True)
    assert type(result) is datamodels.ImageModel
    ((frames, _, options),) = network.seen
    assert len(frames) == 3
    assert "ratio" not in options
    mean = coadd(frames).image
    np.testing.assert_allclose(result.extra_fits.SCI_ORIGINAL.data, mean.rate / GAIN, rtol=1e-6)
    taken = (scene() < FAINT) & ~fixed()
    np.testing.assert_allclose(result.data[taken], ((mean.rate + scene()) / 2 / GAIN)[taken], rtol=1e-5)
    np.testing.assert_allclose((result.var_poisson + result.var_rnoise)[~fixed()], result.err[~fixed()] ** 2, rtol=1e-4)
    np.testing.assert_array_equal((result.dq & DNU) != 0, fixed())
    assert result.meta.jwst_denoise.image_denoise.frames == 3
    assert result.meta.exposure.exposure_time == 3 * TIME
    assert result.meta.bunit_data == "DN/s"
    assert result.meta.instrument.detector == "NRCA1"
    np.testing.assert_array_equal(rateints.data, before)
    assert rateints.meta.cal_step.image_denoise is None
    assert Path("jw1_image_denoise_qa.png").read_bytes()[:4] == b"\x89PNG"


def test_a_stack_takes_the_place_of_the_rate_in_a_pair(rate, rateints, loaded):
    loaded(Stack(), "noise2noise-stack")
    alone = run(rateints, model="noise2noise-stack")
    made, cube = run((rate, rateints), model="noise2noise-stack")
    np.testing.assert_array_equal(made.data, alone.data)
    assert made.meta.filename == "jw1_rate.fits"
    np.testing.assert_array_equal(cube.data, rateints.data)
    pair = run((rate, None), model="noise2noise-stack")
    assert (pair[0].meta.cal_step.image_denoise, pair[1]) == ("SKIPPED", None)


def pointed(model, shift=0.0, angle=0.0):
    """Image with world coordinates, displaced by pixels along x and turned by degrees."""
    wcs = model.meta.wcsinfo
    wcs.ctype1, wcs.ctype2, wcs.cunit1, wcs.cunit2 = "RA---TAN", "DEC--TAN", "deg", "deg"
    wcs.crval1, wcs.crval2, wcs.crpix1, wcs.crpix2 = 80.0, -69.0, 64.0 + shift, 48.0
    wcs.cdelt1 = wcs.cdelt2 = 0.031 / 3600
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    wcs.pc1_1, wcs.pc1_2, wcs.pc2_1, wcs.pc2_2 = -cosine, sine, sine, cosine
    return model


def test_images_on_the_same_pixels_are_a_stack(rng, loaded, tmp_path):
    loaded(Stack(), "noise2noise-stack")
    images = [pointed(make(rng), shift) for shift in (0.0, 0.05, 0.0)]
    for k, image in enumerate(images):
        image.meta.filename = f"{'abc'[k]}_cal.fits"
        image.save(tmp_path / image.meta.filename)
    results = [run(data, model="noise2noise-stack") for data in (images, ModelContainer(images))]
    results.append(run([image.meta.filename for image in images], model="noise2noise-stack"))
    for result in results:
        assert type(result) is datamodels.ImageModel
        assert result.meta.jwst_denoise.image_denoise.frames == 3
        assert result.meta.exposure.exposure_time == 3 * TIME
        np.testing.assert_array_equal(result.data, results[0].data)
    assert [image.meta.cal_step.image_denoise for image in images] == [None] * 3


def displaced(image):
    return pointed(image, 2.0)


def turned(image):
    return pointed(image, 0.0, 0.5)


def other_unit(image):
    image.meta.bunit_data = "MJy/sr"
    return image


def other_filter(image):
    image.meta.instrument.filter = "F090W"
    return image


def without_coordinates(image):
    image.meta.wcsinfo.ctype1 = None
    return image


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (displaced, "lies 2.00 pixels off the first; resample the exposures onto one grid"),
        (turned, "pixels off the first"),
        (other_unit, "the unit of b_rate.fits is MJy/sr, that of the first DN/s"),
        (other_filter, "filter of b_rate.fits is F090W"),
        (without_coordinates, "no world coordinates"),
    ],
)
def test_what_is_no_stack_is_skipped(rng, loaded, caplog, spoil, reason):
    network = loaded(Stack(), "noise2noise-stack")
    images = [pointed(make(rng)), pointed(make(rng))]
    images[1].meta.filename = "b_rate.fits"
    spoil(images[1])
    results = run(images, model="noise2noise-stack")
    assert reason in caplog.text
    assert not network.seen
    for result, image in zip(results, images, strict=True):
        assert result.meta.cal_step.image_denoise == "SKIPPED"
        assert image.meta.cal_step.image_denoise is None
        np.testing.assert_array_equal(result.data, image.data)


def test_a_single_image_is_no_stack(rate, loaded, caplog):
    loaded(Stack(), "noise2noise-stack")
    assert run(rate, model="noise2noise-stack").meta.cal_step.image_denoise == "SKIPPED"
    assert "a stack needs 2 frames or more" in caplog.text


def test_spectra_in_flux_are_skipped(rate, halving, caplog, monkeypatch):
    monkeypatch.setitem(DOMAIN, "kinds", ["image", "spectrum"])
    rate.meta.exposure.type, rate.meta.bunit_data = "NRC_WFSS", "MJy/sr"
    rate.meta.photometry.conversion_megajanskys = 0.5
    assert run(rate).meta.cal_step.image_denoise == "SKIPPED"
    assert "changes with wavelength" in caplog.text


def test_association_is_a_stack_or_its_images_one_by_one(rng, loaded, tmp_path):
    from jwst.associations.asn_from_list import asn_from_list
    from jwst.associations.lib.rules_level3_base import DMS_Level3_Base

    names = ["a_cal.fits", "b_cal.fits"]
    for name in names:
        image = pointed(make(rng))
        image.meta.filename = name
        image.save(tmp_path / name)
    association = asn_from_list(names, rule=DMS_Level3_Base, product_name="p")
    (tmp_path / "asn.json").write_text(association.dump()[1])
    loaded(Halving())
    assert [model.meta.cal_step.image_denoise for model in run("asn.json")] == ["COMPLETE", "COMPLETE"]
    loaded(Stack(), "noise2noise-stack")
    stack = run("asn.json", model="noise2noise-stack")
    library = run(ModelLibrary("asn.json"), model="noise2noise-stack")
    assert stack.meta.jwst_denoise.image_denoise.frames == 2
    np.testing.assert_array_equal(stack.data, library.data)


def test_hook_of_ramp_fit(rng, halving, caplog, monkeypatch, gain):
    """As a post-hook the step is given rate and rateints, with the parameters of the pipeline's section."""
    from jwst.ramp_fitting import RampFitStep

    shape = (2, 5, *SHAPE)
    ramp = datamodels.RampModel(shape)
    ramp.data = np.cumsum(rng.poisson(scene() * 100 + 50, shape), axis=1).astype("f4") / np.float32(GAIN)
    ramp.groupdq, ramp.pixeldq = np.zeros(shape, "u1"), np.zeros(SHAPE, "u4")
    exposure = ramp.meta.exposure
    exposure.ngroups, exposure.nints, exposure.nframes, exposure.groupgap = 5, 2, 1, 0
    exposure.group_time = exposure.frame_time = 100.0
    exposure.exposure_time, exposure.integration_time, exposure.readpatt = 1000.0, 500.0, "RAPID"
    describe(ramp, name="jw1_ramp.fits")
    with datamodels.ReadnoiseModel(data=np.full(SHAPE, 6.0, "f4")) as noise:
        noise.meta.subarray.instance.update(ramp.meta.subarray.instance)
        noise.save("readnoise.fits")
    references = {"override_gain": gain, "override_readnoise": "readnoise.fits"}
    hook = ImageDenoiseStep(exposure_time_ratio=4.0)
    monkeypatch.setattr("stpipe.crds_client.get_context_used", lambda observatory: "jwst_0000.pmap")
    fit = RampFitStep.call(ramp, configure_log=False, **references)
    pair = RampFitStep.call(ramp, configure_log=False, post_hooks=[hook], **references)
    assert [model.meta.cal_step.image_denoise for model in pair] == ["COMPLETE", "COMPLETE"]
    assert len(halving.seen) == 3
    assert halving.seen[0][2]["ratio"] == 4
    faint = scene() < FAINT
    np.testing.assert_allclose(pair[0].data[faint], (fit[0].data + scene() / GAIN)[faint] / 2, rtol=1e-5)

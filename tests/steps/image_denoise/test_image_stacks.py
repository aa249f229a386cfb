"""Stacks of ``image_denoise``: several frames in, one image out."""

import numpy as np
import pytest
from jwst.datamodels import ModelContainer, ModelLibrary
from matplotlib.image import imread
from stdatamodels.jwst import datamodels

from jwst_denoise.ramps.coadd import coadd_frames

from .stand_ins import DNU, FAINT, GAIN, TIME, Halving, Stack, fixed, install, make, run, scene


def test_a_stack_becomes_one_image(rng, rateints, stack):
    before = rateints.data.copy()
    result = run(rateints, model="noise2noise-stack", save_noise=True, save_qa=True)
    assert type(result) is datamodels.ImageModel
    ((frames, _, options),) = stack.calls
    assert len(frames) == 3
    assert "ratio" not in options
    mean = coadd_frames(frames).image
    np.testing.assert_allclose(result.extra_fits.SCI_ORIGINAL.data, mean.rate / GAIN, rtol=1e-6)
    written = (scene() < FAINT) & ~fixed()
    np.testing.assert_allclose(result.data[written], ((mean.rate + scene()) / 2 / GAIN)[written], rtol=1e-5)
    np.testing.assert_allclose((result.var_poisson + result.var_rnoise)[~fixed()], result.err[~fixed()] ** 2, rtol=1e-4)
    np.testing.assert_array_equal((result.dq & DNU) != 0, fixed())
    assert result.meta.jwst_denoise.image_denoise.frames == 3
    assert result.meta.exposure.exposure_time == 3 * TIME
    assert result.meta.bunit_data == "DN/s"
    assert result.meta.instrument.detector == "NRCA1"
    np.testing.assert_array_equal(rateints.data, before)
    assert rateints.meta.cal_step.image_denoise is None
    assert imread("jw1_stack_image_denoise_qa.png")[..., :3].std() > 0.1


def test_a_stack_takes_the_place_of_the_rate_in_a_pair(rate, rateints, stack):
    alone = run(rateints, model="noise2noise-stack")
    stacked, cube = run((rate, rateints), model="noise2noise-stack")
    np.testing.assert_array_equal(stacked.data, alone.data)
    assert stacked.meta.filename == "jw1_rate.fits"
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


def test_images_on_the_same_pixels_are_a_stack(rng, stack, tmp_path):
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
def test_what_is_not_a_stack_is_skipped(rng, stack, caplog, spoil, reason):
    images = [pointed(make(rng)), pointed(make(rng))]
    images[1].meta.filename = "b_rate.fits"
    spoil(images[1])
    results = run(images, model="noise2noise-stack")
    assert reason in caplog.text
    assert not stack.calls
    for result, image in zip(results, images, strict=True):
        assert result.meta.cal_step.image_denoise == "SKIPPED"
        assert image.meta.cal_step.image_denoise is None
        np.testing.assert_array_equal(result.data, image.data)


def test_a_single_image_is_not_a_stack(rate, stack, caplog):
    assert run(rate, model="noise2noise-stack").meta.cal_step.image_denoise == "SKIPPED"
    assert "a stack needs 2 frames or more" in caplog.text


def test_association_is_a_stack_or_its_images_one_by_one(rng, monkeypatch, tmp_path):
    from jwst.associations.asn_from_list import asn_from_list
    from jwst.associations.lib.rules_level3_base import DMS_Level3_Base

    names = ["a_cal.fits", "b_cal.fits"]
    for name in names:
        image = pointed(make(rng))
        image.meta.filename = name
        image.save(tmp_path / name)
    association = asn_from_list(names, rule=DMS_Level3_Base, product_name="p")
    (tmp_path / "asn.json").write_text(association.dump()[1])
    install(Halving(), monkeypatch)
    assert [model.meta.cal_step.image_denoise for model in run("asn.json")] == ["COMPLETE", "COMPLETE"]
    install(Stack(), monkeypatch, "noise2noise-stack")
    stack = run("asn.json", model="noise2noise-stack")
    library = run(ModelLibrary("asn.json"), model="noise2noise-stack")
    assert stack.meta.jwst_denoise.image_denoise.frames == 2
    np.testing.assert_array_equal(stack.data, library.data)

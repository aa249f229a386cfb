"""Kinds of input of ``image_denoise``, and what it refuses."""

import logging

import numpy as np
import pytest
from jwst.datamodels import ModelContainer
from stdatamodels.jwst import datamodels

from jwst_denoise import ImageDenoiseStep, model_files
from jwst_denoise.networks import build
from steps.conftest import SHAPE, describe

from .stand_ins import DOMAIN, FAINT, GAIN, JUMP, arrays, fixed, run, scene


def test_tuple_list_container_and_path(rate, rateints, halving, tmp_path):
    results = run((rate, rateints))
    assert [type(r) for r in results] == [datamodels.ImageModel, datamodels.CubeModel]
    assert run((rate, None))[1] is None
    rate.save(tmp_path / "a_rate.fits")
    results_of_several = [
        *run([rate, rate]),
        *run(ModelContainer([rate.copy(), rate.copy()])),
        run(str(tmp_path / "a_rate.fits")),
    ]
    for result in results_of_several:
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
    written = (scene() < FAINT) & ~fixed()
    assert np.std((again.data - scene() / GAIN)[written]) < 0.6 * np.std((once.data - scene() / GAIN)[written])
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
def test_images_without_a_conversion_to_electrons_are_skipped(rate, halving, caplog, spoil, reason):
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
        (datamodels.RampModel, "use ramp_denoise, or run ramp_fit first"),
        (datamodels.IFUCubeModel, "IFU cube"),
        (datamodels.GuiderCalModel, "is not an image"),
    ],
)
def test_other_data_are_skipped(halving, caplog, kind, reason):
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


def test_spectra_in_flux_are_skipped(rate, halving, caplog, monkeypatch):
    monkeypatch.setitem(DOMAIN, "kinds", ["image", "spectrum"])
    rate.meta.exposure.type, rate.meta.bunit_data = "NRC_WFSS", "MJy/sr"
    rate.meta.photometry.conversion_megajanskys = 0.5
    assert run(rate).meta.cal_step.image_denoise == "SKIPPED"
    assert "changes with wavelength" in caplog.text


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
    assert len(halving.calls) == 3
    assert halving.calls[0][2]["ratio"] == 4
    faint = scene() < FAINT
    np.testing.assert_allclose(pair[0].data[faint], (fit[0].data + scene() / GAIN)[faint] / 2, rtol=1e-5)

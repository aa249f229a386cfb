"""The pipeline ``calwebb_denoise1`` on the offline cache, with an untrained network."""

import numpy as np
import pytest
import torch
from astropy.io import fits
from jwst.pipeline import Detector1Pipeline
from jwst.ramp_fitting import RampFitStep
from stdatamodels.jwst import datamodels
from stpipe import config_parser

from jwst_denoise import (
    DenoiseDetector1Pipeline,
    RampDenoiseStep,
    model_files,
    parameters,
    products,
    simulate,
)
from jwst_denoise.networks import build

pytestmark = pytest.mark.slow

INFO = {
    "name": "untrained",
    "domain": {"description": "tests", "instruments": ["NIRCAM", "NIRSPEC"]},
    "provenance": {"command": "none"},
    "scores": {"none": {"network": 1.0}},
    "licence": "BSD-3-Clause",
    "card": "Random weights. Not for use.",
}
#: Steps that matter little here.
SKIPPED = ("saturation", "ipc", "superbias", "refpix", "linearity", "dark_current", "charge_migration")
SOURCE = np.s_[..., 60:64, 80:84]
JUMP = 4
STATUS = {"cosmic_ray_mask": "S_CRMASK", "nsclean": "S_NSCLN", "ramp_denoise": "S_RMPDN"}


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """Model file of a small network with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        network = build({"family": "ramp_denoise", "hidden": 4, "depth": 2, "recurrent_units": 4}).eval()
    return str(model_files.save(tmp_path_factory.mktemp("model") / "untrained.asdf", network, INFO))


@pytest.fixture(scope="module")
def uncal(tmp_path_factory):
    """A bright source on a faint sky in SUB160, 2 integrations of 5 groups, with cosmic rays."""
    detector = simulate.detector("NRCB1")
    observation = simulate.observation(detector, "NRC_IMAGE", subarray="SUB160")
    scene = np.full((160, 160), 0.5)
    scene[60:64, 80:84] = 5000
    rng = np.random.default_rng(12)
    hits = simulate.CosmicRayParameters(flux=500.0, snowball_rate=0, shower_rate=0)
    exposure = simulate.simulate_exposure(scene, detector, None, "RAPID", 5, 2, rng, observation=observation, hits=hits)
    return str(products.write_products(exposure, tmp_path_factory.mktemp("uncal"), "jw1")["uncal"])


def run(uncal, directory, pipeline, **steps):
    """Products of a run by their suffixes."""
    steps |= {name: {"skip": True} for name in SKIPPED}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STPIPE_DISABLE_CRDS_STEPPARS", raising=False)
        pipeline.call(uncal, output_dir=str(directory), save_results=True, save_calibrated_ramp=True, steps=steps)
    return {path.stem.removeprefix("jw1_"): path for path in directory.iterdir()}


def denoise(uncal, directory, untrained, ramp_denoise=None, **steps):
    """Products of calwebb_denoise1."""
    return run(
        uncal, directory, DenoiseDetector1Pipeline, ramp_denoise={"model": untrained} | (ramp_denoise or {}), **steps
    )


def arrays(path):
    with datamodels.open(path) as model:
        return {name: np.array(getattr(model, name)) for name in ("data", "err", "dq", "var_poisson", "var_rnoise")}


def statuses(path):
    header = fits.getheader(path)
    return {name: header.get(keyword) for name, keyword in STATUS.items()}


@pytest.fixture(scope="module")
def plain(active_cache, uncal, tmp_path_factory):
    """Products of calwebb_detector1."""
    return run(uncal, tmp_path_factory.mktemp("plain"), Detector1Pipeline)


@pytest.fixture(scope="module")
def denoised(active_cache, uncal, untrained, tmp_path_factory):
    """Products of calwebb_denoise1 with the flags and the groups of calwebb_detector1."""
    skip = dict.fromkeys(("cosmic_ray_mask", "nsclean"), {"skip": True})
    return denoise(uncal, tmp_path_factory.mktemp("denoised"), untrained, **skip)


def test_ramp_denoise_alone(denoised, plain, untrained):
    assert set(denoised) == set(plain) == {"ramp", "rate", "rateints"}
    for name in ("rate", "rateints"):
        actual, expected = arrays(denoised[name]), arrays(plain[name])
        assert statuses(denoised[name]) == dict.fromkeys(STATUS, "SKIPPED") | {"ramp_denoise": "COMPLETE"}
        for array in ("data", "err", "dq"):
            np.testing.assert_array_equal(actual[array][SOURCE], expected[array][SOURCE])
        sums = ((variances["var_poisson"] + variances["var_rnoise"])[SOURCE] for variances in (actual, expected))
        np.testing.assert_allclose(*sums, rtol=1e-5)
        np.testing.assert_array_equal(actual["dq"], expected["dq"])
        np.testing.assert_array_equal(np.isnan(actual["data"]), np.isnan(expected["data"]))
        assert (actual["data"] != expected["data"]).mean() > 0.9
        header = fits.getheader(denoised[name])
        assert header["RMD_MODL"] == "untrained"
        assert header["RMD_SHA"] == model_files.read_info(untrained)["sha256"]
        assert header["R_GAIN"].startswith("crds://")
    with datamodels.open(denoised["ramp"]) as actual, datamodels.open(plain["ramp"]) as expected:
        np.testing.assert_array_equal(actual.data, expected.data)
        np.testing.assert_array_equal(actual.groupdq, expected.groupdq)
    with datamodels.open(denoised["rate"]) as rate:
        assert any("ramp_denoise - INFO - Removed" in line for line in rate.cal_logs.calwebb_denoise1)


def test_step_on_the_saved_ramp_makes_the_pipelines_rates(denoised, plain, untrained):
    rates = RampDenoiseStep.call(str(plain["ramp"]), model=untrained, configure_log=False)
    for model, name in zip(rates, ("rate", "rateints"), strict=True):
        expected = arrays(denoised[name])
        for array in expected:
            np.testing.assert_array_equal(getattr(model, array), expected[array])


def test_all_steps_and_groups(active_cache, uncal, untrained, plain, tmp_path):
    steps = {"nsclean": {"method": "median"}, "ramp_denoise": {"product": "ramp"}}
    produced = denoise(uncal, tmp_path / "out", untrained, **steps)
    for name in ("rate", "rateints"):
        assert statuses(produced[name]) == dict.fromkeys(STATUS, "COMPLETE")
    header = fits.getheader(produced["rate"])
    assert header["RMD_PROD"] == "ramp"
    assert header["NSC_ERRF"] > 0
    assert "errors_only=False" in header["NSC_PARS"]
    for name in ("rate", "rateints"):
        history = "".join(fits.getheader(produced[name])["HISTORY"])
        assert [history.count(f" {alias}(") for alias in STATUS] == [1, 1, 1]
        assert "nsclean(method='median'" in history and "errors_only=True" not in history
    noise = np.nanmedian(np.sqrt(arrays(produced["rateints"])["var_rnoise"]))
    assert 0.05 < header["NSC_RMS"] / noise < 2  # of the same unit
    with datamodels.open(produced["rate"]) as rate:
        lines = rate.cal_logs.calwebb_denoise1
    assert sum("take part in the fit" in line for line in lines) == 1  # one mask for the noise and for the errors
    with datamodels.open(produced["ramp"]) as actual, datamodels.open(plain["ramp"]) as expected:
        new = (actual.groupdq & ~expected.groupdq & JUMP) != 0
        assert header["CRM_NPIX"] == np.count_nonzero(new) > 0
        assert header["CRM_NOLD"] > 0
        assert not np.array_equal(actual.data, expected.data)
    with datamodels.open(produced["ramp"]) as ramp:  # what is saved is what was fitted
        rate, _ = RampFitStep.call(ramp, configure_log=False)
    np.testing.assert_array_equal(arrays(produced["rate"])["data"], rate.data)


def test_without_the_added_steps_it_is_detector1(active_cache, uncal, untrained, plain, tmp_path):
    skip = {"skip": True}
    produced = denoise(uncal, tmp_path / "out", untrained, skip, cosmic_ray_mask=skip, nsclean=skip)
    assert statuses(produced["rate"]) == dict.fromkeys(STATUS, "SKIPPED")
    for name in ("rate", "rateints"):
        actual, expected = arrays(produced[name]), arrays(plain[name])
        for array in actual:
            np.testing.assert_array_equal(actual[array], expected[array])


def test_without_ramp_fit_there_is_a_ramp(active_cache, uncal, untrained, tmp_path, caplog):
    produced = denoise(uncal, tmp_path / "out", untrained, ramp_fit={"skip": True}, jump={"skip": True})
    assert set(produced) == {"ramp"}
    assert "no rates to denoise" in caplog.text


def test_parameters_of_other_steps_and_references(active_cache, uncal):
    """A bare run has CRDS's parameters of calwebb_detector1, and the shipped ones of nsclean."""
    assert DenoiseDetector1Pipeline.get_config_reftype() == "pars-detector1pipeline"
    for disable in (False, True):
        config = DenoiseDetector1Pipeline.get_config_from_reference(uncal, disable=disable)
        assert config["steps"]["nsclean"]["mask_dilation"] == 4
        assert "ramp_denoise" in config["steps"]


@pytest.mark.parametrize(("instrument", "exp_type"), [("NIRSPEC", "NRS_IFU"), ("NIRCAM", "NRC_IMAGE")])
def test_all_steps_run_by_default(instrument, exp_type):
    with datamodels.RampModel((1, 2, 8, 8)) as model:
        model.meta.instrument.name, model.meta.exposure.type = instrument, exp_type
        config = DenoiseDetector1Pipeline.get_config_from_reference(model, disable=True)
    for name in (None, f"{instrument.lower()}_denoise1"):
        if name:
            config_parser.merge_config(config, config_parser.load_config_file(str(parameters.path(name))))
        pipeline = DenoiseDetector1Pipeline.from_config_section(config, name="DenoiseDetector1Pipeline")
        assert not pipeline.nsclean.skip
        assert not pipeline.ramp_denoise.skip

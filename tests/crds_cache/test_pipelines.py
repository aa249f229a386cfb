"""The real pipelines on the cache, without a network."""

from pathlib import Path

import jwst
import numpy as np
import pytest
from astropy.wcs import WCS
from jwst.pipeline import Detector1Pipeline, GuiderPipeline, Image2Pipeline
from numpy.testing import assert_allclose
from stdatamodels.jwst import datamodels

from jwst_denoise import parameters, products, simulate

NOISELESS = dict.fromkeys(
    ("poisson", "cosmic_rays", "read_noise", "correlated", "ktc", "pedestal", "picture_frame", "ipc"), False
)
COMPLETE = ("dq_init", "saturation", "superbias", "refpix", "linearity", "dark_sub", "jump", "ramp_fit")


@pytest.fixture(scope="module")
def exposure():
    """A noiseless exposure of a gradient; counts are rounded to DN, so the signal is large."""
    detector = simulate.detector("NRCB1")
    observation = simulate.observation(detector, "NRC_IMAGE", subarray="SUB160")
    scene = np.linspace(5000, 20000, 160 * 160).reshape(160, 160)
    scene[:4] = scene[:, :4] = 0
    return simulate.simulate_exposure(
        scene, detector, None, "RAPID", 5, 1, np.random.default_rng(0), observation=observation, **NOISELESS
    )


@pytest.mark.slow
def test_detector1_removes_the_effects_of_the_simulator(active_cache, exposure, tmp_path):
    uncal = products.write_products(exposure, tmp_path, "simulated")["uncal"]
    rate = Detector1Pipeline.call(str(uncal))
    for step in COMPLETE:
        assert getattr(rate.meta.cal_step, step) == "COMPLETE", step
    truth = np.squeeze(exposure.truth.rate) / exposure.detector.gain
    good = ~exposure.readout.reference_pixels
    seconds = exposure.frame_time * 4
    assert_allclose(rate.data[good], truth[good], rtol=1e-4, atol=1.5 / seconds)
    assert rate.meta.ref_file.gain.name == "crds://jwst_nircam_gain_nrcb1.fits"
    assert rate.meta.ref_file.crds.context_used == "jwst_0001.pmap"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scene", "detector", "subarray", "pattern"),
    [("soss", "NIS", "SUBSTRIP96", "NISRAPID"), ("defocused", "NRCB1", "SUB64P", "RAPID")],
)
def test_detector1_measures_the_transit_of_a_time_series(active_cache, scene, detector, subarray, pattern, tmp_path):
    parameters = simulate.detector(detector)
    series, observation = simulate.time_series(
        scene, parameters, 3, np.random.default_rng(0), depth=0.02, subarray_name=subarray, brightness=3.0
    )
    exposure = simulate.simulate_exposure(
        series, parameters, None, pattern, 4, 3, np.random.default_rng(0), observation=observation, **NOISELESS
    )
    uncal = products.write_products(exposure, tmp_path, "series")["uncal"]
    Detector1Pipeline.call(str(uncal), save_results=True, output_dir=str(tmp_path))
    with datamodels.open(tmp_path / "series_rateints.fits") as rateints:
        assert isinstance(rateints, datamodels.CubeModel)
        assert len(rateints.int_times) == 3
        rates = rateints.data * parameters.gain
    good = ~exposure.readout.reference_pixels
    seconds = exposure.group_time * 3
    assert_allclose(rates[:, good], series.rate[:, good], rtol=2e-3, atol=3 / seconds)
    flux = rates[:, good].sum(axis=1, dtype=float) - (
        series.constant[:, good].sum(axis=1, dtype=float) - series.flux.sum()
    )
    assert_allclose(flux / flux[0], series.light_curve / series.light_curve[0], atol=1e-4)


@pytest.mark.slow
def test_image2_finds_the_sky_of_the_header(active_cache, exposure):
    with products.rate_model(exposure) as rate:
        header = WCS(naxis=2)
        info = rate.meta.wcsinfo
        header.wcs.ctype, header.wcs.crval = ["RA---TAN", "DEC--TAN"], [info.crval1, info.crval2]
        header.wcs.crpix, header.wcs.cdelt = [info.crpix1, info.crpix2], [info.cdelt1, info.cdelt2]
        header.wcs.pc = [[info.pc1_1, info.pc1_2], [info.pc2_1, info.pc2_2]]
        file = str(parameters.path("nircam_image2_nsclean"))
        (calibrated,) = Image2Pipeline.call(rate, config_file=file, steps={"resample": {"skip": True}})
    for step, status in {"nsclean": "FAILED", "assign_wcs": "COMPLETE", "flat_field": "COMPLETE"}.items():
        assert getattr(calibrated.meta.cal_step, step) == status, step  # nsclean ran, and found no background
    x, y = np.meshgrid([0, 80, 159], [0, 80, 159])
    assert_allclose(header.world_to_pixel_values(*calibrated.meta.wcs(x, y)), (x, y), atol=0.01)


@pytest.mark.slow
def test_flight_exposure_of_the_guider(active_cache):
    uncal = Path(jwst.__file__).parent / "lib" / "tests" / "data" / "add_wcs_default_acq1.fits"
    result = GuiderPipeline.call(str(uncal))
    assert result.data.shape == (6, 128, 128)
    assert result.meta.cal_step.guider_cds == "COMPLETE"
    assert result.meta.cal_step.flat_field == "COMPLETE"

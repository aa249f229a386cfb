"""Stage 2 of NIRSpec's slits on the cache: the spectra have the simulated positions and fluxes."""

import numpy as np
import pytest
from jwst.assign_wcs import AssignWcsStep
from jwst.assign_wcs.nirspec import nrs_wcs_set_input
from jwst.pipeline import Spec2Pipeline
from numpy.testing import assert_allclose

from jwst_denoise import DenoiseDetector1Pipeline, parameters, products, simulate
from jwst_denoise.crds_cache import spectrograph
from jwst_denoise.crds_cache.photometry import flux
from jwst_denoise.detectors import FIXED_SLITS
from jwst_denoise.simulate.spectra import TRACE, Trace

SUBARRAY = "SUB512"


def expose(scene, rng, brightness=1.0, **options):
    """Exposure of a slit in a small subarray, without cosmic rays."""
    detector = simulate.detector("NRS1")
    rate, observation = simulate.scene(scene, detector, rng, subarray_name=SUBARRAY, brightness=brightness)
    return simulate.simulate_exposure(
        rate, detector, None, "NRSRAPID", 4, 2, rng, observation=observation, cosmic_rays=False, **options
    )


@pytest.fixture(scope="module")
def all_slits(active_cache):
    """The WCS of all slits of an exposure."""
    detector = simulate.detector("NRS1")
    observation = simulate.observation(detector, "NRS_FIXEDSLIT")
    rng = np.random.default_rng(0)
    dark = np.zeros((256, 2048))
    exposure = simulate.simulate_exposure(dark, detector, None, "NRSRAPID", 2, 1, rng, observation=observation)
    with products.rate_model(exposure) as rate:
        yield AssignWcsStep.call(rate)


@pytest.mark.parametrize("slit", FIXED_SLITS)
def test_slits_are_where_the_simulator_draws_them(all_slits, slit):
    wcs = nrs_wcs_set_input(all_slits, slit).get_transform("detector", "slit_frame")
    height = FIXED_SLITS[slit].length
    x = np.array([20.0, 600.0, 1400.0, 2020.0])
    middle = Trace(FIXED_SLITS[slit].center, height, None, **TRACE).rows(x) - (all_slits.meta.subarray.ystart - 1)
    for position in (-0.4, 0, 0.4):
        _, y, wavelength = wcs(x, middle + position * height)
        assert_allclose(y, position, atol=0.05 / height)
        assert_allclose(wavelength * 1e6, np.interp(x, [20, 2020], [1.66, 3.17]), atol=0.1 * 1.51 / 2000)


def test_the_target_is_in_the_middle_of_its_slit(all_slits):
    info = all_slits.meta.wcsinfo
    wcs = nrs_wcs_set_input(all_slits, all_slits.meta.instrument.fixed_slit)
    center = wcs.get_transform("slit_frame", "v2v3")(0, 0, 2e-6)
    assert_allclose(center[:2], (info.v2_ref, info.v3_ref), atol=1e-6)
    ra, dec, _ = wcs.get_transform("slit_frame", "world")(0, 0, 2e-6)
    assert_allclose((ra, dec), (info.ra_ref, info.dec_ref), atol=1e-7)


@pytest.mark.parametrize("grating", spectrograph.GRATINGS)
def test_the_range_of_a_grating_fills_the_columns(grating):
    """Grating equation, with the sines of the angles of incidence and diffraction."""
    density, tilt = spectrograph._grating(grating)
    _, *limits = spectrograph.GRATINGS[grating]
    first, last = (end / spectrograph.CAMERA for end in spectrograph._ends(grating))
    angles = np.deg2rad(-tilt) + np.arctan([first, last])
    assert_allclose((np.sin(np.deg2rad(-tilt)) + np.sin(angles)) / density, limits, rtol=1e-9)
    assert (last - first) * spectrograph.CAMERA / spectrograph.PIXEL == (
        pytest.approx(2000) if grating.endswith("M") else pytest.approx(4048 + spectrograph.GAP)
    )


@pytest.mark.slow
def test_denoise1_and_spec2_extract_the_star(active_cache, tmp_path):
    """From the counts to the spectrum, with calwebb_denoise1 in stage 1."""
    exposure = expose("slit", np.random.default_rng(1), brightness=25.0)
    uncal = products.write_products(exposure, tmp_path, "star")["uncal"]
    rate = DenoiseDetector1Pipeline.call(str(uncal), steps={"ramp_denoise": {"skip": True}})
    assert rate.meta.cal_step.nsclean == "COMPLETE"
    (cal,) = Spec2Pipeline.call(rate, save_results=True, output_dir=str(tmp_path))
    (slit,) = cal.slits
    assert slit.name == "S1600A1"
    assert cal.meta.cal_step.photom == "COMPLETE"
    assert {f"star_{suffix}.fits" for suffix in ("cal", "s2d", "x1d")} <= {path.name for path in tmp_path.iterdir()}
    _compare(slit.data, slit, exposure)


@pytest.mark.slow
def test_spec2_with_the_hook_on_a_time_series(active_cache, tmp_path):
    exposure = expose("bots", np.random.default_rng(2), poisson=False)
    file = str(parameters.path("nirspec_spec2_nsclean"))
    with products.rateints_model(exposure, root="series") as rateints:
        (cal,) = Spec2Pipeline.call(rateints, config_file=file, save_results=True, output_dir=str(tmp_path))
    assert cal.meta.cal_step.nsclean == "COMPLETE"
    assert cal.meta.cal_step.clean_flicker_noise == "SKIPPED"
    assert {path.name for path in tmp_path.iterdir()} == {"series_calints.fits", "series_x1dints.fits"}
    assert cal.shape[0] == 2
    _compare(np.mean(cal.data, axis=0), cal, exposure)


def _compare(data, slit, exposure):
    """Flux along the slit, in MJy, against the truth."""
    top = slit.ystart - 1
    truth = exposure.truth.rate[top : top + data.shape[0]] / exposure.detector.gain
    wavelength = slit.wavelength[: data.shape[0]]
    inside = np.isfinite(data) & np.isfinite(wavelength)
    dispersion = spectrograph.dispersion(exposure.observation.grating) * 1e6
    expected = truth * flux(exposure.detector, dispersion / wavelength)
    spectra = [np.sum(np.where(inside, image, 0), axis=0) for image in (data, expected)]
    assert_allclose(np.sum(spectra[0]), np.sum(spectra[1]), rtol=0.02)
    rows = np.arange(data.shape[0])[:, None]
    centers = [np.sum(np.where(inside, rows * image, 0)) / np.sum(image, where=inside) for image in (data, expected)]
    assert_allclose(*centers, atol=0.1)

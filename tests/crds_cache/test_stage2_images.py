"""Stages 2 and 3 of images on the cache, with the shipped parameter files."""

import numpy as np
import pytest
from astropy import constants
from astropy.table import Table
from jwst.pipeline import Image2Pipeline, Image3Pipeline
from numpy.testing import assert_allclose

from jwst_denoise import parameters, products, simulate
from jwst_denoise.crds_cache.photometry import abvegaoffset, mjy_per_sr
from jwst_denoise.detectors.observing import ELEMENTS, elements_of

pytestmark = pytest.mark.filterwarnings(
    "ignore:The fit may be unsuccessful:astropy.utils.exceptions.AstropyUserWarning",
)

STAR = 1e5  # e- / s
MODES = {"NRCB1": ("SUB64P", "RAPID", "F200W", "CLEAR"), "NIS": ("SUB64", "NISRAPID", "CLEAR", "F200W")}


def star_field(name, position=(33.3, 30.8), seed=0):
    """Rate image of a star on a weak sky."""
    detector = simulate.detector(name)
    subarray, pattern, *_ = MODES[name]
    observation = simulate.observation(detector, subarray=subarray)
    shape = simulate.subarray(name, subarray).shape
    psf = simulate.point_spread_function(detector.channel, "F200W")
    scene = 0.2 + simulate.fields.point_sources(shape, *np.array(position)[:, None], np.array([STAR]), psf)
    rng = np.random.default_rng(seed)
    exposure = simulate.simulate_exposure(scene, detector, None, pattern, 6, 1, rng, observation=observation)
    return products.rate_model(exposure, root=f"star{seed}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file", "step"),
    [
        ("NRCB1", "nircam_image2_image_denoise", "image_denoise"),
        ("NIS", "niriss_image2_cosmic_ray_mask", "cosmic_ray_mask"),
    ],
)
def test_image2_with_the_shipped_files(active_cache, tmp_path, name, file, step):
    with star_field(name) as rate:
        (result,) = Image2Pipeline.call(
            rate, config_file=str(parameters.path(file)), save_results=True, output_dir=str(tmp_path)
        )
    for status in ("assign_wcs", "flat_field", "photom", step):
        assert getattr(result.meta.cal_step, status) == "COMPLETE", status
    assert result.meta.bunit_data == "MJy/sr"
    expected = mjy_per_sr(simulate.detector(name), *MODES[name][2:])
    assert_allclose(result.meta.photometry.conversion_megajanskys, expected, rtol=1e-6)
    assert {path.name for path in tmp_path.iterdir()} == {"star0_cal.fits", "star0_i2d.fits"}


@pytest.mark.slow
def test_image3_measures_the_star(active_cache, tmp_path):
    """Position and flux in the catalog of a mosaic are those of the simulated star."""
    frames = [_dithered(*offset, tmp_path) for offset in ((0, 0), (5, 3))]
    factor = frames[0].meta.photometry.conversion_megajanskys * frames[0].meta.photometry.pixelarea_steradians * 1e6
    steps = {"tweakreg": {"skip": True}, "outlier_detection": {"skip": True}}
    file = str(parameters.path("nircam_image3_image_denoise"))
    Image3Pipeline.call(
        frames, config_file=file, steps=steps, save_results=True, output_dir=str(tmp_path), output_file="mosaic"
    )
    (catalog,) = (Table.read(path) for path in tmp_path.glob("*_cat.ecsv"))
    star = catalog[np.argmax(catalog["aper_total_flux"])]
    flux = STAR / simulate.detector("NRCB1").gain * factor
    assert_allclose(star["aper_total_flux"], flux, rtol=0.03)
    assert_allclose(star["aper_total_vegamag"] - star["aper_total_abmag"], -1.56, atol=0.01)
    ra, dec = frames[0].meta.wcs(33.3, 30.8)
    away = np.hypot((star["sky_centroid"].ra.deg - ra) * np.cos(np.deg2rad(dec)), star["sky_centroid"].dec.deg - dec)
    assert away * 3600 < 0.25 * 0.031


def _dithered(x, y, directory):
    """Calibrated image of the star with the telescope moved by pixels."""
    with star_field("NRCB1", (33.3 - x, 30.8 - y), seed=10 + x) as rate:
        wcs = rate.meta.wcsinfo
        wcs.ra_ref += wcs.cdelt1 * (wcs.pc1_1 * x + wcs.pc1_2 * y) / np.cos(np.deg2rad(wcs.dec_ref))
        wcs.dec_ref += wcs.cdelt2 * (wcs.pc2_1 * x + wcs.pc2_2 * y)
        (result,) = Image2Pipeline.call(rate, steps={"resample": {"skip": True}}, output_dir=str(directory))
    return result


@pytest.mark.parametrize(("elements", "width"), [(("F200W", "CLEAR"), 0.23), (("F150W2", "F164N"), 0.011)])
def test_flux_calibration_counts_photons(elements, width):
    """Electrons of 1 MJy/sr: energy that 25.4 m² collect in the band, over the energy of a photon, times one half."""
    detector = simulate.detector("NRCB1")
    wavelength = 2e-6
    frequency = constants.c.value / wavelength
    pixel = (0.03075 / 3600 * np.pi / 180) ** 2
    watts = 1e6 * 1e-26 * pixel * 25.4 * frequency * width
    electrons = 0.5 * watts / (constants.h.value * frequency)
    assert_allclose(mjy_per_sr(detector, *elements) * electrons / detector.gain, 1, rtol=1e-6)


def test_narrow_filters_need_more_flux():
    short = {names: mjy_per_sr(simulate.detector("NRCB1"), *names) for names in ELEMENTS["NIRCAM_SW"]}
    order = [("F150W2", "CLEAR"), ("F200W", "CLEAR"), ("F210M", "CLEAR"), ("F212N", "CLEAR")]
    assert sorted(order, key=short.get) == order


def test_simulated_filters_are_calibrated():
    for name in MODES:
        detector = simulate.detector(name)
        observation = simulate.observation(detector)
        assert (observation.filter, observation.pupil) in elements_of(detector)


def test_vega_is_fainter_than_zero_in_the_infrared():
    model, *_ = abvegaoffset(simulate.detector("NRCBLONG"))
    offsets = dict(zip(model.abvega_offset["filter"], model.abvega_offset["abvega_offset"], strict=True))
    assert_allclose(offsets["F444W"], 3.24, atol=0.15)  # of the flight calibration
    assert offsets["F277W"] < offsets["F356W"] < offsets["F444W"]

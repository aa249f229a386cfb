"""Scenes: positions, fluxes, shapes."""

import numpy as np
import pytest

from jwst_denoise import simulate
from jwst_denoise.detectors import FIXED_SLITS
from jwst_denoise.simulate import fields, spectra
from jwst_denoise.simulate.fields import add_sersic, draw_fluxes, point_sources, sersic_profile
from jwst_denoise.simulate.psf import filters, point_spread_function
from jwst_denoise.simulate.spectra import Spectrum

CHANNELS = ("NIRCAM_SW", "NIRCAM_LW", "NIRISS", "NIRSPEC", "FGS")
PSF = point_spread_function("NIRCAM_SW", "F200W")


def moment(image):
    y, x = np.indices(image.shape)
    return (image * y).sum() / image.sum(), (image * x).sum() / image.sum()


@pytest.mark.parametrize("channel", CHANNELS)
def test_redder_kernels_are_wider(channel):
    known = sorted(filters(channel), key=filters(channel).get)
    peaks = [point_spread_function(channel, name).stamp(0.0, 0.0).max() for name in known]
    assert peaks == sorted(peaks, reverse=True)
    for name in known:
        assert 0.85 < point_spread_function(channel, name).stamp(0.0, 0.0).sum() <= 1.001


def test_the_nearest_filter_stands_in():
    assert point_spread_function("NIRCAM_LW", "F444W").name == "NIRCAM_LW-F480M"
    assert point_spread_function("NIRCAM_SW").name == "NIRCAM_SW-F070W"
    with pytest.raises(ValueError, match="MIRI.*known channels"):
        point_spread_function("MIRI")


def test_kernel_is_centered_within_its_wavefront_error():
    stamp = PSF.stamp(0.0, 0.0)
    middle = len(stamp) // 2
    assert np.unravel_index(stamp.argmax(), stamp.shape) == (middle, middle)
    core = stamp[middle - 3 : middle + 4, middle - 3 : middle + 4]
    assert moment(core) == pytest.approx((3, 3), abs=0.15)


@pytest.mark.parametrize("shift", [(0.25, 0.0), (-0.5, 0.5), (0.13, -0.41)])
def test_sources_move_by_the_fraction_of_a_pixel(shift):
    dy, dx = shift
    there = point_sources((64, 64), np.array([32.0 + dx]), np.array([32.0 + dy]), np.array([1.0]), PSF)
    here = point_sources((64, 64), np.array([32.0]), np.array([32.0]), np.array([1.0]), PSF)
    phase = np.angle(np.fft.fft2(there) / np.fft.fft2(here)) * 64 / (2 * np.pi)
    assert (-phase[1, 0], -phase[0, 1]) == pytest.approx(shift, abs=0.01)


def test_sources_at_the_edge_are_cut_like_the_middle_of_a_larger_image():
    x, y, flux = np.array([3.3, -4.0, 70.0]), np.array([1.2, 20.0, 40.4]), np.array([5.0, 7.0, 9.0])
    small = point_sources((50, 60), x, y, flux, PSF)
    large = point_sources((150, 160), x + 50, y + 50, flux, PSF)
    np.testing.assert_allclose(small, large[50:100, 50:110], rtol=0, atol=1e-6)


def test_luminosities_follow_the_power_law():
    flux = draw_fluxes(100_000, 1.0, 1e4, 0.8, np.random.default_rng(1))
    assert flux.min() >= 1 and flux.max() <= 1e4
    expected = (100**-0.8 - 1e4**-0.8) / (1 - 1e4**-0.8)
    assert np.mean(flux > 100) == pytest.approx(expected, abs=5 * np.sqrt(expected / 1e5))


@pytest.mark.parametrize("index", [0.5, 1.0, 4.0])
def test_sersic_galaxies_have_their_flux_and_effective_radius(index):
    image = np.zeros((401, 401))
    add_sersic(image, 200.3, 199.8, 100.0, 12.0, index, 0.6, 0.5, extent=16)
    assert image.sum() == pytest.approx(100.0, rel=0.03)
    y, x = np.indices(image.shape)
    dx, dy = x - 200.3, y - 199.8
    radius = np.hypot(dx * np.cos(0.5) + dy * np.sin(0.5), (dy * np.cos(0.5) - dx * np.sin(0.5)) / 0.6)
    assert image[radius < 12].sum() == pytest.approx(50.0, rel=0.03)


def test_sersic_exponential_is_an_exponential():
    radius = np.array([0.0, 1.0, 2.0])
    ratio = sersic_profile(radius, 1.0, 1.0, 1.0)
    assert ratio[1] / ratio[0] == pytest.approx(ratio[2] / ratio[1])


@pytest.mark.parametrize("make", [fields.field, fields.cluster, fields.resolved, fields.nebula])
def test_fields_are_positive_and_repeat(make):
    one, other = (make((128, 160), PSF, np.random.default_rng(2)) for _ in range(2))
    assert one.shape == (128, 160) and one.dtype == np.float32
    assert np.isfinite(one).all() and one.min() >= 0
    np.testing.assert_array_equal(one, other)


def test_a_trace_has_its_flux_on_its_row():
    trace = spectra.Trace(1000.0, 30.0, Spectrum(5.0, 0.0), sky=0.0, position=2.0, width=1.5, start=-50, stop=2100)
    image = spectra.render_traces([trace], (64, 2048), (1, 971))
    np.testing.assert_allclose(image.sum(axis=0), 5.0, rtol=1e-3)
    rows = (image * np.arange(64)[:, None]).sum(axis=0) / image.sum(axis=0)
    np.testing.assert_allclose(rows + 970, 1002.0, atol=0.01)


def test_a_line_lies_on_its_column_with_its_strength():
    trace = spectra.Trace(100.0, 20.0, Spectrum(0.0, 0.0, (700.0,), (50.0,)), sky=0.0)
    image = spectra.render_traces([trace], (200, 2048))
    assert image.sum() == pytest.approx(50.0, rel=1e-3)
    assert moment(image) == pytest.approx((100.0, 700.0), abs=0.01)


@pytest.mark.parametrize("name", ["ifu", "mos", "slit", "bots", "soss", "nircam_grism"])
def test_subarrays_show_part_of_the_full_frame(name):
    make = simulate.SCENES[name].draw
    full = make(np.random.default_rng(3), shape=(2048, 2048), corner=(1, 1))
    part = make(np.random.default_rng(3), shape=(100, 512), corner=(301, 901))
    np.testing.assert_allclose(part, full[900:1000, 300:812], rtol=1e-6)
    assert full.max() > 0


@pytest.mark.parametrize("detector", ["nrs1", "nrs2"])
def test_slices_of_the_ifu_lie_where_the_flight_masks_have_them(detector, data_directory):
    fits = pytest.importorskip("astropy.io.fits")
    dark = fits.getdata(data_directory / f"{detector}_ifu_mask_thorough.fits.gz") > 0
    scene = spectra.ifu(np.random.default_rng(4), detector=detector.upper(), leaks=0)
    illuminated = scene > 0.02
    columns = slice(420, 1900)
    assert (illuminated & dark)[:, columns].sum() < 0.05 * illuminated[:, columns].sum()  # 36 % if they lay anywhere


def test_echelle_orders():
    image = spectra.echelle((512, 1024), np.random.default_rng(5))
    assert image.max() == pytest.approx(0.054)
    assert (image == 0).mean() > 0.5
    comb = spectra.echelle((512, 1024), np.random.default_rng(5), source="fabry_perot")
    assert not np.array_equal(comb, image)
    with pytest.raises(ValueError, match="source='moon'"):
        spectra.echelle((64, 64), np.random.default_rng(5), source="moon")


@pytest.mark.parametrize("name", ["ALLSLITS", "SUBS200A1", "SUBS200A2", "SUBS400A1", "SUBS200B1", "SUB2048", "SUB512"])
def test_the_star_is_in_the_slit_of_the_subarray(name):
    rate, described = simulate.scene("slit", simulate.detector("NRS1"), np.random.default_rng(6), subarray_name=name)
    brightest = described.corner[1] - 1 + rate.mean(axis=1).argmax()
    slit = FIXED_SLITS[described.fixed_slit]
    center, height = slit.center, slit.length
    assert abs(brightest - center) < height / 2
    assert rate.max() > 1


@pytest.mark.parametrize(
    ("detector", "name", "elements"),
    [
        ("NIS", "F090W", ("CLEAR", "F090W")),
        ("NIS", "F444W", ("F444W", "CLEARP")),
        ("NRCB1", "F164N", ("F150W2", "F164N")),
        ("NRCBLONG", "F356W", ("F356W", "CLEAR")),
        ("NRS1", "F070LP", ("F070LP", "")),
    ],
)
def test_a_filter_is_in_the_wheel_that_holds_it(detector, name, elements):
    described = simulate.observation(simulate.detector(detector), filter=name)
    assert (described.filter, described.pupil) == elements


def test_scenes_by_name():
    rate, described = simulate.scene("bots", simulate.detector("NRS1"), np.random.default_rng(6))
    assert rate.shape == (32, 2048) and described.exp_type == "NRS_BRIGHTOBJ"
    rate, described = simulate.scene(
        "field", simulate.detector("NRCBLONG"), np.random.default_rng(6), subarray_name="SUB64P", filter_name="F444W"
    )
    assert rate.shape == (64, 64) and described.filter == "F444W"
    with pytest.raises(ValueError, match="NRCBLONG has no filter 'F200W'; known: F250M"):
        simulate.scene("field", simulate.detector("NRCBLONG"), np.random.default_rng(6), filter_name="F200W")
    with pytest.raises(ValueError, match="'ifu' is for NIRSPEC"):
        simulate.scene("ifu", simulate.detector("NRCB1"), np.random.default_rng(6))
    with pytest.raises(ValueError, match="no scene 'moon'; known: field"):
        simulate.scene("moon", simulate.detector("NRCB1"), np.random.default_rng(6))

"""Masks of imaging exposures, against the scene that made them."""

import logging
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from jwst_denoise import masks
from jwst_denoise.dq import DO_NOT_USE, REFERENCE_PIXEL
from jwst_denoise.masks import segment
from jwst_denoise.readout import Readout


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("stripes", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("known", [True, False])
def test_blank_field_stays_dark(seed, stripes, known):
    rng = np.random.default_rng(seed)
    image = 10 + rng.normal(size=(256, 256)) + stripes * rng.normal(size=(256, 1))
    readout = Readout(image.shape, 1, 2) if known else None
    assert masks.imaging_mask(image, readout=readout).mean() > 0.93


def test_stars_and_halos_are_masked(noise, stars, readout):
    image = 3 + noise + stars.image
    mask = masks.imaging_mask(image, readout=readout)
    assert not mask[stars.image > 2].any()
    assert mask[stars.image > 0.5].mean() < 0.2
    assert mask[stars.image < 0.01].mean() > 0.85
    assert stars.image[mask].mean() < 0.01


def test_negative_sources_are_masked_as_well(noise, stars, readout):
    positive = masks.imaging_mask(noise + stars.image, readout=readout)
    negative = masks.imaging_mask(-noise - stars.image, readout=readout)
    for mask in (positive, negative):
        assert not mask[stars.image > 2].any()
    assert (positive == negative).mean() > 0.97


def test_nod_pair(noise, stars, readout):
    image = noise + stars.image - np.roll(stars.image, 40, axis=1)
    mask = masks.imaging_mask(image, readout=readout)
    assert not mask[np.abs(stars.image - np.roll(stars.image, 40, axis=1)) > 2].any()


def test_extended_source_down_to_a_fifth_of_the_noise(noise, readout):
    y, x = np.mgrid[:256, :256]
    galaxy = 20 * np.exp(-np.hypot(y - 120, x - 130) / 8)
    mask = masks.imaging_mask(noise + galaxy, readout=readout)
    assert mask[galaxy > 1].mean() < 0.01
    assert mask[galaxy > 0.2].mean() < 0.1
    assert mask[galaxy < 0.01].mean() > 0.9


def test_smooth_background_is_not_a_source(noise, readout):
    y, x = np.mgrid[:256, :256]
    assert masks.imaging_mask(noise + 50 + x / 20 + y / 40, readout=readout).mean() > 0.9


def test_hot_pixels_cost_one_pixel_each(noise, rng, readout):
    image = noise.copy()
    hot = rng.random(image.shape) < 1e-3
    image[hot] += 500
    mask = masks.imaging_mask(image, readout=readout)
    assert not mask[hot].any()
    assert mask[ndimage.binary_dilation(hot, np.ones((3, 3))) & ~hot].mean() > 0.85


def test_stars_are_not_hot_pixels(stars, noise):
    lone = segment.lone_pixels(noise + stars.image, np.ones(noise.shape, bool))
    assert not lone.any()


def test_errors_set_the_relative_noise(rng, readout):
    err = np.where(np.arange(256) < 128, 1.0, 5.0) * np.ones((256, 1))
    image = err * rng.normal(size=(256, 256))
    weighted = masks.imaging_mask(image, 100 * err, readout=readout)
    assert weighted[:, 128:].mean() > 0.93
    assert masks.imaging_mask(image, readout=readout)[:, 128:].mean() < 0.9


def test_bad_pixels_are_never_dark_and_hide_nothing(noise, stars, readout, rng):
    image = noise + stars.image
    flags = np.zeros(image.shape, np.uint32)
    flags[:4] = REFERENCE_PIXEL | DO_NOT_USE
    image[:4] = 1000
    broken = rng.random(image.shape) < 0.1
    image[broken] = np.nan
    before = image.copy()
    mask = masks.imaging_mask(image, dq=flags, readout=readout)
    assert not mask[:4].any()
    assert not mask[broken].any()
    assert not mask[stars.image > 2].any()
    assert mask[4:][~broken[4:] & (stars.image[4:] < 0.01)].mean() > 0.85
    np.testing.assert_array_equal(image, before)


def test_crowded_field_keeps_dark_pixels_and_says_so(noise, rng, readout, caplog):
    image = np.zeros(noise.shape)
    np.add.at(image, tuple(rng.integers(0, 256, (2, 4000))), 10 ** rng.uniform(1, 4, 4000))
    image = ndimage.gaussian_filter(image, 1)
    with caplog.at_level(logging.WARNING):
        mask = masks.imaging_mask(image + noise, readout=readout, min_dark=0.3)
    assert mask.mean() >= 0.3
    assert np.median(image[mask]) < 0.5 * np.median(image)
    assert "Crowded field" in caplog.text


def test_image_without_values_gives_an_empty_mask_and_a_warning(caplog):
    assert not masks.imaging_mask(np.full((32, 32), np.nan)).any()
    assert "no usable pixel" in caplog.text


@pytest.mark.parametrize("shape", [(8, 8), (16, 64), (4, 512), (32, 33), (64, 2048), (601, 530)])
def test_any_shape(shape, rng):
    mask = masks.imaging_mask(rng.normal(size=shape))
    assert mask.shape == shape
    assert mask.mean() > 0.8


def test_flat_image_is_dark():
    assert masks.imaging_mask(np.full((64, 64), 3.0)).all()


@pytest.mark.parametrize(
    ("image", "options", "message"),
    [
        (np.zeros((2, 8, 8)), {}, "two-dimensional"),
        (np.zeros((8, 8)), {"err": np.ones((8, 9))}, r"err has shape \(8, 9\)"),
        (np.zeros((8, 8)), {"dq": np.ones((4, 8), int)}, r"dq has shape \(4, 8\)"),
        (np.zeros((8, 8)), {"n_sigma": 0}, "n_sigma=0"),
        (np.zeros((8, 8)), {"min_dark": 1.5}, "min_dark=1.5"),
    ],
)
def test_bad_arguments(image, options, message):
    with pytest.raises(ValueError, match=message):
        masks.imaging_mask(image, **options)


def test_binning_against_a_loop(rng):
    image = rng.normal(size=(11, 13)).astype(np.float32)
    expected = [[image[4 * j : 4 * j + 4, 4 * i : 4 * i + 4].sum() for i in range(4)] for j in range(3)]
    np.testing.assert_allclose(segment.bin_sum(image, 4), expected, rtol=1e-5, atol=1e-5)
    assert segment.expand_bins(segment.bin_sum(image, 4), 4, image.shape).shape == image.shape


def test_kernels_are_centered():
    impulse = np.zeros((65, 65), np.float32)
    impulse[40, 22] = 1
    snr = segment.significance(impulse, np.ones(impulse.shape, bool))
    assert np.unravel_index(snr.argmax(), snr.shape) == (40, 22)
    np.testing.assert_allclose(snr[35:46, 17:28], snr[35:46, 17:28][::-1, ::-1], rtol=1e-5)


def test_a_segment_needs_a_secure_pixel():
    snr = np.zeros((30, 30))
    snr[5:8, 5:8], snr[20:23, 20:23], snr[21, 21] = 3, -3, -4
    areas = segment.segments(snr, 2.0)
    assert areas.sum() == 9
    assert areas[20:23, 20:23].all()


def test_flight_exposure():
    """Guide star with its spikes: FGS acquisition images that come with jwst."""
    jwst = pytest.importorskip("jwst")
    fits = pytest.importorskip("astropy.io.fits")
    path = Path(jwst.__file__).parent / "lib" / "tests" / "data" / "add_wcs_default_acq1.fits"
    if not path.is_file():
        pytest.skip(f"no {path}")
    groups = fits.getdata(path, 1).astype(np.float32)
    readout = Readout((128, 128), fastaxis=2, slowaxis=1)
    star = masks.imaging_mask(groups[0, 1] - groups[0, 0], readout=readout)
    assert 0.4 < star.mean() < 0.8
    y, x = np.mgrid[:128, :128]
    assert not star[np.hypot(y - 97, x - 65) < 15].any()
    difference = np.diff(groups[:2], axis=1)[:, 0]
    remainder = masks.imaging_mask(difference[1] - difference[0], readout=readout)
    assert remainder.mean() > 0.85
    assert not remainder[np.hypot(y - 97, x - 65) < 5].any()

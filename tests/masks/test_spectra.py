"""Masks of spectra: traces, known regions, fixed slits and cut-outs."""

import numpy as np
import pytest
from scipy import ndimage

from jwst_denoise import masks
from jwst_denoise.readout import Readout


def columns_striped(rng, shape, stripes=0.5):
    return rng.normal(size=shape) + stripes * rng.normal(size=(1, shape[1]))


@pytest.fixture
def readout():
    return Readout((256, 512), fastaxis=2, slowaxis=1)


@pytest.fixture
def signal():
    """Tilted traces that fill 40 of every 50 rows, as the slices of an IFU do."""
    rows, columns = np.mgrid[:256, :512]
    illuminated = (rows + columns // 100) % 50 < 40
    return ndimage.gaussian_filter(np.where(illuminated, 1.0, 0.0), 0.7)


def test_blank_detector_stays_dark(rng, readout):
    assert masks.trace_mask(columns_striped(rng, (256, 512)), readout=readout).mean() > 0.93


def test_filled_slices(rng, readout, signal):
    mask = masks.trace_mask(columns_striped(rng, signal.shape) + 1.5 * signal, readout=readout)
    assert mask[signal > 0.5].mean() < 0.01
    assert mask[signal < 0.01].mean() > 0.5


@pytest.mark.parametrize("sign", [1, -1])
def test_trace_and_its_nod(rng, readout, sign):
    scene = np.zeros((256, 512))
    scene[100:104], scene[150:154] = 1.5 * sign, -1.5 * sign
    mask = masks.trace_mask(columns_striped(rng, scene.shape) + scene, readout=readout)
    assert mask[scene != 0].mean() < 0.01
    assert mask[scene == 0].mean() > 0.85


def test_emission_lines(rng, readout):
    scene = np.zeros((256, 512))
    scene[60:64, 300:303] = 50
    mask = masks.trace_mask(columns_striped(rng, scene.shape) + scene, readout=readout)
    assert not mask[scene > 0].any()
    assert mask.mean() > 0.9


def test_known_regions_with_stray_light(rng, readout, signal):
    science = signal > 0.1
    scene = 5 * signal
    scene[44:48, 200:260] += 5  # between two slices
    mask = masks.region_mask(columns_striped(rng, signal.shape) + scene, science=science, readout=readout, dilation=1)
    assert not mask[science].any()
    assert mask[44:48, 200:260][~science[44:48, 200:260]].mean() < 0.1
    assert mask[masks.dilate_science(~science, 1)].mean() > 0.8


def test_regions_alone(rng):
    science = np.zeros((64, 64), bool)
    science[20:30] = True
    image = rng.normal(size=(64, 64))
    image[50, 50], image[51, 51] = 1000, np.nan
    mask = masks.region_mask(image, science=science, n_sigma=0, dilation=1)
    expected = np.ones((64, 64), bool)
    expected[19:31], expected[51, 51] = False, False
    np.testing.assert_array_equal(mask, expected)


def test_regions_over_everything_warn(rng, caplog):
    assert not masks.region_mask(rng.normal(size=(32, 32)), science=np.ones((32, 32), bool)).any()
    assert "cover the whole image" in caplog.text


def test_regions_must_fit():
    with pytest.raises(ValueError, match=r"\(8, 8\) and science regions \(8, 9\)"):
        masks.region_mask(np.zeros((8, 8)), science=np.zeros((8, 9), bool))


@pytest.mark.parametrize("shape", [(8, 8), (16, 64), (32, 2048), (65, 130)])
def test_any_shape(shape, rng):
    mask = masks.trace_mask(rng.normal(size=shape))
    assert mask.shape == shape
    assert mask.mean() > 0.8


def test_real_slices(data_directory, rng):
    """A real IFU mask of NIRSpec as the truth, filled with a signal as large as a pixel's noise."""
    dark = masks.read_user_mask(data_directory / "nrs1_ifu_mask_thorough.fits.gz", (2048, 2048))[:, :512]
    signal = ndimage.gaussian_filter((~dark).astype(float), 1)
    noise = columns_striped(rng, dark.shape)
    mask = masks.trace_mask(noise + 1.5 * signal, readout=Readout(dark.shape, 2, 1))
    assert mask[signal > 0.5].mean() < 0.02
    assert mask[dark].mean() > 0.5


def test_fixed_slit_rows_in_a_subarray():
    full = masks.fixed_slit_region((2048, 2048))
    np.testing.assert_array_equal(np.flatnonzero(full[:, 7]), np.arange(922, 1116))
    np.testing.assert_array_equal(masks.fixed_slit_region((256, 2048), first_row=895), full[895:1151])


def test_cutouts_are_pasted_where_they_lie():
    first = np.array([[1, np.nan], [np.nan, 2]])
    second = np.stack([np.full((1, 3), np.nan), [[np.nan, 0, np.nan]]])
    science = masks.paste_finite((4, 5), [(first, 1, 0), (second, 3, 3), (np.ones((2, 2)), -1, 3)])
    assert sorted(zip(*np.nonzero(science), strict=True)) == [(0, 1), (1, 2), (3, 0), (3, 4)]

"""Sources of a mosaic on the pixels of an exposure."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from scipy.ndimage import gaussian_filter

from jwst_denoise.exposure_io.mosaic import project_sources, read_sources

SHAPE = (96, 128)
SCALE = 0.06 / 3600  # deg, pixels of the exposure


def tangent(scale, center, angle=0.0):
    """Tangent plane whose reference point is at a pixel (x, y), counted from 0."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [53.1, -27.8]
    wcs.wcs.crpix = [center[0] + 1, center[1] + 1]
    wcs.wcs.cdelt = [-scale, scale]
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    wcs.wcs.pc = [[c, -s], [s, c]]
    return wcs


@pytest.fixture
def exposure():
    return tangent(SCALE, (60, 50), angle=37.0)


@pytest.fixture
def mosaic():
    return tangent(SCALE / 2, (200, 200))


def place(sky, wcs, positions):
    """Pixels (rows, columns) of a mosaic at positions (x, y) of the exposure."""
    x, y = np.transpose(positions)
    columns, rows = wcs.world_to_pixel_values(*sky.pixel_to_world_values(x, y))
    return np.rint(rows).astype(int), np.rint(columns).astype(int)


def write(path, data, wcs):
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(data, wcs.to_header(), name="SCI")]).writeto(path)
    return path


def test_segments_fall_on_their_pixels(tmp_path, exposure, mosaic):
    positions = [(20, 30), (100, 80), (64, 5)]
    segments = np.zeros((400, 400), np.int32)
    segments[place(exposure, mosaic, positions)] = [1, 2, 7]
    sources, wcs = read_sources(write(tmp_path / "segments.fits", segments, mosaic))
    masked = project_sources(sources, wcs, exposure.pixel_to_world_values, SHAPE, growth=0)
    assert all(masked[y, x] for x, y in positions)
    assert masked.sum() <= 9 * len(positions)
    grown = project_sources(sources, wcs, exposure.pixel_to_world_values, SHAPE, growth=3)
    assert grown[33, 20] and grown[80, 97] and not grown[30, 26]


def test_coordinates_are_those_of_every_pixel(exposure, mosaic):
    rng = np.random.default_rng(1)
    sources = rng.uniform(size=(400, 400)) < 0.5
    coarse = tangent(SCALE * 2, (100, 100), angle=-20)
    masked = project_sources(sources, coarse, exposure.pixel_to_world_values, SHAPE, growth=0)
    y, x = np.indices(SHAPE)
    columns, rows = coarse.world_to_pixel_values(*exposure.pixel_to_world_values(x, y))
    expected = sources[np.rint(rows).astype(int), np.rint(columns).astype(int)]
    assert (masked != expected).mean() < 1e-3


def test_sources_of_an_image_are_detected(tmp_path, exposure, mosaic):
    rng = np.random.default_rng(2)
    image = rng.normal(0, 1, (400, 400)).astype(np.float32)
    y, x = np.indices(image.shape)
    (row,), (column,) = place(exposure, mosaic, [(70, 40)])
    image += 30 * np.exp(-((x - column) ** 2 + (y - row) ** 2) / 8)
    sources, wcs = read_sources(write(tmp_path / "mosaic.fits", image, mosaic))
    masked = project_sources(sources, wcs, exposure.pixel_to_world_values, SHAPE)
    assert masked[40, 70]
    assert masked.mean() < 0.2


def test_stars_on_bright_structure_are_detected(tmp_path, mosaic):
    """Smooth structure of 3 σ rms hides stars of 15 σ from the detection of sources of all sizes."""
    rng = np.random.default_rng(3)
    structure = gaussian_filter(rng.normal(size=(400, 400)), 6)
    image = rng.normal(size=structure.shape) + 3 * structure / structure.std()
    rows, columns = np.mgrid[40:380:40, 40:380:40].reshape(2, -1)
    y, x = np.indices(image.shape)
    image += sum(15 * np.exp(-((x - b) ** 2 + (y - a) ** 2) / 2) for a, b in zip(rows, columns, strict=True))
    sources, _ = read_sources(write(tmp_path / "nebula.fits", image.astype(np.float32), mosaic))
    assert sources[rows, columns].mean() > 0.8


def test_another_field_is_refused(mosaic):
    elsewhere = tangent(SCALE, (60, 50))
    elsewhere.wcs.crval = [53.2, -27.8]
    with pytest.raises(ValueError, match="covers 0 % of the exposure"):
        project_sources(np.ones((400, 400), bool), mosaic, elsewhere.pixel_to_world_values, SHAPE)


def test_unreadable_mosaics_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no mosaic .*nothing\.fits"):
        read_sources(tmp_path / "nothing.fits")
    text = tmp_path / "text.fits"
    text.write_text("no FITS")
    with pytest.raises(ValueError, match=r"text\.fits: not a FITS file"):
        read_sources(text)
    plain = tmp_path / "plain.fits"
    fits.PrimaryHDU(np.ones((4, 4))).writeto(plain)
    with pytest.raises(ValueError, match=r"plain\.fits: holds no two-dimensional image with celestial"):
        read_sources(plain)

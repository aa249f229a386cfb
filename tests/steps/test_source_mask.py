"""Sources of a deeper mosaic are masked, by the command and by the step, and so keep their flux."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from click.testing import CliRunner
from stdatamodels.jwst import datamodels

from jwst_denoise import NSCleanStep, masks
from jwst_denoise.commands.main import main

from .conftest import describe

SIZE = 256
POSITIONS = [(40, 60), (200, 120), (128, 220)]  # (x, y) of stars far below the noise of the exposure


@pytest.fixture
def exposure():
    rng = np.random.default_rng(5)
    data = rng.normal(0, 1, (SIZE, SIZE)) + rng.normal(0, 1, (SIZE, 1))
    model = datamodels.ImageModel(data=data.astype(np.float32))
    model.err = np.ones_like(model.data)
    describe(model, "NIRCAM", "NRCB1", "NRC_IMAGE", axes=(1, 2))
    info = model.meta.wcsinfo
    info.ctype1, info.ctype2, info.crval1, info.crval2 = "RA---TAN", "DEC--TAN", 53.1, -27.8
    info.crpix1 = info.crpix2 = SIZE / 2
    info.cdelt1, info.cdelt2, info.wcsaxes = -0.06 / 3600, 0.06 / 3600, 2
    info.pc1_1, info.pc1_2, info.pc2_1, info.pc2_2 = 1.0, 0.0, 0.0, 1.0
    return model


@pytest.fixture
def mosaic(tmp_path):
    """Deep mosaic with pixels of half the size, turned by 90 degrees."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [53.1, -27.8]
    wcs.wcs.crpix, wcs.wcs.cdelt, wcs.wcs.pc = [300, 300], [-0.03 / 3600, 0.03 / 3600], [[0, -1], [1, 0]]
    sky = WCS(naxis=2)
    sky.wcs.ctype, sky.wcs.crval = wcs.wcs.ctype, wcs.wcs.crval
    sky.wcs.crpix, sky.wcs.cdelt = [SIZE / 2, SIZE / 2], [-0.06 / 3600, 0.06 / 3600]
    image = np.random.default_rng(6).normal(0, 0.05, (600, 600)).astype(np.float32)
    y, x = np.indices(image.shape)
    for position in POSITIONS:
        column, row = wcs.world_to_pixel_values(*sky.pixel_to_world_values(*position))
        image += np.exp(-((x - column) ** 2 + (y - row) ** 2) / 8)
    path = tmp_path / "deep_i2d.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(image, wcs.to_header(), name="SCI")]).writeto(path)
    return path


def test_command_masks_what_only_the_mosaic_shows(tmp_path, exposure, mosaic):
    exposure.save(tmp_path / "jw1_rate.fits")
    result = CliRunner().invoke(main, ["mask", "from-mosaic", *map(str, (mosaic, tmp_path / "jw1_rate.fits"))] + [
        str(tmp_path / "mask.fits")])  # fmt: skip
    assert result.exit_code == 0, result.output
    mask = masks.read_user_mask(tmp_path / "mask.fits", exposure.shape)
    assert not any(mask[y, x] for x, y in POSITIONS)
    assert mask.mean() > 0.8


def test_step_masks_the_sources_and_its_own(tmp_path, exposure, mosaic, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = {"method": "median", "save_mask": True, "configure_log": False}
    NSCleanStep.call(exposure, source_mask=str(mosaic), **options)
    with_mosaic = masks.read_user_mask("jw1_nsclean_mask.fits", exposure.shape)
    NSCleanStep.call(exposure, **options)
    without = masks.read_user_mask("jw1_nsclean_mask.fits", exposure.shape)
    assert not any(with_mosaic[y, x] for x, y in POSITIONS)
    assert sum(without[y, x] for x, y in POSITIONS) >= 2
    assert not (with_mosaic & ~without).any()


def test_spectra_are_refused(exposure, mosaic):
    describe(exposure, "NIRSPEC", "NRS1", "NRS_FIXEDSLIT", axes=(2, 1))
    with pytest.raises(ValueError, match=r"deep_i2d\.fits is for images; .* NRS_FIXEDSLIT"):
        NSCleanStep.call(exposure, source_mask=str(mosaic), configure_log=False)


def test_missing_mosaic_is_named(exposure):
    with pytest.raises(FileNotFoundError, match=r"no mosaic .*nothing\.fits"):
        NSCleanStep.call(exposure, source_mask="nothing.fits", configure_log=False)

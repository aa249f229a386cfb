"""The commands of `jwst-denoise mask`."""

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from jwst_denoise import masks
from jwst_denoise.commands.main import main

datamodels = pytest.importorskip("stdatamodels.jwst.datamodels")


def run(*arguments):
    return CliRunner().invoke(main, ["mask", *map(str, arguments)])


def describe(model, instrument, detector, exposure, fastaxis):
    model.meta.instrument.name, model.meta.instrument.detector = instrument, detector
    model.meta.exposure.type = exposure
    model.meta.subarray.fastaxis, model.meta.subarray.slowaxis = fastaxis, 2 if abs(fastaxis) == 1 else 1
    model.meta.subarray.xstart = model.meta.subarray.ystart = 1
    model.meta.subarray.ysize, model.meta.subarray.xsize = model.data.shape[-2:]
    return model


@pytest.fixture
def image_file(tmp_path, noise, stars):
    path = tmp_path / "image_rate.fits"
    describe(datamodels.ImageModel(data=noise + stars.image), "NIRCAM", "NRCB1", "NRC_IMAGE", 1).save(path)
    return path


@pytest.fixture
def spectrum_file(tmp_path, noise):
    path = tmp_path / "spectrum_rateints.fits"
    cube = np.stack([noise.T, noise.T[::-1]])
    cube[:, 60:64] += 5
    describe(datamodels.CubeModel(data=cube), "NIRSPEC", "NRS1", "NRS_FIXEDSLIT", 2).save(path)
    return path


def test_automatic_mask_painted_and_read_back(tmp_path, image_file, stars):
    fits, png, again = (tmp_path / name for name in ("mask.fits.gz", "mask.png", "again.fits"))
    result = run("auto", image_file, fits, "--png", png)
    assert result.exit_code == 0, result.output
    mask = masks.read_user_mask(fits, (256, 256))
    assert f"{100 * mask.mean():.1f} % of 256 x 256 pixels are dark" in result.output
    assert not mask[stars.image > 2].any()
    assert mask[stars.image < 0.01].mean() > 0.85
    with Image.open(png) as picture:
        assert picture.size == (256, 256)
    result = run("from-png", png, again, "--like", image_file)
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(masks.read_user_mask(again, (256, 256)), mask)


def test_options_change_the_mask(tmp_path, image_file):
    fractions = []
    for options in ([], ["--dilation", 6], ["--n-sigma", 1.5]):
        assert run("auto", image_file, tmp_path / "mask.fits", *options).exit_code == 0
        fractions.append(masks.read_user_mask(tmp_path / "mask.fits", (256, 256)).mean())
    assert fractions[0] > fractions[1]
    assert fractions[0] > fractions[2]


def test_spectrum_with_its_product(tmp_path, spectrum_file):
    for options, masked in (([], slice(60, 64)), (["--product", tmp_path / "cal.fits"], slice(100, 110))):
        cal = np.full((256, 256), np.nan, np.float32)
        cal[100:110] = 1
        describe(datamodels.ImageModel(data=cal), "NIRSPEC", "NRS1", "NRS_FIXEDSLIT", 2).save(tmp_path / "cal.fits")
        result = run("auto", spectrum_file, tmp_path / "mask.fits", *options)
        assert result.exit_code == 0, result.output
        mask = masks.read_user_mask(tmp_path / "mask.fits", (256, 256))
        assert not mask[masked].any()
        assert not mask[60:64].any()  # outside the product it is stray light
        assert mask.mean() > 0.75


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["auto", "nowhere.fits", "out.fits"], "there is no exposure nowhere.fits"),
        (["from-png", "nowhere.png", "out.fits"], "nowhere.png: no such picture"),
        (["auto", "{image}", "out.fits", "--product", "cal.fits"], "exposure type NRC_IMAGE of"),
        (["auto", "{image}", "out.txt"], "out.txt: a mask is a FITS file; give a name that ends in .fits or .fits.gz"),
        (["from-png", "nowhere.png", "out.png"], "out.png: a mask is a FITS file"),
        (["auto", "{image}", "out.fits", "--n-sigma", "0"], "x>0"),
        (["auto", "{plain}", "out.fits"], "cannot create a mask"),
    ],
)
def test_one_line_errors(tmp_path, image_file, arguments, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    masks.write_mask("plain.fits", np.ones((8, 8), bool))
    result = run(*[argument.format(image=image_file, plain="plain.fits") for argument in arguments])
    assert result.exit_code != 0
    assert message in result.output
    assert result.output.strip().count("\n") == 0
    assert not list(tmp_path.glob("out*"))

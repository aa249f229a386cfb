"""Input that a step cannot use: one line that names it and says what to do."""

import pickle
import sys

import numpy as np
import pytest
from astropy.io import fits
from stdatamodels.jwst import datamodels
from stpipe._cli import strun

from jwst_denoise import CosmicRayMaskStep, DenoiseDetector1Pipeline, ImageDenoiseStep, NSCleanStep, RampDenoiseStep
from jwst_denoise.steps.common.input_files import errors_end_strun

STEPS = (NSCleanStep, CosmicRayMaskStep, RampDenoiseStep, ImageDenoiseStep)


def hubble():
    """Two chips in one file, which stdatamodels takes for slits."""
    hdus = fits.HDUList([fits.PrimaryHDU()])
    for chip in (1, 2):
        hdus.append(fits.ImageHDU(np.ones((20, 20), "f4"), name="SCI", ver=chip))
    hdus[0].header.update(TELESCOP="HST", INSTRUME="WFC3", DETECTOR="IR")
    return hdus


def plain():
    return fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.ones((20, 20), "f4"), name="SCI")])


@pytest.mark.filterwarnings(
    "ignore::stdatamodels.exceptions.ValidationWarning", "ignore::stdatamodels.exceptions.NoTypeWarning"
)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("make_file", "keyword"), [(hubble, "TELESCOP=HST"), (plain, "INSTRUME=None")])
def test_other_telescopes(step, make_file, keyword, caplog):
    make_file().writeto("other.fits")
    result = step.call("other.fits", configure_log=False)
    assert getattr(result.meta.cal_step, step.class_alias) == "SKIPPED"
    assert "not a JWST exposure" in caplog.text and keyword in caplog.text
    assert "slit" not in caplog.text.lower().replace("multislitmodel", "")


@pytest.mark.parametrize("unit", ["MJy/sr", "MJy"])
def test_flux_calibrated_slits(rate, unit, caplog):
    slit = datamodels.SlitModel()
    slit.update(rate)
    slit.data, slit.err, slit.dq = rate.data.copy(), rate.err.copy(), rate.dq.copy()
    slit.meta.bunit_data = unit
    result = NSCleanStep.call(slit, configure_log=False)
    assert result.meta.cal_step.nsclean == "SKIPPED"
    np.testing.assert_array_equal(result.data, rate.data)
    assert f"slit cutout in {unit}" in caplog.text and "before extract_2d" in caplog.text


@pytest.mark.parametrize("step", [*STEPS, DenoiseDetector1Pipeline])
def test_arrays(step):
    array = np.zeros((3, 4))
    with pytest.raises(TypeError, match=r"shape \(3, 4\).*fit_noise.*load_model"):
        step.call(array, configure_log=False)
    with pytest.raises(TypeError, match="fit_noise"):
        step().run(array)


@pytest.mark.parametrize("alias", ["nsclean", "calwebb_denoise1"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.fits", "missing.fits"),
        ("folder.fits", "folder.fits"),
        ("text.fits", "text.fits cannot be read as an exposure"),
        (None, "usage: strun"),
    ],
)
def test_strun_ends_without_a_traceback(alias, name, words, tmp_path, monkeypatch, capsys):
    (tmp_path / "folder.fits").mkdir()
    (tmp_path / "text.fits").write_text("no exposure")
    monkeypatch.setattr(sys, "argv", ["strun", alias, *([name] if name else [])])
    with pytest.raises(SystemExit) as end:
        strun.main()
    assert end.value.code == 1
    captured = capsys.readouterr()
    assert words in " ".join(captured.out.split())
    assert "Traceback" not in captured.out + captured.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.fits", "text.fits"]


@pytest.mark.parametrize(
    "error", [ValueError("n_sigma"), FileNotFoundError(2, "No such file", "a.fits"), OSError("corrupt")]
)
def test_errors_keep_class_and_message(error):
    with pytest.raises(type(error)) as caught, errors_end_strun():
        raise error
    assert caught.value.exit_status == 1
    copied = pickle.loads(pickle.dumps(caught.value))  # as workers of a batch send it
    assert (type(copied), str(copied)) == (type(error), str(error)) == (type(error), str(caught.value))


@pytest.mark.parametrize("step", [NSCleanStep, DenoiseDetector1Pipeline])
def test_parameter_file_without_its_first_lines(step, ramp, tmp_path):
    (tmp_path / "mine.asdf").write_text("class: jwst_denoise.NSCleanStep\nname: nsclean\nparameters: {n_sigma: 3}\n")
    for build in (step.from_config_file, lambda file: step.build_config(ramp, config_file=file)):
        with pytest.raises(ValueError, match=r"mine\.asdf does not begin with '#ASDF.*jwst-denoise pars copy"):
            build(str(tmp_path / "mine.asdf"))


def test_guider_exposure(tmp_path):
    with datamodels.GuiderRawModel((1, 2, 8, 8)) as model:
        model.meta.instrument.name, model.meta.exposure.type = "FGS", "FGS_FINEGUIDE"
        model.save("guider_uncal.fits")
    pipeline = DenoiseDetector1Pipeline()
    with pytest.raises(ValueError, match="guider_uncal.fits is a guide-star exposure: run calwebb_guider"):
        pipeline.process("guider_uncal.fits")

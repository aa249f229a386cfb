"""``jwst-denoise simulate``."""

import numpy as np
import pytest
from click.testing import CliRunner
from stdatamodels.jwst import datamodels

from jwst_denoise.commands.main import main
from jwst_denoise.products import read_truth


def run(*arguments):
    return CliRunner().invoke(main, ["simulate", *arguments])


def test_files_are_written_and_listed(tmp_path):
    result = run(
        "--scene", "bots", "--subarray", "sub512", "--nints", "4", "--ngroups", "3", "--seed", "5",
        "--product", "uncal", "--product", "rateints", "--no-cosmic-rays", "--output", str(tmp_path / "out"),
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    for product in ("uncal", "rateints", "truth"):
        path = tmp_path / "out" / f"jwst_sim_nrs1_bots_5_{product}.fits"
        assert path.is_file() and path.name in result.output
    with datamodels.open(tmp_path / "out" / "jwst_sim_nrs1_bots_5_uncal.fits") as model:
        assert model.data.shape == (4, 3, 32, 512)
    assert not read_truth(path).cosmic_rays.any()


def test_the_seed_repeats_an_exposure_and_a_transit_changes_it(tmp_path):
    common = ("--scene", "bots", "--subarray", "SUB512", "--nints", "9", "--ngroups", "2")
    for number, extra in enumerate(((), (), ("--transit", "10000"))):
        assert run(*common, *extra, "--root", f"r{number}", "--output", str(tmp_path)).exit_code == 0
    first, second, third = (read_truth(tmp_path / f"r{number}_truth.fits").rate for number in range(3))
    np.testing.assert_array_equal(first, second)
    flux = third.sum(axis=(1, 2)) / first.sum(axis=(1, 2))
    assert flux[0] == pytest.approx(1) and flux[4] == pytest.approx(0.99, abs=0.002)


def test_time_series_are_written_with_their_transit(tmp_path):
    common = ("--scene", "nircam_grism", "--subarray", "SUBGRISM64", "--outputs", "1", "--nints", "3", "--ngroups", "2")
    assert run(*common, "--transit", "10000", "--root", "grism", "--output", str(tmp_path)).exit_code == 0
    with datamodels.open(tmp_path / "grism_uncal.fits") as model:
        assert (model.meta.exposure.type, model.meta.exposure.noutputs) == ("NRC_TSGRISM", 1)
        assert (model.meta.instrument.detector, model.meta.instrument.pupil) == ("NRCALONG", "GRISMR")
        assert (model.meta.subarray.fastaxis, model.meta.subarray.slowaxis) == (-1, 2)
        assert len(model.int_times) == 3
    truth = read_truth(tmp_path / "grism_truth.fits")
    assert truth.series.depth.shape == truth.series.rows.shape == (1, 2048)
    assert 1 - truth.series.light_curve.min() == pytest.approx(0.01, rel=0.06)
    np.testing.assert_array_equal(truth.series.rate, truth.rate)


@pytest.mark.parametrize(("arguments", "message"), [
    (("--scene", "ifu", "--detector", "NRCB1"), "'ifu' is for NIRSPEC"),
    (("--detector", "NRCB1", "--filter", "F999W"), "NRCB1 has no filter 'F999W'; known: F070W, F090W"),
    (("--detector", "NRCB1", "--filter", "F444W"), "NRCB1 has no filter 'F444W'"),
    (("--detector", "GUIDER1", "--filter", "F200W"), "GUIDER1 has no filter 'F200W'; known: none"),
    (("--subarray", "SUB9"), "NRS1 has no subarray 'SUB9'"),
    (("--pattern", "DEEP8"), "NIRSPEC has no read pattern DEEP8"),
    (("--pattern", "NONE"), "no read pattern 'NONE'"),
    (("--instrument", "NIRCAM", "--detector", "NRS1"), "NRS1 is a detector of NIRSPEC"),
    (("--pattern", "NRSIRS2"), "no simulated uncal"),
    (("--without", "gravity"), "gravity"),
])  # fmt: skip
def test_bad_input_ends_with_one_clear_line(arguments, message, tmp_path):
    result = run(*arguments, "--output", str(tmp_path))
    assert result.exit_code != 0
    assert message in result.output
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []

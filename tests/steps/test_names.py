"""Names of products: nothing is written over the product of another run."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jwst_denoise import NSCleanStep


def run(data, **parameters):
    return NSCleanStep.call(data, configure_log=False, save_results=True, **{"method": "median", **parameters})


@pytest.fixture
def pair(rate, rateints):
    """A rate and the rateints of the same exposure, in files."""
    rate.save("jw1_rate.fits")
    rateints.save("jw1_rateints.fits")
    return "jw1_rate.fits", "jw1_rateints.fits"


def test_a_rate_and_its_rateints_do_not_share_a_name(pair):
    for name in pair:
        run(name, save_noise=True)
    for stem, ndim in (("jw1", 2), ("jw1_ints", 3)):
        assert fits.getdata(f"{stem}_nscleanstep.fits").ndim == ndim
        assert fits.getdata(f"{stem}_nsclean_noise.fits").ndim == ndim


def test_the_addition_is_not_repeated(pair):
    run("jw1_rateints.fits")
    run("jw1_ints_nscleanstep.fits", force=True)
    assert Path("jw1_ints_nscleanstep_nscleanstep.fits").exists()


def test_chosen_names_stay(pair):
    run("jw1_rateints.fits", output_file="mine.fits", suffix="clean")
    assert Path("mine_ints_clean.fits").exists()


def test_a_skipped_run_replaces_nothing(pair, ramp, caplog):
    run("jw1_rate.fits")
    before = Path("jw1_nscleanstep.fits").read_bytes()
    ramp.data, ramp.groupdq = ramp.data[:, :1], ramp.groupdq[:, :1]
    ramp.save("jw1_ramp.fits")
    assert run("jw1_ramp.fits").meta.cal_step.nsclean == "SKIPPED"
    assert Path("jw1_nscleanstep.fits").read_bytes() == before
    assert "jw1_nscleanstep.fits is not replaced by a copy of the input" in caplog.text


def test_a_failed_run_replaces_nothing(pair, rate, rng):
    run("jw1_rate.fits")
    rate.data = rate.data + rng.normal(0, 10, rate.data.shape).astype("f4")
    rate.save("jw1_cal.fits")
    assert run("jw1_cal.fits", n_sigma=0.0).meta.cal_step.nsclean == "FAILED"
    assert fits.getval("jw1_nscleanstep.fits", "S_NSCLN") == "COMPLETE"


def test_a_skipped_run_writes_where_nothing_is(pair, ramp):
    ramp.data, ramp.groupdq = ramp.data[:, :1], ramp.groupdq[:, :1]
    ramp.save("jw1_ramp.fits")
    run("jw1_ramp.fits")
    np.testing.assert_array_equal(fits.getdata("jw1_nscleanstep.fits"), ramp.data)


def test_a_complete_run_replaces_an_older_product(pair):
    run("jw1_rate.fits")
    run("jw1_rate.fits", n_sigma=3.0)
    assert "n_sigma=3.0" in fits.getval("jw1_nscleanstep.fits", "NSC_PARS")

"""The step in the real calwebb_detector1, with the shipped parameter files, on the offline cache."""

import numpy as np
import pytest
from astropy.io import fits
from jwst.pipeline import Detector1Pipeline
from stdatamodels.jwst import datamodels

from jwst_denoise import parameters, products, simulate
from jwst_denoise.statistics import MAD_TO_SIGMA

DARK = np.s_[..., :9, :]


@pytest.fixture(scope="module")
def uncal(tmp_path_factory):
    """A spectrum of 6 rows in SUB512, 2 integrations of 6 groups."""
    detector = simulate.detector("NRS1")
    observation = simulate.observation(detector, "NRS_BRIGHTOBJ", subarray="SUB512")
    scene = np.zeros((32, 512))
    scene[13:19] = 40
    rng = np.random.default_rng(11)
    exposure = simulate.simulate_exposure(scene, detector, None, "NRSRAPID", 6, 2, rng, observation=observation)
    return products.write_products(exposure, tmp_path_factory.mktemp("uncal"), "jw1")["uncal"]


@pytest.fixture(params=["groups", "rates"])
def run(request, active_cache, uncal, tmp_path):
    """Level and directory of a run that writes everything."""
    file = str(parameters.path(f"nirspec_detector1_nsclean_{request.param}"))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STPIPE_DISABLE_CRDS_STEPPARS")
        Detector1Pipeline.call(str(uncal), config_file=file, save_results=True, output_dir=str(tmp_path / "out"))
    return request.param, tmp_path / "out"


@pytest.mark.slow
def test_products_of_the_pipeline(run):
    level, directory = run
    for name in ("jw1_rate.fits", "jw1_rateints.fits"):
        header = fits.getheader(directory / name)
        assert header["S_NSCLN"] == header["S_RAMP"] == "COMPLETE"
        assert "method='gp'" in header["NSC_PARS"]
        assert "background='remove'" in header["NSC_PARS"]
        assert header["NSC_RMS"] > 0
        assert 0.5 < header["NSC_ERRF"] < 1.5
        with datamodels.open(directory / name) as model:
            dark = model.data[DARK] / model.err[DARK]
            scatter = MAD_TO_SIGMA * np.nanmedian(np.abs(dark - np.nanmedian(dark)))
            logs = model.cal_logs.calwebb_detector1 if name == "jw1_rate.fits" else []
        assert scatter == pytest.approx(1, abs=0.06)  # 32 rows, of which the slit leaves few dark
        if logs:  # one mask for the groups and the errors of their rates
            assert any("stpipe.jwst_denoise.nsclean - INFO - Removed" in line for line in logs)
            assert sum("take part in the fit" in line for line in logs) == (1 if level == "groups" else 2)
    assert {path.name for path in directory.iterdir()} == {"jw1_rate.fits", "jw1_rateints.fits"}

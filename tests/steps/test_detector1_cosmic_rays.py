"""Cosmic rays of ramps in the real calwebb_detector1, after the jump step, on the offline cache."""

import numpy as np
import pytest
from jwst.pipeline import Detector1Pipeline
from stdatamodels.jwst import datamodels

from jwst_denoise import parameters, products, simulate

JUMP = 4


@pytest.mark.slow
@pytest.mark.parametrize("ngroups", [2, 5])
def test_hook_of_the_jump_step(active_cache, tmp_path, ngroups):
    """The hook takes gain and read noise from CRDS; with two groups, which the jump step skips, it works alone."""
    rng = np.random.default_rng(12)
    detector = simulate.detector("NRCB1")
    observation = simulate.observation(detector, "NRC_IMAGE", subarray="SUB160")
    hits = simulate.CosmicRayParameters(flux=2000.0, snowball_rate=0, shower_rate=0)
    exposure = simulate.simulate_exposure(
        np.full((160, 160), 0.5), detector, None, "RAPID", ngroups, 1, rng, observation=observation, hits=hits
    )
    uncal = products.write_products(exposure, tmp_path, "jw1")["uncal"]
    file = str(parameters.path("nircam_detector1_cosmic_ray_mask_ramps"))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STPIPE_DISABLE_CRDS_STEPPARS")
        Detector1Pipeline.call(
            str(uncal), config_file=file, output_dir=str(tmp_path), steps={"jump": {"save_results": True}}
        )
    with datamodels.open(tmp_path / "jw1_jump.fits") as ramp:
        assert ramp.meta.cal_step.jump == ("SKIPPED" if ngroups == 2 else "COMPLETE")
        assert ramp.meta.cal_step.cosmic_ray_mask == "COMPLETE"
        plain = exposure.truth.cosmic_rays[0, 1:] > 300
        assert plain.sum() > 20
        assert ((ramp.groupdq[0, 1:] & JUMP) > 0)[plain].mean() > 0.9

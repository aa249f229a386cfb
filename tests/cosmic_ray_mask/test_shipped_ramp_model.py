"""The shipped model on simulated ramps that it has not seen."""

from dataclasses import replace

import numpy as np
import pytest

from jwst_denoise import load_model
from jwst_denoise.cosmic_ray_mask.images import Options
from jwst_denoise.cosmic_ray_mask.ramps import SingleDifference, mask_ramps
from jwst_denoise.cosmic_ray_mask.veto import star_templates
from jwst_denoise.simulate import CosmicRayParameters, detector, point_spread_function, simulate_exposure
from jwst_denoise.simulate.fields import field
from jwst_denoise.simulate.response import couple

DETECTOR = "NRCB1"
SATURATED, JUMP = 2, 4
FLUX = {"RAPID": 5000.0, "MEDIUM8": 500.0}  # many, for the frames of a small subarray are short
NOTHING = CosmicRayParameters(flux=0, snowball_rate=0, shower_rate=0)


@pytest.fixture(scope="module")
def models():
    """Number of groups -> (network, threshold) as the step takes them."""
    several, pair = (load_model(name, device="cpu") for name in ("cosmic_ray_mask-ramp", "cosmic_ray_mask-2-32"))
    return lambda n: (SingleDifference(pair), pair.threshold()) if n == 2 else (several, several.threshold(0.005))


class Ramp:
    """An exposure as the model sees it after calibration, its flags and its truth, by differences."""

    def __init__(self, models, pattern, ngroups, hits, seed):
        rng = np.random.default_rng([60, seed])
        parameters = detector(DETECTOR)
        rate = field((160, 160), point_spread_function("NIRCAM_SW", "F200W"), rng, stars=6000, brightness=60.0)
        exposure = simulate_exposure(rate, DETECTOR, None, pattern, ngroups, 1, rng, hits=hits, nonlinearity=False)
        counts = exposure.counts.astype(np.float32)
        groupdq = np.where(counts > parameters.saturation - 300, SATURATED, 0).astype(np.uint8)
        network, threshold = models(ngroups)
        options = Options(threshold, protected=(star_templates("NIRCAM_SW", "F200W"),))
        flags = mask_ramps(counts, groupdq, network, exposure.noise, options)[0]
        self.flagged = (flags[1:] & JUMP) > 0
        added = np.stack([couple(plane, parameters.ipc) for plane in exposure.truth.cosmic_ray_differences(0)])
        variance = exposure.noise.difference_variance + rate * exposure.group_time * exposure.noise.poisson_fraction
        self.signal = added / np.sqrt(variance)
        self.good = (groupdq[0, 1:] & SATURATED) == 0
        self.bright = (rate * exposure.group_time > 20 * np.sqrt(variance)) & self.good

    def found(self, low):
        """Part of the differences with more than ``low`` sigma of cosmic rays that is flagged."""
        return self.flagged[(self.signal > low) & self.good].mean()

    @property
    def false(self):
        """Part of those without any that is flagged."""
        return self.flagged[(self.signal < 0.1) & self.good].mean()


@pytest.mark.parametrize(("pattern", "ngroups"), [("RAPID", 8), ("MEDIUM8", 4), ("RAPID", 3), ("RAPID", 2)])
def test_hits_are_found(models, pattern, ngroups):
    hits = replace(NOTHING, flux=FLUX[pattern])
    ramp = Ramp(models, pattern, ngroups, hits, ngroups)
    assert (ramp.signal > 1.5).sum() > 300
    assert ramp.found(5) > 0.95
    assert ramp.found(1.5) > 0.85
    assert ramp.false < 0.005


@pytest.mark.parametrize("ngroups", [2, 8])
def test_stars_and_stripes_are_not_flagged(models, ngroups):
    """Correlated noise of every kind, and a field with many stars."""
    ramp = Ramp(models, "MEDIUM8", ngroups, NOTHING, 20)
    assert ramp.bright.sum() > 20
    assert ramp.false < 0.002
    assert ramp.flagged[ramp.bright].mean() < 0.02


def test_halos_of_snowballs_are_found(models):
    hits = replace(NOTHING, snowball_rate=300.0, snowball_radius=(4.0, 10.0))
    ramp = Ramp(models, "RAPID", 5, hits, 30)
    assert ((ramp.signal > 1.5) & ramp.good).sum() > 500
    assert ramp.found(3) > 0.9

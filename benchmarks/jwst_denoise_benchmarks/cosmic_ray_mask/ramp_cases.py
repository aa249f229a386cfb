"""Simulated ramps through the real calwebb_detector1 up to the jump step, and what they hold."""

import contextlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jwst_denoise import crds_cache, products, simulate
from jwst_denoise.demo.pipeline import run_pipeline
from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, SATURATED
from jwst_denoise.simulate.bias import dark_rate
from jwst_denoise.simulate.response import couple
from jwst_denoise_benchmarks.cosmic_ray_mask import cases
from jwst_denoise_benchmarks.nsclean import peers

__all__ = ["DETECTOR", "JUMP_STEPS", "RampCase", "opened"]

DETECTOR = "NRCB1"
#: Name -> parameters of the jump step.
JUMP_STEPS = {"jump step": {}, "with snowball flagging": {"expand_large_events": True}}


@dataclass(frozen=True, eq=False)
class RampCase:
    """One integration of which everything is known.

    Parameters
    ----------
    exposure : jwst_denoise.simulate.Exposure
        As simulated.
    model : RampModel
        After dark subtraction.
    added : ndarray
        (ngroups - 1, ny, nx) e-: what cosmic rays add to the differences.
    noise : ndarray
        (ny, nx) e- rms of a difference without them.
    """

    exposure: simulate.Exposure
    model: object
    added: np.ndarray
    noise: np.ndarray

    @property
    def truth(self):
        """(ngroups - 1, ny, nx): differences with more than 1.5σ of cosmic rays."""
        return self.added > 1.5 * self.noise

    @property
    def good(self):
        """(ngroups - 1, ny, nx): differences of groups that are neither bad nor saturated."""
        flags = (self.model.groupdq[0] | (self.model.pixeldq & DO_NOT_USE).astype(np.uint8)) & (DO_NOT_USE | SATURATED)
        light = ~self.exposure.readout.reference_pixels
        return (flags[1:] == 0) & (flags[:-1] == 0) & light

    @property
    def saturated_before(self):
        """(ngroups - 1, ny, nx): saturated at the start of a difference."""
        return (self.model.groupdq[0, :-1] & SATURATED) != 0

    def jumps(self, options):
        """Flags of the real jump step, (ngroups - 1, ny, nx)."""
        return flags_of(self.jump_step(options))

    def jump_step(self, options):
        """Ramp after the real jump step."""
        from jwst.jump import JumpStep

        with peers.quiet():
            return JumpStep.call(self.model, configure_log=False, **options)

    def flagged(self, flags):
        """Ramp with the given flags (ngroups - 1, ny, nx) as jumps."""
        ramp = self.model.copy()
        ramp.groupdq[0, 1:][flags] |= np.array(JUMP_DET, ramp.groupdq.dtype)
        ramp.meta.cal_step.jump = "COMPLETE"
        return ramp

    def rate(self, ramp):
        """Rate of a ramp by the real ramp_fit in e- / s, NaN where it gives none."""
        from jwst.ramp_fitting import RampFitStep

        with peers.quiet():
            fitted = RampFitStep.call(ramp, configure_log=False)[0]
        return np.where(fitted.dq & DO_NOT_USE, np.nan, fitted.data * self.exposure.detector.gain)


def flags_of(ramp):
    """Jumps of a ramp's only integration, (ngroups - 1, ny, nx)."""
    return (ramp.groupdq[0, 1:] & JUMP_DET) != 0


@contextlib.contextmanager
def opened():
    """Function that makes cases, with a cache of references in use.

    Yields
    ------
    callable
        Of (scene, subarray, pattern, number of groups, hits, seed).
    """
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        crds_cache.build_cache(folder / "crds", detectors=[DETECTOR])
        with crds_cache.activated(folder / "crds"):
            yield lambda *arguments: _case(folder, *arguments)


def _case(folder, scene, subarray, pattern, ngroups, hits, seed):
    rng = np.random.default_rng([cases.SEED, 20, seed])
    rate, observation = simulate.scene(scene, simulate.detector(DETECTOR), rng, subarray_name=subarray)
    exposure = simulate.simulate_exposure(
        rate, DETECTOR, None, pattern, ngroups, 1, rng, observation=observation, hits=hits
    )
    name = f"case{seed}"
    uncal = products.write_products(exposure, folder, name)["uncal"]
    steps = {"dark_current": {"save_results": True, "output_dir": str(folder)}, "jump": {"skip": True}}
    run_pipeline("calwebb_detector1", uncal, folder, folder / "log", steps=steps)
    return RampCase(exposure, _read(next(folder.glob(f"{name}_dark*.fits"))), *_truth(exposure))


def _read(path):
    from stdatamodels.jwst import datamodels

    with datamodels.RampModel(path) as model:
        return model.copy()


def _truth(exposure):
    """What cosmic rays add to the differences, and their noise without them."""
    detector, noise = exposure.detector, exposure.noise
    added = exposure.truth.cosmic_ray_differences(0)
    dark = dark_rate(detector, exposure.readout.shape, exposure.observation.corner)
    light = (exposure.truth.rate + dark) * exposure.group_time
    variance = noise.difference_variance + couple(light, detector.ipc) * noise.poisson_fraction
    return np.stack([couple(plane, detector.ipc) for plane in added]), np.sqrt(variance)

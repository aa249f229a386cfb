"""Simulated JWST ramps as ``calwebb_detector1`` hands them to the ramp fit, with the truth."""

import contextlib
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from jwst_denoise import crds_cache, products, simulate
from jwst_denoise.dq import JUMP_DET
from jwst_denoise.simulate.bias import dark_rate
from jwst_denoise.simulate.response import couple
from jwst_denoise_benchmarks.nsclean import peers

__all__ = ["DETECTORS", "SEED", "Ramp", "opened", "ramps_of", "seeded", "truth_of"]

SEED = 9000
JUMP = 4.0
#: Instrument -> detector that stands for it.
DETECTORS = {"NIRCam": "NRCB1", "NIRSpec": "NRS1"}


@dataclass(frozen=True, eq=False)
class Ramp:
    """One integration of which everything is known.

    Parameters
    ----------
    model : RampModel
        Behind the correction by reference pixels, jumps flagged.
    truth : ndarray
        (ny, nx) e-/s that a fit without noise gives, dark current subtracted.
    light : ndarray
        (ny, nx) bool: neither reference pixel nor hot.
    """

    model: object
    truth: np.ndarray
    light: np.ndarray


@contextlib.contextmanager
def opened():
    """With a cache of references in use, that the real steps need."""
    with crds_cache.activated(Path(_references().name)):
        yield


@lru_cache(maxsize=1)
def _references():
    """Directory with a cache of references, built once and removed at the end of the process."""
    folder = tempfile.TemporaryDirectory()
    crds_cache.build_cache(Path(folder.name), detectors=list(DETECTORS.values()))
    return folder


def seeded(*numbers):
    """Random numbers of a benchmark."""
    return np.random.default_rng([SEED, *numbers])


def ramps_of(scene, observation, detector, pattern, groups, rng, lines=None):
    """Simulate an exposure and take its first groups.

    Flags come from the truth: saturation, and jumps of more than `JUMP` times the noise of a difference, with what
    neighbors see of a hit by inter-pixel capacitance.

    Parameters
    ----------
    scene : ndarray
        (ny, nx) e-/s.
    observation, detector, pattern, rng
        As for `jwst_denoise.simulate.simulate_exposure`.
    groups : sequence of int
        Numbers of groups.
    lines : int, optional
        Lines in the middle of a full frame to which the ramp is cut behind the reference pixels; by default all.

    Yields
    ------
    Ramp
        For each number of groups.
    """
    from jwst.refpix import RefPixStep

    parameters = simulate.detector(detector)
    exposure = simulate.simulate_exposure(scene, detector, None, pattern, max(groups), 1, rng, observation=observation)
    truth, light = truth_of(exposure, parameters)
    model = products.ramp_model(exposure)
    model.groupdq[0, 1:][_jumps(exposure, parameters, truth)] |= np.array(JUMP_DET, model.groupdq.dtype)
    del exposure
    with peers.quiet():
        model = RefPixStep.call(model, configure_log=False)
    if lines is not None:
        model, truth, light = _middle(model, truth, light, lines)
    for number in groups:
        yield Ramp(_first(model, number), truth, light)


def truth_of(exposure, detector):
    """What a fit without noise gives, (ny, nx) e-/s, and which pixels are neither reference pixels nor hot."""
    shape, corner = exposure.readout.shape, exposure.observation.corner
    dark = dark_rate(detector, shape, corner)
    expected = couple(exposure.truth.rate + dark, detector.ipc) - dark
    return expected.astype(np.float32), ~exposure.readout.reference_pixels & (dark < 10 * detector.dark_current + 0.01)


def _jumps(exposure, detector, truth):
    """Differences (ngroups - 1, ny, nx) in which cosmic rays are seen."""
    light = np.maximum(truth, 0) * np.float32(exposure.group_time)
    noise = np.sqrt(light + exposure.noise.difference_variance)
    return np.stack([couple(added, detector.ipc) > JUMP * noise for added in exposure.truth.cosmic_ray_differences(0)])


def _middle(model, truth, light, lines):
    """Ramp, truth and light of the middle lines: rows, or columns where lines run along y."""
    subarray = model.meta.subarray
    axis, name = (0, "y") if abs(subarray.fastaxis) == 1 else (1, "x")
    start = (truth.shape[axis] - lines) // 2
    box = tuple(slice(start, start + lines) if n == axis else slice(None) for n in (0, 1))
    cut = model.copy()
    cut.data, cut.groupdq = (array[..., *box].copy() for array in (model.data, model.groupdq))
    cut.pixeldq = model.pixeldq[box].copy()
    setattr(cut.meta.subarray, f"{name}start", start + 1)
    setattr(cut.meta.subarray, f"{name}size", lines)
    cut.meta.subarray.name = "GENERIC"
    return cut, truth[box], light[box]


def _first(model, number):
    """Ramp of the first groups."""
    if number == model.data.shape[1]:
        return model
    cut = model.copy()
    cut.data, cut.groupdq = model.data[:, :number].copy(), model.groupdq[:, :number].copy()
    cut.group = model.group[model.group["group_number"] <= number]
    exposure = cut.meta.exposure
    exposure.ngroups = number
    exposure.effective_exposure_time = exposure.integration_time = (number - 1) * exposure.group_time
    exposure.exposure_time = exposure.measurement_time = exposure.integration_time
    return cut

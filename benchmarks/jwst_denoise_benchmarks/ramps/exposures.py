"""Simulated JWST ramps as ``calwebb_detector1`` passes them to the ramp fit, with the truth."""

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
from jwst_denoise_benchmarks.core.inputs import quiet

__all__ = ["DETECTORS", "Ramp", "references", "simulate_ramps", "truth_of"]

JUMP = 4.0
#: Instrument -> detector that represents it.
DETECTORS = {"NIRCam": "NRCB1", "NIRSpec": "NRS1"}


@dataclass(frozen=True, eq=False)
class Ramp:
    """One integration whose truth is known.

    Parameters
    ----------
    model : RampModel
        After the correction by reference pixels, jumps flagged.
    truth : ndarray
        (ny, nx) e-/s of a noiseless fit, dark current subtracted.
    active : ndarray
        (ny, nx) bool: neither reference pixel nor hot.
    """

    model: object
    truth: np.ndarray
    active: np.ndarray


@contextlib.contextmanager
def references():
    """Use an offline CRDS cache with the reference files that the steps of jwst need."""
    with crds_cache.activated(Path(_cache().name)):
        yield


@lru_cache(maxsize=1)
def _cache():
    """Directory with the cache, built once and removed at the end of the process."""
    folder = tempfile.TemporaryDirectory()
    crds_cache.build_cache(Path(folder.name), detectors=list(DETECTORS.values()))
    return folder


def simulate_ramps(scene, observation, detector, pattern, groups, rng, lines=None):
    """Simulate an exposure and yield ramps of its first groups.

    Flags are set from the truth: saturation, and jumps of more than `JUMP` times the noise of a difference, including
    the inter-pixel capacitance of neighbors.

    Parameters
    ----------
    scene : ndarray
        (ny, nx) e-/s.
    observation, detector, pattern, rng
        As for `jwst_denoise.simulate.simulate_exposure`.
    groups : sequence of int
        Numbers of groups.
    lines : int, optional
        Lines in the middle of a full frame to which the ramp is cut after the reference pixels; by default all.

    Yields
    ------
    Ramp
        For each number of groups.
    """
    from jwst.refpix import RefPixStep

    parameters = simulate.detector(detector)
    exposure = simulate.simulate_exposure(scene, detector, None, pattern, max(groups), 1, rng, observation=observation)
    truth, active = truth_of(exposure, parameters)
    model = products.ramp_model(exposure)
    model.groupdq[0, 1:][_jumps(exposure, parameters, truth)] |= np.array(JUMP_DET, model.groupdq.dtype)
    del exposure
    with quiet():
        model = RefPixStep.call(model, configure_log=False)
    if lines is not None:
        model, truth, active = _middle(model, truth, active, lines)
    for number in groups:
        yield Ramp(_first(model, number), truth, active)


def truth_of(exposure, detector):
    """Result of a noiseless fit, (ny, nx) e-/s, and the pixels that are neither reference pixels nor hot."""
    shape, corner = exposure.readout.shape, exposure.observation.corner
    dark = dark_rate(detector, shape, corner)
    expected = couple(exposure.truth.rate + dark, detector.ipc) - dark
    return expected.astype(np.float32), ~exposure.readout.reference_pixels & (dark < 10 * detector.dark_current + 0.01)


def _jumps(exposure, detector, truth):
    """Differences (ngroups - 1, ny, nx) with a detectable cosmic ray."""
    signal = np.maximum(truth, 0) * np.float32(exposure.group_time)
    noise = np.sqrt(signal + exposure.noise.difference_variance)
    return np.stack([couple(added, detector.ipc) > JUMP * noise for added in exposure.truth.cosmic_ray_differences(0)])


def _middle(model, truth, active, lines):
    """Ramp, truth and active pixels of the middle lines: rows, or columns where lines run along y."""
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
    return cut, truth[box], active[box]


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

"""Cosmic rays: an exposure of three groups through calwebb_detector1 without and with CosmicRayMaskStep."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from jwst_denoise import crds_cache, parameters, products
from jwst_denoise.demo.metrics import find_truth, read_image
from jwst_denoise.demo.part import Part, write_report
from jwst_denoise.demo.pipeline import run_pipeline, strun_line
from jwst_denoise.demo.scenarios import COSMIC_RAYS, simulate_scenario

__all__ = ["Charge", "Detections", "find_jumps", "measure_detections", "read_charge", "read_flags", "run_part"]

CLEAR, FAINT = 5.0, 1.5  # charge in units of the noise of a group difference
TRACE = 0.3  # in the same units: a flag that is farther than a pixel and a group from so much charge is false
BRIGHT = 20.0  # signal of a pixel over its ERR, above which it is the core of a source
WRONG = 3.0  # ERR, error of a wrong rate
NEIGHBORS = np.ones((3, 3, 3), dtype=bool)  # charge can arrive within an averaged group

#: Label, format, and attribute of `Detections`.
_ROWS = (
    ("flagged groups with charge above 5 σ", "{:.1f}", "clear"),
    ("flagged groups with charge of 1.5 to 5 σ", "{:.1f}", "faint"),
    ("flagged groups without charge", "{:.3f}", "false"),
    ("the same in cores of sources", "{:.3f}", "cores"),
    ("hit pixels with a wrong rate", "{:.1f}", "wrong"),
)
#: The flags are in the ramp after the jump step and its hooks.
KEEP_JUMPS = {"jump": {"save_results": True}}


class Charge(NamedTuple):
    """Charge of the cosmic rays before each group from the second on.

    Parameters
    ----------
    charge : ndarray
        (ngroups - 1, ny, nx) in units of the noise of the difference of the group and the one before.
    usable : ndarray of bool
        Groups that are neither saturated nor on reference or unusable pixels.
    """

    charge: np.ndarray
    usable: np.ndarray


class Detections(NamedTuple):
    """Flags of a ramp against the truth.

    Parameters
    ----------
    clear, faint : float
        Flagged fraction of the groups with charge above 5 σ, and of 1.5 to 5 σ.
    false, cores : float
        Flagged fraction of the groups without charge within a pixel and a group; the same for signals above 20 ERR.
    wrong : float
        Fraction of the hit pixels whose rate differs from the truth by more than three ERR.
    hits : tuple of int
        Number of groups behind ``clear`` and ``faint``.
    """

    clear: float
    faint: float
    false: float
    cores: float
    wrong: float
    hits: tuple[int, int]


def run_part(output, cache, log, stages):
    """Simulate the exposure, run both pipelines, and compare with the truth.

    Parameters
    ----------
    output, cache, log : path-like
        Directory of the products, CRDS cache with the detector, and log file.
    stages : jwst_denoise.demo.screen.Stages
        Progress.

    Returns
    -------
    Part
    """
    output, scenario = Path(output), COSMIC_RAYS
    with stages.stage("simulating three groups with cosmic rays") as stage:
        exposure = simulate_scenario(scenario, stage.fraction)
        uncal = products.write_products(exposure, output, scenario.root)["uncal"]
    with crds_cache.activated(cache):
        with stages.stage("calwebb_detector1") as stage:
            default = run_pipeline("calwebb_detector1", uncal, output / "default", log, stage.name, steps=KEEP_JUMPS)
        with stages.stage("calwebb_detector1 with CosmicRayMaskStep") as stage:
            options = {"config_file": str(parameters.path(scenario.parameters)), "steps": KEEP_JUMPS}
            masked = run_pipeline("calwebb_detector1", uncal, output / "cosmic_ray_mask", log, stage.name, **options)
    with stages.stage("comparing with the truth"):
        ramps = [run.path.with_name(f"{scenario.root}_jump.fits") for run in (default, masked)]
        flags = [read_flags(path) for path in ramps]
        images = [read_image(run.path, exposure) for run in (default, masked)]
        charge, truth = read_charge(exposure, flags[0]), find_truth(exposure, images)
        metrics = {
            name: measure_detections(*pair, charge, truth)
            for name, pair in zip(("jump step", "+ cosmic_ray_mask"), zip(flags, images, strict=True), strict=True)
        }
        files = write_report(output, "cosmic_ray_mask", *ramps)
    rows = [
        (label, *(form.format(100 * getattr(one, name)) for one in metrics.values())) for label, form, name in _ROWS
    ]
    clear, faint = metrics["jump step"].hits
    notes = [
        f"Charge in units of the noise of a group difference: {clear} groups above 5 σ, {faint} fainter. Flags without "
        "charge are more than a pixel and a group away from 0.3 σ.",
        f"A rate is wrong if it differs from the truth by more than 3 ERR. The exposure ({truth.seconds:.0f} s) has as "
        "many snowballs and showers as a full frame. With three groups the jump step compares only two differences; "
        "with ten groups it finds nearly all hits without the network.",
    ]
    commands = [
        strun_line("calwebb_detector1", uncal, output / "default"),
        strun_line(scenario.parameters, uncal, output / "cosmic_ray_mask"),
    ]
    title = f"Simulated: {scenario.title}"
    return Part("Cosmic rays", title, ("per cent", *metrics), rows, notes, files, commands, metrics)


def read_charge(exposure, flags):
    """Charge of the cosmic rays in one integration, and where they can be detected.

    Parameters
    ----------
    exposure : jwst_denoise.simulate.Exposure
        With one integration.
    flags : ndarray
        (ngroups, ny, nx) GROUPDQ of the ramp.

    Returns
    -------
    Charge
    """
    from stdatamodels.jwst.datamodels import dqflags

    detector, pattern, truth = exposure.detector, exposure.pattern, exposure.truth
    unusable = (flags & (dqflags.group["DO_NOT_USE"] | dqflags.group["SATURATED"])) > 0
    unusable |= exposure.readout.reference_pixels
    noise = np.sqrt(truth.rate * exposure.group_time + 2 * detector.read_noise**2 / pattern.nframes)
    return Charge(truth.cosmic_rays[0, 1:] / noise.astype(np.float32), ~(unusable[1:] | unusable[:-1]))


def read_flags(path):
    """GROUPDQ (ngroups, ny, nx) of the first integration of a ramp file."""
    from stdatamodels.jwst import datamodels

    with datamodels.open(str(path)) as model:
        return model.groupdq[0].copy()


def find_jumps(flags):
    """Jumps before each group from the second on, bool, in GROUPDQ (ngroups, ny, nx)."""
    from stdatamodels.jwst.datamodels import dqflags

    return (flags[1:] & dqflags.group["JUMP_DET"]) > 0


def measure_detections(flags, image, charge, truth):
    """Compare the flags and the rate of a run with the truth.

    Parameters
    ----------
    flags : ndarray
        (ngroups, ny, nx) GROUPDQ.
    image : jwst_denoise.demo.metrics.Image
        Rate.
    charge : Charge
        Of the cosmic rays.
    truth : jwst_denoise.demo.metrics.Truth
        Of the exposure.

    Returns
    -------
    Detections
    """
    flagged = find_jumps(flags)
    near = flagged | np.concatenate([flagged[1:], flagged[-1:]])  # charge within a group shows in two differences
    clear = charge.usable & (charge.charge > CLEAR)
    faint = charge.usable & (charge.charge > FAINT) & ~clear
    empty = charge.usable & ~ndimage.binary_dilation(charge.charge > TRACE, NEIGHBORS)
    pull = truth.centered((image.data - truth.signal) / np.where(image.usable, image.err, np.nan))
    hit = (clear | faint).any(axis=0) & image.usable
    core = empty & (truth.centered(truth.signal) > BRIGHT * truth.err)
    wrong = np.abs(pull[hit]) > WRONG
    fractions = map(_fraction, (near[clear], near[faint], flagged[empty], flagged[core], wrong))
    return Detections(*fractions, (int(clear.sum()), int(faint.sum())))


def _fraction(values):
    return float(values.mean()) if values.size else float("nan")

"""Cosmic rays in ramps, flagged in groups."""

import logging

import numpy as np

from jwst_denoise.cosmic_ray_mask import images, ramps
from jwst_denoise.dq import JUMP_DET
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure.info import templates_of
from jwst_denoise.steps.exposure.readout_noise import readout_noise

__all__ = ["mask_ramp"]

log = logging.getLogger("stpipe.jwst_denoise.cosmic_ray_mask")


def mask_ramp(model, settings, network, reference_file):
    """Flag the cosmic rays in every integration of a ramp with JUMP_DET, in place.

    The jump step may have run before; its flags remain.

    Parameters
    ----------
    model : RampModel
        ``data`` of shape (integrations, groups, ny, nx), linear, in DN.
    settings : object
        ``threshold``, ``dilate``, ``veto``, ``save_probability``.
    network : jwst_denoise.model_files.Model
        Of the family ``cosmic_ray_mask-ramp``, or with two groups ``cosmic_ray_mask``.
    reference_file : callable
        Path of the reference file of a type (``gain``, ``readnoise``) for the exposure, a data model, or ``"N/A"``.

    Returns
    -------
    jwst_denoise.steps.common.result.Result

    Raises
    ------
    NotApplicable
        If there is a single group, or neither reference files nor typical noise of the detector.
    ValueError, FileNotFoundError
        If a parameter or a reference file is wrong.
    """
    nints, ngroups, ny, nx = model.data.shape
    if ngroups < 2:
        raise NotApplicable("a single group has no difference in which cosmic rays could be detected")
    if model.meta.cal_step.linearity not in ("COMPLETE", "SKIPPED"):
        log.warning("The ramp is not linear yet; cosmic_ray_mask should run after linearity and dark correction")
    options = images.Options(settings.threshold, settings.dilate, _protected_templates(model, settings.veto))
    noise = readout_noise(model, reference_file)
    if network.info["family"] == "cosmic_ray_mask":
        network = ramps.SingleDifference(network)
    probability = np.zeros(model.data.shape, np.float32) if settings.save_probability else None
    groupdq = np.array(model.groupdq)
    detected = 0
    for part in chunks(nints, 1, "integrations"):
        k = part.start
        groups = np.asarray(model.data[k])
        flagged, likely = ramps.mask_integration(groups, groupdq[k], network, noise, options, model.pixeldq)
        groupdq[k][flagged] |= np.array(JUMP_DET, groupdq.dtype)
        detected += int(np.count_nonzero(flagged))
        if probability is not None:
            probability[k] = likely
    new = int(np.count_nonzero(groupdq & ~model.groupdq & JUMP_DET))
    model.groupdq = groupdq
    fraction = new / (nints * (ngroups - 1) * ny * nx)
    text = "Flagged %d groups, %.3g %% of the group differences; %d other detections were flagged before"
    log.info(text, new, 100 * fraction, detected - new)
    metrics = {"flagged": new, "flagged_before": detected - new, "fraction": fraction}
    return Result(probability=probability, metrics=metrics)


def _protected_templates(model, veto):
    """Templates of sources in a single difference, which is an image; none for longer ramps."""
    return templates_of(model) if veto and model.data.shape[1] == 2 else ()

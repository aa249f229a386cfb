"""Checks of the images that ``image_denoise`` can use."""

import logging

import numpy as np
from stdatamodels.jwst import datamodels

from jwst_denoise.dq import JUMP_DET
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure import info
from jwst_denoise.steps.exposure.kinds import check_exposure
from jwst_denoise.steps.exposure.units import is_resampled

__all__ = ["check", "check_domain", "is_image", "recommend_masks", "was_denoised"]

log = logging.getLogger("stpipe.jwst_denoise.image_denoise")

IMAGES = (datamodels.ImageModel, datamodels.CubeModel, datamodels.IFUImageModel, datamodels.SlitModel)
REFUSED = {
    datamodels.RampModel: "this is a ramp: use ramp_denoise, or run ramp_fit first",
    datamodels.MultiSlitModel: "the exposure is cut into slits; denoise the rate before extract_2d",
    datamodels.IFUCubeModel: "the planes of an IFU cube are not images of a detector; denoise the rates",
}


def is_image(model):
    """Whether this is a data model of images."""
    return isinstance(model, IMAGES) and not isinstance(model, datamodels.IFUCubeModel)


def check(model, force):
    """Refuse data that are not an image of JWST with errors, and images that are already denoised.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.
    force : bool
        Denoise an image again.

    Raises
    ------
    NotApplicable
        With the reason.
    """
    check_exposure(model)
    kind = type(model).__name__
    for refused, reason in REFUSED.items():
        if isinstance(model, refused):
            raise NotApplicable(f"{reason} ({kind})")
    if not is_image(model) or len(model.shape or ()) not in (2, 3):
        raise NotApplicable(f"a {kind} of shape {model.shape} is not an image")
    if model.err is None or model.err.shape != model.data.shape:
        raise NotApplicable("the image has no ERR of the same shape")
    before = was_denoised(model)
    if before and not force:
        raise NotApplicable(f"{before} has denoised this image already; force=True denoises it again")


def was_denoised(model):
    """Alias of the step of this package that has removed white noise from an image; None if none has."""
    recorded = model.meta.instance.get("jwst_denoise", {})
    if recorded.get("image_denoise") or model.meta.cal_step.image_denoise == "COMPLETE":
        return "image_denoise"
    return "ramp_denoise" if recorded.get("ramp_denoise", {}).get("product") == "rate" else None


def check_domain(network, model, ratio):
    """Log a warning if an image is outside of the domain of a network; refuse another instrument or kind of exposure.

    Parameters
    ----------
    network : jwst_denoise.model_files.Model
        The network.
    model : JwstDataModel
        The image.
    ratio : float or None
        Requested ratio of exposure times; None for networks that do not use it.

    Raises
    ------
    NotApplicable
        If the instrument or the kind of the exposure is outside of the domain.
    ValueError
        If the ratio is outside of the domain.
    """
    if reasons := network.check_domain(exposure_time_ratio=ratio):
        raise ValueError(f"{network.info['name']}: {'; '.join(reasons)}")
    level = {"level": "i2d"} if is_resampled(model) else {}
    info.check_domain(network, model, refused=("instrument", "kind"), filter=model.meta.instrument.filter, **level)


def recommend_masks(model):
    """Recommend ``cosmic_ray_mask`` in the log, if no step has flagged cosmic rays."""
    steps = model.meta.cal_step
    masked = "COMPLETE" in (steps.cosmic_ray_mask, steps.outlier_detection)
    if not masked and not (model.dq is not None and np.any(model.dq & JUMP_DET)):
        log.info(
            "No step has flagged cosmic rays (no JUMP_DET in DQ, no S_CRMASK); run cosmic_ray_mask before, since the "
            "network treats unflagged cosmic rays as stars"
        )

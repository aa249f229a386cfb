"""What an image must be for a network to take its noise out."""

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
    datamodels.RampModel: "a ramp is no image; ramp_denoise takes it, or fit it first",
    datamodels.MultiSlitModel: "the exposure is cut into slits; denoise the rate before extract_2d",
    datamodels.IFUCubeModel: "the planes of an IFU cube are no images of a detector",
}


def is_image(model):
    """Whether this is a data model of images."""
    return isinstance(model, IMAGES) and not isinstance(model, datamodels.IFUCubeModel)


def check(model, force):
    """Refuse what is not an image of JWST with errors, and what is denoised already.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.
    force : bool
        Denoise again what is denoised.

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
        raise NotApplicable(f"a {kind} of shape {model.shape} is no image")
    if model.err is None or model.err.shape != model.data.shape:
        raise NotApplicable("the image has no ERR of its own shape")
    before = was_denoised(model)
    if before and not force:
        raise NotApplicable(f"{before} has denoised this image already; force=True denoises it again")


def was_denoised(model):
    """Alias of the step of this package that has taken white noise out of an image; None if none has."""
    recorded = model.meta.instance.get("jwst_denoise", {})
    if recorded.get("image_denoise") or model.meta.cal_step.image_denoise == "COMPLETE":
        return "image_denoise"
    return "ramp_denoise" if recorded.get("ramp_denoise", {}).get("product") == "rate" else None


def check_domain(network, model, ratio):
    """Warn if a network was not made for an image; refuse another instrument, and spectra if it knows images only.

    Parameters
    ----------
    network : jwst_denoise.model_files.Model
        The network.
    model : JwstDataModel
        The image.
    ratio : float or None
        Ratio of exposure times that is asked for.

    Raises
    ------
    NotApplicable
        If the network was not made for it.
    ValueError
        If the ratio is outside of what the network was trained for.
    """
    if reasons := network.check_domain(exposure_time_ratio=ratio):
        raise ValueError(f"{network.info['name']}: {'; '.join(reasons)}")
    level = {"level": "i2d"} if is_resampled(model) else {}
    info.check_domain(network, model, refused=("instrument", "kind"), filter=model.meta.instrument.filter, **level)


def recommend_masks(model):
    """Say in the log that cosmic rays should be masked before, if nothing has."""
    steps = model.meta.cal_step
    masked = "COMPLETE" in (steps.cosmic_ray_mask, steps.outlier_detection)
    if not masked and not (model.dq is not None and np.any(model.dq & JUMP_DET)):
        log.info(
            "Nothing has flagged cosmic rays (no JUMP_DET in DQ, no S_CRMASK): run cosmic_ray_mask before; a network "
            "takes those that are left for stars"
        )

"""Cosmic rays in images: rates, one image for each integration, calibrated images and slits."""

import logging
from dataclasses import dataclass

import numpy as np
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels import dqflags

from jwst_denoise.cosmic_ray_mask import images
from jwst_denoise.cosmic_ray_mask.inpaint import inpaint, load_inpainter, measured_error
from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, NON_SCIENCE, REFERENCE_PIXEL, usable
from jwst_denoise.masks.drafts import as_cube
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure.image_product import ImageProduct
from jwst_denoise.steps.exposure.info import templates_of

__all__ = ["check", "mask_images"]

log = logging.getLogger("stpipe.jwst_denoise.cosmic_ray_mask")

IMAGES = (datamodels.ImageModel, datamodels.CubeModel, datamodels.IFUImageModel, datamodels.SlitModel)
UNUSABLE = DO_NOT_USE | NON_SCIENCE | REFERENCE_PIXEL
COSMIC_RAY = DO_NOT_USE | JUMP_DET
FLUX_ESTIMATED = dqflags.pixel["FLUX_ESTIMATED"]


def check(model):
    """Refuse data that are not an image in detector pixels.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.

    Raises
    ------
    NotApplicable
        With the reason.
    """
    kind = type(model).__name__
    if isinstance(model, datamodels.MultiSlitModel):
        raise NotApplicable(f"a {kind} is cut into slits; mask the exposure before extract_2d")
    if not isinstance(model, IMAGES):
        raise NotApplicable(f"a {kind} is neither a ramp nor one detector's image")
    if model.meta.cal_step.resample == "COMPLETE":
        raise NotApplicable("the image is resampled, and so are its cosmic rays; mask the exposures")
    if model.shape is None or len(model.shape) not in (2, 3):
        raise NotApplicable(f"a {kind} with data of shape {model.shape} is not supported")
    if model.dq is not None and model.dq.shape not in (model.shape, model.shape[-2:]):
        raise NotApplicable(f"DQ has shape {model.dq.shape}, the data {model.shape}")


def mask_images(model, settings, network):
    """Flag the cosmic rays in every image of a product, and fill them on request, in place.

    Parameters
    ----------
    model : ImageModel, CubeModel, IFUImageModel or SlitModel
        ``data`` of shape (ny, nx) or (integrations, ny, nx).
    settings : object
        ``threshold``, ``dilate``, ``veto``, ``inpaint``, ``inpaint_model``, ``device``, ``save_probability``,
        ``save_noise``.
    network : jwst_denoise.model_files.Model
        Of the family ``cosmic_ray_mask``.

    Returns
    -------
    jwst_denoise.steps.common.result.Result

    Raises
    ------
    NotApplicable
        If the data are not an image in detector pixels.
    ValueError
        If a parameter is impossible.
    """
    check(model)
    options = images.Options(settings.threshold, settings.dilate, templates_of(model) if settings.veto else ())
    product, fill = _FlaggedProduct(model), _filling(settings)
    shape = product.data.shape
    flagged = np.zeros(shape, bool)
    probability = np.zeros(shape, np.float32) if settings.save_probability else None
    values = np.array(product.data) if fill else product.data
    extra = np.zeros(shape, np.float32) if fill else None
    for part in chunks(shape[0], 1, "integrations"):
        k = part.start
        image, err, bad = product.plane(k)
        flagged[k], likely = images.mask_image(image, network, options, err, bad)
        if probability is not None:
            probability[k] = likely
        if fill:
            values[k], extra[k] = fill(image, values[k], flagged[k], err, bad)
    noise = product.restore_shape(_difference(product.data, values)) if fill and settings.save_noise else None
    metrics = product.count(flagged)
    product.mark(flagged)
    if fill:
        product.fill(values, flagged, extra)
    text = "Flagged %d pixels, %.3g %%; %d other detections were flagged before"
    log.info(text, metrics["flagged"], 100 * metrics["fraction"], metrics["flagged_before"])
    return Result(noise, probability=product.restore_shape(probability), metrics=metrics)


def _difference(data, values):
    with np.errstate(invalid="ignore"):
        return data - values


def _filling(settings):
    """Function that fills one image: (values, error of the fill); None if nothing is filled."""
    if settings.inpaint == "none":
        return None
    by_network = settings.inpaint == "network"
    return _Filling(settings.inpaint, load_inpainter(settings.inpaint_model, settings.device) if by_network else None)


@dataclass(frozen=True)
class _Filling:
    """A method of inpainting."""

    method: str
    model: object

    def __call__(self, image, data, hole, err, bad):
        """``data`` with its holes filled, and the error that the method makes there; where that is NaN, as it was."""
        arguments = {"method": self.method, "model": self.model, "err": err}
        filled = inpaint(image, hole, bad=bad, **arguments)
        error = measured_error(image, hole, bad=bad, filled=filled, **arguments)
        return np.where(hole & np.isfinite(error), filled, data), error


class _FlaggedProduct(ImageProduct):
    """Images whose flags, and on request values and errors, are changed; flags for every image are made if missing."""

    def __init__(self, model):
        shape = model.data.shape
        if model.dq is None or model.dq.shape != shape:
            model.dq = np.zeros(shape, np.uint32) if model.dq is None else np.array(as_cube(model.dq, shape))
        super().__init__(model)
        if not self.has_errors:
            self.err = None

    def plane(self, k):
        """One image in native float32, its error (None if it has none), and its unusable pixels."""
        image = np.array(self.data[k], np.float32)
        err = None if self.err is None else np.array(self.err[k], np.float32)
        bad = ~usable(image, dq=self.dq[k], flags=UNUSABLE)
        return np.where(np.isfinite(image), image, np.nan), err, bad

    def count(self, flagged):
        """Pixels that are to be flagged anew, and those that are flagged already."""
        before = int(np.count_nonzero(flagged & ((self.dq & JUMP_DET) != 0)))
        new = int(np.count_nonzero(flagged)) - before
        return {"flagged": new, "flagged_before": before, "fraction": new / flagged.size}

    def mark(self, flagged):
        self.dq[flagged] |= np.array(COSMIC_RAY, self.dq.dtype)

    def fill(self, values, flagged, extra):
        """Write filled values. Their error is added to ERR and to VAR_RNOISE, the variance that no source explains."""
        flagged = flagged & np.isfinite(extra)
        self.data[flagged] = values[flagged]
        self.dq[flagged] |= np.array(FLUX_ESTIMATED, self.dq.dtype)
        if self.err is None:
            log.warning("There are no errors to inflate where the image is filled")
            return
        known = flagged & np.isfinite(self.err)
        square = extra[known].astype(np.float64) ** 2
        self.err[known] = np.sqrt(self.err[known].astype(np.float64) ** 2 + square)
        if self.var_rnoise is not None:
            self.var_rnoise[known] += square.astype(self.var_rnoise.dtype)

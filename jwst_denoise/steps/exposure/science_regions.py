"""Pixels of a NIRSpec detector that may receive science flux, from the best information on the exposure."""

import logging
import os

import gwcs
import numpy as np
from jwst.assign_wcs import AssignWcsStep, nirspec
from jwst.msaflagopen import MSAFlagOpenStep
from stdatamodels.jwst import datamodels

from jwst_denoise import masks
from jwst_denoise.dq import MSA_FAILED_OPEN
from jwst_denoise.exposure_io.drafts import draft_images

__all__ = ["EXPOSURE_TYPES", "science_regions", "with_wcs"]

log = logging.getLogger("stpipe.jwst_denoise.masks")

EXPOSURE_TYPES = ("NRS_IFU", "NRS_MSASPEC", "NRS_FIXEDSLIT", "NRS_BRIGHTOBJ")
_FIXED_SLIT_QUADRANT = 5


def science_regions(model, product=None, *, draft=None, input_dir="", n_sigma=2.0):
    """Pixels of a NIRSpec spectroscopic exposure that may receive science flux.

    The first available source is used: a stage-2 product of the same exposure; the WCS of the model; the WCS from
    ``assign_wcs``, if CRDS is configured; the traces in the image. Pixels that are flagged as illuminated by
    failed-open shutters, and the fixed slits in IFU and MOS exposures, are added. The model is not changed.

    Parameters
    ----------
    model : JwstDataModel
        Rate, rateints or ramp.
    product : path or JwstDataModel, optional
        Stage-2 product (``cal`` and the like, not rectified) whose finite pixels are science.
    draft : tuple of (ndarray, ndarray or None, ndarray or None), optional
        Image (ny, nx), errors and flags of the whole exposure, in which traces are searched; made if not given.
    input_dir : path, optional
        Directory where ``assign_wcs`` finds the MSA metadata file.
    n_sigma : float, optional
        Significance at which a trace in the image ends.

    Returns
    -------
    ndarray of bool
        (ny, nx), True on pixels that may receive science flux; all False for other exposure types.

    Raises
    ------
    FileNotFoundError, ValueError
        If the product is missing or does not belong to the exposure's detector and frame.
    """
    exposure = model.meta.exposure.type
    shape = model.data.shape[-2:]
    if exposure not in EXPOSURE_TYPES:
        log.info("Exposure type %s has no science regions", exposure)
        return np.zeros(shape, bool)
    image, err, dq = draft or draft_images(model).combined()
    located = model
    if product is not None:
        science = _of_product(model, product)
    else:
        located = with_wcs(model, image, dq, input_dir)
        science = _of_wcs(located)
    if science is None:
        log.warning("Science regions are taken from the traces in the image; faint extended emission may be missed")
        science = masks.find_traces(np.asarray(image, float), masks.usable(image, err, dq), n_sigma)
    science |= _failed_open(located, shape)
    if exposure == "NRS_IFU" or (exposure == "NRS_MSASPEC" and not _fixed_slits_used(located)):
        science |= masks.fixed_slit_region(shape, _start(model)[1] - 1)
    return science


def _start(model):
    """Column and row, counted from 1, where the data begin in the full frame."""
    return model.meta.subarray.xstart or 1, model.meta.subarray.ystart or 1


def _of_product(model, product):
    if not isinstance(product, datamodels.JwstDataModel):
        if not os.path.isfile(product):
            raise FileNotFoundError(f"there is no stage-2 product {product}")
        with datamodels.open(os.fspath(product)) as opened:
            return _of_product(model, opened)
    name = product.meta.filename or type(product).__name__
    detectors = product.meta.instrument.detector, model.meta.instrument.detector
    if detectors[0] != detectors[1]:
        raise ValueError(f"{name} is of detector {detectors[0]}, the exposure of {detectors[1]}")
    cutouts = list(_cutouts(product, _start(product), _start(model)))
    shape = model.data.shape[-2:]
    if not cutouts or (not _is_cutout(product) and product.data.shape[-2:] != shape):
        given = None if not cutouts else product.data.shape
        raise ValueError(
            f"{name} has data of shape {given}, the exposure {shape}; give its unrectified stage-2 product"
        )
    log.info("Science regions from %s", name)
    return masks.paste_finite(shape, cutouts)


def _is_cutout(product):
    return hasattr(product, "slits") or getattr(product, "xstart", None) is not None


def _cutouts(product, start, origin):
    """(data, column, row) of every slit, or of the whole product, columns and rows counted from 0 in the exposure."""
    for part in getattr(product, "slits", [product]):
        if getattr(part, "data", None) is not None:
            column, row = ((getattr(part, key, None) or 1) - 1 for key in ("xstart", "ystart"))
            yield part.data, column + start[0] - origin[0], row + start[1] - origin[1]


def with_wcs(model, image, dq, input_dir):
    """The model if it has a WCS, else its image with a WCS from ``assign_wcs``, else the model without one.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.
    image : ndarray
        (ny, nx) image of the exposure.
    dq : ndarray or None
        (ny, nx) its flags.
    input_dir : path-like
        Directory of the MSA metadata file.

    Returns
    -------
    JwstDataModel
    """
    if model.meta.wcs is not None:
        return model
    if not (os.environ.get("CRDS_PATH") or os.environ.get("CRDS_SERVER_URL")):
        log.info("The exposure has no WCS, and without CRDS none can be assigned")
        return model
    bare = datamodels.ImageModel(data=np.asarray(image, np.float32), dq=None if dq is None else dq.astype(np.uint32))
    bare.update(model)
    assigned = _run(AssignWcsStep, bare, input_dir)
    if assigned.meta.wcs is None:
        return model
    return _run(MSAFlagOpenStep, assigned, input_dir)


def _run(step_class, model, input_dir):
    """Model after a step; the input model if the step fails, with the reason in the log."""
    step = step_class()
    step.input_dir = str(input_dir)
    pipeline_log = logging.getLogger("jwst")
    level = pipeline_log.level
    pipeline_log.setLevel(logging.CRITICAL + 1)  # a missing reference is harmless here: other sources follow
    try:
        return step.run(model)
    except Exception as error:  # missing reference or MSA files, an aperture off the detector, bad keywords, ...
        log.info("%s could not be used: %s: %s", step_class.__name__, type(error).__name__, error)
        return model
    finally:
        pipeline_log.setLevel(level)


def _of_wcs(model):
    if model.meta.wcs is None:
        return None
    science = np.zeros(model.data.shape[-2:], bool)
    try:
        mark = _mark_slices if model.meta.exposure.type == "NRS_IFU" else _mark_slits
        mark(model, science)
    except (AttributeError, KeyError, TypeError, ValueError, NotImplementedError) as error:
        log.info("The WCS gives no science regions: %s: %s", type(error).__name__, error)
        return None
    log.info("Science regions from the WCS")
    return science


def _mark_slices(model, science):
    """Mark the pixels of every IFU slice that have a wavelength."""
    for wcs in nirspec.nrs_ifu_wcs(model):
        x, y = gwcs.wcstools.grid_from_bounding_box(wcs.bounding_box)
        illuminated = np.isfinite(wcs(x, y)[2])
        _set(science, x[illuminated], y[illuminated])


def _mark_slits(model, science):
    """Mark the bounding box of every open slit."""
    wcs = model.meta.wcs
    for slit in wcs.get_transform("gwa", "slit_frame").slit_ids:
        x, y = gwcs.wcstools.grid_from_bounding_box(wcs.bounding_box[slit])
        _set(science, x, y)


def _set(science, x, y):
    x, y = (np.asarray(np.rint(values), int).ravel() for values in (x, y))
    inside = (x >= 0) & (y >= 0) & (x < science.shape[1]) & (y < science.shape[0])
    science[y[inside], x[inside]] = True


def _failed_open(model, shape):
    """Pixels that are flagged as illuminated by failed-open shutters."""
    dq = next((flags for name in ("dq", "pixeldq") if (flags := getattr(model, name, None)) is not None), None)
    if dq is None:
        return np.zeros(shape, bool)
    illuminated = (np.asarray(dq) & np.uint32(MSA_FAILED_OPEN)) != 0
    return illuminated.reshape(-1, *shape).any(axis=0)


def _fixed_slits_used(model):
    """Whether an MSA configuration also has targets in the fixed slits."""
    try:
        slits = model.meta.wcs.get_transform("gwa", "slit_frame").slits
        return any(slit.quadrant == _FIXED_SLIT_QUADRANT for slit in slits)
    except (AttributeError, TypeError, ValueError):
        return False

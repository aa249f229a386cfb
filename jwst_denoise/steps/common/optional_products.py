"""Optional products of a step, beside the main product and named as stpipe names it."""

import logging
from pathlib import Path

from stdatamodels.jwst import datamodels

from jwst_denoise import masks, report
from jwst_denoise.steps.common.atomic_write import AtomicModel, atomic_write
from jwst_denoise.steps.common.result import ImagePreview, MaskPreview
from jwst_denoise.steps.qa import correction, cosmic_ray_mask, image_denoise

__all__ = ["look", "write"]

log = logging.getLogger("stpipe.jwst_denoise.steps")

_MODEL_BY_DIMENSIONS = {2: datamodels.ImageModel, 3: datamodels.CubeModel, 4: datamodels.RampModel}


def look(model, settings, plane=0):
    """Take note of a data model before it is changed, for the page of ``save_qa``.

    Parameters
    ----------
    model : JwstDataModel
        The exposure.
    settings : jwst_denoise.steps.common.settings.Settings
        ``save_qa``.
    plane : int or None, optional
        Integration to show; None for the mean of all.

    Returns
    -------
    list of jwst_denoise.report.Exposure, or None
        None if no page was asked for or none can be made.
    """
    return _attempt("page", report.take, model, plane) if settings.save_qa else None


def write(step, model, result, settings, before=None):
    """Write the products that were asked for.

    ``<root>_<alias>_noise.fits``, ``_mask``, ``_background``, ``_qa.png``, ``_qa.html``, and ``<root>_crprob.fits``.

    Parameters
    ----------
    step : stpipe.Step
        Gives the directory and the naming; for a hook these are its pipeline's.
    model : JwstDataModel
        The corrected product.
    result : jwst_denoise.steps.common.result.Result
        Its arrays are written; those that were not asked for are None.
    settings : jwst_denoise.steps.common.settings.Settings
        ``save_qa``.
    before : list of jwst_denoise.report.Exposure, optional
        What `look` found before the correction.
    """
    for kind in ("noise", "background"):
        if getattr(result, kind) is not None:
            _write_array(_path(step, model, kind), model, getattr(result, kind))
    if result.probability is not None:
        _write_array(_path(step, model, "crprob", alone=True), model, result.probability)
    if result.mask is not None:
        with atomic_write(_announce(_path(step, model, "mask"))) as part:
            masks.write_mask(part, result.mask)
    if settings.save_qa:
        _write_qa(step, model, result.preview, before)


def _write_qa(step, model, preview, before):
    """Write picture and page; neither is worth losing the product for."""
    title = f"{model.meta.filename or ''}  {step.class_alias}".strip()
    if preview is not None:
        picture = {MaskPreview: cosmic_ray_mask, ImagePreview: image_denoise}.get(type(preview), correction)
        _attempt("picture", picture.write, _announce(_path(step, model, "qa", ext="png")), preview, title)
    if before is not None and (after := _attempt("page", report.take, model)):
        _attempt("page", report.write, _announce(_path(step, model, "qa", ext="html")), before, after, title)


def _attempt(what, function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        log.warning("No %s of %s: %s: %s", what, arguments[0], type(error).__name__, error)
        return None


def _path(step, model, kind, alone=False, **naming):
    """Path by stpipe's rules, with the same addition as in the name of the main product."""
    basepath = model.meta.filename or step.default_output_file()
    suffix = kind if alone else f"{step.class_alias}_{kind}"
    level = step.name_addition(model, basepath)
    path = Path(step.make_output_path(basepath=basepath, suffix=suffix, level=level, **naming))
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _write_array(path, model, array):
    with _MODEL_BY_DIMENSIONS[array.ndim](data=array) as product:
        product.update(model)
        AtomicModel(product).save(_announce(path))


def _announce(path):
    log.info("Saving %s", path)
    return str(path)

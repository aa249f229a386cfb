"""Optional products of a step, next to the main product and with names in the style of stpipe."""

import logging
from pathlib import Path

from stdatamodels.jwst import datamodels

from jwst_denoise import masks, report
from jwst_denoise.steps import qa
from jwst_denoise.steps.common.atomic_write import AtomicModel, atomic_write

__all__ = ["read_before", "write"]

log = logging.getLogger("stpipe.jwst_denoise.steps")

_MODEL_BY_DIMENSIONS = {2: datamodels.ImageModel, 3: datamodels.CubeModel, 4: datamodels.RampModel}


def read_before(model, settings, plane=0):
    """Read the images of a data model before it is changed, for ``save_qa``.

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
        None without ``save_qa``, and if the images cannot be read.
    """
    return _attempt("report", report.read_images, model, plane) if settings.save_qa else None


def write(step, model, result, settings, before=None):
    """Write the requested optional products.

    ``<root>_<alias>_noise.fits``, ``_mask``, ``_background``, ``_qa.png``, ``_qa.html``, and ``<root>_crprob.fits``.

    Parameters
    ----------
    step : stpipe.Step
        Determines directory and names; a hook uses those of its pipeline.
    model : JwstDataModel
        The corrected product.
    result : jwst_denoise.steps.common.result.Result
        Its arrays are written; those that were not requested are None.
    settings : jwst_denoise.steps.common.settings.Settings
        ``save_qa``.
    before : list of jwst_denoise.report.Exposure, optional
        Images before the correction, from `read_before`.
    """
    for kind in ("noise", "background"):
        if getattr(result, kind) is not None:
            _write_array(_path(step, model, kind), model, getattr(result, kind))
    if result.probability is not None:
        _write_array(_path(step, model, "crprob", alone=True), model, result.probability)
    if result.mask is not None:
        with atomic_write(_announce(_path(step, model, "mask"))) as part:
            masks.write_mask(part, result.mask)
    if before is not None:
        _write_qa(step, model, result, before)


def _write_qa(step, model, result, before):
    """Write picture and page; a failure costs neither the other nor the product."""
    if after := _attempt("report", report.read_images, model):
        picture, page = (_announce(_path(step, model, "qa", ext=ext)) for ext in ("png", "html"))
        _attempt("picture", qa.write_picture, picture, step.class_alias, before[0], after[0], result)
        _attempt("page", report.write_page, page, before, after, before[0].record.title(step.class_alias))


def _attempt(product, function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        log.warning("No %s of %s: %s: %s", product, arguments[0], type(error).__name__, error)
        return None


def _path(step, model, kind, alone=False, **naming):
    """Path by the rules of stpipe, with the same addition to the name as in the main product."""
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

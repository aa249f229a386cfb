"""Stacks: frames of one scene on the same pixels, combined into one denoised image."""

import numpy as np
from stdatamodels.jwst import datamodels

from jwst_denoise.dq import DO_NOT_USE
from jwst_denoise.exposure_io.alignment import frames_of, sky_of
from jwst_denoise.masks.drafts import as_cube
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.common.status import NotApplicable
from jwst_denoise.steps.exposure.image_product import ImageProduct
from jwst_denoise.steps.image_denoise.exposures import check
from jwst_denoise.steps.image_denoise.noise import slopes_of
from jwst_denoise.steps.image_denoise.products import QualityMonitor, keep_original

__all__ = ["check_stack", "denoise_stack"]

FEWEST = 2
REMEDY = "resample the exposures onto one grid (resample with output_wcs), or give rateints"
OFF = 0.1  # pixels by which frames may be displaced
COMMON = ("name", "detector", "filter", "pupil")  # of meta.instrument


def check_stack(models, force):
    """Refuse images that are not a stack on the same pixels.

    Parameters
    ----------
    models : sequence of JwstDataModel
        Images, or cubes with one image for each integration.
    force : bool
        Accept images that are already denoised.

    Raises
    ------
    NotApplicable
        With the reason and the remedy.
    """
    for model in models:
        check(model, force)
    first = models[0]
    frames = sum(len(model.data) if model.data.ndim == 3 else 1 for model in models)
    if frames < FEWEST:
        raise NotApplicable(f"a stack needs {FEWEST} frames or more, not one; give rateints, or several images")
    for model in models[1:]:
        name = model.meta.filename
        if model.shape[-2:] != first.shape[-2:]:
            raise NotApplicable(f"{name} has {model.shape[-2:]} pixels, the first {first.shape[-2:]}; {REMEDY}")
        for key, one, other in (
            ("the unit", model.meta.bunit_data, first.meta.bunit_data),
            *((key, getattr(model.meta.instrument, key), getattr(first.meta.instrument, key)) for key in COMMON),
        ):
            if one != other:
                raise NotApplicable(f"{key} of {name} is {one}, that of the first {other}; stack images of one kind")
    if len(models) > 1:
        _check_pointing(models)


def denoise_stack(models, like, run, gain, settings):
    """Combine a stack into one denoised image.

    Parameters
    ----------
    models : sequence of JwstDataModel
        Stack that `check_stack` has accepted.
    like : JwstDataModel
        The image gets the header of this data model.
    run : callable
        Sequence of `SlopeImage` -> `DenoisedImage`.
    gain : float or ndarray
        e-/s for one unit of the frames.
    settings : object
        ``keep_original``, ``source_threshold``, ``save_noise``.

    Returns
    -------
    stacked : ImageModel
        The image. Its ``SCI_ORIGINAL`` is the clipped mean of the frames (co-addition).
    result : jwst_denoise.steps.common.result.Result
    """
    frames = []
    for model in models:
        slopes = slopes_of(model, gain)
        frames += [slopes(k) for k in range(len(model.data) if model.data.ndim == 3 else 1)]
    result = run(frames)
    stacked = _mean_image(models, like, result.observed, gain)
    product = ImageProduct(stacked, gain)
    before, err = stacked.data.copy(), stacked.err.copy()
    written = product.write(0, result, np.isfinite(result.observed.rate))
    monitor = QualityMonitor(product, settings.source_threshold)
    monitor.see(0, result.observed, result, written)
    if settings.keep_original:
        keep_original(stacked, before, err)
    removed = before - stacked.data if settings.save_noise else None
    metrics = monitor.report() | {"frames": len(frames)}
    return stacked, Result(removed, quality=monitor.quality, metrics=metrics)


def _check_pointing(models):
    """Refuse frames that are displaced, turned or scaled against the first."""
    first = models[0]
    try:
        skies = [sky_of(model, model.meta.filename) for model in models]
    except ValueError as reason:
        raise NotApplicable(str(reason)) from reason
    ny, nx = first.shape[-2:]
    corners = np.array([[0, 0, 1], [ny - 1, 0, 1], [0, nx - 1, 1], [ny - 1, nx - 1, 1]], dtype=float)
    for model, frame in zip(models, frames_of(skies, (ny, nx)), strict=True):
        off = np.abs(corners @ frame.T - corners[:, :2]).max()
        if off > OFF:
            raise NotApplicable(f"{model.meta.filename} lies {off:.2f} pixels off the first; {REMEDY}")


def _mean_image(models, like, mean, gain):
    """`ImageModel` of the mean of the frames."""
    stacked = datamodels.ImageModel(mean.rate.shape)
    stacked.update(like)
    if like.meta.hasattr("wcs"):
        stacked.meta.wcs = like.meta.wcs
    stacked.data = _in_unit(mean.rate, gain)
    stacked.var_rnoise = _in_unit(mean.read_noise, gain) ** 2
    stacked.var_poisson = _in_unit(np.sqrt(np.maximum(mean.variance - mean.read_noise**2, 0)), gain) ** 2
    stacked.err = np.sqrt(stacked.var_rnoise + stacked.var_poisson)
    stacked.dq = _flags(models, mean)
    if len(models) > 1 and like is models[0]:
        stacked.meta.exposure.exposure_time = sum(model.meta.exposure.exposure_time for model in models)
    return stacked


def _in_unit(image, gain):
    return np.asarray(image / gain, dtype=np.float32)


def _flags(models, mean):
    """Flags that all frames have; DO_NOT_USE exactly where the mean has no value."""
    cubes = [as_cube(model.dq, model.data.shape) for model in models]
    known = all(cube is not None for cube in cubes)
    planes = [np.bitwise_and.reduce(cube) for cube in cubes] if known else [np.zeros(mean.rate.shape, np.uint32)]
    flags = np.bitwise_and.reduce(planes)
    missing = ~np.isfinite(mean.rate)
    return np.where(missing, flags | DO_NOT_USE, flags & ~np.uint32(DO_NOT_USE)).astype(np.uint32)

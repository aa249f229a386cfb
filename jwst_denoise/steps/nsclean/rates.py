"""Cleaning of rate images: one image, or one for each integration, in chunks."""

import logging

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, NOT_BACKGROUND, REFERENCE_PIXEL
from jwst_denoise.statistics import box_level
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.exposure.image_product import ImageProduct
from jwst_denoise.steps.nsclean import errors
from jwst_denoise.steps.nsclean.contamination import check_error_scale
from jwst_denoise.steps.nsclean.fitter import source_metrics

__all__ = ["clean", "fit_errors"]

log = logging.getLogger("stpipe.jwst_denoise.nsclean")

CHUNK_PIXELS = 2**22  # bounds the memory: about 20 float32 copies of a chunk are alive at once


def clean(model, mask, fitter, settings):
    """Subtract the correlated noise from every image of a rate product, and update its errors, in place.

    Parameters
    ----------
    model : JwstDataModel
        ``data`` of shape (ny, nx) or (integrations, ny, nx); ``err``, ``dq`` and variances if it has them.
    mask : ndarray of bool
        (ny, nx) or (integrations, ny, nx), True on background pixels.
    fitter : jwst_denoise.steps.nsclean.fitter.Fitter or jwst_denoise.steps.nsclean.time_series.StarFitter
        The fit.
    settings : object
        ``save_noise``, ``save_mask``, ``save_background``.

    Returns
    -------
    jwst_denoise.steps.common.result.Result

    Raises
    ------
    CorrectionFailed
        If the scatter of the background pixels shows that they contain astronomical signal; nothing is changed.
    """
    product = _CleanedProduct(model)
    shape = product.data.shape
    size = max(1, CHUNK_PIXELS // (shape[1] * shape[2]))
    noise = np.zeros(shape, np.float32) if settings.save_noise else None
    background = np.zeros(shape, np.float32) if settings.save_background else None
    fitter = _prepared(product, mask, fitter)
    scale, square, losses = None, 0.0, None
    for part in chunks(shape[0], size, "integrations"):
        images, dark = product.images(part), _planes(mask, part)
        fit, used = fitter(images, dark, product.relative_err(part), part), dark & np.isfinite(images)
        if scale is None:
            losses = source_metrics(fit, fitter.readout, settings.max_source_loss) if losses is None else losses
            scale = product.error_scale(part, fitter.residual(images, fit), used, fit.variance)
            check_error_scale(scale)
        removed = np.where(product.fixed(part) | ~np.isfinite(fit.noise), 0, fit.noise)
        product.subtract(part, removed)
        product.update_errors(part, scale, used, fit.variance, fit.sum_excess)
        square += float(np.sum(removed**2, dtype=float)) / removed[0].size
        for target, source in ((noise, removed), (background, fit.background)):
            if target is not None:
                target[part] = source
    metrics = {
        "scene": fitter.scene,
        "dark_fraction": float(mask.mean()),
        "noise_rms": float(np.sqrt(square / shape[0])),
        **losses,
    }
    if scale is not None:
        metrics["error_scale"] = scale
    unit = model.meta.bunit_data or "(no BUNIT)"
    scaled = f"; read noise variance × {scale:.3f}" if scale else ""
    log.info("Removed correlated noise of %.4g %s rms%s", metrics["noise_rms"], unit, scaled)
    noise, background = (None if a is None else a.reshape(model.data.shape) for a in (noise, background))
    saved = mask if settings.save_mask else None
    return Result(noise, saved, background, metrics, background_pixels=_planes(mask, 0))


def fit_errors(model, mask):
    """Fit the errors of a rate product to the scatter of its background pixels, in place; the data do not change.

    This is for rates of cleaned groups: ramp fitting computes their errors from the read noise of uncleaned groups.

    Parameters
    ----------
    model : JwstDataModel
        As for `clean`.
    mask : ndarray of bool
        (ny, nx) or (integrations, ny, nx), True on background pixels.

    Returns
    -------
    jwst_denoise.steps.common.result.Result
    """
    product = _CleanedProduct(model)
    if product.err is None:
        log.warning("This %s has no errors to fit", type(model).__name__)
        return Result()
    count, ny, nx = product.data.shape
    size = max(1, CHUNK_PIXELS // (ny * nx))
    first = slice(0, min(count, size))
    images, zero = product.images(first), np.zeros((1, ny, nx), np.float32)
    scale = product.error_scale(first, images, _planes(mask, first) & np.isfinite(images), zero)
    sum_excess = (model.meta.jwst_denoise.nsclean.sum_error or 1.0) ** 4
    for part in chunks(count, size, "integrations"):
        product.update_errors(part, scale, False, zero, sum_excess)
    log.info("Read noise variance × %.3f; the data are unchanged", scale)
    return Result(metrics={"error_scale": scale})


class _CleanedProduct(ImageProduct):
    """Images whose noise is subtracted and whose errors follow; ``err`` is None where no errors can be updated."""

    def __init__(self, model):
        super().__init__(model)
        if not self.has_errors:
            self.err = None

    def fixed(self, part):
        """Pixels that must not change."""
        return self.flagged(part, DO_NOT_USE | REFERENCE_PIXEL)

    def images(self, part):
        """Native float32 copy of some images, NaN where flagged."""
        images = np.array(self.data[part], dtype=np.float32)
        images[np.broadcast_to(self.flagged(part, NOT_BACKGROUND), images.shape)] = np.nan
        return images

    def relative_err(self, part):
        """Error of one image for the whole stack: only its pattern matters to the fit."""
        return None if self.err is None else np.array(self.err[part][0], dtype=np.float32)

    def error_scale(self, part, cleaned, used, variance):
        """Factor on the read noise variance, see `errors`; None without errors."""
        if self.err is None:
            return None
        residual = np.stack([image - box_level(image, good) for image, good in zip(cleaned, used, strict=True)])
        total = np.array(self.err[part], dtype=np.float64) ** 2
        read = total if self.var_rnoise is None else np.array(self.var_rnoise[part], dtype=np.float32)
        with np.errstate(invalid="ignore"):
            other = np.maximum(total - read, 0)
        return errors.error_scale(residual, used, read, other, variance)

    def subtract(self, part, noise):
        self.data[part] -= noise.astype(self.data.dtype)

    def update_errors(self, part, scale, used, variance, sum_excess):
        if scale is None:
            return
        read = None if self.var_rnoise is None else self.var_rnoise[part]
        err, new_read = errors.updated(self.err[part], read, scale, used, variance, sum_excess)
        keep = self.fixed(part)
        self.err[part] = np.where(keep, self.err[part], err)
        if read is not None:
            self.var_rnoise[part] = np.where(keep, read, new_read)


def _prepared(product, mask, fitter):
    """Fitter with the noise statistics of evenly spread integrations."""
    sample = fitter.sample(product.data.shape)
    return fitter.prepared(product.images(sample), _planes(mask, sample), product.relative_err(sample), sample)


def _planes(mask, part):
    return mask if mask.ndim == 2 else mask[part]

"""Denoising of rates: what ramp fitting leaves, image by image.

A network sees each slope in e-/s with the noise that the fit reports for it. Where the network has no weight, the
arrays stay as ``ramp_fit`` wrote them.
"""

import functools
import logging

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, REFERENCE_PIXEL
from jwst_denoise.masks.drafts import as_cube
from jwst_denoise.ramps.slopes import SlopeImage, slope_noise
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.exposure.image_product import ImageProduct

__all__ = ["denoise", "slope_images"]

log = logging.getLogger("stpipe.jwst_denoise.ramp_denoise")


def denoise(models, network, readout, noise, settings):
    """Denoise every image of the rate products of one exposure in place.

    Parameters
    ----------
    models : sequence of ImageModel, IFUImageModel or CubeModel
        Rates in DN/s with ``err``, ``dq``, ``var_poisson`` and ``var_rnoise``, from ramp fitting.
    network : object
        With ``denoise``, see `jwst_denoise.networks.ramp_denoise`.
    readout : jwst_denoise.readout.Readout
        Order in which the pixels are read.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise and gain.
    settings : RampDenoiseSettings
        ``tile_size``, ``save_noise``, ``save_qa``.

    Returns
    -------
    list of jwst_denoise.steps.common.result.Result
    """
    run = _remember_last(functools.partial(network.denoise, readout=readout, tile=settings.tile_size))
    order = sorted(range(len(models)), key=lambda k: -models[k].data.ndim)
    results = {k: _denoise_product(models[k], run, readout, noise, settings) for k in order}
    return [results[k] for k in range(len(models))]


def slope_images(model, noise):
    """Slopes of a rate product with their read noise and Poisson noise.

    Parameters
    ----------
    model : ImageModel or CubeModel
        With ``var_rnoise``, and ``ngroups``, ``group_time`` and ``nints`` in its header.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise and gain.

    Returns
    -------
    callable
        Index of an image -> `SlopeImage`, NaN where there is no slope, and on unusable and reference pixels.

    Notes
    -----
    The Poisson variance is that of a whole ramp, times the cube root of the ratio of the read noise variances: with
    fewer groups n, read noise grows as 1/√n³ and Poisson noise as 1/√n.
    """
    exposure = model.meta.exposure
    combined = (exposure.nints or 1) if model.data.ndim == 2 else 1
    whole = slope_noise(exposure.ngroups, noise.group_time, noise.nframes, noise.groupgap)
    gain = np.asarray(noise.gain, np.float32)
    with np.errstate(invalid="ignore"):
        electrons = np.where(gain > 0, gain, np.nan)
    typical = whole.read * noise.read_noise / np.sqrt(noise.nframes * combined)
    data, dq, variance = (as_cube(getattr(model, name), model.data.shape) for name in ("data", "dq", "var_rnoise"))

    def slopes(k):
        with np.errstate(invalid="ignore", divide="ignore"):
            read = np.sqrt(np.array(variance[k], np.float32)) * electrons
            poisson = whole.poisson / combined * np.cbrt(read / typical) ** 2
            good = (read > 0) & np.isfinite(poisson) & ((dq[k] & (DO_NOT_USE | REFERENCE_PIXEL)) == 0)
            rate = np.where(good, np.array(data[k], np.float32) * electrons, np.nan)
        rate[~np.isfinite(rate)] = np.nan
        return SlopeImage(rate, np.where(good, read, np.nan), np.where(good, poisson, np.nan).astype(np.float32))

    return slopes


def _remember_last(function):
    """Function that remembers its last image: the rate of a single integration is that of the exposure."""
    last = []

    def remembered(slopes):
        if not last or not _same(slopes, last[0]):
            last[:] = slopes, function(slopes)
        return last[1]

    return remembered


def _denoise_product(model, run, readout, noise, settings):
    gain = np.asarray(noise.gain, np.float32)
    product = ImageProduct(model, gain, slope_images(model, noise))
    count = len(product)
    before = np.array(product.data) if settings.save_noise else None
    square, mean_weight, first_weight = 0.0, 0.0, None
    for part in chunks(count, 1, "integrations"):
        k = part.start
        slopes = product.slopes(k)
        result = run(slopes)
        written = product.write(k, result, np.isfinite(slopes.rate))
        square += float(np.mean((result.correlated / gain)[written] ** 2)) if written.any() else 0.0
        weight = np.where(written, result.network_weight, 0)
        first_weight = weight if first_weight is None else first_weight
        mean_weight += float(np.mean(weight)) / count
    metrics = {"noise_rms": float(np.sqrt(square / count)), "share": mean_weight}
    log.info(
        "Removed correlated noise of %.4g DN/s rms; mean weight of the network %.1f %%",
        metrics["noise_rms"], 100 * mean_weight,
    )  # fmt: skip
    removed = product.restore_shape(before - product.data) if settings.save_noise else None
    return Result(removed, weight=first_weight, metrics=metrics)


def _same(slopes, others):
    pairs = ((getattr(slopes, name), getattr(others, name)) for name in ("rate", "read_noise", "poisson"))
    return all(np.array_equal(*pair, equal_nan=True) for pair in pairs)

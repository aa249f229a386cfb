"""Denoising of rates: what ramp fitting has left, image by image.

A network sees each slope in e-/s with the noise that the fit says it has. Where the network has no share in the result,
the arrays stay as ``ramp_fit`` has written them (`denoised_pixels`).
"""

import logging

import numpy as np

from jwst_denoise.masks.drafts import as_cube
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.exposure import denoised_pixels
from jwst_denoise.steps.exposure.slope_images import slope_images

__all__ = ["denoise"]

log = logging.getLogger("stpipe.jwst_denoise.ramp_denoise")

ARRAYS = ("data", "err", "var_poisson", "var_rnoise")


def denoise(models, network, readout, noise, settings):
    """Denoise every image of rate products of one exposure in place.

    Parameters
    ----------
    models : sequence of ImageModel, IFUImageModel or CubeModel
        Rates in DN/s with ``err``, ``dq``, ``var_poisson`` and ``var_rnoise``, from ramp fitting.
    network : object
        With ``denoise``, see `jwst_denoise.networks.ramp_denoise`.
    readout : jwst_denoise.readout.Readout
        Order of reading.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise and gain.
    settings : object
        ``tile_size``, ``save_noise``.

    Returns
    -------
    list of jwst_denoise.steps.common.result.Result
    """
    once = _Once(lambda slopes: network.denoise(slopes, readout, tile=settings.tile_size))
    order = sorted(range(len(models)), key=lambda k: -models[k].data.ndim)
    results = {k: _denoise(models[k], once, readout, noise, settings) for k in order}
    return [results[k] for k in range(len(models))]


class _Once:
    """A function that remembers its last image: the rate of a single integration is that of the exposure."""

    def __init__(self, function):
        self.function, self.last = function, None

    def __call__(self, slopes):
        if self.last is None or not _same(slopes, self.last[0]):
            self.last = slopes, self.function(slopes)
        return self.last[1]


def _denoise(model, function, readout, noise, settings):
    shape = model.data.shape
    arrays = {name: as_cube(getattr(model, name), shape) for name in ARRAYS}
    slopes_of, gain, count = slope_images(model, noise), np.asarray(noise.gain, np.float32), len(arrays["data"])
    before = np.array(arrays["data"]) if settings.save_noise else None
    square, share, weight = 0.0, 0.0, None
    for part in chunks(count, 1, "integrations"):
        slopes = slopes_of(part.start)
        found = function(slopes)
        planes = {name: array[part.start] for name, array in arrays.items()}
        taken = denoised_pixels.write(planes, found, np.isfinite(slopes.rate), gain)
        square += float(np.mean((found.correlated / gain)[taken] ** 2)) if taken.any() else 0.0
        plane_weight = np.where(taken, found.network_weight, 0)
        weight = plane_weight if weight is None else weight
        share += float(np.mean(plane_weight))
    metrics = {"noise_rms": float(np.sqrt(square / count)), "share": share / count}
    log.info("Removed %.4g DN/s rms of correlated noise; %.1f %% network", metrics["noise_rms"], 100 * share / count)
    removed = (before - arrays["data"]).reshape(shape) if settings.save_noise else None
    return Result(removed, weight=weight, metrics=metrics)


def _same(slopes, others):
    pairs = ((getattr(slopes, name), getattr(others, name)) for name in ("rate", "read_noise", "poisson"))
    return all(np.array_equal(*pair, equal_nan=True) for pair in pairs)

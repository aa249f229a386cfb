"""Slope images of rate products, in the units of networks."""

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, REFERENCE_PIXEL
from jwst_denoise.masks.drafts import as_cube
from jwst_denoise.ramps.slopes import SlopeImage, slope_noise

__all__ = ["slope_images"]


def slope_images(model, noise):
    """Slopes of a rate product with the noise that they have by read noise and light.

    Parameters
    ----------
    model : ImageModel or CubeModel
        With ``var_rnoise``, and ``ngroups``, ``group_time`` and ``nints`` in its header.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise and gain.

    Returns
    -------
    callable
        Index of an image → `SlopeImage`, NaN where there is no slope, and on unusable and reference pixels.

    Notes
    -----
    The variance by light is that of a whole ramp, times the cube root of the ratio of the read noise variances: with
    fewer groups, noise grows as 1/√n³ and light as 1/n.
    """
    exposure = model.meta.exposure
    combined = (exposure.nints or 1) if model.data.ndim == 2 else 1
    whole = slope_noise(exposure.ngroups, noise.group_time, noise.nframes, noise.groupgap)
    gain = np.asarray(noise.gain, np.float32)
    with np.errstate(invalid="ignore"):
        electrons = np.where(gain > 0, gain, np.nan)
    typical = whole.read * noise.read_noise / np.sqrt(noise.nframes * combined)
    data, dq, variance = (as_cube(getattr(model, name), model.data.shape) for name in ("data", "dq", "var_rnoise"))

    def make(k):
        with np.errstate(invalid="ignore", divide="ignore"):
            read = np.sqrt(np.array(variance[k], np.float32)) * electrons
            poisson = whole.poisson / combined * np.cbrt(read / typical) ** 2
            good = (read > 0) & np.isfinite(poisson) & ((dq[k] & (DO_NOT_USE | REFERENCE_PIXEL)) == 0)
            rate = np.where(good, np.array(data[k], np.float32) * electrons, np.nan)
        rate[~np.isfinite(rate)] = np.nan
        return SlopeImage(rate, np.where(good, read, np.nan), np.where(good, poisson, np.nan).astype(np.float32))

    return make

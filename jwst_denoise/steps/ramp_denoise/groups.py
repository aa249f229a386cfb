"""Groups of ramps without their correlated noise, for ramp fitting."""

import logging

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, REFERENCE_PIXEL, SATURATED
from jwst_denoise.ramps.slopes import RemovedNoise
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result

__all__ = ["clean"]

log = logging.getLogger("stpipe.jwst_denoise.ramp_denoise")


def clean(model, network, readout, noise, settings):
    """Subtract the correlated noise that a network sees from every group, in place.

    The first group keeps its noise: no slope depends on it.

    Parameters
    ----------
    model : RampModel
        ``data`` of shape (integrations, groups, ny, nx), linear, in DN.
    network : object
        With ``group_noise``, see `jwst_denoise.networks.ramp_denoise`.
    readout : jwst_denoise.readout.Readout
        Order of reading.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise and gain.
    settings : object
        ``tile_size``, ``save_noise``.

    Returns
    -------
    jwst_denoise.steps.common.result.Result
    """
    nints, ngroups = model.data.shape[:2]
    gain = np.asarray(noise.gain, np.float32)
    with np.errstate(invalid="ignore"):
        known = np.broadcast_to((gain > 0) & np.isfinite(noise.read_noise), model.data.shape[-2:])
    good = known & ((model.pixeldq & (DO_NOT_USE | REFERENCE_PIXEL)) == 0)
    removed_noise = np.zeros(model.data.shape, np.float32) if settings.save_noise else None
    total = RemovedNoise(ngroups, model.meta.exposure.group_time)
    for part in chunks(nints, 1, "integrations"):
        k = part.start
        flags = model.groupdq[k]
        usable = good & ((flags & (DO_NOT_USE | SATURATED)) == 0) & np.isfinite(model.data[k])
        groups = np.array(model.data[k], np.float32) * gain
        groups[:, ~known] = np.nan
        removed = network.group_noise(
            groups, noise, readout, usable=usable, jump=(flags & JUMP_DET) != 0, tile=settings.tile_size
        )
        del groups
        with np.errstate(invalid="ignore", divide="ignore"):
            removed /= gain
        removed[~usable] = 0
        model.data[k] -= removed.astype(model.data.dtype, copy=False)
        total.add(slice(1, ngroups), removed[1:])
        if removed_noise is not None:
            removed_noise[k] = removed
    metrics = {"noise_rms": total.rate_rms}
    log.info("Removed %.4g DN rms from the groups, %.4g DN/s rms from the rates", total.group_rms, total.rate_rms)
    return Result(removed_noise, metrics=metrics)

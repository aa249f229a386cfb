"""Correlated noise of every group of a ramp, as the recurrent denoiser sees it."""

from dataclasses import replace

import numpy as np

from jwst_denoise.ramps.slopes import SlopeImage, fit_slope

__all__ = ["group_noise"]


def group_noise(network, groups, noise, readout, *, usable=None, jump=None, tile=256, progress=None):
    """Correlated noise to be subtracted from the groups of a ramp.

    The difference of two groups is the slope of a ramp of two. What it holds beside the denoised scene is noise, of
    which the network tells the correlated part. The differences' noise is added up the ramp, and a multiple of the time
    makes its slope that of the noise which the network sees in the slope of the whole ramp, where it sees best.

    Parameters
    ----------
    network : RampDenoise
        In evaluation mode.
    groups : ndarray
        (ngroups, ny, nx) e-; what is not finite is not used.
    noise : jwst_denoise.ramps.noise.GroupNoise
        Read noise, group time and frames.
    readout : jwst_denoise.readout.Readout
        How the pixels are read.
    usable, jump : ndarray, optional
        (ngroups, ny, nx) bool, as for `jwst_denoise.ramps.slopes.fit_slope`.
    tile : int, optional
        Edge of the tiles in pixels; the result does not depend on it.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    ndarray
        (ngroups, ny, nx) float32 e-, 0 in the first group and in pixels that have no slope.
    """
    tell = progress or (lambda fraction: None)
    ngroups = len(groups)
    group_time = noise.group_time
    slopes = fit_slope(groups, noise, usable=usable, jump=jump)
    whole = network.denoise(slopes, readout, tile=tile)
    correlated = np.zeros(np.shape(groups), dtype=np.float32)
    scene = np.nan_to_num(whole.rate)
    for group in range(1, ngroups):
        tell(group / ngroups)
        pair = slice(group - 1, group + 1)
        flags = {name: None if f is None else f[pair] for name, f in (("usable", usable), ("jump", jump))}
        step = fit_slope(groups[pair], noise, **flags)
        light = step.poisson * np.clip(scene, 0, None)
        step = replace(step, rate=step.rate - scene, read_noise=np.sqrt(step.read_noise**2 + light))
        seen = network.correlated(SlopeImage(step.rate, step.read_noise, 0.0), readout, tile=tile)
        correlated[group] = correlated[group - 1] + seen * np.float32(group_time) * whole.share
    time = (np.arange(ngroups) - (ngroups - 1) / 2).astype(np.float32) * np.float32(group_time)
    missing = whole.correlated - np.tensordot(time / np.sum(time**2), correlated, axes=1)
    correlated += (time - time[0])[:, None, None] * missing
    tell(1.0)
    return correlated

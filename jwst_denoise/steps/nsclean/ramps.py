"""Cleaning of ramps, group by group.

Every group is one read (or a mean of reads) with its own correlated noise, added to a pedestal and to the accumulated
charge. The noise is fitted to the *difference* of successive groups, which contains no pedestal and the least sky, and
where a jump affects one difference instead of all later groups. The fits are then accumulated along the ramp: the
noise of a group minus that of the first group is subtracted. The noise of the first group remains as part of the
pedestal, on which no slope depends. For a linear estimate with one mask this equals fitting each group minus the first:
the estimates for the groups in between cancel in the sum, and errors do not accumulate.

The draft rate serves for the mask only. Subtracting it from the differences would hide the noise that matters for the
slope, since the mean of the differences is the part of the noise that mimics signal.
"""

import logging

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, NOT_BACKGROUND, REFERENCE_PIXEL
from jwst_denoise.masks.drafts import bad_differences
from jwst_denoise.ramps.slopes import RemovedNoise
from jwst_denoise.steps.common.progress import chunks
from jwst_denoise.steps.common.result import Result
from jwst_denoise.steps.nsclean.contamination import check_group_correlation
from jwst_denoise.steps.nsclean.fitter import source_metrics

__all__ = ["clean", "fixed", "plane", "unusable"]

log = logging.getLogger("stpipe.jwst_denoise.nsclean")

CHUNK_PIXELS = 2**22
SAMPLE_PIXELS = 2**23


def clean(model, mask, fitter, settings):
    """Subtract the correlated noise from every group of a ramp, in place.

    Parameters
    ----------
    model : RampModel
        ``data`` of shape (integrations, groups, ny, nx), two groups or more.
    mask : ndarray of bool
        (ny, nx) or (integrations, ny, nx), True on background pixels.
    fitter : jwst_denoise.steps.nsclean.fitter.Fitter
        The fit.
    settings : object
        ``save_noise``, ``save_mask``, ``save_background``.

    Returns
    -------
    jwst_denoise.steps.common.result.Result

    Raises
    ------
    CorrectionFailed
        If the fitted noise of an exposure whose sky is kept is astronomical signal; nothing is changed.
    """
    nints, ngroups, ny, nx = model.data.shape
    fitter = _calibrated(model, mask, fitter)
    first = _fit_of(model, mask, fitter, 1)
    if fitter.options["background"] == "keep" and ngroups > 2:
        check_group_correlation(first.noise[0], _fit_of(model, mask, fitter, ngroups - 1).noise[0])
    noise = np.zeros(model.data.shape, np.float32) if settings.save_noise else None
    background = np.zeros((nints, ny, nx), np.float32) if settings.save_background else None
    losses = source_metrics(first, fitter.readout, settings.max_source_loss)
    total = RemovedNoise(ngroups, model.meta.exposure.group_time)
    for index in (part.start for part in chunks(nints, 1, "integrations")):
        for groups, removed, sky in _fits(model, index, mask, fitter):
            total.add(groups, removed)
            if noise is not None:
                noise[index, groups] = removed
            if background is not None:
                background[index] += sky.sum(axis=0) / (ngroups - 1)
    metrics = {"scene": fitter.scene, "dark_fraction": float(mask.mean()), "noise_rms": total.rate_rms, **losses}
    log.info("Removed %.4g DN rms from the groups, %.4g DN/s rms from the rates", total.group_rms, total.rate_rms)
    saved = mask if settings.save_mask else None
    return Result(noise, saved, background, metrics, background_pixels=plane(mask, 0))


def _fit_of(model, mask, fitter, group):
    """Fit to the difference of a group of the first integration and the one before."""
    step = np.diff(np.array(model.data[0, group - 1 : group + 1], np.float32), axis=0)
    step[unusable(model, 0, slice(group, group + 1))] = np.nan
    return fitter(step, plane(mask, 0))


def _fits(model, index, mask, fitter):
    """Clean one integration in chunks; yield (slice of groups, noise removed, background of the differences)."""
    _, ngroups, ny, nx = model.data.shape
    previous = np.array(model.data[index, :1], np.float32)
    total = np.zeros((ny, nx), np.float32)
    size = max(1, CHUNK_PIXELS // (ny * nx))
    for start in range(1, ngroups, size):
        groups = slice(start, min(start + size, ngroups))
        original = np.array(model.data[index, groups], np.float32)
        steps = np.diff(np.concatenate([previous, original]), axis=0)
        steps[unusable(model, index, groups)] = np.nan
        fit = fitter(steps, plane(mask, index))
        removed = np.cumsum(fit.noise, axis=0, dtype=np.float32) + total
        previous, total = original[-1:], removed[-1].copy()
        removed[fixed(model, index, groups) | ~np.isfinite(removed)] = 0
        model.data[index, groups] -= removed.astype(model.data.dtype)
        yield groups, removed, fit.background


def _calibrated(model, mask, fitter):
    """Fitter with the noise statistics of a sample of differences, spread over the exposure."""
    nints, ngroups, ny, nx = model.data.shape
    count = nints * (ngroups - 1)
    chosen = np.unique(np.linspace(0, count - 1, min(count, max(1, SAMPLE_PIXELS // (ny * nx)), 64)).astype(int))
    sample, masks = [], []
    for index, group in zip(*np.divmod(chosen, ngroups - 1), strict=True):
        pair = np.array(model.data[index, group : group + 2], np.float32)
        step = pair[1:] - pair[:1]
        step[unusable(model, index, slice(group + 1, group + 2))] = np.nan
        sample.append(step[0])
        masks.append(plane(mask, index))
    return fitter.prepared(np.stack(sample), mask if mask.ndim == 2 else np.stack(masks))


def unusable(model, index, groups):
    """Differences that end in these groups and cannot be used to measure noise."""
    flags = model.groupdq[index, groups.start - 1 : groups.stop]
    return bad_differences(flags) | ((model.pixeldq & NOT_BACKGROUND) != 0)


def fixed(model, index, groups):
    """Pixels of these groups that must not change."""
    unused = (model.groupdq[index, groups] & DO_NOT_USE) != 0
    return unused | ((model.pixeldq & (DO_NOT_USE | REFERENCE_PIXEL)) != 0)


def plane(mask, index):
    """Mask of one integration or of some."""
    return mask if mask.ndim == 2 else mask[index]

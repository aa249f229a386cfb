"""Slopes of ramps with gaps: the least-squares slope that all pieces of a ramp share."""

import numpy as np

__all__ = ["fit_slopes"]

TINY = 1e-30


def fit_slopes(ramp, broken, times):
    """Least-squares slope of each pixel, with a break wherever a group does not continue the one before.

    Parameters
    ----------
    ramp : ndarray
        (ngroups, ny, nx).
    broken : ndarray
        (ngroups, ny, nx) int8: 1 where a step lies between this group and the one before, 2 where the group
        cannot be used.
    times : ndarray
        (ngroups,) s.

    Returns
    -------
    slope : ndarray
        (ny, nx) float32, NaN where no two groups belong together.
    weight : ndarray
        (ny, nx) float32: sum of squared times from the mean of their segment, s². The variance of the slope for
        white noise of variance σ² is σ² / weight.

    Notes
    -----
    The slope that all segments share, each with its own offset: with t and y reduced by their segment's means,
    Σ t y / Σ t².
    """
    ngroups, ny, nx = ramp.shape
    time = np.asarray(times, dtype=float) - np.mean(times)
    slope = np.full((ny, nx), np.nan) if ngroups < 2 else np.zeros((ny, nx))
    for group, usable, t in zip(ramp, broken < 2, time / max(np.sum(time**2), TINY), strict=True):
        slope += t * np.where(usable, group, 0)
    weight = np.full((ny, nx), np.sum(time**2))
    y, x = np.nonzero((broken[1:] > 0).any(axis=0) | (broken[0] > 1))
    if len(y):
        slope[y, x], weight[y, x] = _segments(ramp[:, y, x].T.astype(float), broken[:, y, x].T, time)
    return slope.astype(np.float32), weight.astype(np.float32)


def _segments(ramp, broken, time):
    """Slope and weight of ramps (n, ngroups) in pieces."""
    n, ngroups = ramp.shape
    usable = broken < 2
    label = np.cumsum(broken == 1, axis=1) + np.arange(n)[:, None] * (ngroups + 1)

    def reduced(values):
        count = np.bincount(label[usable], minlength=n * (ngroups + 1))
        total = np.bincount(label[usable], values[usable], minlength=n * (ngroups + 1))
        return np.where(usable, values - (total / np.maximum(count, 1))[label], 0)

    t, y = reduced(np.broadcast_to(time, ramp.shape)), reduced(ramp)
    weight = np.sum(t**2, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(weight > 0, np.sum(t * y, axis=1) / weight, np.nan)
    return slope, weight

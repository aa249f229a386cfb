"""Draft images of an exposure, from which its background mask is made."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, SATURATED
from jwst_denoise.statistics import masked_median, robust_sigma

__all__ = ["Drafts", "as_cube", "bad_differences", "ramp_drafts", "rate_drafts"]

_MOST_IN_MEDIAN = 32
_CHUNK_PIXELS = 2**22
_CLIP = 5


@dataclass(frozen=True)
class Drafts:
    """Draft images of the integrations, computed on demand.

    Parameters
    ----------
    count : int
        Number of integrations.
    make : callable
        Index → (image, err or None, dq or None), each (ny, nx).
    """

    count: int
    make: Callable

    def __iter__(self):
        """Iterate over the drafts of all integrations."""
        return (self.make(index) for index in range(self.count))

    def combined(self):
        """Draft of the whole exposure: median of evenly spread integrations, and the flags that they all have."""
        chosen = np.unique(np.linspace(0, self.count - 1, min(self.count, _MOST_IN_MEDIAN)).astype(int))
        if len(chosen) == 1:
            return self.make(int(chosen[0]))
        images, errs, dqs = zip(*(self.make(int(index)) for index in chosen), strict=True)
        image = _median(np.stack(images))
        err = None if errs[0] is None else errs[len(errs) // 2] / np.sqrt(len(errs))
        dq = None if dqs[0] is None else np.bitwise_and.reduce(np.stack(dqs))
        return image, err, dq


def rate_drafts(data, err=None, dq=None):
    """Drafts of a rate, rateints or guider product: its own images.

    Parameters
    ----------
    data : ndarray
        (ny, nx) or (integrations, ny, nx).
    err, dq : ndarray, optional
        Errors and flags, of the same shape or (ny, nx).

    Returns
    -------
    Drafts
    """
    cubes = [as_cube(array, data.shape) for array in (data, err, dq)]
    return Drafts(len(cubes[0]), lambda index: tuple(None if cube is None else cube[index] for cube in cubes))


def ramp_drafts(data, groupdq, pixeldq=None):
    """Drafts of a ramp: for each pixel, the mean of its good group differences.

    Before the jump step no cosmic ray is flagged, so differences far from the pixel's median are excluded.

    Parameters
    ----------
    data, groupdq : ndarray
        (integrations, groups, ny, nx) groups and their flags.
    pixeldq : ndarray, optional
        (ny, nx) flags of the pixels.

    Returns
    -------
    Drafts
        In the unit of the data per group; NaN on pixels without good differences.
    """
    _, ngroups, ny, nx = data.shape
    rows = max(1, _CHUNK_PIXELS // (ngroups * nx))

    def make(index):
        flags = groupdq[index]
        combine = _mean if (flags & JUMP_DET).any() else _clipped_mean
        image = np.empty((ny, nx), np.float32)
        for part in (slice(start, start + rows) for start in range(0, ny, rows)):
            differences = np.diff(np.asarray(data[index, :, part], np.float32), axis=0)
            image[part] = combine(np.where(bad_differences(flags[:, part]), np.nan, differences))
        return image, None, pixeldq

    return Drafts(len(data), make)


def bad_differences(groupdq):
    """Differences of successive groups across a jump, or of saturated or DO_NOT_USE groups.

    Parameters
    ----------
    groupdq : ndarray of int
        (groups, ny, nx) flags.

    Returns
    -------
    ndarray of bool
        (groups − 1, ny, nx).
    """
    unusable = (groupdq & (DO_NOT_USE | SATURATED)) != 0
    return unusable[1:] | unusable[:-1] | ((groupdq[1:] & JUMP_DET) != 0)


def as_cube(array, shape):
    """View of an array of a rate product as one image for each integration.

    Parameters
    ----------
    array : ndarray or None
        (ny, nx) or (integrations, ny, nx). Guider products have one (ny, nx) image of flags for all integrations.
    shape : tuple of int
        Shape of the data.

    Returns
    -------
    ndarray or None
        (integrations, ny, nx); read-only where it repeats one image. None without an array, or if its shape does not
        match.
    """
    if array is None or array.shape not in (tuple(shape), tuple(shape[-2:])):
        return None
    planes = array.reshape(-1, *shape[-2:])
    return planes if array.shape == tuple(shape) else np.broadcast_to(planes, shape)


def _mean(stack):
    """Mean over the first axis of the finite values; NaN where there are none."""
    good = np.isfinite(stack)
    count = good.sum(axis=0)
    return np.where(count > 0, np.sum(stack, axis=0, where=good) / np.maximum(count, 1), np.nan)


def _clipped_mean(stack):
    """Mean of the values within `_CLIP` sigma of the median over the first axis; sigma is that of the whole stack."""
    distance = stack - _median(stack)
    sigma = robust_sigma(distance[np.isfinite(distance)])
    return _mean(np.where(np.abs(distance) <= _CLIP * sigma, stack, np.nan))


def _median(stack):
    """Median over the first axis of the finite values; NaN where there are none."""
    return masked_median(stack, np.isfinite(stack), axis=0, empty=np.nan)

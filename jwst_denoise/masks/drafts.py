"""Draft images of an exposure, from which its background mask is made once and shared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, SATURATED
from jwst_denoise.statistics import masked_median, robust_sigma

__all__ = ["Drafts", "as_cube", "bad_differences", "of_ramp", "of_rates"]

_MOST_IN_MEDIAN = 32
_CHUNK_PIXELS = 2**22
_CLIP = 5


@dataclass(frozen=True)
class Drafts:
    """Draft images of the integrations, made when they are asked for.

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
        """One draft after the other."""
        return (self.make(index) for index in range(self.count))

    def combined(self):
        """Draft of the whole exposure: the median of evenly spread integrations; flagged is what they all flag."""
        chosen = np.unique(np.linspace(0, self.count - 1, min(self.count, _MOST_IN_MEDIAN)).astype(int))
        if len(chosen) == 1:
            return self.make(int(chosen[0]))
        images, errs, dqs = zip(*(self.make(int(index)) for index in chosen), strict=True)
        image = _median(np.stack(images))
        err = None if errs[0] is None else errs[len(errs) // 2] / np.sqrt(len(errs))
        dq = None if dqs[0] is None else np.bitwise_and.reduce(np.stack(dqs))
        return image, err, dq


def of_rates(model):
    """Drafts of a rate, rateints or guider product: its own images.

    Parameters
    ----------
    model : JwstDataModel
        With ``data`` (ny, nx) or (integrations, ny, nx).

    Returns
    -------
    Drafts
    """
    cubes = [as_cube(getattr(model, name, None), model.data.shape) for name in ("data", "err", "dq")]
    return Drafts(len(cubes[0]), lambda index: tuple(None if cube is None else cube[index] for cube in cubes))


def of_ramp(model):
    """Drafts of a ramp: per pixel, the mean of its good group differences.

    Before the jump step nobody has flagged the cosmic rays, so differences far from the pixel's median are left out.

    Parameters
    ----------
    model : RampModel
        With ``data`` (integrations, groups, ny, nx).

    Returns
    -------
    Drafts
        In DN a group; without good differences a pixel is NaN.
    """
    _, ngroups, ny, nx = model.data.shape
    rows = max(1, _CHUNK_PIXELS // (ngroups * nx))

    def make(index):
        flags = model.groupdq[index]
        combine = _mean if (flags & JUMP_DET).any() else _clipped_mean
        image = np.empty((ny, nx), np.float32)
        for part in (slice(start, start + rows) for start in range(0, ny, rows)):
            steps = np.diff(np.asarray(model.data[index, :, part], np.float32), axis=0)
            image[part] = combine(np.where(bad_differences(flags[:, part]), np.nan, steps))
        return image, None, model.pixeldq

    return Drafts(len(model.data), make)


def bad_differences(groupdq):
    """Differences of successive groups that are no measure of noise: a jump between them, saturation, DO_NOT_USE.

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
        (integrations, ny, nx); read-only where it repeats one image. None if the array is not there or does not fit.
    """
    if array is None or array.shape not in (tuple(shape), tuple(shape[-2:])):
        return None
    planes = array.reshape(-1, *shape[-2:])
    return planes if array.shape == tuple(shape) else np.broadcast_to(planes, shape)


def _mean(stack):
    """Mean over the first axis without NaN; NaN where nothing else is."""
    good = np.isfinite(stack)
    count = good.sum(axis=0)
    return np.where(count > 0, np.sum(stack, axis=0, where=good) / np.maximum(count, 1), np.nan)


def _clipped_mean(stack):
    """Mean of what lies within `_CLIP` sigma of the median over the first axis; sigma is that of all the stack."""
    distance = stack - _median(stack)
    sigma = robust_sigma(distance[np.isfinite(distance)])
    return _mean(np.where(np.abs(distance) <= _CLIP * sigma, stack, np.nan))


def _median(stack):
    """Median over the first axis without NaN; NaN where there is nothing else."""
    return masked_median(stack, np.isfinite(stack), axis=0, empty=np.nan)

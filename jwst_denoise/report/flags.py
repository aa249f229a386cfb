"""Data-quality flags before and after."""

from dataclasses import dataclass

import numpy as np
from stdatamodels.jwst.datamodels import dqflags

__all__ = ["FlagCount", "count_flags", "newly_flagged"]


@dataclass(frozen=True)
class FlagCount:
    """Pixels with one flag.

    Parameters
    ----------
    extension, name : str
        Where, and the flag's name.
    before, after, new, gone : int
        Pixels that have it, got it and lost it.
    total : int
        Pixels that there are.
    """

    extension: str
    name: str
    before: int
    after: int
    new: int
    gone: int
    total: int


def count_flags(before, after):
    """Count the pixels of every flag that occurs, in all planes.

    Parameters
    ----------
    before, after : jwst_denoise.report.exposure.Exposure
        With flags.

    Returns
    -------
    list of FlagCount
        Of the extensions that both have in one shape.
    """
    return [
        found
        for extension, old in before.flags.items()
        if (new := after.flags.get(extension)) is not None and new.shape == old.shape
        for found in _count(extension, old, new)
    ]


def newly_flagged(before, after):
    """Pixels of the plane shown that got any flag, in any group.

    Parameters
    ----------
    before, after : jwst_denoise.report.exposure.Exposure
        With flags.

    Returns
    -------
    ndarray of bool or None
        (ny, nx); None if flags cannot be compared.
    """
    found = None
    for extension, old in before.flags.items():
        new = after.flags.get(extension)
        if new is not None and new.shape == old.shape and old.shape[-2:] == before.image.shape:
            fresh = _shown(new, before.plane) & ~_shown(old, before.plane)
            fresh = (fresh != 0).reshape(-1, *fresh.shape[-2:]).any(axis=0)
            found = fresh if found is None else found | fresh
    return found


def _shown(flags, plane):
    """Flags of the plane shown; of the mean of all, those of all."""
    return flags if flags.ndim == 2 or plane is None else flags[plane % len(flags)]


def _count(extension, old, new):
    names = {bit: name for name, bit in dqflags.pixel.items() if bit}
    seen = int(np.bitwise_or.reduce(old, axis=None) | np.bitwise_or.reduce(new, axis=None))
    for bit, name in sorted(names.items()):
        if seen & bit:
            had, has = (old & old.dtype.type(bit)) != 0, (new & new.dtype.type(bit)) != 0
            counts = (np.count_nonzero(each) for each in (had, has, has & ~had, had & ~has))
            yield FlagCount(extension, name, *map(int, counts), old.size)

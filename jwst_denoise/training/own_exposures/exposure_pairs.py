"""Noisy pairs of a user's own repeated exposures, with a part of exposures and of pixels that is held out."""

from dataclasses import dataclass

import numpy as np
from torch.utils.data import Dataset

from jwst_denoise.training.images.noisy_images import item
from jwst_denoise.training.own_exposures.repeated_exposures import Repeated, repeated

__all__ = ["Divided", "ExposurePairs", "divide", "pair_sets"]

HELD_EXPOSURES, HELD_PIXELS = 0.2, 0.25  # of all, at least one; of the longer axis
MULTIPLE = 8  # pixels: edges of stamps
SINGLE = 0.6  # of the inputs are single exposures, the others means of some
TRIES = 20
COVERED = 0.5  # least fraction of a stamp in which there is something to compare with


@dataclass(frozen=True)
class Divided:
    """Exposures of a scene, some of which and some of whose pixels are held out.

    Parameters
    ----------
    exposures : Repeated
        All of them.
    training, held_out : tuple of int
        Numbers of exposures.
    seen, unseen : tuple of slice
        Rows and columns that are trained on, and the rest.
    """

    exposures: Repeated
    training: tuple
    held_out: tuple
    seen: tuple
    unseen: tuple


def divide(exposures):
    """Hold out one exposure in five, the last ones, and the last quarter of the longer axis."""
    number = max(1, round(HELD_EXPOSURES * len(exposures)))
    indices = tuple(range(len(exposures)))
    shape = exposures.rate.shape[1:]
    axis = int(shape[1] > shape[0])
    edge = round((1 - HELD_PIXELS) * shape[axis])
    seen, unseen = [slice(None)] * 2, [slice(None)] * 2
    seen[axis], unseen[axis] = slice(0, edge), slice(edge, None)
    return Divided(exposures, indices[:-number], indices[-number:], tuple(seen), tuple(unseen))


class ExposurePairs(Dataset):
    """Items (inputs, truth, weight), see `jwst_denoise.training.images.noisy_images.item`.

    The input is an exposure with its cosmic rays, or the mean of some; the target is the mean of others without them.

    Parameters
    ----------
    parts : sequence of Divided
        Exposures of one or more scenes.
    length, seed, size : int
        Number of items of an epoch; where the random numbers begin; edge of a stamp in pixels.
    held_out : bool, optional
        Inputs are held-out exposures, at pixels that are held out, and targets means of all the others.
    """

    def __init__(self, parts, length, seed, size, held_out=False):
        self.parts, self.length, self.seed, self.held_out = parts, length, seed, held_out
        self.areas = [part.exposures.cut(part.unseen if held_out else part.seen) for part in parts]
        edge = min(min(area.rate.shape[1:]) for area in self.areas)
        self.size = min(size, edge // MULTIPLE * MULTIPLE)
        if self.size < MULTIPLE:
            raise ValueError(f"{parts[0].exposures.names[0]}: images of {edge} pixels are too small to hold out a part")

    def __len__(self):
        """Number of items."""
        return self.length

    def __getitem__(self, index):
        """Item; it depends on the seed and the index alone."""
        rng = np.random.default_rng([self.seed, index])
        which = int(rng.integers(len(self.parts)))
        part, area = self.parts[which], self.areas[which]
        inputs, targets = self._halves(part, rng)
        for _ in range(TRIES):
            y, x = (rng.integers(0, n - self.size + 1) for n in area.rate.shape[1:])
            stamp = area.cut(np.s_[y : y + self.size, x : x + self.size])
            target = stamp.mean(targets)
            if np.isfinite(target.rate).mean() >= COVERED:
                break
        turns, mirror = int(rng.integers(4)), bool(rng.integers(2))
        stamp = stamp.turned(turns, mirror)
        target = stamp.mean(targets)
        return item(stamp.image(inputs[0]) if len(inputs) == 1 else stamp.mean(inputs), target, None)

    def _halves(self, part, rng):
        """Numbers of the exposures of the input and of the target."""
        if self.held_out:
            chosen = int(rng.choice(part.held_out))
            return [chosen], [number for number in range(len(part.exposures)) if number != chosen]
        order = rng.permutation(part.training).tolist()
        number = 1 if rng.uniform() < SINGLE else int(rng.integers(1, max(1, len(order) // 2) + 1))
        return order[:number], order[number:]


def pair_sets(stacks, settings, seeds):
    """Training and validation pairs from stacks of exposures.

    Parameters
    ----------
    stacks : sequence of `~jwst_denoise.training.own_exposures.exposures.ExposureStack`
        Each of one field, detector and filter.
    settings : Preset
        Numbers and sizes of stamps, and the seed.
    seeds : mapping
        Seeds of ``training`` and ``validation``.

    Returns
    -------
    training, validation : ExposurePairs

    Raises
    ------
    ValueError
        If fewer than three exposures are on the same pixels, or the images are too small.
    """
    parts = [divide(repeated(stack)) for stack in stacks]
    training, validation = (seeds[name] + settings.seed for name in ("training", "validation"))
    return (
        ExposurePairs(parts, settings.batch * settings.steps, training, settings.stamp),
        ExposurePairs(parts, settings.validation, validation, settings.stamp, held_out=True),
    )

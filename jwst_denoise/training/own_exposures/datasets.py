"""Training stamps cut from a user's own exposures: for masks, for inpainting, and pairs for Noise2Noise."""

import numpy as np
import torch
from torch.utils.data import Dataset

from jwst_denoise.simulate.fast.cosmic_ray_images import ALPHA, MOST_MASKS, augment_sky
from jwst_denoise.training.cosmic_rays import SMALLEST_HIT, image_inputs
from jwst_denoise.training.images import training_item
from jwst_denoise.training.own_exposures.repeated import align_exposures, hold_out
from jwst_denoise.training.own_exposures.truth import find_cosmic_rays, split_exposures

__all__ = ["ExposureInpaintStamps", "ExposureMaskStamps", "ExposurePairs", "pair_sets", "stamp_sets"]

COVERED = 0.5  # smallest fraction of a stamp whose truth is known
TRIES = 20
KNOWN = 0.6  # fraction of the stamps whose noise, or level, is an input
MULTIPLE = 8  # pixels, of which the edge of a stamp is a multiple
SINGLE = 0.6  # fraction of the inputs that are single exposures; the others are means of several


class _ExposureStamps(Dataset):
    """Stamps by index; stamp i depends on the seed and i alone.

    Parameters
    ----------
    exposures : sequence of LabeledExposure
        Exposures.
    length, seed, size : int
        Number of stamps in an epoch, first part of their seeds, largest edge in pixels.
    """

    def __init__(self, exposures, length, seed, size):
        edge = min(min(exposure.image.shape) for exposure in exposures)
        self.exposures, self.length, self.seed = exposures, length, seed
        self.size = min(size, edge // MULTIPLE * MULTIPLE)
        if self.size < 1:
            raise ValueError(f"{exposures[0].name}: images of {exposures[0].image.shape} pixels are too small")

    def __len__(self):
        return self.length

    def draw(self, rng):
        """A stamp at a random position of a random exposure, rotated and mirrored, as a dict of arrays."""
        for _ in range(TRIES):
            exposure = self.exposures[rng.integers(len(self.exposures))]
            y, x = (rng.integers(0, n - self.size + 1) for n in exposure.image.shape)
            area = np.s_[y : y + self.size, x : x + self.size]
            if exposure.weight[area].mean() >= COVERED:
                break
        turns, mirror = rng.integers(4), rng.integers(2)
        cut = {name: getattr(exposure, name)[area] for name in ("image", "err", "hits", "excess", "weight")}
        return {name: _turn(array, turns, mirror) for name, array in cut.items()} | {"level": exposure.level}


class ExposureMaskStamps(_ExposureStamps):
    """Items (inputs, truth, weight) for `CosmicRayMask`, like those of `MaskStamps`."""

    def __getitem__(self, index):
        """Inputs ``image`` (ny, nx), ``noise`` and ``level``; truth and weight (1, ny, nx)."""
        rng = np.random.default_rng([self.seed, index])
        stamp = self.draw(rng)
        alpha = np.float32(rng.uniform(*ALPHA))
        level = stamp["level"]
        data, err = augment_sky(stamp["image"], _fill_gaps(stamp["err"]), level, alpha, rng)
        truth = stamp["hits"] & (stamp["excess"] > SMALLEST_HIT * err)
        return _draw_inputs(data, np.median(err), level * (1 + alpha), rng), _plane(truth), _plane(stamp["weight"])


class ExposureInpaintStamps(_ExposureStamps):
    """Items (inputs, truth, weight) for `Inpaint`: holes are cosmic rays of other positions, the image is the truth.

    A noisy truth is as good as a clean one (Lehtinen et al. 2018). The weight is 1 in holes that the image's own cosmic
    rays do not touch.
    """

    def __getitem__(self, index):
        """Inputs ``image``, ``hole``, ``noise`` and ``level``; truth and weight (1, ny, nx)."""
        rng = np.random.default_rng([self.seed, index])
        stamp = self.draw(rng)
        masks = [self.draw(rng)["hits"] for _ in range(rng.integers(1, MOST_MASKS + 1))]
        hole = np.logical_or.reduce(masks)
        noise = np.median(_fill_gaps(stamp["err"]))
        inputs = _draw_inputs(stamp["image"], noise, stamp["level"], rng)
        inputs["hole"] = torch.from_numpy(hole | stamp["hits"])
        usable = np.isfinite(stamp["image"]) & hole & ~stamp["hits"]
        return inputs, _plane(np.nan_to_num(stamp["image"])), _plane(stamp["weight"] * usable)


def stamp_sets(family, stacks, settings, seeds):
    """Training and validation stamps of a family from stacks of exposures, split by exposure.

    Parameters
    ----------
    family : str
        ``cosmic_ray_mask`` or ``inpaint``.
    stacks : sequence of ExposureStack
        Each of one field, detector and filter.
    settings : Preset
        Numbers and sizes of stamps, and the seed.
    seeds : mapping
        Seeds of ``training`` and ``validation``.

    Returns
    -------
    training, validation : Dataset

    Raises
    ------
    ValueError
        If the family is not trained on exposures, or there are no cosmic rays in them.
    """
    stamps = {"cosmic_ray_mask": ExposureMaskStamps, "inpaint": ExposureInpaintStamps}
    if family not in stamps:
        raise ValueError(f"{family} is not trained on exposures; {', '.join(stamps)} are")
    parts = [split_exposures(find_cosmic_rays(stack)) for stack in stacks]
    training, validation = ([exposure for part in parts for exposure in part[i]] for i in (0, 1))
    for part in (training, validation):
        if not any(exposure.hits.any() for exposure in part):
            names = ", ".join(exposure.name for exposure in part)
            raise ValueError(f"{names}: no cosmic rays were found; use longer or more exposures")
    cls = stamps[family]
    return (
        cls(training, settings.batch * settings.steps, seeds["training"] + settings.seed, settings.stamp),
        cls(validation, settings.validation, seeds["validation"] + settings.seed, settings.stamp),
    )


class ExposurePairs(Dataset):
    """Items (inputs, truth, weight), see `jwst_denoise.training.images.training_item`.

    The input is an exposure with its cosmic rays, or the mean of several; the target is the mean of others without
    cosmic rays.

    Parameters
    ----------
    parts : sequence of DividedExposures
        Exposures of one or more scenes.
    length, seed, size : int
        Number of items in an epoch, first part of their seeds, largest edge in pixels.
    held_out : bool, optional
        Use held-out exposures, in the held-out area, as inputs, and means of all the others as targets.
    response : bool, optional
        Inject sources.
    """

    def __init__(self, parts, length, seed, size, held_out=False, response=False):
        self.parts, self.length, self.seed, self.held_out, self.response = parts, length, seed, held_out, response
        self.areas = [part.exposures.cut(part.held_out_area if held_out else part.training_area) for part in parts]
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
        inputs, targets = self._divide(part, rng)
        for _ in range(TRIES):
            y, x = (rng.integers(0, n - self.size + 1) for n in area.rate.shape[1:])
            stamp = area.cut(np.s_[y : y + self.size, x : x + self.size])
            target = stamp.mean(targets)
            if np.isfinite(target.rate).mean() >= COVERED:
                break
        turns, mirror = int(rng.integers(4)), bool(rng.integers(2))
        stamp = stamp.turn(turns, mirror)
        image = stamp.image(inputs[0]) if len(inputs) == 1 else stamp.mean(inputs)
        return training_item(image, stamp.mean(targets), None, rng=rng if self.response else None)

    def _divide(self, part, rng):
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
    stacks : sequence of ExposureStack
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
    parts = [hold_out(align_exposures(stack)) for stack in stacks]
    training, validation = (seeds[name] + settings.seed for name in ("training", "validation"))
    respond = settings.response > 0
    return (
        ExposurePairs(parts, settings.batch * settings.steps, training, settings.stamp, response=respond),
        ExposurePairs(parts, settings.validation, validation, settings.stamp, held_out=True, response=respond),
    )


def _turn(array, turns, mirror):
    array = np.rot90(array, turns)
    return np.ascontiguousarray(array.T if mirror else array)


def _fill_gaps(err):
    """Noise, with its median where it is not known."""
    return np.where(np.isfinite(err), err, np.nanmedian(err) if np.isfinite(err).any() else 1).astype(np.float32)


def _draw_inputs(data, noise, level, rng):
    """Image with its noise and the level of the whole exposure, each of which the network sometimes has to measure."""
    noise = noise if rng.uniform() < KNOWN else np.nan
    return image_inputs(data, noise=noise, level=level if rng.uniform() < KNOWN else np.nan)


def _plane(array):
    return torch.from_numpy(np.asarray(array, dtype=np.float32)[None])

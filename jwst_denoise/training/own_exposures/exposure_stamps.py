"""Training stamps cut from a user's own exposures, and the operating points of what was trained on them."""

import numpy as np
import torch
from torch.utils.data import Dataset

from jwst_denoise.simulate.fast.cosmic_ray_images import ALPHA, FOREIGN_MASKS, augment_sky
from jwst_denoise.training.own_exposures.exposures import label, split

__all__ = ["ExposureInpaintStamps", "ExposureMaskStamps", "exposure_sets"]

COVERED = 0.5  # least fraction of a stamp whose truth is known
TRIES = 20
KNOWN = 0.6  # part of the stamps that come with their noise, or with the level of the exposure
FAINTEST = 1.5  # times the noise, below which charge of a cosmic ray does not count


class _Stamps(Dataset):
    """Stamps by index: stamp i depends on the seed and i alone."""

    def __init__(self, exposures, length, seed, size):
        edge = min(min(exposure.image.shape) for exposure in exposures)
        self.exposures, self.length, self.seed, self.size = exposures, length, seed, min(size, edge // 8 * 8)
        if self.size < 1:
            raise ValueError(f"{exposures[0].name}: images of {exposures[0].image.shape} pixels are too small")

    def __len__(self):
        return self.length

    def draw(self, rng):
        """A stamp at a random place of a random exposure, turned and mirrored, as a dict of arrays."""
        for _ in range(TRIES):
            exposure = self.exposures[rng.integers(len(self.exposures))]
            y, x = (rng.integers(0, n - self.size + 1) for n in exposure.image.shape)
            here = np.s_[y : y + self.size, x : x + self.size]
            if exposure.weight[here].mean() >= COVERED:
                break
        turns, mirror = rng.integers(4), rng.integers(2)
        cut = {name: getattr(exposure, name)[here] for name in ("image", "err", "hits", "excess", "weight")}
        return {name: _turned(array, turns, mirror) for name, array in cut.items()} | {"level": exposure.level}


class ExposureMaskStamps(_Stamps):
    """Items (inputs, truth, weight) for `CosmicRayMask`; see `jwst_denoise.training.cosmic_rays.image_stamps`."""

    def __getitem__(self, index):
        """Inputs ``image`` (ny, nx), ``noise`` and ``level``; truth and weight (1, ny, nx)."""
        rng = np.random.default_rng([self.seed, index])
        stamp = self.draw(rng)
        alpha = np.float32(rng.uniform(*ALPHA))
        level = stamp["level"]
        data, err = augment_sky(stamp["image"], _without_gaps(stamp["err"]), level, alpha, rng)
        truth = stamp["hits"] & (stamp["excess"] > FAINTEST * err)
        return _inputs(data, np.median(err), level * (1 + alpha), rng), _plane(truth), _plane(stamp["weight"])


class ExposureInpaintStamps(_Stamps):
    """Items (inputs, truth, weight) for `Inpaint`: holes are the hits of other places, the truth is the image itself.

    A noisy truth serves as well as a clean one (Lehtinen et al. 2018); the weight is 1 in holes that the image's own
    cosmic rays do not touch.
    """

    def __getitem__(self, index):
        """Inputs ``image``, ``hole``, ``noise`` and ``level``; truth and weight (1, ny, nx)."""
        rng = np.random.default_rng([self.seed, index])
        stamp = self.draw(rng)
        foreign = [self.draw(rng)["hits"] for _ in range(rng.integers(1, FOREIGN_MASKS + 1))]
        hole = np.logical_or.reduce(foreign)
        holes = {"hole": torch.from_numpy(hole | stamp["hits"])}
        noise = np.median(_without_gaps(stamp["err"]))
        inputs = _inputs(stamp["image"], noise, stamp["level"], rng) | holes
        usable = np.isfinite(stamp["image"]) & hole & ~stamp["hits"]
        return inputs, _plane(np.nan_to_num(stamp["image"])), _plane(stamp["weight"] * usable)


def exposure_sets(family, stacks, settings, seeds):
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
    parts = [split(label(stack)) for stack in stacks]
    training, validation = ([exposure for part in parts for exposure in part[i]] for i in (0, 1))
    for part in (training, validation):
        if not any(exposure.hits.any() for exposure in part):
            names = ", ".join(exposure.name for exposure in part)
            raise ValueError(f"{names}: no cosmic ray is found there; give longer exposures, or more of them")
    made = stamps[family]
    return (
        made(training, settings.batch * settings.steps, seeds["training"] + settings.seed, settings.stamp),
        made(validation, settings.validation, seeds["validation"] + settings.seed, settings.stamp),
    )


def _turned(array, turns, mirror):
    array = np.rot90(array, turns)
    return np.ascontiguousarray(array.T if mirror else array)


def _without_gaps(err):
    """Noise with its median where it is not known."""
    return np.where(np.isfinite(err), err, np.nanmedian(err) if np.isfinite(err).any() else 1).astype(np.float32)


def _inputs(data, noise, level, rng):
    """Image with its noise and the level of the whole exposure, which the network has to measure now and then."""
    known = {"noise": noise if rng.uniform() < KNOWN else np.nan, "level": level if rng.uniform() < KNOWN else np.nan}
    image = torch.from_numpy(np.ascontiguousarray(data, dtype=np.float32))
    return {"image": image} | {name: torch.tensor(value, dtype=torch.float32) for name, value in known.items()}


def _plane(array):
    return torch.from_numpy(np.asarray(array, dtype=np.float32)[None])

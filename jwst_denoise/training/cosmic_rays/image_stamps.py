"""Stamps of simulated exposures with cosmic rays and their truth, made on the fly."""

import numpy as np
import torch
from torch.utils.data import Dataset

from jwst_denoise.simulate.fast.cosmic_ray_images import (
    ALPHA,
    augment_sky,
    draw_foreign_masks,
    draw_image,
    insert_defects,
    move_to_peaks,
)

__all__ = ["InpaintStamps", "MaskStamps"]


class _Stamps(Dataset):
    """Stamps by index: stamp i depends on the seed and i alone, so any number of epochs never sees one twice."""

    def __init__(self, pool, length, seed, size):
        self.pool, self.length, self.seed, self.size = pool, length, seed, size

    def __len__(self):
        return self.length

    def draw(self, index):
        """Random numbers, simulated image and sky level of the scene of a stamp."""
        rng = np.random.default_rng([self.seed, index])
        rate, level, kind = self.pool.stamp(self.size, rng)
        return rng, draw_image(rate, rng, long=kind in ("slices", "slitlets")), level


class MaskStamps(_Stamps):
    """Items (inputs, truth, weight) for `CosmicRayMask`."""

    def __getitem__(self, index):
        """Inputs ``image`` (ny, nx), ``noise`` and ``level``; truth and weight (1, ny, nx)."""
        rng, image, level = self.draw(index)
        alpha = np.float32(rng.uniform(*ALPHA))
        data, err = augment_sky(image.data, image.err, level, alpha, rng)
        truth = image.cosmic_rays > 1.5 * err
        data = insert_defects(data, rng)
        inputs = _inputs(data, _statistics(err, image, level, level * (1 + alpha), rng))
        return inputs, torch.from_numpy(truth[None]).float(), _weight(data)


class InpaintStamps(_Stamps):
    """Items (inputs, truth, weight) for `Inpaint`: holes are cosmic rays of other exposures, half the time on stars.

    The truth is the expected image, and the weight is 1 in holes that the image's own cosmic rays do not touch.
    """

    def __getitem__(self, index):
        """Inputs ``image``, ``hole``, ``noise`` and ``level``; truth and weight (1, ny, nx)."""
        rng, image, level = self.draw(index)
        own = image.cosmic_rays > 1.5 * image.err
        hole = draw_foreign_masks(self.size, rng)
        if rng.integers(2):
            hole = move_to_peaks(hole, image.rate, rng)
        data = insert_defects(image.data, rng)
        inputs = _inputs(data, _statistics(image.err, image, level, level, rng))
        inputs["hole"] = torch.from_numpy(hole | own)
        weight = _weight(data) * torch.from_numpy(hole & ~own)
        return inputs, torch.from_numpy(image.rate[None].copy()), weight


def _statistics(err, image, sky, level, rng):
    """Noise and level that the network is given: of the whole scene, of the stamp, or neither (NaN: it measures)."""
    choice = rng.integers(4)
    noise = np.median(err)
    if choice < 2:
        crowding = np.median(image.rate) - sky
        noise = np.sqrt(max(noise**2 - crowding / image.seconds, 0.04 * noise**2))
    known = noise * rng.lognormal(0, 0.1) if choice < 3 else np.nan
    return {"noise": known, "level": level if choice < 2 else np.nan}


def _inputs(data, statistics):
    image = torch.from_numpy(np.ascontiguousarray(data, dtype=np.float32))
    return {"image": image} | {name: torch.tensor(value, dtype=torch.float32) for name, value in statistics.items()}


def _weight(data):
    return torch.from_numpy(np.isfinite(data)[None]).float()

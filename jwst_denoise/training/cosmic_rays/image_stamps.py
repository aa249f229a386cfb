"""Stamps of simulated exposures with cosmic rays and their truth, made on the fly."""

from dataclasses import replace

import numpy as np
import torch
from scipy import ndimage
from torch.utils.data import Dataset

from jwst_denoise.simulate import CosmicRayParameters, simulate_image

__all__ = ["InpaintStamps", "MaskStamps", "augment_sky", "exposure"]

EXPOSURE_TIME = (30.0, 2000.0)  # s
READ_NOISE = (5.0, 25.0)  # e-
CHARGE_LEFT = (40.0, 400.0)  # e-, above which a jump step has found the hit
ALPHA = (-0.9, 3.0)  # of the sky augmentation (Zhang & Bloom 2020, equation 4)
FOREIGN_MASKS = 9


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
        return rng, exposure(rate, rng, plain=kind in ("slices", "slitlets")), level


class MaskStamps(_Stamps):
    """Items (inputs, truth, weight) for `CosmicRayMask`."""

    def __getitem__(self, index):
        """Inputs ``image`` (ny, nx), ``noise`` and ``level``; truth and weight (1, ny, nx)."""
        rng, image, level = self.draw(index)
        alpha = np.float32(rng.uniform(*ALPHA))
        data, err = augment_sky(image.data, image.err, level, alpha, rng)
        truth = image.cosmic_rays > 1.5 * err
        data = _with_defects(data, rng)
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
        hole = foreign_masks(self.size, rng)
        if rng.integers(2):
            hole = aimed(hole, image.rate, rng)
        data = _with_defects(image.data, rng)
        inputs = _inputs(data, _statistics(image.err, image, level, level, rng))
        inputs["hole"] = torch.from_numpy(hole | own)
        weight = _weight(data) * torch.from_numpy(hole & ~own)
        return inputs, torch.from_numpy(image.rate[None].copy()), weight


def exposure(rate, rng, *, plain=False):
    """Simulate a stamp at a random exposure time, read noise and kind of cosmic rays.

    Parameters
    ----------
    rate : ndarray
        (ny, nx) e- / s.
    rng : `numpy.random.Generator`
        Source of all random numbers.
    plain : bool, optional
        Keep the exposure time above 300 s, as for spectra.
    """
    low, high = EXPOSURE_TIME
    seconds = np.exp(rng.uniform(np.log(300.0 if plain else low), np.log(high)))
    slope = rng.uniform() < 0.35
    limit = rng.uniform(*CHARGE_LEFT) if rng.uniform() < 0.2 else None
    return simulate_image(
        rate, seconds, rng, read_noise=np.exp(rng.uniform(*np.log(READ_NOISE))), stripes=rng.uniform(0, 0.5),
        hits=_hits(rng), slope=slope, limit=limit,
    )  # fmt: skip


def _hits(rng):
    """Cosmic rays as on H2RGs, and in part with longer and broader tracks, as in thicker detectors."""
    rare = rng.uniform() < 0.1
    base = CosmicRayParameters(snowball_rate=0.2 * rare, shower_rate=0.02 * rare)
    changes = {"flux": base.flux * rng.lognormal(0, 0.6), "diffusion": rng.uniform(0.22, 0.4)}
    if rng.uniform() < 0.25:
        changes["thickness"] = rng.uniform(10.0, 100.0)
        changes["loss"] = base.loss * rng.uniform(0.1, 1.0)
    return replace(base, **changes)


def augment_sky(data, err, sky, alpha, rng):
    """Sky augmentation: data as under another sky level, n + α·sky.

    As the networks subtract the level, only what the brighter sky does to the noise is seen of it.

    Parameters
    ----------
    data, err : ndarray
        (ny, nx) image and its noise.
    sky : float
        Its level.
    alpha : float
        How much of the level is added.
    rng : `numpy.random.Generator`
        Source of the noise of added sky.

    Returns
    -------
    data, err : ndarray
        New arrays.

    References
    ----------
    Zhang & Bloom 2020, ApJ 889, 24, equations 3 and 4.
    """
    added = max(alpha, np.float32(0)) * np.median(err) ** 2
    noise = np.sqrt(added) * rng.standard_normal(data.shape, dtype=np.float32)
    return data + alpha * sky + noise, np.sqrt(err**2 + added)


def foreign_masks(size, rng):
    """Sum of the masks of cosmic rays of 1 to 9 other exposures, (size, size) bool."""
    hits = CosmicRayParameters(snowball_rate=0, shower_rate=0)
    sky = np.full((size, size), 0.2, dtype=np.float32)
    seconds = 150.0 * rng.integers(1, FOREIGN_MASKS + 1)
    return simulate_image(sky, seconds, rng, hits=hits).truth()


def aimed(hole, rate, rng, share=0.4):
    """Holes of the same shapes, moved onto a ``share`` of the peaks of a scene, where filling is hardest.

    Parameters
    ----------
    hole : ndarray of bool
        (ny, nx) holes.
    rate : ndarray
        (ny, nx) scene.
    rng : `numpy.random.Generator`
        Source of the random numbers.
    share : float, optional
        Fraction of the local maxima above the median that get a hole.

    Returns
    -------
    ndarray of bool
        (ny, nx).
    """
    labels, number = ndimage.label(hole, np.ones((3, 3)))
    peaks = np.argwhere((ndimage.maximum_filter(rate, 3) == rate) & (rate > np.median(rate)))
    result = np.zeros_like(hole)
    if not number or not len(peaks):
        return result
    rows, columns = np.nonzero(hole)
    order = np.argsort(labels[hole], kind="stable")
    shapes = np.split(np.stack([rows, columns], axis=1)[order], np.cumsum(np.bincount(labels[hole])[1:-1]))
    for peak in peaks[rng.uniform(size=len(peaks)) < share]:
        shape = shapes[rng.integers(number)]
        y, x = (shape - shape[rng.integers(len(shape))] + peak).T
        inside = (y >= 0) & (y < hole.shape[0]) & (x >= 0) & (x < hole.shape[1])
        result[y[inside], x[inside]] = True
    return result


def _with_defects(data, rng):
    """NaN in scattered pixels, and now and then in a block or a line, as bad pixels and edges are."""
    data = data.copy()
    data[rng.uniform(size=data.shape) < rng.choice([0.0, 0.002, 0.01])] = np.nan
    if rng.uniform() < 0.15:
        y, x = rng.integers(0, data.shape[0], 2)
        height, width = rng.choice([[1, data.shape[1]], [data.shape[0], 4], [12, 12]])
        data[y : y + height, x : x + width] = np.nan
    return data


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

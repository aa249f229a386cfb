"""Noisy images of one scene, simulated on the fly: what Astro U-net and Noise2Noise are trained on."""

import copy

import numpy as np
import torch
from torch.utils.data import Dataset

from jwst_denoise.networks.blocks.scaling import PLANES, scale_slopes
from jwst_denoise.networks.noise2noise import stack_planes
from jwst_denoise.ramps.coadd import coadd_frames
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise.simulate.fast.defects import draw_cut_ramps, draw_noise_factors
from jwst_denoise.simulate.fast.images import draw_camera, draw_faint_stars

__all__ = ["LongerExposures", "NoisyPairs", "NoisyStacks", "item"]

FRAMES_OF_TARGET = 2  # that are compared one by one


def item(image, target, scene, extra=None, others=(), **more):
    """One item (inputs, truth, weight) of a training.

    Parameters
    ----------
    image, target : SlopeImage
        What is denoised, and what the result is compared with.
    scene : ndarray or None
        (ny, nx) scene without noise, where it is known.
    extra : Tensor, optional
        (1, n, ny, nx): further planes for the U-net.
    others : sequence of SlopeImage, optional
        Further images that the result is compared with.
    **more
        Numbers for the network, such as ``ratio``.

    Returns
    -------
    inputs : dict
        Planes of `ScaledSlopes`, ``extra`` and ``more``.
    truth : Tensor
        (3 + 2 n, ny, nx) in units of the inputs: target, its variance at the scene's (or its own) light, scene; of
        every other image itself and its variance.
    weight : Tensor
        (1 + n, ny, nx): 1 where image and target, or other, have a datum.
    """
    rate, read, poisson = (
        np.broadcast_to(np.asarray(a, np.float32), image.rate.shape)
        for a in (image.rate, image.read_noise, image.poisson)
    )
    usable = np.isfinite(rate)
    seen = scale_slopes(np.where(usable, rate, 0), read, poisson, usable)
    light = target.rate if scene is None else scene
    planes, weights = [], []
    for one in (target, *others):
        known = np.isfinite(one.rate)
        variance = np.square(one.read_noise) + one.poisson * np.clip(np.nan_to_num(light), 0, None)
        planes += [(np.where(known, one.rate, 0) - seen.level) / seen.unit, variance / seen.unit**2]
        weights.append(usable & known)
    planes.insert(2, ((light if scene is None else scene) - seen.level) / seen.unit)
    inputs = {name: getattr(seen, name)[0] for name in PLANES} | {k: torch.tensor(float(v)) for k, v in more.items()}
    if extra is not None:
        inputs["extra"] = extra[0]
    truth = np.stack([np.nan_to_num(np.broadcast_to(plane, rate.shape)) for plane in planes]).astype(np.float32)
    return inputs, torch.from_numpy(truth), torch.from_numpy(np.stack(weights).astype(np.float32))


class _Scenes(Dataset):
    """Items by index: item i depends on the seed and i alone."""

    def __init__(self, pool, length, seed, size, clean=False, faint=0.0):
        self.pool, self.length, self.seed, self.size = pool, length, seed, size
        self.clean, self.faint = clean, faint

    def __len__(self):
        """Number of items."""
        return self.length

    def draw(self, index, kind="image", frames=1):
        """Random numbers, camera, scene with stars that ``frames`` images just show, and factors of the read noise."""
        rng = np.random.default_rng([self.seed, index])
        rate, _, scene = self.pool.stamp(self.size, rng)
        camera = draw_camera(rng, scene in ("slices", "slitlets"), kind)
        pixels = draw_noise_factors(rate.shape, rng) * draw_cut_ramps(rate.shape, rng)
        if self.faint and rng.uniform() < self.faint:
            rate = rate + draw_faint_stars(rate.shape, camera.sky_noise(rate) / np.sqrt(frames), rng)
        return rng, camera, np.ascontiguousarray(rate), pixels

    def target(self, image, scene):
        """What the result is compared with: an image, or the scene itself."""
        return SlopeImage(scene, np.zeros_like(scene), np.float32(0)) if self.clean else image


class LongerExposures(_Scenes):
    """For `AstroUNet`: an image, and the exposure r times as long of which it is the first part.

    Every crop comes with all ratios in turn (paper, section 3.4.2).

    Parameters
    ----------
    pool, length, seed, size, clean, faint
        `ScenePool`, number of items, where the random numbers begin, edge in pixels, whether the target is the scene
        instead, and the share of scenes that get stars near the limit of detection.
    ratios : sequence of int
        Ratios of exposure times.
    """

    def __init__(self, pool, length, seed, size, ratios, clean=False, faint=0.0):
        super().__init__(pool, length, seed, size, clean, faint)
        self.ratios = tuple(ratios)
        self._crop = None, None

    def __getitem__(self, index):
        """Inputs with ``ratio``; truth and weight, see `item`."""
        crop, which = divmod(index, len(self.ratios))
        if self._crop[0] != crop:
            self._crop = crop, self.draw(crop)
        rng, camera, rate, pixels = copy.deepcopy(self._crop[1])
        ratio = self.ratios[which]
        image = camera.observe(rate, rng, pixels=pixels)
        rest = camera.observe(rate, rng, camera.seconds * (ratio - 1), pixels)
        scene = camera.truth(rate)
        together = SlopeImage(
            (image.rate + (ratio - 1) * rest.rate) / ratio,
            np.sqrt(image.read_noise**2 + ((ratio - 1) * rest.read_noise) ** 2) / ratio, image.poisson / ratio,
        )  # fmt: skip
        return item(image, self.target(together, scene), scene, ratio=ratio)


class NoisyPairs(_Scenes):
    """For `Noise2Noise`: two exposures of one scene."""

    def __getitem__(self, index):
        """Inputs, truth and weight, see `item`."""
        rng, camera, rate, pixels = self.draw(index)
        image, other = (camera.observe(rate, rng, pixels=pixels) for _ in range(2))
        scene = camera.truth(rate)
        return item(image, self.target(other, scene), scene)


class NoisyStacks(_Scenes):
    """For `Noise2NoiseStack`: halves of a stack; the second half comes as its mean and in part frame by frame.

    Parameters
    ----------
    pool, length, seed, size, clean, faint
        As for `LongerExposures`.
    frames : int
        Frames of a half at most.
    """

    def __init__(self, pool, length, seed, size, frames, clean=False, faint=0.0):
        super().__init__(pool, length, seed, size, clean, faint)
        self.frames = frames

    def __getitem__(self, index):
        """Inputs with ``extra``; truth and weight, see `item`."""
        number = np.random.default_rng([self.seed, index, 1]).uniform(np.log(1.5), np.log(self.frames))
        number = round(np.exp(number))
        rng, camera, rate, pixels = self.draw(index, "frame", number)
        halves = [[camera.observe(rate, rng, pixels=pixels) for _ in range(number)] for _ in range(2)]
        mean, other = (coadd_frames(half) for half in halves)
        scene = camera.truth(rate)
        others = [halves[1][which % number] for which in range(FRAMES_OF_TARGET)]
        return item(mean.image, self.target(other.image, scene), scene, stack_planes(mean), others)

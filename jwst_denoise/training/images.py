"""Noisy images and their targets for Astro U-net and Noise2Noise, simulated on the fly."""

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
from jwst_denoise.simulate.fast.injection import inject_sources
from jwst_denoise.simulate.fast.second_world import draw_second_camera, draw_second_scene

__all__ = ["LongerExposures", "NoisyPairs", "NoisyStacks", "training_item"]

TARGET_FRAMES = 2  # of the second half of a stack that are compared with the result one by one


def training_item(image, target, scene, extra=None, others=(), rng=None, **numbers):
    """One item (inputs, truth, weight) of a training.

    The truth (3 + 2 n, ny, nx) is the target, its variance at the signal of the scene or target, and the scene, and of
    every other image itself and its variance, in units of the inputs. The weight (1 + n, ny, nx) is 1 where input and
    target have data. With ``rng``, the inputs have ``sources`` for the response, see `inject_sources`.
    """
    rate, read, poisson = (
        np.broadcast_to(np.asarray(a, np.float32), image.rate.shape)
        for a in (image.rate, image.read_noise, image.poisson)
    )
    usable = np.isfinite(rate)
    scaled = scale_slopes(np.where(usable, rate, 0), read, poisson, usable)
    signal = target.rate if scene is None else scene
    planes, weights = [], []
    for one in (target, *others):
        known = np.isfinite(one.rate)
        variance = np.square(one.read_noise) + one.poisson * np.clip(np.nan_to_num(signal), 0, None)
        planes += [(np.where(known, one.rate, 0) - scaled.level) / scaled.unit, variance / scaled.unit**2]
        weights.append(usable & known)
    planes.insert(2, (signal - scaled.level) / scaled.unit)
    inputs = {name: getattr(scaled, name)[0] for name in PLANES}
    inputs |= {name: torch.tensor(float(number)) for name, number in numbers.items()}
    if extra is not None:
        inputs["extra"] = extra[0]
    if rng is not None:
        inputs["sources"] = torch.from_numpy(inject_sources(scaled.noise[0].numpy(), rng))
    truth = np.stack([np.nan_to_num(np.broadcast_to(plane, rate.shape)) for plane in planes]).astype(np.float32)
    return inputs, torch.from_numpy(truth), torch.from_numpy(np.stack(weights).astype(np.float32))


class _NoisyImages(Dataset):
    """Items by index; item i depends on the seed and i alone.

    Parameters
    ----------
    pool : jwst_denoise.simulate.fast.scenes.ScenePool
        Scenes.
    length, seed, size : int
        Number of items in an epoch, first part of their seeds, edge in pixels.
    clean : bool
        Use the noiseless scene as the target.
    faint : float
        Share of the scenes to which stars near the detection limit are added.
    second : float
        Share of the items from the second world.
    response : bool
        Inject sources.
    """

    def __init__(self, pool, length, seed, size, clean=False, faint=0.0, second=0.0, response=False):
        self.pool, self.length, self.seed, self.size = pool, length, seed, size
        self.clean, self.faint, self.second, self.response = clean, faint, second, response

    def __len__(self):
        """Number of items."""
        return self.length

    def draw(self, index, kind="image", frames=1):
        """Random generator, camera, scene, and factors of the read noise.

        The faint stars of the scene are near the detection limit of ``frames`` images.
        """
        rng = np.random.default_rng([self.seed, index])
        if self.second and np.random.default_rng([self.seed, index, 2]).uniform() < self.second:
            camera, shape = draw_second_camera(rng), (self.size, self.size)
            sky = 10 ** rng.uniform(-2, 0.3)
            noise = camera.sky_noise(np.full(1, sky)) / np.sqrt(frames)
            return rng, camera, sky + draw_second_scene(shape, rng, noise), np.ones(shape, np.float32)
        rate, _, scene = self.pool.stamp(self.size, rng)
        camera = draw_camera(rng, scene in ("slices", "slitlets"), kind)
        pixels = draw_noise_factors(rate.shape, rng) * draw_cut_ramps(rate.shape, rng)
        if self.faint and rng.uniform() < self.faint:
            rate = rate + draw_faint_stars(rate.shape, camera.sky_noise(rate) / np.sqrt(frames), rng)
        return rng, camera, np.ascontiguousarray(rate), pixels

    def item(self, index, image, target, scene, *more, **numbers):
        """`training_item` with the target or the scene, and with sources for the response."""
        rng = np.random.default_rng([self.seed, index, 3]) if self.response else None
        return training_item(image, self.target(target, scene), scene, *more, rng=rng, **numbers)

    def target(self, image, scene):
        """Target of the training: an image, or the scene."""
        return SlopeImage(scene, np.zeros_like(scene), np.float32(0)) if self.clean else image


class LongerExposures(_NoisyImages):
    """For `AstroUNet`: an image, and the exposure r times as long that begins with it.

    Every crop occurs with all ratios in turn (paper, section 3.4.2).

    Parameters
    ----------
    pool, length, seed, size
        As for `_NoisyImages`.
    ratios : sequence of int
        Ratios of exposure times.
    *options
        The others of `_NoisyImages`.
    """

    def __init__(self, pool, length, seed, size, ratios, *options):
        super().__init__(pool, length, seed, size, *options)
        self.ratios = tuple(ratios)
        self._crop = None, None

    def __getitem__(self, index):
        """Inputs with ``ratio``; truth and weight, see `training_item`."""
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
        return self.item(index, image, together, scene, ratio=ratio)


class NoisyPairs(_NoisyImages):
    """For `Noise2Noise`: two exposures of one scene."""

    def __getitem__(self, index):
        """Inputs, truth and weight, see `training_item`."""
        rng, camera, rate, pixels = self.draw(index)
        image, other = (camera.observe(rate, rng, pixels=pixels) for _ in range(2))
        return self.item(index, image, other, camera.truth(rate))


class NoisyStacks(_NoisyImages):
    """For `Noise2NoiseStack`: halves of a stack; targets are the mean of the second half and some of its frames.

    Parameters
    ----------
    pool, length, seed, size
        As for `_NoisyImages`.
    frames : int
        Largest number of frames of a half.
    *options
        The others of `_NoisyImages`.
    """

    def __init__(self, pool, length, seed, size, frames, *options):
        super().__init__(pool, length, seed, size, *options)
        self.frames = frames

    def __getitem__(self, index):
        """Inputs with ``extra``; truth and weight, see `training_item`."""
        number = np.random.default_rng([self.seed, index, 1]).uniform(np.log(1.5), np.log(self.frames))
        number = round(np.exp(number))
        rng, camera, rate, pixels = self.draw(index, "frame", number)
        halves = [[camera.observe(rate, rng, pixels=pixels) for _ in range(number)] for _ in range(2)]
        mean, other = (coadd_frames(half) for half in halves)
        others = [halves[1][which % number] for which in range(TARGET_FRAMES)]
        return self.item(index, mean.image, other.image, camera.truth(rate), stack_planes(mean), others)

"""Noisy images of one scene, simulated on the fly: what Astro U-net and Noise2Noise are trained on."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch.utils.data import Dataset

from jwst_denoise.networks.blocks.slope_planes import PLANES, scaled
from jwst_denoise.networks.noise2noise import stack_planes
from jwst_denoise.ramps.coadd import coadd
from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise.simulate.fast.defects import pixel_to_pixel, shorter_ramps, usable_pixels
from jwst_denoise.simulate.fast.scenes import random_psf
from jwst_denoise.simulate.point_sources import point_sources

__all__ = ["Camera", "LongerExposures", "NoisyPairs", "NoisyStacks", "draw_camera", "item"]

EXPOSURE_TIME = (30.0, 3000.0)  # s
READ_NOISE = (4.0, 25.0)  # e- of a whole exposure
STRIPES = 0.5  # rms of the levels of lines at most, in units of the read noise
SLOPE = 1.2  # by how much more light counts in the variance of a slope than in that of a sum, at most
RESAMPLED = 0.2  # of the images have been resampled onto other pixels
HITS = {"image": (-5.5, -4.0), "frame": (-4.5, -3.0)}  # decimal logarithms: fraction of pixels with a cosmic ray
CHARGE = {"image": 5.0, "frame": 12.0}  # mean of theirs in units of the read noise
SPACING = (24.0, 72.0)  # pixels, mean distance of such stars
RATIO = (2.0, 30.0)  # their S/N by the best filter
FRAMES_OF_TARGET = 2  # that are compared one by one


@dataclass(frozen=True)
class Camera:
    """How a scene is seen.

    Parameters
    ----------
    seconds : float
        Exposure time.
    read_noise : float
        Of a whole exposure, e-.
    stripes : float
        Rms of the levels of lines, in units of the read noise.
    axis : int
        Along which lines run: 1 for rows.
    poisson : float
        Variance of a rate by light over the rate, times the exposure time.
    shift : tuple of float or None
        By which the image is resampled, pixels.
    kind : {"image", "frame"}
        A cleaned image, or one frame of a stack with its cosmic rays.
    """

    seconds: float
    read_noise: float
    stripes: float = 0.0
    axis: int = 1
    poisson: float = 1.0
    shift: tuple[float, float] | None = None
    kind: str = "image"

    def observe(self, rate, rng, seconds=None, pixels=1.0):
        """An exposure of a scene.

        Parameters
        ----------
        rate : ndarray
            (ny, nx) e- / s.
        rng : `numpy.random.Generator`
            Source of all random numbers.
        seconds : float, optional
            Exposure time, by default the camera's; read noise in e- is that of an exposure.
        pixels : ndarray, optional
            (ny, nx) factor of the read noise of every pixel.

        Returns
        -------
        SlopeImage
            NaN where there is no datum; without cosmic rays in what it says of its noise.
        """
        seconds = seconds or self.seconds
        poisson = self.poisson / seconds
        read = self.read_noise / seconds * np.broadcast_to(np.asarray(pixels, np.float32), rate.shape)
        data = rng.poisson(np.clip(rate, 0, None) / poisson) * poisson
        data += read * rng.standard_normal(rate.shape, dtype=np.float32)
        lines = (rate.shape[0], 1) if self.axis else (1, rate.shape[1])
        data += self.stripes * self.read_noise / seconds * rng.standard_normal(lines, dtype=np.float32)
        low, high = HITS[self.kind]
        hit = rng.uniform(size=rate.shape) < 10 ** rng.uniform(low, high)
        if hit.any():
            charge = np.where(hit, rng.exponential(CHARGE[self.kind], rate.shape), 0)
            data += read * _spread(charge, rng)
        usable = usable_pixels(rate.shape, rng)
        if self.shift:
            data = _resampled(data, self.shift)
        data = np.where(usable, data, np.nan).astype(np.float32)
        return SlopeImage(data, read.astype(np.float32), np.float32(poisson))

    def deviation(self, rate):
        """Standard deviation of the noise of the sky of a scene, e- / s."""
        return np.sqrt((self.read_noise / self.seconds) ** 2 + self.poisson / self.seconds * max(np.median(rate), 0))

    def truth(self, rate):
        """The scene as the camera would see it without noise."""
        return _resampled(rate, self.shift) if self.shift else rate


def draw_camera(rng, plain=False, kind="image"):
    """A random camera; ``plain`` ones have exposures above 300 s, as for spectra."""
    low, high = EXPOSURE_TIME
    return Camera(
        float(np.exp(rng.uniform(np.log(300.0 if plain else low), np.log(high)))),
        float(np.exp(rng.uniform(*np.log(READ_NOISE)))), rng.uniform(0, STRIPES), int(rng.integers(2)),
        rng.uniform(1, SLOPE), tuple(rng.uniform(-0.5, 0.5, 2)) if rng.uniform() < RESAMPLED else None, kind,
    )  # fmt: skip


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
    seen = scaled(np.where(usable, rate, 0), read, poisson, usable)
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
        pixels = pixel_to_pixel(rate.shape, rng) * shorter_ramps(rate.shape, rng)
        if self.faint and rng.uniform() < self.faint:
            rate = rate + _faint_stars(rate.shape, camera.deviation(rate) / np.sqrt(frames), rng)
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
        mean, other = (coadd(half) for half in halves)
        scene = camera.truth(rate)
        others = [halves[1][which % number] for which in range(FRAMES_OF_TARGET)]
        return item(mean.image, self.target(other.image, scene), scene, stack_planes(mean), others)


def _faint_stars(shape, deviation, rng):
    """Stars of any S/N near the limit of detection, (ny, nx) e- / s."""
    psf = random_psf(rng)
    number = rng.poisson(shape[0] * shape[1] / rng.uniform(*SPACING) ** 2)
    y, x = (rng.uniform(0, length - 1, number) for length in shape)
    ratio = np.exp(rng.uniform(*np.log(RATIO), number))
    return point_sources(shape, x, y, ratio * deviation / np.sqrt(np.sum(psf.stamp(0.0, 0.0) ** 2)), psf)


def _spread(charge, rng):
    """Charge of cosmic rays, part of it in a neighbor."""
    share = rng.uniform(0, 0.5)
    step, axis = int(rng.choice((-1, 1))), int(rng.integers(2))
    return (1 - share) * charge + share * np.roll(charge, step, axis)


def _resampled(image, shift):
    return ndimage.shift(image, shift, order=1, mode="nearest").astype(np.float32)

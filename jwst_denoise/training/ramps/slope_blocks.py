"""Blocks of lines of simulated slope images, made on the fly, for `RampDenoise`.

Slopes are simulated directly: light as Poisson noise of the slope's own variance, read noise and correlated noise with
the factor that the slope gives them (`slope_noise`). A test compares them with the slopes of whole simulated ramps.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy import ndimage
from torch.utils.data import Dataset

from jwst_denoise.networks.blocks.slope_planes import PLANES, scaled
from jwst_denoise.ramps.slopes import slope_noise
from jwst_denoise.simulate import PATTERNS, NoiseSpectrum, detector, stationary_noise
from jwst_denoise.simulate.fast.defects import pixel_to_pixel, shorter_ramps, usable_pixels

__all__ = ["SlopeBlocks", "SlopeSetup", "draw_jwst", "draw_nirps", "simulate_slopes"]

PIXEL_TIME = 1e-5
FULL = 2048
LONGEST = 40  # groups
SMOOTHING = 11  # lines over which the side reference pixels are averaged
BOX = 50  # pixels of the boxes whose unlit pixels give a level (paper, section 3.2)
UNLIT = 1.0  # e- of an exposure below which a pixel counts as unlit


@dataclass(frozen=True)
class SlopeSetup:
    """How a block of lines is read and fitted.

    Parameters
    ----------
    lines, outputs, width : int
        Of the block; pixels of a line that an output reads.
    overhead : int
        Pixel times after a line.
    read : float
        Standard deviation of the slope over that of a frame, 1 / s.
    poisson : float
        Variance of the slope by light over the rate, 1 / s.
    seconds : float
        Of the whole ramp.
    read_noise : float
        e- rms of a frame.
    walk : float
        Random walk of every pixel, e-² / s.
    spectrum : NoiseSpectrum
        Of the correlated noise of a frame.
    unlit : bool
        Whether means of unlit pixels of lines and boxes have been subtracted.
    reference : bool
        Whether the level of the reference pixels at the ends of a line, smoothed over lines, has been subtracted.
    """

    lines: int
    outputs: int
    width: int
    overhead: int
    read: float
    poisson: float
    seconds: float
    read_noise: float
    walk: float
    spectrum: NoiseSpectrum
    unlit: bool = False
    reference: bool = False


def draw_jwst(lines, rng):
    """A random JWST set-up: full frames and subarrays, 2 to 40 groups of any read pattern."""
    outputs, width = ((4, 512), (4, 512), (1, 2048), (1, 512), (1, 256))[rng.integers(5)]
    pattern = PATTERNS[str(rng.choice([name for name in PATTERNS if name != "UTR"]))]
    rows = FULL if outputs == 4 else int(rng.choice((64, 256, 512)))
    frame_time = (rows + 1) * (width + 12) * PIXEL_TIME
    ngroups = int(np.exp(rng.uniform(np.log(2), np.log(LONGEST + 1))))
    group_time = frame_time * pattern.frames_per_group
    noise = slope_noise(ngroups, group_time, pattern.nframes, pattern.groupgap)
    strength = rng.lognormal(0, 0.5)
    spectrum = NoiseSpectrum(2.6 * strength, 1.5 * strength * rng.lognormal(0, 0.3), 0.5 * strength)
    return SlopeSetup(
        lines, outputs, width, 12, noise.read / np.sqrt(pattern.nframes), noise.poisson, ngroups * group_time,
        rng.uniform(6, 12), 0.0, spectrum, reference=outputs == 4 and rng.uniform() < 0.7,
    )  # fmt: skip


def draw_nirps(lines, rng):
    """A random set-up of the H4RG of an echelle spectrograph: 10 to 100 reads, corrected by unlit pixels."""
    h4rg = detector("H4RG")
    frame_time = (h4rg.size + 1) * (h4rg.size // h4rg.outputs + h4rg.overhead) * PIXEL_TIME
    ngroups = int(np.exp(rng.uniform(np.log(10), np.log(101)))) if rng.uniform() < 0.5 else 100
    noise = slope_noise(ngroups, frame_time)
    scale = rng.lognormal(0, 0.15)
    known = h4rg.correlated
    spectrum = NoiseSpectrum(
        scale * known.common_rms, scale * known.output_rms, scale * known.alternating_rms,
        known.common_slope, known.output_slope,
    )  # fmt: skip
    walk = (h4rg.pixel_walk * rng.lognormal(0, 0.15)) ** 2 / frame_time
    return SlopeSetup(
        lines, h4rg.outputs, h4rg.size // h4rg.outputs, h4rg.overhead, noise.read, noise.poisson,
        ngroups * frame_time, h4rg.read_noise * rng.lognormal(0, 0.1), walk, spectrum, unlit=True,
    )  # fmt: skip


def simulate_slopes(rate, setup, rng):
    """Slopes of a block of lines.

    Parameters
    ----------
    rate : ndarray
        (lines, pixels) e- / s of the scene.
    setup : SlopeSetup
        How it is read.
    rng : `numpy.random.Generator`
        Source of all random numbers.

    Returns
    -------
    dict of ndarray
        (lines, pixels): ``slope`` e- / s, ``read_noise`` its standard deviation by read noise, ``poisson`` its variance
        by light over the rate, ``usable``, ``correlated`` the correlated noise in ``slope``.
    """
    fewer = shorter_ramps(rate.shape, rng)
    read_noise = setup.read_noise * setup.read * fewer * pixel_to_pixel(rate.shape, rng)
    poisson = setup.poisson * np.cbrt(fewer) ** 2
    read_noise = np.sqrt(read_noise**2 + setup.walk * poisson).astype(np.float32)
    slope = rng.poisson((rate + 0.005) / poisson) * poisson - 0.005
    slope += read_noise * rng.standard_normal(rate.shape, dtype=np.float32)
    correlated = _correlated(setup, rng)
    correlated -= correlated.mean()  # the level of a frame is the sky's
    slope += correlated
    if setup.unlit:
        unlit = rate * setup.seconds < UNLIT
        slope, correlated = (_levelled(image, unlit) for image in (slope, correlated))
    usable = usable_pixels(rate.shape, rng)
    hits = (rng.uniform(size=rate.shape) < 10 ** rng.uniform(-5, -3.3)) & usable
    slope[hits] += rng.exponential(5, hits.sum()) * read_noise[hits]
    told = read_noise * np.float32(rng.lognormal(0, 0.05))
    arrays = {"slope": slope, "read_noise": told, "poisson": poisson, "correlated": correlated}
    return {name: array.astype(np.float32) for name, array in arrays.items()} | {"usable": usable}


class SlopeBlocks(Dataset):
    """Items (inputs, truth, weight): inputs are the planes of `ScaledSlopes` and the number of outputs.

    The truth (2, lines, pixels) is the scene and the correlated noise in the inputs' units, the weight 1 where there is
    a slope. Block i depends on the seed and i alone.

    Parameters
    ----------
    scenes : LineScenes or EchelleScenes
        What to look at.
    draw : callable
        `draw_jwst` or `draw_nirps`.
    length : int
        Number of blocks.
    seed : int
        Where the random numbers begin.
    pixels : int
        Of a block, about: narrower ones have more lines.
    """

    def __init__(self, scenes, draw, length, seed, pixels):
        self.scenes, self.draw, self.length, self.seed, self.pixels = scenes, draw, length, seed, pixels

    def __len__(self):
        """Number of blocks."""
        return self.length

    def __getitem__(self, index):
        """Inputs, truth and weight of a block."""
        rng = np.random.default_rng([self.seed, index])
        setup = self.draw(16, rng)
        pixels = setup.outputs * setup.width
        lines = int(np.clip(self.pixels // pixels // 16 * 16, 32, 256))
        setup = replace(setup, lines=lines)
        rate = self.scenes.block((lines, pixels), rng)
        found = simulate_slopes(rate, setup, rng)
        level = None if not setup.unlit else 0.0
        seen = scaled(found["slope"], found["read_noise"], found["poisson"], found["usable"], level)
        truth = np.stack([(rate - seen.level) / seen.unit, found["correlated"] / seen.unit]).astype(np.float32)
        inputs = {name: getattr(seen, name)[0] for name in PLANES} | {"outputs": setup.outputs}
        return inputs, torch.from_numpy(truth), torch.from_numpy(found["usable"].astype(np.float32))


def _correlated(setup, rng):
    """Correlated noise of the slope, (lines, pixels)."""
    ticks, spectrum = setup.width + setup.overhead, setup.spectrum
    shape = (setup.lines, ticks)
    samples = setup.lines * ticks
    common = stationary_noise(spectrum.common_psd, samples, PIXEL_TIME, rng).reshape(shape)
    own = [stationary_noise(spectrum.output_psd, samples, PIXEL_TIME, rng).reshape(shape) for _ in range(setup.outputs)]
    if setup.reference:
        seen = common[:, :4].mean(axis=1) + (own[0] + own[-1])[:, :4].mean(axis=1) / 2
        white = rng.normal(0, setup.read_noise / np.sqrt(8), setup.lines)
        common = common - ndimage.uniform_filter1d(seen + white, SMOOTHING)[:, None]
    parts = [(common + noise)[:, : setup.width] for noise in own]
    parts = [part[:, ::-1] if index % 2 else part for index, part in enumerate(parts)]
    offset = rng.normal(0, 0.3, setup.outputs)
    parts = [part + level for part, level in zip(parts, offset, strict=True)]
    return (np.concatenate(parts, axis=1) * setup.read).astype(np.float32)


def _levelled(image, unlit):
    """Image less the mean of unlit pixels of each line, then of each box."""
    image = image - _mean(image, unlit, axis=1)
    lines, pixels = (n // BOX * BOX for n in image.shape)
    boxes = (lines // BOX, BOX, pixels // BOX, BOX)
    inside = (slice(lines), slice(pixels))
    level = _mean(image[inside].reshape(boxes), unlit[inside].reshape(boxes), axis=(1, 3))
    level = np.broadcast_to(level, boxes).reshape(lines, pixels)
    return image - np.pad(level, [(0, n - m) for n, m in zip(image.shape, (lines, pixels), strict=True)], mode="edge")


def _mean(image, use, axis):
    count = use.sum(axis=axis, keepdims=True)
    return np.sum(image * use, axis=axis, keepdims=True) / np.maximum(count, 1)

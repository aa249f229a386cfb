"""Slope images of blocks of detector lines, on which the ramp denoiser is trained.

Slopes are simulated directly: photons as Poisson noise with the variance of the slope, white and correlated read noise
with the factor by which the slope scales them (`jwst_denoise.ramps.slopes.slope_noise`). A test compares them with the
slopes of whole simulated ramps.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from jwst_denoise.ramps.slopes import slope_noise
from jwst_denoise.simulate import PATTERNS, NoiseSpectrum, detector, stationary_noise
from jwst_denoise.simulate.fast.defects import draw_cut_ramps, draw_noise_factors, draw_usable_pixels

__all__ = ["SlopeSetup", "draw_jwst_setup", "draw_nirps_setup", "simulate_slopes"]

PIXEL_TIME = 1e-5
FULL = 2048
LONGEST = 40  # groups
SMOOTHING = 11  # lines over which the side reference pixels are averaged
LEVEL_BOX = 50  # pixels, edge of the boxes whose background pixels give a level (paper, section 3.2)
BACKGROUND = 1.0  # e- of signal in an exposure, below which a pixel is background


@dataclass(frozen=True)
class SlopeSetup:
    """How a block of lines is read and fitted.

    Parameters
    ----------
    lines, outputs, width : int
        Lines of the block, amplifier outputs, and pixels of a line that each output reads.
    overhead : int
        Pixel times after a line.
    read : float
        Standard deviation of the slope over that of a frame, 1 / s.
    poisson : float
        Poisson variance of the slope over the rate, 1 / s.
    seconds : float
        Duration of the whole ramp.
    read_noise : float
        White noise of a frame, e- rms.
    walk : float
        Random walk of every pixel, e-² / s.
    spectrum : NoiseSpectrum
        Of the correlated noise of a frame.
    subtract_background : bool
        Subtract the means of background pixels, of lines and then of boxes.
    subtract_reference : bool
        Subtract the level of the reference pixels at the ends of each line, smoothed over lines.
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
    subtract_background: bool = False
    subtract_reference: bool = False


def draw_jwst_setup(lines, rng):
    """Draw a JWST setup: full frames and subarrays, 2 to 40 groups of any read pattern."""
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
        rng.uniform(6, 12), 0.0, spectrum, subtract_reference=outputs == 4 and rng.uniform() < 0.7,
    )  # fmt: skip


def draw_nirps_setup(lines, rng):
    """Draw a setup of an echelle spectrograph's H4RG: 10 to 100 reads, levels of background pixels subtracted."""
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
        ngroups * frame_time, h4rg.read_noise * rng.lognormal(0, 0.1), walk, spectrum, subtract_background=True,
    )  # fmt: skip


def simulate_slopes(rate, setup, rng):
    """Simulate the slopes of a block of lines."""
    cut = draw_cut_ramps(rate.shape, rng)
    read_noise = setup.read_noise * setup.read * cut * draw_noise_factors(rate.shape, rng)
    poisson = setup.poisson * np.cbrt(cut) ** 2
    read_noise = np.sqrt(read_noise**2 + setup.walk * poisson).astype(np.float32)
    slope = rng.poisson((rate + 0.005) / poisson) * poisson - 0.005
    slope += read_noise * rng.standard_normal(rate.shape, dtype=np.float32)
    correlated = _draw_correlated_noise(setup, rng)
    correlated -= correlated.mean()  # the mean level of a frame counts as sky
    slope += correlated
    if setup.subtract_background:
        background = rate * setup.seconds < BACKGROUND
        slope, correlated = (_subtract_levels(image, background) for image in (slope, correlated))
    usable = draw_usable_pixels(rate.shape, rng)
    hits = (rng.uniform(size=rate.shape) < 10 ** rng.uniform(-5, -3.3)) & usable
    slope[hits] += rng.exponential(5, hits.sum()) * read_noise[hits]
    stated = read_noise * np.float32(rng.lognormal(0, 0.05))
    arrays = {"slope": slope, "read_noise": stated, "poisson": poisson, "correlated": correlated}
    return {name: array.astype(np.float32) for name, array in arrays.items()} | {"usable": usable}


def _draw_correlated_noise(setup, rng):
    """Correlated noise of the slope, (lines, pixels)."""
    ticks, spectrum = setup.width + setup.overhead, setup.spectrum
    shape = (setup.lines, ticks)
    samples = setup.lines * ticks
    common = stationary_noise(spectrum.common_psd, samples, PIXEL_TIME, rng).reshape(shape)
    own = [stationary_noise(spectrum.output_psd, samples, PIXEL_TIME, rng).reshape(shape) for _ in range(setup.outputs)]
    if setup.subtract_reference:
        reference = common[:, :4].mean(axis=1) + (own[0] + own[-1])[:, :4].mean(axis=1) / 2
        white = rng.normal(0, setup.read_noise / np.sqrt(8), setup.lines)
        common = common - ndimage.uniform_filter1d(reference + white, SMOOTHING)[:, None]
    parts = [(common + noise)[:, : setup.width] for noise in own]
    parts = [part[:, ::-1] if index % 2 else part for index, part in enumerate(parts)]
    offset = rng.normal(0, 0.3, setup.outputs)
    parts = [part + level for part, level in zip(parts, offset, strict=True)]
    return (np.concatenate(parts, axis=1) * setup.read).astype(np.float32)


def _subtract_levels(image, background):
    """Image after subtraction of the mean background of each line, and then of each box."""
    image = image - _mean(image, background, axis=1)
    height, width = (min(LEVEL_BOX, length) for length in image.shape)
    lines, pixels = image.shape[0] // height * height, image.shape[1] // width * width
    boxes = (lines // height, height, pixels // width, width)
    inside = (slice(lines), slice(pixels))
    level = _mean(image[inside].reshape(boxes), background[inside].reshape(boxes), axis=(1, 3))
    level = np.broadcast_to(level, boxes).reshape(lines, pixels)
    return image - np.pad(level, [(0, n - m) for n, m in zip(image.shape, (lines, pixels), strict=True)], mode="edge")


def _mean(image, use, axis):
    count = use.sum(axis=axis, keepdims=True)
    return np.sum(image * use, axis=axis, keepdims=True) / np.maximum(count, 1)

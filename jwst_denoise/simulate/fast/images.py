"""Noisy exposures of a scene, on which Astro U-net and Noise2Noise are trained."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from jwst_denoise.ramps.slopes import SlopeImage
from jwst_denoise.simulate.fast.defects import draw_usable_pixels
from jwst_denoise.simulate.fast.scenes import draw_psf
from jwst_denoise.simulate.fields import point_sources

__all__ = ["Camera", "draw_camera", "draw_faint_stars"]

EXPOSURE_TIME = (30.0, 3000.0)  # s
LONG_EXPOSURE = 300.0  # s, shortest exposure of spectra
READ_NOISE = (4.0, 25.0)  # e- of a whole exposure
STRIPES = 0.5  # largest rms of the levels of lines, in units of the read noise
SLOPE = 1.2  # largest ratio of the Poisson variance of a slope to that of a sum
RESAMPLED = 0.2  # share of the images that have been resampled onto other pixels
HITS = {"image": (-5.5, -4.0), "frame": (-4.5, -3.0)}  # log10 of the fraction of pixels hit by a cosmic ray
CHARGE = {"image": 5.0, "frame": 12.0}  # mean charge of a cosmic ray, in units of the read noise
SPACING = (24.0, 72.0)  # pixels, mean distance between faint stars
STAR_SNR = (2.0, 30.0)  # their S/N by the optimal filter


@dataclass(frozen=True)
class Camera:
    """Noise and sampling of an exposure.

    Parameters
    ----------
    seconds : float
        Exposure time.
    read_noise : float
        Of a whole exposure, e-.
    stripes : float
        Rms of the levels of lines, in units of the read noise.
    axis : int
        Axis along which lines run: 1 for rows.
    poisson : float
        Poisson variance of a rate over the rate, times the exposure time.
    shift : tuple of float or None
        Shift by which the image is resampled, pixels.
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
        """Simulate an exposure of a scene."""
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
            data += read * _spread_charge(charge, rng)
        usable = draw_usable_pixels(rate.shape, rng)
        if self.shift:
            data = _resample(data, self.shift)
        data = np.where(usable, data, np.nan).astype(np.float32)
        return SlopeImage(data, read.astype(np.float32), np.float32(poisson))

    def sky_noise(self, rate):
        """Standard deviation of the noise of a scene's sky, e- / s."""
        return np.sqrt((self.read_noise / self.seconds) ** 2 + self.poisson / self.seconds * max(np.median(rate), 0))

    def truth(self, rate):
        """Noiseless scene in the camera's pixels."""
        return _resample(rate, self.shift) if self.shift else rate


def draw_camera(rng, long=False, kind="image"):
    """Draw a camera; ``long`` ones expose for 300 s or more, as for spectra."""
    low, high = EXPOSURE_TIME
    return Camera(
        float(np.exp(rng.uniform(np.log(LONG_EXPOSURE if long else low), np.log(high)))),
        float(np.exp(rng.uniform(*np.log(READ_NOISE)))), rng.uniform(0, STRIPES), int(rng.integers(2)),
        rng.uniform(1, SLOPE), tuple(rng.uniform(-0.5, 0.5, 2)) if rng.uniform() < RESAMPLED else None, kind,
    )  # fmt: skip


def draw_faint_stars(shape, noise, rng):
    """Draw stars near the detection limit, (ny, nx) e- / s, for a sky noise in e- / s."""
    psf = draw_psf(rng)
    number = rng.poisson(shape[0] * shape[1] / rng.uniform(*SPACING) ** 2)
    y, x = (rng.uniform(0, length - 1, number) for length in shape)
    ratio = np.exp(rng.uniform(*np.log(STAR_SNR), number))
    return point_sources(shape, x, y, ratio * noise / np.sqrt(np.sum(psf.stamp(0.0, 0.0) ** 2)), psf)


def _spread_charge(charge, rng):
    """Charge of cosmic rays, part of it in a neighboring pixel."""
    fraction = rng.uniform(0, 0.5)
    step, axis = int(rng.choice((-1, 1))), int(rng.integers(2))
    return (1 - fraction) * charge + fraction * np.roll(charge, step, axis)


def _resample(image, shift):
    return ndimage.shift(image, shift, order=1, mode="nearest").astype(np.float32)

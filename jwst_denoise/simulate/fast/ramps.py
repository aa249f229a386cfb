"""Small simulated integrations for training: groups as after linearity correction, with what cosmic rays added."""

from dataclasses import dataclass, replace

import numpy as np

from jwst_denoise.detectors.parameters import _ipc_kernel
from jwst_denoise.detectors.read_patterns import poisson_fraction
from jwst_denoise.simulate import PATTERNS, CosmicRayParameters, NoiseSpectrum, cosmic_rays, stationary_noise
from jwst_denoise.simulate.cosmic_rays import FULL_FRAME
from jwst_denoise.simulate.response import couple
from jwst_denoise.simulate.snowballs import showers, snowballs
from jwst_denoise.simulate.spill import Spill

__all__ = ["Integration", "Readout", "draw_readout", "simulate_integration"]

LONGEST = 20  # groups
OUTPUT_LINE, PIXEL_TIME = 524, 1e-5  # pixel times of a line of a full frame and its overhead, s
BIN = 4  # pixels of a line with the same correlated noise
MARGIN = 32  # pixels around a stamp from which snowballs and showers reach into it
HITS = (0.004, 0.03)  # fraction of a stamp's pixels that are hit in a group
SHARES = {"snowball": 0.3, "early": 0.15, "shower": 0.15}
LARGE = 1.2  # mean number of large events in an integration that has some
IN_AVERAGES = 3  # moments at which hits come between averaged frames


@dataclass(frozen=True)
class Readout:
    """Groups, averaged and dropped frames, s a frame, e- of white noise a frame, spectrum of the correlated noise."""

    ngroups: int
    nframes: int
    groupgap: int
    frame_time: float
    read_noise: float
    spectrum: NoiseSpectrum

    @property
    def variance(self):
        """Of the read noise of a difference, e-²."""
        return 2 * self.read_noise**2 / self.nframes


@dataclass(frozen=True)
class Integration:
    """A simulated integration, (ngroups, ny, nx) but for the truth.

    Parameters
    ----------
    groups : ndarray
        Linear signal, e- float32; without meaning where bad or saturated.
    bad, saturated : ndarray
        Bool.
    added : ndarray
        (ngroups - 1, ny, nx) e-: what cosmic rays add to the differences.
    noise : ndarray
        (ny, nx) e- rms of a difference without them.
    """

    groups: np.ndarray
    bad: np.ndarray
    saturated: np.ndarray
    added: np.ndarray
    noise: np.ndarray

    @property
    def truth(self):
        """Differences with more than 1.5σ of cosmic rays, bool."""
        return self.added > 1.5 * self.noise


def draw_readout(rng):
    """A random number of groups, read pattern, frame time and noise."""
    pattern = PATTERNS[str(rng.choice(list(PATTERNS)))]
    short = pattern.nframes == 1 and rng.uniform() < 0.3
    strength = rng.lognormal(0, 0.4)
    ngroups = rng.choice([2, 3, 4, rng.integers(5, 9), rng.integers(9, LONGEST + 1)], p=[0.15, 0.1, 0.1, 0.35, 0.3])
    return Readout(
        int(ngroups), pattern.nframes, pattern.groupgap, rng.uniform(0.3, 5) if short else 10.7,
        rng.uniform(6, 13), NoiseSpectrum(3 * strength, 1.8 * strength, 0.5 * strength),
    )  # fmt: skip


def simulate_integration(rate, readout, rng, flight=False):
    """Simulate an integration of a stamp.

    Light is Gaussian rather than Poissonian, which beside the read noise makes no difference, and correlated noise is
    what is left of it when lines have lost their level.

    Parameters
    ----------
    rate : ndarray
        (ny, nx) e- / s.
    readout : Readout
        How it is read.
    rng : `numpy.random.Generator`
        Source of all random numbers.
    flight : bool, optional
        Cosmic rays as frequent as in flight, instead of more of every kind.

    Returns
    -------
    Integration
    """
    rate = np.asarray(rate, dtype=np.float32) + np.float32(0.01) + _hot(rate.shape, rng)
    sigma = np.float32(readout.read_noise / np.sqrt(readout.nframes))
    well = np.float32(rng.uniform(6e4, 1.2e5))
    rays = _CosmicRays(rate.shape, readout, rng, flight)
    drift = np.float32(rng.normal(0, 0.01))
    total, ray_total = np.zeros_like(rate), np.zeros_like(rate)
    turned = rng.integers(2)
    groups, hits = [], []
    for group in range(readout.ngroups):
        gap = (0 if group == 0 else readout.groupgap) + 1
        light, late = _light(rate, gap, readout, rng)
        charge, late_charge = rays.group(gap, rng)
        total += light + charge
        ray_total += charge
        signal = total - late - late_charge
        white = sigma * rng.standard_normal(rate.shape, dtype=np.float32)
        stripes = _stripes(rate.shape, readout, rng)
        seen = np.minimum(signal, well) * (1 + drift * np.minimum(signal, well) / well)
        groups.append(seen + white + (stripes.T if turned else stripes))
        hits.append(ray_total - late_charge)
    groups = np.stack(groups)
    share = np.float32(poisson_fraction(readout.nframes, readout.groupgap))
    noise = np.sqrt(np.float32(readout.variance) + _mean_light(rate, readout) * share)
    return Integration(groups, _bad(groups.shape, rng), _grown(groups > 0.97 * well), np.diff(hits, axis=0), noise)


def _mean_light(rate, readout):
    return rate * np.float32((readout.nframes + readout.groupgap) * readout.frame_time)


def _light(rate, gap, readout, rng):
    """Light up to the end of a group, and the part that the mean of its frames lacks."""
    frame = rate * np.float32(readout.frame_time)
    light = frame * gap + np.sqrt(frame * gap) * rng.standard_normal(rate.shape, dtype=np.float32)
    late = np.zeros_like(rate)
    weights = np.arange(1, readout.nframes, dtype=np.float32) / readout.nframes
    if len(weights):  # the sum of the frames and the weighted sum, with their covariance
        n, mean, square = len(weights), weights.mean(), (weights**2).mean()
        common, own = rng.standard_normal((2, *rate.shape), dtype=np.float32)
        root = np.sqrt(np.float32(n) * frame)
        light += np.float32(n) * frame + root * common
        spread = np.sqrt(max(square - mean**2, np.float32(0)))
        late = np.float32(n) * mean * frame + root * (mean * common + spread * own)
    return light, late


class _CosmicRays:
    """Hits of all kinds, group by group."""

    def __init__(self, shape, readout, rng, flight):
        self.readout, self.shape = readout, shape
        seconds = readout.frame_time * (readout.nframes + readout.groupgap)
        base = CosmicRayParameters()
        fraction = np.exp(rng.uniform(*np.log(HITS)))  # of the pixels; a hit leaves traces in about 8
        flux = base.flux if flight else fraction / (8 * seconds * (base.pixel * 1e-4) ** 2)
        self.parameters = replace(
            base, flux=flux, snowball_rate=0, shower_rate=0,
            diffusion=rng.uniform(0.22, 0.36), halo_level=base.halo_level * rng.lognormal(0, 0.6),
            halo_scale=rng.uniform(0.4, 0.9), shower_level=base.shower_level * rng.lognormal(0.3, 0.5),
            ring_rate=base.ring_rate * rng.lognormal(0, 0.7), ring_scale=rng.uniform(1.0, 2.5),
            ring_time=base.ring_time * rng.lognormal(0, 0.7),
        )  # fmt: skip
        self.kernel = _ipc_kernel(rng.uniform(0.003, 0.008))
        self.spill = Spill(tuple(n + 2 * MARGIN for n in shape), self.parameters)
        kinds = {kind: LARGE * (rng.uniform() < share) for kind, share in SHARES.items()}
        self.number = {kind: kinds[kind] / readout.ngroups for kind in ("snowball", "shower")}
        self.early = kinds["early"]
        if flight:
            frames = seconds * self.spill.current.size / FULL_FRAME
            self.number = {"snowball": base.snowball_rate * frames, "shower": base.shower_rate * frames}
            self.early = 0

    def group(self, gap, rng):
        """Charge that comes up to the end of a group, and the part that the mean of its frames lacks."""
        time, n = self.readout.frame_time, self.readout.nframes
        charge = self._interval(gap * time, gap / (gap + n - 1), rng)
        late = np.zeros(self.shape, dtype=np.float32)
        moments = min(IN_AVERAGES, n - 1)
        for _ in range(moments):
            new = self._interval((n - 1) / moments * time, (n - 1) / moments / (gap + n - 1), rng)
            charge += new
            late += new * np.float32(rng.integers(1, n) / n)
        self.early = 0
        return charge, late

    def _interval(self, seconds, share, rng):
        large = np.zeros(self.spill.current.shape, dtype=np.float32)
        wide = self.parameters
        number = self.number["snowball"] * share + self.early
        if number:
            large += snowballs(large.shape, number, wide, rng)
            ring = self.spill.run(seconds)
            self.spill.start(large, rng)
            large += ring
        if self.number["shower"]:
            large += showers(large.shape, self.number["shower"] * share, wide, rng)
        inner = large[MARGIN:-MARGIN, MARGIN:-MARGIN]
        return couple(inner + cosmic_rays(self.shape, seconds, wide, rng), self.kernel)


def _stripes(shape, readout, rng):
    """Correlated noise of the lines of a stamp that is left when (most of) the lines' levels are taken away."""
    spectrum = readout.spectrum
    lines, width = shape

    def psd(frequency):
        return spectrum.common_psd(frequency) + spectrum.output_psd(frequency, np.inf)

    steps = OUTPUT_LINE // BIN
    noise = stationary_noise(psd, lines * steps, BIN * PIXEL_TIME, rng).reshape(lines, steps)
    noise = noise - np.float32(rng.uniform(0.7, 1)) * noise.mean(axis=1, keepdims=True)
    noise -= noise.mean()
    start = rng.integers(0, OUTPUT_LINE - 12 - width + 1) // BIN
    part = np.repeat(noise[:, start : start + -(-width // BIN)], BIN, axis=1)[:, :width]
    return part / np.sqrt(np.float32(readout.nframes))


def _hot(shape, rng):
    """Dark current of hot pixels, e- / s."""
    hot = rng.uniform(size=shape) < rng.choice([5e-4, 3e-3])
    return (hot * rng.exponential(rng.choice([0.5, 20.0]), shape)).astype(np.float32)


def _bad(shape, rng):
    """Pixels without datum: always, or in single groups."""
    always = rng.uniform(size=shape[1:]) < rng.choice([0, 0.002, 0.01])
    if rng.uniform() < 0.1:
        always[:4] = True
    return always | (rng.uniform(size=shape) < rng.choice([0, 5e-4]))


def _grown(saturated):
    """Saturated from the first such group on, with the 8 neighbors, as the saturation step flags."""
    saturated = np.maximum.accumulate(saturated, axis=0)
    if not saturated.any():
        return saturated
    padded = np.pad(saturated, ((0, 0), (1, 1), (1, 1)))
    ny, nx = saturated.shape[1:]
    return np.logical_or.reduce([padded[:, y : y + ny, x : x + nx] for y in range(3) for x in range(3)])

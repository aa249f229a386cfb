"""Short integrations of a stamp with cosmic rays: groups as after linearity correction, and the charge of the hits."""

from dataclasses import dataclass, replace

import numpy as np

from jwst_denoise.detectors.parameters import ipc_kernel
from jwst_denoise.detectors.read_patterns import poisson_fraction
from jwst_denoise.simulate import PATTERNS, CosmicRayParameters, NoiseSpectrum, cosmic_rays, stationary_noise
from jwst_denoise.simulate.cosmic_rays import FRAME_PIXELS, SnowballRings, showers, snowballs
from jwst_denoise.simulate.response import couple

__all__ = ["Integration", "RampSetup", "draw_ramp_setup", "simulate_integration"]

LONGEST = 20  # groups
OUTPUT_LINE, PIXEL_TIME = 524, 1e-5  # pixel times of a line of a full frame and its overhead, s
BIN = 4  # pixels of a line that share one value of the correlated noise
MARGIN = 32  # pixels around a stamp in which snowballs and showers also occur
HITS = (0.004, 0.03)  # fraction of a stamp's pixels hit in a group
LARGE_EVENTS = {"snowball": 0.3, "early": 0.15, "shower": 0.15}
LARGE = 1.2  # mean number of large events in an integration that has any
IN_AVERAGES = 3  # moments between averaged frames at which hits arrive


@dataclass(frozen=True)
class RampSetup:
    """Numbers of groups, averaged and dropped frames; frame time in s; white noise of a frame in e-; noise spectrum."""

    ngroups: int
    nframes: int
    groupgap: int
    frame_time: float
    read_noise: float
    spectrum: NoiseSpectrum

    @property
    def variance(self):
        """Variance of the read noise of a group difference, e-²."""
        return 2 * self.read_noise**2 / self.nframes


@dataclass(frozen=True)
class Integration:
    """A simulated integration.

    Parameters
    ----------
    groups : ndarray
        (ngroups, ny, nx) linear signal, e- float32; meaningless where bad or saturated.
    bad, saturated : ndarray
        (ngroups, ny, nx) bool.
    added : ndarray
        (ngroups - 1, ny, nx) e-: charge of cosmic rays in the group differences.
    noise : ndarray
        (ny, nx) noise of a difference without cosmic rays, e- rms.
    """

    groups: np.ndarray
    bad: np.ndarray
    saturated: np.ndarray
    added: np.ndarray
    noise: np.ndarray

    @property
    def truth(self):
        """(ngroups - 1, ny, nx) bool: cosmic-ray charge above 1.5σ."""
        return self.added > 1.5 * self.noise


def draw_ramp_setup(rng):
    """Draw a number of groups, a read pattern, a frame time and the noise."""
    pattern = PATTERNS[str(rng.choice(list(PATTERNS)))]
    short = pattern.nframes == 1 and rng.uniform() < 0.3
    strength = rng.lognormal(0, 0.4)
    ngroups = rng.choice([2, 3, 4, rng.integers(5, 9), rng.integers(9, LONGEST + 1)], p=[0.15, 0.1, 0.1, 0.35, 0.3])
    return RampSetup(
        int(ngroups), pattern.nframes, pattern.groupgap, rng.uniform(0.3, 5) if short else 10.7,
        rng.uniform(6, 13), NoiseSpectrum(3 * strength, 1.8 * strength, 0.5 * strength),
    )  # fmt: skip


def simulate_integration(rate, setup, rng, flight=False):
    """Simulate an integration of a stamp.

    Photon noise is Gaussian rather than Poissonian, which next to the read noise makes no difference. Most of the level
    of each line has been removed from the correlated noise.
    """
    rate = np.asarray(rate, dtype=np.float32) + np.float32(0.01) + _draw_hot_pixels(rate.shape, rng)
    sigma = np.float32(setup.read_noise / np.sqrt(setup.nframes))
    well = np.float32(rng.uniform(6e4, 1.2e5))
    rays = _CosmicRays(rate.shape, setup, rng, flight)
    drift = np.float32(rng.normal(0, 0.01))
    total, ray_total = np.zeros_like(rate), np.zeros_like(rate)
    turned = rng.integers(2)
    groups, hits = [], []
    for group in range(setup.ngroups):
        gap = (0 if group == 0 else setup.groupgap) + 1
        photons, late = _draw_photons(rate, gap, setup, rng)
        charge, late_charge = rays.group(gap, rng)
        total += photons + charge
        ray_total += charge
        signal = total - late - late_charge
        white = sigma * rng.standard_normal(rate.shape, dtype=np.float32)
        stripes = _draw_stripes(rate.shape, setup, rng)
        measured = np.minimum(signal, well) * (1 + drift * np.minimum(signal, well) / well)
        groups.append(measured + white + (stripes.T if turned else stripes))
        hits.append(ray_total - late_charge)
    groups = np.stack(groups)
    poisson = np.float32(poisson_fraction(setup.nframes, setup.groupgap))
    noise = np.sqrt(np.float32(setup.variance) + _mean_signal(rate, setup) * poisson)
    bad, saturated = _draw_bad_pixels(groups.shape, rng), _grow_saturation(groups > 0.97 * well)
    return Integration(groups, bad, saturated, np.diff(hits, axis=0), noise)


def _mean_signal(rate, setup):
    return rate * np.float32((setup.nframes + setup.groupgap) * setup.frame_time)


def _draw_photons(rate, gap, setup, rng):
    """Signal up to the end of a group, and the part of it that the mean of its frames lacks."""
    frame = rate * np.float32(setup.frame_time)
    photons = frame * gap + np.sqrt(frame * gap) * rng.standard_normal(rate.shape, dtype=np.float32)
    late = np.zeros_like(rate)
    weights = np.arange(1, setup.nframes, dtype=np.float32) / setup.nframes
    if len(weights):  # the sum of the frames and the weighted sum, with their covariance
        n, mean, square = len(weights), weights.mean(), (weights**2).mean()
        common, own = rng.standard_normal((2, *rate.shape), dtype=np.float32)
        root = np.sqrt(np.float32(n) * frame)
        photons += np.float32(n) * frame + root * common
        spread = np.sqrt(max(square - mean**2, np.float32(0)))
        late = np.float32(n) * mean * frame + root * (mean * common + spread * own)
    return photons, late


class _CosmicRays:
    """Cosmic rays of all kinds, group by group."""

    def __init__(self, shape, setup, rng, flight):
        self.setup, self.shape = setup, shape
        seconds = setup.frame_time * (setup.nframes + setup.groupgap)
        base = CosmicRayParameters()
        fraction = np.exp(rng.uniform(*np.log(HITS)))  # of the pixels; a cosmic ray affects about 8
        flux = base.flux if flight else fraction / (8 * seconds * (base.pixel * 1e-4) ** 2)
        self.parameters = replace(
            base, flux=flux, snowball_rate=0, shower_rate=0,
            diffusion=rng.uniform(0.22, 0.36), halo_level=base.halo_level * rng.lognormal(0, 0.6),
            halo_scale=rng.uniform(0.4, 0.9), shower_level=base.shower_level * rng.lognormal(0.3, 0.5),
            ring_rate=base.ring_rate * rng.lognormal(0, 0.7), ring_scale=rng.uniform(1.0, 2.5),
            ring_time=base.ring_time * rng.lognormal(0, 0.7),
        )  # fmt: skip
        self.kernel = ipc_kernel(rng.uniform(0.003, 0.008))
        self.rings = SnowballRings(tuple(n + 2 * MARGIN for n in shape), self.parameters)
        kinds = {kind: LARGE * (rng.uniform() < probability) for kind, probability in LARGE_EVENTS.items()}
        self.number = {kind: kinds[kind] / setup.ngroups for kind in ("snowball", "shower")}
        self.early = kinds["early"]
        if flight:
            frames = seconds * self.rings.current.size / FRAME_PIXELS
            self.number = {"snowball": base.snowball_rate * frames, "shower": base.shower_rate * frames}
            self.early = 0

    def group(self, gap, rng):
        """Charge up to the end of a group, and the part of it that the mean of its frames lacks."""
        time, n = self.setup.frame_time, self.setup.nframes
        charge = self._interval(gap * time, gap / (gap + n - 1), rng)
        late = np.zeros(self.shape, dtype=np.float32)
        moments = min(IN_AVERAGES, n - 1)
        for _ in range(moments):
            new = self._interval((n - 1) / moments * time, (n - 1) / moments / (gap + n - 1), rng)
            charge += new
            late += new * np.float32(rng.integers(1, n) / n)
        self.early = 0
        return charge, late

    def _interval(self, seconds, fraction, rng):
        large = np.zeros(self.rings.current.shape, dtype=np.float32)
        parameters = self.parameters
        number = self.number["snowball"] * fraction + self.early
        if number:
            large += snowballs(large.shape, number, parameters, rng)
            ring = self.rings.advance(seconds)
            self.rings.start(large, rng)
            large += ring
        if self.number["shower"]:
            large += showers(large.shape, self.number["shower"] * fraction, parameters, rng)
        inner = large[MARGIN:-MARGIN, MARGIN:-MARGIN]
        return couple(inner + cosmic_rays(self.shape, seconds, parameters, rng), self.kernel)


def _draw_stripes(shape, setup, rng):
    """Correlated noise of the lines of a stamp, after subtraction of most of the lines' levels."""
    spectrum = setup.spectrum
    lines, width = shape

    def psd(frequency):
        return spectrum.common_psd(frequency) + spectrum.output_psd(frequency, np.inf)

    steps = OUTPUT_LINE // BIN
    noise = stationary_noise(psd, lines * steps, BIN * PIXEL_TIME, rng).reshape(lines, steps)
    noise = noise - np.float32(rng.uniform(0.7, 1)) * noise.mean(axis=1, keepdims=True)
    noise -= noise.mean()
    start = rng.integers(0, OUTPUT_LINE - 12 - width + 1) // BIN
    part = np.repeat(noise[:, start : start + -(-width // BIN)], BIN, axis=1)[:, :width]
    return part / np.sqrt(np.float32(setup.nframes))


def _draw_hot_pixels(shape, rng):
    """Dark current of hot pixels, e- / s."""
    hot = rng.uniform(size=shape) < rng.choice([5e-4, 3e-3])
    return (hot * rng.exponential(rng.choice([0.5, 20.0]), shape)).astype(np.float32)


def _draw_bad_pixels(shape, rng):
    """Pixels without data, in all groups or in single ones."""
    always = rng.uniform(size=shape[1:]) < rng.choice([0, 0.002, 0.01])
    if rng.uniform() < 0.1:
        always[:4] = True
    return always | (rng.uniform(size=shape) < rng.choice([0, 5e-4]))


def _grow_saturation(saturated):
    """Saturation from the first saturated group on, with the 8 neighbors, as the saturation step flags it."""
    saturated = np.maximum.accumulate(saturated, axis=0)
    if not saturated.any():
        return saturated
    padded = np.pad(saturated, ((0, 0), (1, 1), (1, 1)))
    ny, nx = saturated.shape[1:]
    return np.logical_or.reduce([padded[:, y : y + ny, x : x + nx] for y in range(3) for x in range(3)])

"""Noiseless scenes: square ones for stamps, and ones as wide as a detector for blocks of lines."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jwst_denoise.simulate import fields, spectra
from jwst_denoise.simulate.psf import PSF, filters, point_spread_function
from jwst_denoise.simulate.spectra import echelle

__all__ = ["KINDS", "EchelleScenes", "LineScenes", "ScenePool", "draw_psf", "gaussian_psf"]

FIELDS = {"galaxies": fields.field, "cluster": fields.cluster, "resolved": fields.resolved, "nebula": fields.nebula}
SPECTRA = {"slices": spectra.ifu, "slitlets": spectra.mos}

#: Kind of scene -> its share of the stamps.
KINDS = {"galaxies": 0.22, "cluster": 0.28, "resolved": 0.26, "nebula": 0.08, "slices": 0.11, "slitlets": 0.05}
SIZE = 512
NUMBERS = {"galaxies": 2500, "cluster": 30000, "resolved": 500000}  # mean number of galaxies or stars

#: The same for scenes as wide as a detector; "empty" is sky alone.
LINE_KINDS = {
    "galaxies": 0.3, "cluster": 0.14, "resolved": 0.14, "nebula": 0.12, "slices": 0.12, "slitlets": 0.12, "empty": 0.06
}  # fmt: skip
LINE_SHAPE = (256, 2048)
LINE_NUMBERS = {"galaxies": 4000, "cluster": 15000, "resolved": 150000}
SKY = (0.005, 1.5)  # e- / s

CHANNELS = ("NIRCAM_SW", "NIRCAM_LW", "NIRISS")
BLUEST = {"NIRCAM_SW": "F070W", "NIRISS": "F090W"}  # the most undersampled filters, drawn more often
BLUEST_SHARE = 0.35
GAUSSIAN_SHARE = 0.1  # of the scenes have a Gaussian PSF of any width, for instruments other than JWST's


@dataclass(frozen=True)
class ScenePool:
    """Noiseless scenes from which stamps are cut.

    Parameters
    ----------
    rates : ndarray
        (n, 512, 512) float32 e- / s.
    kinds : tuple of str
        Kind of each.
    """

    rates: np.ndarray
    kinds: tuple[str, ...]

    @cached_property
    def levels(self):
        """Median rate of each scene."""
        return np.median(self.rates, axis=(1, 2))

    @classmethod
    def draw(cls, number, seed, kinds=None):
        """Draw ``number`` scenes; scene i depends on ``seed`` and i alone.

        Parameters
        ----------
        number : int
            Number of scenes.
        seed : int
            First part of each scene's seed; pools with different seeds share no scene.
        kinds : sequence of str, optional
            Kinds to draw in turn. By default all kinds are drawn, in the proportions of `KINDS`.
        """
        names, rates = [], np.empty((number, SIZE, SIZE), dtype=np.float32)
        for index in range(number):
            rng = np.random.default_rng([seed, index])
            kind = kinds[index % len(kinds)] if kinds else str(rng.choice(list(KINDS), p=list(KINDS.values())))
            rates[index] = _draw_scene(kind, rng)
            names.append(kind)
        return cls(rates, tuple(names))

    def stamp(self, size, rng):
        """Cut a square stamp from a random scene, rotated and mirrored at random: (rate, sky level, kind)."""
        index = rng.integers(len(self.rates))
        y, x = rng.integers(0, SIZE - size + 1, 2)
        part = np.rot90(self.rates[index, y : y + size, x : x + size], rng.integers(4))
        return (part.T if rng.integers(2) else part), self.levels[index], self.kinds[index]


@dataclass(frozen=True)
class LineScenes:
    """Noiseless scenes of JWST's instruments, 256 × 2048 or 2048 × 256 pixels, from which blocks of lines are cut.

    Parameters
    ----------
    rates : tuple of ndarray
        e- / s float32 each.
    """

    rates: tuple

    @classmethod
    def draw(cls, number, seed):
        """Draw ``number`` scenes; scene i depends on ``seed`` and i alone."""
        return cls(tuple(_draw_line_scene(np.random.default_rng([seed, index])) for index in range(number)))

    def block(self, shape, rng):
        """Cut a block of a random scene, along or across its long edge, mirrored at random: (lines, pixels) e- / s."""
        rate = self.rates[rng.integers(len(self.rates))]
        fits = [turned for turned in (rate, rate.T) if all(n <= m for n, m in zip(shape, turned.shape, strict=True))]
        if not fits:
            return self.block(shape, rng)
        rate = fits[rng.integers(len(fits))]
        y, x = (rng.integers(0, m - n + 1) for n, m in zip(shape, rate.shape, strict=True))
        part = rate[y : y + shape[0], x : x + shape[1]]
        return np.ascontiguousarray(part[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))])


@dataclass(frozen=True)
class EchelleScenes:
    """Noiseless echelle orders, drawn anew for every block."""

    def block(self, shape, rng):
        """Draw the orders of a star along the lines, sometimes almost without flux: (lines, pixels) e- / s."""
        image = echelle(
            shape, rng, peak=0.054 * rng.lognormal(-0.2, 0.6), orders=rng.integers(20, 45), width=rng.uniform(1.2, 2.2)
        )
        return np.ascontiguousarray(image[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))])


def draw_psf(rng):
    """Point-spread function of a random channel and filter, sometimes a Gaussian."""
    if rng.uniform() < GAUSSIAN_SHARE:
        return gaussian_psf(rng.uniform(1.2, 5.0))
    channel = str(rng.choice(CHANNELS))
    if channel in BLUEST and rng.uniform() < BLUEST_SHARE:
        return point_spread_function(channel, BLUEST[channel])
    return point_spread_function(channel, str(rng.choice(sorted(filters(channel)))))


def gaussian_psf(fwhm, reach=19, oversample=4):
    """Round point-spread function of a given full width at half maximum, in pixels."""
    offset = np.arange(-(reach + 1) * oversample, (reach + 1) * oversample + 1) / oversample
    profile = np.exp(-4 * np.log(2) * (offset / fwhm) ** 2)
    samples = np.outer(profile, profile)
    return PSF(f"gaussian-{fwhm:.2f}", (samples / samples.sum() * oversample**2).astype(np.float32), oversample)


def _draw_scene(kind, rng):
    if kind in SPECTRA:
        corner = tuple(int(c) for c in rng.integers(1, 2048 - SIZE, 2))
        return SPECTRA[kind](rng, shape=(SIZE, SIZE), corner=corner, brightness=rng.lognormal(0, 1))
    options = {"sky": rng.lognormal(np.log(0.2), 0.7), "brightness": rng.lognormal(0, 1)}
    if kind in NUMBERS:
        options[_counted(kind)] = rng.lognormal(0, 0.5) * NUMBERS[kind]
    return FIELDS[kind]((SIZE, SIZE), draw_psf(rng), rng, **options)


def _draw_line_scene(rng):
    kind = str(rng.choice(list(LINE_KINDS), p=list(LINE_KINDS.values())))
    sky = np.exp(rng.uniform(*np.log(SKY)))
    if kind == "empty":
        rate = np.full(LINE_SHAPE, sky, dtype=np.float32)
    elif kind in SPECTRA:
        corner = (1, int(rng.integers(1, 2048 - LINE_SHAPE[0])))
        rate = SPECTRA[kind](rng, shape=LINE_SHAPE, corner=corner, brightness=rng.lognormal(-0.5, 1))
    else:
        options = {"sky": sky, "brightness": rng.lognormal(-0.5, 1)}
        if kind in LINE_NUMBERS:
            options[_counted(kind)] = LINE_NUMBERS[kind] * rng.lognormal(0, 0.7)
        rate = FIELDS[kind](LINE_SHAPE, draw_psf(rng), rng, **options)
    return rate.T if rng.integers(2) else rate


def _counted(kind):
    """Keyword by which a field takes the number of its sources."""
    return "galaxies" if kind == "galaxies" else "stars"

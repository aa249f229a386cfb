"""Scenes without noise from which training stamps are cut."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jwst_denoise.simulate import fields, spectra
from jwst_denoise.simulate.psf import PSF, filters, point_spread_function

__all__ = ["KINDS", "ScenePool", "random_psf"]

SIZE = 512
FIELDS = {"galaxies": fields.field, "cluster": fields.cluster, "resolved": fields.resolved, "nebula": fields.nebula}
SPECTRA = {"slices": spectra.ifu, "slitlets": spectra.mos}

#: Kind of scene -> its share of the training scenes.
KINDS = {"galaxies": 0.22, "cluster": 0.28, "resolved": 0.26, "nebula": 0.08, "slices": 0.11, "slitlets": 0.05}
CHANNELS = ("NIRCAM_SW", "NIRCAM_LW", "NIRISS")
BLUEST = {"NIRCAM_SW": "F070W", "NIRISS": "F090W"}  # undersampled most: drawn more often
BLUEST_SHARE = 0.35
ROUND_SHARE = 0.1  # of the scenes are seen through a Gaussian of any width, as other instruments do


@dataclass(frozen=True)
class ScenePool:
    """Noiseless scenes.

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
    def draw(cls, number, seed, kinds=None, progress=None):
        """Draw ``number`` scenes; scene i depends on ``seed`` and i alone.

        Parameters
        ----------
        number : int
            How many.
        seed : int
            Where the random numbers begin; different seeds share no scene.
        kinds : sequence of str, optional
            Kinds to draw in turn; by default all, in the shares of `KINDS`.
        progress : callable, optional
            Called with the number of scenes that are done.
        """
        names, rates = [], np.empty((number, SIZE, SIZE), dtype=np.float32)
        for index in range(number):
            rng = np.random.default_rng([seed, index])
            kind = kinds[index % len(kinds)] if kinds else str(rng.choice(list(KINDS), p=list(KINDS.values())))
            rates[index] = _scene(kind, rng)
            names.append(kind)
            if progress:
                progress(index + 1)
        return cls(rates, tuple(names))

    def stamp(self, size, rng):
        """A square part of a random scene, turned and mirrored at random, as (rate, sky level, kind)."""
        index = rng.integers(len(self.rates))
        y, x = rng.integers(0, SIZE - size + 1, 2)
        part = np.rot90(self.rates[index, y : y + size, x : x + size], rng.integers(4))
        return (part.T if rng.integers(2) else part), self.levels[index], self.kinds[index]


def _scene(kind, rng):
    if kind in SPECTRA:
        corner = tuple(int(c) for c in rng.integers(1, 2048 - SIZE, 2))
        return SPECTRA[kind](rng, shape=(SIZE, SIZE), corner=corner, brightness=rng.lognormal(0, 1))
    options = {"sky": rng.lognormal(np.log(0.2), 0.7), "brightness": rng.lognormal(0, 1)}
    if kind != "nebula":
        options["galaxies" if kind == "galaxies" else "stars"] = rng.lognormal(0, 0.5) * {
            "galaxies": 2500, "cluster": 30000, "resolved": 500000
        }[kind]  # fmt: skip
    return FIELDS[kind]((SIZE, SIZE), random_psf(rng), rng, **options)


def random_psf(rng):
    """Point-spread function of a random channel and filter, or now and then a Gaussian."""
    if rng.uniform() < ROUND_SHARE:
        return gaussian(rng.uniform(1.2, 5.0))
    channel = str(rng.choice(CHANNELS))
    if channel in BLUEST and rng.uniform() < BLUEST_SHARE:
        return point_spread_function(channel, BLUEST[channel])
    return point_spread_function(channel, str(rng.choice(sorted(filters(channel)))))


def gaussian(fwhm, reach=19, oversample=4):
    """Round point-spread function with a full width at half maximum in pixels."""
    offset = np.arange(-(reach + 1) * oversample, (reach + 1) * oversample + 1) / oversample
    profile = np.exp(-4 * np.log(2) * (offset / fwhm) ** 2)
    samples = np.outer(profile, profile)
    return PSF(f"gaussian-{fwhm:.2f}", (samples / samples.sum() * oversample**2).astype(np.float32), oversample)

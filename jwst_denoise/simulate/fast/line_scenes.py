"""Scenes as wide as a detector, so that whole lines can be read from them."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise.simulate import fields, spectra
from jwst_denoise.simulate.echelle import echelle
from jwst_denoise.simulate.fast.scenes import random_psf

__all__ = ["EchelleScenes", "LineScenes"]

SHAPE = (256, 2048)
KINDS = {
    "galaxies": 0.3, "cluster": 0.14, "resolved": 0.14, "nebula": 0.12, "slices": 0.12, "slitlets": 0.12, "empty": 0.06
}  # fmt: skip
FIELDS = {"galaxies": fields.field, "cluster": fields.cluster, "resolved": fields.resolved, "nebula": fields.nebula}
NUMBERS = {"galaxies": 4000, "cluster": 15000, "resolved": 150000}
SPECTRA = {"slices": spectra.ifu, "slitlets": spectra.mos}
SKY = (0.005, 1.5)  # e- / s


@dataclass(frozen=True)
class LineScenes:
    """Noiseless scenes of JWST's instruments, 256 × 2048 pixels or the other way round.

    Parameters
    ----------
    rates : tuple of ndarray
        e- / s float32 each.
    """

    rates: tuple

    @classmethod
    def draw(cls, number, seed, progress=None):
        """Draw scenes; scene i depends on ``seed`` and i alone."""
        rates = []
        for index in range(number):
            rates.append(_scene(np.random.default_rng([seed, index])))
            if progress:
                progress(index + 1)
        return cls(tuple(rates))

    def block(self, shape, rng):
        """Part of a random scene along or across its long edge, mirrored at random, (lines, pixels) e- / s."""
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
        """Orders of a star along the lines, or now and then almost nothing, (lines, pixels) e- / s."""
        image = echelle(
            shape, rng, peak=0.054 * rng.lognormal(-0.2, 0.6), orders=rng.integers(20, 45), width=rng.uniform(1.2, 2.2)
        )
        return np.ascontiguousarray(image[:: rng.choice((-1, 1)), :: rng.choice((-1, 1))])


def _scene(rng):
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    sky = np.exp(rng.uniform(*np.log(SKY)))
    if kind == "empty":
        rate = np.full(SHAPE, sky, dtype=np.float32)
    elif kind in SPECTRA:
        corner = (1, int(rng.integers(1, 2048 - SHAPE[0])))
        rate = SPECTRA[kind](rng, shape=SHAPE, corner=corner, brightness=rng.lognormal(-0.5, 1))
    else:
        options = {"sky": sky, "brightness": rng.lognormal(-0.5, 1)}
        if kind in NUMBERS:
            options["galaxies" if kind == "galaxies" else "stars"] = NUMBERS[kind] * rng.lognormal(0, 0.7)
        rate = FIELDS[kind](SHAPE, random_psf(rng), rng, **options)
    return rate.T if rng.integers(2) else rate

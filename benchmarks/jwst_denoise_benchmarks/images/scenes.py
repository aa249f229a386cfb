"""Fresh noiseless scenes: star clusters, resolved stars, galaxies and nebulae through several filters."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise.simulate import fields, point_spread_function

__all__ = ["KINDS", "SAMPLINGS", "SEED", "Scene", "in_words", "scenes", "seeded"]

SEED = 9000
EDGE = 512
KINDS = {"cluster": fields.cluster, "resolved": fields.resolved, "galaxies": fields.field, "nebula": fields.nebula}
#: What there is many of in each, on 2048² pixels.
NUMBERS = {
    "cluster": {"stars": 40000}, "resolved": {"stars": 600000}, "galaxies": {"stars": 80, "galaxies": 2500},
    "nebula": {"stars": 300},
}  # fmt: skip
#: Channel, filter and seconds of the input image; with these times the inputs are about as deep as the paper's.
SAMPLINGS = (("NIRCAM_SW", "F200W", 120.0), ("NIRCAM_LW", "F356W", 60.0), ("NIRISS", "F200W", 300.0))


@dataclass(frozen=True, eq=False)
class Scene:
    """One scene.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    channel, filter : str
        Whose point-spread function it has.
    seconds : float
        Exposure time of the image that is denoised.
    rate : ndarray
        (ny, nx) e-/s.
    seed : tuple of int
        Where the random numbers of its exposures begin.
    """

    kind: str
    channel: str
    filter: str
    seconds: float
    rate: np.ndarray
    seed: tuple

    def rng(self, *numbers):
        """Random numbers of one of its exposures."""
        return seeded(*self.seed, *numbers)


def seeded(*numbers):
    """Random numbers of a benchmark."""
    return np.random.default_rng([SEED, *numbers])


@lru_cache(maxsize=4)
def scenes(quick, samplings=SAMPLINGS, purpose=0, brightness=1.0, crowding=1.0):
    """Every kind through every sampling; for ``quick`` through the first, a quarter of the area.

    Parameters
    ----------
    quick : bool
        Few and small.
    samplings : tuple, optional
        Channel, filter and seconds.
    purpose : int, optional
        Different purposes have different scenes.
    brightness : float, optional
        Factor on all light but the sky's.
    crowding : float, optional
        Factor on the numbers of stars and galaxies.

    Returns
    -------
    tuple of Scene
    """
    made = []
    for place, (channel, name, seconds) in enumerate(samplings[:1] if quick else samplings):
        psf = point_spread_function(channel, name)
        for number, (kind, draw) in enumerate(KINDS.items()):
            seed = (purpose, place, number)
            edge = EDGE // 2 if quick else EDGE
            numbers = {name: crowding * number for name, number in NUMBERS[kind].items()}
            rate = draw((edge, edge), psf, seeded(*seed), brightness=brightness, **numbers)
            made.append(Scene(kind, channel, name, seconds, np.maximum(rate, 0), seed))
    return tuple(made)


def in_words(some):
    """How many, of what and how long."""
    times = [scene.seconds for scene in some]
    names = list(dict.fromkeys(f"{scene.channel} {scene.filter}" for scene in some))
    return f"{len(some)} scenes of {some[0].rate.shape[0]}² ({', '.join(names)}; {min(times):g}–{max(times):g} s)"

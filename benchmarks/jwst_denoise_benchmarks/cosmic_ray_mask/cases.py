"""Fresh simulated images with cosmic rays and their truth."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise.simulate import CosmicRayParameters, fields, point_spread_function, simulate_image, spectra
from jwst_denoise.simulate.images import Image

__all__ = ["KINDS", "SAMPLINGS", "SEED", "TRACKS", "Case", "cases", "foreign_mask", "in_words", "size_of"]

SEED = 9000
EDGE = 320  # pixels
#: Fields of the paper, and the slices of NIRSpec.
KINDS = ("galaxies", "cluster", "resolved", "slices")
#: Channels and their shipped filters, from the bluest to the reddest.
SAMPLINGS = (
    ("NIRCAM_SW", "F070W"), ("NIRCAM_SW", "F115W"), ("NIRCAM_SW", "F200W"),
    ("NIRCAM_LW", "F277W"), ("NIRCAM_LW", "F356W"), ("NIRCAM_LW", "F480M"),
    ("NIRISS", "F090W"), ("NIRISS", "F200W"), ("NIRISS", "F480M"),
)  # fmt: skip
TIMES = (60.0, 150.0, 400.0)  # s
#: Cosmic rays as in the paper: tracks, without the snowballs and showers of JWST's detectors.
TRACKS = CosmicRayParameters(snowball_rate=0, shower_rate=0)
_DRAW = {"galaxies": fields.field, "cluster": fields.cluster, "resolved": fields.resolved}


@dataclass(frozen=True, eq=False)
class Case:
    """One image.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    channel, filter : str
        One of `SAMPLINGS`; ``NIRSPEC`` and empty for slices.
    image : Image
        Data and truth.
    """

    kind: str
    channel: str
    filter: str
    image: Image

    @property
    def good(self):
        """Pixels that are judged, bool."""
        return ~self.image.bad

    @property
    def truth(self):
        """Pixels with charge above 1.5 sigma of their noise, bool."""
        return self.image.truth()


def size_of(quick):
    """Number of images of a kind and their edge in pixels."""
    return (3, 160) if quick else (len(SAMPLINGS), EDGE)


@lru_cache(maxsize=8)
def cases(kind, number, edge, seed=SEED, hits=TRACKS):
    """Images of a kind, filter after filter, at exposure times in turn.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    number : int
        How many; fewer than there are samplings spread over them.
    edge : int
        Pixels.
    seed : int, optional
        Where the random numbers begin.
    hits : CosmicRayParameters, optional
        Cosmic rays.

    Returns
    -------
    tuple of Case
    """
    return tuple(_case(kind, index, number, edge, seed, hits) for index in range(number))


def _case(kind, index, number, edge, seed, hits):
    rng = np.random.default_rng([seed, KINDS.index(kind), index])
    seconds = TIMES[(index + index // 3) % len(TIMES)]
    if kind == "slices":
        rate = spectra.ifu(rng, shape=(edge, edge), corner=tuple(int(c) for c in rng.integers(1, 2048 - edge, 2)))
        return Case(kind, "NIRSPEC", "", simulate_image(rate, 3 * seconds, rng, hits=hits))
    sampling = SAMPLINGS[index * len(SAMPLINGS) // number if number < len(SAMPLINGS) else index % len(SAMPLINGS)]
    rate = _DRAW[kind]((edge, edge), point_spread_function(*sampling), rng)
    return Case(kind, *sampling, simulate_image(rate, seconds, rng, hits=hits))


def foreign_mask(case, seed):
    """Mask of cosmic rays of another exposure as long as this one, bool."""
    rng = np.random.default_rng([SEED, 7, seed])
    sky = np.full(case.image.data.shape, 0.2, dtype=np.float32)
    return simulate_image(sky, case.image.seconds, rng, hits=TRACKS).truth()


def in_words(some):
    """How many images, and their exposure times."""
    times = [case.image.seconds for case in some]
    return f"{len(some)} images of {min(times):.0f} to {max(times):.0f} s"

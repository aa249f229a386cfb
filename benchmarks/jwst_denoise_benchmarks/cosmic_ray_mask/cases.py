"""Fresh simulated images with known cosmic rays."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise.simulate import CosmicRayParameters, fields, point_spread_function, simulate_image, spectra
from jwst_denoise.simulate.images import Image
from jwst_denoise_benchmarks.core.inputs import available_models, seeded

__all__ = [
    "KINDS", "MASK_MODELS", "SAMPLINGS", "TRACKS", "Case", "cases", "hole_mask", "mask_models", "probability",
    "short_name", "size_of",
]  # fmt: skip

#: Names of the models that mask images.
MASK_MODELS = ("cosmic_ray_mask-2-32", "cosmic_ray_mask-2-4")
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
_SIMULATORS = {"galaxies": fields.field, "cluster": fields.cluster, "resolved": fields.resolved}


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
        """Pixels that count, bool."""
        return ~self.image.bad

    @property
    def truth(self):
        """Pixels with charge above 1.5 sigma of their noise, bool."""
        return self.image.truth()


def size_of(quick):
    """Number of images of a kind and their edge in pixels."""
    return (3, 160) if quick else (len(SAMPLINGS), EDGE)


@lru_cache(maxsize=8)
def cases(kind, number, edge, seed=9000, hits=TRACKS):
    """Images of a kind through all filters, with the exposure times in turn.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    number : int
        Number of images; fewer than there are samplings are spread over them.
    edge : int
        Pixels.
    seed : int, optional
        First number of the seeds.
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
    rate = _SIMULATORS[kind]((edge, edge), point_spread_function(*sampling), rng)
    return Case(kind, *sampling, simulate_image(rate, seconds, rng, hits=hits))


def hole_mask(case, number):
    """Mask of the cosmic rays of another exposure of the same length, bool: holes to fill."""
    sky = np.full(case.image.data.shape, 0.2, dtype=np.float32)
    return simulate_image(sky, case.image.seconds, seeded(7, number), hits=TRACKS).truth()


def mask_models():
    """Name -> model for those of `MASK_MODELS` that exist."""
    return available_models(MASK_MODELS)


def probability(model, image):
    """Probabilities of a mask network for a simulated image, (ny, nx)."""
    return model.predict(image.data, err=image.err)


def short_name(name):
    """Depth and width in the name of a model."""
    return name.split("mask-")[-1]

"""Fields of stars and galaxies on a sky, from far above to far below the detection limit of an exposure."""

from dataclasses import dataclass

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.simulate.fields import add_sersic, point_sources
from jwst_denoise_benchmarks.core.inputs import seeded
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, truth_of
from jwst_denoise_benchmarks.ramps.sources import expected_noise

__all__ = ["CASES", "QUICK", "Case", "Field", "psf_stamp", "simulate_field"]

SPACING = 32  # pixels, edge of the cell of a source
GALAXIES = 0.25  # of the sources
MAGNITUDES = {"stars": (-4.0, 2.5), "galaxies": (-5.0, -2.5)}  # 0: a star with S/N 5 by an optimal filter
SIZE = (1.5, 5.0)  # effective radius of galaxies, pixels
OPTICS = ("NIRCAM_SW", "F200W")


@dataclass(frozen=True)
class Case:
    """An exposure of NIRCam: sky in e-/s a pixel, read pattern, groups, subarray."""

    sky: float
    pattern: str
    groups: int
    subarray: str = "FULL"

    def __str__(self):
        """Short description."""
        return f"NIRCam {self.subarray}, sky {self.sky:g} e-/s, {self.groups} groups of {self.pattern}"


#: An exposure dominated by read noise, and a longer one with a brighter sky.
CASES = (Case(0.02, "SHALLOW2", 5), Case(0.3, "BRIGHT1", 10))
QUICK = (Case(0.3, "RAPID", 10, "SUB320"),)


@dataclass(frozen=True, eq=False)
class Field:
    """An exposure whose truth is known.

    Parameters
    ----------
    exposure : jwst_denoise.simulate.Exposure
        Raw counts.
    truth : ndarray
        (ny, nx) e-/s of a noiseless fit.
    active : ndarray
        (ny, nx) bool: neither reference pixel nor hot.
    kind : ndarray
        (n,) ``"stars"`` or ``"galaxies"``.
    places, flux, magnitude : ndarray
        (n, 2) x and y, (n,) e-/s, (n,) with 0 for a star of S/N 5 by an optimal filter.
    variance, seconds : float
        Of a pixel of the sky in (e-/s)²; time over which photons are counted.
    """

    exposure: object
    truth: np.ndarray
    active: np.ndarray
    kind: np.ndarray
    places: np.ndarray
    flux: np.ndarray
    magnitude: np.ndarray
    variance: float
    seconds: float


def psf_stamp():
    """Point-spread function around its central pixel."""
    return simulate.point_spread_function(*OPTICS).stamp(0.0, 0.0)


def simulate_field(case, seed=0):
    """Simulate an exposure with one source at a random position in every cell of a grid.

    Parameters
    ----------
    case : Case
        Read-out.
    seed : int, optional
        Different seeds have different sources and noise.

    Returns
    -------
    Field
    """
    rng = seeded(20, seed, (CASES + QUICK).index(case))
    detector = simulate.detector(DETECTORS["NIRCam"])
    observation = simulate.observation(detector, "NRC_IMAGE", subarray=case.subarray)
    shape = simulate.subarray(detector.name, case.subarray).shape
    variance, seconds = expected_noise(detector, shape, observation, case.pattern, case.groups, case.sky)
    kind, places, magnitude = _draw_sources(shape, rng)
    flux = 5 * np.sqrt(variance / np.sum(psf_stamp() ** 2)) * 10 ** (-0.4 * magnitude)
    scene = case.sky + _render(shape, kind, places, flux, rng)
    exposure = simulate.simulate_exposure(
        scene, detector, None, case.pattern, case.groups, 1, rng, observation=observation
    )
    return Field(exposure, *truth_of(exposure, detector), kind, places, flux, magnitude, variance, seconds)


def _draw_sources(shape, rng):
    """Kind, position and magnitude of every source."""
    y, x = (np.mgrid[: shape[0] // SPACING, : shape[1] // SPACING] * float(SPACING) + SPACING / 2).reshape(2, -1)
    places = np.column_stack([x, y]) + rng.uniform(-SPACING / 3, SPACING / 3, (x.size, 2))
    kind = np.where(rng.uniform(size=x.size) < GALAXIES, "galaxies", "stars")
    low, high = np.array([MAGNITUDES[one] for one in kind]).T
    return kind, places, rng.uniform(low, high)


def _render(shape, kind, places, flux, rng):
    (x, y), star = places.T, kind == "stars"
    image = point_sources(shape, x[star], y[star], flux[star], simulate.point_spread_function(*OPTICS))
    for index in np.flatnonzero(~star):
        add_sersic(
            image, x[index], y[index], flux[index], rng.uniform(*SIZE), 1.0, rng.uniform(0.4, 1), rng.uniform(0, np.pi)
        )
    return image.astype(np.float32)

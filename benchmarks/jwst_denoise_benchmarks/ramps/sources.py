"""Fluxes of stars and galaxies in apertures of JWST images, by their signal-to-noise ratio."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.quality.photometry import aperture_sums
from jwst_denoise.ramps.slopes import slope_noise
from jwst_denoise.simulate.fields import add_sersic, point_sources
from jwst_denoise_benchmarks.core.inputs import model_directory, seeded
from jwst_denoise_benchmarks.core.rows import skipped
from jwst_denoise_benchmarks.ramps import methods
from jwst_denoise_benchmarks.ramps.errors import bias_row, biases
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, references, simulate_ramps

__all__ = [
    "APERTURES", "Catalog", "cases_of", "catalog", "clipped_level", "expected_noise", "flux_of", "measured", "size_of",
    "source_rows", "sources",
]  # fmt: skip

SPACING = 28  # pixels, edge of a cell
APERTURES = {"stars": 4.0, "galaxies": 8.0}  # radius in pixels
CLIP = 5.0
RATIO = (3.0, 500.0)  # signal-to-noise ratio in the aperture
SIZE = (1.5, 5.0)  # effective radius of galaxies, pixels
#: Sky in e-/s, read pattern, groups.
CASES = ((0.3, "BRIGHT1", 10), (0.02, "SHALLOW2", 5))
CHANNEL, FILTER = "NIRCAM_SW", "F200W"


@dataclass(frozen=True, eq=False)
class Catalog:
    """Sources on a sky: the scene (ny, nx) in e-/s, and positions (x, y) in pixels of each kind of source."""

    scene: np.ndarray
    places: dict


def flux_of(ratio, radius, variance, seconds):
    """Flux in e-/s for an S/N in an aperture; ``variance`` of a pixel, photons counted over ``seconds``."""
    return (ratio**2 / seconds + np.sqrt(ratio**4 / seconds**2 + 4 * ratio**2 * np.pi * radius**2 * variance)) / 2


def catalog(shape, sky, variance, seconds, rng):
    """Stars and galaxies, one per cell at a random position; the logarithm of S/N is uniformly distributed."""
    y, x = (np.mgrid[1 : shape[0] // SPACING, 1 : shape[1] // SPACING] * float(SPACING)).reshape(2, -1)
    y, x = (values + rng.uniform(-SPACING / 2, SPACING / 2, values.size) for values in (y, x))
    ratio, star = np.exp(rng.uniform(*np.log(RATIO), x.size)), rng.permutation(x.size) % 2 == 0
    psf = simulate.point_spread_function(CHANNEL, FILTER)
    flux = flux_of(ratio, np.where(star, APERTURES["stars"], APERTURES["galaxies"]), variance, seconds)
    scene = sky + point_sources(shape, x[star], y[star], flux[star], psf)
    for index in np.flatnonzero(~star):
        size, axes, angle = rng.uniform(*SIZE), rng.uniform(0.4, 1), rng.uniform(0, np.pi)
        add_sersic(scene, x[index], y[index], flux[index], size, 1.0, axes, angle)
    places = {"stars": (x[star], y[star]), "galaxies": (x[~star], y[~star])}
    return Catalog(scene.astype(np.float32), places)


@lru_cache(maxsize=4)
def measured(case, edge, seeds, directory=None):
    """Relative errors of the fluxes.

    Parameters
    ----------
    case : tuple
        One of `CASES`.
    edge : int or None
        Of a subarray; None for a full frame.
    seeds : int
        Number of exposures.
    directory : str, optional
        Directory of the model.

    Returns
    -------
    dict
        ``stars`` and ``galaxies`` -> method -> `biases`.
    """
    parts = []
    with references():
        for seed in range(seeds):
            parts += [_exposure(case, edge, seed)]
    kinds = {}
    for kind in APERTURES:
        flux, ratio = (np.concatenate([part[kind][key] for part in parts]) for key in ("flux", "ratio"))
        names = parts[0][kind]["errors"]
        errors = {name: np.concatenate([part[kind]["errors"][name] for part in parts]) for name in names}
        kinds[kind] = {name: biases(error, flux, ratio) for name, error in errors.items()}
    return kinds


def _exposure(case, edge, seed):
    """Kind -> true fluxes, ratios and errors of each method, of one exposure."""
    sky, pattern, groups = case
    detector = simulate.detector(DETECTORS["NIRCam"])
    name = f"SUB{edge}" if edge else "FULL"
    observation = simulate.observation(detector, "NRC_IMAGE", subarray=name)
    shape = simulate.subarray(detector.name, name).shape
    variance, seconds = expected_noise(detector, shape, observation, pattern, groups, sky)
    field = catalog(shape, sky, variance, seconds, seeded(5, seed, CASES.index(case)))
    rng = seeded(6, seed, CASES.index(case))
    (ramp,) = simulate_ramps(field.scene, observation, detector.name, pattern, (groups,), rng)
    rates = methods.rates_of(ramp.model, (methods.FIT,))
    good = ramp.active & np.logical_and.reduce([np.isfinite(rate.data) for rate in rates.values()])
    empty = good & (ramp.truth - sky < 0.1 * np.sqrt(variance))
    return {kind: _apertures(ramp, rates, good, empty, sky, place, APERTURES[kind])
            for kind, place in field.places.items()}  # fmt: skip


def expected_noise(detector, shape, observation, pattern, groups, sky):
    """Variance of a pixel of the sky in (e-/s)², and the seconds that define the photon noise of a rate."""
    read = simulate.read_pattern(pattern)
    readout = detector.readout(shape, observation.corner)
    time = simulate.frame_time(readout, detector.instrument) * read.frames_per_group
    noise = slope_noise(groups, time, read.nframes, read.groupgap)
    return (noise.read * detector.read_noise) ** 2 / read.nframes + noise.poisson * sky, 1 / noise.poisson


def _apertures(ramp, rates, good, empty, sky, place, radius):
    """True fluxes, ratios by the errors of the fit, and errors of each method in circles.

    The background level of each method is subtracted, as photometry does.
    """
    centers = np.transpose(place)
    flux = aperture_sums(np.where(good, ramp.truth - sky, 0), centers, radius)
    noise = np.sqrt(aperture_sums(np.where(good, rates[methods.FIT].err ** 2, 0), centers, radius))
    errors = {}
    for name, rate in rates.items():
        error = rate.data - ramp.truth
        level = clipped_level(error[empty], rates[methods.FIT].err[empty])
        errors[name] = aperture_sums(np.where(good, error - level, 0), centers, radius)
    return {"flux": flux, "ratio": flux / noise, "errors": errors}


def clipped_level(error, noise):
    """Mean of the errors within `CLIP` times the noise; Poisson noise is skewed, so that the median is below it."""
    return float(np.mean(error[np.abs(error) < CLIP * noise], dtype=float))


def cases_of(quick):
    """Cases that are measured."""
    return CASES[:1] if quick else CASES


def size_of(quick):
    """Edge of a subarray, or None for a full frame, and number of exposures."""
    return (320, 1) if quick else (None, 2)


def sources(quick):
    """Rows: mean errors of the fluxes of stars and galaxies in bins of signal-to-noise ratio."""
    for case in cases_of(quick):
        for kind, methods_biases in measured(case, *size_of(quick), model_directory()).items():
            yield from source_rows("SUB320" if quick else "FULL", case, kind, methods_biases, quick)


def source_rows(subarray, case, kind, by_method, quick=False):
    """Rows of one kind of source: method -> `biases`."""
    sky, pattern, groups = case
    quantity = f"Mean error of the flux of {kind} in apertures of {APERTURES[kind]:g} pixels"
    where = f"NIRCam {subarray}, sky {sky:g} e-/s, {groups} groups of {pattern}"
    if methods.DENOISED not in by_method:
        yield skipped(f"{quantity} by S/N, target above S/N 10", where, methods.NO_MODEL)
    for name in sorted(by_method, key=lambda name: name != methods.DENOISED):
        tested = name == methods.DENOISED and not quick
        yield bias_row(quantity, f"{where}, {name}", by_method[name], tested)

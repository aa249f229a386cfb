"""Spectra extracted from the traces of a simulated NIRSpec exposure, by their signal-to-noise ratio."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy.ndimage import median_filter

from jwst_denoise import simulate
from jwst_denoise.simulate.spectra import Spectrum, Trace, draw_spectrum, render_traces
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.ramps import methods
from jwst_denoise_benchmarks.ramps.bias import LIMIT, biases, is_met, text
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, opened, ramps_of, seeded
from jwst_denoise_benchmarks.ramps.noise import rms
from jwst_denoise_benchmarks.ramps.sources import level_of
from jwst_denoise_benchmarks.rows import Row

__all__ = ["drawn", "extracted", "lines_of", "measured", "size_of", "traces"]

SKY, PATTERN, GROUPS = 0.05, "NRSRAPID", 10
SPACING, HEIGHT = 26, 15  # rows between traces, length of a slit in rows
BOX = 4  # rows on either side of the trace that are summed
LEVELS = (0.02, 20.0)  # e-/s of the continuum in a column
RUN = 32  # columns whose flux counts as one
LINE, WINDOW = 1.5, 51  # a line is where the light is so many times its running median over so many columns
METHODS = (methods.FIT,)


def drawn(shape, corner, rng):
    """Traces with random spectra, one above the other, from faint to bright, and their scene (ny, nx) in e-/s."""
    centers = np.arange(corner[1] + SPACING / 2, corner[1] + shape[0] - SPACING / 2, SPACING)
    levels = np.exp(rng.uniform(*np.log(LEVELS), centers.size))
    some = [
        Trace(
            center, HEIGHT, draw_spectrum(level, 2048, rng, lines=12, strength=15.0, absorption=0.2), sky=SKY,
            position=rng.uniform(-2, 2), width=rng.uniform(0.8, 1.6), tilt=rng.uniform(-3, 3), bend=rng.uniform(-2, 2),
        )
        for center, level in zip(centers, levels, strict=True)
    ]  # fmt: skip
    return some, render_traces(some, shape, corner)


def extracted(image, some, corner):
    """Sum rows around the traces, (traces, nx); rows that are not there count as 0."""
    x = np.arange(image.shape[1])
    padded = np.pad(image, ((BOX + 1, BOX + 1), (0, 0)))
    spectra = []
    for trace in some:
        middle = np.rint(trace.rows(x + corner[0] - 1) + trace.position - (corner[1] - 1)).astype(int)
        rows = np.clip(middle + np.arange(-BOX, BOX + 1)[:, None] + BOX + 1, 0, len(padded) - 1)
        spectra.append(padded[rows, x].sum(axis=0, dtype=float))
    return np.array(spectra)


def lines_of(flux):
    """Columns (traces, nx) in emission lines."""
    return flux > LINE * median_filter(flux, (1, WINDOW))


@lru_cache(maxsize=2)
def measured(subarray, exposures, directory=None):
    """Errors of the spectra.

    Parameters
    ----------
    subarray : str
        SUBARRAY.
    exposures : int
        How many.
    directory : str, optional
        Where the model is from.

    Returns
    -------
    dict
        ``continuum`` and ``lines`` -> method -> `biases`, by the ratio of a column; ``rms`` -> method -> rms error of a
        column where the ratio is below 10, in units of the fit's noise.
    """
    with opened():
        parts = [_exposure(subarray, seed) for seed in range(exposures)]
    found = {"rms": {}}
    for name in parts[0]["few"]:
        found["rms"][name] = rms(np.concatenate([part["few"][name] for part in parts]))
    for kind in ("continuum", "lines"):
        flux, ratio = (np.concatenate([part[kind][key] for part in parts]) for key in ("flux", "ratio"))
        errors = {n: np.concatenate([part[kind]["errors"][n] for part in parts]) for n in found["rms"]}
        found[kind] = {name: biases(error, flux, ratio) for name, error in errors.items()}
    return found


def _exposure(subarray, seed):
    """Fluxes and errors of the spectra of an exposure."""
    detector = simulate.detector(DETECTORS["NIRSpec"])
    place = simulate.subarray(detector.name, subarray)
    observation = simulate.observation(detector, "NRS_MSASPEC", subarray=subarray)
    some, scene = drawn(place.shape, place.corner, seeded(7, seed))
    (ramp,) = ramps_of(scene, observation, detector.name, PATTERN, (GROUPS,), seeded(7, seed, 1))
    return _values(ramp, methods.measure(ramp.model, METHODS), some, place.corner)


def _values(ramp, rates, some, corner):
    good = ramp.light & np.logical_and.reduce([np.isfinite(rate.data) for rate in rates.values()])
    blank = good & (ramp.truth < 0.01)

    def spectrum(image):
        return extracted(np.where(good, image, 0), some, corner)

    sky = render_traces([_dark(trace) for trace in some], ramp.truth.shape, corner)
    flux = spectrum(ramp.truth - sky)
    noise = np.sqrt(spectrum(rates[methods.FIT].err ** 2))
    fit = rates[methods.FIT].err[blank]
    errors = {n: r.data - ramp.truth for n, r in rates.items()}
    errors = {n: spectrum(error - level_of(error[blank], fit)) for n, error in errors.items()}
    few = (flux < 10 * noise) & (noise > 0)
    result = {"few": {name: error[few] / noise[few] for name, error in errors.items()}}
    for kind, where in (("continuum", ~lines_of(flux)), ("lines", lines_of(flux))):
        total, number = _runs(where * flux), _runs(where)
        ratio = total / np.maximum(np.sqrt(_runs(where * noise**2) * number), 1e-30)
        result[kind] = {"flux": total, "ratio": ratio, "errors": {n: _runs(where * e) for n, e in errors.items()}}
    return result


def _dark(trace):
    """The same slit without the source."""
    return replace(trace, spectrum=Spectrum(0.0, 0.0))


def _runs(values):
    """Sums over `RUN` columns, one after the other."""
    return values[:, : values.shape[1] // RUN * RUN].reshape(-1, RUN).sum(axis=1)


def size_of(quick):
    """SUBARRAY and number of exposures."""
    return ("ALLSLITS", 1) if quick else ("FULL", 3)


def traces(quick):
    """Rows: mean errors of extracted spectra in bins of signal-to-noise ratio, continuum and lines."""
    found = measured(*size_of(quick), models.directory())
    for kind in ("continuum", "lines"):
        ours = found[kind].get(methods.OURS)
        yield Row(
            f"JWST, NIRSpec, {GROUPS} groups: mean error of the {kind} of extracted spectra, by the S/N of a column",
            text(ours) if ours else f"skipped: no model {methods.MODEL}",
            "; ".join(f"{name}: {text(found[kind][name])}" for name in METHODS),
            f"< {100 * LIMIT:g} % above S/N 10", None if quick or not ours else is_met(ours),
            {name: {f"{low:g}": one for (low, _), one in values.items()} for name, values in found[kind].items()},
        )  # fmt: skip
    values = found["rms"]
    ours = f"{values[methods.OURS]:.2f}" if methods.OURS in values else f"skipped: no model {methods.MODEL}"
    yield Row(
        "JWST, NIRSpec: rms error of a column of extracted spectra with S/N < 10, in units of the fit's white noise",
        ours, "; ".join(f"{name} {values[name]:.2f}" for name in METHODS), figures=values,
    )  # fmt: skip

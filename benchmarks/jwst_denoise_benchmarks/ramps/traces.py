"""Spectra extracted from the traces of a simulated NIRSpec exposure, by their signal-to-noise ratio."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy.ndimage import median_filter

from jwst_denoise import simulate
from jwst_denoise.simulate.spectra import Spectrum, Trace, draw_spectrum, render_traces
from jwst_denoise_benchmarks.core.inputs import model_directory, seeded
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.ramps import methods
from jwst_denoise_benchmarks.ramps.errors import bias_row, biases, rms
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, references, simulate_ramps
from jwst_denoise_benchmarks.ramps.sources import clipped_level

__all__ = ["draw_traces", "extract_spectra", "line_columns", "measured", "size_of", "trace_rows", "traces"]

SKY, PATTERN, GROUPS = 0.05, "NRSRAPID", 10
SPACING, HEIGHT = 26, 15  # rows between traces, length of a slit in rows
BOX = 4  # rows on either side of the trace that are summed
LEVELS = (0.02, 20.0)  # e-/s of the continuum in a column
RUN = 32  # columns whose flux counts as one
LINE, WINDOW = 1.5, 51  # in a line, the flux exceeds its running median over so many columns by this factor


def draw_traces(shape, corner, rng):
    """Traces with random spectra, one above the other, from faint to bright, and their scene (ny, nx) in e-/s."""
    centers = np.arange(corner[1] + SPACING / 2, corner[1] + shape[0] - SPACING / 2, SPACING)
    levels = np.exp(rng.uniform(*np.log(LEVELS), centers.size))
    slits = [
        Trace(
            center, HEIGHT, draw_spectrum(level, 2048, rng, lines=12, strength=15.0, absorption=0.2), sky=SKY,
            position=rng.uniform(-2, 2), width=rng.uniform(0.8, 1.6), tilt=rng.uniform(-3, 3), bend=rng.uniform(-2, 2),
        )
        for center, level in zip(centers, levels, strict=True)
    ]  # fmt: skip
    return slits, render_traces(slits, shape, corner)


def extract_spectra(image, slits, corner):
    """Sum rows around the traces, (traces, nx); rows outside the image count as 0."""
    x = np.arange(image.shape[1])
    padded = np.pad(image, ((BOX + 1, BOX + 1), (0, 0)))
    spectra = []
    for trace in slits:
        middle = np.rint(trace.rows(x + corner[0] - 1) + trace.position - (corner[1] - 1)).astype(int)
        rows = np.clip(middle + np.arange(-BOX, BOX + 1)[:, None] + BOX + 1, 0, len(padded) - 1)
        spectra.append(padded[rows, x].sum(axis=0, dtype=float))
    return np.array(spectra)


def line_columns(flux):
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
        Number of exposures.
    directory : str, optional
        Directory of the model.

    Returns
    -------
    dict
        ``continuum`` and ``lines`` -> method -> `biases`, by the S/N of a column; ``rms`` -> method -> rms error of a
        column where the ratio is below 10, in units of the noise of the fit.
    """
    with references():
        parts = [_exposure(subarray, seed) for seed in range(exposures)]
    result = {"rms": {}}
    for name in parts[0]["faint"]:
        result["rms"][name] = rms(np.concatenate([part["faint"][name] for part in parts]))
    for kind in ("continuum", "lines"):
        flux, ratio = (np.concatenate([part[kind][key] for part in parts]) for key in ("flux", "ratio"))
        errors = {n: np.concatenate([part[kind]["errors"][n] for part in parts]) for n in result["rms"]}
        result[kind] = {name: biases(error, flux, ratio) for name, error in errors.items()}
    return result


def _exposure(subarray, seed):
    """Fluxes and errors of the spectra of an exposure."""
    detector = simulate.detector(DETECTORS["NIRSpec"])
    place = simulate.subarray(detector.name, subarray)
    observation = simulate.observation(detector, "NRS_MSASPEC", subarray=subarray)
    slits, scene = draw_traces(place.shape, place.corner, seeded(7, seed))
    (ramp,) = simulate_ramps(scene, observation, detector.name, PATTERN, (GROUPS,), seeded(7, seed, 1))
    return _errors(ramp, methods.rates_of(ramp.model, (methods.FIT,)), slits, place.corner)


def _errors(ramp, rates, slits, corner):
    good = ramp.active & np.logical_and.reduce([np.isfinite(rate.data) for rate in rates.values()])
    empty = good & (ramp.truth < 0.01)

    def spectrum(image):
        return extract_spectra(np.where(good, image, 0), slits, corner)

    sky = render_traces([replace(slit, spectrum=Spectrum(0.0, 0.0)) for slit in slits], ramp.truth.shape, corner)
    flux = spectrum(ramp.truth - sky)
    noise = np.sqrt(spectrum(rates[methods.FIT].err ** 2))
    fit = rates[methods.FIT].err[empty]
    errors = {n: r.data - ramp.truth for n, r in rates.items()}
    errors = {n: spectrum(error - clipped_level(error[empty], fit)) for n, error in errors.items()}
    faint = (flux < 10 * noise) & (noise > 0)
    result = {"faint": {name: error[faint] / noise[faint] for name, error in errors.items()}}
    for kind, where in (("continuum", ~line_columns(flux)), ("lines", line_columns(flux))):
        total, number = _runs(where * flux), _runs(where)
        ratio = total / np.maximum(np.sqrt(_runs(where * noise**2) * number), 1e-30)
        result[kind] = {"flux": total, "ratio": ratio, "errors": {n: _runs(where * e) for n, e in errors.items()}}
    return result


def _runs(values):
    """Sums over `RUN` columns, one after the other."""
    return values[:, : values.shape[1] // RUN * RUN].reshape(-1, RUN).sum(axis=1)


def size_of(quick):
    """SUBARRAY and number of exposures."""
    return ("ALLSLITS", 1) if quick else ("FULL", 3)


def traces(quick):
    """Rows: mean errors of extracted spectra in bins of signal-to-noise ratio, continuum and lines."""
    yield from trace_rows(measured(*size_of(quick), model_directory()), quick)


def trace_rows(result, quick=False):
    """Rows of the result of `measured`."""
    where = f"NIRSpec, {GROUPS} groups of {PATTERN}"
    for kind in ("continuum", "lines"):
        quantity, by_method = f"Mean error of extracted spectra, {kind},", result[kind]
        if methods.DENOISED not in by_method:
            yield skipped(f"{quantity} by S/N, target above S/N 10", where, methods.NO_MODEL)
        for name in sorted(by_method, key=lambda name: name != methods.DENOISED):
            yield bias_row(quantity, f"{where}, {name}", by_method[name], name == methods.DENOISED and not quick)
    errors = dict(result["rms"])
    denoised = {methods.DENOISED: errors.pop(methods.DENOISED)} if methods.DENOISED in errors else {}
    yield Row("rms error of columns with S/N < 10 over the white noise of the fit", where, denoised, errors, form=".2f")

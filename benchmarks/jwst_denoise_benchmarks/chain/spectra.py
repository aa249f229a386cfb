"""Spectroscopy: errors of the spectra that calwebb_spec2 extracts from a slit of NIRSpec."""

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from jwst_denoise import products, simulate
from jwst_denoise.dq import DO_NOT_USE
from jwst_denoise_benchmarks.chain.configurations import (
    DEFAULT,
    DENOISE1,
    FLICKER,
    SPECTRA,
    extract_spectrum,
    run_spectrum,
)
from jwst_denoise_benchmarks.chain.imaging import plot_gains
from jwst_denoise_benchmarks.core.inputs import seeded
from jwst_denoise_benchmarks.core.plots import new_figure, save_figure
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.ramps.errors import bias_row, biases, pull, rms
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, references, truth_of

__all__ = ["combine", "draw_spectra", "gains", "measured", "spectra", "spectrum_rows"]

ROOT, PATTERN, GROUPS = "slit", "NRSRAPID", 10
BRIGHTNESS = (0.1, 1.0, 10.0)  # of the star
RUN = 32  # columns whose flux counts as one
FAINT = 10.0  # S/N of a column up to which its error counts
WHERE = f"star in a slit of NIRSpec, {GROUPS} groups of {PATTERN}"


@lru_cache(maxsize=2)
def measured(quick):
    """Name of a configuration -> ``robust`` and ``rms`` error of a faint column over the default ERR, and ``bias``."""
    subarray, brightness = ("SUB512", BRIGHTNESS[:1]) if quick else ("FULL", BRIGHTNESS)
    selected = (DEFAULT, FLICKER, DENOISE1) if quick else SPECTRA
    parts = [_exposure(subarray, one, number, selected) for number, one in enumerate(brightness)]
    return {name: combine([part[name] for part in parts]) for name in parts[0]}


def _exposure(subarray, brightness, number, selected):
    """Name of a configuration -> true flux of each column, its error, and ERR of the default pipeline."""
    exposure = _simulate(subarray, brightness, seeded(21, number))
    with tempfile.TemporaryDirectory() as name, references():
        folder = Path(name)
        log = folder / "log.txt"
        uncal = Path(products.write_products(exposure, folder, ROOT, ("uncal",))["uncal"])
        columns = {one.name: _read(run_spectrum(one, uncal, folder, log)) for one in selected}
        true, _ = _read(_noiseless(exposure, folder / "default" / f"{ROOT}_rate.fits", folder / "perfect", log))
    noise = columns[DEFAULT.name][1]
    good = np.logical_and.reduce([np.isfinite(flux) for flux, _ in columns.values()]) & np.isfinite(true) & (noise > 0)
    return {name: (true[good], (flux - true)[good], noise[good]) for name, (flux, _) in columns.items()}


def _simulate(subarray, brightness, rng):
    detector = simulate.detector(DETECTORS["NIRSpec"])
    scene, observation = simulate.scene("slit", detector, rng, subarray_name=subarray, brightness=brightness)
    return simulate.simulate_exposure(scene, detector, None, PATTERN, GROUPS, 1, rng, observation=observation)


def _read(path):
    """Flux and error of the spectrum of the star."""
    from stdatamodels.jwst import datamodels

    with datamodels.open(str(path)) as model:
        table = max((spectrum.spec_table for spectrum in model.spec), key=lambda one: np.nanmedian(one["FLUX"]))
        return np.array(table["FLUX"], float), np.array(table["FLUX_ERROR"], float)


def _noiseless(exposure, path, folder, log):
    """Spectrum of the rate image without noise."""
    from stdatamodels.jwst import datamodels

    truth, active = truth_of(exposure, exposure.detector)
    folder.mkdir()
    with datamodels.open(str(path)) as model:
        model.data = (truth / exposure.detector.gain).astype(np.float32)
        model.dq = np.where(active, 0, model.dq | DO_NOT_USE).astype(np.uint32)
        model.save(str(folder / path.name))
    return extract_spectrum(folder / path.name, folder, log)


def combine(parts):
    """Metrics of the columns of several exposures: true flux, error and ERR of the default pipeline of each."""
    flux, error, noise = (np.concatenate(values) for values in zip(*parts, strict=True))
    scaled = (error / noise)[flux < FAINT * noise]
    runs = [[_runs(values) for values in (f, e, n**2)] for f, e, n in parts]
    total, errors, variance = (np.concatenate(values) for values in zip(*runs, strict=True))
    ratio = total / RUN / np.sqrt(variance / RUN)
    return {"robust": pull(scaled - np.median(scaled)), "rms": rms(scaled), "bias": biases(errors, total, ratio)}


def _runs(values):
    """Sums over `RUN` columns, one after the other."""
    return values[: len(values) // RUN * RUN].reshape(-1, RUN).sum(axis=1)


def gains(metrics, reference):
    """Gain in depth by the robust and the rms error of faint columns, mag."""
    return {key: float(-2.5 * np.log10(metrics[key] / reference[key])) for key in ("robust", "rms")}


def spectra(quick):
    """Rows: every configuration of stages 1 and 2, beside the default pipeline."""
    by_name = measured(quick)
    for name, metrics in by_name.items():
        yield from spectrum_rows(name, metrics, gains(metrics, by_name[DEFAULT.name]), quick)


def spectrum_rows(name, metrics, gain, quick=False):
    """Rows of one configuration, from its metrics and its `gains`."""
    labels = {"robust": "robust scatter", "rms": "rms"}
    if name != DEFAULT.name:
        yield Row(
            f"Gain over the default pipeline, error of columns with S/N < {FAINT:g}: {WHERE}", name,
            {label: gain[key] for key, label in labels.items()}, {}, "mag", form="+.2f",
            metrics={"configuration": name, "gain": gain, **metrics},
        )  # fmt: skip
    yield Row(
        f"Error of columns with S/N < {FAINT:g} over ERR of the default pipeline", name,
        {label: metrics[key] for key, label in labels.items()}, form=".2f",
    )  # fmt: skip
    yield bias_row("Bias of the extracted flux", name, metrics["bias"], name == DENOISE1.name and not quick, {})


def draw_spectra(path, quick):
    """Gain of every configuration over the default pipeline, by the error of faint columns."""
    by_name = dict(measured(quick))
    default = by_name.pop(DEFAULT.name)
    figure, axis = new_figure((9, 4), 1, 1)
    by_gain = {name: gains(metrics, default) for name, metrics in by_name.items()}
    plot_gains(axis, by_gain, {"robust": "scatter", "rms": "rms"})
    axis.set(xlabel="gain in the depth of columns / mag", title="NIRSpec, a star in a slit")
    axis.legend(fontsize=8)
    save_figure(figure, path)

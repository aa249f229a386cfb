"""Spectroscopy: errors of the spectra that calwebb_spec2 extracts from a slit of NIRSpec."""

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np

from jwst_denoise import products, simulate
from jwst_denoise.dq import DO_NOT_USE
from jwst_denoise_benchmarks.chain import ways
from jwst_denoise_benchmarks.ramps.bias import LIMIT, biases, is_met, text
from jwst_denoise_benchmarks.ramps.exposures import DETECTORS, opened, seeded, truth_of
from jwst_denoise_benchmarks.ramps.faint import pull
from jwst_denoise_benchmarks.rows import Row

__all__ = ["gain", "measured", "spectra", "ways_of"]

ROOT, PATTERN, GROUPS = "slit", "NRSRAPID", 10
BRIGHTNESS = (0.1, 1.0, 10.0)  # of the star
RUN = 32  # columns whose flux counts as one
FAINT = 10.0  # S/N of a column up to which its error counts


def ways_of(quick):
    """Ways that are measured."""
    return (ways.DEFAULT, ways.FLICKER, ways.DENOISE1) if quick else ways.SPECTRA


@lru_cache(maxsize=2)
def measured(quick):
    """Name of a way -> ``robust`` and ``rms`` error of a faint column in units of the default's ERR, and ``bias``."""
    subarray, some = ("SUB512", BRIGHTNESS[:1]) if quick else ("FULL", BRIGHTNESS)
    parts = [_exposure(subarray, brightness, number, ways_of(quick)) for number, brightness in enumerate(some)]
    return {name: _combined([part[name] for part in parts]) for name in parts[0]}


def _exposure(subarray, brightness, number, some):
    """Name of a way -> flux, its error by the truth, and what the default pipeline says it is, of each column."""
    exposure = _exposed(subarray, brightness, seeded(21, number))
    with tempfile.TemporaryDirectory() as name, opened():
        folder = Path(name)
        log = folder / "log.txt"
        uncal = products.write_products(exposure, folder, ROOT, ("uncal",))["uncal"]
        found = {way.name: _read(ways.spectrum(way, Path(uncal), folder, log)) for way in some}
        true, _ = _read(_perfect(exposure, folder / "default" / f"{ROOT}_rate.fits", folder / "perfect", log))
    noise = found[ways.DEFAULT.name][1]
    good = np.logical_and.reduce([np.isfinite(flux) for flux, _ in found.values()]) & np.isfinite(true) & (noise > 0)
    return {name: (true[good], (flux - true)[good], noise[good]) for name, (flux, _) in found.items()}


def _exposed(subarray, brightness, rng):
    detector = simulate.detector(DETECTORS["NIRSpec"])
    scene, observation = simulate.scene("slit", detector, rng, subarray_name=subarray, brightness=brightness)
    return simulate.simulate_exposure(scene, detector, None, PATTERN, GROUPS, 1, rng, observation=observation)


def _read(path):
    """Flux and error of the spectrum of the star's slit."""
    from stdatamodels.jwst import datamodels

    with datamodels.open(str(path)) as model:
        table = max((spectrum.spec_table for spectrum in model.spec), key=lambda one: np.nanmedian(one["FLUX"]))
        return np.array(table["FLUX"], float), np.array(table["FLUX_ERROR"], float)


def _perfect(exposure, path, folder, log):
    """Spectrum of the rate image without noise."""
    from stdatamodels.jwst import datamodels

    truth, light = truth_of(exposure, exposure.detector)
    folder.mkdir()
    with datamodels.open(str(path)) as model:
        model.data = (truth / exposure.detector.gain).astype(np.float32)
        model.dq = np.where(light, 0, model.dq | DO_NOT_USE).astype(np.uint32)
        model.save(str(folder / path.name))
    return ways.extracted(folder / path.name, folder, log)


def _combined(parts):
    flux, error, noise = (np.concatenate(values) for values in zip(*parts, strict=True))
    faint = flux < FAINT * noise
    scaled = (error / noise)[faint]
    runs = [[_runs(values) for values in (f, e, n**2)] for f, e, n in parts]
    total, errors, variance = (np.concatenate(values) for values in zip(*runs, strict=True))
    ratio = total / RUN / np.sqrt(variance / RUN)
    return {
        "robust": pull(scaled - np.median(scaled)),
        "rms": float(np.sqrt(np.mean(scaled**2))),
        "bias": biases(errors, total, ratio),
    }


def _runs(values):
    """Sums over `RUN` columns, one after the other."""
    return values[: len(values) // RUN * RUN].reshape(-1, RUN).sum(axis=1)


def gain(found, reference):
    """Magnitudes by which a way is deeper, by the robust and the rms error of faint columns."""
    return {key: float(-2.5 * np.log10(found[key] / reference[key])) for key in ("robust", "rms")}


def spectra(quick):
    """Rows: every way through stages 1 and 2, beside the default pipeline."""
    found = measured(quick)
    reference = found[ways.DEFAULT.name]
    for name, values in found.items():
        if name == ways.DEFAULT.name:
            continue
        deeper, judged = gain(values, reference), name == ways.DENOISE1.name
        yield Row(
            f"NIRSpec {'SUB512' if quick else 'FULL'}, star in a slit, {GROUPS} groups of {PATTERN}, {name}: error of "
            f"extracted columns with S/N < {FAINT:g}, flux",
            f"{deeper['robust']:+.2f} mag (rms {deeper['rms']:+.2f}); {_state(values)}",
            f"default: {_state(reference)}",
            f"bias < {100 * LIMIT:g} % above S/N 10" if judged else "–",
            is_met(values["bias"]) if judged and not quick else None,
            {"way": name, "gain": deeper, **values, "bias": {f"{low:g}": b for (low, _), b in values["bias"].items()}},
        )  # fmt: skip


def _state(values):
    return f"scatter {values['robust']:.2f} and rms {values['rms']:.2f} of the default's error; {text(values['bias'])}"

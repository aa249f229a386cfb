"""Other values of this package's constants, on scenes that were not used to choose the defaults."""

import contextlib
import time
from unittest import mock

import numpy as np

from jwst_denoise import NSCleanStep
from jwst_denoise.nsclean import fit, frame, lines, weights
from jwst_denoise.nsclean.gp import bins as time_bins
from jwst_denoise.nsclean.gp import dark_pixels, posterior
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.core.inputs import MissingInput
from jwst_denoise_benchmarks.core.rows import Row, skipped
from jwst_denoise_benchmarks.nsclean import scenes, science

__all__ = ["bins", "constant_rows", "dilation", "dilation_rows", "few_pixels", "gap_ridge", "tolerance"]

SEEDS = range(901, 904)
RESIDUALS = {
    "gap-ridge": ("Residual by GAP_RIDGE, the ridge of fits with gaps", "e- rms", ".3f"),
    "bins": ("Residual of gp by PIXELS_PER_BIN", "e- rms", ".4f"),
    "tolerance": ("Residual of gp by the tolerance of its solver", "e- rms", ".4f"),
    "few-pixels": ("Residual over the input by FEW_PIXELS, with few dark pixels of 128²", "", ".3f"),
}
TIMES = {"bins": "Time of gp by PIXELS_PER_BIN", "tolerance": "Time of gp by the tolerance of its solver"}


@contextlib.contextmanager
def _setting(value, *places):
    """Constants of modules temporarily set to another value."""
    with contextlib.ExitStack() as stack:
        for module, name in places:
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def _rms(values):
    return float(np.std(values, dtype=np.float64))


def _row(quantity, configuration, values, default, unit="", form="", metrics=None):
    """Row with one column for each value of a constant, the default marked."""
    result = {f"{name}{' (default)' * (float(name) == default)}": value for name, value in values.items()}
    return Row(quantity, configuration, result, unit=unit, form=form, metrics=metrics or {})


def gap_ridge(quick):
    """Rows: residual of ``nsclean`` under real masks with long gaps, and in a subarray in which lines are missing."""
    places = [(lines, "GAP_RIDGE"), (frame, "GAP_RIDGE")]
    for name, readout, mask in _gappy(quick):
        rms = {}
        for value in (0.01, 0.03, 0.1, 0.3, 1.0):
            with _setting(value, *places):
                runs = [_residual(readout, mask, seed, method="nsclean") for seed in SEEDS[: 1 if quick else None]]
            rms[f"{value:g}"] = [residual for residual, _ in runs]
        yield from constant_rows("gap-ridge", name, rms, weights.GAP_RIDGE)


def constant_rows(name, configuration, rms, default, times=None):
    """Rows of one configuration: value -> list of residuals, and of times in seconds."""
    mean = _root_mean_square if name == "few-pixels" else np.mean
    quantity, unit, form = RESIDUALS[name]
    values = {value: float(mean(residuals)) for value, residuals in rms.items()}
    metrics = {"rms": rms, "default": default} | ({"seconds": times} if times else {})
    yield _row(quantity, configuration, values, default, unit, form, metrics)
    if times:
        values = {value: min(seconds) for value, seconds in times.items()}
        yield _row(TIMES[name], configuration, values, default, "s", ".2f")


def _root_mean_square(values):
    return np.sqrt(np.mean(np.square(values)))


def _gappy(quick):
    readout = Readout.for_detector("NRS1", (32, 512))
    mask = np.ones(readout.shape, bool)
    mask[:, 200:230] = False
    mask[8:24] = False
    yield "32 × 512, source on 30 full lines", readout, mask
    try:
        for name in ("NRS1 15 %", "NRS2 15 %")[: 0 if quick else None]:
            yield f"mask {name}", *scenes.ifu_mask(name)
    except MissingInput:
        return


def _residual(readout, mask, seed, **options):
    """Residual rms of a fit and its time."""
    noise, data = scenes.noisy_frame(readout, np.random.default_rng(seed))
    start = time.perf_counter()
    residual = _rms(noise - fit(data, mask, readout, **options).noise)
    return residual, time.perf_counter() - start


def bins(quick):
    """Rows: residual and time of ``gp`` with 1, 2 or 4 pixels in a bin."""
    place = (time_bins, "PIXELS_PER_BIN")
    yield from _gp_rows("bins", (1, 2, 4), lambda value: _setting(value, place), getattr(*place), quick)


def tolerance(quick):
    """Rows: residual and time of ``gp`` with other tolerances of the conjugate gradients."""
    values = (0.3, 0.1, posterior.TOLERANCE, 0.003)
    yield from _gp_rows("tolerance", values, _solver_tolerance, posterior.TOLERANCE, quick)


def _gp_rows(name, values, setting, default, quick):
    if quick:
        configuration, readout = "256 × 256, 40 % dark", Readout.for_detector("NRS1", (256, 256))
        mask = scenes.blob_mask(readout.shape, np.random.default_rng(900), 0.4)
    else:
        configuration = "mask NRS2 36 %"
        try:
            readout, mask = scenes.ifu_mask("NRS2 36 %")
        except MissingInput as error:
            yield skipped(RESIDUALS[name][0], configuration, error)
            return
    rms, times = {}, {}
    for value in values:
        with setting(value):
            runs = [_residual(readout, mask, seed) for seed in SEEDS[: 1 if quick else None]]
        rms[f"{value:g}"], times[f"{value:g}"] = map(list, zip(*runs, strict=True))
    yield from constant_rows(name, configuration, rms, default, times)


def _solver_tolerance(value):
    return mock.patch.object(posterior.Posterior.solve, "__defaults__", (value,))


def few_pixels(quick):
    """Rows: residual of ``gp`` with few dark pixels, for other scales at which the correction vanishes."""
    default = dark_pixels.FEW_PIXELS
    readout = Readout.for_detector("NRCALONG", (128, 128))
    for count in (20, 100, 1000):
        rms = {}
        for value in (1, 30, default, 300):
            with _setting(value, (dark_pixels, "FEW_PIXELS")):
                seeds = range(910, 914 if quick else 940)
                rms[f"{value:g}"] = [_residual_with_few(readout, count, seed) for seed in seeds]
        yield from constant_rows("few-pixels", f"{count} dark pixels", rms, default)


def _residual_with_few(readout, count, seed):
    rng = np.random.default_rng(seed)
    noise, data = scenes.noisy_frame(readout, rng)
    mask = np.zeros(readout.shape, bool)
    mask.flat[rng.choice(mask.size, count, replace=False)] = True
    return _rms(noise - fit(data, mask, readout).noise) / _rms(noise)


def dilation(quick):
    """Rows: flux of faint stars and residual noise for other dilations of the sources in the automatic mask."""
    edge, runs = 512 if quick else 2048, {}
    for value in (0, 1, 2, 4, 8):
        cleaner = {"nsclean": lambda m, n=value: NSCleanStep.call(m, mask_dilation=n, configure_log=False)}
        run = science.clean_scene(edge, 921, cleaner)
        change, residual = run["faint stars"]["nsclean"], run["residual"]["nsclean"]
        error = change.std() / np.sqrt(change.size)
        runs[f"{value}"] = {"flux": float(change.mean()), "error": float(error), "residual": residual}
    yield from dilation_rows(edge, runs)


def dilation_rows(edge, runs, default=4):
    """Rows: value of ``mask_dilation`` -> change of the flux, its error, and residual noise as a fraction."""
    configuration = f"NIRCam {edge} × {edge}"
    flux = {value: (100 * run["flux"], 100 * run["error"]) for value, run in runs.items()}
    yield _row("Change of the flux of faint stars by mask_dilation", configuration, flux, default, "%", "+.2f", runs)
    residual = {value: run["residual"] for value, run in runs.items()}
    yield _row(
        "Residual correlated noise over the input by mask_dilation", configuration, residual, default, form=".3f"
    )

"""Why the constants that this package has chosen are what they are: other values, on scenes not used to choose them."""

import contextlib
import time
from unittest import mock

import numpy as np

from jwst_denoise import NSCleanStep
from jwst_denoise.nsclean import fit, frame, lines, weights
from jwst_denoise.nsclean.gp import bins as time_bins
from jwst_denoise.nsclean.gp import dark_pixels, posterior
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.nsclean import scenes, science
from jwst_denoise_benchmarks.rows import MissingData, Row, skipped

__all__ = ["bins", "dilation", "few_pixels", "gap_ridge", "tolerance"]

SEEDS = range(901, 904)


@contextlib.contextmanager
def _setting(value, *places):
    """Constants of modules with another value for a while."""
    with contextlib.ExitStack() as stack:
        for module, name in places:
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def _rms(values):
    return float(np.std(values, dtype=np.float64))


def _row(what, results, chosen):
    """One row: a figure for each value, the chosen one marked."""
    text = "; ".join(f"{'*' if value == chosen else ''}{value:g}: {figure}" for value, (figure, _) in results.items())
    figures = {f"{value:g}": numbers for value, (_, numbers) in results.items()}
    return Row(what, text, asked=f"* = {chosen:g}, the default", figures={**figures, "default": chosen})


def gap_ridge(quick):
    """Rows: residual of ``nsclean`` under real masks with long gaps, and in a subarray where lines are lost."""
    values = (0.01, 0.03, 0.1, 0.3, 1.0)
    places = [(lines, "GAP_RIDGE"), (frame, "GAP_RIDGE")]
    for name, readout, mask in _gappy(quick):
        results = {}
        for value in values:
            with _setting(value, *places):
                rms = [_residual(readout, mask, seed, method="nsclean")[0] for seed in SEEDS[: 1 if quick else None]]
            results[value] = f"{np.mean(rms):.3f}", rms
        yield _row(f"ridge of gappy nsclean fits, {name}: residual, e- rms", results, weights.GAP_RIDGE)


def _gappy(quick):
    readout = Readout.for_detector("NRS1", (32, 512))
    mask = np.ones(readout.shape, bool)
    mask[:, 200:230] = False
    mask[8:24] = False
    yield "32 × 512, source on 30 whole lines", readout, mask
    try:
        for name in ("NRS1 15 %", "NRS2 15 %")[: 0 if quick else None]:
            yield f"IFU mask {name}", *scenes.ifu_mask(name)
    except MissingData:
        return


def _residual(readout, mask, seed, **options):
    """Residual rms of a fit and its time."""
    noise, data = scenes.noisy_frame(readout, np.random.default_rng(seed))
    start = time.perf_counter()
    residual = _rms(noise - fit(data, mask, readout, **options).noise)
    return residual, time.perf_counter() - start


def bins(quick):
    """Row: residual and time of ``gp`` with 1, 2 or 4 pixels in a bin."""
    yield from _of_gp("pixels in a time bin", (1, 2, 4), [(time_bins, "PIXELS_PER_BIN")], quick)


def tolerance(quick):
    """Row: residual and time of ``gp`` with other tolerances of the conjugate gradients."""
    chosen = posterior.TOLERANCE
    yield from _of_gp("tolerance of gp's solver", (0.3, 0.1, chosen, 0.003), None, quick, chosen)


def _of_gp(what, values, places, quick, chosen=None):
    if quick:
        readout = Readout.for_detector("NRS1", (256, 256))
        mask = scenes.blobs(readout.shape, np.random.default_rng(900), 0.4)
    else:
        try:
            readout, mask = scenes.ifu_mask("NRS2 36 %")
        except MissingData as error:
            yield skipped(what, error)
            return
    results = {}
    for value in values:
        with _solver_tolerance(value) if places is None else _setting(value, *places):
            runs = [_residual(readout, mask, seed) for seed in SEEDS[: 1 if quick else None]]
        rms, times = zip(*runs, strict=True)
        results[value] = f"{np.mean(rms):.4f} in {min(times):.2f} s", {"rms": rms, "seconds": times}
    chosen = chosen or getattr(*places[0])
    yield _row(f"{what}: residual of gp, e- rms, and time", results, chosen)


def _solver_tolerance(value):
    return mock.patch.object(posterior.Posterior.solve, "__defaults__", (value,))


def few_pixels(quick):
    """Rows: what ``gp`` leaves of the noise when few pixels are dark, for other scales of the fall to nothing."""
    chosen = dark_pixels.FEW_PIXELS
    readout = Readout.for_detector("NRCALONG", (128, 128))
    for count in (20, 100, 1000):
        results = {}
        for value in (1, 30, chosen, 300):
            with _setting(value, (dark_pixels, "FEW_PIXELS")):
                rms = [_few(readout, count, seed) for seed in range(910, 914 if quick else 940)]
            results[value] = f"{np.sqrt(np.mean(np.square(rms))):.3f}", rms
        what = f"scale of the fall with few dark pixels, {count} of 128²: residual over the noise that was there"
        yield _row(what, results, chosen)


def _few(readout, count, seed):
    rng = np.random.default_rng(seed)
    noise, data = scenes.noisy_frame(readout, rng)
    mask = np.zeros(readout.shape, bool)
    mask.flat[rng.choice(mask.size, count, replace=False)] = True
    return _rms(noise - fit(data, mask, readout).noise) / _rms(noise)


def dilation(quick):
    """Row: light lost by faint stars, and noise left, for other growths of the sources in the automatic mask."""
    edge, results = 512 if quick else 2048, {}
    for value in (0, 1, 2, 4, 8):
        cleaner = {"ours": lambda m, n=value: NSCleanStep.call(m, mask_dilation=n, configure_log=False)}
        run = science.source_run(edge, 921, cleaner)
        lost, left = run["faint stars"]["ours"], run["residual"]["ours"]
        error = lost.std() / np.sqrt(lost.size)
        figure = f"{100 * lost.mean():+.2f} ± {100 * error:.2f} %, noise left {left:.3f}"
        results[value] = figure, {"flux": float(lost.mean()), "error": float(error), "residual": left}
    yield _row(f"mask_dilation: flux of faint stars, NIRCam {edge}², and correlated noise left of 1", results, 4)

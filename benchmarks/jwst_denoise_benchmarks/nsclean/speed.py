"""Speed and memory of the fits, beside ``jwst.clean_flicker_noise``."""

import tempfile
from pathlib import Path

import numpy as np

from jwst_denoise import NSCleanStep, simulate
from jwst_denoise.nsclean import FitOptions, fit
from jwst_denoise.nsclean.frame import fit_frame
from jwst_denoise.nsclean.weights import band_apodizer
from jwst_denoise.readout import Readout
from jwst_denoise_benchmarks.core.inputs import MissingInput, quiet
from jwst_denoise_benchmarks.core.measure import in_process, seconds
from jwst_denoise_benchmarks.core.rows import Row
from jwst_denoise_benchmarks.nsclean import reference_methods, scenes

__all__ = [
    "allslits", "allslits_rows", "full_frame", "full_frame_rows", "long_series", "series_rows", "subarray",
    "subarray_rows",
]  # fmt: skip

OPTIONS = FitOptions(method="nsclean", frame_outlier_sigma=0)
FASTER, SMALLER, EQUAL = 300, 20, 1e-4  # than NSCleanSubarray


def subarray(quick):
    """Rows: one integration of a BOTS subarray beside ``NSCleanSubarray``."""
    shape = (32, 512) if quick else (32, 2048)
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory) / "model.npy")
        jwst = in_process(jwst_job, *shape, path)
        nsclean = in_process(nsclean_job, *shape, repeats=9)
        readout, data, mask = _integration(shape)
        model = np.load(path)
    noise, _ = fit_frame(data, mask, readout, OPTIONS, weights=reference_methods.subarray_weights(mask, readout))
    yield from subarray_rows(shape, nsclean, jwst, float(np.std(noise - model) / np.std(model)), quick)


def subarray_rows(shape, nsclean, jwst, difference, quick=False):
    """Rows on time, memory and difference."""
    configuration = f"BOTS, one integration of {shape[0]} × {shape[1]}"
    for quantity, unit, key, factor in (("Time", "s", "seconds", FASTER), ("Memory", "GB", "above", SMALLER)):
        mine, other = (one[key][0] if unit == "s" else one[key] / 1e9 for one in (nsclean, jwst))
        yield Row(
            f"{quantity} beside NSCleanSubarray", configuration, {"nsclean": mine}, {"NSCleanSubarray": other}, unit,
            form=".2g", target=f"≤ {other / factor:.2g}", passed=None if quick else mine <= other / factor,
            metrics={"nsclean": nsclean, "NSCleanSubarray": jwst} if unit == "s" else {},
        )  # fmt: skip
    yield Row(
        "Difference of the models over the model, rms, with the same weights", configuration, {"nsclean": difference},
        form=".1e", target=f"≤ {EQUAL:.0e}", passed=None if quick else difference <= EQUAL,
    )  # fmt: skip


def allslits(quick):
    """Rows: the largest subarray of the NIRSpec slits."""
    measured = in_process(nsclean_job, 256, 2048, repeats=5)
    readout, _, mask = _integration((256, 2048))
    fitted = np.count_nonzero(band_apodizer(readout.ticks, readout.pixel_time, OPTIONS.bands))
    yield from allslits_rows(measured, np.count_nonzero(mask) * fitted * np.dtype(np.complex64).itemsize)


def allslits_rows(measured, matrix):
    """Rows on time and memory; ``matrix`` is the size of that of ``NSCleanSubarray`` in bytes."""
    configuration, time, memory = "ALLSLITS, 256 × 2048", measured["seconds"][0], measured["above"] / 1e9
    metrics = {"nsclean": measured, "matrix": matrix}
    yield Row("Time", configuration, {"nsclean": time}, {}, "s", target="≤ 1", passed=time <= 1, metrics=metrics)
    yield Row(
        "Memory", configuration, {"nsclean": memory}, {"matrix of NSCleanSubarray": matrix / 1e9}, "GB", form=".2g",
        target="≤ 0.5", passed=memory <= 0.5,
    )  # fmt: skip


def _integration(shape):
    """Readout, data and mask of one integration with a trace and bad pixels."""
    rng = np.random.default_rng(1)
    readout = Readout.for_detector("NRS1", tuple(shape))
    _, data = scenes.noisy_frame(readout, rng)
    mask = rng.random(shape) >= 0.02
    middle = shape[0] // 2
    mask[middle - 4 : middle + 5] = False
    return readout, data, mask


def jwst_job(ny, nx, path):
    """Job: ``NSCleanSubarray``, which writes its model to ``path``."""
    _, data, mask = _integration((ny, nx))
    return lambda: np.save(path, reference_methods.subarray_noise(data, mask))


def nsclean_job(ny, nx):
    """Job: the same fit by this package."""
    readout, data, mask = _integration((ny, nx))
    return lambda: fit_frame(data, mask, readout, OPTIONS)


def long_series(quick):
    """Rows: the step on 1512 BOTS integrations from file to file, methods gp and nsclean."""
    count = 100 if quick else 1512
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "series_rateints.fits"
        scenes.star_series(np.ones(count), np.random.default_rng(6)).save(path)
        size = path.stat().st_size
        methods = {method: in_process(step_job, str(path), method) for method in ("gp", "nsclean")}
    yield from series_rows(methods, size, count, quick)


def series_rows(methods, size, count, quick=False):
    """Rows on time and memory; ``methods``: name -> measurement of the process, ``size`` of the input in bytes."""
    limits = {"Time": (30.0, "s"), "Peak memory": ((1.5 * size + 1e9) / 1e9, "GB")}
    for quantity, (limit, unit) in limits.items():
        for name, measured in methods.items():
            value = measured["seconds"][0] if unit == "s" else measured["peak"] / 1e9
            yield Row(
                f"{quantity} from file ({size / 1e9:.2f} GB) to file", f"{count} integrations of 32 × 512, {name}",
                {"nsclean": value}, {}, unit, target=f"≤ {limit:.3g}", passed=None if quick else value <= limit,
                metrics=measured | {"input": size} if unit == "s" else {},
            )  # fmt: skip


def step_job(path, method):
    """Job: the step on a file; the product is written to the same directory."""

    def job():
        with quiet():
            NSCleanStep.call(
                path, method=method, configure_log=False, save_results=True, output_dir=str(Path(path).parent)
            )

    return job


def full_frame(quick):
    """Rows: full frames of NRS1, arrays in and arrays out, and both steps."""
    repeats = 2 if quick else 9
    readout, mask, name = _full_mask()
    _, data = scenes.noisy_frame(readout, np.random.default_rng(3))
    jobs = {
        "jwst fft": lambda: reference_methods.fft_noise(data, mask, "NRS1"),
        "jwst median": lambda: reference_methods.median_noise(data, mask, readout),
        "nsclean": lambda: fit(data, mask, readout, "nsclean"),
        "median": lambda: fit(data, mask, readout, "median"),
        "gp": lambda: fit(data, mask, readout, "gp"),
    }
    times = {key: seconds(job, repeats) for key, job in jobs.items()}
    yield from full_frame_rows(times | _step_times(data, mask, max(1, repeats // 2)), name)


def full_frame_rows(times, name):
    """Rows on the times of every method, sorted lists in seconds; ``name`` of the mask."""
    best = {key: value[0] for key, value in times.items()}
    pairs = {"nsclean": "jwst fft", "gp": "jwst fft", "median": "jwst median", "step gp": "jwst step median"}
    limits = {"nsclean": 0.25, "gp": 0.5}
    for method, reference in pairs.items():
        limit = limits.get(method)
        passed = best[method] <= limit and best[method] < best[reference] if limit else None
        yield Row(
            f"Time on a full frame, 2048 × 2048, {name}", f"{method}, beside {reference}",
            {"jwst_denoise": best[method]}, {"jwst": best[reference]}, "s", target=f"≤ {limit}" if limit else "",
            passed=passed, metrics={"seconds": times} if method == "nsclean" else {},
        )  # fmt: skip


def _full_mask():
    try:
        readout, mask = scenes.ifu_mask("NRS1 36 %")
        return readout, mask & ~readout.reference_pixels, "IFU mask (36 % dark)"
    except MissingInput:
        readout = Readout.for_detector("NRS1")
        mask = scenes.blob_mask(readout.shape, np.random.default_rng(2), 0.36)
        return readout, mask, "synthetic mask (36 % dark)"


def _step_times(data, mask, repeats):
    """Times of both steps on a rate image in memory, with the same mask from a file."""
    from stdatamodels.jwst.datamodels import ImageModel

    detector = simulate.detector("NRS1")
    observation = simulate.observation(detector, "NRS_IFU")
    model = scenes.template(np.zeros(mask.shape, np.float32), detector, observation, "NRSRAPID", 20)
    model.data[...] = data / 1000
    with tempfile.TemporaryDirectory() as directory, quiet():
        path = str(Path(directory) / "mask.fits")
        ImageModel(data=mask.astype(np.float32)).save(path)
        return {
            "jwst step median": seconds(lambda: reference_methods.median_step(model, user_mask=path), repeats),
            "step gp": seconds(lambda: NSCleanStep.call(model, user_mask=path, configure_log=False), repeats),
        }

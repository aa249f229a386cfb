"""Memory of every step from file to file, and results with one thread and with two."""

import contextlib
import logging
import os
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np

import jwst_denoise
from jwst_denoise_benchmarks.core.measure import in_process
from jwst_denoise_benchmarks.core.rows import Row

__all__ = ["compare", "memory", "memory_rows", "step_job", "thread_rows", "threads", "write_exposure"]

#: Step -> name of its class, kinds of exposure, parameters.
STEPS = {
    "nsclean": ("NSCleanStep", ("rate", "ramp"), {}),
    "cosmic_ray_mask": ("CosmicRayMaskStep", ("rate", "ramp"), {"inpaint": "network"}),
    "ramp_denoise": ("RampDenoiseStep", ("ramp",), {}),
    "image_denoise": ("ImageDenoiseStep", ("rate",), {}),
    "image_denoise stacks": ("ImageDenoiseStep", ("rateints",), {"model": "noise2noise-stack"}),
}
FULL = 2048
GROUPS, INTEGRATIONS = 10, 2
THREADS = 2
ROUNDING = 1e-3  # of the error
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
ARRAYS = ("data", "err", "dq", "groupdq", "var_rnoise", "var_poisson")


def write_exposure(kind, edge, directory, groups=5, integrations=2):
    """Write an exposure of NRCA1 with a sky of 5 DN/s and stripes.

    Parameters
    ----------
    kind : {"rate", "rateints", "ramp"}
        Product.
    edge : int
        Pixels.
    directory : path-like
        Directory of the file.
    groups, integrations : int, optional
        Of the exposure.

    Returns
    -------
    pathlib.Path
    """
    from stdatamodels.jwst import datamodels

    rng = np.random.default_rng(0)
    shape = {"rate": (), "rateints": (integrations,), "ramp": (integrations, groups)}[kind] + (edge, edge)
    model = {"rate": datamodels.ImageModel, "rateints": datamodels.CubeModel, "ramp": datamodels.RampModel}[kind]()
    signal = 1000.0 + np.cumsum(rng.poisson(5.0, shape), axis=1) if kind == "ramp" else 5.0
    noise = rng.normal(0, 2, (*shape[:-1], 1)) + rng.normal(0, 3 if kind == "ramp" else 1, shape)
    model.data = (signal + noise).astype(np.float32)
    if kind == "ramp":
        model.groupdq, model.pixeldq = np.zeros(shape, np.uint8), np.zeros(shape[-2:], np.uint32)
        model.meta.cal_step.linearity = "COMPLETE"
    else:
        model.err, model.dq = np.ones(shape, np.float32), np.zeros(shape, np.uint32)
        model.var_rnoise, model.var_poisson = (np.full(shape, value, np.float32) for value in (0.8, 0.2))
        model.meta.bunit_data = "DN/s"
    start = 1 if edge == FULL else 101
    sections = {
        "instrument": {"name": "NIRCAM", "detector": "NRCA1", "filter": "F200W"},
        "subarray": {"xsize": edge, "ysize": edge, "xstart": start, "ystart": start, "fastaxis": -1, "slowaxis": 2},
        "exposure": {
            "type": "NRC_IMAGE", "noutputs": 4 if edge == FULL else 1, "readpatt": "RAPID", "nframes": 1, "groupgap": 0,
            "ngroups": groups, "nints": integrations, "exposure_time": 100.0, "integration_time": 100.0,
            "group_time": 10.0, "frame_time": 10.0,
        },
        "observation": {"date": "2024-02-29", "time": "12:00:00"},
    }  # fmt: skip
    for name, keywords in sections.items():
        model.meta.instance.setdefault(name, {}).update(keywords)
    path = Path(directory) / f"jw_{kind}.fits"
    model.save(path)
    model.close()
    return path


def step_job(step, path, threads=None, arrays=None):
    """Job: a step from file to file.

    Parameters
    ----------
    step : str
        A key of `STEPS`.
    path : str
        Of the exposure; the product is written to a folder beside it.
    threads : int, optional
        Of torch.
    arrays : str, optional
        File for the arrays of the product (npz), in place of the product.
    """
    if threads:
        import torch

        torch.set_num_threads(threads)
    out = Path(path).parent / "out"
    out.mkdir(exist_ok=True)
    class_name, _, parameters = STEPS[step]
    call = getattr(jwst_denoise, class_name).call
    saved = {"save_results": True, "output_dir": str(out)} if arrays is None else {}

    def job():
        logging.disable(logging.CRITICAL)
        with mock.patch.dict(os.environ, {"STPIPE_DISABLE_CRDS_STEPPARS": "true"}), contextlib.chdir(out):
            result = call(str(path), configure_log=False, **parameters, **saved)
        result = result[0] if isinstance(result, tuple) else result
        if getattr(result.meta.cal_step, step.split()[0]) != "COMPLETE":
            raise RuntimeError(f"{step} was not COMPLETE")
        if arrays:
            present = {name: getattr(result, name, None) for name in ARRAYS}
            np.savez(arrays, **{name: array for name, array in present.items() if array is not None})

    return job


def _runs():
    return [(step, kind) for step, (_, kinds, _) in STEPS.items() for kind in kinds]


def memory(quick):
    """Rows: peak memory of every step on full frames; ramps have ten groups, ramps and rateints two integrations."""
    edge = 128 if quick else FULL
    for step, kind in _runs():
        with tempfile.TemporaryDirectory() as directory:
            path = write_exposure(kind, edge, directory, GROUPS, INTEGRATIONS)
            size = path.stat().st_size
            measured = in_process(step_job, step, str(path), THREADS)
        yield from memory_rows(f"{step}, {kind} of {edge}²", measured, size, quick)


def memory_rows(configuration, measured, size, quick=False):
    """Rows of one step; ``size`` of the input in bytes."""
    limit = (1.5 * size + 1e9) / 1e9
    yield Row(
        "Peak memory from file to file", configuration, {"step": measured["peak"] / 1e9}, {"input": size / 1e9}, "GB",
        form=".2f", target=f"≤ {limit:.2f}", passed=None if quick else measured["peak"] / 1e9 <= limit,
        metrics=measured | {"input": size},
    )  # fmt: skip
    yield Row("Time from file to file", configuration, {"step": measured["seconds"][0]}, {}, "s", form=".1f")


def threads(quick):
    """Rows: difference between the results of every step with one thread and with two, in fresh processes."""
    edge = 128 if quick else 512
    for step, kind in _runs():
        with tempfile.TemporaryDirectory() as directory:
            path, results = write_exposure(kind, edge, directory), []
            for count in (1, 2):
                arrays = str(Path(directory) / f"{count}.npz")
                with mock.patch.dict(os.environ, dict.fromkeys(THREAD_VARIABLES, str(count))):
                    in_process(step_job, step, str(path), count, arrays)
                with np.load(arrays) as stored:
                    results.append(dict(stored))
        yield from thread_rows(f"{step}, {kind} of {edge}²", compare(*results))


def thread_rows(configuration, metrics):
    """Rows of one step, from `compare`."""
    yield Row(
        "Largest difference between one and two threads, in units of the error", configuration,
        {"step": metrics["difference"], "identical": metrics["identical"]}, form=".1e", target=f"≤ {ROUNDING:g}",
        passed=bool(metrics["difference"] <= ROUNDING), metrics=metrics,
    )  # fmt: skip
    yield Row(
        "Flags that differ between one and two threads", configuration, {"step": metrics["flags"]}, target="≤ 0",
        passed=not metrics["flags"],
    )  # fmt: skip


def compare(one, two):
    """Differences between the arrays of two products.

    Returns
    -------
    dict
        ``difference``: the largest, in units of the median error (of a ramp, of the largest value); ``flags``: number
        of flags that differ; ``identical``: whether all arrays are bitwise equal.
    """
    scale = np.nanmedian(one["err"]) if "err" in one else np.nanmax(np.abs(one["data"]))
    flags = sum(np.count_nonzero(one[name] != two[name]) for name in one if name.endswith("dq"))
    holes = np.isfinite(one["data"]) != np.isfinite(two["data"])
    return {
        "difference": float(np.nanmax(np.abs(one["data"] - two["data"])) / scale),
        "flags": int(flags + np.count_nonzero(holes)),
        "identical": all(one[name].tobytes() == two[name].tobytes() for name in one),
    }

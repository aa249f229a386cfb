"""Rows: results with one thread and with two."""

import os
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np

from jwst_denoise_benchmarks.measure import in_process
from jwst_denoise_benchmarks.robustness.jobs import KINDS, step_job, write_exposure
from jwst_denoise_benchmarks.rows import Row

__all__ = ["compare", "threads"]

EDGE, SMALL = 512, 128
ROUNDING = 1e-3  # of the error
NAMES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def compare(step, kind, edge):
    """Results of a step in fresh processes with one thread and two.

    Parameters
    ----------
    step, kind : str
        A key of `jobs.KINDS`, and one of its values.
    edge : int
        Pixels of the exposure.

    Returns
    -------
    dict
        ``difference``: the largest, in units of the median error (of a ramp, of the largest value); ``flags``: how
        many differ; ``identical``: whether all bits are the same.
    """
    with tempfile.TemporaryDirectory() as directory:
        path, found = write_exposure(kind, edge, directory), []
        for count in (1, 2):
            made = str(Path(directory) / f"{count}.npz")
            with mock.patch.dict(os.environ, dict.fromkeys(NAMES, str(count))):
                in_process(step_job, step, str(path), count, made)
            with np.load(made) as arrays:
                found.append(dict(arrays))
    return _compared(*found)


def _compared(one, two):
    scale = np.nanmedian(one["err"]) if "err" in one else np.nanmax(np.abs(one["data"]))
    flags = sum(np.count_nonzero(one[name] != two[name]) for name in one if name.endswith("dq"))
    holes = np.isfinite(one["data"]) != np.isfinite(two["data"])
    return {
        "difference": float(np.nanmax(np.abs(one["data"] - two["data"])) / scale),
        "flags": int(flags + np.count_nonzero(holes)),
        "identical": all(one[name].tobytes() == two[name].tobytes() for name in one),
    }


def threads(quick):
    """Rows: every step."""
    edge = SMALL if quick else EDGE
    for step, kind in ((step, kind) for step, kinds in KINDS.items() for kind in kinds):
        found = compare(step, kind, edge)
        same = "identical" if found["identical"] else f"at most {found['difference']:.1e} σ"
        yield Row(
            f"{step}, {kind} of {edge}²: one thread against two", f"{same}, {found['flags']} flags differ",
            asked=f"rounding (≤ {ROUNDING:g} σ), the same flags",
            met=found["difference"] <= ROUNDING and not found["flags"], figures=found,
        )  # fmt: skip

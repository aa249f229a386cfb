"""Rows: highest memory of steps from file to file, each in a fresh process."""

import tempfile

from jwst_denoise_benchmarks.measure import in_process
from jwst_denoise_benchmarks.robustness.jobs import KINDS, step_job, write_exposure
from jwst_denoise_benchmarks.rows import Row

__all__ = ["memory"]

EDGE, SMALL = 2048, 128
GROUPS, INTEGRATIONS = 10, 2
THREADS = 2


def memory(quick):
    """Rows: every step on full frames: rates, rateints and ramps of two integrations of ten groups."""
    edge = SMALL if quick else EDGE
    for step, kind in ((step, kind) for step, kinds in KINDS.items() for kind in kinds):
        with tempfile.TemporaryDirectory() as directory:
            path = write_exposure(kind, edge, directory, GROUPS, INTEGRATIONS)
            size = path.stat().st_size
            found = in_process(step_job, step, str(path), THREADS)
        limit = 1.5 * size + 1e9
        yield Row(
            f"{step}, {kind} of {edge}² ({size / 1e9:.2f} GB), from file to file",
            f"peak {found['peak'] / 1e9:.2f} GB, {found['seconds'][0]:.1f} s",
            asked=f"≤ 1.5 × input + 1 GB = {limit / 1e9:.2f} GB",
            met=None if quick else found["peak"] <= limit, figures={**found, "input": size},
        )  # fmt: skip

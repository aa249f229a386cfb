"""Time of a batch on two workers beside a loop over the same exposures in one process; overhead of a worker."""

import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from unittest import mock

from jwst_denoise.batch.manifest import NAME, Manifest
from jwst_denoise_benchmarks.batches.exposures import batch_command, serial_job, write_rates
from jwst_denoise_benchmarks.core.measure import in_process
from jwst_denoise_benchmarks.core.rows import Row

__all__ = ["speed", "speed_rows"]

WORKERS, TARGET = 2, 1.8
#: Step, subarray, exposures; the work dominates the start of the workers.
CASES = (("nsclean", "FULL", 24), ("cosmic_ray_mask", "SUB640", 40))
QUICK = (("nsclean", "SUB160", 6),)


def speed(quick):
    """Rows: a batch on two workers, and the overhead of their first exposures."""
    for pars, subarray, count in QUICK if quick else CASES:
        with tempfile.TemporaryDirectory() as directory:
            files = [str(path) for path in write_rates(Path(directory, "exposures"), count, subarray)]
            metrics = _measure(pars, files, Path(directory))
        yield from speed_rows(f"{count} exposures ({pars}, {subarray}), {os.cpu_count()} cores", metrics, quick)


def speed_rows(configuration, metrics, quick=False):
    """Rows of one step."""
    yield Row(
        f"Time on {WORKERS} workers, start and end included", configuration, {"batch": metrics["batch"]},
        {"serial loop": metrics["serial"], "one thread": metrics["single"], "two loops": metrics["beside"]}, "s",
        form=".1f", metrics=metrics,
    )  # fmt: skip
    gain, limit = (metrics["serial"] / metrics[name] for name in ("batch", "beside"))
    yield Row(
        "Speed over that of a serial loop", configuration, {"batch": gain, "between start and end": metrics["steady"]},
        {"two loops": limit}, form=".2f", target=f"≥ {TARGET}", passed=None if quick else gain >= TARGET,
    )  # fmt: skip
    yield Row(
        "Time of an exposure", configuration,
        {"first of a worker": max(metrics["first"]), "median of the others": metrics["median"]}, unit="s", form=".2f",
    )  # fmt: skip


def _measure(pars, files, directory):
    """Seconds of a serial loop with as many threads as there are cores, of the batch, and of loops with one thread.

    Loops side by side show the limit of the cores, which may share a clock, caches and memory.
    """
    metrics = {"serial": _loops(pars, [files], directory / "serial")}
    with mock.patch.dict(os.environ, {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}):
        metrics["single"] = _loops(pars, [files], directory / "single")
        metrics["beside"] = _loops(pars, [files[k::WORKERS] for k in range(WORKERS)], directory / "beside")
    start = time.perf_counter()
    subprocess.run(batch_command(pars, files, directory / "batch", WORKERS), check=True, capture_output=True)
    metrics["batch"] = time.perf_counter() - start
    metrics["steady"] = _pace(directory / "batch") / _pace(directory / "serial")
    return metrics | _by_worker(directory / "batch" / NAME)


def _loops(pars, parts, directory):
    """Seconds of serial loops, each in a process, over their parts of the files."""

    def loop(files):
        return in_process(serial_job, pars, files, str(directory))["seconds"][0]

    with ThreadPoolExecutor() as pool:
        return max(pool.map(loop, parts))


def _pace(directory):
    """Products per second, without those of the start."""
    times = sorted(path.stat().st_mtime for path in directory.glob("*.fits"))[2 * WORKERS - 1 :]
    return (len(times) - 1) / (times[-1] - times[0])


def _by_worker(path):
    """Seconds of the first exposure of each worker, and the median of the others."""
    workers = {}
    for record in Manifest.read(path):
        workers.setdefault(record.process, []).append(record.seconds)
    others = [seconds for times in workers.values() for seconds in times[1:]]
    return {"first": [times[0] for times in workers.values()], "median": median(others)}

"""Time of a batch on two workers against a loop over the same exposures in one process; what a worker costs."""

import contextlib
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from jwst_denoise.batch.manifest import NAME, Manifest
from jwst_denoise_benchmarks.batches.exposures import command, serial_job, write
from jwst_denoise_benchmarks.measure import in_process
from jwst_denoise_benchmarks.rows import Row

__all__ = ["speed"]

WORKERS, ASKED = 2, 1.8
#: Step, subarray, exposures: work dominates.
CASES = (("nsclean", "FULL", 24), ("cosmic_ray_mask", "SUB640", 40))
QUICK = (("nsclean", "SUB160", 6),)


def speed(quick):
    """Rows: a batch on two workers, and what their first exposures cost."""
    for pars, subarray, count in QUICK if quick else CASES:
        with tempfile.TemporaryDirectory() as directory:
            files = [str(path) for path in write(Path(directory, "exposures"), count, subarray)]
            figures = _measure(pars, files, Path(directory))
        gain, most = (figures["serial"] / figures[name] for name in ("batch", "beside"))
        yield Row(
            f"{count} exposures ({pars}, {subarray}) on {WORKERS} workers, {os.cpu_count()} cores",
            f"{figures['batch']:.1f} s, start and end included: {gain:.2f} ×; {figures['steady']:.2f} × between them",
            peer=f"serial loop {figures['serial']:.1f} s, with one thread {figures['single']:.1f} s; "
            f"{WORKERS} such loops side by side, each over its share, {figures['beside']:.1f} s: {most:.2f} ×",
            asked=f"≥ {ASKED} ×", met=None if quick else gain >= ASKED, figures=figures,
        )  # fmt: skip
        yield Row(
            f"the same: first exposure of each of {len(figures['first'])} worker processes, imports included",
            f"{max(figures['first']):.1f} s; the others {figures['median']:.2f} s", figures=figures,
        )  # fmt: skip


def _measure(pars, files, directory):
    """Seconds of a serial loop with as many threads as there are cores, of the batch, and of loops with one thread.

    Loops side by side show what the cores have to give: they may share a clock, caches and memory.
    """
    figures = {"serial": _loops(pars, [files], directory / "serial")}
    with _variables({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}):
        figures["single"] = _loops(pars, [files], directory / "single")
        figures["beside"] = _loops(pars, [files[k::WORKERS] for k in range(WORKERS)], directory / "beside")
    start = time.perf_counter()
    subprocess.run(command(pars, files, directory / "batch", WORKERS), check=True, capture_output=True)
    figures["batch"] = time.perf_counter() - start
    figures["steady"] = _pace(directory / "batch") / _pace(directory / "serial")
    return figures | _by_worker(directory / "batch" / NAME)


def _loops(pars, shares, directory):
    """Seconds of serial loops, each in a process, over their shares of the files."""

    def loop(files):
        return in_process(serial_job, pars, files, str(directory))["seconds"][0]

    with ThreadPoolExecutor() as pool:
        return max(pool.map(loop, shares))


@contextlib.contextmanager
def _variables(changes):
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _pace(directory):
    """Products a second, those of the start left out."""
    times = sorted(path.stat().st_mtime for path in directory.glob("*.fits"))[2 * WORKERS - 1 :]
    return (len(times) - 1) / (times[-1] - times[0])


def _by_worker(path):
    """Seconds of the first exposure of each worker, and the median of the others."""
    workers = {}
    for record in Manifest.read(path):
        workers.setdefault(record.process, []).append(record.seconds)
    others = [seconds for own in workers.values() for seconds in own[1:]]
    return {"first": [own[0] for own in workers.values()], "median": median(others)}

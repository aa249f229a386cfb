"""Time and memory of a function, in this process or in a fresh one, and the machine that they belong to.

``python -m jwst_denoise_benchmarks.core.measure module:function ARGUMENTS REPEATS`` measures the job that
``function(*arguments)`` returns and prints the result as JSON.
"""

import contextlib
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version

import psutil

from jwst_denoise.batch.task import PeakMemory

__all__ = ["describe_machine", "in_process", "machine_sentence", "seconds"]

PACKAGES = ("jwst_denoise", "jwst", "stcal", "numpy", "scipy", "photutils")


def seconds(function, repeats=5):
    """Time of each of several calls, after one that warms up.

    Parameters
    ----------
    function : callable
        Without arguments.
    repeats : int, optional
        Calls that count.

    Returns
    -------
    list of float
        Sorted; the first is the best.
    """
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return sorted(times)


def in_process(function, *arguments, repeats=1):
    """Run a job in a fresh process and measure its memory and time.

    Parameters
    ----------
    function : callable
        Function of a module; called with the arguments it prepares the job, a callable.
    *arguments
        JSON types.
    repeats : int, optional
        Number of calls of the job.

    Returns
    -------
    dict
        ``seconds`` of each call, sorted; ``peak``, the highest resident memory of the process in bytes, and ``above``,
        the same minus the resident memory before the first call.

    Raises
    ------
    RuntimeError
        If the job fails; the message is the last line of its traceback.
    """
    name = f"{function.__module__}:{function.__qualname__}"
    command = [sys.executable, "-m", "jwst_denoise_benchmarks.core.measure", name, json.dumps(arguments), str(repeats)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{name} failed: {result.stderr.strip().splitlines()[-1]}")
    return json.loads(result.stdout.splitlines()[-1])


def _main(name, arguments, repeats):
    module, _, function = name.partition(":")
    times = []
    with PeakMemory() as memory:
        job = getattr(importlib.import_module(module), function)(*json.loads(arguments))
        before = psutil.Process().memory_info().rss
        for _ in range(int(repeats)):
            start = time.perf_counter()
            job()
            times.append(time.perf_counter() - start)
    result = {"seconds": sorted(times), "peak": memory.peak, "above": memory.peak - before}
    sys.stdout.write(json.dumps(result) + "\n")


def describe_machine(packages=()):
    """Processor, cores, memory, load and versions.

    Parameters
    ----------
    packages : iterable of str, optional
        Further packages whose versions matter; those that are not installed are omitted.

    Returns
    -------
    dict
    """
    versions = {name: version(name) for name in PACKAGES}
    for name in packages:
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_GB": round(psutil.virtual_memory().total / 1e9, 1),
        "load": [round(load, 2) for load in os.getloadavg()],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def _processor():
    with contextlib.suppress(OSError, StopIteration), open("/proc/cpuinfo", encoding="utf-8") as stream:
        return next(line.split(":")[1].strip() for line in stream if line.startswith("model name"))
    return platform.processor() or platform.machine()


def machine_sentence(machine):
    """One line for the head of a page."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_GB']} GB, load {machine['load'][0]}; "
        f"Python {machine['python']}, {versions}"
    )


if __name__ == "__main__":
    _main(*sys.argv[1:])

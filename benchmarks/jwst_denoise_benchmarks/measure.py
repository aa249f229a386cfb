"""Time and memory of a function, in this process or in a fresh one.

``python -m jwst_denoise_benchmarks.measure module:function ARGUMENTS REPEATS`` measures the job that
``function(*arguments)`` returns and prints the figures as JSON.
"""

import importlib
import json
import subprocess
import sys
import time

import psutil

from jwst_denoise.batch.task import PeakMemory

__all__ = ["in_process", "seconds"]


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
    """Run a job in a fresh process and tell its memory and time.

    Parameters
    ----------
    function : callable
        Function of a module; called with the arguments it prepares the job, a callable.
    *arguments
        What JSON can hold.
    repeats : int, optional
        Calls; the memory is that of all, the time of each.

    Returns
    -------
    dict
        ``seconds`` (sorted), ``peak`` and ``above`` in bytes: highest resident memory of the process, and how far this
        is above what was resident before the job.
    """
    name = f"{function.__module__}:{function.__qualname__}"
    command = [sys.executable, "-m", "jwst_denoise_benchmarks.measure", name, json.dumps(arguments), str(repeats)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name} failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


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


if __name__ == "__main__":
    _main(*sys.argv[1:])

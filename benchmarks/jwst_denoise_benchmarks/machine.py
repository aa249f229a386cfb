"""The machine and the versions that figures of speed belong to."""

import contextlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version

__all__ = ["describe", "sentence"]

PACKAGES = ("jwst_denoise", "jwst", "stcal", "numpy", "scipy", "photutils")


def describe(packages=()):
    """Processor, cores, memory, load and versions.

    Parameters
    ----------
    packages : iterable of str, optional
        More packages whose versions count; those that are not installed are left out.

    Returns
    -------
    dict
    """
    return {
        "processor": _processor(),
        "cores": _cores(),
        "memory_GB": round(_memory() / 1e9, 1),
        "load": [round(load, 2) for load in os.getloadavg()],
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES} | dict(_installed(packages)),
    }


def sentence(machine):
    """One line for the head of the table."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_GB']} GB, load {machine['load'][0]}; "
        f"Python {machine['python']}, {versions}"
    )


def _installed(packages):
    for name in packages:
        with contextlib.suppress(PackageNotFoundError):
            yield name, version(name)


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            return next(line.split(":")[1].strip() for line in stream if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

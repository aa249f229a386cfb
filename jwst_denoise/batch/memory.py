"""Resident memory of this process."""

import contextlib
import resource
import sys

__all__ = ["forget_peak", "resident"]


def resident():
    """Bytes resident now, and at most so far in this process.

    Returns
    -------
    now, peak : int
    """
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="utf-8") as stream:
        sizes = {line.split(":")[0]: line.split()[1] for line in stream if line.startswith(("VmRSS", "VmHWM"))}
        return int(sizes["VmRSS"]) * 1024, int(sizes["VmHWM"]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return peak, peak


def forget_peak():
    """Let the peak count from now; where the system cannot (other than Linux) it stays that of the process."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as stream:
        stream.write("5")

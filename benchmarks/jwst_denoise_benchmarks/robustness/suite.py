"""The benchmark of robustness: which rows there are."""

from jwst_denoise_benchmarks.suite import Group

__all__ = ["GROUPS"]

#: The groups, in the order of the table.
GROUPS = (
    Group("fuzz", "robustness.fuzz.fuzz", "awkward exposures through every step"),
    Group("threads", "robustness.threads.threads", "one and two threads"),
    Group("memory", "robustness.memory.memory", "memory from file to file"),
    Group("sockets", "robustness.sockets.sockets", "no network"),
)

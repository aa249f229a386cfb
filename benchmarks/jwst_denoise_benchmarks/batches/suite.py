"""The benchmark of batches: which rows there are."""

from jwst_denoise_benchmarks.suite import Group

__all__ = ["GROUPS"]

#: The groups, in the order of the table.
GROUPS = (
    Group("recovery", "batches.recovery.recovery", "a batch that is killed and interrupted"),
    Group("speed", "batches.speed.speed", "two workers against a serial loop"),
    Group("memory", "batches.resources.memory", "memory from file to file"),
    Group("threads", "batches.resources.threads", "one and two threads"),
)

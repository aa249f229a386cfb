"""The benchmark of the whole chain: which rows there are."""

from jwst_denoise_benchmarks.suite import Group

__all__ = ["GROUPS"]

#: The groups, in the order of the table.
GROUPS = (
    Group("short", "chain.imaging.short", "a short exposure of NIRCam through stages 1 and 2"),
    Group("long", "chain.imaging.long", "a longer exposure of NIRCam through stages 1 and 2"),
    Group("spectra", "chain.spectra.spectra", "a slit of NIRSpec through stages 1 and 2"),
)

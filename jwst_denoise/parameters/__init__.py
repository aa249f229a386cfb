"""Shipped parameter files, the selection among them, and the parameters of hooks.

Two kinds of ASDF file are shipped. *Pipeline* files hook steps of this package into a calwebb pipeline and run as they
are, ``strun FILE exposure.fits``. *Step* files hold the defaults of one step for one kind of exposure;
`select_parameters` returns those of the most specific file that fits, as CRDS does with its parameter references.
"""

from jwst_denoise.parameters.hooks import check_names, collect_hook_parameters, hook_parameters
from jwst_denoise.parameters.selection import select_parameters
from jwst_denoise.parameters.shipped import copy_files, names, path

__all__ = [
    "check_names", "collect_hook_parameters", "copy_files", "hook_parameters", "names", "path", "select_parameters",
]  # fmt: skip

"""Parameter files: the shipped ones, the choice among them, and the parameters of steps that hang as hooks.

Two kinds of ASDF file are shipped. *Pipeline* files hook our steps into a calwebb pipeline and are run as they are,
``strun FILE exposure.fits``. *Step* files hold the defaults of one step for one kind of exposure; `choose` finds the
most specific one that fits, as CRDS does with its parameter references.
"""

from jwst_denoise.parameters.hooks import check_names, hook_parameters, of_hook
from jwst_denoise.parameters.selection import choose
from jwst_denoise.parameters.shipped import copy_files, names, path

__all__ = ["check_names", "choose", "copy_files", "hook_parameters", "names", "of_hook", "path"]

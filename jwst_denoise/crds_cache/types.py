"""Types of reference file that the registered steps and pipelines ask CRDS for."""

import functools
import importlib
from importlib.metadata import entry_points

__all__ = ["reference_types"]


@functools.cache
def reference_types():
    """Names of all types, those of parameter references (``pars-…``) included.

    A pipeline stops at a type that the rules do not know, even if the step that names it is skipped. So the types are
    read from the installed steps, and what has no file gets the answer "not applicable".

    Returns
    -------
    tuple of str
        Sorted, in lower case.
    """
    found = {f"pars-{name.rpartition('.')[2].lower()}" for name in _registered()}
    for step in _jwst_steps():
        found.add(step.get_config_reftype())
        if not isinstance(step.reference_file_types, property):
            found.update(step.reference_file_types)
    return tuple(sorted(found))


def _registered():
    """Full names of every step and pipeline that is registered with stpipe, by this package or another."""
    for entry in entry_points(group="stpipe.steps"):
        yield from (name for name, *_ in entry.load()())


def _jwst_steps():
    """Step and pipeline classes of the jwst package, with the sub-steps of pipelines."""
    for name in _registered():
        if name.startswith("jwst."):
            module, _, cls = name.rpartition(".")
            step = getattr(importlib.import_module(module), cls)
            yield step
            yield from getattr(step, "step_defs", {}).values()

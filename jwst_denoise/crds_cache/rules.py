"""The rules of a CRDS cache: which reference file goes with which exposure.

A context is a tree of small Python texts, each with a header and a selector: the pipeline mapping (pmap) leads to an
instrument mapping (imap) for every instrument, which leads to a reference mapping (rmap) for every type of reference
file, which leads to the files. See the CRDS user's guide,
https://jwst-crds.stsci.edu/static/users_guide/rmap_syntax.html.
"""

import functools
import importlib
from importlib.metadata import entry_points
from pathlib import Path
from pprint import pformat

from crds.core import rmap
from crds.core.selectors import MatchParameters, UseAfterParameters

from jwst_denoise.crds_cache.activation import CONTEXT

__all__ = ["SERVER_CONFIG", "reference_types", "write_rules", "write_server_config"]

MAPPINGS = Path("mappings", "jwst")
SERVER_CONFIG = Path("config", "jwst", "server_config")

_DATE = "2026-01-01 00:00:00"
_BEGINNING = "1900-01-01 00:00:00"
_USE_AFTER = ("META.OBSERVATION.DATE", "META.OBSERVATION.TIME")


@functools.cache
def reference_types():
    """Return all types of reference file that the registered steps and pipelines request from CRDS.

    A pipeline stops at a type that is missing from the rules, even if the step that requests it is skipped. So the
    types are read from the installed steps; a type without a file is answered with "not applicable".

    Returns
    -------
    tuple of str
        Sorted, in lower case, with the parameter references (``pars-…``).
    """
    types = {f"pars-{name.rpartition('.')[2].lower()}" for name in _registered()}
    for step in _jwst_steps():
        types.add(step.get_config_reftype())
        if not isinstance(step.reference_file_types, property):
            types.update(step.reference_file_types)
    return tuple(sorted(types))


def _registered():
    """Yield the full names of every step and pipeline that is registered with stpipe, by any package."""
    for entry in entry_points(group="stpipe.steps"):
        yield from (name for name, *_ in entry.load()())


def _jwst_steps():
    """Yield the step and pipeline classes of the jwst package, and the sub-steps of pipelines."""
    for name in _registered():
        if name.startswith("jwst."):
            module, _, cls = name.rpartition(".")
            step = getattr(importlib.import_module(module), cls)
            yield step
            yield from getattr(step, "step_defs", {}).values()


def write_rules(directory, rules):
    """Write the mappings of a context.

    Parameters
    ----------
    directory : pathlib.Path
        The cache.
    rules : dict
        Instrument -> type of reference file -> None where the type does not apply, or (keys, files): the header
        keywords to match, and a dict from the values of those keywords to the name of a file or ``"N/A"``.
    """
    mappings = directory / MAPPINGS
    mappings.mkdir(parents=True, exist_ok=True)
    imaps = {instrument: _write_instrument(mappings, instrument, types) for instrument, types in rules.items()}
    _write(mappings / CONTEXT, {"mapping": "PIPELINE", "parkey": ("META.INSTRUMENT.NAME",)}, imaps)


def write_server_config(directory):
    """Write the configuration that the CRDS client would otherwise request from its server."""
    config = {
        "observatory": "jwst",
        **dict.fromkeys(("operational_context", "latest_context", "edit_context"), CONTEXT),
        "bad_files": "",
        "bad_files_list": [],
        "last_synced": _DATE,
        "crds_version": {"str": "0.0.0"},
        "reference_url": {"jwst": ""},
        "mapping_url": {"jwst": ""},
        "force_remote_mode": False,
        "connected": False,
        "status": "cache",
    }
    path = directory / SERVER_CONFIG
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(pformat(config) + "\n")


def _write_instrument(mappings, instrument, types):
    """Write the imap of an instrument and its rmaps; return the name of the imap."""
    files = {type_: _write_type(mappings, instrument, type_, rule) for type_, rule in types.items()}
    path = mappings / f"jwst_{instrument.lower()}_0001.imap"
    return _write(path, {"mapping": "INSTRUMENT", "parkey": ("REFTYPE",), "instrument": instrument}, files)


def _write_type(mappings, instrument, type_, rule):
    """Write the rmap of one type; return its name, or N/A for a type that does not apply."""
    if rule is None:
        return "N/A"
    keys, files = rule
    header = {
        "mapping": "REFERENCE",
        "parkey": (keys, _USE_AFTER),
        "instrument": instrument,
        "filekind": type_.upper(),
        "filetype": type_.upper(),
    }
    cases = {values: UseAfterParameters({_BEGINNING: file}) for values, file in files.items()}
    selector = MatchParameters(cases).instantiate(header)
    return _write(mappings / f"jwst_{instrument.lower()}_{type_}_0001.rmap", header, selector)


def _write(path, header, selector):
    """Write one mapping, to which CRDS adds the checksum; return its name."""
    header = {"derived_from": "generated", "name": path.name, "observatory": "JWST", **header}
    rmap.Mapping(path.name, header, selector).write(path)
    return path.name

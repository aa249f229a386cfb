"""The rules of a CRDS cache: which reference file goes with which exposure.

A context is a tree of small Python texts, each with a header and a selector: the pipeline mapping (pmap) leads to an
instrument mapping (imap) for every instrument, that to a reference mapping (rmap) for every type of reference file,
and that to the files. See the CRDS user's guide, https://jwst-crds.stsci.edu/static/users_guide/rmap_syntax.html.
"""

import hashlib
from pathlib import Path
from pprint import pformat

__all__ = ["CONTEXT", "write_rules", "write_server_config"]

CONTEXT = "jwst_0001.pmap"
MAPPINGS = Path("mappings", "jwst")
SERVER_CONFIG = Path("config", "jwst", "server_config")

_DATE = "2026-01-01 00:00:00"
_BEGINNING = "1900-01-01 00:00:00"
_USE_AFTER = ("META.OBSERVATION.DATE", "META.OBSERVATION.TIME")


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
    header = {"mapping": "PIPELINE", "parkey": ("META.INSTRUMENT.NAME",)}
    _write(mappings / CONTEXT, header, pformat(imaps))


def write_server_config(directory):
    """Write what the CRDS client would otherwise ask its server."""
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
    """Write the imap of an instrument and its rmaps; the name of the imap."""
    files = {type_: _write_type(mappings, instrument, type_, rule) for type_, rule in types.items()}
    path = mappings / f"jwst_{instrument.lower()}_0001.imap"
    header = {"mapping": "INSTRUMENT", "parkey": ("REFTYPE",), "instrument": instrument}
    return _write(path, header, pformat(files))


def _write_type(mappings, instrument, type_, rule):
    """Write the rmap of one type; its name, or N/A for a type that does not apply."""
    if rule is None:
        return "N/A"
    keys, files = rule
    path = mappings / f"jwst_{instrument.lower()}_{type_}_0001.rmap"
    header = {
        "mapping": "REFERENCE",
        "parkey": (keys, _USE_AFTER),
        "instrument": instrument,
        "filekind": type_.upper(),
        "filetype": type_.upper(),
    }
    cases = "".join(f"    {values!r}: UseAfter({{{_BEGINNING!r}: {file!r}}}),\n" for values, file in files.items())
    return _write(path, header, f"Match({{\n{cases}}})")


def _write(path, header, selector):
    """Write one mapping with the checksum that the CRDS client verifies; its name."""
    header = {"derived_from": "generated", "name": path.name, "observatory": "JWST", **header, "sha1sum": ""}
    lines = [f"    {key!r}: {value!r},\n" for key, value in header.items()]
    text = f"header = {{\n{''.join(lines)}}}\n\nselector = {selector}\n"
    covered = "".join(line for line in text.splitlines(keepends=True) if "sha1sum" not in line)
    text = text.replace("'sha1sum': ''", f"'sha1sum': '{hashlib.sha1(covered.encode()).hexdigest()}'")
    path.write_text(text)
    return path.name

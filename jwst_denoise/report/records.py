"""Provenance of a product: its file, the exposure, the steps that ran, and what this package recorded."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Record", "file_record", "record_of", "steps_between"]

#: Heading -> path in ``meta``.
_EXPOSURE_INFO = {
    "instrument": "instrument.name",
    "detector": "instrument.detector",
    "filter": "instrument.filter",
    "pupil": "instrument.pupil",
    "grating": "instrument.grating",
    "exposure type": "exposure.type",
    "subarray": "subarray.name",
    "read pattern": "exposure.readpatt",
    "integrations": "exposure.nints",
    "groups": "exposure.ngroups",
    "exposure time / s": "exposure.exposure_time",
    "target": "target.catalog_name",
}
_SOFTWARE = {"jwst": "calibration_software_version", "CRDS context": "ref_file.crds.context_used"}


@dataclass(frozen=True)
class Record:
    """Provenance of a product.

    Parameters
    ----------
    name : str
        File name.
    kind : str
        Type of the data model.
    shape : tuple of int
        Shape of the data.
    exposure_info, software : dict
        Heading -> value.
    steps : dict
        Step -> status.
    denoise : dict
        Step of this package -> parameters, model, its SHA-256 and metrics.
    sha256 : str
        SHA-256 of the file; empty for a model in memory.
    size : int
        Size of the file in bytes.
    """

    name: str
    kind: str = ""
    shape: tuple = ()
    exposure_info: dict = field(default_factory=dict)
    software: dict = field(default_factory=dict)
    steps: dict = field(default_factory=dict)
    denoise: dict = field(default_factory=dict)
    sha256: str = ""
    size: int = 0

    def title(self, step=""):
        """Heading of a picture or page: instrument, detector, exposure type, file name and step."""
        info = (self.exposure_info.get(name, "") for name in ("instrument", "detector", "exposure type"))
        return " · ".join(text for text in (" ".join(filter(None, info)), self.name, step) if text)


def file_record(path):
    """Name, size and SHA-256 of a file.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Record

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Record(Path(path).name, sha256=digest, size=Path(path).stat().st_size)


def record_of(model, file=None):
    """Provenance of a data model.

    Parameters
    ----------
    model : JwstDataModel
        The product.
    file : Record, optional
        Name, size and checksum of its file.

    Returns
    -------
    Record
    """
    meta = dict(model.meta.instance)
    recorded = meta.get("jwst_denoise", {})
    shape = getattr(getattr(model, "data", None), "shape", None) or (len(getattr(model, "slits", ())),)
    software = {"jwst_denoise": recorded.get("version")} | {name: _get(meta, path) for name, path in _SOFTWARE.items()}
    return Record(
        file.name if file else meta.get("filename") or "in memory",
        type(model).__name__,
        tuple(shape),
        _known({name: _get(meta, path) for name, path in _EXPOSURE_INFO.items()}),
        _known(software),
        dict(meta.get("cal_step", {})),
        {step: dict(values) for step, values in recorded.items() if hasattr(values, "items")},
        file.sha256 if file else "",
        file.size if file else 0,
    )


def steps_between(before, after):
    """Steps that are COMPLETE in the second record and not in the first.

    Parameters
    ----------
    before, after : Record
        The records.

    Returns
    -------
    list of str
    """
    return [name for name, status in after.steps.items() if status == "COMPLETE" and before.steps.get(name) != status]


def _get(node, path):
    for name in path.split("."):
        node = node.get(name) if hasattr(node, "get") else None
    return node


def _known(values):
    return {name: value for name, value in values.items() if value not in (None, "")}

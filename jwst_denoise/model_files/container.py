"""The ASDF file around a model: read and written under the schema, and nothing but data in it."""

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import asdf
import numpy as np

from jwst_denoise.model_files import blocks
from jwst_denoise.model_files import weights as arrays
from jwst_denoise.model_files.info import ModelInfo
from jwst_denoise.schemas import MODEL_SCHEMA

__all__ = ["Content", "read", "write"]

FORMAT_VERSION = 1
_ARRAY = "tag:stsci.edu:asdf/core/ndarray-"
_BOOKKEEPING = tuple(
    f"tag:stsci.edu:asdf/core/{name}-" for name in ("asdf", "software", "extension_metadata", "history_entry")
)


@dataclass(frozen=True)
class Content:
    """What a model file holds.

    Parameters
    ----------
    info : ModelInfo
        Information.
    weights : mapping of str to ndarray
        Read-only arrays.
    sha256 : str
        Digest as the file says it.
    """

    info: ModelInfo
    weights: Mapping[str, np.ndarray]
    sha256: str


def write(path, info, weights, overwrite=False):
    """Write a model file, complete or not at all.

    Parameters
    ----------
    path : path-like
        Ends in ``.asdf``; its directory is made if it does not exist.
    info : ModelInfo
        Information.
    weights : mapping of str to ndarray
        Checked arrays.
    overwrite : bool, optional
        Replace a file that is there.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.
    ValueError
        If the name does not end in ``.asdf``.
    """
    path = Path(path)
    if path.suffix != ".asdf":
        raise ValueError(f"{path} must end in .asdf")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already; give another name or overwrite it")
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {"format_version": FORMAT_VERSION, **info.as_dict(), "sha256": arrays.digest(info, weights)}
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with asdf.AsdfFile({"model": said | {"weights": dict(weights)}}, custom_schema=str(MODEL_SCHEMA)) as file:
            file.write_to(part, all_array_storage="internal", all_array_compression="zlib")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def read(path):
    """Read a model file without running anything that is in it; a file that did not change is read once.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Content

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no model file, damaged, of a newer format or against the schema; the message names file and place.
    """
    path = Path(path).absolute()
    if not path.is_file():
        raise FileNotFoundError(f"no model file {path}")
    state = path.stat()
    return _read(path, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=8)
def _read(path, _time, _size):
    _check_text(path)
    model = _converted(path)
    stored = model.pop("weights")
    sha256 = model.pop("sha256")
    del model["format_version"]
    try:
        return Content(ModelInfo.from_mapping(model), MappingProxyType(arrays.check(stored)), sha256)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _check_text(path):
    """Refuse, by the YAML text alone, what is no model, too new, more than plain data, or against the schema."""
    try:
        tree = asdf.util.load_yaml(path, tagged=True)
    except PermissionError:
        raise
    except Exception as error:  # whatever a parser says of bytes that are anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} is not an ASDF file, or damaged ({reason}); get it again") from error
    model = tree.get("model") if isinstance(tree, Mapping) else None
    if not isinstance(model, Mapping) or "format_version" not in model:
        raise ValueError(f"{path} is an ASDF file, but not of a jwst_denoise model")
    version = model["format_version"]
    if isinstance(version, int) and version > FORMAT_VERSION:
        wanted = f"this version of jwst_denoise reads up to {FORMAT_VERSION}; install a newer one"
        raise ValueError(f"{path} has format_version {version}; {wanted}")
    for where, tag in _tags(tree):
        allowed = _ARRAY if where[:2] == ("model", "weights") and len(where) == 3 else _BOOKKEEPING
        if not tag.startswith(allowed) or (where[0] == "model" and allowed is not _ARRAY):
            raise ValueError(f"{path}: {'.'.join(where)} is of type {tag}, which has no place in a model file")
    try:
        asdf.schema.validate(tree, schema=_schema())
    except asdf.ValidationError as error:
        where = ".".join(map(str, error.path)) or "the file"
        raise ValueError(f"{path}: {where} is against the schema of model files: {error.message[:200]}") from error


@functools.cache
def _schema():
    return asdf.schema.load_schema(str(MODEL_SCHEMA), resolve_references=True)


def _tags(node, where=()):
    """(place, tag) of every node that is more than plain YAML, but for the root."""
    tag = asdf.tagged.get_tag(node)
    if tag is not None and where:
        yield where, tag
    if isinstance(node, Mapping):
        for key, item in node.items():
            yield from _tags(item, (*where, str(key)))
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _tags(item, (*where, str(number)))


def _converted(path):
    """The model with its arrays, all in memory."""
    try:
        blocks.check(path)
        options = {"lazy_load": False, "memmap": False, "ignore_missing_extensions": True}
        with asdf.open(path, **options) as file:
            return dict(file.tree["model"])
    except Exception as error:  # whatever asdf, zlib and struct say of damaged blocks
        raise ValueError(f"{path} is damaged ({type(error).__name__}: {error}); get it again") from error

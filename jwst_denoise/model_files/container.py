"""The ASDF file of a model: read and written under the schema, with nothing but data in it."""

import functools
import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import asdf
import numpy as np

from jwst_denoise.model_files.info import ModelInfo
from jwst_denoise.schemas import MODEL_SCHEMA

__all__ = ["Content", "check_arrays", "check_blocks", "digest", "read_content", "weights_of", "write_content"]

FORMAT_VERSION = 1
_ARRAY = "tag:stsci.edu:asdf/core/ndarray-"
_BOOKKEEPING = tuple(
    f"tag:stsci.edu:asdf/core/{name}-" for name in ("asdf", "software", "extension_metadata", "history_entry")
)
_MAGIC = b"\xd3BLK"
_HEADER = struct.Struct(">I4sQQQ16s")  # flags, compression, allocated, used and uncompressed size, MD5
_LARGEST_RATIO = 1100  # deflate compresses at most 1032 times


@dataclass(frozen=True)
class Content:
    """Content of a model file.

    Parameters
    ----------
    info : ModelInfo
        Information.
    weights : mapping of str to ndarray
        Read-only arrays.
    sha256 : str
        Digest that is stored in the file.
    """

    info: ModelInfo
    weights: Mapping[str, np.ndarray]
    sha256: str


def write_content(path, info, weights, overwrite=False):
    """Write a model file atomically.

    Parameters
    ----------
    path : path-like
        Ends in ``.asdf``; its directory is created if necessary.
    info : ModelInfo
        Information.
    weights : mapping of str to ndarray
        Checked arrays.
    overwrite : bool, optional
        Replace an existing file.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is False.
    ValueError
        If the name does not end in ``.asdf``.
    """
    path = Path(path)
    if path.suffix != ".asdf":
        raise ValueError(f"{path} must end in .asdf")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; give another name, or overwrite=True")
    path.parent.mkdir(parents=True, exist_ok=True)
    model = {"format_version": FORMAT_VERSION, **info.as_dict(), "sha256": digest(info, weights)}
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with asdf.AsdfFile({"model": model | {"weights": dict(weights)}}, custom_schema=str(MODEL_SCHEMA)) as file:
            file.write_to(part, all_array_storage="internal", all_array_compression="zlib")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def read_content(path):
    """Read a model file without executing anything in it; an unchanged file is read only once.

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
        If it is not a model file, damaged, of a newer format, or violates the schema; the message names file and place.
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
        return Content(ModelInfo.from_mapping(model), MappingProxyType(check_arrays(stored)), sha256)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _check_text(path):
    """Refuse, from the YAML text alone, files of other content or newer formats, and ones that violate the schema."""
    try:
        tree = asdf.util.load_yaml(path, tagged=True)
    except PermissionError:
        raise
    except Exception as error:  # any error of a parser that reads arbitrary bytes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} is not an ASDF file, or damaged ({reason}); download it again") from error
    model = tree.get("model") if isinstance(tree, Mapping) else None
    if not isinstance(model, Mapping) or "format_version" not in model:
        raise ValueError(f"{path} is an ASDF file, but not one of a jwst_denoise model")
    version = model["format_version"]
    if isinstance(version, int) and version > FORMAT_VERSION:
        remedy = f"this version of jwst_denoise reads up to {FORMAT_VERSION}; install a newer one"
        raise ValueError(f"{path} has format_version {version}; {remedy}")
    for where, tag in _tags(tree):
        allowed = _ARRAY if where[:2] == ("model", "weights") and len(where) == 3 else _BOOKKEEPING
        if not tag.startswith(allowed) or (where[0] == "model" and allowed is not _ARRAY):
            raise ValueError(f"{path}: {'.'.join(where)} is of type {tag}, which is not allowed in a model file")
    try:
        asdf.schema.validate(tree, schema=_schema())
    except asdf.ValidationError as error:
        where = ".".join(map(str, error.path)) or "the file"
        raise ValueError(f"{path}: {where} violates the schema of model files: {error.message[:200]}") from error


@functools.cache
def _schema():
    return asdf.schema.load_schema(str(MODEL_SCHEMA), resolve_references=True)


def _tags(node, where=()):
    """(place, tag) of every node except the root that is more than plain YAML."""
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
    """Model with its arrays, all in memory."""
    try:
        check_blocks(path)
        options = {"lazy_load": False, "memmap": False, "ignore_missing_extensions": True}
        with asdf.open(path, **options) as file:
            return dict(file.tree["model"])
    except Exception as error:  # any error of asdf, zlib or struct on damaged blocks
        raise ValueError(f"{path} is damaged ({type(error).__name__}: {error}); download it again") from error


def check_blocks(path):
    """Refuse an ASDF file whose blocks are truncated or have impossible sizes, some of which asdf reads forever.

    Parameters
    ----------
    path : path-like
        ASDF file.

    Raises
    ------
    ValueError
        With the position and the problem.
    """
    raw = Path(path).read_bytes()
    place = raw.find(b"\n...\n") + 5
    place = len(raw) - len(raw[place:].lstrip(b"\0 "))  # padding
    while raw[place : place + 4] == _MAGIC:
        place = _end(raw, place)
    if not raw[place:].startswith(b"#ASDF BLOCK INDEX"):
        raise ValueError(f"at byte {place} there is neither a block nor the index of blocks")


def _end(raw, place):
    """Position of the next block."""
    (size,) = struct.unpack_from(">H", raw, place + 4) if len(raw) >= place + 6 else (0,)
    start = place + 6 + size
    if size < _HEADER.size or start > len(raw):
        raise ValueError(f"the header of the block at byte {place} is truncated")
    flags, compression, allocated, used, unpacked, _ = _HEADER.unpack_from(raw, place + 6)
    plain = compression == bytes(4)
    possible = unpacked == used if plain else unpacked <= _LARGEST_RATIO * max(used, 64) and compression.isalnum()
    if flags or used > allocated or start + allocated > len(raw) or not possible:
        raise ValueError(f"the block at byte {place} is truncated or its sizes are impossible")
    return start + allocated


def weights_of(network):
    """Parameters and buffers of a network.

    Parameters
    ----------
    network : torch.nn.Module
        Its state is not changed.

    Returns
    -------
    dict of str to ndarray
        float32 for real numbers, int64 for counters.

    Raises
    ------
    ValueError
        If one is of another type, or not finite.
    """
    tensors = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}
    return check_arrays({name: (t.float() if t.is_floating_point() else t).numpy() for name, t in tensors.items()})


def check_arrays(arrays):
    """Read-only copies of arrays, float32 or int64; other types and non-finite values are a ValueError."""
    return {name: _checked(name, array) for name, array in arrays.items()}


def digest(info, weights):
    """SHA-256 of everything that determines a model's output, independent of the layout of the file.

    Parameters
    ----------
    info : ModelInfo
        Its architecture, thresholds and domain are included.
    weights : mapping of str to ndarray
        By name.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    content = {"architecture": info.architecture, "thresholds": info.thresholds, "domain": info.domain.as_dict()}
    sha = hashlib.sha256(_canonical(content))
    for name in sorted(weights):
        array = np.asarray(weights[name])
        array = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        sha.update(_canonical([name, array.dtype.str, list(array.shape)]))
        sha.update(array.tobytes())
    return sha.hexdigest()


def _checked(name, array):
    if array.dtype.kind not in "fi":
        raise ValueError(f"weight {name} is of type {array.dtype}; model files contain real numbers and integers")
    with np.errstate(over="ignore"):
        copy = np.array(array, dtype=np.float32 if array.dtype.kind == "f" else np.int64, order="C")
    if bad := np.count_nonzero(~np.isfinite(copy)):
        raise ValueError(f"weight {name} has {bad} non-finite values")
    copy.flags.writeable = False
    return copy


def _canonical(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.encode() + b"\n"

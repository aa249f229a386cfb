"""Models to files."""

import json
from pathlib import Path

import numpy as np

from jwst_denoise.model_files.container import check_arrays, weights_of, write_content
from jwst_denoise.model_files.info import ModelInfo, plain
from jwst_denoise.model_files.loading import restore

__all__ = ["pack", "save"]


def save(path, network, info, overwrite=False):
    """Write a network and its information to a model file.

    Parameters
    ----------
    path : path-like
        Ends in ``.asdf``.
    network : torch.nn.Module
        With an ``architecture``, from which `jwst_denoise.networks.build` makes the same network. It is not changed.
    info : mapping
        The fields of `ModelInfo`; ``architecture`` is optional.
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
        If the information or a weight is not valid; nothing is written.
    """
    fields = plain(info, "info")
    architecture = plain(network.architecture, "architecture")
    arrays = weights_of(network)
    copy = restore(fields.setdefault("architecture", architecture), arrays, path)
    if plain(copy.architecture, "architecture") != architecture:
        raise ValueError(f"architecture={fields['architecture']} is not that of the network, {architecture}")
    return write_content(path, ModelInfo.from_mapping(fields), arrays, overwrite)


def pack(directory, path, overwrite=False, **changes):
    """Make a model file from the output of a training.

    Parameters
    ----------
    directory : path-like
        With ``weights.npz`` (arrays by name) and ``info.json`` (fields of `ModelInfo`) from the training, and
        optionally the author's ``about.json`` (further fields: ``domain``, ``licence``) and ``card.md``.
    path : path-like
        File to write; ends in ``.asdf``. It names the model if the files give no ``name``.
    overwrite : bool, optional
        Replace an existing file.
    **changes
        Fields that override those in the files.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    FileExistsError
        If the file exists and ``overwrite`` is False.
    ValueError
        If the information or a weight is not valid; nothing is written.
    """
    directory, path = Path(directory), Path(path)
    arrays = _read_arrays(directory / "weights.npz")
    fields = {"name": path.stem, **_read_json(directory / "info.json"), **_read_author_files(directory), **changes}
    try:
        info = ModelInfo.from_mapping(fields)
    except ValueError as error:
        raise ValueError(f"{directory}: {error} (in info.json, about.json or card.md)") from error
    restore(info.architecture, arrays, directory)
    return write_content(path, info, arrays, overwrite)


def _read_author_files(directory):
    """Fields that the author of a model has written in addition to the output of the training."""
    about, card = directory / "about.json", directory / "card.md"
    fields = _read_json(about) if about.is_file() else {}
    return fields | ({"card": card.read_text(encoding="utf-8")} if card.is_file() else {})


def _read_json(path):
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} must contain a JSON object")
    return content


def _read_arrays(path):
    """Arrays of an npz file; pickles are not read."""
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    try:
        with np.load(path, allow_pickle=False) as file:
            return check_arrays(dict(file))
    except Exception as error:  # ValueError for pickles and values, BadZipFile, zlib.error …
        raise ValueError(f"{path}: {error}") from error

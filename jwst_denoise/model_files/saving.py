"""Models to files."""

import json
from pathlib import Path

import numpy as np

from jwst_denoise.model_files import container, weights
from jwst_denoise.model_files.info import ModelInfo
from jwst_denoise.model_files.restore import restore
from jwst_denoise.model_files.values import plain

__all__ = ["pack", "save"]


def save(path, network, info, overwrite=False):
    """Write a network and what is to be known about it.

    Parameters
    ----------
    path : path-like
        Ends in ``.asdf``.
    network : torch.nn.Module
        Has an ``architecture``, of which `jwst_denoise.networks.build` makes its like. Is not changed.
    info : mapping
        The fields of `ModelInfo`; ``architecture`` may be left out.
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
        If the information or a weight is not valid; nothing is written.
    """
    architecture = plain(network.architecture, "architecture")
    said = plain(info, "info")
    if said.setdefault("architecture", architecture) != architecture:
        raise ValueError(f"architecture={said['architecture']} is not that of the network, {architecture}")
    arrays = weights.of_network(network)
    restore(architecture, arrays, path)
    return container.write(path, ModelInfo.from_mapping(said), arrays, overwrite)


def pack(directory, path, overwrite=False, **changes):
    """Make a model file of what a training left.

    Parameters
    ----------
    directory : path-like
        Holds ``weights.npz`` (arrays by name), ``info.json`` (the fields of `ModelInfo`) and, if ``info.json`` has no
        card, ``card.md``.
    path : path-like
        File to write; ends in ``.asdf``.
    overwrite : bool, optional
        Replace a file that is there.
    **changes
        Fields that take the place of those in ``info.json``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    FileExistsError
        If the file is there and ``overwrite`` is False.
    ValueError
        If the information or a weight is not valid; nothing is written.
    """
    directory = Path(directory)
    said = _json(directory / "info.json") | changes
    card = directory / "card.md"
    if "card" not in said and card.is_file():
        said["card"] = card.read_text(encoding="utf-8")
    arrays = _arrays(directory / "weights.npz")
    try:
        info = ModelInfo.from_mapping(said)
    except ValueError as error:
        raise ValueError(f"{directory / 'info.json'}: {error}") from error
    restore(info.architecture, arrays, directory)
    return container.write(path, info, arrays, overwrite)


def _json(path):
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(said, dict):
        raise ValueError(f"{path} must hold a JSON object")
    return said


def _arrays(path):
    """Arrays of an npz file; pickles are not read."""
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    try:
        with np.load(path, allow_pickle=False) as file:
            return weights.check(dict(file))
    except Exception as error:  # ValueError of pickles and values, BadZipFile, zlib.error …
        raise ValueError(f"{path}: {error}") from error

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
        Holds ``weights.npz`` (arrays by name) and ``info.json`` (fields of `ModelInfo`) from the training, and of the
        author's hand, if they are there, ``about.json`` (further fields: ``domain``, ``licence``) and ``card.md``.
    path : path-like
        File to write; ends in ``.asdf``. Without a ``name`` in the files, the model is named after it.
    overwrite : bool, optional
        Replace a file that is there.
    **changes
        Fields that take the place of those in the files.

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
    directory, path = Path(directory), Path(path)
    arrays = _arrays(directory / "weights.npz")
    said = {"name": path.stem, **_json(directory / "info.json"), **_by_hand(directory), **changes}
    try:
        info = ModelInfo.from_mapping(said)
    except ValueError as error:
        raise ValueError(f"{directory}: {error} (in info.json, or by hand in about.json and card.md)") from error
    restore(info.architecture, arrays, directory)
    return container.write(path, info, arrays, overwrite)


def _by_hand(directory):
    """What the author of a model wrote beside the files of the training."""
    about, card = directory / "about.json", directory / "card.md"
    said = _json(about) if about.is_file() else {}
    return said | ({"card": card.read_text(encoding="utf-8")} if card.is_file() else {})


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

"""Inputs that benchmarks share: data files, models, random numbers, and jwst without its log."""

import contextlib
import logging
import os
import warnings
from pathlib import Path
from unittest import mock

import numpy as np

__all__ = [
    "MissingInput",
    "available_models",
    "data_file",
    "load_model",
    "model_directory",
    "models_from",
    "quiet",
    "seeded",
]

DEFAULT_DATA = Path(__file__).parents[3] / "shared" / "data"
SEED = 9000  # of everything; nothing was trained, calibrated or tuned on seeds from here on
_directories = []


class MissingInput(FileNotFoundError):
    """A benchmark needs a data file or a model that is not there."""


def seeded(*numbers):
    """Random number generator of a benchmark; different numbers give independent streams."""
    return np.random.default_rng([SEED, *numbers])


def data_file(name):
    """Path of a file in the data directory, which JWST_DENOISE_DATA names.

    Raises
    ------
    MissingInput
        If there is no such file.
    """
    path = Path(os.environ.get("JWST_DENOISE_DATA", DEFAULT_DATA)) / name
    if not path.is_file():
        raise MissingInput(f"no data at {path}; JWST_DENOISE_DATA names the directory")
    return path


@contextlib.contextmanager
def models_from(directory):
    """Load models from a directory instead of the package; None for the package."""
    if directory is not None and not Path(directory).is_dir():
        raise FileNotFoundError(f"no directory {directory} with model files")
    _directories.append(directory)
    try:
        yield
    finally:
        _directories.pop()


def model_directory():
    """Directory from which models are loaded; None for the package."""
    return _directories[-1] if _directories else None


def load_model(name, device="cpu"):
    """Load a model.

    Raises
    ------
    MissingInput
        If there is no model of this name.
    """
    import jwst_denoise
    from jwst_denoise.model_files import shipped

    if model_directory() is not None:
        path = Path(model_directory()) / f"{name}.asdf"
        if not path.is_file():
            raise MissingInput(f"no model {path}")
        return jwst_denoise.load_model(path, device=device)
    if name not in shipped():
        raise MissingInput(f"no model {name} in this installation")
    return jwst_denoise.load_model(name, device=device)


def available_models(names):
    """Name -> model for those of the names that exist."""
    models = {}
    for name in names:
        with contextlib.suppress(MissingInput):
            models[name] = load_model(name)
    return models


@contextlib.contextmanager
def quiet():
    """Run jwst without log lines, warnings, and the look-up of parameters in CRDS."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with mock.patch.dict(os.environ, {"STPIPE_DISABLE_CRDS_STEPPARS": "true"}), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)

"""The models that are measured: those of the package, or others of the same names in a directory."""

import contextlib
from pathlib import Path

from jwst_denoise_benchmarks.rows import MissingData

__all__ = ["MASKS", "available", "directory", "in_directory", "load", "score", "short"]

#: Names of the models that mask images.
MASKS = ("cosmic_ray_mask-2-32", "cosmic_ray_mask-2-4")
_directories = []


@contextlib.contextmanager
def in_directory(path):
    """Take models from a directory instead of the package's; None for the package's."""
    if path is not None and not Path(path).is_dir():
        raise FileNotFoundError(f"no directory {path} with model files")
    _directories.append(path)
    try:
        yield
    finally:
        _directories.pop()


def directory():
    """Where models are taken from instead of the package; None for nowhere else."""
    return _directories[-1] if _directories else None


def load(name, device="cpu"):
    """Load a model.

    Raises
    ------
    MissingData
        If there is none of this name.
    """
    import jwst_denoise
    from jwst_denoise.model_files import shipped

    if directory() is not None:
        path = Path(directory()) / f"{name}.asdf"
        if not path.is_file():
            raise MissingData(f"no model {path}")
        return jwst_denoise.load_model(path, device=device)
    if name not in shipped():
        raise MissingData(f"no model {name} in this installation")
    return jwst_denoise.load_model(name, device=device)


def available(names=MASKS):
    """Name -> model of those that there are."""
    found = {}
    for name in names:
        with contextlib.suppress(MissingData):
            found[name] = load(name)
    return found


def score(model, image):
    """Probabilities of a mask network for a simulated image, (ny, nx)."""
    return model.predict(image.data, err=image.err)


def short(name):
    """Depth and width in a model's name."""
    return name.split("mask-")[-1]

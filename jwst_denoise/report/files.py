"""Pairs of product files: open, check and read the images to compare."""

import contextlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from stdatamodels.exceptions import NoTypeWarning
from stdatamodels.jwst import datamodels

from jwst_denoise.report.exposure import count_planes, read_images
from jwst_denoise.report.records import file_record

__all__ = ["compare_files", "most_changed_plane"]

STEP = 4  # the change of a plane is measured in every fourth row and column


def compare_files(before, after, plane=None):
    """Read the images of two files for a comparison.

    Parameters
    ----------
    before, after : path-like
        Files of one exposure, before and after a step.
    plane : int, optional
        Integration, or wavelength of a cube, from 1; by default the one that changed most. If there are several
        planes before and one after, the mean of those before is compared.

    Returns
    -------
    before, after : list of jwst_denoise.report.exposure.Exposure

    Raises
    ------
    ValueError
        If the files are the same, or cannot be compared; the message names them.
    OSError
        If a file cannot be read.
    """
    paths = Path(before), Path(after)
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"there is no file {path}")
    if paths[0].samefile(paths[1]):
        raise ValueError(
            f"{before} and {after} are the same file; give the product before a step and the product after it"
        )
    files = [file_record(path) for path in paths]
    if files[0].sha256 == files[1].sha256:
        raise ValueError(f"{before} and {after} hold the same bytes: there is nothing to report")
    with contextlib.ExitStack() as stack:
        models = [stack.enter_context(_opened(path)) for path in paths]
        images = _read(models, files, paths, plane)
    _check(*images, *paths)
    return images


def most_changed_plane(before, after):
    """Plane that changed most, from 0; the first if none changed.

    Parameters
    ----------
    before, after : JwstDataModel
        With planes of one shape.

    Returns
    -------
    int
    """
    old, new = getattr(before, "data", None), getattr(after, "data", None)
    if old is None or new is None or old.shape != new.shape or old.ndim < 3:
        return 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # planes without a value
        changes = [
            np.nanmean(np.square(a[..., ::STEP, ::STEP].astype(np.float64) - b[..., ::STEP, ::STEP]))
            for a, b in zip(old, new, strict=True)
        ]
    return int(np.argmax(np.nan_to_num(changes)))


@dataclass(frozen=True)
class _Named:
    """Errors that name the file."""

    path: Path

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and issubclass(kind, ValueError | OSError):
            raise ValueError(f"{self.path}: {error}") from error


def _opened(path):
    with warnings.catch_warnings(), _Named(path):
        warnings.simplefilter("ignore", NoTypeWarning)  # other files get an error of this package
        return datamodels.open(str(path))


def _read(models, files, paths, plane):
    counts = []
    for model, path in zip(models, paths, strict=True):
        with _Named(path):
            counts.append(count_planes(model))
    if counts[0] == counts[1]:
        chosen = [most_changed_plane(*models) if plane is None else plane - 1] * 2
    elif counts[1] == 1:
        chosen = [None if plane is None else plane - 1, 0]
    else:
        raise ValueError(
            f"{paths[0]} has {counts[0]} planes and {paths[1]} has {counts[1]}; give two products of one exposure"
        )
    images = []
    for model, file, path, one in zip(models, files, paths, chosen, strict=True):
        with _Named(path):
            images.append(read_images(model, one, file))
    return tuple(images)


def _check(before, after, *paths):
    """Refuse images that cannot be subtracted from each other."""
    if len(before) != len(after):
        raise ValueError(
            f"{paths[0]} has {len(before)} slits and {paths[1]} has {len(after)}; give two products of one exposure"
        )
    for old, new in zip(before, after, strict=True):
        where = f" of {old.label}" if old.label else ""
        if old.image.shape != new.image.shape:
            sizes = [" x ".join(map(str, each.image.shape[::-1])) for each in (old, new)]
            raise ValueError(
                f"{paths[0]} is {sizes[0]} and {paths[1]} {sizes[1]} pixels{where}: give two products of one exposure"
            )
        if old.unit != new.unit and old.unit and new.unit:
            raise ValueError(
                f"{paths[0]} is in {old.unit} and {paths[1]} in {new.unit}{where}: give products of one stage"
            )

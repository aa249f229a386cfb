"""Stacks of a user's own exposures, from their files."""

import contextlib
import warnings
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from stdatamodels.exceptions import NoTypeWarning
from stdatamodels.jwst import datamodels
from stdatamodels.jwst.datamodels import JwstDataModel

from jwst_denoise.dq import DO_NOT_USE, JUMP_DET, REFERENCE_PIXEL, SATURATED
from jwst_denoise.exposure_io.alignment import frames_of, is_imaging, sky_of
from jwst_denoise.training.own_exposures.stacks import FEWEST, ExposureStack, frames_of_shifts

__all__ = ["read_stacks"]

INSTRUMENT = ("name", "detector", "filter", "pupil", "grating")  # keys of meta.instrument with one value in a stack
SAME = 1e-5  # degrees, largest distance between pointings that count as one


@dataclass
class _File:
    """An open exposure."""

    path: Path
    model: JwstDataModel

    def array(self, name, kind):
        """(n, ny, nx) array, one plane per integration."""
        return np.array(getattr(self.model, name), dtype=kind).reshape(-1, *self.model.data.shape[-2:])

    def __len__(self):
        return len(self.model.data) if self.model.data.ndim == 3 else 1

    @property
    def setup(self):
        """Detector, filter, subarray and shape as text."""
        meta = self.model.meta
        words = [getattr(meta.instrument, name, None) for name in INSTRUMENT]
        words += [meta.subarray.name, "×".join(map(str, self.model.data.shape[-2:]))]
        return " ".join(word for word in words if word not in (None, "N/A"))

    @property
    def pointing(self):
        """Right ascension and declination of the reference point, degrees."""
        return np.array([self.model.meta.wcsinfo.ra_ref, self.model.meta.wcsinfo.dec_ref], dtype=float)


def read_stacks(paths):
    """Read dithered or repeated exposures, sorted by detector, filter and subarray.

    Parameters
    ----------
    paths : sequence of path-like
        Rate, cal, rateints or calints files in detector pixels. Every integration counts as an exposure.

    Returns
    -------
    list of `~jwst_denoise.training.own_exposures.stacks.ExposureStack`

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a file is of another type, if there are fewer than three exposures with a detector and filter, or if units
        or the pointings of spectra differ; the message names the file and a remedy.
    """
    setups = defaultdict(list)
    with contextlib.ExitStack() as opened:
        for path in dict.fromkeys(map(Path, paths)):
            file = _File(path, opened.enter_context(_open(path)))
            setups[file.setup].append(file)
        few = {setup: files for setup, files in setups.items() if sum(map(len, files)) < FEWEST}
        if few or not setups:
            listed = "; ".join(f"{setup}: {_names(files)}" for setup, files in few.items())
            raise ValueError(
                f"fewer than {FEWEST} exposures of one detector, filter and subarray ({listed or 'no file'}), so that "
                "their median does not reveal cosmic rays; add exposures of the same field, or omit these"
            )
        return [_stack(setup, files) for setup, files in setups.items()]


def _names(files):
    return ", ".join(file.path.name for file in files)


def _open(path):
    if not path.is_file():
        raise FileNotFoundError(f"no exposure {path}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoTypeWarning)  # other files raise an error below
        model = datamodels.open(str(path))
    reason = None
    if not isinstance(model, datamodels.ImageModel | datamodels.IFUImageModel | datamodels.CubeModel):
        reason = f"is a {type(model).__name__}"
    elif model.meta.cal_step.resample == "COMPLETE":
        reason = "is resampled, after outlier detection has removed the cosmic rays"
    elif not np.nanmax(model.err, initial=0) > 0:
        reason = "has no errors (ERR), on which the thresholds depend"
    if reason:
        model.close()
        raise ValueError(f"{path} {reason}; use rate, cal, rateints or calints files")
    return model


def _stack(setup, files):
    units = [file.model.meta.bunit_data for file in files]
    if len(set(units)) > 1:
        listed = ", ".join(f"{file.path.name} {unit}" for file, unit in zip(files, units, strict=True))
        raise ValueError(f"{setup}: units differ ({listed}); use products of one level")
    counts = [len(file) for file in files]
    images, errors, flags = (
        np.concatenate([file.array(name, kind) for file in files])
        for name, kind in (("data", np.float32), ("err", np.float32), ("dq", np.uint32))
    )
    bad = ((flags & (DO_NOT_USE | REFERENCE_PIXEL)) > 0) | ~np.isfinite(images) | ~np.isfinite(errors) | (errors <= 0)
    images[bad] = errors[bad] = np.nan
    names = tuple(np.repeat([str(file.path) for file in files], counts).tolist())
    return ExposureStack(
        images, errors, bad, (flags & SATURATED) > 0, np.repeat(_frames(setup, files), counts, axis=0), names,
        (flags & JUMP_DET) > 0, setup,
    )  # fmt: skip


def _frames(setup, files):
    """(files, 2, 3) frames; repeated exposures are not shifted."""
    if len(files) == 1:
        return frames_of_shifts([(0, 0)])
    if is_imaging(files[0].model):
        return frames_of([sky_of(file.model, file.path) for file in files], files[0].model.data.shape[-2:])
    for file in files[1:]:
        if not np.allclose(file.pointing, files[0].pointing, rtol=0, atol=SAME):
            raise ValueError(
                f"{setup}: {file.path} and {files[0].path.name} have different pointings, and spectra cannot be "
                "aligned: use exposures of one dither position, or one rateints file"
            )
    return np.repeat(frames_of_shifts([(0, 0)]), len(files), axis=0)

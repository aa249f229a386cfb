"""One awkward exposure through one step, and what is wrong with what comes out."""

import contextlib
import logging
import os
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import jwst_denoise
from jwst_denoise.benchmarks.robustness import exposures, invariants
from jwst_denoise.benchmarks.robustness.exposures import models_of

__all__ = ["Outcome", "quiet", "try_case"]

PACKAGE = str(Path(jwst_denoise.__file__).parent)
CLASSES = {
    "nsclean": "NSCleanStep",
    "cosmic_ray_mask": "CosmicRayMaskStep",
    "ramp_denoise": "RampDenoiseStep",
    "image_denoise": "ImageDenoiseStep",
}


@dataclass(frozen=True)
class Outcome:
    """What came of a case.

    Parameters
    ----------
    status : str
        ``COMPLETE``, ``SKIPPED``, ``FAILED``; ``"crash"`` after an exception.
    crash : str
        The exception, and where.
    changed : tuple of str
        What has changed in the input.
    wrong : tuple of str
        What else must not be.
    """

    status: str
    crash: str = ""
    changed: tuple = ()
    wrong: tuple = ()

    @property
    def good(self):
        """Whether everything is as it must be."""
        return not (self.crash or self.changed or self.wrong)


@contextlib.contextmanager
def quiet(directory):
    """No CRDS, no log, no collection of garbage before every step (most of the time), files into a directory."""
    silenced = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    patched = mock.patch("stpipe.step.gc", SimpleNamespace(collect=lambda: 0))
    variables = mock.patch.dict(os.environ, {"STPIPE_DISABLE_CRDS_STEPPARS": "true"})
    try:
        with patched, variables, contextlib.chdir(directory):
            yield
    finally:
        logging.disable(silenced)


def try_case(case):
    """Run a case.

    Parameters
    ----------
    case : jwst_denoise.benchmarks.robustness.choices.Case
        Exposure, step and parameters.

    Returns
    -------
    Outcome
    """
    data = exposures.build(case.exposure)
    before = invariants.snapshot(data)
    alias = case.step.split()[0]
    step = getattr(jwst_denoise, CLASSES[alias])
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            made = step.call(data, configure_log=False, **case.parameters)
        except Exception as error:
            return Outcome("crash", _described(error), tuple(invariants.changes(data, before)))
    changed = tuple(invariants.changes(data, before))
    given, results = models_of(data), models_of(made)
    ours = [f"warning: {w.message} in {Path(w.filename).name}:{w.lineno}" for w in heard if PACKAGE in w.filename]
    return Outcome(getattr(results[0].meta.cal_step, alias), "", changed, (*_wrong(case, given, results), *ours))


def _wrong(case, given, results):
    """Violations of all data models of a result."""
    alias = case.step.split()[0]
    for one, made in _pairs(case, given, results):
        yield from invariants.violations(alias, one, made)


def _pairs(case, given, results):
    """Models before and after; of a stack, and of a ramp that was fitted, there is none before."""
    if len(given) == len(results) and all(a.shape == b.shape for a, b in zip(given, results, strict=True)):
        return zip(given, results, strict=True)
    return ()


def _described(error):
    frames = [f for f in traceback.extract_tb(error.__traceback__) if PACKAGE in f.filename]
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in (last, *frames[:-3:-1]))
    return f"{type(error).__name__}: {str(error)[:200]} ({where})"

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
from jwst_denoise.steps.ramp_denoise import ramp_fit
from jwst_denoise_benchmarks.robustness import exposures, invariants
from jwst_denoise_benchmarks.robustness.exposures import models_of

__all__ = ["Outcome", "absurd", "quiet", "try_case"]

PACKAGE = Path(jwst_denoise.__file__).parent
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
    warned : tuple of str
        Warnings of numpy from code of this package; not counted for values that no detector gives.
    """

    status: str
    crash: str = ""
    changed: tuple = ()
    wrong: tuple = ()
    warned: tuple = ()

    @property
    def good(self):
        """Whether everything is as it must be."""
        return not (self.crash or self.changed or self.wrong or self.warned)


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
    case : jwst_denoise_benchmarks.robustness.choices.Case
        Exposure, step and parameters.

    Returns
    -------
    Outcome
    """
    data = exposures.build(case.exposure)
    before = invariants.snapshot(data)
    alias = case.step.split()[0]
    step = getattr(jwst_denoise, CLASSES[alias])
    with warnings.catch_warnings(record=True) as heard, _fitted_ramps() as fitted:
        warnings.simplefilter("always")
        try:
            made = step.call(data, configure_log=False, **case.parameters)
        except Exception as error:
            return Outcome("crash", _described(error), tuple(invariants.changes(data, before)))
    changed = tuple(invariants.changes(data, before))
    given, results = fitted or models_of(data), models_of(made)
    status = getattr(results[0].meta.cal_step, alias)
    if case.step.endswith("stacks") and status == "COMPLETE":
        wrong = invariants.violations_of_stack(given, results)
    else:
        wrong = [v for pair in zip(given, results, strict=True) for v in invariants.violations(alias, *pair)]
    return Outcome(status, "", changed, tuple(wrong), () if absurd(case) else _ours(heard))


def absurd(case):
    """Whether an exposure has numbers that are too large or too small for the squares of float32."""
    return not set(case.exposure.values()).isdisjoint({"huge", "enormous", "tiny"})


@contextlib.contextmanager
def _fitted_ramps():
    """List that gets copies of what ``ramp_fit`` makes inside a step."""
    made = []

    def fit(*arguments):
        rates = fit_ramps(*arguments)
        made.extend(model.copy() for model in rates if model is not None)
        return rates

    fit_ramps = ramp_fit.fit_ramps
    with mock.patch.object(ramp_fit, "fit_ramps", fit):
        yield made


def _ours(heard):
    """Warnings of numpy that come from this package."""
    places = [(w, Path(w.filename)) for w in heard if issubclass(w.category, RuntimeWarning)]
    return tuple(f"{w.message} ({path.name}:{w.lineno})" for w, path in places if path.is_relative_to(PACKAGE))


def _described(error):
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(PACKAGE)]
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in (last, *frames[:-3:-1]))
    return f"{type(error).__name__}: {str(error)[:200]} ({where})"

"""One case through one step, and the violations that it shows."""

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
from support import exposures, invariants
from support.exposures import models_of

__all__ = ["CLASSES", "Outcome", "quiet", "run_case"]

PACKAGE = Path(jwst_denoise.__file__).parent
#: Alias of a step -> name of its class.
CLASSES = {
    "nsclean": "NSCleanStep",
    "cosmic_ray_mask": "CosmicRayMaskStep",
    "ramp_denoise": "RampDenoiseStep",
    "image_denoise": "ImageDenoiseStep",
}
#: Values whose squares are outside the range of float32; numpy may warn about them.
EXTREME = {"huge", "enormous", "tiny"}


@dataclass(frozen=True)
class Outcome:
    """Outcome of a case.

    Parameters
    ----------
    status : str
        ``COMPLETE``, ``SKIPPED``, ``FAILED``; ``"crash"`` after an exception.
    crash : str
        The exception and its location.
    changed : tuple of str
        Parts of the input that have changed.
    violations : tuple of str
        Violations of the invariants.
    warnings : tuple of str
        numpy warnings from code of this package, unless the case has `EXTREME` values.
    """

    status: str
    crash: str = ""
    changed: tuple = ()
    violations: tuple = ()
    warnings: tuple = ()


@contextlib.contextmanager
def quiet(directory):
    """Run without CRDS, log and the garbage collection that stpipe does before every step; write into a directory."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    collection = mock.patch("stpipe.step.gc", SimpleNamespace(collect=lambda: 0))
    environment = mock.patch.dict(os.environ, {"STPIPE_DISABLE_CRDS_STEPPARS": "true"})
    try:
        with collection, environment, contextlib.chdir(directory):
            yield
    finally:
        logging.disable(before)


def run_case(case):
    """Run a case and check the result.

    Parameters
    ----------
    case : support.cases.Case
        Exposure, step and parameters.

    Returns
    -------
    Outcome
    """
    data = exposures.build(case.exposure)
    before = invariants.snapshot(data)
    alias = case.step.split()[0]
    step = getattr(jwst_denoise, CLASSES[alias])
    with warnings.catch_warnings(record=True) as caught, _fitted_ramps() as fitted:
        warnings.simplefilter("always")
        try:
            result = step.call(data, configure_log=False, **case.parameters)
        except Exception as error:
            return Outcome("crash", _describe(error), tuple(invariants.changes(data, before)))
    changed = tuple(invariants.changes(data, before))
    inputs, results = fitted or models_of(data), models_of(result)
    status = getattr(results[0].meta.cal_step, alias)
    if case.step.endswith("stacks") and status == "COMPLETE":
        violations = invariants.violations_of_stack(inputs, results)
    else:
        pairs = zip(inputs, results, strict=True)
        violations = [text for pair in pairs for text in invariants.violations(alias, *pair)]
    extreme = not EXTREME.isdisjoint(case.exposure.values())
    return Outcome(status, "", changed, tuple(violations), () if extreme else _numpy_warnings(caught))


@contextlib.contextmanager
def _fitted_ramps():
    """List that receives copies of the results of ``ramp_fit`` inside a step."""
    copies = []

    def fit(*arguments):
        rates = fit_ramps(*arguments)
        copies.extend(model.copy() for model in rates if model is not None)
        return rates

    fit_ramps = ramp_fit.fit_ramps
    with mock.patch.object(ramp_fit, "fit_ramps", fit):
        yield copies


def _numpy_warnings(caught):
    """Warnings of numpy that come from this package."""
    places = [(w, Path(w.filename)) for w in caught if issubclass(w.category, RuntimeWarning)]
    return tuple(f"{w.message} ({path.name}:{w.lineno})" for w, path in places if path.is_relative_to(PACKAGE))


def _describe(error):
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(PACKAGE)]
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in (last, *frames[:-3:-1]))
    return f"{type(error).__name__}: {str(error)[:200]} ({where})"

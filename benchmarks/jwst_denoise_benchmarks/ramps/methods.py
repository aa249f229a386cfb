"""Rates of a JWST ramp: by ``ramp_fit``, after correlated noise is removed from the groups, and by ``ramp_denoise``."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.dq import DO_NOT_USE
from jwst_denoise_benchmarks.core.inputs import available_models, load_model, model_directory, quiet
from jwst_denoise_benchmarks.nsclean.reference_methods import median_step

__all__ = [
    "DENOISED",
    "FIT",
    "FLICKER",
    "MODEL",
    "NO_MODEL",
    "REFERENCES",
    "Rate",
    "fit_ramp",
    "model_name",
    "rates_of",
]

MODEL = "ramp_denoise-jwst"
NO_MODEL = f"no model {MODEL}"
DENOISED, FIT, LIKELY, NSCLEAN = "ramp_denoise", "ramp_fit", "LIKELY", "nsclean"
FLICKER = "clean_flicker_noise"
#: Reference methods: ``ramp_fit``, its algorithm LIKELY, and ``ramp_fit`` after two methods for correlated noise.
REFERENCES = (FIT, LIKELY, FLICKER, NSCLEAN)


@dataclass(frozen=True, eq=False)
class Rate:
    """Rate image of one method, (ny, nx) e-/s: data and errors; NaN in pixels that must not be used."""

    data: np.ndarray
    err: np.ndarray

    @classmethod
    def of(cls, model):
        """Rate of a rate product."""
        gain = np.float32(simulate.detector(model.meta.instrument.detector).gain)
        good = (model.dq & DO_NOT_USE) == 0
        return cls(*(np.where(good, values * gain, np.nan) for values in (model.data, model.err)))


def fit_ramp(ramp, algorithm="OLS_C"):
    """Rate by jwst's ``ramp_fit``."""
    from jwst.ramp_fitting import RampFitStep

    with quiet():
        return Rate.of(RampFitStep.call(ramp, algorithm=algorithm, configure_log=False)[0])


def _nsclean(ramp):
    from jwst_denoise import NSCleanStep

    with quiet():
        return fit_ramp(NSCleanStep.call(ramp, configure_log=False))


def _denoise(ramp):
    """Rate by the step ``ramp_denoise``; MissingInput if there is no model for it."""
    from jwst_denoise import RampDenoiseStep

    load_model(MODEL)
    with quiet():
        return Rate.of(RampDenoiseStep.call(ramp, model=model_name(), device="cpu", configure_log=False)[0])


def model_name():
    """Value of the parameter ``model``: the name of the model, or the path of its file in the model directory."""
    directory = model_directory()
    return MODEL if directory is None else str(Path(directory) / f"{MODEL}.asdf")


def rates_of(ramp, names=REFERENCES):
    """Name -> `Rate` by several reference methods, and by `DENOISED` if there is a model."""
    functions = {
        FIT: fit_ramp,
        LIKELY: lambda ramp: fit_ramp(ramp, "LIKELY"),
        FLICKER: lambda ramp: fit_ramp(median_step(ramp)),
        NSCLEAN: _nsclean,
    }
    rates = {name: functions[name](ramp) for name in names}
    if available_models([MODEL]):
        rates[DENOISED] = _denoise(ramp)
    return rates

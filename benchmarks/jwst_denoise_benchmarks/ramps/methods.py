"""Rates of a JWST ramp: by ``ramp_fit``, behind cleaned groups, and denoised by this package."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jwst_denoise import simulate
from jwst_denoise.dq import DO_NOT_USE
from jwst_denoise_benchmarks.cosmic_ray_mask import models
from jwst_denoise_benchmarks.nsclean import peers

__all__ = [
    "FIT", "FLICKER", "MODEL", "OURS", "PEERS", "Rate", "cleaned", "denoised", "fitted", "measure",
    "model_name",
]  # fmt: skip

MODEL = "ramp_denoise-jwst"
OURS, FIT, LIKELY, NSCLEAN = "ramp_denoise", "ramp_fit", "ramp_fit, LIKELY", "nsclean + ramp_fit"
FLICKER = "clean_flicker_noise + ramp_fit"
#: What is measured beside `OURS`.
PEERS = (FIT, LIKELY, FLICKER, NSCLEAN)


@dataclass(frozen=True, eq=False)
class Rate:
    """Rate image of one method, (ny, nx) e-/s: data and errors; NaN in pixels that are not to be used."""

    data: np.ndarray
    err: np.ndarray

    @classmethod
    def of(cls, model):
        """Rate of a rate product."""
        gain = np.float32(simulate.detector(model.meta.instrument.detector).gain)
        good = (model.dq & DO_NOT_USE) == 0
        return cls(*(np.where(good, values * gain, np.nan) for values in (model.data, model.err)))


def fitted(ramp, algorithm="OLS_C"):
    """Rate by jwst's ``ramp_fit``."""
    from jwst.ramp_fitting import RampFitStep

    with peers.quiet():
        return Rate.of(RampFitStep.call(ramp, algorithm=algorithm, configure_log=False)[0])


def cleaned(ramp):
    """Rate by ``ramp_fit`` after jwst's ``clean_flicker_noise`` with the median."""
    return fitted(peers.median_step(ramp))


def _nscleaned(ramp):
    from jwst_denoise import NSCleanStep

    with peers.quiet():
        return fitted(NSCleanStep.call(ramp, configure_log=False))


def denoised(ramp):
    """Rate by the step ``ramp_denoise``.

    Raises
    ------
    MissingData
        If there is no model for it.
    """
    from jwst_denoise import RampDenoiseStep

    models.load(MODEL)
    with peers.quiet():
        return Rate.of(RampDenoiseStep.call(ramp, model=model_name(), device="cpu", configure_log=False)[0])


def model_name():
    """What the step takes for the model in use: a name, or the path of a file in the directory of `models`."""
    directory = models.directory()
    return MODEL if directory is None else str(Path(directory) / f"{MODEL}.asdf")


def measure(ramp, names=PEERS):
    """Name -> `Rate` of some peers, and of `OURS` if there is a model."""
    makers = dict(zip(PEERS, (fitted, lambda r: fitted(r, "LIKELY"), cleaned, _nscleaned), strict=True))
    found = {name: makers[name](ramp) for name in names}
    if models.available((MODEL,)):
        found[OURS] = denoised(ramp)
    return found

"""Ramp fitting with the step of jwst, inside a step of this package."""

import functools
import logging

from jwst.ramp_fitting import RampFitStep

from jwst_denoise.steps.exposure.readout_noise import reference_or_typical

__all__ = ["PARAMETERS", "fit_ramps"]

log = logging.getLogger("stpipe.jwst_denoise.steps")

#: Parameters of ramp_fit that the outer step may set.
PARAMETERS = ("algorithm", "firstgroup", "lastgroup", "suppress_one_group", "maximum_cores")


class _RampFit(RampFitStep):
    """ramp_fit with the reference files of the outer step."""

    def get_reference_file(self, model, kind):
        """Path of a reference file, or a data model with typical values."""
        return reference_or_typical(model, functools.partial(self.parent.get_reference_file, model), kind)


def fit_ramps(step, model, settings):
    """Rates of a ramp from ``ramp_fit``, with the parameters that CRDS has for it.

    Parameters
    ----------
    step : stpipe.Step
        The outer step, whose reference files are used.
    model : RampModel
        Its group flags may be changed.
    settings : object
        `PARAMETERS`; None keeps the value of ramp_fit.

    Returns
    -------
    rate : ImageModel, IFUImageModel or None
        Rate of all integrations; None if every ramp is saturated.
    rateints : CubeModel or None
        Rates of the integrations.
    """
    config = _from_crds(model)
    for name in ("class", "name"):
        config.pop(name, None)
    fit = _RampFit.from_config_section(config, parent=step, name=RampFitStep.class_alias)
    for name in PARAMETERS:
        if getattr(settings, name) is not None:
            setattr(fit, name, getattr(settings, name))
    return fit.process(model)


def _from_crds(model):
    try:
        return RampFitStep.get_config_from_reference(model)
    except SystemExit:  # CRDS may have no cache, no context or no server
        log.warning("CRDS is not configured; ramp_fit runs with default parameters")
        return RampFitStep._empty_config()

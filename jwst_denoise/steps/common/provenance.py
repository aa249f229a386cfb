"""Provenance in the product: version, parameters and metrics of a step, as FITS keywords and a history entry."""

import math

from jwst_denoise import __version__

__all__ = ["record"]


def record(model, alias, settings, metrics=None):
    """Write what a step did into ``meta.jwst_denoise`` and the history of a data model.

    Parameters
    ----------
    model : JwstDataModel
        Changed in place.
    alias : str
        Alias of the step.
    settings : jwst_denoise.steps.common.settings.Settings
        Parameters in force.
    metrics : dict, optional
        Further values of the schema's section of this step, such as ``noise_rms``; a network's name and SHA-256 too.
        Numbers that are not finite are left out.
    """
    parameters = settings.describe()
    model.meta.jwst_denoise.version = __version__
    section = getattr(model.meta.jwst_denoise, alias)
    if not (getattr(settings, "errors_only", False) and section.parameters):  # those of the cleaning stay in the header
        section.parameters = parameters
    metrics = {name: _rounded(value) for name, value in (metrics or {}).items() if _fits(value)}
    for name, value in metrics.items():
        setattr(section, name, value)
    notes = "".join(f"; {name}={value}" for name, value in metrics.items())
    model.add_history_entry(f"jwst_denoise {__version__} {alias}({parameters}){notes}")


def _fits(value):
    """Whether a FITS header can hold it: no NaN, no infinity."""
    return not isinstance(value, float) or math.isfinite(value)


def _rounded(value):
    return float(f"{value:.5g}") if isinstance(value, float) else value

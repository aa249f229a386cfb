"""Provenance in the product: version, parameters and metrics of a step, as FITS keywords and a history entry."""

import math

from jwst_denoise import __version__

__all__ = ["describe", "record"]

#: Parameters of stpipe and of the optional products: they do not change the data.
_NOT_ABOUT_THE_DATA = (
    "output_",
    "save_",
    "pre_hooks",
    "post_hooks",
    "search_output_file",
    "input_dir",
    "suffix",
    "skip",
)


def describe(settings):
    """Parameters as one line of text, ``method='gp', n_sigma=2.0, …``, without those that do not change the data.

    Parameters
    ----------
    settings : dict
        Name → value.

    Returns
    -------
    str

    Examples
    --------
    >>> describe({"method": "gp", "save_noise": True, "n_sigma": 2.5, "user_mask": None})
    "method='gp', n_sigma=2.5"
    """
    kept = {k: v for k, v in settings.items() if v is not None and not k.startswith(_NOT_ABOUT_THE_DATA)}
    return ", ".join(f"{name}={value!r}" for name, value in kept.items())


def record(model, alias, settings, metrics=None):
    """Write what a step did into ``meta.jwst_denoise`` and the history of a data model.

    Parameters
    ----------
    model : JwstDataModel
        Changed in place.
    alias : str
        Alias of the step.
    settings : dict
        Parameters in force.
    metrics : dict, optional
        Further values of the schema's section of this step, such as ``noise_rms``; a network's name and SHA-256 too.
        Numbers that are not finite are left out.
    """
    parameters = describe(settings)
    model.meta.jwst_denoise.version = __version__
    section = getattr(model.meta.jwst_denoise, alias)
    if not (settings.get("errors_only") and section.parameters):  # those of the cleaning stay in the header
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

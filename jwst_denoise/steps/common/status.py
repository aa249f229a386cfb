"""Outcome of a step: its status, parameters and metrics in the header of the product, in its history and in the log."""

import logging
import math

from jwst_denoise import __version__

__all__ = ["CorrectionFailed", "NotApplicable", "mark", "record", "restore_history"]

log = logging.getLogger("stpipe.jwst_denoise.steps")

#: Aliases of the steps in the order in which they run.
ALIASES = ("cosmic_ray_mask", "nsclean", "ramp_denoise", "image_denoise")


class NotApplicable(Exception):
    """The step does not apply to this input; the message says why, and the input is returned as SKIPPED."""


class CorrectionFailed(Exception):
    """The correction failed; the message says why, and the input is returned as FAILED."""


def mark(model, alias, status, reason=None):
    """Record the status of a step.

    Parameters
    ----------
    model : JwstDataModel
        Its ``meta.cal_step`` is changed.
    alias : str
        Alias of the step, the name of its status in ``meta.cal_step``.
    status : {"COMPLETE", "SKIPPED", "FAILED"}
        The status.
    reason : Exception or str, optional
        Why the step did not complete; logged as a warning, or as an error for FAILED.
    """
    if reason is not None:
        level = logging.ERROR if status == "FAILED" else logging.WARNING
        log.log(level, "%s %s: %s", alias, status, reason)
    setattr(model.meta.cal_step, alias, status)


def record(model, alias, settings, metrics=None):
    """Write parameters and metrics of a step into ``meta.jwst_denoise`` and the history of a data model.

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
    restore_history(model, ALIASES[: ALIASES.index(alias)])
    model.meta.jwst_denoise.version = __version__
    section = getattr(model.meta.jwst_denoise, alias)
    if not (getattr(settings, "errors_only", False) and section.parameters):  # those of the cleaning stay
        section.parameters = settings.describe()
    for name, value in (metrics or {}).items():
        if not isinstance(value, float):
            setattr(section, name, value)
        elif math.isfinite(value):
            setattr(section, name, float(f"{value:.5g}"))
    model.add_history_entry(_history_line(model, alias))


def restore_history(model, aliases=ALIASES):
    """Add lines to the history for steps that the header knows and the history does not.

    Steps of jwst that make a new data model, such as ``ramp_fit``, copy the keywords but not the history.

    Parameters
    ----------
    model : JwstDataModel
        Changed in place.
    aliases : sequence of str, optional
        Steps to look for.
    """
    entries = model.instance.get("history", {}).get("entries", [])
    history = " ".join(entry["description"] for entry in entries)
    for alias in aliases:
        if _recorded(model, alias).get("parameters") and f" {alias}(" not in history:
            model.add_history_entry(_history_line(model, alias))


def _recorded(model, alias):
    return model.meta.instance.get("jwst_denoise", {}).get(alias, {})


def _history_line(model, alias):
    recorded = dict(_recorded(model, alias))
    parameters = recorded.pop("parameters")
    metrics = "".join(f"; {name}={value}" for name, value in recorded.items())
    return f"jwst_denoise {model.meta.jwst_denoise.version} {alias}({parameters}){metrics}"

"""Outcome of a step: COMPLETE, SKIPPED or FAILED in ``meta.cal_step``, with the reason in the log."""

import logging

__all__ = ["CorrectionFailed", "NotApplicable", "mark"]

log = logging.getLogger("stpipe.jwst_denoise.steps")


class NotApplicable(Exception):
    """The step has nothing to do on this input; the message says why, and the input is returned as SKIPPED."""


class CorrectionFailed(Exception):
    """The step could not do its work; the message says why, and the input is returned as FAILED."""


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

"""Input that cannot be used: one clear line that names it, for Python and for ``strun``."""

import contextlib
import functools
import logging
import os
import warnings
from pathlib import Path

import numpy as np
from stpipe import config_parser
from stpipe.exceptions import StpipeExitException

__all__ = ["check_input", "check_parameter_file", "errors_end_strun", "readable"]

log = logging.getLogger("stpipe.jwst_denoise.steps")

#: Warnings with which astropy reads the remainder of a damaged file.
DAMAGED = ("File may have been truncated", "Error validating header for HDU")


def check_input(data, name):
    """Refuse an array, which has no header, in the place of an exposure.

    Parameters
    ----------
    data : object
        Input of a step.
    name : str
        Name of the step, for the message.

    Raises
    ------
    TypeError
        With the functions that take arrays.
    """
    if isinstance(data, np.ndarray):
        raise TypeError(
            f"{name} needs a file or a JWST data model, not an array of shape {data.shape}; for arrays there are "
            "jwst_denoise.nsclean.fit_noise(data, mask, readout) and jwst_denoise.load_model(name).predict(image)"
        )


@contextlib.contextmanager
def readable(source, kind="an exposure"):
    """Turn every error while a file is read into a `ValueError` that names it.

    Parameters
    ----------
    source : object
        Errors are translated if this is a path.
    kind : str, optional
        What the file should hold.

    Raises
    ------
    ValueError
        In the place of all errors, but for those of the operating system that name the file.
    """
    try:
        with warnings.catch_warnings():
            for message in DAMAGED:
                warnings.filterwarnings("error", message)
            yield
    except Exception as error:
        of_system = isinstance(error, OSError) and error.filename is not None
        if of_system or not isinstance(source, str | os.PathLike) or str(source) in str(error):
            raise
        reason = " ".join(str(error).split())[:200]
        remedy = "it may be damaged or not a JWST file" if Path(source).is_file() else "it is not a file"
        raise ValueError(f"{source} cannot be read as {kind} ({type(error).__name__}: {reason}); {remedy}") from error


def check_parameter_file(path):
    """Refuse a file that holds no parameters.

    Parameters
    ----------
    path : path-like or None
        The file.

    Raises
    ------
    ValueError
        With the name of the file.
    """
    if path is None:
        return
    if Path(path).suffix == ".asdf" and Path(path).is_file() and not Path(path).read_bytes().startswith(b"#ASDF"):
        raise ValueError(
            f"{path} does not begin with '#ASDF 1.0.0', as a parameter file must; copy a shipped file with "
            "'jwst-denoise pars copy DIRECTORY' and edit the copy"
        )
    with readable(path, "a parameter file"):
        if not config_parser.load_config_file(str(path)):
            raise ValueError("it holds no parameters")


@contextlib.contextmanager
def errors_end_strun():
    """Let ``strun`` end after the message of a wrong input or parameter, without a traceback.

    Raises
    ------
    OSError, ValueError
        The same as inside, of a class that stpipe takes for a request to exit. ``strun --verbose`` logs the traceback.
    """
    try:
        yield
    except StpipeExitException:
        raise
    except OSError as error:
        log.debug("Traceback of %s", error, exc_info=True)
        details = error.args if error.filename is None else (error.errno, error.strerror, error.filename)
        raise _exit_class(type(error))(*details) from error
    except ValueError as error:
        log.debug("Traceback of %s", error, exc_info=True)
        raise _exit_class(ValueError)(str(error)) from error


@functools.cache
def _exit_class(kind):
    def reduced(error):
        """For other processes the plain class, which they know."""
        return kind, *kind.__reduce__(error)[1:]

    return type(kind.__name__, (kind, StpipeExitException), {"exit_status": 1, "__reduce__": reduced})

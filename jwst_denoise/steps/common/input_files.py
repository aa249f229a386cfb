"""Files that cannot be read: one clear error that names the file, whatever a library has to say."""

import contextlib
import os
import warnings

from stpipe import config_parser

__all__ = ["check_parameter_file", "readable"]

#: Warnings with which astropy goes on with what is left of a file.
DAMAGED = ("File may have been truncated", "Error validating header for HDU")


@contextlib.contextmanager
def readable(source, kind="an exposure"):
    """Let every error while a file is read be a `ValueError` that names it.

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
            for said in DAMAGED:
                warnings.filterwarnings("error", said)
            yield
    except Exception as error:
        of_system = isinstance(error, OSError) and error.filename is not None
        if of_system or not isinstance(source, str | os.PathLike) or str(source) in str(error):
            raise
        said = " ".join(str(error).split())[:200]
        message = f"{source} cannot be read as {kind} ({type(error).__name__}: {said}); it may be damaged, get it again"
        raise ValueError(message) from error


def check_parameter_file(path):
    """Refuse a parameter file that is damaged, or none.

    Parameters
    ----------
    path : path-like or None
        The file.

    Raises
    ------
    ValueError
        With the name of the file.
    """
    if path is not None:
        with readable(path, "a parameter file"):
            if not config_parser.load_config_file(str(path)):
                raise ValueError("it holds no parameters")

"""Point the CRDS client at a cache."""

import contextlib
import os
import sys
from pathlib import Path

__all__ = ["CONTEXT", "activated", "adopt_environment", "environment"]

#: Name of the context of every cache.
CONTEXT = "jwst_0001.pmap"


def environment(directory):
    """Return the variables that make the CRDS client use only this cache.

    Parameters
    ----------
    directory : path-like
        The cache.

    Returns
    -------
    dict of str
    """
    return {
        "CRDS_PATH": str(Path(directory).resolve()),
        "CRDS_SERVER_URL": "https://crds-serverless-mode.stsci.edu",
        "CRDS_CONTEXT": CONTEXT,
        "CRDS_READONLY_CACHE": "1",
    }


@contextlib.contextmanager
def activated(directory):
    """Use a cache in this process, and restore the environment afterward.

    The CRDS client forgets what it has read, both times.

    Parameters
    ----------
    directory : path-like
        The cache.

    Yields
    ------
    dict of str
        `environment` of the cache.
    """
    variables = environment(directory)
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    _forget()
    try:
        yield variables
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _forget()


def adopt_environment(variables):
    """Set environment variables; if any of them changes, the CRDS client forgets what it has read.

    Parameters
    ----------
    variables : dict of str
    """
    if any(os.environ.get(name) != value for name, value in variables.items()):
        os.environ.update(variables)
        _forget()


def _forget():
    """Clear the caches of the CRDS client, if it is loaded."""
    utils = sys.modules.get("crds.core.utils")
    if utils is not None:
        utils.clear_function_caches()

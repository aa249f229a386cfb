"""Products that are written whole or not at all.

A file is written into a hidden folder beside its place and moved there at the end, so that neither a full disk, nor an
interruption, nor a second process leaves half a product under the name of a whole one. What was there before stays
until then.
"""

import contextlib
import tempfile
from pathlib import Path

__all__ = ["AtomicModel", "atomic_write"]


@contextlib.contextmanager
def atomic_write(path):
    """Write a file in another place, and move it to its own when it is complete.

    Parameters
    ----------
    path : path-like
        Where the file is to be.

    Yields
    ------
    pathlib.Path
        Where to write it: the same name in a folder of its own on the same disk.

    Raises
    ------
    OSError
        If it cannot be written; the message names ``path``, at which nothing has changed.
    """
    path = Path(path)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}.", dir=path.parent) as folder:
            part = Path(folder) / path.name
            yield part
            part.replace(path)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror or error}; the product was not written", str(path)) from error


class AtomicModel:
    """A data model whose ``save`` is whole or not at all; everything else is the data model's.

    Parameters
    ----------
    model : JwstDataModel
        What to save.
    replace : bool, optional
        Replace a file that is there already.
    """

    def __init__(self, model, replace=True):
        self._model, self._replace = model, replace

    def __getattr__(self, name):
        """Attribute of the data model."""
        return getattr(self._model, name)

    def save(self, path):
        """Write the file and return its path; `FileExistsError` if it is there already and is not to be replaced."""
        if not self._replace and Path(path).exists():
            raise FileExistsError(path)
        with atomic_write(path) as part:
            self._model.save(str(part))
        return str(path)

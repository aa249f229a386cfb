"""Products that are written completely or not at all.

A file is written into a hidden folder next to its destination and moved there at the end, so that a full disk, an
interruption or a second process never leaves an incomplete product. An older file stays in place until then.
"""

import contextlib
import tempfile
from pathlib import Path

__all__ = ["AtomicModel", "atomic_write"]


@contextlib.contextmanager
def atomic_write(path):
    """Write a file somewhere else, and move it to its destination when it is complete.

    Parameters
    ----------
    path : path-like
        Destination of the file.

    Yields
    ------
    pathlib.Path
        Where to write it: the same name in a temporary folder on the same disk.

    Raises
    ------
    OSError
        If it cannot be written; the message names ``path``, where nothing has changed.
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
    """A data model that is saved completely or not at all; all other attributes are those of the data model.

    Parameters
    ----------
    model : JwstDataModel
        The product.
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

"""The models that come with the package."""

import difflib
import os
from pathlib import Path

__all__ = ["locate", "path_of", "shipped"]

_DATA = Path(__file__).parent / "data"


def shipped():
    """Names of the shipped models, sorted.

    Returns
    -------
    tuple of str
    """
    return tuple(sorted(file.stem for file in _DATA.glob("*.asdf")))


def path_of(name):
    """Path of a shipped model file.

    Parameters
    ----------
    name : str
        One of `shipped`, with or without ``.asdf``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If there is no such model; the message gives the closest name and all there are.
    """
    stem = str(name).removesuffix(".asdf")
    if stem not in shipped():
        close = difflib.get_close_matches(stem, shipped(), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        names = f"shipped: {', '.join(shipped()) or 'none'}"
        raise ValueError(f"no shipped model {stem!r}{hint} ({names}; or give the path of an .asdf file)")
    return _DATA / f"{stem}.asdf"


def locate(name_or_path):
    """Path of a shipped model or of a file of one's own; a name that is shipped comes first.

    Parameters
    ----------
    name_or_path : str or path-like
        What the user gave.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError
        If it looks like a path and there is no such file.
    ValueError
        If it looks like a name and no such model is shipped, or if it is a directory.
    """
    text = os.fspath(name_or_path)
    path = Path(text)
    if text in shipped():
        return path_of(text)
    if path.is_dir():
        raise ValueError(f"{path} is a directory; make a model file of it: jwst-denoise models pack {path} NAME.asdf")
    if path.exists():
        return path
    if path.suffix == ".asdf" or len(path.parts) > 1 or not isinstance(name_or_path, str):
        raise FileNotFoundError(f"no model file {path}")
    return path_of(text)

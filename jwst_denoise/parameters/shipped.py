"""The shipped parameter files."""

import difflib
import functools
import shutil
from pathlib import Path

import asdf

__all__ = ["copy_files", "names", "path", "suggest", "tree"]

_FILES = Path(__file__).parent / "files"
_FEW = 15


@functools.cache
def names():
    """Return the names of the shipped parameter files, sorted.

    Returns
    -------
    tuple of str
    """
    return tuple(sorted(file.stem for file in _FILES.glob("*.asdf")))


def path(name):
    """Return the path of a shipped parameter file.

    Parameters
    ----------
    name : str
        One of `names`, with or without ``.asdf``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If there is no such file; the message gives the closest names.
    """
    stem = str(name).removesuffix(".asdf")
    if stem not in names():
        hint = suggest(stem, names()) or "; 'jwst-denoise pars list' shows them"
        raise ValueError(f"no shipped parameter file {stem!r}{hint}")
    return _FILES / f"{stem}.asdf"


def copy_files(directory, overwrite=False):
    """Copy every shipped parameter file to a directory.

    Parameters
    ----------
    directory : path-like
        Created if it does not exist.
    overwrite : bool, optional
        Replace existing files.

    Returns
    -------
    list of pathlib.Path
        The copies.

    Raises
    ------
    FileExistsError
        If a file exists and ``overwrite`` is False; nothing is written.
    """
    directory = Path(directory)
    targets = {name: directory / f"{name}.asdf" for name in names()}
    existing = [target for target in targets.values() if target.exists()]
    if existing and not overwrite:
        raise FileExistsError(f"{existing[0]} exists already; give another directory, or --overwrite")
    directory.mkdir(parents=True, exist_ok=True)
    for name, target in targets.items():
        shutil.copyfile(path(name), target)
    return list(targets.values())


@functools.cache
def tree(name):
    """Return the content of a shipped parameter file, which is read once and must not be changed."""
    return read(path(name))


def read(file):
    """Read an ASDF parameter file as plain dictionaries and lists.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not an ASDF file.
    """
    file = Path(file)
    if not file.is_file():
        raise FileNotFoundError(f"no parameter file {file}")
    try:
        with asdf.open(file, lazy_load=False, memmap=False) as content:
            return _plain(content.tree)
    except ValueError as error:
        raise ValueError(f"{file} is not an ASDF parameter file: {error}") from error


def suggest(name, candidates):
    """Return the end of an error message: the closest candidates, or a short list of all if none is close."""
    candidates = sorted(str(candidate) for candidate in candidates)
    words = str(name).replace("-", "_").split("_")
    close = [candidate for candidate in candidates if all(word in candidate for word in words)]
    close = close or difflib.get_close_matches(str(name), candidates)
    if close:
        return "; did you mean " + " or ".join(repr(match) for match in close[:3]) + "?"
    return f"; known: {', '.join(candidates) or 'none'}" if len(candidates) <= _FEW else ""


def _plain(node):
    if hasattr(node, "items"):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_plain(value) for value in node]
    return node

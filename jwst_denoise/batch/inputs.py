"""What is put into a batch: files, with what tells whether they have changed."""

import glob
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Exposure", "expand_patterns", "sha256"]

_ASSOCIATIONS = (".json", ".asn")


def expand_patterns(patterns):
    """Files that are named, or that fit patterns such as ``"data/*_uncal.fits"``.

    Parameters
    ----------
    patterns : iterable of path-like
        Paths, or patterns with ``*``, ``?``, ``[...]`` and ``**``.

    Returns
    -------
    list of pathlib.Path
        Absolute, each once, in the order given; those of one pattern sorted.

    Raises
    ------
    FileNotFoundError
        If a file is not there, or none fits a pattern.
    ValueError
        If a directory is named, or two files have one name: their products would have, too.
    """
    found = [path.absolute() for pattern in patterns for path in _matches(str(pattern))]
    names = {}
    for path in dict.fromkeys(found):
        if (other := names.setdefault(path.name, path)) != path:
            raise ValueError(
                f"{other} and {path} have one name, and so have their products; give each batch its own --output"
            )
    return list(names.values())


def _matches(pattern):
    path = Path(pattern)
    if path.is_dir():
        raise ValueError(f"{pattern} is a directory; name files in it, such as '{path / '*_uncal.fits'}'")
    if path.exists():
        return [path]
    found = sorted(map(Path, glob.glob(pattern, recursive=True)))
    if not found:
        raise FileNotFoundError(f"no file {pattern}")
    return found


@dataclass(frozen=True)
class Exposure:
    """One task of a batch: an exposure's file, or an association with its members.

    Parameters
    ----------
    path : pathlib.Path
        What the pipeline is given.
    """

    path: Path

    @property
    def files(self):
        """The file and, of an association, its members that are there."""
        return (self.path, *(member for member in self._members() if member.is_file()))

    def _members(self):
        if self.path.suffix not in _ASSOCIATIONS:
            return
        try:
            products = json.loads(self.path.read_text(encoding="utf-8"))["products"]
            names = [member["expname"] for product in products for member in product["members"]]
        except (ValueError, KeyError, TypeError):  # no association: the pipeline will say so
            return
        yield from (self.path.parent / name for name in names)

    def stamp(self):
        """Size and time of change of every file: equal means unchanged.

        Returns
        -------
        list of [str, int, int]
        """
        return [[str(file), stat.st_size, stat.st_mtime_ns] for file in self.files for stat in [file.stat()]]

    def sha256(self):
        """Hash of the content of all files."""
        return sha256(*self.files)


def sha256(*paths):
    """SHA-256 of the content of files, one after another.

    Returns
    -------
    str
        Hexadecimal.
    """
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()

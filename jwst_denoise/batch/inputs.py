"""The inputs of a batch, and how a change of one is noticed."""

import glob
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Exposure", "expand_patterns", "sha256"]

_ASSOCIATIONS = (".json", ".asn")


def expand_patterns(patterns):
    """Return the files that are named or match a pattern such as ``"data/*_uncal.fits"``.

    Parameters
    ----------
    patterns : iterable of path-like
        Paths, or patterns with ``*``, ``?``, ``[...]`` and ``**``.

    Returns
    -------
    list of pathlib.Path
        Absolute paths without duplicates, in the order given; the matches of one pattern are sorted.

    Raises
    ------
    FileNotFoundError
        If a file does not exist, or no file matches a pattern.
    ValueError
        If a directory is named, or two files have the same name, since their products would, too.
    """
    paths = [path.absolute() for pattern in patterns for path in _matches(str(pattern))]
    names = {}
    for path in dict.fromkeys(paths):
        if (other := names.setdefault(path.name, path)) != path:
            raise ValueError(
                f"{other} and {path} have the same name, as would their products; run two batches with different "
                "--output"
            )
    return list(names.values())


def _matches(pattern):
    path = Path(pattern)
    if path.is_dir():
        raise ValueError(f"{pattern} is a directory; name files in it, such as '{path / '*_uncal.fits'}'")
    if path.exists():
        return [path]
    matches = sorted(map(Path, glob.glob(pattern, recursive=True)))
    if not matches:
        raise FileNotFoundError(f"no file {pattern}")
    return matches


@dataclass(frozen=True)
class Exposure:
    """One task of a batch: the file of an exposure, or an association with its members.

    Parameters
    ----------
    path : pathlib.Path
        Input of the pipeline.
    """

    path: Path

    @property
    def files(self):
        """The file and, for an association, its members that exist."""
        return (self.path, *(member for member in self._members() if member.is_file()))

    def _members(self):
        if self.path.suffix not in _ASSOCIATIONS:
            return
        try:
            products = json.loads(self.path.read_text(encoding="utf-8"))["products"]
            names = [member["expname"] for product in products for member in product["members"]]
        except (ValueError, KeyError, TypeError):  # not an association, which the pipeline will report
            return
        yield from (self.path.parent / name for name in names)

    def stamp(self):
        """Return the size and modification time of every file: equal stamps mean unchanged files.

        Returns
        -------
        list of [str, int, int]
        """
        return [[str(file), stat.st_size, stat.st_mtime_ns] for file in self.files for stat in [file.stat()]]

    def sha256(self):
        """Return the hash of the content of all files."""
        return sha256(*self.files)


def sha256(*paths):
    """Return the SHA-256 of the content of several files.

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

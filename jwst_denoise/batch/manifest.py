"""The manifest of a batch: a line of JSON for every exposure that came to an end, done or failed."""

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["NAME", "Manifest", "Record"]

#: Name of the manifest in the output directory.
NAME = "jwst_denoise_batch.jsonl"


@dataclass(frozen=True)
class Record:
    """How one exposure ended.

    Parameters
    ----------
    file : str
        The exposure.
    recipe : str
        `Recipe.fingerprint`.
    status : str
        ``"done"`` or ``"failed"``.
    stamp : list, optional
        `Exposure.stamp` before the run.
    sha256 : str, optional
        `Exposure.sha256` before the run.
    products : dict, optional
        Name → size in bytes.
    seconds : float, optional
        Time of the step or pipeline.
    peak : int, optional
        Highest resident memory, bytes.
    attempts : int, optional
        How often it was tried.
    error : str, optional
        One line.
    finished : str, optional
        Time in UTC.
    process : int, optional
        The worker.
    """

    file: str
    recipe: str
    status: str
    stamp: list = dataclasses.field(default_factory=list)
    sha256: str = ""
    products: dict = dataclasses.field(default_factory=dict)
    seconds: float | None = None
    peak: int | None = None
    attempts: int = 1
    error: str = ""
    finished: str = ""
    process: int | None = None


class Manifest:
    """A manifest on disk. Lines are only added, and are on the disk when `add` returns.

    Parameters
    ----------
    path : path-like
        The file; made when the first record is added.

    Raises
    ------
    ValueError
        If there is a file that is no manifest.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._records, self._owner = {}, {}
        for record in self.read(self.path):
            self._remember(record)

    @staticmethod
    def read(path):
        """Records of a file, oldest first; lines that an interrupted write has spoilt are passed over.

        Parameters
        ----------
        path : path-like
            The file; without it there are none.

        Yields
        ------
        Record

        Raises
        ------
        ValueError
            If it is no manifest.
        """
        path = Path(path)
        if not path.exists():
            return
        lines = path.read_bytes().split(b"\n")
        if lines[0] and not lines[0].startswith(b'{"file": '):
            raise ValueError(f"{path} is no manifest of a batch; name another with --manifest")
        for line in lines:
            try:
                yield Record(**json.loads(line))
            except (ValueError, TypeError):
                continue

    def _remember(self, record):
        self._records[record.file, record.recipe] = record
        self._owner.update(dict.fromkeys(record.products, record))

    def add(self, record):
        """Write a record; a line that an interrupted write has left open is closed first."""
        line = json.dumps(dataclasses.asdict(record)) + "\n"
        with open(self.path, "ab+") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                line = line if stream.read(1) == b"\n" else "\n" + line
            stream.write(line.encode())
            stream.flush()
            os.fsync(stream.fileno())
        self._remember(record)

    def owner(self, product):
        """File whose products this name is among; None if nobody's."""
        record = self._owner.get(product)
        return record and record.file

    def done(self, exposure, recipe, directory):
        """Record of an exposure that need not be done again, or None.

        Parameters
        ----------
        exposure : Exposure
            The same as then: by sizes and times of its files or, if these differ, by content.
        recipe : str
            The same as then.
        directory : pathlib.Path
            Where the products still are, with their sizes, and nothing else has written them since.
        """
        record = self._records.get((str(exposure.path), recipe))
        if record is None or record.status != "done" or not self._keeps(record, directory):
            return None
        same = record.stamp == exposure.stamp() or record.sha256 == exposure.sha256()
        return record if same else None

    def _keeps(self, record, directory):
        return all(
            self._owner[name] is record and (directory / name).is_file() and (directory / name).stat().st_size == size
            for name, size in record.products.items()
        )

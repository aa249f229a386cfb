"""The manifest of a batch: one line of JSON for every exposure that is done or has failed."""

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
    """Outcome of one exposure.

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
        Run time of the step or pipeline.
    peak : int, optional
        Highest resident memory, bytes.
    attempts : int, optional
        Number of attempts.
    error : str, optional
        One line.
    finished : str, optional
        Time in UTC.
    process : int, optional
        Process number of the worker.
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
    """A manifest on disk. Lines are only appended, and are on the disk when `add` returns.

    Parameters
    ----------
    path : path-like
        The file, created when the first record is added.

    Raises
    ------
    ValueError
        If the file exists and is not a manifest.
    """

    def __init__(self, path):
        self.path = Path(path)
        self._records, self._owner = {}, {}
        for record in self.read(self.path):
            self._remember(record)

    @staticmethod
    def read(path):
        """Read the records of a file, oldest first; lines that an interrupted write has truncated are ignored.

        Parameters
        ----------
        path : path-like
            The file; if it does not exist, there are no records.

        Yields
        ------
        Record

        Raises
        ------
        ValueError
            If the file is not a manifest.
        """
        path = Path(path)
        if not path.exists():
            return
        lines = path.read_bytes().split(b"\n")
        if lines[0] and not lines[0].startswith(b'{"file": '):
            raise ValueError(f"{path} is not the manifest of a batch; name another file with --manifest")
        for line in lines:
            try:
                yield Record(**json.loads(line))
            except (ValueError, TypeError):
                continue

    def _remember(self, record):
        self._records[record.file, record.recipe] = record
        self._owner.update(dict.fromkeys(record.products, record))

    def add(self, record):
        """Append a record, on a new line even if an interrupted write has truncated the last one."""
        line = json.dumps(dataclasses.asdict(record)) + "\n"
        with open(self.path, "ab+") as stream:
            if stream.seek(0, os.SEEK_END):
                stream.seek(-1, os.SEEK_END)
                line = line if stream.read(1) == b"\n" else "\n" + line
            stream.write(line.encode())
            stream.flush()
            os.fsync(stream.fileno())
        self._remember(record)

    def done(self, exposure, recipe, directory):
        """Return the record of an exposure that need not be processed again, or None.

        Parameters
        ----------
        exposure : Exposure
            Must be unchanged, by the sizes and times of its files or, if these differ, by their content.
        recipe : str
            Must be the same.
        directory : pathlib.Path
            Must still hold the products with their sizes, and no other exposure may have replaced them.
        """
        record = self._records.get((str(exposure.path), recipe))
        if record is None or record.status != "done" or not self._are_intact(record, directory):
            return None
        same = record.stamp == exposure.stamp() or record.sha256 == exposure.sha256()
        return record if same else None

    def _are_intact(self, record, directory):
        """Whether the products of a record are in the directory as they were written."""
        return all(
            self._owner[name] is record and (directory / name).is_file() and (directory / name).stat().st_size == size
            for name, size in record.products.items()
        )

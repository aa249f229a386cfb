"""The output directory of a batch: locked by one batch at a time, with complete products only."""

import contextlib
import os
import shutil
import socket
import time
from pathlib import Path

import filelock

__all__ = ["SCRATCH", "discard", "locked", "opened", "publish"]

#: Sub-directory in which products are first written; it exists only while a batch runs, or after one was killed.
SCRATCH = ".jwst_denoise_batch"
#: Seconds to wait for a lock, so that a batch that is just ending does not stop the next.
_PATIENCE = 1


@contextlib.contextmanager
def opened(directory):
    """Lock an output directory, and remove what a killed batch has left in it.

    Parameters
    ----------
    directory : path-like
        Created if it does not exist.

    Yields
    ------
    scratch : pathlib.Path
        Directory for unfinished products, on the same file system.

    Raises
    ------
    BlockingIOError
        If another batch uses the directory.
    """
    scratch = Path(directory) / SCRATCH
    try:
        with locked(scratch / "lock", directory):
            discard(scratch)
            try:
                yield scratch
            finally:
                discard(scratch)
    finally:
        with contextlib.suppress(OSError):  # not empty: another batch uses it
            scratch.rmdir()


@contextlib.contextmanager
def locked(path, name):
    """Hold a lock, which the system releases when the process ends, even if it is killed.

    Parameters
    ----------
    path : pathlib.Path
        Lock file, created with its directory and removed at the end.
    name : path-like
        The locked file or directory, for the message.

    Raises
    ------
    BlockingIOError
        If another process holds the lock; the message names the process.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=_PATIENCE)
    except filelock.Timeout:
        owner = (path.read_text(encoding="utf-8") if path.exists() else "") or "another process"
        raise BlockingIOError(f"{name} is in use by another batch ({owner}); wait for it or stop it") from None
    try:
        owner = f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}"
        path.write_text(owner, encoding="utf-8")
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def publish(source, target, names):
    """Move finished files to their final directory, each by an atomic rename.

    Parameters
    ----------
    source, target : pathlib.Path
        Directories on one file system; files of the same names are replaced.
    names : iterable of str
        Relative paths; missing files are ignored.
    """
    for name in names:
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(source / name, target / name)
    _sync(target)


def _sync(directory):
    """Flush the entries of a directory to the disk, where the system supports it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def discard(scratch):
    """Remove the sub-directories of a directory, which hold unfinished attempts."""
    for path in scratch.glob("*/"):
        shutil.rmtree(path, ignore_errors=True)

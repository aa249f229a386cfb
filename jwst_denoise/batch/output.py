"""The output directory of a batch: one batch at a time, and products that appear there only when they are whole."""

import contextlib
import fcntl
import os
import shutil
import socket
import time
from pathlib import Path

__all__ = ["SCRATCH", "discard", "locked", "opened", "publish"]

#: Directory beside the products where they are written first; there only while a batch runs, or after one was killed.
SCRATCH = ".jwst_denoise_batch"


@contextlib.contextmanager
def opened(directory):
    """Make an output directory one's own, and clean up what a batch that was killed has left there.

    Parameters
    ----------
    directory : path-like
        Made if it does not exist.

    Yields
    ------
    scratch : pathlib.Path
        Directory for unfinished products, on the same file system.

    Raises
    ------
    BlockingIOError
        If another batch writes there.
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
        with contextlib.suppress(OSError):  # not empty: another batch is there
            scratch.rmdir()


@contextlib.contextmanager
def locked(path, what):
    """Hold a lock that ends with the process, however it ends.

    Parameters
    ----------
    path : pathlib.Path
        Lock file; it and its directory are made.
    what : path-like
        What the lock stands for, for the message.

    Raises
    ------
    BlockingIOError
        If another process holds it; the message says which.
    """
    file = _acquire(path, what)
    try:
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}")
        file.flush()
        yield
    finally:
        path.unlink(missing_ok=True)
        file.close()


def _acquire(path, what):
    """Locked file that lies at the path: one that its last owner has removed meanwhile is of no use."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read() or "another process"
            file.close()
            raise BlockingIOError(f"{what} is in use by another batch ({owner}); wait for it or stop it") from None
        if _is_at(file, path):
            file.truncate(0)
            return file
        file.close()


def _is_at(file, path):
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    return False


def publish(source, target, names):
    """Move finished files to their place, each in one stroke.

    Parameters
    ----------
    source, target : pathlib.Path
        Directories on one file system; files of the same names are replaced.
    names : iterable of str
        Relative paths; those that are not there are passed over.
    """
    for name in names:
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(source / name, target / name)
    _sync(target)


def _sync(directory):
    """Let the names in a directory reach the disk, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def discard(scratch):
    """Remove the directories in a directory: attempts that nobody needs."""
    for path in scratch.glob("*/"):
        shutil.rmtree(path, ignore_errors=True)

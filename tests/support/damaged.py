"""Damaged files, and files of other kinds."""

import contextlib
import os

import numpy as np

OTHER_FILES = (b"", b"hello world\n", bytes(3000), b"\x89PNG\r\n\x1a\n" + bytes(100), b"#ASDF 1.0.0\n%YAML 1.1\n---\n[")
NOBODY = 65534


def cut(content, count):
    """Beginnings of a file."""
    return [content[:size] for size in np.unique(np.linspace(0, len(content) - 1, count).astype(int))]


def flipped(content, count, seed=5):
    """The file with one bit wrong."""
    rng = np.random.default_rng(seed)
    for place, bit in zip(rng.integers(0, len(content), count), rng.integers(0, 8, count), strict=True):
        yield content[:place] + bytes([content[place] ^ 1 << int(bit)]) + content[place + 1 :]


def reached_by_everybody(path):
    """Whether every directory above the path lets every user through."""
    return all(directory.stat().st_mode & 0o001 for directory in path.parents)


@contextlib.contextmanager
def without_permission(path):
    """Nobody may read the file, or write into the directory: not even root, who is somebody else for the time."""
    path.chmod(0o555 if path.is_dir() else 0)
    somebody = os.geteuid()
    try:
        if somebody == 0:
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(somebody)
        path.chmod(0o755)

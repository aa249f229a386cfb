"""The binary blocks of an ASDF file: whether they are whole, before anything reads them."""

import struct
from pathlib import Path

__all__ = ["check"]

_MAGIC = b"\xd3BLK"
_HEADER = struct.Struct(">I4sQQQ16s")  # flags, compression, allocated, used, unpacked size, MD5
_LARGEST_RATIO = 1100  # deflate packs at most 1032 times


def check(path):
    """Refuse a file whose blocks are cut, overlap its end or claim to unpack to more than they can.

    asdf does not come back from some of those.

    Parameters
    ----------
    path : path-like
        ASDF file.

    Raises
    ------
    ValueError
        With what is wrong.
    """
    raw = Path(path).read_bytes()
    place = raw.find(b"\n...\n") + 5
    place = len(raw) - len(raw[place:].lstrip(b"\0 "))  # padding
    while raw[place : place + 4] == _MAGIC:
        place = _end(raw, place)
    if not raw[place:].startswith(b"#ASDF BLOCK INDEX"):
        raise ValueError(f"at byte {place} is neither a block nor the index of blocks")


def _end(raw, place):
    """Where the next block begins."""
    (size,) = struct.unpack_from(">H", raw, place + 4) if len(raw) >= place + 6 else (0,)
    start = place + 6 + size
    if size < _HEADER.size or start > len(raw):
        raise ValueError(f"the header of the block at byte {place} is cut")
    flags, packing, allocated, used, unpacked, _ = _HEADER.unpack_from(raw, place + 6)
    plain = packing == bytes(4)
    possible = unpacked == used if plain else unpacked <= _LARGEST_RATIO * max(used, 64) and packing.isalnum()
    if flags or used > allocated or start + allocated > len(raw) or not possible:
        raise ValueError(f"the block at byte {place} is cut or its sizes are impossible")
    return start + allocated

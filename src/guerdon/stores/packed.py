"""Packed values: what only guerdon reads, as JSON behind Zstandard.

Rule: a value is packed where nobody asks the server for a part of it and where it is written over
and over. To MongoDB it is one binary value of a fourth of the size, which it copies, logs and
replicates; to pack one takes the worker less than to send it unpacked.
"""

from threading import local
from typing import Any

import orjson
import zstandard

_FASTEST = 1
_FRAME = zstandard.FRAME_HEADER  # what Zstandard begins with, and no JSON


class _Packers(local):
    """This thread's own: they may not be shared, and to make one takes longer than to use it."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=_FASTEST).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_packers = _Packers()


def pack(value: Any) -> bytes:
    """Return a value of plain parts, packed; tuples of any kind come back as lists."""
    return _packers.compress(orjson.dumps(value, default=list))


def unpack(packed: bytes) -> Any:
    """Return what was packed; what an earlier checkout stored as bare JSON is read, too."""
    return orjson.loads(_packers.decompress(packed) if packed.startswith(_FRAME) else packed)

"""The ids of lines: made of what a line says, so that the same line never counts twice.

The rule: a line is known again in another copy of the file, in one that has grown, and in an export
that overlaps the last. Lines that say the same are told apart by how many of them came before in
the file. It costs about a hundred bytes of memory a line.
"""

from hashlib import blake2b

_BYTES = 15


class Fingerprints:
    """Gives each line of one run its id; `kind` keeps imports of different types apart."""

    def __init__(self, kind: str) -> None:
        self._keyed = blake2b(kind.encode()[:64], digest_size=_BYTES)
        self._repeats: dict[bytes, int] = {}

    def of(self, content: bytes) -> str:
        """Return the id of the next line that says this."""
        keyed = self._keyed.copy()
        keyed.update(b"\0")
        keyed.update(content)
        digest = keyed.digest()
        repeat = self._repeats.get(digest, 0)
        self._repeats[digest] = repeat + 1
        return f"line-{digest.hex()}" if repeat == 0 else f"line-{digest.hex()}-{repeat + 1}"

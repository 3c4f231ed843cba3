"""Answers that many see alike but for flags about themselves.

The rule: an answer is worked out and written once; a Boolean that is true for one viewer only is a
hole in its text. Who is at none of the holes gets the very same bytes as everybody else, so that a
thousand viewers of one list cost one execution and not a thousand.

Who the viewer is, the credential says (`Credential.viewer`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

HOLE = b"\0"
"""Stands for a flag in JSON; nothing else does, because JSON writes this character as an escape."""

_TRUE, _FALSE = b"true", b"false"


@dataclass(frozen=True, slots=True)
class AboutViewer:
    """The value of a Boolean field that is true for this viewer and false for everybody else.

    Only a plain attribute can have it: what goes the library's long way must be a `bool`.
    """

    viewer: str


class Stencil:
    """A text with holes; `viewers` are those whom they are about, each with the places."""

    __slots__ = ("_pieces", "common", "viewers")

    def __init__(self, text: bytes, viewers: Sequence[str]) -> None:
        """Read a text whose holes are about `viewers`, in this order."""
        self._pieces = text.split(HOLE)
        self.viewers: dict[str | None, list[int]] = {}
        for place, viewer in enumerate(viewers):
            self.viewers.setdefault(viewer, []).append(place)
        self.common = _FALSE.join(self._pieces)

    def seen_by(self, viewer: str | None) -> bytes:
        """Return what a viewer sees; for whom none of it is about, that is `common` itself."""
        places = self.viewers.get(viewer)
        if places is None:
            return self.common
        flags = [_FALSE] * (len(self._pieces) - 1)
        for place in places:
            flags[place] = _TRUE
        parts = [self._pieces[0]]
        for flag, piece in zip(flags, self._pieces[1:], strict=True):
            parts += (flag, piece)
        return b"".join(parts)

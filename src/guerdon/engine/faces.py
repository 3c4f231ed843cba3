"""Faces: what others see of a member, kept in memory for those whom many look at.

Rule: a face is as new as its revision; who changes one tells it (`FACES`). Only where that message
is lost, a name may be old for ten seconds.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from time import monotonic

from guerdon.engine.outcomes import Face
from guerdon.engine.ports import Members
from guerdon.engine.records import Topic
from guerdon.engine.revisions import Revisions

FACES = Topic("faces", "")
"""Told when the face of any member of a program has changed."""

SECONDS_MAX = 10.0
_KEPT_MAX = 20_000


@dataclass(slots=True)
class _Kept:
    """The faces of one program that were read under one revision."""

    revision: int | None
    until: float
    faces: dict[str, Face] = field(default_factory=dict)


class Faces:
    """The faces that were looked at last, by program."""

    def __init__(self, members: Members, revisions: Revisions) -> None:
        self._members = members
        self._revisions = revisions
        self._kept: dict[str, _Kept] = {}

    async def of(self, program: str, ids: Collection[str]) -> dict[str, Face]:
        """Return faces by member id, those that are not at hand in one read; nobody's is missing.

        Raises:
            StoreDown: MongoDB does not answer.
        """
        kept = self._current(program)
        found = {each: kept.faces[each] for each in ids if each in kept.faces}
        if len(found) < len(ids):
            missing = [each for each in ids if each not in found]
            fresh = await self._members.faces(program, missing)
            if len(kept.faces) + len(fresh) <= _KEPT_MAX:
                kept.faces |= fresh
            found |= fresh
        return found

    def _current(self, program: str) -> _Kept:
        revision, now = self._revisions.of(program, FACES), monotonic()
        kept = self._kept.get(program)
        if kept is None or revision is None or kept.revision != revision or now >= kept.until:
            kept = self._kept[program] = _Kept(revision, now + SECONDS_MAX)
        return kept

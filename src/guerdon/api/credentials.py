"""Credentials that were checked a moment ago, so that a busy client is not looked up each time.

The rule: what is remembered is dropped when a revoked key or a merger is told, and after a second
at the latest; a token never outlives its expiry by that. Tokens themselves are not kept in memory,
only their digests.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic

from guerdon.engine import keys, tokens
from guerdon.engine.keys import KEYS
from guerdon.engine.project import MERGERS
from guerdon.engine.world import Caller, World

KEY_MARK = "gk_"
SECONDS_MAX = 1.0
_KEPT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class _Checked:
    """Whose credential it is, until when that is believed, and under which revision."""

    caller: Caller
    until: float
    revision: int | None


class Credentials:
    """The credentials that one process has let in."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._checked: OrderedDict[bytes, _Checked] = OrderedDict()

    async def caller(self, token: str) -> Caller:
        """Return whose credential this is.

        Raises:
            Unauthenticated: It is of nobody, or no longer.
        """
        digest = hashlib.sha256(token.encode()).digest()
        known = self._checked.get(digest)
        if known is not None and self._is_good(known):
            return known.caller
        asked_at = monotonic()
        caller = await self._check(token)
        checked = _Checked(caller, self._until(caller, asked_at), self._revision(caller))
        self._checked[digest] = checked
        self._checked.move_to_end(digest)
        if len(self._checked) > _KEPT_MAX:
            self._checked.popitem(last=False)
        return caller

    async def _check(self, token: str) -> Caller:
        if token.startswith(KEY_MARK):
            return await keys.check(self._world, token)
        return await tokens.check(self._world, token)

    def _until(self, caller: Caller, asked_at: float) -> float:
        if caller.expires_at is None:
            return asked_at + SECONDS_MAX
        left = (caller.expires_at - self._world.clock()) / 1_000
        return asked_at + min(SECONDS_MAX, left)

    def _is_good(self, known: _Checked) -> bool:
        return monotonic() < known.until and self._revision(known.caller) == known.revision

    def _revision(self, caller: Caller) -> int | None:
        topic = MERGERS if caller.key_id is None else KEYS
        return self._world.revisions.of(caller.program, topic)

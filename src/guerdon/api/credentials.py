"""Credentials that were checked a moment ago, so that a busy client is not looked up each time.

The rule: what is remembered is dropped when a revoked key or a merger is told, and after a second
at the latest; a token never outlives its expiry by that. What was told while a credential was being
looked up counts, too. Tokens themselves are not kept in memory, only their digests.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from guerdon.engine import keys, tokens
from guerdon.engine.keys import KEYS
from guerdon.engine.project import MERGERS
from guerdon.engine.world import Caller, World

KEY_MARK = "gk_"
SECONDS_MAX = 1.0
_KEPT_MAX = 10_000


Granted = TypeVar("Granted")


@dataclass(frozen=True, slots=True)
class Checked:
    """Whose credential it is, until when that is believed, and under which revision."""

    caller: Caller
    until: float
    revision: int | None


class Credentials(Generic[Granted]):
    """The credentials that one process has let in, and what `grant` made of each."""

    def __init__(self, world: World, grant: Callable[[Checked], Granted]) -> None:
        self._world = world
        self._grant = grant
        self._known: OrderedDict[bytes, tuple[Checked, Granted]] = OrderedDict()

    async def granted(self, token: str) -> Granted:
        """Return what is granted to whoever has this credential.

        Raises:
            Unauthenticated: It is of nobody, or no longer.
        """
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and self.is_good(known[0]):
            return known[1]
        asked_at, heard = monotonic(), self._world.revisions.newest
        caller = await self._check(token)
        revision = self._revision(caller)
        has_moved = revision is not None and revision > heard
        until = asked_at if has_moved else self._until(caller, asked_at)
        checked = Checked(caller, until, revision)
        granted = self._grant(checked)
        self._known[digest] = checked, granted
        self._known.move_to_end(digest)
        if len(self._known) > _KEPT_MAX:
            self._known.popitem(last=False)
        return granted

    def is_good(self, checked: Checked) -> bool:
        """Tell whether a credential that was checked need not be checked again yet."""
        return monotonic() < checked.until and self._revision(checked.caller) == checked.revision

    async def _check(self, token: str) -> Caller:
        if token.startswith(KEY_MARK):
            return await keys.check(self._world, token)
        return await tokens.check(self._world, token)

    def _until(self, caller: Caller, asked_at: float) -> float:
        if caller.expires_at is None:
            return asked_at + SECONDS_MAX
        left = (caller.expires_at - self._world.clock()) / 1_000
        return asked_at + min(SECONDS_MAX, left)

    def _revision(self, caller: Caller) -> int | None:
        topic = MERGERS if caller.key_id is None else KEYS
        return self._world.revisions.of(caller.program, topic)

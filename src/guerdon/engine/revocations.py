"""Tokens taken back before they expire: a member's, all of them, from an instant on.

Rule: tokens cannot be looked up, so what is kept is who was signed out and when; each process reads
that list every half minute, and open sockets are held against it as often. Accounts that were
merged are one person's: tokens of each go with those of the other, before the merger and after it.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from guerdon.core.activity import Instant
from guerdon.engine.credential_ports import Revocations
from guerdon.engine.records import StoreDown

KEPT_MS = 31 * 86_400_000
"""Longer than any token is good for."""

_NEVER = float("-inf")


class RevocationList:
    """Who was signed out, as it was known at most `poll_seconds` ago."""

    def __init__(
        self,
        store: Revocations,
        *,
        poll_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._known: Mapping[tuple[str, str], Instant] = {}
        self._read_at = _NEVER
        self._reading = asyncio.Lock()

    async def covers(self, program: str, member: str, issued_at: Instant) -> bool:
        """Tell whether a token that was signed at `issued_at` was taken back since."""
        await self._keep_up()
        at = self._known.get((program, member))
        return at is not None and issued_at < at

    async def revoke(self, program: str, member: str, now: Instant) -> None:
        """Take all tokens of a member back that were signed before now."""
        forget_before = Instant(now - KEPT_MS)
        await self._store.add(program, member, now, forget_before=forget_before)
        self._read_at = _NEVER

    async def _keep_up(self) -> None:
        if self._clock() - self._read_at <= self._poll_seconds:
            return
        async with self._reading:
            if self._clock() - self._read_at <= self._poll_seconds:
                return
            try:
                self._known = await self._store.list_all()
            except StoreDown:
                if self._read_at == _NEVER:
                    raise
            self._read_at = self._clock()

"""Back-pressure: a clear "come back later" instead of queues without bound.

Rule: how deep the inboxes are is looked at once a second and process, beside the requests, so that
asking costs nothing; a burst may overshoot by what one second brings.
"""

import asyncio
from time import monotonic

from guerdon.engine.ports import Inbox
from guerdon.engine.records import StoreDown
from guerdon.engine.refusals import ComeBack

_LOOK_SECONDS = 1.0
_RETRY_MS = 2_000


class InboxPressure:
    """See `engine.world.Pressure`."""

    def __init__(self, inbox: Inbox, *, waiting_max: int) -> None:
        self._inbox = inbox
        self._waiting_max = waiting_max
        self._looked: dict[str, float] = {}
        self._full: dict[str, bool] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._parked: dict[str, tuple[float, bool]] = {}

    async def check(self, program: str) -> None:
        """Let pass, or refuse; the first look at a program is waited for."""
        now = monotonic()
        if now - self._looked.get(program, -_LOOK_SECONDS) >= _LOOK_SECONDS:
            self._looked[program] = now
            task = asyncio.create_task(self._look(program))
            self._looking[program] = task
            if program not in self._full:
                await task
        if self._full.get(program, False):
            raise ComeBack(_RETRY_MS)

    async def is_parking_full(self, program: str) -> bool:
        """Tell whether as many are parked as may wait; looked at once a second, when asked."""
        now = monotonic()
        looked, is_full = self._parked.get(program, (-_LOOK_SECONDS, False))
        if now - looked >= _LOOK_SECONDS:
            counted = await self._inbox.parked_total(program, self._waiting_max)
            is_full = counted >= self._waiting_max
            self._parked[program] = now, is_full
        return is_full

    async def _look(self, program: str) -> None:
        deepest = self._waiting_max + 1
        try:
            depth = await self._inbox.depth(program, deepest)
        except StoreDown:
            return  # writing will say so itself
        self._full[program] = depth > self._waiting_max

"""Revisions: how often something that several readers share has changed, as this process hears it.

Rule: a revision only ever says "moved"; what is kept under one is thrown away then, and read again.
A message that was lost leaves a revision standing, so whoever keeps anything also bounds its age.
A topic is listened to from the first question on, until nobody has asked for a while.
"""

import asyncio
from contextlib import suppress

from guerdon.engine.live_ports import Channels
from guerdon.engine.records import Topic
from guerdon.engine.refusals import LiveDown

_IDLE_SECONDS = 60.0


class _Followed:
    """One topic: its number, once it is heard, and whether it was asked for of late."""

    __slots__ = ("is_wanted", "number", "task")

    def __init__(self) -> None:
        self.number: int | None = None
        self.is_wanted = True
        self.task: asyncio.Task[None] | None = None


class Revisions:
    """The revisions of one process, on one event loop; numbers are never used twice."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._followed: dict[tuple[str, Topic], _Followed] = {}
        self.newest = 0
        """The last number that was given to any topic: what is above it has moved since."""

    def of(self, program: str, topic: Topic) -> int | None:
        """Return a topic's revision, None as long as its changes are not heard yet."""
        key = program, topic
        found = self._followed.get(key)
        if found is None:
            found = self._followed[key] = _Followed()
            found.task = asyncio.get_running_loop().create_task(self._follow(key, found))
        found.is_wanted = True
        return found.number

    def _next(self) -> int:
        self.newest += 1
        return self.newest

    async def tell(self, program: str, topic: Topic) -> None:
        """Say that a topic's matter has changed: here at once, elsewhere as soon as they hear it.

        Where nobody can be told, they see it when what they keep is old enough.
        """
        found = self._followed.get((program, topic))
        if found is not None and found.number is not None:
            found.number = self._next()
        with suppress(LiveDown):
            await self._channels.announce(program, [topic])

    async def _follow(self, key: tuple[str, Topic], found: _Followed) -> None:
        clock = asyncio.get_running_loop().time
        try:
            async with self._channels.listen(key[0], [key[1]]) as signal:
                while found.is_wanted:
                    found.is_wanted = False
                    until = clock() + _IDLE_SECONDS
                    while (left := until - clock()) > 0:
                        # The first news is that listening has begun.
                        if await signal.wait(max(round(left * 1_000), 1)):
                            found.number = self._next()
        finally:
            if self._followed.get(key) is found:
                del self._followed[key]

    async def close(self) -> None:
        """Listen to nothing any more."""
        tasks = [found.task for found in self._followed.values() if found.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

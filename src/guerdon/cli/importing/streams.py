"""Sending in several streams at once.

The rule: all lines of a member go through one stream, one batch after the other and in the order of
the file, because activities of a member are decided in their order of arrival. Different members
may overtake each other.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from zlib import crc32

from guerdon.cli.importing.activities import Activity
from guerdon.cli.importing.remote import Receipt, Remote


@dataclass(slots=True)
class Batch:
    """Activities that are sent together, each with the number of its line."""

    stream: int
    activities: list[Activity] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


class Streams:
    """`answered` is told of each batch, in order within a stream.

    A stream has one batch on its way and one that is being filled: whoever puts lines in waits for
    the service as soon as it is ahead by that much.
    """

    def __init__(
        self,
        remote: Remote,
        *,
        count: int,
        batch: int,
        answered: Callable[[Batch, list[Receipt]], None],
    ) -> None:
        self._remote = remote
        self._batch = batch
        self._answered = answered
        self._filling = [Batch(stream) for stream in range(count)]
        self._sending: list[asyncio.Task[None] | None] = [None] * count

    def of(self, activity: Activity) -> int:
        """Return the stream of an activity: the same in every run."""
        member = activity.get("member") or {}
        return crc32(str(member.get("externalId", "")).encode(errors="surrogatepass")) % len(
            self._filling
        )

    async def put(self, line: int, activity: Activity, stream: int) -> None:
        """Take one line; raises what went wrong with an earlier batch of its stream."""
        filling = self._filling[stream]
        filling.activities.append(activity)
        filling.lines.append(line)
        if len(filling.lines) >= self._batch:
            await self._send(stream)

    async def finish(self) -> None:
        """Send what is left and wait for all answers."""
        for stream, filling in enumerate(self._filling):
            if filling.lines:
                await self._send(stream)
        await self.settle()

    async def settle(self) -> None:
        """Wait for the answers to what is on its way, and send no more."""
        for sending in self._sending:
            if sending:
                await sending

    def cancel(self) -> None:
        """Wait for nothing: what is on its way may or may not have been taken."""
        for sending in self._sending:
            if sending:
                sending.cancel()

    async def _send(self, stream: int) -> None:
        """Send the batch that was filled, as soon as the one before it was answered."""
        if earlier := self._sending[stream]:
            await earlier
        filled, self._filling[stream] = self._filling[stream], Batch(stream)
        self._sending[stream] = asyncio.create_task(self._record(filled))
        await asyncio.sleep(0)

    async def _record(self, batch: Batch) -> None:
        self._answered(batch, await self._remote.record(batch.activities))

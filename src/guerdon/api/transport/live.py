"""Shared subscriptions: one execution and one serialised answer for everybody who sees the same.

The rule: what is shared is a state, of which only the latest counts. A follower holds a position
and not a queue; one that reads slowly finds the newest state when it comes back, has skipped those
between, and has cost no memory. Histories, of which every item counts, are never shared: they run
one execution each and rely on back-pressure.

Which subscriptions are one is the application's word (`hooks.share`).
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing

from guerdon.api.transport.errors import Refused
from guerdon.api.transport.execution import StreamFailed


class SharedStream:
    """One running subscription and its latest state; followers wait for the next position."""

    __slots__ = (
        "_ended",
        "_failure",
        "_followers",
        "_on_idle",
        "_task",
        "_waiting",
        "body",
        "position",
        "text",
    )

    def __init__(self, on_idle: Callable[[], None]) -> None:
        self.position = 0
        self.body = b""
        self.text = ""
        self._on_idle = on_idle
        self._followers = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._ended = False
        self._failure: StreamFailed | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether further states may come."""
        return not self._ended

    def start(self, source: AsyncGenerator[bytes, None], interval_seconds: float) -> None:
        """Begin to read the source, at most one state an interval."""
        self._task = asyncio.create_task(self._read(source, interval_seconds))

    async def follow(self) -> AsyncGenerator["SharedStream", None]:
        """Yield this stream whenever it has a state that this follower has not seen.

        Raises:
            StreamFailed: The source failed.
        """
        position = 0
        self._followers += 1
        try:
            while True:
                if self.position != position:
                    position = self.position
                    yield self
                elif self._ended:
                    if self._failure is not None:
                        raise self._failure
                    return
                else:
                    await self._news()
        finally:
            self._followers -= 1
            if self._followers == 0:
                self._on_idle()

    async def stop(self) -> None:
        """End the execution and close its source."""
        self._end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _news(self) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await waiting
        finally:
            self._waiting.discard(waiting)

    async def _read(self, source: AsyncGenerator[bytes, None], interval_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with aclosing(source) as states:
                async for body in states:
                    shown_at = loop.time()
                    self._show(body)
                    await asyncio.sleep(max(0.0, shown_at + interval_seconds - loop.time()))
        except StreamFailed as failure:
            self._failure = failure
        except Refused as refused:
            self._failure = StreamFailed(refused.errors)
        finally:
            self._end()

    def _show(self, body: bytes) -> None:
        self.body = body
        self.text = body.decode()
        self.position += 1
        self._wake()

    def _end(self) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for follower in waiting:
            if not follower.done():
                follower.set_result(None)


class SharedStreams:
    """The shared subscriptions that run now, by what they depend on."""

    def __init__(self) -> None:
        self._running: dict[Hashable, SharedStream] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def join(
        self,
        key: Hashable,
        source: Callable[[], AsyncGenerator[bytes, None]],
        *,
        interval_seconds: float,
    ) -> SharedStream:
        """Return the stream under `key`, started from `source` if nobody follows it yet."""
        running = self._running.get(key)
        if running is not None and running.is_open:
            return running
        stream = SharedStream(lambda: self._leave(key, stream))
        self._running[key] = stream
        stream.start(source(), interval_seconds)
        return stream

    def _leave(self, key: Hashable, stream: SharedStream) -> None:
        """Stop a stream that nobody follows any more."""
        if self._running.get(key) is stream:
            del self._running[key]
        task = asyncio.ensure_future(stream.stop())
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

"""Shared subscriptions: one execution and one serialised answer for everybody who sees the same.

The rule: what is shared is a state, of which only the latest counts. A follower holds a position
and not a queue; one that reads slowly finds the newest state when it comes back, has skipped those
between, and has cost no memory. Histories, of which every item counts, are never shared: they run
one execution each and rely on back-pressure.

Which subscriptions are one is the application's word (`hooks.share`).
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable, Iterator
from contextlib import aclosing, contextmanager

from guerdon.api.transport.errors import Refused
from guerdon.api.transport.execution import Answer, StreamFailed
from guerdon.api.transport.personal import Stencil

FOLLOWERS_AT_ONCE = 250
"""After so many, the loop turns to others: a thousand sockets are some fifteen milliseconds."""


Show = Callable[["SharedStream"], None]
"""Called with every new state. It must neither wait nor fail; a slow reader skips states."""


class SharedStream:
    """One running subscription and its latest state: `position` counts states, from 1.

    `bodies` and `texts` hold what was written of it so far, by viewer; None is everybody whom no
    flag of it is about.
    """

    __slots__ = (
        "_answer",
        "_bodies",
        "_ended",
        "_failure",
        "_followers",
        "_on_idle",
        "_task",
        "_texts",
        "position",
    )

    def __init__(self, on_idle: Callable[[], None]) -> None:
        self.position = 0
        self._answer = Answer(None)
        self._bodies: dict[str | None, bytes] = {}
        self._texts: dict[str | None, str] = {}
        self._on_idle = on_idle
        self._followers: dict[object, Show] = {}
        self._ended = asyncio.Event()
        self._failure: StreamFailed | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether further states may come."""
        return not self._ended.is_set()

    def show(self, answer: Answer) -> None:
        """Make this the latest state."""
        self._answer = answer
        self._bodies.clear()
        self._texts.clear()
        self.position += 1

    def body(self, viewer: str | None) -> bytes:
        """Return the latest state as JSON as a viewer sees it, written once for all alike."""
        data = self._answer.data
        own = viewer if isinstance(data, Stencil) and viewer in data.viewers else None
        body = self._bodies.get(own)
        if body is None:
            body = self._bodies[own] = self._answer.body(viewer=own)
        return body

    def text(self, viewer: str | None) -> str:
        """Return `body` as a text."""
        data = self._answer.data
        own = viewer if isinstance(data, Stencil) and viewer in data.viewers else None
        text = self._texts.get(own)
        if text is None:
            text = self._texts[own] = self.body(own).decode()
        return text

    def start(self, source: AsyncGenerator[Answer, None], interval_seconds: float) -> None:
        """Begin to read the source, at most one state an interval."""
        self._task = asyncio.create_task(self._read(source, interval_seconds))

    async def follow(self, show: Show) -> None:
        """Hand every state to `show`, the present one at once, until the source ends.

        Raises:
            StreamFailed: The source failed.
        """
        with self._followed(show):
            await self._ended.wait()
        if self._failure is not None:
            raise self._failure

    @contextmanager
    def _followed(self, show: Show) -> Iterator[None]:
        """Count a follower from this very instant: a stream that nobody follows is stopped."""
        follower = object()
        self._followers[follower] = show
        try:
            if self.position:
                show(self)
            yield
        finally:
            del self._followers[follower]
            if not self._followers:
                self._on_idle()

    async def states(self, viewer: str | None) -> AsyncGenerator[bytes, None]:
        """Yield the states that a reader is quick enough to see, each as JSON for this viewer.

        Raises:
            StreamFailed: The source failed.
        """
        news = asyncio.Event()
        with self._followed(lambda _stream: news.set()):
            ending = asyncio.ensure_future(self._ended.wait())
            ending.add_done_callback(lambda _done: news.set())
            try:
                while self.is_open:
                    await news.wait()
                    news.clear()
                    if self.is_open:
                        yield self.body(viewer)
            finally:
                ending.cancel()
                await asyncio.wait([ending])
        if self._failure is not None:
            raise self._failure

    async def stop(self) -> None:
        """End the execution and close its source."""
        self._ended.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _read(self, source: AsyncGenerator[Answer, None], interval_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with aclosing(source) as states:
                async for answer in states:
                    shown_at = loop.time()
                    self.show(answer)
                    await self._tell()
                    await asyncio.sleep(max(0.0, shown_at + interval_seconds - loop.time()))
        except StreamFailed as failure:
            self._failure = failure
        except Refused as refused:
            self._failure = StreamFailed(refused.errors)
        finally:
            self._ended.set()

    async def _tell(self) -> None:
        for number, show in enumerate(list(self._followers.values()), start=1):
            show(self)
            if number % FOLLOWERS_AT_ONCE == 0:
                await asyncio.sleep(0)


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
        source: Callable[[], AsyncGenerator[Answer, None]],
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

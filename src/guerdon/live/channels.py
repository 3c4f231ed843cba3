"""Live channels: publish and subscribe, used as wake-ups only.

Rule: a message carries nothing but its arrival, and a lost one costs no more than the poll
interval of whoever waits: after every new connection all listeners are woken, because anything may
have happened in between. One connection listens for the whole process; a silent one is asked for a
sign of life, because a way that breaks without a word would leave it deaf for good.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from guerdon.engine.records import Topic
from guerdon.engine.refusals import LiveDown
from guerdon.live.client import Live, Scripts

_PAUSE_SECONDS = 0.2
_PAUSE_SECONDS_MAX = 2.0
_SILENCE_SECONDS = 10.0
"""After so long without a word the server is asked for one, and so long it has for the answer."""

# One call for a whole batch: hundreds of commands would cost the caller more than the server.
_PUBLISH = "for _, name in ipairs(ARGV) do redis.call('PUBLISH', name, '') end"


class Wakes:
    """See `engine.world.Signal`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wake whoever waits."""
        self._event.set()

    async def wait(self, timeout_ms: int) -> bool:
        """Wait for a change since the last call; False when none came in time."""
        try:
            async with asyncio.timeout(timeout_ms / 1_000):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class LiveChannels:
    """See `engine.world.Channels`."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._scripts = Scripts(live, publish=_PUBLISH)
        self._listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, _Listener] = (
            WeakKeyDictionary()
        )

    @asynccontextmanager
    async def listen(self, program: str, topics: Collection[Topic]) -> AsyncIterator[Wakes]:
        """Listen until the context ends."""
        listener = self._listener()
        names = [self._name(program, topic) for topic in topics]
        signal = Wakes()
        try:
            await listener.add(names, signal)
            yield signal
        finally:
            await listener.remove(names, signal)

    async def announce(self, program: str, topics: Collection[Topic]) -> None:
        """Say that these changed, in one round trip.

        Raises:
            LiveDown: Redis does not answer.
        """
        if not topics:
            return
        names = [self._name(program, topic) for topic in topics]
        await self._scripts.run(
            lambda client: client.evalsha(self._scripts.hash("publish"), 0, *names)
        )

    def _name(self, program: str, topic: Topic) -> str:
        return f"{self._live.namespace}:live:{program}:{topic.kind}:{topic.name}"

    def _listener(self) -> "_Listener":
        loop = asyncio.get_running_loop()
        found = self._listeners.get(loop)
        if found is None:
            found = self._listeners[loop] = _Listener(self._live)
        return found

    async def close(self) -> None:
        """End the running loop's listener."""
        listener = self._listeners.pop(asyncio.get_running_loop(), None)
        if listener is not None:
            await listener.close()


class _NoSecondTry(Retry):
    """Lets a failure end the connection.

    The library's own retry would connect anew even with no try left, and a reader and a subscriber
    that both do so leave one of two sockets to nobody.
    """

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 0)

    async def call_with_retry(self, do: Any, *_unasked: Any, **_also: Any) -> Any:
        return await do()


class _Listener:
    """One connection that listens, by channel, for everybody in this process."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._signals: dict[str, set[Wakes]] = {}
        self._changing = asyncio.Lock()
        self._pubsub: Any = None
        self._client: Any = None
        self._task: asyncio.Task[None] | None = None
        self._has_names = asyncio.Event()
        self._pause = _PAUSE_SECONDS

    async def add(self, names: Collection[str], signal: Wakes) -> None:
        fresh = [name for name in names if name not in self._signals]
        for name in names:
            self._signals.setdefault(name, set()).add(signal)
        self._has_names.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        elif fresh:
            await self._tell("subscribe", fresh)

    async def remove(self, names: Collection[str], signal: Wakes) -> None:
        for name in names:
            self._signals.get(name, set()).discard(signal)
        left = [name for name in names if not self._signals.get(name, True)]
        for name in left:
            del self._signals[name]
        if left:
            await self._tell("unsubscribe", left)

    async def _tell(self, verb: str, names: Collection[str] = ()) -> None:
        """Change the subscription, or ping; a failure is left to the reader, who connects anew."""
        pubsub = self._pubsub
        if pubsub is None:
            return
        with contextlib.suppress(RedisError, OSError):
            async with self._changing:
                if pubsub is self._pubsub:
                    await getattr(pubsub, verb)(*names)

    async def _run(self) -> None:
        while True:
            try:
                await self._read()
            except (RedisError, OSError, LiveDown):
                await self._disconnect()
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, _PAUSE_SECONDS_MAX)

    async def _read(self) -> None:
        """Subscribe to everything that is wanted, wake everybody, then follow until it breaks."""
        await self._has_names.wait()
        self._client = self._live.connect(timeout_seconds=None, retry=_NoSecondTry())
        pubsub = self._client.pubsub()
        names = list(self._signals)
        await pubsub.subscribe(*(names or [f"{self._live.namespace}:live"]))
        self._pubsub = pubsub
        late = [name for name in self._signals if name not in names]
        if late:
            await self._tell("subscribe", late)
        is_asked = False
        while True:
            message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
            if message is None:
                if is_asked:
                    raise LiveDown
                is_asked = True
                await self._tell("ping")
                continue
            is_asked = False
            self._pause = _PAUSE_SECONDS
            if message["type"] in ("message", "subscribe"):
                # A subscription that has begun counts as news: what came before it was not heard.
                for signal in tuple(self._signals.get(message["channel"].decode(), ())):
                    signal.set()

    async def _disconnect(self) -> None:
        """Close what there is, after whoever is changing the subscription on it."""
        pubsub, self._pubsub = self._pubsub, None
        client, self._client = self._client, None
        async with self._changing:
            for closing in (pubsub, client):
                if closing is not None:
                    with contextlib.suppress(RedisError, OSError):
                        await closing.aclose()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._disconnect()

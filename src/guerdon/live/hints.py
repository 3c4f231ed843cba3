"""Hints: Dramatiq messages that say "score this lane", sent beside the request, never in its way.

Rule: a hint carries nothing and may be lost, for the sweep finds what waits. So a process that
accepts only notes which lanes to wake; one task sends what was noted, on a thread, with a short
deadline, and forgets what could not be sent.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable
from weakref import WeakKeyDictionary

from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from guerdon.live.client import BROKER_DB, with_db

QUEUE = "score"
ACTOR = "score_lane"


def redis_broker(
    url: str, *, namespace: str, timeout_seconds: float, heartbeat_ms: int = 15_000
) -> RedisBroker:
    """Return a broker without middleware, with deadlines of its own.

    A dead worker's messages are looked for far more often than by default, where it can take half
    an hour.
    """
    client = Redis.from_url(
        with_db(url, BROKER_DB),
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        namespace=f"{namespace}:dramatiq",
        middleware=[],
        heartbeat_timeout=heartbeat_ms,
        maintenance_chance=50_000,
    )


class LiveHints:
    """See `engine.world.Hints`."""

    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker
        self._senders: WeakKeyDictionary[asyncio.AbstractEventLoop, _Sender] = WeakKeyDictionary()

    def wake(self, program: str, lanes: Collection[int]) -> None:
        """Note that something waits; returns at once."""
        loop = asyncio.get_running_loop()
        sender = self._senders.get(loop)
        if sender is None:
            sender = self._senders[loop] = _Sender(self._broker)
        sender.note((program, lane) for lane in lanes)

    async def close(self) -> None:
        """End the running loop's sender; what it noted is left to the sweep."""
        sender = self._senders.pop(asyncio.get_running_loop(), None)
        if sender is not None:
            await sender.close()


class _Sender:
    """What is noted and the task that sends it."""

    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker
        self._noted: dict[tuple[str, int], None] = {}
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def note(self, lanes: Iterable[tuple[str, int]]) -> None:
        self._noted.update(dict.fromkeys(lanes))
        self._news.set()

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            noted, self._noted = self._noted, {}
            await asyncio.to_thread(self._send, list(noted))

    def _send(self, lanes: list[tuple[str, int]]) -> None:
        with contextlib.suppress(BrokerConnectionError, RedisError, OSError):
            for program, lane in lanes:
                self._broker.enqueue(
                    Message(
                        queue_name=QUEUE,
                        actor_name=ACTOR,
                        args=(program, lane),
                        kwargs={},
                        options={},
                    )
                )

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

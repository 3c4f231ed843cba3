"""Hints: Dramatiq messages that say "score this lane", sent beside the request, never in its way.

Rule: a hint carries nothing and may be lost, for the sweep finds what waits. So a process that
accepts only notes which lanes to wake; one task sends what was noted, on a thread, with a short
deadline, and forgets what could not be sent. While a hint for a lane is under way, a flag that
falls by itself after a second keeps others from sending one more.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable
from typing import Any
from weakref import WeakKeyDictionary

from dramatiq import Message
from dramatiq.errors import BrokerConnectionError
from redis.exceptions import RedisError

from guerdon.engine.refusals import LiveDown
from guerdon.live.broker import connect_anew, redis_broker, redis_client
from guerdon.live.client import LIVE_DB, Live

QUEUE = "score"
ACTOR = "score_lane"
_FLAG_MS = 1_000


class LiveHints:
    """See `engine.live_ports.Hints`."""

    def __init__(self, live: Live, url: str, *, timeout_seconds: float) -> None:
        self._live = live
        self._broker = redis_broker(url, namespace=live.namespace, timeout_seconds=timeout_seconds)
        self._flags = redis_client(url, LIVE_DB, timeout_seconds)
        self._senders: WeakKeyDictionary[asyncio.AbstractEventLoop, _Sender] = WeakKeyDictionary()

    def wake(self, program: str, lanes: Collection[int]) -> None:
        """Note that something waits; returns at once."""
        loop = asyncio.get_running_loop()
        sender = self._senders.get(loop)
        if sender is None:
            sender = self._senders[loop] = _Sender(self._send)
        sender.note((program, lane) for lane in lanes)

    async def heard(self, program: str, lane: int) -> None:
        """Say that a lane is looked at now; should that fail, the flag falls by itself."""
        name = self._flag(program, lane)
        with contextlib.suppress(LiveDown):
            await self._live.ask(lambda client: client.delete(name))

    def _send(self, lanes: list[tuple[str, int]]) -> None:
        try:
            with self._flags.pipeline(transaction=False) as pipe:
                for program, lane in lanes:
                    pipe.set(self._flag(program, lane), b"1", nx=True, px=_FLAG_MS)
                are_new = pipe.execute()
            for (program, lane), is_new in zip(lanes, are_new, strict=True):
                if is_new:
                    self._broker.enqueue(_message(program, lane))
        except (BrokerConnectionError, RedisError, OSError):
            connect_anew(self._flags)
            connect_anew(self._broker.client)

    def _flag(self, program: str, lane: int) -> str:
        return f"{self._live.namespace}:hinted:{program}:{lane}"

    async def close(self) -> None:
        """End the running loop's sender once it has sent what was noted."""
        sender = self._senders.pop(asyncio.get_running_loop(), None)
        if sender is not None:
            await sender.close()


def _message(program: str, lane: int) -> Message[None]:
    return Message(queue_name=QUEUE, actor_name=ACTOR, args=(program, lane), kwargs={}, options={})


class _Sender:
    """What is noted and the task that sends it."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._noted: dict[tuple[str, int], None] = {}
        self._news = asyncio.Event()
        self._is_closing = False
        self._task = asyncio.create_task(self._run())

    def note(self, lanes: Iterable[tuple[str, int]]) -> None:
        self._noted.update(dict.fromkeys(lanes))
        self._news.set()

    async def _run(self) -> None:
        while not (self._is_closing and not self._noted):
            await self._news.wait()
            self._news.clear()
            noted, self._noted = self._noted, {}
            if noted:
                await asyncio.to_thread(self._send, list(noted))

    async def close(self) -> None:
        self._is_closing = True
        self._news.set()
        await self._task

"""The Redis client: one an event loop, short deadlines, and a pause after a failure.

Rule: after a failure nobody waits for the server until it has answered a ping, which is sent every
second in the background; so a stalled server costs one deadline in all, and not one a call. As
many ask at once as there are connections, and the others after them: the library would take the
server of whoever has much to ask for one that is away. The broker's queues lie in database 0,
everything else in database 1, because Dramatiq's maintenance walks all keys of its own.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    ClusterDownError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from guerdon.engine.refusals import LiveDown

Answer = TypeVar("Answer")

BROKER_DB = 0
LIVE_DB = 1
_PAUSE_SECONDS = 1.0
_IN_NO_PLACE = (ReadOnlyError, ClusterDownError)
"""Refusals that say that another server is to be asked."""

_AT_ONCE_MAX = 64
"""How many ask at once; the server answers one after the other, so that more would win nothing."""


def with_db(url: str, db: int) -> str:
    """Return the address of another database of the same server."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"{url}{'&' if parts.query else '?'}db={db}"
    return urlunsplit(parts._replace(path=f"/{db}"))


class Live:
    """The connection to Redis, by event loop; `namespace` begins every key."""

    def __init__(self, url: str, *, namespace: str, timeout_seconds: float) -> None:
        self.namespace = namespace
        self._url = with_db(url, LIVE_DB)
        self._timeout_seconds = timeout_seconds
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )
        self._probes: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[None]] = (
            WeakKeyDictionary()
        )

    def connect(self, *, timeout_seconds: float | None, retry: Retry | None = None) -> Any:
        """Return a client of its own; without a deadline for who only listens."""
        return Redis.from_url(
            self._url,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=self._timeout_seconds,
            retry=retry or Retry(NoBackoff(), 0),
        )

    @property
    def client(self) -> Any:
        """The running loop's client, made on first use."""
        loop = asyncio.get_running_loop()
        found = self._clients.get(loop)
        if found is None:
            found = self.connect(timeout_seconds=self._timeout_seconds)
            self._clients[loop] = found
        return found

    async def ask(self, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """Run `work(client)`.

        Raises:
            LiveDown: Redis does not answer, or did not when it was last tried.
        """
        loop = asyncio.get_running_loop()
        if loop in self._probes:
            raise LiveDown
        try:
            return await _heard(self._in_turn(work))
        except NoScriptError:
            raise  # a question of what it knows, not of whether it answers
        except (RedisError, OSError, TimeoutError) as error:
            # A refusal comes at once, as of writes where it is full; what else is asked may pass.
            is_away = not isinstance(error, ResponseError) or isinstance(error, _IN_NO_PLACE)
            if is_away and loop not in self._probes:
                self._probes[loop] = loop.create_task(self._probe(loop))
            raise LiveDown(_reason(error)) from error

    async def _in_turn(self, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """Run `work(client)` once there is a connection for it; waiting has the same deadline."""
        loop = asyncio.get_running_loop()
        turns = self._turns.get(loop)
        if turns is None:
            turns = self._turns[loop] = asyncio.Semaphore(_AT_ONCE_MAX)
        if turns.locked():
            async with asyncio.timeout(self._timeout_seconds):
                await turns.acquire()
        else:
            await turns.acquire()
        try:
            if loop in self._probes:
                raise LiveDown  # who had the turn before found that out
            return await work(self.client)
        finally:
            turns.release()

    async def _probe(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until the server answers, on a new connection.

        The old one may lead to a server that is a replica since another took its place.
        """
        try:
            while True:
                await asyncio.sleep(_PAUSE_SECONDS)
                with contextlib.suppress(RedisError, OSError, TimeoutError):
                    await _heard(self._ping_anew())
                    return
        finally:
            del self._probes[loop]

    async def _ping_anew(self) -> None:
        await self.client.connection_pool.disconnect(inuse_connections=False)
        await self.client.ping()

    async def clear(self) -> None:
        """Delete every key of the namespace.

        Raises:
            LiveDown: Redis does not answer.
        """

        async def delete(client: Any) -> None:
            async for key in client.scan_iter(match=f"{self.namespace}:*", count=1_000):
                await client.unlink(key)

        await self.ask(delete)

    async def close(self) -> None:
        """Close the running loop's client."""
        probe = self._probes.get(asyncio.get_running_loop())
        if probe is not None:
            probe.cancel()
            await asyncio.wait([probe])
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()


async def _heard(asking: Awaitable[Answer]) -> Answer:
    """Return the answer, unless who asks was cancelled meanwhile.

    The client sends by `asyncio.wait_for`, which until Python 3.12 loses a cancellation that comes
    when all is sent: whoever ends a task that goes on asking would wait for it for ever.
    """
    task = asyncio.current_task()
    asked = task.cancelling() if task else 0
    try:
        return await asking
    finally:
        if task and task.cancelling() > asked:
            raise asyncio.CancelledError


class Scripts:
    """Lua scripts by name, called by their hash and loaded when the server does not know them."""

    def __init__(self, live: Live, **sources: str) -> None:
        self._live = live
        self._sources = sources
        self._hashes: dict[str, str] = {}

    async def load(self, client: Any) -> None:
        """Load all scripts."""
        for name, source in self._sources.items():
            self._hashes[name] = await client.script_load(source)

    def hash(self, name: str) -> str:
        """Return a script's hash; empty until the first load, which no server knows."""
        return self._hashes.get(name, "0" * 40)

    async def run(self, work: Callable[[Any], Awaitable[Answer]]) -> Answer:
        """Run `work(client)`, once more after loading where a script was unknown.

        Raises:
            LiveDown: Redis does not answer.
        """
        try:
            return await self._live.ask(work)
        except NoScriptError:
            await self._live.ask(self.load)
            return await self._live.ask(work)


def _reason(error: Exception) -> str:
    """Say what is the matter without what was sent: a refusal's first word is the server's own."""
    word = re.match(r"[A-Z]{3,}(?= )", str(error)) if isinstance(error, ResponseError) else None
    return f"{type(error).__name__} {word[0]}" if word else type(error).__name__

"""Sockets that follow a shared stream: bytes written at once, or not at all.

The rule: a state costs a ready socket one write, and a busy one nothing. A send is begun by hand
and nearly always ends there and then; only where the socket is full does a task wait for it, and
then writes the newest state, whatever came between. So a reader that does not read holds one
message, and a thousand that do cost no thousand tasks woken.
"""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from starlette.types import Send

from guerdon.api.transport.live import SharedStream


class Follower:
    """One subscription on one socket, served from a shared stream."""

    __slots__ = ("_head", "_seen", "_send", "_viewer", "_waiting")

    def __init__(self, head: str, send: Send, *, viewer: str | None) -> None:
        self._head = head
        self._viewer = viewer
        self._send = send
        self._seen = 0
        self._waiting: asyncio.Task[None] | None = None

    def show(self, stream: SharedStream) -> None:
        """Write the newest state, unless the last one is still on its way."""
        if self._waiting is not None:
            return
        sending = self._write(stream)
        try:
            awaited = sending.send(None)
        except StopIteration:
            return
        except (OSError, RuntimeError):
            return  # the socket has closed; its own loop sees it too
        self._waiting = asyncio.ensure_future(self._catch_up(_Rest(sending, awaited), stream))

    async def drain(self) -> None:
        """Wait until the last state has been written."""
        if self._waiting is not None:
            await self._waiting

    def stop(self) -> None:
        """Give up what has not been written."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def _write(self, stream: SharedStream) -> None:
        self._seen = stream.position
        text = f"{self._head}{stream.text(self._viewer)}}}"
        await self._send({"type": "websocket.send", "text": text})

    async def _catch_up(self, rest: "_Rest", stream: SharedStream) -> None:
        try:
            await rest
            while self._seen != stream.position:
                await self._write(stream)
        except (OSError, RuntimeError):
            pass  # as in `show`
        finally:
            self._waiting = None


class _Rest:
    """A coroutine that was begun by hand, to be awaited to its end by a task."""

    __slots__ = ("_awaited", "_coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        """Hand on what it waits for, step by step."""
        awaited = self._awaited
        while True:
            try:
                try:
                    yield awaited
                except BaseException as thrown:  # noqa: BLE001  # cancellation belongs to it too
                    awaited = self._coroutine.throw(thrown)
                else:
                    awaited = self._coroutine.send(None)
            except StopIteration:
                return

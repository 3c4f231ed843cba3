"""Streams over HTTP: server-sent events, and the multipart form that Apollo's clients ask for.

The rule: a stream that has begun ends in its own words (`complete`, a closing boundary), for
whatever reason: the source's end, its failure, an expired token, a stopping server. Only a client
that has gone, or no longer reads, gets nothing more.

Sockets are in `sockets`; what an operation yields is in `execution`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from graphql import OperationType
from starlette.types import Receive, Send

from guerdon.api.transport.errors import Refused
from guerdon.api.transport.execution import Answer, StreamFailed
from guerdon.api.transport.hooks import Connection, Credential
from guerdon.api.transport.negotiation import EVENT_STREAM
from guerdon.api.transport.operations import Operation
from guerdon.api.transport.parts import Parts
from guerdon.api.transport.requests import GraphQLRequest

log = logging.getLogger("guerdon.api")


class Framing(Protocol):
    """How items stand on the wire."""

    media_type: str
    opening: bytes
    heartbeat: bytes
    end: bytes

    def item(self, body: bytes) -> bytes:
        """Return one answer, framed."""
        ...


class EventFraming:
    """Server-sent events, in the mode of "distinct connections".

    Lines end in LF alone, because one of the clients cannot read CRLF, and all read LF.
    """

    media_type = f"{EVENT_STREAM}; charset=utf-8"
    opening = heartbeat = b":\n\n"
    end = b"event: complete\ndata: \n\n"

    def item(self, body: bytes) -> bytes:
        """Return one `next` event."""
        return b"event: next\ndata: " + body + b"\n\n"


class PartFraming:
    """Apollo's multipart subscriptions, `subscriptionSpec=1.0`.

    Each part ends with the boundary of the next, because clients show a part only once they have
    seen its end.
    """

    media_type = 'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0'
    opening = b"--graphql"
    heartbeat = b"\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql"
    end = b"--\r\n"

    def item(self, body: bytes) -> bytes:
        """Return one part, its answer under `payload`."""
        head = b'\r\ncontent-type: application/json\r\n\r\n{"payload":'
        return head + body + b"}\r\n--graphql"


class InstalmentFraming(PartFraming):
    """An answer in instalments, `incrementalSpec=v0.2`: each part is one, as it is."""

    media_type = 'multipart/mixed; boundary="graphql"; incrementalSpec=v0.2'

    def item(self, body: bytes) -> bytes:
        """Return one part."""
        return b"\r\ncontent-type: application/json\r\n\r\n" + body + b"\r\n--graphql"


def framing_of(media_type: str) -> Framing:
    """Return how a subscription stands on the wire."""
    return EventFraming() if media_type == EVENT_STREAM else PartFraming()


class Bodies:
    """The answers of one request, as a stream tells them."""

    def __init__(
        self, parts: Parts, credential: Credential, connection: Connection, *, may_mutate: bool
    ) -> None:
        self._parts = parts
        self._credential = credential
        self._connection = connection
        self._may_mutate = may_mutate

    async def of(self, request: GraphQLRequest) -> AsyncGenerator[bytes, None]:
        """Yield every answer; refusals and failures are answers too, for the stream has begun."""
        try:
            operation = await self._parts.operations.prepare(request, self._credential)
            if operation.kind is OperationType.MUTATION and not self._may_mutate:
                raise Refused(  # noqa: TRY301  # told in the stream, like every refusal here
                    "A mutation changes something: send it by POST.", code="METHOD_NOT_ALLOWED"
                )
            cost = await self._parts.operations.charge(operation, self._credential)
            async with aclosing(self._answers(operation, cost)) as bodies:
                async for body in bodies:
                    yield body
        except Refused as refused:
            yield Answer(None, refused.errors).body()
        except StreamFailed as failed:
            yield Answer(None, failed.errors).body()
        except Exception as error:  # noqa: BLE001  # the boundary: nothing may pass unread
            yield Answer(None, self._parts.execution.errors.unexpected(error)).body()

    async def _answers(
        self, operation: Operation, cost: dict[str, Any]
    ) -> AsyncGenerator[bytes, None]:
        if operation.kind is OperationType.SUBSCRIPTION:
            bodies = self._items(operation)
        else:
            answer = await self._parts.execution.run(
                operation, self._credential, self._connection, in_instalments=True
            )
            self._parts.operations.settle(operation.price, self._credential, cost, answer.objects)
            bodies = instalments(answer, cost, self._credential)
        async with aclosing(bodies):
            async for body in bodies:
                yield body

    async def _items(self, operation: Operation) -> AsyncGenerator[bytes, None]:
        count = self._parts.hooks.count
        count("subscription", 1)
        try:
            items = self._parts.items(operation, self._credential, self._connection)
            async with aclosing(items):
                async for body in items:
                    yield body
        finally:
            count("subscription", -1)


async def instalments(
    answer: Answer, cost: Mapping[str, Any], credential: Credential
) -> AsyncGenerator[bytes, None]:
    """Yield an answer, and what follows it."""
    yield answer.body(cost, viewer=credential.viewer)
    if answer.following is not None:
        async with aclosing(answer.following.rest) as bodies:
            async for body in bodies:
                yield body


class Stream:
    """One answer that stays open."""

    def __init__(self, parts: Parts, framing: Framing, receive: Receive, send: Send) -> None:
        self._parts = parts
        self._framing = framing
        self._receive = receive
        self._send = send
        self._must_end = asyncio.Event()
        self._written_at = 0.0

    async def run(self, bodies: AsyncGenerator[bytes, None], credential: Credential) -> None:
        """Send all bodies, until they, the client or the connection's right end.

        Raises:
            Refused: The connection may not be opened at all.
        """
        lease = self._parts.connections.admit(credential, lambda _code, _why: self._must_end.set())
        try:
            await self._start()
            await self._first_of(
                self._pump(bodies), self._beat(), self._gone(), self._must_end.wait()
            )
            await self._write(self._framing.end, last=True)
        except OSError:
            log.debug("A stream was cut: its client has gone, or no longer reads.")
        finally:
            self._parts.connections.release(lease)

    async def _pump(self, bodies: AsyncGenerator[bytes, None]) -> None:
        async with aclosing(bodies):
            async for body in bodies:
                await self._write(self._framing.item(body))

    async def _beat(self) -> None:
        """Write a heartbeat whenever nothing else has been written for as long."""
        loop = asyncio.get_running_loop()
        seconds = self._parts.options.heartbeat_seconds
        while True:
            await asyncio.sleep(self._written_at + seconds - loop.time())
            if loop.time() >= self._written_at + seconds:
                await self._write(self._framing.heartbeat)

    async def _gone(self) -> None:
        """Return when the client has hung up."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _first_of(self, *endings: Coroutine[Any, Any, object]) -> None:
        tasks = [asyncio.ensure_future(it) for it in endings]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _start(self) -> None:
        headers = [
            (b"content-type", self._framing.media_type.encode()),
            (b"cache-control", b"no-cache"),
            (b"x-accel-buffering", b"no"),
            (b"x-content-type-options", b"nosniff"),
            (b"vary", b"Accept"),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._write(self._framing.opening)

    async def _write(self, body: bytes, *, last: bool = False) -> None:
        """Write, or fail on a client that has stopped reading."""
        async with asyncio.timeout(self._parts.options.write_seconds_max):
            await self._send({"type": "http.response.body", "body": body, "more_body": not last})
        self._written_at = asyncio.get_running_loop().time()

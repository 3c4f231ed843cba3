"""graphql-transport-ws: one socket, many operations.

The rule: each operation has its own task, context and loaders, and ends alone; only what breaks the
protocol, the credential's end or the server's end closes the socket. The socket is read all the
time, so that pings, `complete` and a client's leaving are seen while answers are being written.

The older sub-protocol `graphql-ws` is not served: it let operations run before authentication.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from urllib.parse import urlsplit

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from guerdon.api.transport.bodies import headers_of
from guerdon.api.transport.connections import TOO_MANY, Lease
from guerdon.api.transport.errors import Forbidden, Refused, Unauthenticated
from guerdon.api.transport.execution import StreamFailed
from guerdon.api.transport.followers import Follower
from guerdon.api.transport.hooks import Connection, Credential
from guerdon.api.transport.live import SharedStream
from guerdon.api.transport.messages import (
    ACK,
    BAD_MESSAGE,
    DUPLICATE_ID,
    FORBIDDEN,
    INIT_TIMEOUT,
    INTERNAL,
    PONG,
    PROTOCOL,
    TOO_BIG,
    TOO_MANY_INITS,
    TRY_AGAIN,
    UNAUTHORIZED,
    WRONG_PROTOCOL,
    Close,
    Message,
    complete_message,
    error_message,
    next_head,
    read_message,
)
from guerdon.api.transport.parts import Parts
from guerdon.api.transport.requests import GraphQLRequest
from guerdon.api.transport.streams import instalments

log = logging.getLogger("guerdon.api")

REASON_BYTES_MAX = 123  # what a close frame holds


class GraphQLOverSocket:
    """The ASGI endpoint for sockets."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it closes."""
        await receive()  # websocket.connect
        if not self._may_open(scope):
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            reason = f"Speak the sub-protocol {PROTOCOL}."
            await send({"type": "websocket.close", "code": WRONG_PROTOCOL, "reason": reason})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        await Socket(self._parts, scope, receive, send).serve()

    def _may_open(self, scope: Scope) -> bool:
        """Tell whether the page that opens the socket may.

        Browsers name the page's origin and let any page open sockets anywhere; programs that are
        no browsers name none.
        """
        headers = headers_of(scope)
        if b"origin" not in headers:
            return True
        origin = headers[b"origin"].decode("latin-1")
        if origin in self._parts.options.allowed_origins:
            return True
        return urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1")


class Socket:
    """One open socket."""

    def __init__(self, parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
        self._parts = parts
        self._scope = scope
        self._receive = receive
        self._send = send
        self._connection: Connection | None = None
        self._credential: Credential | None = None
        self._lease: Lease | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._closing: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Read messages until the socket closes, then end every operation."""
        waiting = asyncio.get_running_loop().call_later(
            self._parts.options.init_seconds_max,
            self._end,
            INIT_TIMEOUT,
            "No connection_init came in time.",
        )
        try:
            while (frame := await self._receive())["type"] == "websocket.receive":
                await self._read(frame.get("text"))
                if self._credential is not None:
                    waiting.cancel()
                await asyncio.sleep(0)  # a flood of messages lets others have their turn
        except Close as close:
            await self._close(close.code, close.reason)
        except OSError:
            log.debug("A socket's client has gone.")
        except Exception:
            log.exception("A socket failed.")
            await self._close(INTERNAL, "Something failed inside: connect again.")
        finally:
            waiting.cancel()
            await self._release()

    async def _read(self, text: str | None) -> None:
        if text is None:
            raise Close(BAD_MESSAGE, "Messages are text frames.")
        if len(text) > self._parts.options.message_bytes_max:
            raise Close(TOO_BIG, "The message is too large.")
        message = read_message(text)
        match message.type:
            case "connection_init":
                await self._init(message)
            case "ping":
                await self._write(PONG)
            case "subscribe":
                self._subscribe(message)
            case "complete":
                task = self._running.pop(message.id, None)
                if task is not None:
                    task.cancel()

    async def _init(self, message: Message) -> None:
        if self._connection is not None:
            raise Close(TOO_MANY_INITS, "A socket is initialised once.")
        self._connection = Connection(self._scope, message.payload)
        try:
            credential = await self._parts.hooks.authenticate(self._connection)
            self._lease = self._parts.connections.admit(credential, self._end)
        except (Unauthenticated, Forbidden) as refused:
            raise Close(FORBIDDEN, refused.message) from None
        except Refused as refused:
            code = TOO_MANY if refused.code == "TOO_MANY_CONNECTIONS" else FORBIDDEN
            raise Close(code, refused.message) from None
        except Exception as error:
            explained = self._parts.execution.errors.explained(error)
            if explained is None:
                raise
            raise Close(TRY_AGAIN, explained.message) from None
        self._credential = credential
        await self._write(ACK)

    def _subscribe(self, message: Message) -> None:
        credential, connection, request = self._credential, self._connection, message.request
        if credential is None or connection is None or request is None:
            raise Close(UNAUTHORIZED, "Send connection_init first, and wait for its answer.")
        if message.id in self._running:
            raise Close(DUPLICATE_ID, f"An operation with the id {message.id} is running.")
        task = asyncio.create_task(self._operate(message.id, request, credential, connection))
        self._running[message.id] = task
        task.add_done_callback(lambda done: self._forget(message.id, done))

    def _forget(self, id_: str, task: asyncio.Task[None]) -> None:
        if self._running.get(id_) is task:
            del self._running[id_]
        if not task.cancelled() and task.exception() is not None:
            log.error("An operation on a socket failed.", exc_info=task.exception())

    async def _operate(
        self, id_: str, request: GraphQLRequest, credential: Credential, connection: Connection
    ) -> None:
        """Run one operation and tell its end; the id is free again before the client hears it."""
        try:
            await self._run(id_, request, credential, connection)
            last = complete_message(id_)
        except Refused as refused:
            last = error_message(id_, refused.errors)
        except StreamFailed as failed:
            last = error_message(id_, failed.errors)
        except OSError:
            return  # the client has gone; the socket's own loop sees it too
        except Exception as error:  # noqa: BLE001  # the boundary: nothing may pass unread
            last = error_message(id_, self._parts.execution.errors.unexpected(error))
        self._running.pop(id_, None)
        with suppress(OSError):
            await self._write(last)

    async def _run(
        self, id_: str, request: GraphQLRequest, credential: Credential, connection: Connection
    ) -> None:
        parts = self._parts
        if len(self._running) > parts.options.subscriptions_per_connection_max:
            raise Refused(
                f"The socket runs {parts.options.subscriptions_per_connection_max} operations, as"
                " many as it may: complete one.",
                code="TOO_MANY_SUBSCRIPTIONS",
            )
        operation = await parts.operations.prepare(request, credential)
        cost = await parts.operations.charge(operation, credential)
        head = next_head(id_)
        if operation.kind is not OperationType.SUBSCRIPTION:
            answer = await parts.answers.get(
                parts.answers.key(operation, credential),
                lambda: parts.execution.run(operation, credential, connection, in_instalments=True),
            )
            parts.operations.settle(operation.price, credential, cost, answer.objects)
            await self._all(head, instalments(answer, cost, credential))
            return
        parts.hooks.count("subscription", 1)
        try:
            shared = parts.shared_stream(operation, credential, connection)
            if shared is None:
                await self._all(head, parts.items(operation, credential, connection))
            else:
                await self._together(head, shared, credential)
        finally:
            parts.hooks.count("subscription", -1)

    async def _all(self, head: str, bodies: AsyncGenerator[bytes, None]) -> None:
        """Write one message each; a source is asked for the next once the last is written."""
        async with aclosing(bodies):
            async for body in bodies:
                await self._write(f"{head}{body.decode()}}}")

    async def _together(self, head: str, shared: SharedStream, credential: Credential) -> None:
        follower = Follower(head, self._send, viewer=credential.viewer)
        try:
            await shared.follow(follower.show)
            await follower.drain()
        finally:
            follower.stop()

    async def _write(self, text: str) -> None:
        try:
            await self._send({"type": "websocket.send", "text": text})
        except RuntimeError:  # the server's word for "it has been closed meanwhile"
            raise ConnectionResetError from None

    def _end(self, code: int, reason: str) -> None:
        """Close from outside of the reading loop, which then sees the socket closed."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close(code, reason))

    async def _close(self, code: int, reason: str) -> None:
        short = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
        with suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": code, "reason": short})

    async def _release(self) -> None:
        if self._lease is not None:
            self._parts.connections.release(self._lease)
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

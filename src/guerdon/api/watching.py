"""What the API tells those who watch: operations, answers and open connections.

Rule: kinds, outcomes and names of our own fields, never what was asked or answered.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from secrets import token_hex
from time import perf_counter
from typing import Any

from graphql import OperationType
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from guerdon.api.transport import Connection, Operation
from guerdon.engine.meters import Meters
from guerdon.engine.tracing import Tracer


class Watching:
    """The transport's hooks for whoever observes."""

    def __init__(self, meters: Meters, tracer: Tracer) -> None:
        self._meters = meters
        self._tracer = tracer

    @contextmanager
    def operation(
        self, operation: Operation, connection: Connection
    ) -> Iterator[Callable[[bool], None]]:
        """Measure an execution, within the trace that its sender began."""
        kind, outcome, begun = operation.kind.value, "failed", perf_counter()

        def told(has_errors: bool) -> None:  # noqa: FBT001 - the hook's form
            nonlocal outcome
            outcome = "errors" if has_errors else "ok"

        try:
            if self._tracer.is_on and operation.kind is OperationType.MUTATION:
                name = f"{kind} {operation.root_field}"
                with self._tracer.span(name, of=connection.headers.get("traceparent")):
                    yield told
            else:
                yield told
        finally:
            self._meters.operation(kind, outcome, perf_counter() - begun)

    def count(self, kind: str, change: int) -> None:
        """Count what is open, and what is pushed."""
        if kind == "item":
            self._meters.pushed(change)
        else:
            self._meters.connections(change, kind=kind)


_CORRELATION = re.compile(rb"[0-9a-f-]{8,64}")


class CountedAnswers:
    """An ASGI application whose answers over HTTP are counted by status.

    Log lines of a request or a socket carry its correlation id, which is the sender's
    `x-request-id` where that is a plain number or UUID in hex, and is returned under that name.
    """

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and look at the status that goes by."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        correlation = _correlation_of(scope)
        clear_contextvars()
        bind_contextvars(correlation=correlation.decode())
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        def counting(message: MutableMapping[str, Any]) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                self._meters.request(message["status"])
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", correlation)]
            return send(message)

        await self._app(scope, receive, counting)


def _correlation_of(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _CORRELATION.fullmatch(value):
            given: bytes = value
            return given
    return token_hex(8).encode()

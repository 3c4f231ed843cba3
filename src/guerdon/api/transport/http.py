"""GraphQL over HTTP: one request, one answer; or the hand-over to a stream.

The rule: every answer is JSON with `errors` where something was refused, whatever went wrong and
however early, in the media type that the client accepts and with the status code of the edition
that the operator chose.

Streams are in `streams`, the page for developers in `graphiql`.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, replace
from http import HTTPStatus

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from guerdon.api.transport.bodies import (
    ClientGone,
    Headers,
    check_content_type,
    headers_of,
    read_body,
    send_answer,
)
from guerdon.api.transport.errors import Refused
from guerdon.api.transport.execution import Answer
from guerdon.api.transport.graphiql import Page
from guerdon.api.transport.hooks import Connection, Credential
from guerdon.api.transport.hot import Hot, HotRequests
from guerdon.api.transport.negotiation import (
    EVENT_STREAM,
    GRAPHQL_JSON,
    PLAIN_JSON,
    Accepted,
    media_type_of,
    read_accept,
    status_of,
)
from guerdon.api.transport.operations import Operation
from guerdon.api.transport.parts import Parts
from guerdon.api.transport.requests import (
    GraphQLRequest,
    request_from_body,
    request_from_query_string,
    sketch_from_body,
)
from guerdon.api.transport.streams import (
    Bodies,
    InstalmentFraming,
    Stream,
    framing_of,
    instalments,
)

log = logging.getLogger("guerdon.api")

ALLOWED_METHODS = "GET, POST"
QUICKLY_READ_BYTES = 65_536
"""Larger bodies are read in a thread, and only once their document is known to be served."""

PARTIAL_SUCCESS = 294  # the draft's "data, but not all of it"


@dataclass(frozen=True, slots=True)
class _Call:
    """One HTTP request on its way."""

    scope: Scope
    headers: Headers
    receive: Receive
    send: Send
    accepted: Accepted

    @property
    def json(self) -> str:
        return self.accepted.json or GRAPHQL_JSON


class GraphQLOverHTTP:
    """The ASGI endpoint for HTTP."""

    def __init__(self, parts: Parts, page: Page, hot: HotRequests) -> None:
        self._parts = parts
        self._page = page
        self._hot = hot
        self._known: OrderedDict[bytes, GraphQLRequest] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = headers_of(scope)
        call = _Call(scope, headers, receive, send, read_accept(headers.get(b"accept", b"")))
        try:
            await self._answer(call)
        except Refused as refused:
            await self._send_refusal(call, refused)
        except ClientGone:
            log.debug("A client hung up before its request was whole.")
        except Exception as error:  # noqa: BLE001  # the boundary: nothing may pass unread
            explained = self._parts.execution.errors.explained(error)
            if explained is not None:
                await self._send_refusal(call, explained)
                return
            errors = self._parts.execution.errors.unexpected(error)
            await self._send(call, Answer(None, errors).body(), status=500)

    async def _answer(self, call: _Call) -> None:
        method = call.scope["method"]
        if method == "OPTIONS":
            await send_answer(
                call.send,
                b"",
                status=200,
                media_type=PLAIN_JSON.encode(),
                headers={"allow": ALLOWED_METHODS},
            )
            return
        if method not in {"GET", "POST"}:
            raise _not_allowed(f"{method} is not served here.", ALLOWED_METHODS)
        connection = Connection(call.scope)
        credential: Credential = await self._parts.hooks.authenticate(connection)
        if method == "GET" and call.accepted.html and credential.ide:
            await self._page.send(call.send)
            return
        if call.accepted.json is None and call.accepted.stream is None:
            raise Refused(
                f"No acceptable type: answers are {GRAPHQL_JSON}, {PLAIN_JSON} or {EVENT_STREAM}.",
                code="NOT_ACCEPTABLE",
                status=406,
            )
        request, body = await self._read(call, credential)
        if _is_streamed(call.accepted):
            await self._as_stream(call, request, credential, connection)
            return
        operation = await self._parts.operations.prepare(request, credential)
        if body is not None and len(body) > QUICKLY_READ_BYTES:
            request = await asyncio.to_thread(request_from_body, body)
            operation = replace(
                operation, variables=request.variables, extensions=request.extensions
            )
        _check_method(method, operation)
        if operation.kind is OperationType.SUBSCRIPTION:
            _check_stream(call.accepted)
            await self._as_stream(call, request, credential, connection)
            return
        hot = await self._as_json(call, operation, credential, connection)
        if hot is not None and body is not None and not request.registers:
            self._hot.remember(call.scope, body, credential, hot)

    async def _read(
        self, call: _Call, credential: Credential
    ) -> tuple[GraphQLRequest, bytes | None]:
        """Return the request, and the body that it stands in."""
        if call.scope["method"] == "GET":
            return request_from_query_string(call.scope["query_string"]), None
        check_content_type(call.headers)
        body = await read_body(call.headers, call.receive, bytes_max=credential.body_bytes_max)
        known = self._known.get(body)
        if known is not None:
            self._known.move_to_end(body)
            return known, body
        if len(body) > QUICKLY_READ_BYTES and not _is_streamed(call.accepted):
            return sketch_from_body(body), body
        request = request_from_body(body)
        if len(body) <= self._parts.options.request_cached_bytes_max:
            self._known[body] = request
            if len(self._known) > self._parts.options.requests_cached_max:
                self._known.popitem(last=False)
        return request, body

    async def _as_json(
        self, call: _Call, operation: Operation, credential: Credential, connection: Connection
    ) -> Hot | None:
        """Answer in one piece; return how to answer the same request from memory, if one may."""
        parts = self._parts
        cost = await parts.operations.charge(operation, credential)
        key = parts.answers.key(operation, credential)
        answer = await parts.answers.get(
            key,
            lambda: parts.execution.run(
                operation, credential, connection, in_instalments=call.accepted.instalments
            ),
        )
        parts.operations.settle(operation.price, credential, cost, answer.objects)
        if answer.following is None:
            body = answer.body(cost, viewer=credential.viewer)
            status = self._status(call, answer)
            await self._send(call, body, status=status)
            if key is None or answer.errors or status != HTTPStatus.OK:
                return None
            return Hot(key, operation.price, _declared(self._media_type(call, status)))
        stream = Stream(parts, InstalmentFraming(), call.receive, call.send)
        await stream.run(instalments(answer, cost, credential), credential)
        return None

    async def _as_stream(
        self,
        call: _Call,
        request: GraphQLRequest,
        credential: Credential,
        connection: Connection,
    ) -> None:
        framing = framing_of(call.accepted.stream or EVENT_STREAM)
        may_mutate = call.scope["method"] == "POST"
        bodies = Bodies(self._parts, credential, connection, may_mutate=may_mutate)
        stream = Stream(self._parts, framing, call.receive, call.send)
        await stream.run(bodies.of(request), credential)

    def _status(self, call: _Call, answer: Answer) -> int:
        if answer.data is None:
            return 500
        is_draft = self._parts.options.status_codes == "draft" and call.json == GRAPHQL_JSON
        return PARTIAL_SUCCESS if answer.errors and is_draft else 200

    async def _send_refusal(self, call: _Call, refused: Refused) -> None:
        status = status_of(refused, edition=self._parts.options.status_codes, json=call.json)
        body = Answer(None, refused.errors).body()
        await self._send(call, body, status=status, headers=refused.headers)

    async def _send(
        self, call: _Call, body: bytes, *, status: int, headers: dict[str, str] | None = None
    ) -> None:
        media_type = _declared(self._media_type(call, status))
        await send_answer(call.send, body, status=status, media_type=media_type, headers=headers)

    def _media_type(self, call: _Call, status: int) -> str:
        return media_type_of(status, edition=self._parts.options.status_codes, json=call.json)


def _declared(media_type: str) -> bytes:
    return b"%b; charset=utf-8" % media_type.encode()


def _is_streamed(accepted: Accepted) -> bool:
    """Tell whether even a single answer goes as a stream."""
    return accepted.json is None or accepted.stream_first


def _not_allowed(message: str, allowed: str) -> Refused:
    return Refused(message, code="METHOD_NOT_ALLOWED", status=405, headers={"allow": allowed})


def _check_method(method: str, operation: Operation) -> None:
    if method == "GET" and operation.kind is OperationType.MUTATION:
        raise _not_allowed("A mutation changes something: send it by POST.", "POST")


def _check_stream(accepted: Accepted) -> None:
    if accepted.stream is None:
        raise Refused(
            "A subscription needs a stream: send `Accept: text/event-stream`, or use a"
            " graphql-transport-ws socket.",
            code="BAD_REQUEST",
            status=406,
        )

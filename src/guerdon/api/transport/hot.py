"""Requests that were answered a moment ago, and are answered again from what is still kept.

The rule: the short way gives what the long one would give, or steps aside and has it look for
itself. It skips reading a request again (its head, its JSON, its document, its rights), and nothing
else: the credential must be unchanged, the operation is charged, and the answer comes from the same
store, which gives only what is young enough and still true (`answers`). Whatever is not that simple
(a meter that must ask, a refusal, a large body) goes the long way, which is `http`.

Credentials are not kept: a head is known by its digest.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guerdon.api.transport.bodies import BODY_SECONDS_MAX, send_ok
from guerdon.api.transport.errors import Refused
from guerdon.api.transport.hooks import Credential, NotAtOnce
from guerdon.api.transport.operations import Price
from guerdon.api.transport.parts import Parts

K = TypeVar("K")
V = TypeVar("V")

_READ = frozenset({b"accept", b"authorization", b"content-type"})
_CHANGING = frozenset({b"content-encoding", b"origin"})


@dataclass(frozen=True, slots=True)
class Hot:
    """What was found out about a request: under what its answer is kept, and what it costs."""

    key: Hashable
    price: Price
    media_type: bytes


class HotRequests:
    """The requests that were answered last; `remember` is told by the long way."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._credentials: OrderedDict[bytes, Credential] = OrderedDict()
        self._hot: OrderedDict[tuple[bytes, bytes], Hot] = OrderedDict()

    def __len__(self) -> int:
        return len(self._hot)

    def remember(self, scope: Scope, body: bytes, credential: Credential, hot: Hot) -> None:
        """Keep what was found out about a request, unless it is too large or not that simple."""
        options = self._parts.options
        head = _head_of(scope)
        if head is None or len(body) > options.request_cached_bytes_max:
            return
        if not self._parts.hooks.is_unchanged(credential):
            return
        _keep(self._credentials, head, credential, options.hot_requests_max)
        _keep(self._hot, (head, body), hot, options.hot_requests_max)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Answer a request; where that cannot be done, return from where it is to be read."""
        head = _head_of(scope)
        credential = None if head is None else self._credentials.get(head)
        if head is None or credential is None:
            return receive
        read: list[Message] = []
        body = await _whole(receive, read, self._parts.options.request_cached_bytes_max)
        if body is None or not await self._answered(head, credential, body, send):
            return _again(read, receive)
        return None

    async def _answered(self, head: bytes, credential: Credential, body: bytes, send: Send) -> bool:
        place = head, body
        hot = self._hot.get(place)
        if hot is None:
            return False
        parts = self._parts
        if not parts.hooks.is_unchanged(credential):
            self._credentials.pop(head, None)
            return False
        answer = parts.answers.kept(hot.key)
        if answer is None:
            return False
        try:
            cost = parts.operations.charge_at_once(hot.price, credential)
        except (NotAtOnce, Refused):  # nothing was charged
            return False
        parts.operations.settle(hot.price, credential, cost, answer.objects)
        self._credentials.move_to_end(head)
        self._hot.move_to_end(place)
        await send_ok(send, answer.body(cost, viewer=credential.viewer), hot.media_type)
        return True


class HotFirst:
    """An ASGI application before another one: it answers what is hot."""

    def __init__(self, app: ASGIApp, hot: HotRequests, *, path: str) -> None:
        self._app = app
        self._hot = hot
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == self._path:
            unread = await self._hot.answer(scope, receive, send)
            if unread is None:
                return
            receive = unread
        await self._app(scope, receive, send)


def _head_of(scope: Scope) -> bytes | None:
    """Return the digest of all in a head that an answer depends on; None for rare heads."""
    lines = []
    for line in scope["headers"]:
        name = line[0]
        if name in _READ:
            lines += line
        elif name in _CHANGING:
            return None
    return hashlib.sha256(b"\n".join(lines)).digest()


def _keep(kept: OrderedDict[K, V], key: K, value: V, count_max: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > count_max:
        kept.popitem(last=False)


async def _whole(receive: Receive, read: list[Message], bytes_max: int) -> bytes | None:
    """Return a body of at most so many bytes, None for others; `read` has what was read of it.

    Whoever sends too slowly is waited for once more, and refused, by the long way.
    """
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            while True:
                message = await receive()
                read.append(message)
                if message["type"] != "http.request":
                    return None
                piece: bytes = message.get("body", b"")
                body += piece
                if len(body) > bytes_max:
                    return None
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        return None


def _again(read: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that gives what has been read already, and then what follows."""

    async def again() -> Message:
        return read.pop(0) if read else await receive()

    return again

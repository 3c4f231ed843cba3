"""Bytes of HTTP in and out: bodies within their limit, and whole answers.

The rule: nothing is read before it is known how much the sender may send, and never more than that,
whatever `Content-Length` claims.
"""

import asyncio
from collections.abc import Iterable, Mapping
from functools import lru_cache

from starlette.types import Receive, Scope, Send

from guerdon.api.transport.errors import Refused

BODY_SECONDS_MAX = 30.0


class ClientGone(Exception):
    """The client hung up; nobody is left to answer."""


Headers = Mapping[bytes, bytes]
"""The headers of a request, by their names in lower case."""


def headers_of(scope: Scope) -> Headers:
    """Return the headers of a request; several of a name are joined, as HTTP has it."""
    lines: list[tuple[bytes, bytes]] = scope["headers"]
    found = dict(lines)
    if len(found) < len(lines):
        found = {name: b", ".join(it for key, it in lines if key == name) for name in found}
    return found


@lru_cache(maxsize=64)
def _is_json(declared: bytes) -> bool:
    media_type, *parameters = (part.strip() for part in declared.lower().split(b";"))
    charsets = [it.partition(b"=")[2].strip(b'" ') for it in parameters if it.startswith(b"char")]
    return media_type == b"application/json" and set(charsets) <= {b"utf-8", b"utf8"}


def check_content_type(headers: Headers) -> None:
    """Refuse what is not JSON in UTF-8.

    Browsers send JSON to other origins only after asking, so this is also what keeps foreign pages
    from sending requests.

    Raises:
        Refused: The body is declared as something else.
    """
    if not _is_json(headers.get(b"content-type", b"")):
        raise Refused(
            "Send the request as JSON in UTF-8, with `Content-Type: application/json`.",
            code="UNSUPPORTED_MEDIA_TYPE",
            status=415,
        )
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refused(
            "Compressed requests are not served: send the body as it is.",
            code="UNSUPPORTED_MEDIA_TYPE",
            status=415,
        )


async def read_body(headers: Headers, receive: Receive, *, bytes_max: int) -> bytes:
    """Return the whole body.

    Raises:
        Refused: It is larger than `bytes_max`, or comes too slowly.
        ClientGone: The client hung up in the middle.
    """
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length[:20]) > bytes_max:
        raise _too_large(bytes_max)
    chunks, total = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            message = await receive()
            if not message.get("more_body", False) and message["type"] == "http.request":
                return _within(message.get("body", b""), bytes_max)
            while True:
                if message["type"] == "http.disconnect":
                    raise ClientGone
                chunks.append(message.get("body", b""))
                total += len(chunks[-1])
                if total > bytes_max:
                    raise _too_large(bytes_max)
                if not message.get("more_body", False):
                    return b"".join(chunks)
                message = await receive()
    except TimeoutError:
        raise Refused(
            f"The body did not arrive within {BODY_SECONDS_MAX:g} s.",
            code="BAD_REQUEST",
            status=408,
            headers={"connection": "close"},
        ) from None


def _within(body: bytes, bytes_max: int) -> bytes:
    if len(body) > bytes_max:
        raise _too_large(bytes_max)
    return body


def _too_large(bytes_max: int) -> Refused:
    return Refused(
        f"The request is larger than the {bytes_max} bytes that this credential may send.",
        code="PAYLOAD_TOO_LARGE",
        status=413,
        headers={"connection": "close"},
    )


_ALWAYS = ((b"vary", b"Accept"), (b"x-content-type-options", b"nosniff"))
_UNSTORED = (b"cache-control", b"no-store")


async def send_ok(send: Send, body: bytes, media_type: bytes) -> None:
    """Send one whole answer with the status 200."""
    lines = [
        (b"content-type", media_type),
        (b"content-length", b"%d" % len(body)),
        *_ALWAYS,
        _UNSTORED,
    ]
    await send({"type": "http.response.start", "status": 200, "headers": lines})
    await send({"type": "http.response.body", "body": body})


async def send_answer(
    send: Send,
    body: bytes,
    *,
    status: int,
    media_type: bytes,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send one whole answer."""
    lines = [
        (b"content-type", media_type),
        (b"content-length", b"%d" % len(body)),
        *_fixed(headers or {}),
    ]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def _fixed(headers: Mapping[str, str]) -> Iterable[tuple[bytes, bytes]]:
    yield from _ALWAYS
    if "cache-control" not in headers:
        yield _UNSTORED
    for name, value in headers.items():
        yield (name.encode(), value.encode("latin-1"))

"""uvicorn's protocols with what they do not bound: heads, pieces and frames.

The rule: whoever sends very much of very little (headers, chunks of a byte, empty frames, pings) is
cut off before others notice. uvicorn takes up to a quarter of a megabyte at once and handles all of
it before anybody else has a turn, so it is handed over in slices, and no more once a bound is met.

How large bodies and messages may be is decided behind (`bodies`, `sockets`).
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

HEADERS_MAX = 100
HEAD_BYTES_MAX = 65_536
PIECES_MAX = 2_000
FRAMES_A_SECOND_MAX = 1_000
FRAGMENTS_MAX = 1_000
SLICE_BYTES = 4_096

_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"connection: close\r\ncontent-length: 37\r\n\r\nThe head of the request is too large."
)
POLICY = 1008
TOO_BIG = 1009


class Overdone(Exception):
    """A bound was met; the parser hands it on as an invalid request."""


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1 with bounded heads, and bodies in a bounded number of pieces.

    A head that is not whole after `head_seconds_max` ends its connection, so that connections which
    say nothing do not keep others out.
    """

    head_seconds_max = 30.0
    _in_head = True
    _is_overdone = False
    _looking: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _headers_bytes = 0
    _pieces = 0
    _head_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._head_since = self.loop.time()
        self._looking = self.loop.call_later(self.head_seconds_max, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        if self._looking is not None:
            self._looking.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what came, and refuse a head that has become too large without being whole."""
        super().data_received(data)
        if self._in_head and self.transport.get_protocol() is self:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse_head()

    def on_message_begin(self) -> None:
        """Begin to count anew."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = self._headers_bytes = self._pieces = 0
        self._head_since = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, unless there are too many."""
        super().on_header(name, value)
        self._headers_bytes += len(name) + len(value)
        if len(self.headers) > HEADERS_MAX or self._headers_bytes > HEAD_BYTES_MAX:
            self._is_overdone = True
            raise Overdone

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body, unless there are too many."""
        self._pieces += 1
        if self._pieces > PIECES_MAX:
            raise Overdone
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Say what was wrong with a request that could not be parsed."""
        if self._is_overdone:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def _refuse_head(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def _look(self) -> None:
        """End a connection that has been in its head for too long; look again in a while."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        if self._in_head and self.loop.time() - self._head_since >= self.head_seconds_max:
            self.transport.close()
            return
        self._looking = self.loop.call_later(self.head_seconds_max, self._look)


class SocketProtocol(WebSocketsSansIOProtocol):
    """WebSockets with a bounded number of frames a second, and of fragments of a message."""

    _frames_since = 0.0
    _frames_seen = 0

    def data_received(self, data: bytes) -> None:
        """Take what came, in slices, until it is too much."""
        for start in range(0, len(data), SLICE_BYTES):
            if self.close_sent and self.transport.is_closing():
                return
            super().data_received(data[start : start + SLICE_BYTES])

    def handle_text(self, event: Frame) -> None:
        """Take a text, or the beginning of one."""
        if self._has_room():
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Take a binary message, or the beginning of one."""
        if self._has_room():
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Take a further fragment."""
        if len(self.frames) >= FRAGMENTS_MAX:
            self._fail(TOO_BIG, "The message has too many fragments.")
        elif self._has_room():
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer a ping."""
        if self._has_room():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Take an answer to a ping."""
        if self._has_room():
            super().handle_pong(event)

    def _has_room(self) -> bool:
        """Count a frame; close where there were too many within a second."""
        now = self.loop.time()
        if now - self._frames_since >= 1:
            self._frames_since, self._frames_seen = now, 0
        self._frames_seen += 1
        if self._frames_seen > FRAMES_A_SECOND_MAX:
            self._fail(POLICY, f"A socket sends at most {FRAMES_A_SECOND_MAX} frames a second.")
        return not self.close_sent

    def _fail(self, code: int, reason: str) -> None:
        if self.close_sent:
            return
        self.conn.fail(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()


PROTOCOLS: dict[str, Any] = {"http": HttpProtocol, "ws": SocketProtocol}

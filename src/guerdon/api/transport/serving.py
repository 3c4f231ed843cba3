"""The server process: uvicorn, told about limits on sockets and about streams at its end.

The rule: a stopping server tells everybody. uvicorn closes sockets by itself (1012) but waits for
open responses, so the transport's streams are ended before it begins to wait.
"""

import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from guerdon.api.transport.protocols import PROTOCOLS

SETTINGS: dict[str, Any] = {
    **PROTOCOLS,
    "ws_max_size": 65_536,
    "ws_ping_interval": 20.0,
    "ws_ping_timeout": 20.0,
    # Compression costs a deflate state a socket and a compression a message, and shared messages
    # would be compressed once for each follower.
    "ws_per_message_deflate": False,
    "timeout_graceful_shutdown": 20,
    "timeout_keep_alive": 75,
    "server_header": False,
}


class Server(uvicorn.Server):
    """uvicorn's server, which calls `on_stop` before it waits for open responses."""

    def __init__(self, config: uvicorn.Config, *, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; on sockets handed in, answers are not held back to be sent together.

        asyncio sees to that only for sockets that it opens itself. An answer goes in two writes,
        and the second would wait 40 ms for the first to be acknowledged.
        """
        for listening in sockets or ():
            if listening.family in {socket.AF_INET, socket.AF_INET6}:
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams, then sockets, then what is left."""
        self._on_stop()
        await super().shutdown(sockets)


def server_for(app: ASGIApp, *, on_stop: Callable[[], None], **settings: Any) -> Server:
    """Return a server for `app` with the transport's settings; `settings` are uvicorn's own."""
    return Server(uvicorn.Config(app, **{**SETTINGS, **settings}), on_stop=on_stop)

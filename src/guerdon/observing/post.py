"""The port of a process for those who run it: `/healthz`, `/readyz` and `/metrics`.

It answers from a thread, so that also workers and the scheduler have one and a busy loop is seen as
what it is: `/healthz` fails when the loop has not turned for a while, and whoever restarts
processes may act on it. `/readyz` is a process's own word. Rule: this port is for the inside of an
installation; what it shows holds no personal data, but says what programs there are.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_BEAT_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0
"""How long whoever connects may take to ask; each keeps a thread until then."""

SILENCE_SECONDS_MAX = 30.0
"""After so long without a turn of its loop a process counts as hung."""


class Pulse:
    """Whether an event loop turns."""

    def __init__(self) -> None:
        self._beat_at = time.monotonic()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to beat on the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            self._beat_at = time.monotonic()
            await asyncio.sleep(_BEAT_SECONDS)

    async def stop(self) -> None:
        """Beat no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @property
    def is_alive(self) -> bool:
        """Whether the loop turned a short while ago."""
        return time.monotonic() - self._beat_at < SILENCE_SECONDS_MAX


class Post:
    """The server; `is_ready` and the registry are asked from its threads."""

    def __init__(
        self, registry: CollectorRegistry, pulse: Pulse, is_ready: Callable[[], bool]
    ) -> None:
        self._registry = registry
        self._pulse = pulse
        self._is_ready = is_ready
        self._server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        return int(self._server.server_address[1])

    def open(self, host: str, port: int) -> None:
        """Listen; 0 takes any free port.

        Raises:
            OSError: The port is taken.
        """
        post = self

        class Answering(BaseHTTPRequestHandler):
            timeout = _PATIENCE_SECONDS

            def do_GET(self) -> None:
                status, kind, body = post.answer(self.path)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Probes come every few seconds; nobody reads of them."""

        self._server = ThreadingHTTPServer((host, port), Answering)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="post", daemon=True).start()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return status, content type and body."""
        match path.partition("?")[0]:
            case "/metrics":
                return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)
            case "/healthz":
                return _says("live" if self._pulse.is_alive else "hung", self._pulse.is_alive)
            case "/readyz":
                is_ready = self._is_ready()
                return _says("ready" if is_ready else "not ready", is_ready)
            case _:
                return 404, "text/plain", b"Ask for /metrics, /healthz or /readyz.\n"

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _says(status: str, is_well: bool) -> tuple[int, str, bytes]:  # noqa: FBT001 - it is the word
    return 200 if is_well else 503, "application/json", json.dumps({"status": status}).encode()

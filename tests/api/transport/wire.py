"""Speaking to a demo as clients do: over ASGI in the same process, or over a real port."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.transport.demo import Demo
from guerdon.api.transport import server_for
from pace import pacing

GRAPHQL_JSON = "application/graphql-response+json"
PATIENCE = 20.0
LASTS_SECONDS = (1, 4, 16)
LATE_SECONDS = 2.0
"""How long a credential that has ended may still be followed with."""


def client_of(demo: Demo) -> httpx2.AsyncClient:
    """Return a client that calls the application without a network between."""
    transport = httpx2.ASGITransport(app=demo.application)
    return httpx2.AsyncClient(transport=transport, base_url="http://shop.example")


async def post(
    client: httpx2.AsyncClient,
    request: object,
    *,
    accept: str = GRAPHQL_JSON,
    **headers: str,
) -> httpx2.Response:
    """Send one request; text and bytes go as they are."""
    body = request if isinstance(request, str | bytes) else json.dumps(request)
    return await client.post(
        "/graphql",
        content=body,
        headers={"content-type": "application/json", "accept": accept, **headers},
    )


async def ask(client: httpx2.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    """Return the answer to a document, whatever its status."""
    answer: dict[str, Any] = (await post(client, {"query": query, "variables": variables})).json()
    return answer


def code_of(answer: dict[str, Any]) -> str:
    """Return the code of an answer's first error."""
    code: str = answer["errors"][0]["extensions"]["code"]
    return code


@asynccontextmanager
async def serving(
    demo: Demo, *, buffer_bytes: int | None = None, **settings: Any
) -> AsyncIterator["Port"]:
    """Serve a demo on a free port by the product's own server, and stop it afterwards.

    `buffer_bytes` is how much the kernel holds of what a client does not read.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    if buffer_bytes is not None:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
    server = server_for(
        demo.application,
        on_stop=demo.transport.stop,
        log_level="critical",
        lifespan="off",
        access_log=False,
        **settings,
    )
    task = asyncio.create_task(server.serve(sockets=[listening]))
    await until(lambda: server.started)
    try:
        yield Port(listening.getsockname()[1], server)
    finally:
        server.should_exit = True
        await task


class Port:
    """Where a demo listens."""

    def __init__(self, number: int, server: Any) -> None:
        self.number = number
        self.server = server

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.number}"

    def socket(self, **connecting: Any) -> "Socket":
        return Socket(f"ws://127.0.0.1:{self.number}/graphql", **connecting)

    def narrow_socket(self, buffer_bytes: int) -> "Socket":
        """Return a socket whose kernel holds little of what is not read."""
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        narrow.connect(("127.0.0.1", self.number))
        return self.socket(sock=narrow)

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.http, timeout=PATIENCE)


class Socket:
    """A raw graphql-transport-ws socket: what is sent is sent, right or wrong."""

    def __init__(
        self,
        url: str,
        *,
        protocol: str = "graphql-transport-ws",
        token: str | None = None,
        **connecting: Any,
    ) -> None:
        self._connecting = connect(
            url, subprotocols=[Subprotocol(protocol)], ping_interval=None, **connecting
        )
        self._token = token
        self.raw: ClientConnection

    async def __aenter__(self) -> Self:
        self.raw = await self._connecting
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.raw.close()

    async def send(self, message: object) -> None:
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        await self.raw.send(text)

    async def read(self) -> dict[str, Any]:
        """Return the next message."""
        async with asyncio.timeout(PATIENCE):
            message: dict[str, Any] = json.loads(await self.raw.recv())
        return message

    async def init(self) -> Self:
        payload = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        await self.send({"type": "connection_init", "payload": payload})
        assert await self.read() == {"type": "connection_ack"}
        return self

    async def subscribe(self, query: str, *, id_: str = "1", **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.send({"type": "subscribe", "id": id_, "payload": payload})

    async def rest(self) -> list[dict[str, Any]]:
        """Return all messages up to the one that ends an operation."""
        messages = [await self.read()]
        while messages[-1]["type"] not in {"complete", "error"}:
            messages.append(await self.read())
        return messages

    async def closed(self) -> tuple[int, str]:
        """Return code and reason, once the server has closed."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self.raw.recv()
            except ConnectionClosed as closed:
                received = closed.rcvd
        assert received is not None, "The connection was lost without a close frame."
        return received.code, received.reason


async def outlived(
    opening: Callable[[int], Awaitable[tuple[Socket, float]]], query: str
) -> tuple[int, str]:
    """Follow something for longer than a credential lasts; return how the socket was closed.

    `opening` is told for how many seconds, and gives the socket and when that is: where the machine
    takes longer than that to begin, a credential that lasts longer is taken.
    """
    for lasts in LASTS_SECONDS:
        opened, ends = await opening(lasts)
        async with opened as socket, pacing() as pace:
            left = ends - time.time()
            try:
                await socket.init()
                await socket.subscribe(query)
            except ConnectionClosed:
                continue
            closed = await socket.closed()
            assert time.time() > ends - 0.1
            assert pace.seconds < left + LATE_SECONDS
            return closed
    raise AssertionError("None lasted until it was used.")


def events(text: str) -> list[tuple[str, str]]:
    """Return the events of an event stream, as (name, data); comments are left out."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], lines.get("data", "")))
    return found


async def until(condition: Any, *, seconds: float = PATIENCE) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # most conditions have nobody to set an event
            await asyncio.sleep(0.005)

"""What the transport costs, beside a bare Starlette endpoint and the bare library, in one run.

The promises behind it: a leaderboard page that has not changed is served at half of bare Starlette
or better, one with changing variables at three times the bare library; a subscriber and update
costs the server at most 1.5 times what it costs a bare socket that sends the same bytes; and an
idle subscription holds less than 40 kB beyond its socket. Ratios count: both share two cores.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.asgi import GraphQL

from guerdon.api.transport import (
    Connection,
    Credential,
    RecentAnswers,
    Share,
    Transport,
    TransportHooks,
    TransportSchema,
)
from guerdon.api.transport.serving import SETTINGS
from guerdon.embedded.ports import free_ports

SERVERS = ("ours", "starlette", "strawberry")
UPDATE_SECONDS = 0.25
PAGE = (
    "query Page($first: Int!) { entries(first: $first)"
    " { edges { cursor node { id rank score displayName } } pageInfo { hasNextPage } } }"
)
BOARD = "subscription { board { edges { node { id rank score displayName } } } }"


# ---------------------------------------------------------------- the same board for everybody


@strawberry.type
class Entry:
    """One row."""

    id: strawberry.ID
    rank: int
    score: Decimal
    display_name: str


@strawberry.type
class Edge:
    """One row at its place."""

    cursor: str
    node: Entry


@strawberry.type
class PageInfo:
    """Whether there is more."""

    has_next_page: bool


@strawberry.type
class Entries:
    """A page."""

    edges: list[Edge]
    page_info: PageInfo


def page(first: int, shift: int = 0) -> Entries:
    """Return the best `first` members."""
    rows = [
        Entry(
            id=strawberry.ID(f"entry-{rank}"),
            rank=rank,
            score=Decimal(10_000 + shift - rank),
            display_name=f"Member {rank}",
        )
        for rank in range(1, first + 1)
    ]
    edges = [Edge(cursor=f"at-{row.rank}", node=row) for row in rows]
    return Entries(edges=edges, page_info=PageInfo(has_next_page=True))


@strawberry.type
class Query:
    """What is asked."""

    @strawberry.field
    def entries(self, first: int) -> Entries:
        """Return a page."""
        return page(first)


@strawberry.type
class Subscription:
    """What is pushed."""

    @strawberry.subscription
    async def board(self) -> AsyncIterator[Entries]:
        """Yield a new page at each pull."""
        shift = 0
        while True:
            shift += 1
            yield page(10, shift)

    @strawberry.subscription
    async def idle(self) -> AsyncIterator[int]:
        """Yield nothing, ever."""
        await asyncio.Event().wait()
        yield 0


# ---------------------------------------------------------------- the servers


def ours() -> Starlette:
    """Return the board on the product's transport."""
    anybody = Credential(key="anybody", cost_max=10_000, sockets_max=100_000)

    async def authenticate(_connection: Connection) -> Credential:
        return anybody

    def key(operation: Any, _credential: Credential) -> tuple[Any, ...] | None:
        first = operation.variables.get("first")
        return (operation.document.digest, first) if first == 50 else None

    transport = Transport(
        TransportSchema(Query, None, Subscription),
        hooks=TransportHooks(
            authenticate=authenticate,
            answers=RecentAnswers(key),
            share=lambda operation, _: (
                Share(group="all", interval_seconds=UPDATE_SECONDS)
                if operation.root_field == "board"
                else None
            ),
        ),
    )
    return Starlette(routes=transport.routes)


def starlette() -> Starlette:
    """Return an endpoint and a socket that send the bytes of the board, and know nothing."""
    answer = json.dumps({"data": strawberry.asdict(page(50))}, default=str).encode()
    message = json.dumps(
        {"id": "1", "type": "next", "payload": {"data": strawberry.asdict(page(10))}}, default=str
    )
    listening: set[WebSocket] = set()

    async def endpoint(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept(subprotocol="graphql-transport-ws")
        await websocket.receive_text()
        await websocket.send_text('{"type":"connection_ack"}')
        try:
            if "idle" not in await websocket.receive_text():
                listening.add(websocket)
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            listening.discard(websocket)

    async def push() -> None:
        while True:
            await asyncio.sleep(UPDATE_SECONDS)
            for websocket in list(listening):
                await websocket.send_text(message)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        pushing = asyncio.create_task(push())
        yield
        pushing.cancel()

    routes = [
        Route("/graphql", endpoint, methods=["POST"]),
        WebSocketRoute("/graphql", socket),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def bare_library() -> Starlette:
    """Return the board on the library's own endpoint, with every default."""
    schema = strawberry.Schema(Query, None, Subscription)
    return Starlette(routes=[Route("/graphql", GraphQL[Any, Any](schema))])


APPLICATIONS: dict[str, Callable[[], Starlette]] = {
    "ours": ours,
    "starlette": starlette,
    "strawberry": bare_library,
}


# ---------------------------------------------------------------- the clients


@dataclass(frozen=True, slots=True)
class Served:
    """One server process, and what the kernel says of it."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Return the time it has computed so far."""
        with open(f"/proc/{self.pid}/stat") as file:  # noqa: PTH123  # no file on a disk
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_kb(self) -> int:
        """Return the memory it holds."""
        with open(f"/proc/{self.pid}/status") as file:  # noqa: PTH123  # as above
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


@contextmanager
def served(name: str) -> Iterator[Served]:
    """Start one of the servers in a process of its own."""
    (port,) = free_ports(1)
    process = subprocess.Popen([sys.executable, __file__, "--serve", name, "--port", str(port)])
    try:
        yield Served(port, process.pid)
    finally:
        process.terminate()
        process.wait()


async def _connected(served: Served, protocol: Callable[[], asyncio.Protocol]) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(20):
        while True:
            try:
                await loop.create_connection(protocol, "127.0.0.1", served.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return


class Asking(asyncio.Protocol):
    """A connection that asks again as soon as it has been answered."""

    answered = 0

    def __init__(self, firsts: Iterator[int]) -> None:
        self._firsts = firsts
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Count whole answers."""
        if self._left == 0:
            head, _, rest = data.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._left = int(length) - len(rest)
        else:
            self._left -= len(data)
        if self._left == 0:
            type(self).answered += 1
            self._ask()

    def _ask(self) -> None:
        variables = {"first": next(self._firsts)}
        body = json.dumps({"query": PAGE, "variables": variables}).encode()
        self._transport.write(
            b"POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            b"accept: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        )


class Listening(asyncio.Protocol):
    """A socket that subscribes once and counts bytes; frames are not taken apart."""

    received = 0

    def __init__(self, query: str, ready: asyncio.Future[None]) -> None:
        self._query = query
        self._ready = ready
        self._steps = [{"type": "connection_init"}, self._subscription()]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Shake hands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._transport.write(
            b"GET /graphql HTTP/1.1\r\nhost: bench\r\nupgrade: websocket\r\n"
            b"connection: upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        """Answer the handshake and the acknowledgement; count what comes afterwards."""
        if self._steps:
            self._write(self._steps.pop(0))
            if not self._steps:
                self._ready.set_result(None)
        else:
            type(self).received += len(data)

    def _subscription(self) -> dict[str, Any]:
        return {"type": "subscribe", "id": "1", "payload": {"query": self._query}}

    def _write(self, message: dict[str, Any]) -> None:
        text = json.dumps(message).encode()
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2)
        self._transport.write(b"\x81" + length + b"\0\0\0\0" + text)


# ---------------------------------------------------------------- the measurements


@dataclass(frozen=True, slots=True)
class Speed:
    """Pages a second as clients saw them, and what each cost the server in microseconds of CPU."""

    rate: float
    cost: float

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s ({self.cost:,.0f} us CPU each)"


async def speed_of(name: str, firsts: Iterator[int], seconds: float) -> Speed:
    """Return how fast eight connections get pages."""
    with served(name) as server:
        for _ in range(8):
            await _connected(server, lambda: Asking(firsts))
        await asyncio.sleep(0.5)
        before, cpu, began = Asking.answered, server.cpu_seconds(), time.perf_counter()
        await asyncio.sleep(seconds)
        pages = Asking.answered - before
        return Speed(
            pages / (time.perf_counter() - began), (server.cpu_seconds() - cpu) / pages * 1e6
        )


async def compared(names: tuple[str, ...], firsts: Iterator[int], seconds: float) -> list[Speed]:
    """Return each server's median of three rounds, taken in turn: others use the machine too."""
    rounds = [[await speed_of(name, firsts, seconds / 3) for name in names] for _ in range(3)]
    return [sorted(speeds, key=lambda it: it.rate)[1] for speeds in zip(*rounds, strict=True)]


async def push_cost(name: str, sockets: int, seconds: float) -> tuple[float, float, float]:
    """Return CPU per megabyte pushed (ms), memory a socket and memory an idle subscription (kB)."""
    with served(name) as server:
        await _connected(server, asyncio.Protocol)
        empty = server.resident_kb()
        await _subscribe(server, "subscription { idle }", sockets)
        idle = (server.resident_kb() - empty) / sockets
    with served(name) as server:
        await _subscribe(server, BOARD, sockets)
        await asyncio.sleep(1)
        received, cpu = Listening.received, server.cpu_seconds()
        await asyncio.sleep(seconds)
        pushed = (Listening.received - received) / 1e6
        return (server.cpu_seconds() - cpu) * 1e3 / pushed, idle, pushed / seconds


async def _subscribe(server: Served, query: str, sockets: int) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(sockets):
        ready = loop.create_future()
        await _connected(server, lambda ready=ready: Listening(query, ready))  # type: ignore[misc]
        await ready


def _always(first: int) -> Iterator[int]:
    while True:
        yield first


def _changing() -> Iterator[int]:
    while True:
        yield from range(40, 50)
        yield from range(51, 61)


async def measure(seconds: float, sockets: int) -> None:
    """Print the figures and their ratios."""
    mine, bare, library = await compared(SERVERS, _always(50), seconds)
    print(f"a page of 50, unchanged: {mine}; bare Starlette {bare}; bare library {library}")
    print(
        f"    of bare Starlette's rate {mine.rate / bare.rate:.2f}, CPU {mine.cost / bare.cost:.2f}"
    )
    mine, library = await compared(("ours", "strawberry"), _changing(), seconds)
    print(f"with changing variables: {mine}; bare library {library}")
    print(f"    of the library's rate {mine.rate / library.rate:.1f}")
    push, idle, rate = await push_cost("ours", sockets, seconds)
    bare_push, socket, _ = await push_cost("starlette", sockets, seconds)
    print(f"{sockets} subscribers at {rate:.1f} MB/s: {push:.1f} ms CPU a MB; bare {bare_push:.1f}")
    print(f"    of a bare socket's CPU {push / bare_push:.2f}")
    print(f"an idle subscription: {idle - socket:.1f} kB beyond its socket's {socket:.1f} kB")


def main() -> None:
    """Measure, or be one of the servers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--sockets", type=int, default=1_000)
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given, _ = parser.parse_known_args()
    if given.serve:
        settings = {**SETTINGS, "port": given.port, "access_log": False, "log_level": "error"}
        uvicorn.run(APPLICATIONS[given.serve](), **settings)
    else:
        asyncio.run(measure(given.seconds, given.sockets))


if __name__ == "__main__":
    main()

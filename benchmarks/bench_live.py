"""A live leaderboard with a thousand subscribers: the service beside a bare socket.

The promises: CPU of the server per subscriber and update at most 1.5 times that of a bare Starlette
socket which sends the same bytes as often; less than 40 kB of memory an idle subscription beyond
its socket's. Every subscriber is another member, whose own row is marked (`isViewer`), and the
leaderboard changes faster than it is shown. Rounds in turn; medians, and ratios within a round.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from guerdon.api.transport.serving import SETTINGS
from guerdon.wiring import build
from rig import (
    Listening,
    Served,
    Service,
    change,
    machine,
    median_of,
    member_tokens,
    rival,
    service,
    subscribe,
)

INTERVAL_SECONDS = 0.25
CHANGE_SECONDS = 0.05
QUERY = """subscription { leaderboardUpdates(slug: "all_time", first: 10) { at total
  entries { id rank score profile { displayName isViewer } } } }"""


def starlette(message: str) -> Starlette:
    """Return a socket that sends this message to all who listen, and knows nothing."""
    listening: set[WebSocket] = set()

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept(subprotocol="graphql-transport-ws")
        try:
            await websocket.receive_text()
            await websocket.send_text('{"type":"connection_ack"}')
            await websocket.receive_text()
            await websocket.send_text(message)
            listening.add(websocket)
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            listening.discard(websocket)

    async def push() -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            for websocket in list(listening):
                await websocket.send_text(message)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        pushing = asyncio.create_task(push())
        yield
        pushing.cancel()

    return Starlette(routes=[WebSocketRoute("/graphql", socket)], lifespan=lifespan)


async def changing(ours: Service) -> None:
    """Change one of the ten rows again and again, as the projection does."""
    world = build(ours.settings)
    try:
        for step in count(time.time_ns() // 1_000_000):
            await change(world, step % 10, value=step, seq=step)
            await asyncio.sleep(CHANGE_SECONDS)
    finally:
        await world.close()


async def push_cost(
    server: Served, tokens: list[str], ours: Service | None, seconds: float
) -> tuple[float, float]:
    """Return microseconds of the server's processor per message, and messages a second."""
    opened = await subscribe(server, QUERY, tokens)
    task = asyncio.create_task(changing(ours)) if ours is not None else None
    await asyncio.sleep(1)
    received, cpu = Listening.received, server.cpu_seconds()
    await asyncio.sleep(seconds)
    pushed = (Listening.received - received) / Listening.size
    spent = server.cpu_seconds() - cpu
    if task is not None:
        assert not task.done(), "the leaderboard changes until the end"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    for each in opened:
        each.abort()
    await asyncio.sleep(0.5)
    return spent / pushed * 1e6, pushed / seconds


async def idle_kb(server: Served, query: str | None, tokens: list[str]) -> float:
    """Return the memory that one more connection holds once it has gone quiet."""
    before = server.resident_kb()
    opened = await subscribe(server, query, tokens)
    await asyncio.sleep(1)
    held = (server.resident_kb() - before) / len(tokens)
    for each in opened:
        each.abort()
    await asyncio.sleep(0.5)
    return held


async def tokens_of(ours: Service, count: int) -> list[str]:
    """Return the tokens of so many members."""
    world = build(ours.settings)
    try:
        return await member_tokens(world, count)
    finally:
        await world.close()


def measure(rounds: int, seconds: float, sockets: int) -> None:
    """Print the figures and their ratios."""
    mine, theirs = [], []
    with service(members=10_000, profiles=max(sockets, 100)) as ours:
        tokens = asyncio.run(tokens_of(ours, sockets))
        message = _message(ours, tokens[-1])
        for _ in range(rounds):
            with ours.serve() as served:
                mine.append(asyncio.run(push_cost(served, tokens, ours, seconds)))
            with rival(__file__, "starlette", "--message", message) as bare:
                theirs.append(asyncio.run(push_cost(bare, tokens, None, seconds)))
        idle, plain = [], []
        for _ in range(min(rounds, 3)):
            with ours.serve() as served:
                asyncio.run(idle_kb(served, QUERY, tokens[:20]))
                idle.append(asyncio.run(idle_kb(served, QUERY, tokens)))
            with ours.serve() as served:
                asyncio.run(idle_kb(served, QUERY, tokens[:20]))
                plain.append(asyncio.run(idle_kb(served, None, tokens)))
    print(f"{sockets} subscribers, {len(message)} bytes a message; {machine()}")
    for name, found in (("service", mine), ("bare Starlette", theirs)):
        cost, rate = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"  {name:16} {cost:6,.1f} us of processor a message, {rate:,.0f} messages a second")
    ratios = [a[0] / b[0] for a, b in zip(mine, theirs, strict=True)]
    print(f"  service / bare Starlette, processor a message: {median_of(ratios)}")
    beyond = [a - b for a, b in zip(idle, plain, strict=True)]
    print(f"  kB an idle subscription beyond its socket: {median_of(beyond)}", end="")
    print(f"; the socket: {median_of(plain)}")


def _message(ours: Service, token: str) -> str:
    """Return a message as the service sends it."""
    with ours.serve() as served:
        asyncio.run(idle_kb(served, QUERY, [token]))
    return Listening.text


def main() -> None:
    """Measure, or be the bare socket."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--sockets", type=int, default=1_000)
    parser.add_argument("--serve", choices=("starlette",), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--message", help=argparse.SUPPRESS)
    given, _ = parser.parse_known_args()
    if given.serve is None:
        measure(given.rounds, given.seconds, given.sockets)
        return
    settings = {**SETTINGS, "port": given.port, "access_log": False, "log_level": "error"}
    uvicorn.run(starlette(given.message), **settings)


if __name__ == "__main__":
    main()

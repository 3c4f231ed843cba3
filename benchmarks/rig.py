"""What the benchmarks of the API share: the service in front of real servers, rivals, and clients.

The service is `guerdon serve`, started as people start it, over a MongoDB and a Valkey of its own
with one filled leaderboard. Rivals run in a process each, so that the kernel says what each costs.
Clients are bare protocols, so that they cost little of the two cores that all share.
"""

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from guerdon.core.activity import Instant
from guerdon.core.decision import Score
from guerdon.embedded.ports import free_ports
from guerdon.embedded.servers import servers
from guerdon.engine import keys, publish, tokens
from guerdon.engine.outcomes import Profile
from guerdon.engine.records import Board, ScoreRow, Topic
from guerdon.engine.world import Role, World
from guerdon.settings import Settings
from guerdon.wiring import build, prepare

PROGRAM = "bench"
BOARD = Board("all_time", 0, shared_ranks=False)
DOCUMENT = """
program:
  id: bench
  name: Bench
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points: {name: Points, expiry: {mode: never}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
  counters:
    spent: {activity: purchase, sum: net}
  leaderboards:
    all_time: {name: All time, counter: spent, window: lifetime, ties: earliest}
"""
PAGE = """query Page($first: Int!) { leaderboard(slug: "all_time") { period {
  entries(first: $first) { totalCount pageInfo { hasNextPage endCursor }
    edges { cursor node { id rank score profile { displayName isViewer } } } } } } }"""
_BLOCK = 5_000
_AT_ONCE = 50


def settings_of(mongo_url: str, redis_url: str) -> Settings:
    """Return the settings of the service under measurement."""
    return Settings.load(
        environment="test",
        mongo_url=mongo_url,
        redis_url=redis_url,
        connections_max=20_000,
        redis_api_timeout_seconds=5,
    )


def member(number: int) -> str:
    """Return a member's id."""
    return f"0190b5a0-0000-7000-8000-{number:012d}"


def row(number: int, *, value: int | None = None, seq: int = 1) -> ScoreRow:
    """Return the row of a member; without a value, number 0 is the best."""
    score = Score(
        leaderboard=BOARD.leaderboard,
        period=Instant(BOARD.period),
        ends=None,
        value=2**40 - number * 100 if value is None else value,
        at=Instant(1_790_000_000_000 + number),
        eligible=True,
    )
    return ScoreRow(member(number), seq, score)


async def fill(world: World, *, board: Board = BOARD, members: int, profiles: int) -> None:
    """Put members on a leaderboard as the projection does, the first of them with profiles."""
    for begin in range(0, profiles, _BLOCK):
        await world.members.create(
            PROGRAM,
            [
                (
                    Profile(
                        id=member(number),
                        external_id=f"m{number}",
                        display_name=f"Member {number}",
                        enrolled_at=Instant(0),
                    ),
                    f"enrollment-{number}",
                )
                for number in range(begin, min(begin + _BLOCK, profiles))
            ],
        )
    build = await world.projection.begin(PROGRAM, board, apart=False)
    for begin in range(0, members, _BLOCK):
        rows = [row(number) for number in range(begin, min(begin + _BLOCK, members))]
        await world.projection.fill(build, rows)
    await world.projection.finish(build)
    await world.projection.built(build)


@dataclass(frozen=True, slots=True)
class Served:
    """One server process, and what the kernel says of it."""

    port: int
    pid: int
    token: str = "none"

    def cpu_seconds(self) -> float:
        """Return the time it has computed so far."""
        with open(f"/proc/{self.pid}/stat") as file:  # noqa: PTH123  # no file on a disk
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_kb(self) -> int:
        """Return the memory it holds."""
        with open(f"/proc/{self.pid}/status") as file:  # noqa: PTH123  # as above
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


@dataclass(frozen=True, slots=True)
class Service:
    """The service with its filled leaderboard; `key` is a service key."""

    settings: Settings
    key: str

    @contextmanager
    def serve(self) -> Iterator[Served]:
        """Run `guerdon serve` for as long as the block lasts."""
        (port,) = free_ports(1)
        given = {
            name: getattr(value, "get_secret_value", lambda value=value: value)()
            for name, value in self.settings.model_dump(exclude_unset=True).items()
        }
        environment = {f"GUERDON_{name.upper()}": str(value) for name, value in given.items()}
        command = [sys.executable, "-m", "guerdon", "serve"]
        with _running(command, port, GUERDON_PORT=str(port), **environment) as pid:
            yield Served(port, pid, self.key)


@contextmanager
def service(*, members: int, profiles: int) -> Iterator[Service]:
    """Start both servers and fill the leaderboard."""
    with servers() as (mongo_url, redis_url):
        settings = settings_of(mongo_url, redis_url)
        key = asyncio.run(_prepared(settings, members=members, profiles=profiles))
        yield Service(settings, key)


async def _prepared(settings: Settings, *, members: int, profiles: int) -> str:
    await prepare(settings)
    world = build(settings)
    try:
        await publish.publish(world, DOCUMENT)
        await fill(world, members=members, profiles=profiles)
        key, _ = await keys.create(world, PROGRAM, name="bench", role=Role.SERVICE)
        return key
    finally:
        await world.close()


async def member_tokens(world: World, count: int) -> list[str]:
    """Return tokens of the first members."""
    return [await tokens.issue(world, PROGRAM, member(number)) for number in range(count)]


async def change(world: World, number: int, *, value: int, seq: int) -> None:
    """Change a row as the projection does, and tell it."""
    await world.projection.write(
        PROGRAM, [row(number, value=value, seq=seq)], lane=0, before=0, seq=0
    )
    await world.channels.announce(PROGRAM, [Topic("board", BOARD.leaderboard)])


@contextmanager
def rival(script: str, name: str, *words: str) -> Iterator[Served]:
    """Run one of a script's own servers (`--serve NAME --port N`) in a process."""
    (port,) = free_ports(1)
    command = [sys.executable, script, "--serve", name, "--port", str(port), *words]
    with _running(command, port) as pid:
        yield Served(port, pid)


@contextmanager
def _running(command: Sequence[str], port: int, **environment: str) -> Iterator[int]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    try:
        asyncio.run(_listening(port))
        yield process.pid
    finally:
        process.terminate()
        process.wait()


async def _listening(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


class Asking(asyncio.Protocol):
    """A connection that asks again as soon as it has been answered."""

    answered = 0
    last = b""

    def __init__(self, bodies: Callable[[], bytes], token: str) -> None:
        self._bodies = bodies
        self._token = token.encode()
        self._got = b""
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Count whole answers."""
        if self._left == 0:
            self._got += data
            head, end, rest = self._got.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 200"), self._got
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._left = int(length) - len(rest)
            self._got = rest
        else:
            self._got += data
            self._left -= len(data)
        if self._left == 0:
            Asking.last, self._got = self._got, b""
            Asking.answered += 1
            self._ask()

    def _ask(self) -> None:
        body = self._bodies()
        self._transport.write(
            b"POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            b"accept: application/json\r\nauthorization: Bearer %b\r\ncontent-length: %d\r\n\r\n%b"
            % (self._token, len(body), body)
        )


class Listening(asyncio.Protocol):
    """A socket that subscribes once and counts bytes; only its first message is taken apart."""

    received = 0
    size = 1
    text = ""

    def __init__(self, query: str | None, token: str, ready: asyncio.Future[None]) -> None:
        self._ready = ready
        self._steps: list[dict[str, Any]] = [
            {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        ]
        if query is not None:
            self._steps.append({"type": "subscribe", "id": "1", "payload": {"query": query}})

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
            return
        if not self._ready.done():
            self._ready.set_result(None)
            text = _first_text(data)
            Listening.size, Listening.text = (
                len(text) + (2 if len(text) < 126 else 4),
                text.decode(),
            )
        Listening.received += len(data)

    def _write(self, message: dict[str, Any]) -> None:
        text = json.dumps(message).encode()
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2)
        self._transport.write(b"\x81" + length + b"\0\0\0\0" + text)


def _first_text(data: bytes) -> bytes:
    """Return the text of the first frame, which is below 64 kB."""
    if data[1] < 126:
        return data[2 : 2 + data[1]]
    return data[4 : 4 + int.from_bytes(data[2:4])]


async def connect(port: int, protocol: Callable[[], asyncio.Protocol]) -> asyncio.Transport:
    """Open a connection."""
    transport, _ = await asyncio.get_running_loop().create_connection(protocol, "127.0.0.1", port)
    return transport


async def subscribe(
    server: Served, query: str | None, sockets: Sequence[str]
) -> list[asyncio.Transport]:
    """Open a socket a token and wait for each one's first message (or, idle, acknowledgement)."""

    async def open_one(token: str) -> asyncio.Transport:
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        opened = await connect(server.port, partial(Listening, query, token, ready))
        await asyncio.wait_for(ready, 60)
        return opened

    opened: list[asyncio.Transport] = []
    for begin in range(0, len(sockets), _AT_ONCE):
        opened += await asyncio.gather(*map(open_one, sockets[begin : begin + _AT_ONCE]))
    return opened


def median_of(figures: Sequence[float]) -> str:
    """Return a median with the span it comes from."""
    return f"{statistics.median(figures):,.2f} ({min(figures):,.2f} to {max(figures):,.2f})"


def machine() -> str:
    """Return what the figures were measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}, load {load:.1f}"

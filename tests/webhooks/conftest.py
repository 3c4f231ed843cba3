"""A World with two partners, and a partner's system that listens on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from guerdon.core.activity import Instant
from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import a_world, settings_for

SHOP = """
program:
  id: shop
  name: A shop
  timezone: UTC
  money: {unit: USD, scale: 2}
  enroll: auto
  wallets:
    points: {name: Points, expiry: {mode: never}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
  counters:
    spent: {activity: purchase, sum: net}
  badges:
    first: {name: First, counter: spent, at: 1}
  partners:
    cafe: {name: Cafe}
    cinema: {name: Cinema}
  rewards:
    coffee: {wallet: points, cost: 5, partner: cafe, voucher: {valid: P30D}}
    film: {wallet: points, cost: 5, partner: cinema, voucher: {valid: P30D}}
"""


@dataclass
class Request:
    """What came to the listener."""

    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Listener:
    """A partner's system: keeps what comes and answers as it is told, one status after another.

    While `speaks` is not set it answers nothing.
    """

    port: int = 0
    speaks: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[int | None] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    headers: str = ""
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")[1:]
                headers = {
                    name.lower(): value for name, _, value in (it.partition(": ") for it in lines)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.requests.append(Request(headers, body))
                await self.speaks.wait()
                status = self.answers.pop(0) if self.answers else 200
                if status is None:
                    writer.transport.abort()
                    return
                answer = f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n{self.headers}\r\n"
                writer.write(answer.encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()
            self.tasks.discard(task)


@asynccontextmanager
async def a_listener() -> AsyncIterator[Listener]:
    """Give a partner's system that answers."""
    found = Listener()
    found.speaks.set()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()
    tasks = list(found.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with a_listener() as found:
        yield found


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    return settings_for(
        mongo_url=mongo_url,
        database=mongo_database,
        redis_url=redis_url,
        webhook_private_addresses=True,
        webhook_timeout_seconds=2,
    )


@dataclass
class Clock:
    """A clock that a test moves."""

    now: int = 1_767_225_600_000

    def __call__(self) -> Instant:
        return Instant(self.now)

    def forward(self, seconds: float) -> None:
        self.now += round(seconds * 1_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def world(settings: Settings, clock: Clock) -> AsyncIterator[World]:
    async with a_world(settings, document=SHOP, clock=clock) as world:
        yield world

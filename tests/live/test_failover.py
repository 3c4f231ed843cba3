"""Another server takes over: whoever is connected to the old one finds the new one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import dramatiq
import pytest
from dramatiq import Worker
from redis import Redis

from guerdon.embedded import valkey
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel
from guerdon.engine.refusals import LiveDown
from guerdon.live.broker import WakingBroker, redis_broker
from guerdon.live.client import Live
from guerdon.live.hints import QUEUE, LiveHints
from live.conftest import PATIENCE_SECONDS
from live.way import Way, a_way

SECONDS = 30


class Pair(NamedTuple):
    """Two servers; clients are connected to the first."""

    first: str
    second: str


@pytest.fixture
def pair(redis_url: str, kennel: Kennel, tmp_path: Path) -> Iterator[Pair]:
    """Two servers, primaries both at first."""
    (port,) = free_ports(1)
    child = kennel.start(
        valkey.command(valkey.find(), port=port, folder=tmp_path), log=tmp_path / "log"
    )
    valkey.await_answer(port, child=child)
    yield Pair(redis_url, valkey.url(port))
    with Redis.from_url(redis_url) as first:
        first.replicaof("NO", "ONE")
    child.stop(patience_seconds=20)


@pytest.fixture
async def way(pair: Pair) -> AsyncIterator[Way]:
    """The name of the primary, whichever that is."""
    async with a_way(pair.first) as way:
        yield way


def fail_over(pair: Pair, way: Way) -> None:
    """Make the second the primary; connections to the first stay, and it is a replica now."""
    with Redis.from_url(pair.first) as first, Redis.from_url(pair.second) as second:
        address = second.connection_pool.connection_kwargs
        first.replicaof(address["host"], address["port"])
    way.to = pair.second


async def test_who_asks_finds_the_new_primary(pair: Pair, way: Way) -> None:
    live = Live(way.url, namespace="test", timeout_seconds=PATIENCE_SECONDS)
    await live.ask(lambda client: client.set("x", 1))
    fail_over(pair, way)

    async with asyncio.timeout(SECONDS):
        while True:
            with suppress(LiveDown):
                await live.ask(lambda client: client.set("x", 2))
                break
            await asyncio.sleep(0.05)
    await live.close()


async def test_hints_find_the_new_primary(pair: Pair, way: Way) -> None:
    live = Live(way.url, namespace="test", timeout_seconds=PATIENCE_SECONDS)
    hints = LiveHints(live, way.url, timeout_seconds=PATIENCE_SECONDS)
    there = redis_broker(pair.second, namespace="test", timeout_seconds=PATIENCE_SECONDS)
    there.declare_queue(QUEUE)
    hints.wake("p", [1])
    await asyncio.sleep(0)
    await _until_sent(redis_broker(pair.first, namespace="test", timeout_seconds=PATIENCE_SECONDS))
    fail_over(pair, way)

    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(there.do_qsize, QUEUE):
            hints.wake("p", [2])
            await asyncio.sleep(0.05)
    await hints.close()
    await live.close()


async def _until_sent(broker: WakingBroker) -> None:
    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(broker.do_qsize, QUEUE):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_workers_find_the_new_primary(pair: Pair, way: Way) -> None:
    broker = redis_broker(way.url, namespace="test", timeout_seconds=PATIENCE_SECONDS)
    loop, heard = asyncio.get_running_loop(), asyncio.Queue[int]()

    def hear(number: int) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, number)

    actor: dramatiq.Actor[[int], None] = dramatiq.actor(broker=broker, queue_name=QUEUE)(hear)
    worker = Worker(broker, worker_timeout=100, worker_threads=1)
    await asyncio.to_thread(worker.start)
    async with asyncio.timeout(SECONDS):
        await asyncio.to_thread(actor.send, 1)
        assert await heard.get() == 1
        fail_over(pair, way)
        there = redis_broker(pair.second, namespace="test", timeout_seconds=PATIENCE_SECONDS)
        there.declare_queue(QUEUE)
        await asyncio.to_thread(there.enqueue, actor.message(2))

        assert await heard.get() == 2
    await asyncio.to_thread(worker.stop)

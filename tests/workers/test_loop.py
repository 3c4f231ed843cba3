"""The loop on which a worker's actors run."""

import asyncio
from queue import Queue

import dramatiq
from dramatiq.brokers.stub import StubBroker
from uvicorn.loops.auto import auto_loop_factory

from guerdon.workers.broker import ActorsLoop


def test_actors_run_on_a_loop_of_the_kind_that_the_api_has() -> None:
    kinds: Queue[type[asyncio.AbstractEventLoop]] = Queue()
    broker = StubBroker(middleware=[ActorsLoop()])

    @dramatiq.actor(broker=broker)
    async def look() -> None:
        kinds.put(type(asyncio.get_running_loop()))

    worker = dramatiq.Worker(broker, worker_threads=1)
    worker.start()
    try:
        look.send()
        found = kinds.get(timeout=10)
    finally:
        worker.stop()
        broker.close()
    loop = auto_loop_factory()()
    loop.close()
    assert found is type(loop)
    assert found.__module__ == "uvloop"

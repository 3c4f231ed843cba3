"""The inbox: what is read of a lane is what was there at one instant."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.engine.records import Waiting
from guerdon.stores.client import Mongo
from guerdon.stores.inbox import InboxStore

STANDING, PAIRS = 300, 60


@pytest.fixture
def yielding(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[None]:
    """The server lets writers in after each document that a read passes."""
    name = "internalQueryExecYieldIterations"
    before = mongo_client.admin.command({"getParameter": 1, name: 1})[name]
    mongo_client.admin.command({"setParameter": 1, name: 1})
    yield
    mongo_client.admin.command({"setParameter": 1, name: before})


@pytest.mark.usefixtures("yielding")
async def test_who_is_met_behind_a_place_is_not_met_without_who_came_before_it(
    mongo: Mongo,
) -> None:
    inbox = InboxStore(mongo)
    await inbox.put("p", [(0, Waiting(f"m{n:04d}", {"id": n})) for n in range(STANDING)])
    written = asyncio.Event()

    async def write() -> None:
        for n in range(PAIRS):
            pair = [Waiting(f"{place}{n:04d}", {"id": n}) for place in ("a", "z")]
            await inbox.put("p", [(0, each) for each in pair])
        written.set()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write())
        while not written.is_set():
            found = {each.order for each in await inbox.take("p", 0, 1_000)}
            late = {order[1:] for order in found if order[0] == "z"}
            assert late <= {order[1:] for order in found if order[0] == "a"}

    assert len(await inbox.take("p", 0, 1_000)) == STANDING + 2 * PAIRS

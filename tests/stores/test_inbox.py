"""The inbox: what is read of a lane is what was there at one instant, and is found at once."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.engine.lanes import Layout
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
            found = {each.order for each in (await inbox.take("p", 0, 1_000)).waiting}
            late = {order[1:] for order in found if order[0] == "z"}
            assert late <= {order[1:] for order in found if order[0] == "a"}

    assert len((await inbox.take("p", 0, 1_000)).waiting) == STANDING + 2 * PAIRS


LANES, EACH = 100, 20
SKIPPED = "Total number of entries skipped by cursor next calls"


async def _come_and_gone(mongo: Mongo) -> InboxStore:
    """Return an inbox in which many entries of many lanes were, and none is any more."""
    inbox = InboxStore(mongo)
    entries = [(lane, Waiting(f"{n:04d}", {"id": n})) for lane in range(LANES) for n in range(EACH)]
    await inbox.put("p", entries)
    await mongo["inbox"].delete_many({"a": {"$exists": True}})
    return inbox


async def test_a_look_into_an_empty_lane_does_not_pass_what_was_in_the_others(
    mongo: Mongo, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    inbox = await _come_and_gone(mongo)

    def skipped() -> int:
        cursors = mongo_client.admin.command("serverStatus")["wiredTiger"]["cursor"]
        return int(cursors[SKIPPED])

    before = skipped()
    assert not await inbox.waits("p", 0)
    assert (await inbox.take("p", 0, 10)).waiting == []

    assert skipped() - before < LANES * EACH / 2


async def test_the_ends_of_lanes_are_no_entries(mongo: Mongo) -> None:
    inbox = await _come_and_gone(mongo)
    layout = Layout(lanes=LANES)

    assert await inbox.depth("p", 1_000) == 0
    assert await inbox.lanes("p", layout) == {}
    assert not any([await inbox.waits("p", lane) for lane in range(LANES)])

    await inbox.put("p", [(7, Waiting("b", {})), (7, Waiting("c", {})), (99, Waiting("a", {}))])

    assert await inbox.depth("p", 1_000) == 3
    assert await inbox.depth("p", 2) == 2
    assert await inbox.lanes("p", layout) == {7: "b", 99: "a"}
    assert [each.order for each in (await inbox.take("p", 7, 10)).waiting] == ["b", "c"]
    assert await inbox.waits("p", 99)


async def test_processes_that_know_nothing_of_each_other_give_a_lane_one_end(mongo: Mongo) -> None:
    for order in ("a", "b"):
        await InboxStore(mongo).put("p", [(3, Waiting(order, {}))])

    assert await mongo["inbox"].count_documents({}) == 3
    load = await InboxStore(mongo).take("p", 3, 10)
    assert [each.order for each in load.waiting] == ["a", "b"]

"""Units sent to and fro among many at once: every look at all of it counts the same (L4).

Who looks reads standings and journal in one snapshot of the database. What has left one wallet and
not yet come into another is in transit, and the journal says so.
"""

import asyncio
import os
from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

from guerdon.engine import accept
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.lanes import lanes_of
from guerdon.engine.score import score_lane
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import PROGRAM, a_caller, a_purchase, by, drain, report

MEMBERS = 10
CLIENTS = 8
WORTH = 50


@pytest.mark.parametrize(
    "transfers",
    [25, pytest.param(1_500, marks=pytest.mark.chaos, id="for minutes")],
)
async def test_every_look_at_all_wallets_counts_the_same_while_units_are_sent(
    world: World,
    mongo_client: MongoClient[dict[str, Any]],
    settings: Settings,
    transfers: int,
) -> None:
    names = [f"m{n}" for n in range(MEMBERS)]
    endowed = [a_purchase(name, member=by(name), amount=Decimal(WORTH)) for name in names]
    await report(world, endowed)
    is_over = asyncio.Event()

    async def client(number: int) -> None:
        chance = Random(f"{os.environ.get('SEED', '0')}.{number}")
        for count in range(transfers):
            sender, target = chance.sample(names, 2)
            sent = ActivityInput(
                id=f"t{number}.{count}",
                type="transfer",
                member=by(sender),
                data={
                    "to": target,
                    "wallet": "points",
                    "points": str(chance.randint(1, WORTH)),
                },
            )
            await accept.record(world, a_caller(), [sent])

    async def worker() -> None:
        layout = await world.rulebooks.layout(PROGRAM)
        while not is_over.is_set():
            for lane in lanes_of(layout):
                await score_lane(world, PROGRAM, lane)

    looks: list[tuple[int, int]] = []

    async def reader() -> None:
        while not is_over.is_set():
            looks.append(await asyncio.to_thread(_look, mongo_client, settings.mongo_database))

    async with asyncio.TaskGroup() as tasks:
        for work in (worker, worker, reader):
            tasks.create_task(work())
        await asyncio.gather(*(client(number) for number in range(CLIENTS)))
        is_over.set()
    await drain(world)
    looks.append(_look(mongo_client, settings.mongo_database))

    assert len(looks) > 2
    assert {held + on_the_way for held, on_the_way in looks} == {MEMBERS * WORTH}
    assert looks[-1][1] == 0
    found = await verify(world, PROGRAM)
    assert found.offences == ()
    # Some were sent, and some who had not enough were refused.
    assert Counter(await _results(mongo_client, settings.mongo_database)).keys() == {
        "accepted",
        "rejected",
    }


def _look(client: MongoClient[dict[str, Any]], database: str) -> tuple[int, int]:
    """Return what all wallets hold, and what is on its way, as of one instant."""
    held = on_the_way = 0
    with client.start_session() as session, session.start_transaction(ReadConcern("snapshot")):
        for row in client[database]["standings"].find({}, {"s.wallets": 1}, session=session):
            for _, spendable, pending, debt, *_ in row["s"]["wallets"]:
                held += spendable + pending - debt
        for row in client[database]["journal"].find({}, {"d.postings": 1}, session=session):
            for _, source, target, amount, *_ in row["d"].get("postings", ()):
                on_the_way += amount * ((target == "transit") - (source == "transit"))
    return held, on_the_way


async def _results(client: MongoClient[dict[str, Any]], database: str) -> list[str]:
    rows = client[database]["journal"].find({"a.type": "transfer"}, {"d.result": 1})
    return [row["d"]["result"] for row in rows]

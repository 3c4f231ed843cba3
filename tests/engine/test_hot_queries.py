"""What runs for every activity and every reader finds its documents by an index, within one lane.

The database's own profiler is asked what a working program did. Documents of a lane are named
`program|lane|...`, which is the shard key (`stores/keyed.py`); a query that names neither that nor
a field that begins so would ask every shard, and stands here with its reason or nowhere.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from guerdon.core.activity import Instant
from guerdon.engine import read
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.records import Board
from guerdon.engine.seal import Sealer
from guerdon.engine.settle import tick_due
from guerdon.engine.sweep import sweep
from guerdon.engine.world import World
from guerdon.settings import Settings
from guerdon.wiring import clock
from worlds import DAY, PROGRAM, a_caller, a_purchase, by, drain, report

Db = Database[dict[str, Any]]
OF_LANES = ("inbox", "standings", "pages", "journal", "seals", "lanes", "scores", "member_keys")
SMALL = {"programs", "formats", "installation", "issuers"}
"""A handful of documents an installation, read as a whole."""
WITHIN_A_LANE = frozenset({"_id", "l", "f"})
SCATTERED = {
    ("journal", "m"): "a member's entries over all epochs of lanes",
    ("journal", "b"): "what concerns a partner",
    ("scores", "b"): "a leaderboard without Redis, and its rebuilding",
    ("standings", "p"): "who is due, once a second",
}
EXAMINED_MAX = 3
"""Documents looked at for each one that is found, changed or counted, and a few."""


@pytest.fixture
def profile(
    world: World, mongo_client: MongoClient[dict[str, Any]], settings: Settings
) -> Iterator[Db]:
    """The World's database, which notes all that is done in it."""
    del world
    database = mongo_client[settings.mongo_database]
    database.command("profile", 2)
    yield database
    database.command("profile", 0)


async def a_working_day(world: World) -> None:
    """Do what is done all the time, among more than one would like to look through."""
    for begin in range(0, 120, 40):
        span = range(begin, begin + 40)
        await report(world, [a_purchase(n, member=by(f"m{n % 20}")) for n in span])
    await report(world, [a_purchase(f"ann{n}") for n in range(70)])
    mug = ActivityInput(id="mug", type="redemption", member=by("ann"), data={"item": "mug"})
    back = ActivityInput(id="back", type="refund", member=by("ann"), data={"of": "pann3"})
    await report(world, [mug, back])
    ann = await read.find(world, a_caller(), by("ann"))
    assert ann is not None
    await world.journal.of_member(PROGRAM, ann, limit=10)
    await world.scores.page(PROGRAM, Board("all_time", 0), limit=10)
    await Sealer()(world)
    await sweep(world)
    later = replace(world, clock=lambda: Instant(clock() + 400 * DAY))
    await tick_due(later)
    await drain(later)


def operations(database: Db) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give collection, filter and measures of each query, update and deletion."""
    kinds = {"$in": ["query", "update", "remove", "command"]}
    for row in database["system.profile"].find({"op": kinds}):
        name = row["ns"].partition(".")[2]
        command = row.get("command", {})
        found = command.get("filter") or command.get("query") or command.get("q")
        if name and not name.startswith(("system.", "$")) and found:
            yield name, found, row


async def test_no_query_of_a_working_program_looks_through_a_collection(
    world: World, profile: Db
) -> None:
    await a_working_day(world)
    seen = list(operations(profile))

    assert {name for name, _, _ in seen} >= {"inbox", "standings", "journal", "receipts", "pages"}
    for name, query, row in seen:
        if name in SMALL:
            continue
        assert "COLLSCAN" not in row.get("planSummary", ""), (name, query)
        found = max(row.get(each, 0) for each in ("nreturned", "nMatched", "ndeleted", "nModified"))
        if row["op"] != "command":  # counting looks at what it counts
            assert row.get("docsExamined", 0) <= EXAMINED_MAX * found + 10, (name, query)


async def test_a_query_of_a_lanes_documents_names_the_lane_or_says_why_not(
    world: World, profile: Db
) -> None:
    await a_working_day(world)

    for name, query, _ in operations(profile):
        if name not in OF_LANES:
            continue
        fields = set(query) | {field for each in query.get("$or", ()) for field in each}
        if not fields & WITHIN_A_LANE:
            assert any((name, field) in SCATTERED for field in fields), (name, query)

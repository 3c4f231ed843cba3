"""What runs for every activity and every reader finds its documents by an index, on one shard.

The database's own profiler is asked what a working program did. A query that does not name the
shard key (`stores/indexes.py`) would ask every shard, and stands here with its reason or nowhere.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
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
from guerdon.stores.indexes import COLLECTIONS, INDEXES, SHARDING
from guerdon.wiring import clock
from worlds import DAY, PROGRAM, a_caller, a_purchase, by, drain, report

Db = Database[dict[str, Any]]
SMALL = {"programs", "formats", "installation", "issuers"}
"""A handful of documents an installation, read as a whole."""
SCATTERED = {
    ("scores", "b"): "a leaderboard without Redis, and its rebuilding",
    ("standings", "p"): "who is due, once a second",
    ("shared", "r.u"): "reservations that ran out, at each sweep",
    ("identities", "m"): "that an enrollment was decided, once a member",
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
    # As large as it comes it forgets what was done first.
    database.create_collection("system.profile", capped=True, size=64_000_000)
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


async def test_a_query_names_the_shard_key_or_says_why_not(world: World, profile: Db) -> None:
    await a_working_day(world)

    for name, query, _ in operations(profile):
        key = SHARDING[name]
        if key.field is None or _names(query, key.field, by_value=key.is_hashed):
            continue
        assert any((name, field) in SCATTERED for field in query), (name, query)


def _names(query: dict[str, Any], field: str, *, by_value: bool) -> bool:
    """Tell whether a query says on which shards its documents are: by values, or also by a span."""
    if field in query:
        said = query[field]
        spans = isinstance(said, dict) and "$in" not in said and "$eq" not in said
        return not (spans and by_value)
    branches = query.get("$or", ())
    return bool(branches) and all(_names(each, field, by_value=by_value) for each in branches)


def test_each_collection_says_how_it_is_sharded() -> None:
    assert set(SHARDING) == set(COLLECTIONS)


def test_the_page_on_scaling_says_how_collections_are_sharded(root: Path) -> None:
    page = (root / "docs/scaling.md").read_text()
    rows = [line.split(" | ") for line in page.splitlines() if line.count(" | ") == 2]
    said = {
        name.strip("`"): (key, why.removesuffix(" |"))
        for names, key, why in rows
        for name in names.removeprefix("| ").split(", ")
        if name.startswith("`")
    }
    for name, sharding in SHARDING.items():
        kind = "hash" if sharding.is_hashed else "range"
        field = sharding.field
        key = "stays on one shard" if field is None else f"{kind} of `{field}`"
        assert said[name] == (key, sharding.why)


def test_every_unique_index_begins_with_the_shard_key() -> None:
    unique = [index for index in INDEXES if index.unique]
    assert unique
    for index in unique:
        key = SHARDING[index.collection]
        assert key.field in (None, index.fields[0][0]), index
        assert not key.is_hashed, index


async def test_documents_of_one_name_lie_on_one_shard(
    world: World, mongo_client: MongoClient[dict[str, Any]], settings: Settings
) -> None:
    """A name is unique on each shard only, so that it has to decide the shard."""
    await a_working_day(world)

    database = mongo_client[settings.mongo_database]
    for name, key in SHARDING.items():
        if key.field in (None, "_id"):
            continue
        rows = list(database[name].find({}, {key.field: 1}))
        assert rows
        for row in rows:
            assert row["_id"].startswith(f"{row[key.field]}|"), (name, row)

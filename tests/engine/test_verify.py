"""`verify` finds nothing where nothing is wrong, and whatever was changed behind our back."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from guerdon.engine import rebuild
from guerdon.engine.verify import Offence, verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import PROGRAM, a_purchase, by, report

Db = Database[dict[str, Any]]

LOTS = 30
"""More of a member than a head holds."""


@pytest.fixture
def database(mongo_client: MongoClient[dict[str, Any]], settings: Settings) -> Db:
    """The World's database, by the back door."""
    return mongo_client[settings.mongo_database]


async def test_an_undisturbed_program_is_in_order(world: World) -> None:
    await report(world, [a_purchase(n, member=by(f"m{n % 3}")) for n in range(30)])

    found = await verify(world, PROGRAM)

    assert found.offences == ()
    assert (found.entries, found.members, found.has_redis) == (33, 3, True)
    assert found.lots == 30
    assert found.rows >= 6


@pytest.mark.parametrize("at_once", [1, 5_000])
async def test_lots_that_lie_on_pages_are_looked_at_however_many_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("guerdon.engine.verify._PAGES_AT_ONCE", at_once)
    await report(world, [a_purchase(n, member=by(f"m{n % 3}")) for n in range(3 * LOTS)])

    found = await verify(world, PROGRAM)

    assert found.offences == ()
    assert (found.members, found.lots) == (3, 3 * LOTS)


def _spoil_a_posting(database: Db) -> None:
    entry = database["journal"].find_one({"d.postings": {"$exists": True}})
    assert entry
    entry["d"]["postings"][0][3] += 1
    database["journal"].replace_one({"_id": entry["_id"]}, entry)


def _lose_an_entry(database: Db) -> None:
    entry = database["journal"].find_one({"n": 2})
    assert entry
    database["journal"].delete_one({"_id": entry["_id"]})


def _raise_a_balance(database: Db) -> None:
    standing = database["standings"].find_one()
    assert standing
    standing["s"]["wallets"][0][1] += 5
    database["standings"].replace_one({"_id": standing["_id"]}, standing)


def _lose_a_standing(database: Db) -> None:
    database["standings"].delete_one({})


def _raise_a_score(database: Db) -> None:
    database["scores"].update_one({"v": {"$exists": True}}, {"$inc": {"v": 1}})


@pytest.mark.parametrize(
    ("spoil", "document"),
    [
        (_spoil_a_posting, "journal"),
        (_lose_an_entry, "journal"),
        (_raise_a_balance, "standings"),
        (_lose_a_standing, "standing"),
        (_raise_a_score, "scores"),
    ],
)
async def test_what_was_changed_behind_our_back_is_named(
    world: World, database: Db, spoil: Callable[[Db], None], document: str
) -> None:
    await report(world, [a_purchase(n) for n in range(5)])

    spoil(database)

    offences = (await verify(world, PROGRAM)).offences
    assert offences
    assert isinstance(offences[0], Offence)
    assert offences[0].document.startswith(f"{document} shop|")


async def test_a_spoilt_leaderboard_in_redis_is_found_and_a_rebuild_mends_it(
    world: World,
) -> None:
    await report(world, [a_purchase(n, member=by(f"m{n % 3}")) for n in range(10)])
    client = world.projection._live.client  # type: ignore[attr-defined]
    (name,) = await client.keys("*all_time*:z")
    (text, _), *_ = await client.zrange(name, 0, 0, withscores=True)
    await client.zadd(name, {text: 0})

    before = await verify(world, PROGRAM)
    rows = await rebuild.leaderboards(world, PROGRAM)
    after = await verify(world, PROGRAM)

    assert before.offences[0].document == "leaderboard shop|all_time|0"
    assert rows == after.rows
    assert after.offences == ()

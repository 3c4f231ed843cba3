"""Standings are made anew from the journal: exactly, or not at all."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from guerdon.core.activity import Instant
from guerdon.engine import publish, standings
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.settle import tick_due
from guerdon.engine.standings import Recounted
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from guerdon.wiring import clock
from worlds import DAY, PROGRAM, SHOP, a_purchase, a_world, by, drain, report

Db = Database[dict[str, Any]]
_LATER = SHOP.replace("give: {rate: 1}", "give: {rate: 2}")


@dataclass
class _Time:
    """A clock that is set on by hand."""

    now: int

    def __call__(self) -> Instant:
        return Instant(self.now)


@pytest.fixture
def time() -> _Time:
    return _Time(clock())


@pytest.fixture
async def shop(settings: Settings, time: _Time) -> AsyncIterator[World]:
    """A shop with a past: versions, refunds, claims, points that ran out, merged and erased."""
    async with a_world(settings, clock=time) as world:
        await _live(world, time)
        yield world


@pytest.fixture
def database(mongo_client: MongoClient[dict[str, Any]], settings: Settings) -> Db:
    """The World's database, by the back door."""
    return mongo_client[settings.mongo_database]


def _said(id: str, type: str, member: str, **given: Any) -> ActivityInput:  # noqa: A002
    return ActivityInput(id=id, type=type, member=by(member), **given)


async def _live(world: World, time: _Time) -> None:
    names = ["ann", "bob", "eve", "oldest", "old", "new"]
    await report(
        world,
        [a_purchase(f"{name}{n}", member=by(name)) for n in range(70) for name in names[:2]]
        + [a_purchase(f"{name}{n}", member=by(name)) for n in range(2) for name in names[2:]],
    )
    time.now += 40 * DAY
    await _pass(world)
    await publish.publish(world, _LATER)
    time.now += DAY
    await report(
        world,
        [
            _said("s1", "survey", "ann"),
            _said("s2", "survey", "ann"),
            *(_said(f"r{n}", "race", name) for n, name in enumerate(("ann", "bob", "eve", "new"))),
            *(_said(f"mug{n}", "redemption", "ann", data={"reward": "mug"}) for n in range(5)),
            a_purchase("later", amount=Decimal("3.33")),
            a_purchase("elsewhere", data={"country": "NO"}),
            _said("back", "refund", "ann", data={"of": "pann3"}),
            _said("first", "member_merged", "oldest", data={"into": "old"}),
        ],
    )
    await report(world, [_said("merge", "member_merged", "old", data={"into": "new"})])
    # What the first of the three bought is returned by who is all of them now.
    given_back = _said("back2", "refund", "new", data={"of": "poldest1"})
    found = await report(world, [given_back, a_purchase("since", member=by("oldest"))])
    assert [it.entry and it.entry.result for it in found] == ["accepted"] * 2
    await report(world, [_said("gone", "member_erased", "eve")])
    for days in (200, 200):
        time.now += days * DAY
        await _pass(world)


async def _pass(world: World) -> None:
    while await tick_due(world):
        await drain(world)


async def _rebuild(world: World, *, dry_run: bool) -> Recounted:
    return await standings.rebuild(world, PROGRAM, dry_run=dry_run)


def _member(database: Db, external: str) -> str:
    person = database["members"].find_one({"x": f"{PROGRAM}|{external}"})
    assert person
    return str(person["_id"]).partition("|")[2]


def _raise_a_balance(database: Db, member: str) -> None:
    standing = database["standings"].find_one({"_id": {"$regex": member}})
    assert standing
    standing["s"]["wallets"][0][1] += 5
    database["standings"].replace_one({"_id": standing["_id"]}, standing)


def _spoil_pages(database: Db, member: str) -> None:
    first, second = database["pages"].find({"_id": {"$regex": member}}).limit(2)
    database["pages"].delete_one({"_id": first["_id"]})
    database["pages"].insert_one({**second, "_id": f"{second['_id']}0"})


async def test_standings_that_were_spoilt_are_found_and_mended_and_nothing_else_is_touched(
    shop: World, database: Db
) -> None:
    left = {"erased": 1, "merged into another account": 2}
    seen: list[tuple[int, int]] = []
    first = await standings.rebuild(
        shop, PROGRAM, dry_run=True, progress=lambda done, total: seen.append((done, total))
    )
    ann, bob, new = (_member(database, name) for name in ("ann", "bob", "new"))
    rightful = list(database["pages"].find().sort("_id"))
    _raise_a_balance(database, ann)
    _raise_a_balance(database, new)
    _spoil_pages(database, ann)
    database["standings"].delete_one({"_id": {"$regex": bob}})
    spoilt = list(database["standings"].find())

    dry = await _rebuild(shop, dry_run=True)
    untouched = list(database["standings"].find())
    mended = await _rebuild(shop, dry_run=False)
    again = await _rebuild(shop, dry_run=False)

    assert (first.looked, first.same, first.different, first.left) == (7, 4, [], left)
    assert seen[-1] == (7, 7)
    assert (dry.same, sorted(dry.different), dry.left) == (1, sorted([ann, bob, new]), left)
    assert untouched == spoilt
    assert (mended.same, sorted(mended.different), mended.left) == (
        1,
        sorted([ann, bob, new]),
        left,
    )
    assert (again.same, again.different) == (4, [])
    assert list(database["pages"].find().sort("_id")) == rightful
    assert (await verify(shop, PROGRAM)).offences == ()
    # Deciding goes on from what was mended.
    (receipt,) = await report(shop, [a_purchase("after", member=by("bob"))])
    assert receipt.entry is not None
    assert (await _rebuild(shop, dry_run=True)).different == []


def _lose_the_last_entry(database: Db, member: str) -> None:
    database["journal"].delete_one({"m": f"{PROGRAM}|{member}", "n": 4})


def _lose_an_entry(database: Db, member: str) -> None:
    database["journal"].delete_one({"m": f"{PROGRAM}|{member}", "n": 2})


def _spoil_a_posting(database: Db, member: str) -> None:
    entry = database["journal"].find_one({"m": f"{PROGRAM}|{member}", "n": 3})
    assert entry
    entry["d"]["postings"][0][3] += 1
    database["journal"].replace_one({"_id": entry["_id"]}, entry)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_lose_the_last_entry, "counts more entries than the journal has"),
        (_lose_an_entry, "an entry of the journal is missing"),
        (_spoil_a_posting, "the journal does not come out as it is written"),
    ],
)
async def test_nothing_is_replaced_where_the_journal_itself_is_in_doubt(
    world: World, database: Db, spoil: Callable[[Db, str], None], why: str
) -> None:
    await report(world, [a_purchase(n) for n in range(3)])
    ann = _member(database, "ann")
    _raise_a_balance(database, ann)
    spoil(database, ann)
    before = list(database["standings"].find())

    found = await _rebuild(world, dry_run=False)

    assert (found.looked, found.same, found.different, found.left) == (1, 0, [], {why: 1})
    assert list(database["standings"].find()) == before

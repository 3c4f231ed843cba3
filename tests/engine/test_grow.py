"""More lanes: whatever a program has, and whatever is under way, is there afterwards as before."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection

from guerdon.engine import accept, read
from guerdon.engine.grow import _Growth, _silent, census, grow
from guerdon.engine.growth_ports import LanesRefused
from guerdon.engine.inputs import ActivityInput, Identity, MemberRef
from guerdon.engine.lanes import Layout, lane_of, lanes_of, lanes_out_of, outgoing_lanes
from guerdon.engine.outcomes import Result
from guerdon.engine.records import Board, Waiting
from guerdon.engine.score import score_lane, visit_lane
from guerdon.engine.seal import Sealer
from guerdon.engine.sweep import sweep
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from guerdon.wiring import build
from worlds import PROGRAM, a_caller, a_purchase, by, drain, report

BEFORE, AFTER = 16, 48


@pytest.fixture
async def other(settings: Settings) -> AsyncIterator[World]:
    """Another process's World on the same servers, as an API has it."""
    other = build(settings)
    yield other
    await other.close()


async def a_life(world: World) -> None:
    """Leave behind what a program has: many lots, refunds, a parked one, things bought."""
    await report(world, [a_purchase(n) for n in range(70)])
    others = [a_purchase(f"o{n}", member=by(f"m{n % 9}")) for n in range(30)]
    await report(world, others)
    mug = ActivityInput(id="mug", type="redemption", member=by("m1"), data={"item": "mug"})
    await report(world, [mug])
    card = MemberRef(identity=Identity("card", "7"))
    await accept.record(world, a_caller(), [a_purchase("parked", member=card)])
    await Sealer()(world)


async def figures(world: World) -> dict[str, tuple[int, int, int]]:
    """Return each member's points, value on the leaderboard and number of entries."""
    page = await world.scores.page(PROGRAM, Board("all_time", 0), limit=100)
    people = await read.members(world, PROGRAM, [row.member for row in page.rows])
    return {
        str(people[row.member].profile.external_id): (
            people[row.member].standing.wallets["points"].spendable,
            row.value,
            people[row.member].standing.seq,
        )
        for row in page.rows
    }


def test_members_of_a_new_lane_come_from_one_old_lane() -> None:
    layout = Layout(lanes=AFTER, epoch=2, outgoing=BEFORE)
    before = Layout(lanes=BEFORE, epoch=1)
    for number in range(500):
        old, new = lane_of(f"m{number}", before), lane_of(f"m{number}", layout)
        assert new in lanes_out_of(old, layout)
    there = [lane for old in outgoing_lanes(layout) for lane in lanes_out_of(old, layout)]
    assert sorted(there) == list(lanes_of(layout))


async def test_everything_is_as_before_and_goes_on_in_more_lanes(
    world: World, mongo_client: MongoClient[dict[str, Any]], settings: Settings
) -> None:
    await a_life(world)
    before = await figures(world)

    assert await grow(world, PROGRAM, AFTER, settling_seconds=0)

    assert await figures(world) == before
    assert (await verify(world, PROGRAM)).offences == ()
    database = mongo_client[settings.mongo_database]
    for name in ("standings", "pages", "scores"):
        lanes = {int(row["_id"].split("|")[1], 16) for row in database[name].find({}, {"_id": 1})}
        assert lanes
        assert lanes <= set(lanes_of(Layout(lanes=AFTER, epoch=2)))
    # It goes on: a refund finds its purchase, a repeat its receipt, a parked one its member.
    refund = ActivityInput(id="back", type="refund", member=by("ann"), data={"of": "p3"})
    card = ActivityInput(
        id="link", type="identity_linked", member=by("m2"), data={"scheme": "card", "value": "7"}
    )
    await report(world, [refund, card, a_purchase("new")])
    (again,) = await accept.record(world, a_caller(), [a_purchase(5)])
    assert again.result is Result.DUPLICATE
    after = await figures(world)
    assert after["ann"] == (before["ann"][0], before["ann"][1], before["ann"][2] + 2)
    assert after["m2"] == (before["m2"][0] + 10, before["m2"][1] + 1_000, before["m2"][2] + 2)
    await Sealer()(world)
    found = await verify(world, PROGRAM)
    assert found.offences == ()
    assert found.unsealed == 0


async def test_what_waits_in_old_lanes_is_decided_in_its_order_before_what_comes_later(
    world: World, other: World
) -> None:
    await report(world, [a_purchase("first", member=by(f"m{n}"), id=f"f{n}") for n in range(9)])
    early = [a_purchase(n, member=by(f"m{n % 9}")) for n in range(40)]
    await accept.record(world, a_caller(), early)
    layout = await world.rulebooks.layout(PROGRAM)
    growing = await world.growth.begin(PROGRAM, layout, AFTER)
    await world.rulebooks.fresh(PROGRAM)
    late = [a_purchase(n, member=by(f"m{n % 9}")) for n in range(40, 80)]
    await accept.record(world, a_caller(), late)
    assert await read.waiting(world, PROGRAM) == 80
    for lane in lanes_of(growing.layout):
        assert (await visit_lane(world, PROGRAM, lane)).taken == 0, "new lanes are closed"
    # Readers find everybody where they are.
    assert {each[0] for each in (await figures(other)).values()} == {10}

    assert await grow(world, PROGRAM, AFTER, settling_seconds=0)
    await drain(world)

    assert await read.waiting(world, PROGRAM) == 0
    for number in range(9):
        member = await read.find(world, a_caller(), by(f"m{number}"))
        assert member is not None
        entries = await world.journal.of_member(PROGRAM, member, limit=100, before=0)
        written = [entry.activity["id"] for entry in entries if entry.activity["id"][0] == "p"]
        assert written == [f"p{n}" for n in range(80) if n % 9 == number]
    assert (await verify(world, PROGRAM)).offences == ()


async def test_what_comes_into_an_old_lane_afterwards_is_handed_on_and_counts_once(
    world: World,
) -> None:
    await report(world, [a_purchase("first")])
    old = await world.rulebooks.layout(PROGRAM)
    (receipt,) = await accept.record(world, a_caller(), [a_purchase("slow")])
    member = receipt.member
    assert member is not None
    lane = lane_of(member, old)
    (waiting,) = (await world.inbox.take(PROGRAM, lane, 10)).waiting
    await grow(world, PROGRAM, AFTER, settling_seconds=0)
    await drain(world)

    # Whoever repeated the report before the growth puts the very same entry there again now.
    await world.inbox.put(PROGRAM, [(lane, waiting)])
    first = (await world.journal.of_member(PROGRAM, member, limit=1, before=0))[0]
    stale = Waiting(f"{0:012x}.again", {**first.activity, "reporter": "service"})
    await world.inbox.put(PROGRAM, [(lane, stale)])
    await sweep(world)
    await score_lane(world, PROGRAM, lane)
    await drain(world)

    assert (await figures(world))["ann"] == (20, 2_000, 3)
    assert await world.inbox.lanes(PROGRAM, await world.rulebooks.layout(PROGRAM)) == {}
    assert (await verify(world, PROGRAM)).offences == ()


async def test_a_program_grows_again_and_again(world: World) -> None:
    await a_life(world)
    before = await figures(world)
    for lanes in (32, 64):
        await grow(world, PROGRAM, lanes, settling_seconds=0)
        await report(world, [a_purchase(f"in{lanes}", amount=Decimal(1))])
    after = await figures(world)

    assert after.pop("ann")[0] == before.pop("ann")[0] + 2
    assert after == before
    assert (await verify(world, PROGRAM)).offences == ()


async def test_a_number_that_cannot_be_is_refused_with_those_that_can(world: World) -> None:
    for lanes in (8, 24, 1):
        with pytest.raises(LanesRefused, match="32, 48, 64"):
            await grow(world, PROGRAM, lanes)
    with pytest.raises(LanesRefused, match="at most 4096"):
        await grow(world, PROGRAM, 8_192)
    assert not await grow(world, PROGRAM, BEFORE)


async def test_a_second_one_is_kept_away_and_another_number_has_to_wait(
    world: World, other: World
) -> None:
    layout = await world.rulebooks.layout(PROGRAM)
    await world.growth.begin(PROGRAM, layout, 32)
    with pytest.raises(LanesRefused, match="wait for it"):
        await grow(other, PROGRAM, 32)
    with pytest.raises(LanesRefused, match="finish that first"):
        await grow(world, PROGRAM, 64)

    assert await grow(world, PROGRAM, 32, settling_seconds=0)
    assert await grow(other, PROGRAM, 64, settling_seconds=0)


async def test_it_is_foretold_and_nothing_is_changed(world: World) -> None:
    await a_life(world)
    layout, found = await census(world, PROGRAM, 32)
    assert found is not None
    assert (layout.lanes, found.standings, found.scores) == (BEFORE, 10, 20)
    assert found.pages > 0
    assert (await world.rulebooks.layout(PROGRAM)).outgoing is None


async def test_a_document_that_was_changed_is_named_after_it_moved(
    world: World, mongo_client: MongoClient[dict[str, Any]], settings: Settings
) -> None:
    await report(world, [a_purchase(1)])
    standings = mongo_client[settings.mongo_database]["standings"]
    standings.update_one({"d": {"$exists": True}}, {"$inc": {"d": 1}})
    await grow(world, PROGRAM, 32, settling_seconds=0)

    (offence,) = (await verify(world, PROGRAM)).offences
    assert offence.document.startswith("standings shop|01")


async def test_a_member_still_finds_what_was_theirs_while_lanes_grow(
    world: World, other: World
) -> None:
    await a_life(world)
    before = await figures(other)
    await other.rulebooks.fresh(PROGRAM)
    layout = await world.rulebooks.layout(PROGRAM)
    growing = await world.growth.begin(PROGRAM, layout, 32)
    for world_ in (world, other):
        await world_.rulebooks.fresh(PROGRAM)
    for lane in outgoing_lanes(growing.layout):
        hold = await world.lanes.take(PROGRAM, lane)
        assert hold is not None
        await world.growth.copy_pages(hold, growing.layout, "", 500)
        await world.growth.move_scores(hold, growing.layout, 500)
        await world.growth.move_standings(hold, growing.layout, 500)
        await world.lanes.release(hold)
        assert await figures(other) == before


class Killed(Exception):
    """What ends a process."""


def _until_all_lanes_are_moved(done: int, total: int) -> None:
    if done == total:
        raise Killed


@pytest.fixture
def programs(
    mongo_client: MongoClient[dict[str, Any]], settings: Settings
) -> Collection[dict[str, Any]]:
    """The heads of programs, whose locks run out sooner here."""
    return mongo_client[settings.mongo_database]["programs"]


LONG_AGO = {"$set": {"g.u": datetime.fromtimestamp(0, UTC)}}


async def test_whoever_stood_still_while_others_moved_a_lane_leaves_it_as_it_is(
    world: World, other: World, programs: Collection[dict[str, Any]]
) -> None:
    await a_life(world)
    layout = await world.rulebooks.layout(PROGRAM)
    growing = await world.growth.begin(PROGRAM, layout, AFTER)
    stood_still = _Growth(world, PROGRAM, growing, _silent)
    programs.update_one({"_id": PROGRAM}, LONG_AGO)
    with pytest.raises(Killed):
        await grow(other, PROGRAM, AFTER, settling_seconds=0, progress=_until_all_lanes_are_moved)
    programs.update_one({"_id": PROGRAM}, LONG_AGO)
    await report(world, [a_purchase(f"later{n}", amount=Decimal(1)) for n in range(70)])
    back = [
        ActivityInput(id=f"back{n}", type="refund", member=by("ann"), data={"of": f"p{n}"})
        for n in range(60)
    ]
    await report(world, back)
    assert (await verify(world, PROGRAM)).offences == ()

    await stood_still.move()

    assert (await verify(world, PROGRAM)).offences == ()
    assert await grow(world, PROGRAM, AFTER, settling_seconds=0)
    assert (await verify(world, PROGRAM)).offences == ()


async def test_whoever_stood_still_until_lanes_grow_again_has_nothing_to_do_with_that(
    world: World, other: World, programs: Collection[dict[str, Any]]
) -> None:
    await a_life(world)
    layout = await world.rulebooks.layout(PROGRAM)
    growing = await world.growth.begin(PROGRAM, layout, 32)
    stood_still = _Growth(world, PROGRAM, growing, _silent)
    programs.update_one({"_id": PROGRAM}, LONG_AGO)
    await grow(other, PROGRAM, 32, settling_seconds=0)
    await other.rulebooks.fresh(PROGRAM)
    await other.growth.begin(PROGRAM, await other.rulebooks.layout(PROGRAM), 64)
    programs.update_one({"_id": PROGRAM}, LONG_AGO)

    with pytest.raises(LanesRefused):
        await stood_still.move()
    with pytest.raises(LanesRefused):
        await world.growth.keep(PROGRAM, growing.layout)
    await world.growth.finish(PROGRAM, growing.layout)

    assert await grow(other, PROGRAM, 64, settling_seconds=0)
    assert (await verify(world, PROGRAM)).offences == ()
    await report(world, [a_purchase("after")])
    assert await read.waiting(world, PROGRAM) == 0

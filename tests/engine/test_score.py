"""Deciding lanes on the real database: in order, once, whoever else is at work."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pymongo import MongoClient
from redis.asyncio import Redis

from guerdon.core.activity import Activity, Instant, Line
from guerdon.core.decide import decide
from guerdon.core.decision import Decision, Given
from guerdon.core.plain import activity_to_plain
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Standing
from guerdon.engine import accept, projecting, read, score
from guerdon.engine.inputs import ActivityInput, MemberRef
from guerdon.engine.lanes import lane_of
from guerdon.engine.outcomes import Result
from guerdon.engine.records import AlreadyDecided, Batch, Board, LaneLost, StoreDown, Waiting
from guerdon.engine.settle import tick_due
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from guerdon.stores.roles import ROLE
from worlds import DAY, PROGRAM, a_caller, a_purchase, a_world, by, drain, report

ALL_TIME = Board("all_time", 0)


async def figures(world: World) -> dict[str, tuple[int, int]]:
    """Return each member's points and place in the all-time leaderboard, as Redis shows it."""
    page = await world.boards.page(PROGRAM, ALL_TIME, limit=1_000)
    settled = await read.members(world, PROGRAM, [row.member for row in page.rows])
    return {
        settled[row.member].profile.external_id: (
            settled[row.member].standing.wallets["points"].spendable,
            row.rank,
        )
        for row in page.rows
    }


async def test_a_members_activities_are_decided_in_order_of_arrival(world: World) -> None:
    purchases = [a_purchase(n) for n in range(25)]
    for begin in range(0, 25, 5):
        await accept.record(world, a_caller(), purchases[begin : begin + 5])

    await drain(world)

    receipts = await report(world, purchases)
    page = await read.journal(world, PROGRAM, receipts[0].member or "", limit=50)
    assert [entry.activity.id for entry in reversed(page.items)] == [
        "p0.enroll",
        *(f"p{n}" for n in range(25)),
    ]
    assert [entry.member_seq for entry in page.items] == list(range(26, 0, -1))


async def test_many_workers_on_the_same_lanes_decide_each_activity_once(
    world: World, settings: Settings
) -> None:
    chance = random.Random(3)
    purchases = [a_purchase(n, member=by(f"m{chance.randrange(20)}")) for n in range(600)]
    spent = Counter(purchase.member.external_id for purchase in purchases if purchase.member)

    async with a_world(settings) as second, a_world(settings) as third:
        for begin in range(0, 600, 100):
            await accept.record(world, a_caller(), purchases[begin : begin + 100])
            await asyncio.gather(drain(world), drain(second), drain(third))
        while await drain(world):
            pass

    found = await figures(world)
    assert {member: points for member, (points, _) in found.items()} == {
        member: 10 * count for member, count in spent.items()
    }
    assert sum(await _seqs(world)) == 600 + 20


async def test_a_worker_that_lost_its_lane_cannot_commit(world: World, settings: Settings) -> None:
    async with a_world(settings) as other:
        stale = await world.lanes.take(PROGRAM, 3)
        assert stale is not None
        assert await other.lanes.take(PROGRAM, 3) is None
        await world.lanes.release(stale)
        fresh = await other.lanes.take(PROGRAM, 3)
        assert fresh is not None

        with pytest.raises(LaneLost):
            await world.commit(Batch(hold=stale, taken=["x"]))

        await other.commit(Batch(hold=fresh, taken=["x"]))


async def test_a_worker_takes_its_own_lane_again_and_its_former_self_has_lost_it(
    world: World,
) -> None:
    failed = await world.lanes.take(PROGRAM, 3)
    again = await world.lanes.take(PROGRAM, 3)
    assert failed is not None
    assert again is not None

    with pytest.raises(LaneLost):
        await world.commit(Batch(hold=failed))

    await world.commit(Batch(hold=again))


async def test_the_sequence_alone_keeps_two_holders_of_one_fence_apart(world: World) -> None:
    hold = await world.lanes.take(PROGRAM, 3)
    assert hold is not None

    with pytest.raises(LaneLost):
        await world.commit(Batch(hold=hold._replace(seq=hold.seq + 1)))


async def test_a_lane_is_taken_over_when_its_lease_has_run_out(
    world: World, settings: Settings
) -> None:
    brief = settings.model_copy(update={"lane_lease_seconds": 1.0})
    async with a_world(brief) as other:
        dead = await other.lanes.take(PROGRAM, 3)
        assert dead is not None
        deadline = asyncio.get_running_loop().time() + 5
        while (taken := await world.lanes.take(PROGRAM, 3)) is None:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.05)

        assert taken.fence == dead.fence + 1


async def test_what_stands_in_the_inbox_twice_counts_once(world: World) -> None:
    await accept.record(world, a_caller(), [a_purchase(1), a_purchase(2)])
    copies = [
        (lane, waiting._replace(order=f"{waiting.order}.again"))
        for lane in range(16)
        for waiting in (await world.inbox.take(PROGRAM, lane, 10)).waiting
    ]
    await world.inbox.put(PROGRAM, copies)
    await drain(world)
    # Once more, when the journal holds them already; one that is new comes along.
    await world.inbox.put(PROGRAM, copies)
    await accept.record(world, a_caller(), [a_purchase(3)])
    await drain(world)

    assert await figures(world) == {"ann": (30, 1)}
    assert sum(await _seqs(world)) == 4


async def test_the_journal_refuses_an_activity_twice(world: World) -> None:
    await report(world, [a_purchase(1)])
    lane = await _lane_of(world, "ann")
    entry = (await world.journal.since(PROGRAM, lane, 0, 10))[1]
    hold = await world.lanes.take(PROGRAM, entry.lane)
    assert hold is not None

    with pytest.raises(AlreadyDecided):
        await world.commit(
            Batch(hold=hold, entries=[entry._replace(seq=hold.seq + 1, member_seq=99)])
        )


async def test_leaderboards_equal_mongo_and_the_plain_sum_with_ties(world: World) -> None:
    chance = random.Random(5)
    base = world.clock() - 10 * DAY
    purchases = [
        a_purchase(
            n,
            member=by(f"m{chance.randrange(40):02d}"),
            amount=Decimal(chance.randrange(0, 3)),
            at=Instant(base + chance.randrange(5) * 1_000),
        )
        for n in range(300)
    ]
    for begin in range(0, 300, 50):
        await report(world, purchases[begin : begin + 50])

    in_redis = await world.boards.page(PROGRAM, ALL_TIME, limit=100)
    in_mongo = await world.scores.page(PROGRAM, ALL_TIME, limit=100)
    assert in_redis == in_mongo
    sums: Counter[str] = Counter()
    for purchase in purchases:
        assert purchase.member
        assert purchase.amount is not None
        sums[purchase.member.external_id or ""] += int(purchase.amount)
    profiles = await read.profiles(world, PROGRAM, [row.member for row in in_redis.rows])
    shown = {profiles[row.member].external_id: row.value for row in in_redis.rows}
    assert shown == {member: 100 * total for member, total in sums.items() if total}


async def test_without_redis_everything_is_decided_and_read_from_mongo(
    settings: Settings,
) -> None:
    away = settings.model_copy(
        update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:1/0")}
    )
    async with a_world(away) as world:
        await report(world, [a_purchase(1), a_purchase(2, member=by("bob"), amount=Decimal(30))])

        page = await read.board_page(world, PROGRAM, ALL_TIME, limit=10)

        assert [(row.rank, row.value) for row in page.rows] == [(1, 3_000), (2, 1_000)]
    async with a_world(settings) as world:
        await report(world, [a_purchase(3)])

        assert await figures(world) == {"bob": (30, 1), "ann": (20, 2)}


async def test_a_leaderboard_lost_with_redis_comes_back_with_the_next_activity(
    world: World, settings: Settings
) -> None:
    await report(world, [a_purchase(1), a_purchase(2, member=by("bob"))])
    async with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        await client.flushall()

    from_mongo = await read.board_page(world, PROGRAM, ALL_TIME, limit=10)
    await report(world, [a_purchase(3)])

    assert [row.value for row in from_mongo.rows] == [1_000, 1_000]
    assert await figures(world) == {"ann": (20, 1), "bob": (10, 2)}


async def test_what_a_dead_worker_did_not_project_is_caught_up(world: World) -> None:
    await report(world, [a_purchase(1)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projecting, "project", _nothing)
        await accept.record(world, a_caller(), [a_purchase(2)])
        await drain(world)
    assert await figures(world) == {"ann": (20, 1)}  # points are told by Mongo
    assert [row.value for row in (await world.boards.page(PROGRAM, ALL_TIME, limit=1)).rows] == [
        1_000
    ]

    await report(world, [a_purchase(3)])

    assert [row.value for row in (await world.boards.page(PROGRAM, ALL_TIME, limit=1)).rows] == [
        3_000
    ]


async def test_an_activity_that_cannot_be_decided_fails_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guerdon.engine.batches.decide", _poisoned)

    receipts = await report(world, [a_purchase(1), a_purchase("poison"), a_purchase(3)])

    assert [receipt.entry and receipt.entry.result for receipt in receipts] == [
        Result.ACCEPTED,
        Result.FAILED,
        Result.ACCEPTED,
    ]
    assert receipts[1].entry is not None
    assert receipts[1].entry.reason == "ZeroDivisionError"
    assert await figures(world) == {"ann": (20, 1)}


async def test_a_tick_that_cannot_be_decided_does_not_block_its_lane_however_often_it_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await report(world, [a_purchase(1)])
    late = replace(world, clock=lambda: Instant(world.clock() + 400 * DAY))
    monkeypatch.setattr("guerdon.engine.batches.decide", _poisoned)

    for told in (1, 0, 0):
        assert await tick_due(late) == told
        await drain(late)
    await report(world, [a_purchase(2)])

    assert await figures(world) == {"ann": (20, 1)}


async def test_an_activity_that_cannot_be_stored_is_found_by_halving_and_fails_alone(
    world: World,
) -> None:
    commit = world.commit

    async def refuse(batch: Batch) -> None:
        if any(entry.key == "service/p5" for entry in batch.entries):
            raise ValueError("this cannot be stored")
        await commit(batch)

    broken = replace(world, commit=refuse)
    purchases = [a_purchase(n) for n in range(12)]
    await accept.record(world, a_caller(), purchases)
    await drain(broken)

    entries = await read.activities(world, PROGRAM, [f"service/p{n}" for n in range(12)])
    results = [entries[f"service/p{n}"].result for n in range(12)]
    assert results == [Result.ACCEPTED] * 5 + [Result.FAILED] + [Result.ACCEPTED] * 6
    assert await figures(world) == {"ann": (110, 1)}


async def test_faults_of_the_database_are_never_held_against_an_activity(world: World) -> None:
    failures = iter([StoreDown("away")] * 3)
    commit = world.commit

    async def fail_at_times(batch: Batch) -> None:
        for failure in failures:
            raise failure
        await commit(batch)

    flaky = replace(world, commit=fail_at_times)
    await accept.record(world, a_caller(), [a_purchase(1)])
    lane = await _lane_of(world, "ann")
    for _ in range(3):
        with pytest.raises(StoreDown):
            await score.score_lane(flaky, PROGRAM, lane)
    await drain(flaky)

    assert await figures(world) == {"ann": (10, 1)}


async def test_a_member_with_more_than_the_head_holds_is_decided_from_pages(world: World) -> None:
    count = 400
    base = world.clock() - 300 * DAY
    for begin in range(0, count, 100):
        await report(
            world,
            [a_purchase(n, at=Instant(base + n * DAY // 2)) for n in range(begin, begin + 100)],
        )
    member = (await accept.record(world, a_caller(), [a_purchase(0, at=base)]))[0].member
    assert member is not None

    await report(world, [_refund("r1", "p0"), _refund("r2", "p399"), _redeem("x1")])

    settled = (await read.members(world, PROGRAM, [member]))[member]
    wallet = settled.standing.wallets["points"]
    assert (wallet.earned, wallet.redeemed) == (10 * count - 20, 10)
    assert any(shelf.spilled for shelf in settled.standing.shelves.values())


async def test_the_last_items_are_never_oversold(world: World) -> None:
    buyers = [by(f"m{n}") for n in range(40)]
    await report(world, [a_purchase(n, member=buyer) for n, buyer in enumerate(buyers)])

    receipts = await report(
        world, [_redeem(f"x{n}", member=buyer) for n, buyer in enumerate(buyers)]
    )

    told = Counter(
        (receipt.entry.result.value, receipt.entry.reason) for receipt in receipts if receipt.entry
    )
    assert told == {("accepted", None): 3, ("rejected", "out_of_stock"): 37}
    points = sorted(points for points, _ in (await figures(world)).values())
    assert points == [0] * 3 + [10] * 37


async def test_a_reservation_that_ran_out_is_not_confirmed(world: World) -> None:
    await report(world, [a_purchase(1)])
    commit = world.commit
    runs = 0

    async def late(batch: Batch) -> None:
        nonlocal runs
        if batch.confirmed and not runs:
            runs += 1
            await world.shared.release(PROGRAM, batch.confirmed)
        await commit(batch)

    await accept.record(world, a_caller(), [_redeem("x1")])
    await drain(replace(world, commit=late))
    await drain(world)

    entries = await read.activities(world, PROGRAM, ["service/x1"])
    assert entries["service/x1"].result is Result.ACCEPTED
    assert await world.shared.stale(PROGRAM, Instant(world.clock() + DAY), 10) == []


async def test_what_is_sent_to_another_member_arrives_there(world: World) -> None:
    await report(world, [a_purchase(n) for n in range(3)] + [a_purchase(9, member=by("bob"))])

    await report(
        world,
        [
            ActivityInput(
                id="t1",
                type="transfer",
                member=by("ann"),
                data={"to": "bob", "wallet": "points", "points": 25},
            )
        ],
    )

    points = {name: points for name, (points, _) in (await figures(world)).items()}
    assert points == {"ann": 5, "bob": 35}


async def test_a_merged_member_lives_on_in_the_survivor(world: World) -> None:
    first = await report(world, [a_purchase(1), a_purchase(2, member=by("bob"))])
    ann, bob = (receipt.member or "" for receipt in first)

    await report(
        world,
        [ActivityInput(id="m1", type="member_merged", member=by("bob"), data={"into": "ann"})],
    )
    await report(world, [a_purchase(3, member=by("bob")), a_purchase(4, member=MemberRef(id=bob))])
    # One that came for the old member before the merge was known to whoever accepted it.
    lane = lane_of(bob, await world.rulebooks.layout(PROGRAM))
    await world.inbox.put(PROGRAM, [(lane, _late_purchase(world, bob))])
    await drain(world)

    settled = await read.members(world, PROGRAM, [ann, bob])
    assert settled[ann].standing.wallets["points"].spendable == 50
    assert settled[bob].standing.status == "merged"
    assert settled[bob].profile.merged_into == ann
    assert (await figures(world))["ann"][0] == 50


async def test_what_comes_to_the_inbox_again_after_a_merge_counts_once(world: World) -> None:
    first = await report(world, [a_purchase(1), a_purchase(2, member=by("bob"))])
    ann, bob = (receipt.member or "" for receipt in first)
    lane = lane_of(bob, await world.rulebooks.layout(PROGRAM))
    merge = ActivityInput(id="m1", type="member_merged", member=by("bob"), data={"into": "ann"})
    await accept.record(world, a_caller(), [a_purchase(3, member=by("bob")), merge])
    load = await world.inbox.take(PROGRAM, lane, 10)
    await drain(world)

    # Whoever repeats what has no decision yet puts it there again, and may come too late.
    await world.inbox.put(PROGRAM, [(lane, place) for place in load.waiting])
    await drain(world)

    assert [place.activity["id"] for place in load.waiting] == ["p3", "m1"]
    (repeated,) = await report(world, [merge])
    assert repeated.entry is not None
    assert repeated.entry.result == Result.ACCEPTED
    assert (await figures(world))["ann"][0] == 30
    for member, own in ((ann, ["p1.enroll", "p1"]), (bob, ["p2.enroll", "p2", "p3", "m1"])):
        seen = await read.journal(world, PROGRAM, member, limit=50)
        reported = [it.activity.id for it in seen.items if it.activity.type != "member_absorbed"]
        assert sorted(reported) == sorted(own)
    assert (await verify(world, PROGRAM)).offences == ()


async def test_the_enrollment_of_a_merged_member_never_comes_again_as_the_survivors(
    world: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    first = await report(world, [a_purchase(1), a_purchase(2, member=by("bob"))])
    # As a worker leaves it that dies right after it decided the enrollment.
    left = {"_id": f"{PROGRAM}||bob"}
    identities = mongo_client[settings.mongo_database]["identities"]
    identities.update_one(left, {"$set": {"e": f"{a_caller().reporter}/p2.enroll"}})

    merge = ActivityInput(id="m1", type="member_merged", member=by("bob"), data={"into": "ann"})
    await report(world, [merge])
    await report(world, [a_purchase(3, member=by("bob"))])

    seen = await read.journal(world, PROGRAM, first[0].member or "", limit=50)
    enrolled = [it.activity.id for it in seen.items if it.activity.type == "enrollment"]
    assert enrolled == ["p1.enroll"]


async def test_an_activity_in_a_lane_that_is_not_its_members_goes_on_to_the_right_one(
    world: World,
) -> None:
    (receipt,) = await report(world, [a_purchase(1)])
    assert receipt.member is not None
    lane = await _lane_of(world, "ann")

    await world.inbox.put(PROGRAM, [((lane + 1) % 16, _late_purchase(world, receipt.member))])
    await drain(world)

    assert await figures(world) == {"ann": (20, 1)}
    assert (await verify(world, PROGRAM)).offences == ()


# ---------------------------------------------------------------- parts


async def test_a_right_that_the_login_lacks_is_no_activitys_fault(
    world: World, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    await report(world, [a_purchase(1)])
    rights = [{"resource": {"db": "", "collection": "scores"}, "actions": ["insert", "remove"]}]
    mongo_client.admin.command("revokePrivilegesFromRole", ROLE, privileges=rights)
    try:
        await accept.record(world, a_caller(), [a_purchase(2), a_purchase(3)])
        with pytest.raises(StoreDown):
            await drain(world)
    finally:
        mongo_client.admin.command("grantPrivilegesToRole", ROLE, privileges=rights)
    assert await world.inbox.failed(PROGRAM, 10) == []

    await drain(world)

    assert await figures(world) == {"ann": (30, 1)}


async def _nothing(world: World, batch: Batch, *, catches_up: bool) -> None:
    del world, batch, catches_up


def _poisoned(rulebook: Rulebook, standing: Standing, activity: Activity, given: Given) -> Decision:
    if activity.id == "ppoison" or activity.type == "tick":
        raise ZeroDivisionError
    return decide(rulebook, standing, activity, given)


async def _seqs(world: World) -> list[int]:
    return list((await world.lanes.seqs(PROGRAM)).values())


async def _lane_of(world: World, external_id: str) -> int:
    member = await read.find(world, a_caller(), by(external_id))
    return lane_of(member, await world.rulebooks.layout(PROGRAM))


def _late_purchase(world: World, member: str) -> Waiting:
    activity = Activity(
        id="late",
        type="purchase",
        at=world.clock(),
        received=world.clock(),
        member=member,
        lines=(Line(amount=1_000),),
    )
    return Waiting(world.next_order(), activity_to_plain(activity))


def _refund(name: str, of: str) -> ActivityInput:
    return ActivityInput(id=name, type="refund", member=by("ann"), data={"of": of})


def _redeem(name: str, *, member: MemberRef | None = None) -> ActivityInput:
    return ActivityInput(
        id=name, type="redemption", member=member or by("ann"), data={"item": "mug"}
    )

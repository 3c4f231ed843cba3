"""What readers get: pages that fit together, from Redis or from MongoDB alike."""

import asyncio
from contextlib import aclosing
from decimal import Decimal
from itertools import count

import pytest

from guerdon.core.views import View
from guerdon.engine import accept, read, watch
from guerdon.engine.enroll import enroll, update
from guerdon.engine.inputs import EnrollmentInput, Identity, MemberRef, ProfileInput
from guerdon.engine.outcomes import Result
from guerdon.engine.records import Board, Topic
from guerdon.engine.world import Role, World
from worlds import PROGRAM, a_caller, a_purchase, by, drain, report


async def test_a_journal_is_paged_both_ways_without_gap_or_double(world: World) -> None:
    receipts = await report(world, [a_purchase(n) for n in range(24)])
    member = receipts[0].member
    assert member is not None

    older = await read.journal(world, PROGRAM, member, limit=10)
    oldest = await read.journal(world, PROGRAM, member, limit=20, after=older.items[-1].member_seq)
    newer = await read.journal(world, PROGRAM, member, limit=10, before=oldest.items[0].member_seq)

    seqs = [entry.member_seq for entry in older.items + oldest.items]
    assert seqs == list(range(25, 0, -1))
    assert (older.has_previous, older.has_next) == (False, True)
    assert (oldest.has_previous, oldest.has_next) == (True, False)
    assert newer.items == older.items


async def test_views_of_a_settled_member_fetch_what_they_need(world: World) -> None:
    # More lots than the head of a standing holds.
    (receipt, *_) = await report(world, [a_purchase(n) for n in range(60)])
    assert receipt.member is not None
    settled = (await read.members(world, PROGRAM, [receipt.member]))[receipt.member]

    shown = await read.view(
        world,
        settled,
        lambda given: View(settled.rulebook, settled.standing, given).lots("points"),
    )

    assert [lot.left for lot in shown] == [10] * 60


async def test_a_member_finds_nobody_else(world: World) -> None:
    ann, bob = (
        receipt.member
        for receipt in await report(world, [a_purchase(1), a_purchase(2, member=by("bob"))])
    )
    caller = a_caller(Role.MEMBER, member=ann)

    assert await read.find(world, caller, by("ann")) == ann
    assert await read.find(world, caller, by("bob")) is None
    assert await read.find(world, caller, MemberRef(id=bob)) is None
    assert await read.find(world, a_caller(), MemberRef(id=bob)) == bob
    assert await read.find(world, a_caller(), MemberRef(id="nobody")) is None


async def test_the_directory_lists_members_by_their_own_ids(world: World) -> None:
    await report(world, [a_purchase(n, member=by(f"m{n:02d}")) for n in range(12)])

    first = await read.directory(world, PROGRAM, limit=5)
    second = await read.directory(world, PROGRAM, limit=10, after=first.items[-1].external_id)
    back = await read.directory(world, PROGRAM, limit=3, before=second.items[0].external_id)
    found = await read.directory(world, PROGRAM, limit=5, search="m1")

    names = [profile.external_id for profile in first.items + second.items]
    assert names == [f"m{n:02d}" for n in range(12)]
    assert [profile.external_id for profile in back.items] == ["m02", "m03", "m04"]
    assert [profile.external_id for profile in found.items] == ["m10", "m11"]
    assert await read.directory_total(world, PROGRAM) == 12


async def test_enrolling_twice_is_once_and_the_profile_lies_apart(world: World) -> None:
    person = EnrollmentInput(
        external_id="eve",
        display_name="Eve",
        attributes={"birthday": "02-29"},
        identities=(Identity("card", "9"),),
    )
    tasks = [asyncio.create_task(enroll(world, a_caller(), person)) for _ in range(3)]
    while not all(task.done() for task in tasks):
        await drain(world)
        await asyncio.sleep(0.01)
    receipts = [task.result() for task in tasks]

    assert sorted(receipt.result for receipt in receipts) == [
        Result.ACCEPTED,
        Result.DUPLICATE,
        Result.DUPLICATE,
    ]
    (member,) = {receipt.member for receipt in receipts}
    assert member is not None
    assert all(receipt.entry for receipt in receipts)
    settled = (await read.members(world, PROGRAM, [member]))[member]
    assert settled.profile.display_name == "Eve"
    assert settled.profile.identities == (Identity("card", "9"),)
    assert settled.standing.attrs == {"birthday": "02-29"}
    assert await read.find(world, a_caller(), MemberRef(identity=Identity("card", "9"))) == member


async def test_a_profile_is_changed_with_the_activity_that_says_so(world: World) -> None:
    await report(world, [a_purchase(1)])
    change = ProfileInput(member=by("ann"), display_name="Ann", attributes={"vip": True})
    task = asyncio.create_task(update(world, a_caller(), change))
    while not task.done():
        await drain(world)
        await asyncio.sleep(0.01)

    member = (await task).member
    assert member is not None
    settled = (await read.members(world, PROGRAM, [member]))[member]
    assert (settled.profile.display_name, settled.standing.attrs) == ("Ann", {"vip": "true"})


@pytest.mark.parametrize(
    "person",
    [
        EnrollmentInput(external_id="eve", display_name=""),
        EnrollmentInput(external_id="eve", avatar_url="javascript:alert(1)"),
        EnrollmentInput(external_id=""),
    ],
)
async def test_a_person_who_cannot_be_shown_is_refused(
    world: World, person: EnrollmentInput
) -> None:
    receipt = await enroll(world, a_caller(), person)

    assert (receipt.result, receipt.reason) == (Result.REJECTED, "invalid")
    assert await read.directory_total(world, PROGRAM) == 0


async def test_a_watcher_gets_each_entry_once_in_order_from_any_point(world: World) -> None:
    receipts = await report(world, [a_purchase(n) for n in range(5)])
    member = receipts[0].member
    assert member is not None
    seen: list[int] = []

    async def follow() -> None:
        async with aclosing(watch.member(world, PROGRAM, member, after=2)) as entries:
            async for entry in entries:
                seen.append(entry.member_seq)
                if entry.member_seq == 16:
                    return

    following = asyncio.create_task(follow())
    for number in range(10):
        await report(world, [a_purchase(f"more{number}")])
    async with asyncio.timeout(10):
        await following

    assert seen == list(range(3, 17))


async def test_a_watcher_of_a_leaderboard_hears_single_changes_at_once(world: World) -> None:
    heard: list[float] = []
    clock = asyncio.get_running_loop().time

    async def follow() -> None:
        topics = [Topic("board", "all_time")]
        async with aclosing(watch.changes(world, PROGRAM, topics, pause_ms=250)) as news:
            async for _ in news:
                heard.append(clock())
                if len(heard) == 8:
                    return

    following = asyncio.create_task(follow())
    for number in count():
        if following.done():
            break
        await report(world, [a_purchase(number, amount=Decimal(1))])
    async with asyncio.timeout(10):
        await following

    # At most four in any second, though there were many more changes.
    assert all(later - earlier > 0.9 for earlier, later in zip(heard, heard[4:], strict=False))


async def test_pages_of_a_leaderboard_are_equal_with_and_without_redis(world: World) -> None:
    await report(
        world, [a_purchase(n, member=by(f"m{n % 9}"), amount=Decimal(n % 4)) for n in range(40)]
    )
    for shared in (False, True):
        board = Board("all_time", 0, shared)
        whole = await world.boards.page(PROGRAM, board, limit=100)
        middle = whole.rows[4]
        for asked in (
            {"limit": 3},
            {"limit": 3, "after": middle},
            {"limit": 3, "before": middle},
            {"limit": 3, "from_end": True},
            {"limit": 100, "before": middle},
        ):
            in_redis = await world.boards.page(PROGRAM, board, **asked)
            assert in_redis == await world.scores.page(PROGRAM, board, **asked)
        assert await world.boards.around(
            PROGRAM, board, middle.member, above=2, below=2
        ) == await world.scores.around(PROGRAM, board, middle.member, above=2, below=2)


async def test_waiting_counts_what_is_not_decided(world: World) -> None:
    await accept.record(world, a_caller(), [a_purchase(n) for n in range(3)])

    assert await read.waiting(world, PROGRAM) == 4
    await drain(world)
    assert await read.waiting(world, PROGRAM) == 0

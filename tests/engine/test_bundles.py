"""Bundles of the inbox: what shares a document is decided as if each entry stood alone."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from guerdon.engine import accept, read
from guerdon.engine.grow import grow
from guerdon.engine.heads import Memory
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.outcomes import Result
from guerdon.engine.records import Batch, Bundle, LaneLost, StoreDown
from guerdon.engine.score import visit_lane
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import PROGRAM, a_caller, a_purchase, a_world, by, drain, report

LANE = 0


@pytest.fixture
async def one_lane(settings: Settings) -> AsyncIterator[World]:
    """A World with a single lane, in which all lies together; a batch decides four at most."""
    narrow = settings.model_copy(update={"lanes": 1, "batch_max": 4})
    async with a_world(narrow) as world:
        yield world


async def decided(world: World) -> list[str]:
    """Return the ids of what the lane decided, in order."""
    return [entry.activity["id"] for entry in await world.journal.since(PROGRAM, LANE, 0, 1_000)]


async def bundles(world: World) -> list[Bundle]:
    """Return what waits in the lane, as it is stored."""
    return list((await world.inbox.take(PROGRAM, LANE, 1_000)).bundles)


def purchases(numbers: range, *, member: str = "ann") -> list[ActivityInput]:
    """Return purchases by a member."""
    return [a_purchase(n, member=by(member)) for n in numbers]


async def test_a_request_is_one_document_a_lane_and_is_decided_in_its_order_by_small_batches(
    one_lane: World,
) -> None:
    world = one_lane
    await accept.record(world, a_caller(), purchases(range(10)))
    await accept.record(world, a_caller(), purchases(range(10, 13)))

    # The second request finds the enrollment undecided, and puts a copy in its place.
    assert [len(bundle.entries) for bundle in await bundles(world)] == [1, 11, 3]
    assert await world.inbox.depth(PROGRAM, 100) == 15
    assert await drain(world) == 15

    assert await decided(world) == ["p0.enroll", *(f"p{n}" for n in range(13))]
    assert await bundles(world) == []
    assert (await verify(world, PROGRAM)).offences == ()


async def test_a_place_that_was_given_before_takes_nothing_new_along_to_the_front(
    one_lane: World,
) -> None:
    world = one_lane
    await accept.record(world, a_caller(), purchases(range(1)))
    await accept.record(world, a_caller(), purchases(range(1, 3), member="bob"))
    # Both persons' enrollments wait: copies of them go to where they stand.
    both = [*purchases(range(3, 4)), *purchases(range(4, 5), member="bob")]
    await accept.record(world, a_caller(), both)

    found = await bundles(world)
    assert sorted(len(bundle.entries) for bundle in found) == [1, 1, 2, 2, 3]
    assert found[-1].entries[0].activity["id"] == "p3"

    await drain(world)
    ids = [each for each in await decided(world) if "enroll" not in each]
    assert ids == [f"p{n}" for n in range(5)]
    entries = await read.activities(world, PROGRAM, [f"service/p{n}" for n in range(5)])
    assert {entry.result for entry in entries.values()} == {Result.ACCEPTED}


async def test_a_repeat_of_what_waits_in_a_bundle_writes_nothing(one_lane: World) -> None:
    world = one_lane
    await accept.record(world, a_caller(), purchases(range(6)))
    before = await bundles(world)

    (receipt,) = await accept.record(world, a_caller(), purchases(range(3, 4)))

    assert receipt.result is Result.DUPLICATE
    assert await bundles(world) == before


@pytest.mark.parametrize("is_late", [False, True])
async def test_what_is_in_two_bundles_is_decided_once(one_lane: World, *, is_late: bool) -> None:
    world = one_lane
    await accept.record(world, a_caller(), purchases(range(6)))
    entries = [entry for bundle in await bundles(world) for entry in bundle.entries]
    if is_late:
        await drain(world)
    # As by a process that was slow: it wrote what somebody else was asked to write as well.
    await world.inbox.put_together(PROGRAM, {LANE: entries[2:5]})
    await world.inbox.put(PROGRAM, [(LANE, entries[4])])
    await accept.record(world, a_caller(), purchases(range(6, 7)))
    await drain(world)

    assert await decided(world) == ["p0.enroll", *(f"p{n}" for n in range(7))]
    assert await bundles(world) == []


async def test_one_that_cannot_be_stored_is_found_in_a_bundle_and_set_aside_alone(
    one_lane: World,
) -> None:
    commit = one_lane.commit

    async def refuse(batch: Batch) -> None:
        if any(entry.key == "service/p5" for entry in batch.entries):
            raise ValueError("this cannot be stored")
        await commit(batch)

    world = replace(one_lane, commit=refuse, limits=replace(one_lane.limits, batch_max=500))
    await accept.record(world, a_caller(), purchases(range(9)))
    entries = [entry for bundle in await bundles(world) for entry in bundle.entries]
    # Some of them stand alone as well, and in another bundle.
    await world.inbox.put(PROGRAM, [(LANE, entries[3]), (LANE, entries[6])])
    await world.inbox.put_together(PROGRAM, {LANE: entries[5:8]})
    await drain(world)

    assert await bundles(world) == []
    assert await decided(world) == ["p0.enroll", *(f"p{n}" for n in range(9) if n != 5)]
    (failed,) = await world.inbox.failed(PROGRAM, 10)
    assert failed.key == "service/p5"


async def test_a_bundle_that_is_too_much_for_the_deadline_is_decided_in_parts(
    one_lane: World,
) -> None:
    commit = one_lane.commit

    async def slow(batch: Batch) -> None:
        if len(batch.entries) > 1:
            raise StoreDown("this took too long")
        await commit(batch)

    world = replace(one_lane, commit=slow, limits=replace(one_lane.limits, batch_max=500))
    await accept.record(world, a_caller(), purchases(range(9)))
    memory, failures = Memory(), 0
    while await world.inbox.waits(PROGRAM, LANE):
        try:
            await visit_lane(world, PROGRAM, LANE, memory)
        except StoreDown:
            failures += 1

    assert failures < 30
    assert await decided(world) == ["p0.enroll", *(f"p{n}" for n in range(9))]


async def test_a_batch_that_outlasts_its_lane_comes_to_an_end_with_fewer(one_lane: World) -> None:
    commit = one_lane.commit

    async def overtaken(batch: Batch) -> None:
        if len(batch.entries) > 2:
            raise LaneLost  # by then somebody else holds it
        await commit(batch)

    world = replace(one_lane, commit=overtaken, limits=replace(one_lane.limits, batch_max=500))
    await accept.record(world, a_caller(), purchases(range(9)))
    memory = Memory()
    for _ in range(20):
        await visit_lane(world, PROGRAM, LANE, memory)

    assert await bundles(world) == []
    assert await decided(world) == ["p0.enroll", *(f"p{n}" for n in range(9))]


@pytest.mark.parametrize("is_repeated", [False, True])
async def test_when_its_time_is_over_a_batch_is_committed_and_the_rest_stays_in_its_place(
    one_lane: World, *, is_repeated: bool
) -> None:
    commit, sizes = one_lane.commit, []

    async def counted(batch: Batch) -> None:
        sizes.append(len(batch.entries))
        await commit(batch)

    limits = replace(one_lane.limits, batch_max=500, decide_seconds=0)
    world = replace(one_lane, commit=counted, limits=limits)
    await accept.record(world, a_caller(), purchases(range(5)))
    if is_repeated:
        (bundle,) = await bundles(world)
        await world.inbox.put(PROGRAM, [(LANE, entry) for entry in bundle.entries[1:4]])
    memory = Memory()
    visit = await visit_lane(world, PROGRAM, LANE, memory)
    while visit.has_more:
        visit = await visit_lane(world, PROGRAM, LANE, memory)

    # The enrollment and each purchase; with nothing more to decide a batch may be empty.
    assert [size for size in sizes if size] == [1] * 6
    assert await bundles(world) == []
    assert await decided(world) == ["p0.enroll", *(f"p{n}" for n in range(5))]
    assert (await verify(world, PROGRAM)).offences == ()


async def test_bundles_that_wait_in_old_lanes_count_once_in_the_new_ones(world: World) -> None:
    people = [f"m{n}" for n in range(40)]
    inputs = [
        a_purchase(f"{round_}{name}", member=by(name)) for round_ in range(2) for name in people
    ]
    await accept.record(world, a_caller(), inputs[:40])
    await accept.record(world, a_caller(), inputs[40:])
    waits = await world.inbox.depth(PROGRAM, 1_000)
    assert waits >= 80

    await grow(world, PROGRAM, 32, settling_seconds=0)
    # Repeated while it waits in a lane that is another by now.
    again = await accept.record(world, a_caller(), inputs[:40])
    await drain(world)

    assert Counter(receipt.result for receipt in again) == {Result.DUPLICATE: 40}
    receipts = await report(world, inputs)
    assert all(receipt.entry for receipt in receipts)
    settled = await read.members(world, PROGRAM, {each.member or "" for each in receipts})
    assert {each.standing.wallets["points"].spendable for each in settled.values()} == {20}
    assert await world.inbox.depth(PROGRAM, 1_000) == 0
    assert (await verify(world, PROGRAM)).offences == ()

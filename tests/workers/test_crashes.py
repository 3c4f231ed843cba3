"""Processes that die at any named point lose nothing and repeat nothing."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from guerdon.embedded.process import Child
from guerdon.engine import accept, read
from guerdon.engine.crash import EXIT_CODE, CrashPoint
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.records import Board
from guerdon.engine.sweep import sweep
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from workers.conftest import Start
from worlds import PROGRAM, a_caller, a_purchase, by

WORK = ("-m", "guerdon", "work")
REPORTER = str(Path(__file__).with_name("reporter.py"))
PURCHASES = 70
IN_ACCEPT = (CrashPoint.AFTER_RECEIPTS, CrashPoint.AFTER_INBOX)
IN_GROWING = (CrashPoint.AFTER_OPENING, CrashPoint.AFTER_STEP, CrashPoint.AFTER_LANE)
WITH_REWARDS = (CrashPoint.AFTER_CODE, CrashPoint.BEFORE_FREEING)  # see test_redemption_kills
IN_SCORING = tuple(it for it in CrashPoint if it not in (*IN_ACCEPT, *IN_GROWING, *WITH_REWARDS))


async def until(asked: Callable[[], Awaitable[bool]], *, seconds: float = 60) -> None:
    """Ask until the answer is yes."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await asked():
        assert asyncio.get_running_loop().time() < deadline, "not within the deadline"
        await asyncio.sleep(0.1)


async def all_decided(world: World) -> bool:
    await sweep(world)
    return await read.waiting(world, PROGRAM) == 0


async def everything_is_right(world: World) -> None:
    """All figures are those of an undisturbed run, and the books balance."""
    board = Board("all_time", 0)
    await until(lambda: _is_projected(world))
    page = await world.boards.page(PROGRAM, board, limit=100)
    counts = Counter(f"m{n % 7}" for n in range(PURCHASES))
    profiles = await read.profiles(world, PROGRAM, [row.member for row in page.rows])
    assert {profiles[row.member].external_id: row.value for row in page.rows} == {
        member: 1_000 * count for member, count in counts.items()
    }
    found = await verify(world, PROGRAM)
    assert found.offences == ()
    assert found.entries == PURCHASES + 7 + 7  # enrollments and redemptions


async def _is_projected(world: World) -> bool:
    await sweep(world)
    marks = await world.projection.marks(PROGRAM, range(16))
    seqs = await world.lanes.seqs(PROGRAM)
    return all(marks[lane] == seq for lane, seq in seqs.items() if seq)


async def redeem(world: World) -> None:
    await accept.record(
        world,
        a_caller(),
        [
            ActivityInput(id=f"x{n}", type="redemption", member=by(f"m{n}"), data={"item": "mug"})
            for n in range(7)
        ],
    )


@pytest.mark.parametrize("point", IN_SCORING)
async def test_a_worker_killed_at_any_point_is_as_if_it_had_not_been(
    world: World, start: Start, point: CrashPoint
) -> None:
    purchases = [a_purchase(n, member=by(f"m{n % 7}")) for n in range(PURCHASES)]
    await accept.record(world, a_caller(), purchases)
    await redeem(world)

    doomed = start(*WORK, crash_at=point)
    await until(lambda: _has_died(world, doomed))
    assert doomed.wait() == EXIT_CODE
    start(*WORK)
    await until(lambda: all_decided(world))

    await everything_is_right(world)


async def _has_died(world: World, child: Child) -> bool:
    await sweep(world)
    return not child.is_running


@pytest.mark.parametrize("point", IN_ACCEPT)
async def test_a_reporter_whose_answer_was_lost_reports_again_and_it_counts_once(
    world: World, start: Start, point: CrashPoint
) -> None:
    doomed = start(REPORTER, "0", str(PURCHASES), crash_at=point)
    assert doomed.wait(30) == EXIT_CODE
    worker = start(*WORK)
    again = start(REPORTER, "0", str(PURCHASES))
    assert again.wait(30) == 0
    await redeem(world)

    await until(lambda: all_decided(world))

    assert worker.is_running
    await everything_is_right(world)


async def test_losing_all_of_redis_with_work_waiting_loses_nothing(
    world: World, settings: Settings, start: Start
) -> None:
    start(*WORK)
    start(*WORK)
    start("-m", "guerdon", "schedule")
    purchases = [a_purchase(n, member=by(f"m{n % 7}")) for n in range(PURCHASES)]
    async with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        for begin in range(0, PURCHASES, 10):
            await accept.record(world, a_caller(), purchases[begin : begin + 10])
            await client.flushall()
    await redeem(world)

    await until(lambda: _nothing_waits(world))

    await everything_is_right(world)


async def _has_begun(world: World) -> bool:
    await sweep(world)  # there is no scheduler, and a hint may be lost on a busy machine
    return any((await world.lanes.seqs(PROGRAM)).values())


async def _nothing_waits(world: World) -> bool:
    return await read.waiting(world, PROGRAM) == 0


async def test_a_worker_that_is_asked_to_stop_finishes_and_leaves_no_lane_behind(
    world: World, start: Start
) -> None:
    worker = start(*WORK)
    for begin in range(0, PURCHASES, 10):
        await accept.record(
            world,
            a_caller(),
            [a_purchase(n, member=by(f"m{n % 7}")) for n in range(begin, begin + 10)],
        )
    await redeem(world)
    await until(lambda: _has_begun(world))
    assert worker.stop(patience_seconds=10) == 0

    # At once: no lease has to run out first.
    for lane in range(16):
        hold = await world.lanes.take(PROGRAM, lane)
        assert hold is not None
        await world.lanes.release(hold)
    start(*WORK)
    await until(lambda: all_decided(world))
    await everything_is_right(world)

"""Writing leaderboards to Redis: what counts as whole, marks, locks, and what is left to build."""

import pytest
from redis.asyncio import Redis

from guerdon.core.activity import Instant
from guerdon.core.decision import Score
from guerdon.engine.records import Board, ScoreRow
from guerdon.engine.refusals import BuildLost, LiveDown
from guerdon.live.client import LIVE_DB, Live, with_db
from guerdon.live.leaderboards import LiveBoards
from guerdon.live.projection import LiveProjection

BOARD = Board("spent", 0)


def a_row(member: str, value: int, *, seq: int = 1, board: Board = BOARD) -> ScoreRow:
    score = Score(board.leaderboard, Instant(board.period), None, value, Instant(0), True)
    return ScoreRow(member, seq, score)


async def build(
    projection: LiveProjection, board: Board, *rows: ScoreRow, apart: bool = False
) -> None:
    begun = await projection.begin("p", board, apart=apart)
    await projection.fill(begun, rows)
    await projection.finish(begun)
    await projection.built(begun)


async def test_a_leaderboard_that_was_never_built_is_not_there(live: Live) -> None:
    projection = LiveProjection(live)

    projected = await projection.write("p", [a_row("ann", 10)], lane=0, before=0, seq=1)

    assert projected.missing == (BOARD,)
    with pytest.raises(LiveDown):
        await LiveBoards(live).page("p", BOARD, limit=10)


async def test_what_is_written_while_a_leaderboard_is_completed_in_place_stays(
    live: Live,
) -> None:
    projection = LiveProjection(live)
    await projection.write("p", [a_row("ann", 30, seq=3)], lane=0, before=0, seq=1)

    await build(projection, BOARD, a_row("ann", 20, seq=2), a_row("bob", 5))

    page = await LiveBoards(live).page("p", BOARD, limit=10)
    assert [(row.member, row.value) for row in page.rows] == [("ann", 30), ("bob", 5)]


@pytest.mark.parametrize("apart", [False, True])
async def test_what_was_lost_while_it_was_built_is_not_called_whole(
    live: Live, *, apart: bool
) -> None:
    projection = LiveProjection(live)
    begun = await projection.begin("p", BOARD, apart=apart)
    await projection.fill(begun, [a_row("ann", 20)])
    await live.client.flushdb()

    with pytest.raises(BuildLost):
        await projection.fill(begun, [a_row("bob", 5)])
    with pytest.raises(BuildLost):
        await projection.finish(begun)

    assert await live.client.keys() == []


@pytest.mark.parametrize("apart", [False, True])
async def test_of_two_who_build_a_leaderboard_the_second_has_it(live: Live, *, apart: bool) -> None:
    projection, rows = LiveProjection(live), [a_row("ann", 20), a_row("bob", 5)]
    first = await projection.begin("p", BOARD, apart=apart)
    await projection.fill(first, rows[:1])
    second = await projection.begin("p", BOARD, apart=apart)

    with pytest.raises(BuildLost):
        await projection.fill(first, rows[1:])
    with pytest.raises(BuildLost):
        await projection.finish(first)
    await projection.fill(second, rows)
    await projection.finish(second)

    page = await LiveBoards(live).page("p", BOARD, limit=10)
    assert [row.member for row in page.rows] == ["ann", "bob"]
    assert await live.client.keys("*:new") == []


async def test_what_a_killed_builder_had_apart_goes_by_itself_and_what_is_in_place_stays(
    live: Live,
) -> None:
    projection, client = LiveProjection(live), live.client
    await projection.begin("p", BOARD, apart=True)
    begun = await client.keys("*:new")
    first = [await client.pttl(key) for key in begun]
    build_ = await projection.begin("p", BOARD, apart=True)
    await projection.fill(build_, [a_row("ann", 20)])
    await projection.fill(build_, [a_row("bob", 5)])
    apart = await client.keys("*:new")
    left = [await client.pttl(key) for key in apart]
    await projection.finish(build_)
    in_place = await client.keys("*:spent:0}:?")

    assert (len(begun), len(apart), len(in_place)) == (1, 2, 2)
    assert all(0 < each <= 600_000 for each in first + left)
    assert [await client.pttl(key) for key in in_place] == [-1, -1]
    assert await client.keys("*:new") == []


async def test_marks_are_set_only_while_the_lock_is_held(live: Live) -> None:
    projection = LiveProjection(live)
    async with projection.lock("p") as held:
        await projection.mark("p", {3: 2}, held=held)
        await live.client.flushdb()
        with pytest.raises(BuildLost):
            await projection.mark("p", {3: 2}, held=held)

    assert await projection.marks("p", [3]) == {3: None}


async def test_what_was_met_unbuilt_is_known_until_somebody_has_finished_it(live: Live) -> None:
    new, week = Board("spent:much", -7), Board("week", 86_400_000)
    first, second = LiveProjection(live), LiveProjection(live)
    rows = [a_row("ann", 1, board=new), a_row("ann", 2, board=week), a_row("ann", 3)]
    await build(first, BOARD)

    found = await first.write("p", rows, lane=0, before=0, seq=1)
    again = await second.write("p", rows[:1], lane=1, before=0, seq=1)

    assert (set(found.missing), found.mark) == ({new, week}, 1)
    assert (again.missing, again.mark) == ((new,), 1)
    assert await second.unbuilt("p") == [new, week]
    await build(second, new)
    await build(second, week, rows[1], apart=True)
    assert await first.unbuilt("p") == []
    assert await first.write("p", rows, lane=0, before=1, seq=2) == ((), 2)


async def test_a_leaderboard_that_went_behind_our_back_is_noted_as_well(live: Live) -> None:
    projection = LiveProjection(live)
    await build(projection, BOARD)
    await projection.write("p", [a_row("ann", 1)], lane=0, before=0, seq=1)
    await live.client.delete(*(await live.client.keys("*:h")))

    found = await projection.write("p", [a_row("ann", 2, seq=2)], lane=0, before=1, seq=2)

    assert found == ((BOARD,), 2)
    assert await projection.unbuilt("p") == [BOARD]


async def test_what_a_process_has_met_is_forgotten_before_it_is_too_much(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guerdon.live.projection._MET_MAX", 2)
    projection = LiveProjection(live)
    weeks = [Board("week", n) for n in range(5)]
    for seq, board in enumerate([*weeks, *weeks]):
        await build(projection, board)
        row = a_row("ann", seq, seq=seq + 1, board=board)
        assert await projection.write("p", [row], lane=0, before=seq, seq=seq + 1) == ((), seq + 1)
        assert len(projection._met) <= 3


async def test_marks_move_on_without_gaps_and_never_back(live: Live) -> None:
    projection = LiveProjection(live)

    first = await projection.write("p", [], lane=3, before=0, seq=5)
    gap = await projection.write("p", [], lane=3, before=7, seq=9)
    late = await projection.write("p", [], lane=3, before=2, seq=4)
    lost = await projection.write("p", [], lane=4, before=7, seq=9)

    assert [each.mark for each in (first, gap, late, lost)] == [5, 5, 5, None]
    await projection.mark("p", {3: 2, 4: 8})
    assert await projection.marks("p", [3, 4, 5]) == {3: 5, 4: 8, 5: None}


async def test_a_lock_is_held_for_as_long_as_the_work_takes(
    live: Live, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guerdon.live.projection._LOCK_MS", 600)
    projection = LiveProjection(live)
    name = projection._lock("p", None)
    for _ in range(5):  # who stands still for longer than a lock lasts has lost it
        async with (
            Redis.from_url(with_db(redis_url, LIVE_DB)) as client,
            projection.lock("p") as mine,
        ):
            assert mine
            now = last = await client.pttl(name)
            while 0 < now <= last:  # it is renewed
                last, now = now, await client.pttl(name)
        if now > 0:
            break

    assert 0 < now <= 600


async def test_one_rebuild_at_a_time(live: Live) -> None:
    projection = LiveProjection(live)

    async with projection.lock("p") as mine, projection.lock("p") as theirs:
        assert (bool(mine), theirs) == (True, None)
    async with projection.lock("p") as again:
        assert again

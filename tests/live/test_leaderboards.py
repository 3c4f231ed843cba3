"""Reading leaderboards from Redis: order, pages, ranks, and what happens when they are away."""

import random

import pytest

from guerdon.core.activity import Instant
from guerdon.core.decision import Score
from guerdon.engine.outcomes import BoardRow
from guerdon.engine.records import Board, ScoreRow
from guerdon.engine.refusals import LiveDown
from guerdon.live.client import Live
from guerdon.live.leaderboards import LiveBoards
from guerdon.live.projection import LiveProjection

BOARD = Board("spent", 0)


def a_row(member: str, value: int, *, at: int = 0, seq: int = 1, eligible: bool = True) -> ScoreRow:
    score = Score("spent", Instant(0), None, value, Instant(at), eligible)
    return ScoreRow(member, seq, score)


async def built(live: Live, rows: list[ScoreRow]) -> LiveBoards:
    projection = LiveProjection(live)
    build = await projection.begin("p", BOARD, apart=True)
    await projection.fill(build, rows)
    await projection.finish(build)
    return LiveBoards(live)


async def write(live: Live, *rows: ScoreRow) -> None:
    projected = await LiveProjection(live).write("p", rows, lane=0, before=0, seq=1)
    assert not projected.missing


def expected(rows: list[ScoreRow], *, shared: bool = False) -> list[BoardRow]:
    """Return the leaderboard as a child would make it."""
    ordered = sorted(rows, key=lambda row: (-row.score.value, row.score.at, row.member))
    values = [row.score.value for row in ordered]
    return [
        BoardRow(
            rank=1 + (sum(v > row.score.value for v in values) if shared else place),
            member=row.member,
            value=row.score.value,
            at=row.score.at,
        )
        for place, row in enumerate(ordered)
    ]


def many_rows(seed: int) -> list[ScoreRow]:
    chance = random.Random(seed)
    big = [2**53 - 1, 2**53, 2**53 + 1, 2**62, 2**62 + 1, -(2**60), -(2**60) - 1]
    return [
        a_row(f"m{n}", chance.choice([*range(-3, 4), *big]), at=chance.randrange(-2, 3))
        for n in range(200)
    ]


@pytest.mark.parametrize("shared", [False, True])
async def test_pages_from_either_end_show_the_one_total_order(live: Live, *, shared: bool) -> None:
    rows = many_rows(7)
    boards = await built(live, rows)
    board = Board("spent", 0, shared)
    wanted = expected(rows, shared=shared)

    forward: list[BoardRow] = []
    page = await boards.page("p", board, limit=17)
    assert not page.has_previous
    forward += page.rows
    while page.has_next:
        page = await boards.page("p", board, limit=17, after=forward[-1])
        assert page.has_previous
        forward += page.rows
    backward: list[BoardRow] = []
    page = await boards.page("p", board, limit=17, from_end=True)
    backward = [*page.rows]
    while page.has_previous:
        page = await boards.page("p", board, limit=17, before=backward[0])
        backward = [*page.rows, *backward]

    assert forward == wanted
    assert backward == wanted
    assert page.total == 200


async def test_a_cursor_whose_row_moved_still_leads_to_its_place(live: Live) -> None:
    boards = await built(live, [a_row(f"m{n}", n) for n in range(10)])
    page = await boards.page("p", BOARD, limit=3)

    await write(live, a_row("m7", 100, seq=2))
    after = await boards.page("p", BOARD, limit=2, after=page.rows[-1])

    assert [row.member for row in page.rows] == ["m9", "m8", "m7"]
    assert [(row.rank, row.member) for row in after.rows] == [(4, "m6"), (5, "m5")]


async def test_a_row_stands_between_its_neighbours(live: Live) -> None:
    rows = many_rows(8)
    boards = await built(live, rows)
    wanted = expected(rows)

    for place in (0, 1, 100, 199):
        around = await boards.around("p", BOARD, wanted[place].member, above=2, below=2)
        assert around == wanted[max(place - 2, 0) : place + 3]
    assert await boards.row("p", BOARD, "nobody") is None


async def test_the_greater_sequence_wins_whatever_comes_last(live: Live) -> None:
    boards = await built(live, [])

    await write(live, a_row("ann", 30, seq=3))
    await write(live, a_row("ann", 20, seq=2))
    await write(live, a_row("ann", 99, seq=3))

    row = await boards.row("p", BOARD, "ann")
    assert row is not None
    assert row.value == 30


async def test_a_row_that_was_taken_away_does_not_come_back_late(live: Live) -> None:
    boards = await built(live, [a_row("ann", 10, seq=1), a_row("bob", 5, seq=1)])

    await write(live, a_row("ann", 0, seq=3, eligible=False))
    await write(live, a_row("ann", 20, seq=2))

    page = await boards.page("p", BOARD, limit=10)
    assert [row.member for row in page.rows] == ["bob"]
    assert page.total == 1


async def test_an_empty_leaderboard_is_there(live: Live) -> None:
    boards = await built(live, [])

    page = await boards.page("p", BOARD, limit=10)

    assert (page.rows, page.total, page.has_next, page.has_previous) == ((), 0, False, False)


async def test_programs_do_not_meet(live: Live) -> None:
    boards = await built(live, [a_row("ann", 10)])

    with pytest.raises(LiveDown):
        await boards.page("q", BOARD, limit=10)


async def test_a_server_that_is_away_is_said_so_at_once() -> None:
    live = Live("redis://127.0.0.1:1", namespace="test", timeout_seconds=1)
    boards = LiveBoards(live)

    for _ in range(2):
        with pytest.raises(LiveDown):
            await boards.page("p", BOARD, limit=10)
    await live.close()


async def test_scripts_that_the_server_forgot_are_loaded_again(live: Live) -> None:
    boards = await built(live, [a_row("ann", 10)])

    await live.client.script_flush()

    assert (await boards.page("p", BOARD, limit=10)).total == 1

"""Reads of one turn of the loop go in one round trip, and each asker gets its own answer."""

import asyncio

import pytest

from guerdon.core.activity import Instant
from guerdon.core.decision import Score
from guerdon.engine.records import Board, ScoreRow
from guerdon.engine.refusals import LiveDown
from guerdon.live.client import Live
from guerdon.live.leaderboards import LiveBoards
from guerdon.live.projection import LiveProjection

BOARD = Board("spent", 0)


async def filled(live: Live, many: int) -> LiveBoards:
    projection = LiveProjection(live)
    rows = [
        ScoreRow(f"m{n:04d}", 1, Score("spent", Instant(0), None, many - n, Instant(0), True))
        for n in range(many)
    ]
    build = await projection.begin("p", BOARD, apart=False)
    await projection.fill(build, rows)
    await projection.finish(build)
    boards = LiveBoards(live)
    await boards.page("p", BOARD, limit=1)  # which loads the scripts
    return boards


async def scripts_run(live: Live) -> int:
    found = await live.client.info("commandstats")
    return int(found.get("cmdstat_evalsha", {}).get("calls", 0))


async def test_equal_questions_are_one_and_each_asker_gets_its_own_answer(live: Live) -> None:
    boards = await filled(live, 700)
    before = await scripts_run(live)
    pages = asyncio.gather(*(boards.page("p", BOARD, limit=3) for _ in range(100)))
    rows = asyncio.gather(*(boards.row("p", BOARD, f"m{n:04d}") for n in range(700)))
    found, single = await pages, await rows

    assert {tuple(row.member for row in page.rows) for page in found} == {
        ("m0000", "m0001", "m0002")
    }
    assert [row.rank for row in single if row] == list(range(1, 701))
    assert await scripts_run(live) == before + 701


async def test_who_gives_up_takes_nothing_from_those_who_wait(live: Live) -> None:
    boards = await filled(live, 3)
    first = asyncio.create_task(boards.page("p", BOARD, limit=3))
    second = asyncio.create_task(boards.page("p", BOARD, limit=3))
    await asyncio.sleep(0)
    first.cancel()

    assert (await second).total == 3
    assert (await asyncio.gather(first, return_exceptions=True))[0].__class__ is (
        asyncio.CancelledError
    )


async def test_all_who_wait_hear_that_the_server_is_away() -> None:
    live = Live("redis://127.0.0.1:1", namespace="test", timeout_seconds=1)
    boards = LiveBoards(live)
    answers = await asyncio.gather(
        *(boards.row("p", BOARD, f"m{n}") for n in range(5)), return_exceptions=True
    )
    await live.close()

    assert [type(answer) for answer in answers] == [LiveDown] * 5


async def test_scripts_that_were_forgotten_are_loaded_for_all_at_once(live: Live) -> None:
    boards = await filled(live, 3)
    await live.client.script_flush()
    rows = await asyncio.gather(*(boards.row("p", BOARD, f"m000{n}") for n in range(3)))

    assert [row.rank for row in rows if row] == [1, 2, 3]


async def test_a_leaderboard_that_is_not_built_is_said_to_its_askers_alone(live: Live) -> None:
    boards = await filled(live, 3)
    other = Board("other", 0)
    answers = await asyncio.gather(
        boards.page("p", BOARD, limit=1), boards.page("p", other, limit=1), return_exceptions=True
    )

    assert not isinstance(answers[0], BaseException)
    with pytest.raises(LiveDown):
        raise answers[1]  # type: ignore[misc]  # it is one

"""Drift: leaderboards in Redis that no longer say what MongoDB says are found and built anew.

Rule: a difference counts only once it has stood for three looks, with a pause between them, because
rows are committed before they are projected; then the whole leaderboard is built anew, for nobody
knows what else is wrong with it. A leaderboard that never stands still is not for that one that
differs: what counts is that the same row does. Periods that have been over for three months are
left to `verify`.
"""

import asyncio
import logging
from collections.abc import Sequence

from guerdon.engine.by_program import by_program
from guerdon.engine.rebuild import Progress, complete, renew, silent
from guerdon.engine.records import Board, ScoreRow
from guerdon.engine.refusals import LiveDown, NotBuilt
from guerdon.engine.world import World

log = logging.getLogger(__name__)

_AT_ONCE = 5_000
_LOOKS = 3
_PAUSE_SECONDS = 1.0
"""Between two looks: as a rule what is committed is projected long before that."""

_OVER_MS = 92 * 86_400_000


async def mend(world: World) -> int:
    """Look at the leaderboards of all programs, and return how many had to be built anew.

    Raises:
        StoreDown: MongoDB does not answer. Without Redis there is nothing to look at.
    """
    try:
        return await by_program(world, _mend)
    except LiveDown:
        log.warning("Redis does not answer: leaderboards are compared at the next turn")
        return 0


async def _mend(world: World, program: str) -> int:
    mended = 0
    for leaderboard, period in await world.scores.periods(program):
        mended += await _look(world, program, Board(leaderboard, period))
    return mended


async def differing(
    world: World, program: str, *, progress: Progress = silent
) -> tuple[int, list[Board]]:
    """Return how many leaderboards there are, and those to be built anew; nothing is changed.

    Raises:
        LiveDown: Redis does not answer.
    """
    boards = [Board(*period) for period in await world.scores.periods(program)]
    found = []
    for done, board in enumerate(boards):
        progress(done, len(boards))
        try:
            if await _stays_different(world, program, board, also_over=True):
                found.append(board)
        except NotBuilt:
            found.append(board)
    progress(len(boards), len(boards))
    return len(boards), found


async def _stays_different(
    world: World, program: str, board: Board, *, also_over: bool = False
) -> bool:
    """Tell whether a row differs or is missing, or some are there that should not be."""
    for look in range(_LOOKS):
        if look:
            await asyncio.sleep(_PAUSE_SECONDS)
        is_wrong, more = await _compared(world, program, board, also_over=also_over)
        if is_wrong or not more:
            return is_wrong
    return True


async def _look(world: World, program: str, board: Board) -> bool:
    try:
        if not await _stays_different(world, program, board):
            return False
    except NotBuilt:
        await complete(world, program, [board])
        return True
    log.warning(
        "a leaderboard differed from MongoDB and is built anew",
        extra={"program": program, "leaderboard": board.leaderboard, "period": board.period},
    )
    await renew(world, program, [board])
    return True


async def _compared(
    world: World, program: str, board: Board, *, also_over: bool
) -> tuple[bool, bool]:
    """Tell whether a row stays different, and whether there are more rows than there should be."""
    before = await world.projection.size(program, board)
    after: str | None = None
    shown = 0
    while rows := await _page(world, program, board, after):
        ends = rows[0].score.ends
        is_over = ends is not None and ends + _OVER_MS < world.clock()
        if after is None and is_over and not also_over:
            return False, False
        if await _rows_stay_different(world, program, board, after, rows):
            return True, False
        shown += sum(row.score.eligible for row in rows)
        after = rows[-1].member
    # What came while it was counted is there afterwards only, what went was there only before.
    return False, min(before, await world.projection.size(program, board)) > shown


async def _rows_stay_different(
    world: World, program: str, board: Board, after: str | None, rows: Sequence[ScoreRow]
) -> bool:
    differ = set(await world.projection.differing(program, board, rows))
    for _ in range(_LOOKS - 1):
        if differ:
            await asyncio.sleep(_PAUSE_SECONDS)
            again = await _page(world, program, board, after)
            differ &= set(await world.projection.differing(program, board, again))
    return bool(differ)


async def _page(world: World, program: str, board: Board, after: str | None) -> list[ScoreRow]:
    return await world.scores.rows(
        program, board.leaderboard, board.period, after=after, limit=_AT_ONCE
    )

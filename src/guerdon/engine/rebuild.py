"""Rebuilding what Redis holds from MongoDB, while everything goes on.

Rule: a leaderboard is built apart and put in place at once; what was committed meanwhile is
replayed from the journal afterwards, and the greater sequence wins, so that nothing is lost
whichever came first. One rebuild at a time: whoever finds the lock held leaves it to the holder.
"""

from collections.abc import Callable, Iterable

from guerdon.engine.replay import replay
from guerdon.engine.world import Board, World

_AT_ONCE = 5_000


def _silent(done: int, total: int) -> None:
    del done, total


async def leaderboards(
    world: World,
    program: str,
    *,
    boards: Iterable[Board] | None = None,
    progress: Callable[[int, int], None] = _silent,
) -> int | None:
    """Build these leaderboards (all, and the marks, where none is named) anew; return the rows.

    None says that another rebuild is under way.

    Raises:
        LiveDown: Redis does not answer.
    """
    async with world.projection.lock(program) as held:
        if not held:
            return None
        # Read first: what is committed from here on is replayed below.
        seqs = await world.lanes.seqs(program)
        wanted = list(boards) if boards is not None else await _all(world, program)
        rows = 0
        for done, board in enumerate(wanted):
            progress(done, len(wanted))
            rows += await _build(world, program, board)
        progress(len(wanted), len(wanted))
        if boards is None:
            await world.projection.mark(program, seqs)
        await _replay(world, program, seqs)
        return rows


async def _all(world: World, program: str) -> list[Board]:
    """Return every period that has rows; those without are empty in MongoDB as well."""
    return [Board(*period) for period in await world.scores.periods(program)]


async def _build(world: World, program: str, board: Board) -> int:
    await world.projection.clear(program, board)
    after: str | None = None
    count = 0
    while True:
        rows = await world.scores.rows(
            program, board.leaderboard, board.period, after=after, limit=_AT_ONCE
        )
        if rows:
            await world.projection.fill(program, board, rows)
            count += len(rows)
            after = rows[-1].member
        if len(rows) < _AT_ONCE:
            break
    await world.projection.swap(program, board)
    return count


async def _replay(world: World, program: str, since: dict[int, int]) -> None:
    """Write what was committed since; leaderboards that came into being since are built later."""
    for lane, seq in (await world.lanes.seqs(program)).items():
        await replay(world, program, lane, mark=since.get(lane, 0), seq=seq)

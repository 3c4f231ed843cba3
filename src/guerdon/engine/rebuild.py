"""Building what Redis holds from MongoDB, while everything goes on.

Rule: two ways, neither of which loses what is committed meanwhile. `complete` adds to leaderboards
that are not whole, in place: whoever commits writes to them as well, the greater sequence wins, and
only then they are called whole. `leaderboards` builds all anew, apart, puts each in place at once
and replays what was committed since; so rows that should not be there go, too. Where that is cut
off in between, the next sweep completes it in place. Whoever finds the
lock held leaves the work to its holder; whoever has lost it, or Redis what was built (`BuildLost`),
calls nothing whole.
"""

from collections.abc import Callable, Iterable, Mapping

from guerdon.engine.records import Board, Build
from guerdon.engine.replay import replay
from guerdon.engine.world import World

_AT_ONCE = 5_000

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Tell nobody."""
    del done, total


async def complete(world: World, program: str, boards: Iterable[Board]) -> bool:
    """Make leaderboards whole that are missing, such as those of a period that has just begun.

    False says that another is at work on one of them, or was killed at it.

    Raises:
        LiveDown: Redis does not answer; they stay missing, and readers go to MongoDB.
    """
    is_whole = True
    for board in boards:
        async with world.projection.lock(program, board) as held:
            is_whole = is_whole and bool(held)
            if held:
                build, _ = await _build(world, program, board, apart=False)
                await world.projection.built(build)
    return is_whole


async def restore(world: World, program: str) -> bool:
    """Make everything whole after Redis was lost, marks included; False where another does it.

    Raises:
        LiveDown: Redis does not answer.
    """
    async with world.projection.lock(program) as held:
        if held is None:
            return False
        # Read first: what is committed from here on projects itself, or is found behind its mark.
        seqs = await world.lanes.seqs(program)
        if not await complete(world, program, await _all(world, program)):
            return False  # without marks the next turn comes here again
        await world.projection.mark(program, seqs, held=held)
    return True


async def leaderboards(world: World, program: str, *, progress: Progress = silent) -> int | None:
    """Build all leaderboards anew and return how many rows they have.

    None says that another rebuild is under way.

    Raises:
        LiveDown: Redis does not answer.
    """
    async with world.projection.lock(program) as held:
        if held is None:
            return None
        seqs = await world.lanes.seqs(program)
        boards = await _all(world, program)
        rows = 0
        for done, board in enumerate(boards):
            progress(done, len(boards))
            rows += await _renew(world, program, board)
        progress(len(boards), len(boards))
        await world.projection.mark(program, seqs, held=held)
        return rows


async def renew(world: World, program: str, boards: Iterable[Board]) -> None:
    """Build single leaderboards anew; where another rebuild is under way, that one does it.

    Raises:
        LiveDown: Redis does not answer; what was not put in its place is as it was.
    """
    async with world.projection.lock(program) as held:
        if held:
            for board in boards:
                await _renew(world, program, board)


async def _renew(world: World, program: str, board: Board) -> int:
    """Build a leaderboard apart and put it in its place; return its rows.

    What is committed meanwhile goes to the old one and is lost with it, until it is replayed.
    """
    async with world.projection.lock(program, board):  # keeps the sweep from it
        seqs = await world.lanes.seqs(program)
        build, rows = await _build(world, program, board, apart=True)
        await _replay(world, program, seqs)
        await world.projection.built(build)
    return rows


async def _replay(world: World, program: str, seqs: Mapping[int, int]) -> None:
    """Replay what was committed since lanes were at these sequences."""
    for lane, seq in (await world.lanes.seqs(program)).items():
        await replay(world, program, lane, mark=seqs.get(lane, 0), seq=seq)


async def _all(world: World, program: str) -> list[Board]:
    """Return every period that has rows; those without are empty in MongoDB as well."""
    return [Board(*period) for period in await world.scores.periods(program)]


async def _build(world: World, program: str, board: Board, *, apart: bool) -> tuple[Build, int]:
    """Build a leaderboard, in place or apart and then in its place; return how many rows it has."""
    build = await world.projection.begin(program, board, apart=apart)
    after: str | None = None
    count = 0
    while True:
        rows = await world.scores.rows(
            program, board.leaderboard, board.period, after=after, limit=_AT_ONCE
        )
        await world.projection.fill(build, rows)
        count += len(rows)
        if len(rows) < _AT_ONCE:
            await world.projection.finish(build)
            return build, count
        after = rows[-1].member

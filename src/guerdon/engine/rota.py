"""Whose turn it is: a process visits the lanes it is told of, each for one batch or a few.

Rule: a lane that has more to do after its visit goes to the end of everybody's queue, by a hint. So
workers share the lanes, and under load every lane gathers a batch until its turn comes again, which
lets the work for each activity fall.
"""

from guerdon.engine.by_program import by_program
from guerdon.engine.heads import Memory
from guerdon.engine.projecting import Projecting
from guerdon.engine.score import SLICE_SECONDS, visit_lane
from guerdon.engine.world import World


class Rota:
    """The visits of one process; it belongs to one event loop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._memory = Memory(Projecting(patience_seconds=SLICE_SECONDS))
        self._visiting: set[tuple[str, int]] = set()
        self._is_usable = False

    async def warm_up(self) -> None:
        """Connect and compile, so that the first activity does not wait for it.

        Raises:
            StoreDown: The database does not answer yet; the first visit will try again.
            FormatUnusable: It is older or newer than this code can use.
        """
        await self._check()
        await by_program(self._world, _compile)

    async def visit(self, program: str, lane: int) -> None:
        """Decide what waits in a lane; at once back where that is under way here already.

        Raises:
            StoreDown: The database does not answer.
            FormatUnusable: It is older or newer than this code can use.
        """
        await self._check()
        turn = (program, lane)
        # From here on what comes in needs another hint; who is visiting looks again when leaving.
        await self._world.hints.heard(program, lane)
        if turn in self._visiting:
            return
        self._visiting.add(turn)
        try:
            visit = await visit_lane(self._world, program, lane, self._memory)
        finally:
            self._visiting.discard(turn)
        if visit.has_more:
            self._world.hints.wake(program, [lane])

    async def _check(self) -> None:
        if not self._is_usable:
            await self._world.formats.check()
            self._is_usable = True

    async def close(self) -> None:
        """End what goes on by itself, and close the connections of this event loop."""
        await self._memory.projecting.close()
        await self._world.close()


async def _compile(world: World, program: str) -> int:
    return len((await world.rulebooks.get(program)).versions)

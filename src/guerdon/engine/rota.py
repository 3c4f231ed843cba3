"""Whose turn it is: the lanes that a process was told of, a few at a time, in order.

Rule: a lane that is told of again while it waits is visited once; one that still has something to
do after its visit goes to the end of the queue. So under load every lane gathers a batch until its
turn comes again, and the work for each activity falls.
"""

import asyncio

from guerdon.engine.heads import Memory
from guerdon.engine.score import visit_lane
from guerdon.engine.world import World

AT_ONCE = 2
"""While one lane waits for the database, another is decided; more only make batches smaller."""


class Rota:
    """The queue of one process; it belongs to one event loop."""

    def __init__(self, world: World, *, at_once: int = AT_ONCE) -> None:
        self._world = world
        self._memory = Memory()
        self._turns = asyncio.Semaphore(at_once)
        self._queued: set[tuple[str, int]] = set()
        self._visiting: set[tuple[str, int]] = set()

    async def warm_up(self) -> None:
        """Connect and compile, so that the first activity does not wait for it.

        Raises:
            StoreDown: The database does not answer yet; the first visit will try again.
        """
        for program in await self._world.programs.names():
            await self._world.rulebooks.get(program)

    async def close(self) -> None:
        """Close the connections of this event loop."""
        await self._world.close()

    async def visit(self, program: str, lane: int) -> None:
        """Have a lane visited until it has nothing to do; at once back if that is under way.

        Raises:
            StoreDown: The database does not answer.
        """
        turn = (program, lane)
        while turn not in self._queued:
            self._queued.add(turn)
            try:
                async with self._turns:
                    # From here on what comes in needs another turn.
                    self._queued.discard(turn)
                    has_more = await self._visit(turn)
            except BaseException:
                self._queued.discard(turn)
                raise
            if not has_more:
                return

    async def _visit(self, turn: tuple[str, int]) -> bool:
        if turn in self._visiting:
            return False  # whoever is there looks again when leaving
        self._visiting.add(turn)
        try:
            return (await visit_lane(self._world, *turn, self._memory)).has_more
        finally:
            self._visiting.discard(turn)

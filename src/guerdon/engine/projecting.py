"""The projections that a process has under way, some of them longer than a visit lasts.

Rule: a visit waits for its projection only for so long, and does not take it along where it is cut
off. To bring back leaderboards that Redis has lost takes minutes where there are many, and whoever
gave up at that would have the next worker begin anew, for ever. One projection a lane may go on by
itself; those behind it write what is theirs and leave what is missing to it, or to the sweep.
"""

import asyncio
import logging

from guerdon.engine.project import project
from guerdon.engine.records import Batch
from guerdon.engine.world import World

log = logging.getLogger(__name__)

Lane = tuple[str, int]


class Projecting:
    """The projections of one process; without patience each is waited for to its end."""

    def __init__(self, *, patience_seconds: float | None = None) -> None:
        self._patience_seconds = patience_seconds
        self._first: dict[Lane, asyncio.Task[None]] = {}

    def begin(self, world: World, batch: Batch) -> asyncio.Task[None]:
        """Begin to project a batch that was committed."""
        lane = (batch.hold.program, batch.hold.lane)
        is_first = lane not in self._first
        task = asyncio.create_task(project(world, batch, catches_up=is_first))
        if is_first:
            self._first[lane] = task
        task.add_done_callback(lambda done: self._ended(lane, done))
        return task

    def _ended(self, lane: Lane, task: asyncio.Task[None]) -> None:
        if self._first.get(lane) is task:
            del self._first[lane]
        if not task.cancelled() and (error := task.exception()):
            # What was decided stands; the sweep finds the lane's mark behind.
            log.error("a batch could not be projected", exc_info=error)

    async def wait(self, task: asyncio.Task[None]) -> None:
        """Wait for a projection, as far as patience goes."""
        await asyncio.wait([task], timeout=self._patience_seconds)

    async def close(self) -> None:
        """End what goes on by itself; others begin it anew."""
        tasks = list(self._first.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

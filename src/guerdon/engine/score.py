"""Scoring a lane: batches of the inbox, decided in order, each committed by one transaction.

Rule: whoever is killed here, at any instruction, has lost nothing and repeated nothing that can be
seen: until the commit nothing is written, and after it the inbox no longer holds what was decided.
Two workers on one lane cost time, never correctness. The database's faults are waited out and
never counted against an activity.
"""

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic

from guerdon.engine.batches import Decided, Frame, Heads, decide_batch
from guerdon.engine.crash import CrashPoint
from guerdon.engine.outcomes import Result
from guerdon.engine.project import project
from guerdon.engine.world import (
    AlreadyDecided,
    Aside,
    Batch,
    Hold,
    LaneLost,
    Outdated,
    StoreDown,
    Waiting,
    World,
)

log = logging.getLogger(__name__)

SLICE_SECONDS = 2.0
"""After which a worker gives a lane back, so that workers and programs get their turns."""


async def score_lane(world: World, program: str, lane: int) -> int:
    """Decide what waits in a lane and return how many activities left the inbox.

    Whoever finds the lane held returns at once, because its holder looks again after giving it
    back. A lane that is not empty after a while is handed on by a hint.
    """
    taken = 0
    until = monotonic() + SLICE_SECONDS
    while True:
        hold = await world.lanes.take(program, lane)
        if hold is None:
            return taken
        world.crash(CrashPoint.AFTER_TAKE)
        scoring = _Scoring(world, hold)
        try:
            while monotonic() < until and (count := await scoring.batch()):
                taken += count
        finally:
            await scoring.end()
        world.crash(CrashPoint.AFTER_RELEASE)
        if not await world.inbox.depth(program, lane, 1):
            return taken
        if monotonic() >= until:
            world.hints.wake(program, [lane])
            return taken


class _Scoring:
    """A lane while it is held: the sequence moves on with each commit."""

    def __init__(self, world: World, hold: Hold) -> None:
        self._world = world
        self._hold = hold
        self._heads = Heads(world, hold)
        self._size = world.limits.batch_max
        self._projecting: asyncio.Task[None] | None = None
        self._is_lost = False

    async def batch(self) -> int:
        """Decide and commit one batch; return how many entries left the inbox, 0 at the end."""
        world, hold = self._world, self._hold
        waiting = await world.inbox.take(hold.program, hold.lane, self._size)
        if not waiting:
            return 0
        try:
            return await self._with_care(waiting)
        except LaneLost:
            self._is_lost = True
            return 0
        except StoreDown:
            raise
        except Exception as error:
            if len(waiting) > 1:
                log.warning("a batch failed and is tried in halves", exc_info=error)
                self._size = max(len(waiting) // 2, 1)
                self._heads = Heads(world, hold)
                return await self.batch()
            return await self._set_aside(waiting[0], error)

    async def _with_care(self, waiting: Sequence[Waiting]) -> int:
        """Decide and commit; once more, with a look at what is stored, where that was overtaken."""
        try:
            return await self._commit(waiting)
        except (AlreadyDecided, Outdated):
            self._heads = Heads(self._world, self._hold)
            return await self._commit(waiting, known=await self._results(waiting))

    async def _commit(self, waiting: Sequence[Waiting], known: frozenset[str] = frozenset()) -> int:
        world, hold = self._world, self._hold
        rulebook = await world.rulebooks.fresh(hold.program)
        layout = await world.rulebooks.layout(hold.program)
        decided = await decide_batch(
            world, rulebook, self._heads, frame=Frame(hold, layout), waiting=waiting, known=known
        )
        world.crash(CrashPoint.BEFORE_COMMIT)
        await world.commit(decided.batch)
        world.crash(CrashPoint.AFTER_COMMIT)
        await self._after(decided)
        return len(waiting)

    async def _after(self, decided: Decided) -> None:
        """Move on, and let the projection follow while the next batch is decided."""
        world, batch = self._world, decided.batch
        self._hold = batch.hold._replace(seq=batch.hold.seq + len(batch.entries))
        self._heads.keep(decided.standings)
        self._size = min(self._size * 2, world.limits.batch_max)
        await self._projected()
        self._projecting = asyncio.create_task(project(world, batch))
        program = batch.hold.program
        if decided.unused:
            await world.shared.release(program, decided.unused)
        if decided.enrolled:
            await world.members.settled(program, decided.enrolled)
        others = {lane for lane, _ in batch.follow_ups if lane != batch.hold.lane}
        if others:
            world.hints.wake(program, others)

    async def _results(self, waiting: Sequence[Waiting]) -> frozenset[str]:
        """Return the keys among these that the journal holds: they were written in twice."""
        hold = self._hold
        keys = {f"{w.activity['reporter']}/{w.activity['id']}": hold.lane for w in waiting}
        return frozenset(await self._world.journal.results(hold.program, keys))

    async def _set_aside(self, waiting: Waiting, error: Exception) -> int:
        """Take an activity out of the lane that fails even alone."""
        activity = waiting.activity
        key = f"{activity.get('reporter')}/{activity.get('id')}"
        log.error(
            "an activity fails alone and is set aside", extra={"activity": key}, exc_info=error
        )
        aside = Aside(
            key=key,
            state=Result.FAILED,
            reason=type(error).__name__,
            order=waiting.order,
            activity=activity,
        )
        await self._world.commit(Batch(hold=self._hold, taken=[waiting.order], failed=[aside]))
        self._heads = Heads(self._world, self._hold)
        self._size = self._world.limits.batch_max
        return 1

    async def _projected(self) -> None:
        if self._projecting is not None:
            projecting, self._projecting = self._projecting, None
            try:
                await projecting
            except Exception:
                # What was decided stands; the sweep finds the lane's mark behind.
                log.exception("a batch could not be projected")

    async def end(self) -> None:
        """Wait for the projection and give the lane back."""
        try:
            await self._projected()
        finally:
            if not self._is_lost:
                await self._world.lanes.release(self._hold)

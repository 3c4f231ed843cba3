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
from typing import NamedTuple

from guerdon.core.rulebook import Rulebook
from guerdon.engine.batches import Decided, Frame, decide_batch
from guerdon.engine.crash import CrashPoint
from guerdon.engine.epochs import hand_on
from guerdon.engine.heads import Heads, Memory
from guerdon.engine.lanes import lanes_of
from guerdon.engine.outcomes import Result
from guerdon.engine.records import (
    AlreadyDecided,
    Aside,
    Batch,
    Hold,
    LaneLost,
    Load,
    Outdated,
    StoreDown,
    Waiting,
)
from guerdon.engine.watched import watched
from guerdon.engine.world import World

log = logging.getLogger(__name__)

SLICE_SECONDS = 2.0
"""After which a worker gives a lane back, so that other lanes and programs get their turns."""


class Visit(NamedTuple):
    """One stay in a lane: how many entries left its inbox, and whether it has more to do now."""

    taken: int
    has_more: bool


async def score_lane(world: World, program: str, lane: int) -> int:
    """Decide what waits in a lane until nothing does; return how many entries left the inbox.

    Whoever finds the lane held returns at once, because its holder looks again after giving it
    back.
    """
    total = 0
    memory = Memory()
    while True:
        taken, has_more = await visit_lane(world, program, lane, memory)
        total += taken
        if not has_more:
            return total


async def visit_lane(world: World, program: str, lane: int, memory: Memory | None = None) -> Visit:
    """Decide one batch of a lane, and more only while batches are full.

    Leaving it to others what comes in meanwhile lets batches grow with the load: the next visit
    finds them all.
    """
    hold = await world.lanes.take(program, lane)
    if hold is None:
        return Visit(0, has_more=False)
    world.crash(CrashPoint.AFTER_TAKE)
    scoring = _Scoring(world, hold, memory or Memory())
    taken = await scoring.run()
    # Looked at after giving back: whoever was turned away until then has left it to us.
    return Visit(taken, has_more=await world.inbox.waits(program, lane))


class _Scoring:
    """A lane while it is held: the sequence moves on with each commit."""

    def __init__(self, world: World, hold: Hold, memory: Memory) -> None:
        self._world = world
        self._hold = hold
        self._memory = memory
        self._heads = memory.heads(world, hold)
        self._lane = (hold.program, hold.lane)
        self._size = memory.sizes.pop(self._lane, world.limits.batch_max)
        self._projecting: asyncio.Task[None] | None = None
        self._is_held = True
        self._rulebook: Rulebook | None = None

    async def run(self) -> int:
        """Decide batches while they are full and the time lasts, then give the lane back."""
        until = monotonic() + SLICE_SECONDS
        taken = 0
        try:
            while self._is_held and monotonic() < until and (count := await self._batch()):
                taken += count
        finally:
            await self._projected()
            if self._is_held:
                await self._world.lanes.release(self._hold)
            self._world.crash(CrashPoint.AFTER_RELEASE)
        return taken

    async def _batch(self) -> int:
        """Decide and commit one batch; return how many entries left the inbox, 0 at the end."""
        world, hold = self._world, self._hold
        load, self._rulebook = await asyncio.gather(
            world.inbox.take(hold.program, hold.lane, self._size),
            world.rulebooks.fresh(hold.program),
        )
        waiting = load.waiting
        if not waiting:
            return 0
        if len(waiting) > self._size:
            return await self._in_parts(load)
        try:
            return await self._with_care(load)
        except LaneLost:
            self._try_fewer(waiting)
            return self._lost()
        except StoreDown:
            self._try_fewer(waiting)
            raise
        except (AlreadyDecided, Outdated):
            raise  # these say nothing of the activities: the next visit decides them
        except Exception as error:
            self._heads = Heads(world, hold)
            if len(waiting) > 1:
                log.warning("a batch failed and is tried in halves", exc_info=error)
                self._size = max(len(waiting) // 2, 1)
                return await self._batch()
            return await self._set_aside(load, error)

    def _try_fewer(self, waiting: Sequence[Waiting]) -> None:
        """Have the next visit try fewer: perhaps it was too much for the deadline or the lease."""
        self._memory.sizes[self._lane] = max(len(waiting) // 2, 1)

    async def _in_parts(self, load: Load) -> int:
        """Decide a part of a bundle that is more than a batch: its entries stand alone then.

        They keep their places, and change under the lane's fence as by any other batch.
        """
        alone = [(self._hold.lane, waiting) for waiting in load.waiting]
        self._memory.sizes[self._lane] = self._size  # where this fails, it comes next again
        try:
            await self._world.commit(Batch(hold=self._hold, taken=load.names, follow_ups=alone))
        except LaneLost:
            return self._lost()
        self._memory.sizes.pop(self._lane, None)
        return await self._batch()

    def _lost(self) -> int:
        """Leave the lane to who has it now."""
        self._world.meters.overtaken(self._hold.program, LaneLost.__name__)
        self._is_held = False
        return 0

    async def _with_care(self, load: Load) -> int:
        """Decide and commit; once more, with a look at what is stored, where that was overtaken.

        Overtaken a second time is nothing an activity could be blamed for.
        """
        try:
            return await self._commit(load)
        except (AlreadyDecided, Outdated) as error:
            self._world.meters.overtaken(self._hold.program, type(error).__name__)
            self._heads = Heads(self._world, self._hold)
            return await self._commit(load, known=await self._results(load.waiting))

    async def _commit(self, load: Load, known: frozenset[str] = frozenset()) -> int:
        world, hold = self._world, self._hold
        assert self._rulebook is not None
        layout = await world.rulebooks.layout(hold.program)
        begun, begun_ms = monotonic(), world.clock()
        if hold.lane in lanes_of(layout):
            decided = await decide_batch(
                world,
                self._rulebook,
                self._heads,
                frame=Frame(hold, layout),
                load=load,
                known=known,
            )
        else:
            decided = Decided(batch=await hand_on(world, hold, layout, load), standings={})
        # The last batch of a visit gives the lane back in its own transaction.
        is_all = load.is_all and not decided.left
        decided.batch.releases_lane = is_all and len(load.waiting) < self._size
        world.crash(CrashPoint.BEFORE_COMMIT)
        ready = monotonic()
        await world.commit(decided.batch)
        world.crash(CrashPoint.AFTER_COMMIT)
        self._is_held = not decided.batch.releases_lane
        watched(world, decided.batch, begun_ms, decide=ready - begun, commit=monotonic() - ready)
        taken = len(load.waiting) - decided.left
        if decided.left:
            self._size = self._memory.sizes[self._lane] = taken
        else:
            self._size = min(self._size * 2, world.limits.batch_max)
            self._memory.sizes.pop(self._lane, None)
        await self._after(decided)
        if not self._is_held:
            self._memory.keep(self._hold, self._heads)
        return taken

    async def _after(self, decided: Decided) -> None:
        """Move on, and let the projection follow while the next batch is decided."""
        world, batch = self._world, decided.batch
        self._hold = batch.hold._replace(seq=batch.hold.seq + len(batch.entries))
        self._heads.keep(decided.standings)
        await self._projected()
        self._projecting = self._memory.projecting.begin(world, batch)
        program = batch.hold.program
        if decided.unused:
            world.crash(CrashPoint.BEFORE_FREEING)
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

    async def _set_aside(self, load: Load, error: Exception) -> int:
        """Take an activity out of the lane that fails even alone."""
        (waiting,) = load.waiting
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
        await self._world.commit(Batch(hold=self._hold, taken=load.names, failed=[aside]))
        self._world.meters.set_aside(self._hold.program, 1)
        self._size = self._world.limits.batch_max
        return 1

    async def _projected(self) -> None:
        if self._projecting is not None:
            projecting, self._projecting = self._projecting, None
            await self._memory.projecting.wait(projecting)

"""More lanes: a program's members are divided anew while everything goes on.

1. The new epoch is opened, its lanes closed: what is accepted waits in them from now on.
2. Old lanes decide nothing any more and hand on what waits in them (`epochs`), until processes have
   surely seen the new division.
3. Old lane by old lane, held by whoever grows: what its members have moves, and the lanes they went
   to are opened. So only the members of one old lane wait at a time.
4. What was copied is cleared away, and the growth forgotten.

Rule: it may be killed anywhere and is gone on with by asking again for the same number; nothing is
decided for a member between the last decision in the old lane and the last move. The journal and
its chain stay where they are, by epoch and lane.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from guerdon.engine.crash import CrashPoint
from guerdon.engine.growth_ports import Census, Growing, LaneMoved, LanesRefused
from guerdon.engine.lanes import (
    EPOCHS_MAX,
    LANES_MAX,
    Layout,
    lanes_out_of,
    outgoing_lanes,
)
from guerdon.engine.records import Hold, LaneLost
from guerdon.engine.refusals import LiveDown, NotFound
from guerdon.engine.score import visit_lane
from guerdon.engine.world import World

log = logging.getLogger(__name__)

SETTLING_SECONDS = 10.0
"""How long a process may go on with the division it has in memory; it looks once a second."""

_DOCUMENTS = 500
_HEADS = 100  # some ten kilobytes each
_LANE_SECONDS = 60.0
_PAUSE_SECONDS = 0.05

Progress = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    del done, total


async def census(world: World, program: str, lanes: int) -> tuple[Layout, Census | None]:
    """Return the present division and what growing to `lanes` would move; None for nothing.

    Raises:
        NotFound: There is no such program.
        LanesRefused: It cannot grow to that number.
    """
    layout = await _checked(world, program, lanes)
    if layout.lanes == lanes and layout.outgoing is None:
        return layout, None
    return layout, await world.growth.census(program)


async def grow(
    world: World,
    program: str,
    lanes: int,
    *,
    settling_seconds: float = SETTLING_SECONDS,
    progress: Progress = _silent,
) -> bool:
    """Divide a program's members into so many lanes; False where it has so many.

    Raises:
        NotFound: There is no such program.
        LanesRefused: It cannot grow to that number, or another process is at it.
        StoreDown: MongoDB does not answer; ask again to go on.
    """
    layout = await _checked(world, program, lanes)
    if layout.lanes == lanes and layout.outgoing is None:
        return False
    growing = await world.growth.begin(program, layout, lanes)
    world.crash(CrashPoint.AFTER_OPENING)
    await world.rulebooks.fresh(program)
    work = _Growth(world, program, growing, progress)
    await work.settle(settling_seconds)
    await work.move()
    # Whoever read a head in an old lane has read its pages by then.
    await work.settle(settling_seconds)
    await work.clear()
    await world.growth.finish(program, growing.layout)
    log.info("lanes have grown", extra={"program": program, "lanes": lanes})
    return True


async def _checked(world: World, program: str, lanes: int) -> Layout:
    head = await world.programs.head(program)
    if head is None:
        raise NotFound("program")
    layout = head[1]
    before = layout.lanes if layout.outgoing is None else layout.outgoing
    if layout.outgoing is None and lanes == layout.lanes:
        return layout
    if lanes > LANES_MAX:
        raise LanesRefused(f"{lanes} lanes are too many: at most {LANES_MAX} are possible.")
    if lanes <= before or lanes % before:
        raise LanesRefused(
            f"{program} has {before} lanes and grows by multiples, so that each old lane is divided"
            f" by itself: {before * 2}, {before * 3}, {before * 4} and so on, not {lanes}.",
        )
    if layout.outgoing is None and layout.epoch >= EPOCHS_MAX:
        raise LanesRefused(f"{program} has grown {EPOCHS_MAX - 1} times: that is the limit.")
    return layout


class _Growth:
    """One growth under way."""

    def __init__(self, world: World, program: str, growing: Growing, progress: Progress) -> None:
        self._world = world
        self._program = program
        self._layout = growing.layout
        self._moved = set(growing.moved)
        self._progress = progress

    async def settle(self, seconds: float) -> None:
        """Hand on what waits in old lanes for as long as somebody may add to it."""
        until = monotonic() + seconds
        while True:
            await self._world.growth.keep(self._program, self._layout)
            for lane in outgoing_lanes(self._layout):
                await visit_lane(self._world, self._program, lane)
            if monotonic() >= until:
                return
            await asyncio.sleep(_PAUSE_SECONDS)

    async def move(self) -> None:
        """Move what is in old lanes, one after the other."""
        lanes = outgoing_lanes(self._layout)
        for done, lane in enumerate(lanes):
            self._progress(done, len(lanes))
            while lane not in self._moved:
                try:
                    await self._lane(await self._emptied(lane))
                except LaneLost:
                    continue  # our lease ran out in a step that took too long: take it again
                except LaneMoved:
                    pass  # while we stood still another took over, came so far, and died
                self._moved.add(lane)
                self._world.crash(CrashPoint.AFTER_LANE)
        self._progress(len(lanes), len(lanes))

    async def _emptied(self, lane: int) -> Hold:
        """Take an old lane in which nothing waits."""
        world, program = self._world, self._program
        until = monotonic() + _LANE_SECONDS
        while True:
            await world.growth.keep(program, self._layout)
            await visit_lane(world, program, lane)
            hold = await world.lanes.take(program, lane)
            if hold is not None:
                if not await world.inbox.waits(program, lane):
                    return hold
                await world.lanes.release(hold)
            if monotonic() > until:
                raise LanesRefused(
                    f"Lane {lane} of {program} is held by others, or filled, all the time. Are"
                    " there processes of an earlier release? Replace them and ask again.",
                )
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _lane(self, hold: Hold) -> None:
        """Move what an old lane has, and open the lanes that it went to."""
        growth, layout = self._world.growth, self._layout
        try:
            count, place = _DOCUMENTS, ""
            while count == _DOCUMENTS:
                count, place = await growth.copy_pages(hold, layout, place, _DOCUMENTS)
                await self._step()
            while await growth.move_scores(hold, layout, _DOCUMENTS) == _DOCUMENTS:
                await self._step()
            while await growth.move_standings(hold, layout, _HEADS) == _HEADS:
                await self._step()
            fresh = lanes_out_of(hold.lane, layout)
            with suppress(LiveDown):  # else the sweep finds them without a mark
                await self._world.projection.mark(self._program, dict.fromkeys(fresh, 0))
            await growth.open(hold, layout)
            self._world.hints.wake(self._program, fresh)
        finally:
            await self._world.lanes.release(hold)

    async def _step(self) -> None:
        self._world.crash(CrashPoint.AFTER_STEP)
        await self._world.growth.keep(self._program, self._layout)

    async def clear(self) -> None:
        """Delete the pages that were copied."""
        for lane in outgoing_lanes(self._layout):
            while await self._world.growth.clear_pages(self._program, lane, _DOCUMENTS):
                await self._world.growth.keep(self._program, self._layout)

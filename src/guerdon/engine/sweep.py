"""The sweep: finds what nobody was told of, because hints, projections and processes may be lost.

Rule: everything here may run anywhere at any time, also twice at once; it only wakes, catches up
and gives back.
"""

import logging
from collections.abc import Mapping

from guerdon.engine import agreements, code_pools
from guerdon.engine.arrivals import arrived_at
from guerdon.engine.by_program import by_program
from guerdon.engine.project import if_behind
from guerdon.engine.refusals import LiveDown
from guerdon.engine.world import World

log = logging.getLogger(__name__)

_AT_ONCE = 500


async def sweep(world: World) -> int:
    """Wake lanes in which something waits, catch Redis up, free dead reservations; return lanes."""
    return await by_program(world, _sweep)


async def _sweep(world: World, program: str) -> int:
    layout = await world.rulebooks.layout(program)
    lanes = await world.inbox.lanes(program, layout)
    if lanes:
        world.hints.wake(program, lanes)
    await _measure(world, program, lanes)
    stale = await world.shared.stale(program, world.clock(), _AT_ONCE)
    if stale:
        await world.shared.release(program, stale)
    await code_pools.watch(world, program)
    await agreements.watch(world, program)
    try:
        await if_behind(world, program)
    except LiveDown:
        log.warning("Redis does not answer: leaderboards wait", extra={"program": program})
    return len(lanes)


async def _measure(world: World, program: str, lanes: Mapping[int, str]) -> None:
    """Tell how much waits, counted no further than reporters are let, and since when."""
    depth = await world.inbox.depth(program, world.limits.waiting_max) if lanes else 0
    arrived = [at for at in map(arrived_at, lanes.values()) if at is not None]
    oldest = min(arrived, default=world.clock())
    world.meters.waiting(program, depth, max(world.clock() - oldest, 0) / 1_000)

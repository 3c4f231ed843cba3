"""The sweep: finds what nobody was told of, because hints, projections and processes may be lost.

Rule: everything here may run anywhere at any time, also twice at once; it only wakes, catches up
and gives back.
"""

import logging

from guerdon.engine.project import if_behind
from guerdon.engine.refusals import LiveDown
from guerdon.engine.world import World

log = logging.getLogger(__name__)

_AT_ONCE = 500


async def sweep(world: World) -> int:
    """Wake lanes in which something waits, catch Redis up, free dead reservations; return lanes."""
    count = 0
    for program in await world.programs.names():
        layout = await world.rulebooks.layout(program)
        lanes = await world.inbox.lanes(program, layout)
        if lanes:
            world.hints.wake(program, lanes)
            count += len(lanes)
        stale = await world.shared.stale(program, world.clock(), _AT_ONCE)
        if stale:
            await world.shared.release(program, stale)
        try:
            await if_behind(world, program)
        except LiveDown:
            log.warning("Redis does not answer: leaderboards wait", extra={"program": program})
    return count

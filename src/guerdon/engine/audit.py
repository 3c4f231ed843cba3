"""The audit: the books of every program are checked from time to time, and what is found is told.

Rule: an audit reads and changes nothing; several at once are a waste and no fault.
"""

import logging

from guerdon.engine.verify import verify
from guerdon.engine.world import World

log = logging.getLogger(__name__)


async def audit(world: World) -> int:
    """Check all programs; return how many offences there are."""
    total = 0
    for program in await world.programs.names():
        found = await verify(world, program)
        count = len(found.offences)
        if count:
            log.error("the books do not balance", extra={"program": program, "offences": count})
        world.meters.audited(program, count, world.clock() / 1_000)
        total += count
    return total

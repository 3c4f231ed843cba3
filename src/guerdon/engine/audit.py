"""The audit: the books of every program are checked from time to time, and what is found is told.

Rule: an audit reads and changes nothing; several at once are a waste and no fault.
"""

import logging

from guerdon.engine.by_program import by_program
from guerdon.engine.verify import verify
from guerdon.engine.world import World

log = logging.getLogger(__name__)


async def audit(world: World) -> int:
    """Check all programs; return how many offences there are."""
    return await by_program(world, _audit)


async def _audit(world: World, program: str) -> int:
    count = len((await verify(world, program)).offences)
    if count:
        log.error("the books do not balance", extra={"program": program, "offences": count})
    world.meters.audited(program, count, world.clock() / 1_000)
    return count

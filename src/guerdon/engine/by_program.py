"""Turns over all programs, such as the timetable's: one after the other, each for itself.

Rule: what goes wrong in one program is logged with its name and holds no other one up. A server
that is away concerns all of them and ends the turn.
"""

import logging
from collections.abc import Awaitable, Callable

from guerdon.engine.records import StoreDown
from guerdon.engine.refusals import LiveDown
from guerdon.engine.world import World

log = logging.getLogger(__name__)


async def by_program(world: World, work: Callable[[World, str], Awaitable[int]]) -> int:
    """Do the work for every program, and return the sum of what it returned.

    Raises:
        StoreDown: The database does not answer.
        LiveDown: Redis does not answer, and the work needs it.
    """
    count = 0
    for program in sorted(await world.programs.names()):
        try:
            count += await work(world, program)
        except (StoreDown, LiveDown):
            raise
        except Exception:
            log.exception("a turn failed for a program", extra={"program": program})
    return count

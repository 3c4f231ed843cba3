"""Turns over all programs, such as the timetable's: one after the other, each for itself.

Rule: what goes wrong in one program is logged with its name and holds no other one up; a question
that takes the database too long is such a thing, so that a program with very much in it does not
take every turn from those behind it. A server that is away concerns all and ends the turn.
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
        except LiveDown:
            raise
        except StoreDown as error:
            await world.programs.names()  # raises where it is the server that is away
            log.warning(
                "the database did not answer for a program: its turn comes again",
                extra={"program": program, "error": str(error)},
            )
        except Exception:
            log.exception("a turn failed for a program", extra={"program": program})
    return count

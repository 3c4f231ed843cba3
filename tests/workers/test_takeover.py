"""What a dead worker held goes on elsewhere within seconds (R6)."""

import asyncio
from contextlib import suppress

from guerdon.engine import accept, read
from guerdon.engine.crash import EXIT_CODE, CrashPoint
from guerdon.engine.records import StoreDown
from guerdon.engine.sweep import sweep
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from pace import pacing
from workers.conftest import Start
from workers.test_crashes import WORK, until
from worlds import PROGRAM, a_caller, a_purchase, drain

WITHIN_SECONDS = 10.0
"""The server ends a transaction that nobody goes on with after five; the rest is a slow machine."""


async def _died(world: World, is_running: bool) -> bool:  # noqa: FBT001
    await sweep(world)
    return not is_running


async def test_a_worker_killed_within_its_transaction_holds_nobody_up_for_long(
    world: World, start: Start
) -> None:
    await accept.record(world, a_caller(), [a_purchase(n) for n in range(20)])
    doomed = start(*WORK, crash_at=CrashPoint.IN_TRANSACTION)
    await until(lambda: _died(world, doomed.is_running))
    assert doomed.wait() == EXIT_CODE
    # Another process is there already, as in any installation; here it is this one.
    async with pacing() as pace:
        while await read.waiting(world, PROGRAM):
            assert pace.seconds < WITHIN_SECONDS
            with suppress(StoreDown):  # the lane is held until the server gives the dead one up
                await drain(world)
            await asyncio.sleep(0.05)

    assert (await verify(world, PROGRAM)).offences == ()

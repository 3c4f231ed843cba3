"""The scheduler: what happens by the clock, in loops that survive a server that is away.

Rule: any number of schedulers may run, also none for a while: all they do is idempotent, and what
was missed is found at the next turn.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from guerdon.engine import statements
from guerdon.engine.audit import audit
from guerdon.engine.drift import mend
from guerdon.engine.records import StoreDown
from guerdon.engine.seal import Sealer
from guerdon.engine.settle import tick_due
from guerdon.engine.sweep import sweep
from guerdon.engine.webhooks.relay import Relay
from guerdon.engine.world import World
from guerdon.settings import Settings
from guerdon.wiring import UNWATCHED, Watched, build

log = logging.getLogger(__name__)


async def run(
    settings: Settings, ready: Callable[[], None] = lambda: None, watched: Watched = UNWATCHED
) -> None:
    """Tick and sweep until cancelled; `ready` is called once the database has answered.

    Raises:
        FormatUnusable: It is older or newer than this code can use.
    """
    world = build(settings, at_work=True, watched=watched)
    try:
        await _usable(world)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_every(settings.tick_seconds, tick_due, world))
            tasks.create_task(_every(settings.sweep_seconds, sweep, world))
            tasks.create_task(_every(settings.sweep_seconds, statements.issue, world))
            tasks.create_task(_every(settings.seal_seconds, Sealer(), world))
            if settings.drift_seconds:
                tasks.create_task(_every(settings.drift_seconds, mend, world, at_once=False))
            tasks.create_task(_every(settings.webhook_seconds, Relay(tasks), world))
            if settings.audit_seconds:
                tasks.create_task(_every(settings.audit_seconds, audit, world, at_once=False))
            ready()
    finally:
        await world.close()


async def _usable(world: World) -> None:
    while True:
        try:
            return await world.formats.check()
        except StoreDown:
            log.warning("the database does not answer; trying again")
            await asyncio.sleep(1)


async def _every(
    seconds: float,
    work: Callable[[World], Awaitable[object]],
    world: World,
    *,
    at_once: bool = True,
) -> None:
    if not at_once:
        await asyncio.sleep(seconds)
    while True:
        try:
            await work(world)
        except StoreDown:
            log.warning("the database does not answer; trying again")
        except Exception:
            # One bad program must not stop the clock of all others.
            log.exception("a turn of the timetable failed")
        await asyncio.sleep(seconds)

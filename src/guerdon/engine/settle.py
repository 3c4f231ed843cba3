"""Time: ticks for standings in which time alone changes something.

Rule: a tick is an activity like any other, with an id and a place in the inbox that follow from
whom it concerns and when it was due; so any number of schedulers may write it, and it is there
once. It goes before whatever arrived after it was due. Whom a new version concerns: `wake`.
"""

from guerdon.core.activity import Activity, Instant
from guerdon.core.plain import activity_to_plain
from guerdon.engine.by_program import by_program
from guerdon.engine.lanes import lane_of
from guerdon.engine.records import Waiting
from guerdon.engine.wake import REPORTER, wake
from guerdon.engine.world import World

AT_ONCE = 5_000


async def tick_due(world: World) -> int:
    """Write ticks for standings whose `due_at` has passed, wake their lanes; return how many."""
    return await by_program(world, _tick_program)


async def _tick_program(world: World, program: str) -> int:
    woken = await wake(world, program)
    now = world.clock()
    due = await _due(world, program, now)
    if not due:
        return woken
    layout = await world.rulebooks.layout(program)
    entries = [
        (lane_of(member or None, layout), _tick(member, instant, now)) for member, instant in due
    ]
    await world.inbox.put(program, entries)
    world.hints.wake(program, {lane for lane, _ in entries})
    return woken + len(due)


async def _due(world: World, program: str, now: Instant) -> list[tuple[str, Instant]]:
    """Return whose time has come, except where it could not be decided and waits for an operator.

    Those stay due and stand before all others; so it is looked behind them.
    """
    skip = 0
    while True:
        page = await world.standings.due(program, now, AT_ONCE, skip=skip)
        failed = await world.inbox.aside(program, [_key(*each) for each in page]) if page else {}
        due = [each for each in page if _key(*each) not in failed]
        if due or len(page) < AT_ONCE:
            return due
        skip += len(page)


def _key(member: str, due: Instant) -> str:
    return f"{REPORTER}/{member}@{due}"


def _tick(member: str, due: Instant, now: Instant) -> Waiting:
    activity = Activity(
        id=f"{member}@{due}",
        type="tick",
        at=due,
        received=now,
        member=member or None,
        reporter=REPORTER,
    )
    return Waiting(f"{max(due, 0):012x}.tick.{member}", activity_to_plain(activity))

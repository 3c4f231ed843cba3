"""Waking members when a version begins whose timers may come earlier than theirs.

A standing knows when time alone changes it next, by the version that decided it last. A new
version may bring a job, a shorter inactivity or a counter to fill, and who sleeps would not learn
of it. Rule: once such a version has begun, every member gets one tick, a portion at each turn of
the clock; how far that came stands with the program, so that any number of schedulers share the
work and one that is killed costs nothing. A tick that finds nothing to do leaves no trace.
"""

import logging
from itertools import pairwise

from guerdon.core.activity import Activity, Instant
from guerdon.core.plain import activity_to_plain
from guerdon.core.rulebook import Rulebook, Version
from guerdon.engine.lanes import lane_of
from guerdon.engine.records import Waiting, Waking
from guerdon.engine.world import World

log = logging.getLogger(__name__)

REPORTER = "clock"
AT_ONCE = 1_000


async def wake(world: World, program: str) -> int:
    """Write ticks for the next members whom a version that began may concern; return how many."""
    rulebook = await world.rulebooks.get(program)
    now = world.clock()
    begun = [version for version in rulebook.versions if version.program.begin <= now]
    if len(begun) < 2:  # noqa: PLR2004 - the first version finds nobody asleep
        return 0
    newest = begun[-1].program
    mark = await world.programs.waking(program)
    if mark.done >= newest.begin:
        return 0
    if not concerns_sleepers(rulebook, mark.done, newest.begin):
        await world.programs.wake_on(program, mark, Waking(done=newest.begin))
        return 0
    after = mark.after if mark.target == newest.begin else ""
    members = await world.standings.page(program, after, AT_ONCE)
    layout = await world.rulebooks.layout(program)
    entries = [
        (lane_of(member, layout), _tick(member, newest.begin, now))
        for _, member in members
        if member  # the program's own standing knows no time
    ]
    await world.inbox.put(program, entries)
    is_done = len(members) < AT_ONCE
    if is_done:
        further = Waking(done=newest.begin)
    else:
        further = Waking(done=mark.done, target=newest.begin, after=members[-1][0])
    await world.programs.wake_on(program, mark, further)
    world.hints.wake(program, {lane for lane, _ in entries})
    log.info(
        "members are woken because a version began",
        extra={
            "program": program,
            "version": newest.version,
            "members": len(members),
            "is_done": is_done,
        },
    )
    return len(entries)


def concerns_sleepers(rulebook: Rulebook, since: Instant, to: Instant) -> bool:
    """Tell whether what began after an instant, up to another, may move anybody's time."""
    first = rulebook.at(since)
    later = [each for each in rulebook.versions if since < each.program.begin <= to]
    return any(_moves_time(*pair) for pair in pairwise([first, *later]))


def _moves_time(before: Version, after: Version) -> bool:
    old, new = before.program, after.program
    return (
        after.fills > before.fills
        or old.wallets != new.wallets
        or old.ladders != new.ladders
        or old.jobs != new.jobs
        or old.leaderboards != new.leaderboards
    )


def _tick(member: str, begin: Instant, now: Instant) -> Waiting:
    activity = Activity(
        id=f"{member}@{begin}.version",
        type="tick",
        at=begin,
        received=now,
        member=member,
        reporter=REPORTER,
    )
    return Waiting(f"{max(begin, 0):012x}.wake.{member}", activity_to_plain(activity))

"""Agreements that run low: told to whoever watches, and to the partner.

Rule: what is left is looked at by the sweep, so that no decision waits for it. Once for each
window, each size of what was agreed and each of `low` and `exhausted` an activity `partner_low`
says so in the journal, from where the webhooks `partner.low` and `partner.exhausted` come; its id
follows from what it says, so that any number of sweeps write it once. What is taken is decided in
`core`.
"""

import logging
from dataclasses import dataclass

from guerdon.core.activity import Activity
from guerdon.core.agreements import MILLION, Left, lefts
from guerdon.core.plain import activity_to_plain
from guerdon.core.program import Window, WindowKind
from guerdon.engine.lanes import lane_of
from guerdon.engine.records import Waiting
from guerdon.engine.wake import REPORTER
from guerdon.engine.world import World

log = logging.getLogger(__name__)

LOW, EXHAUSTED = "low", "exhausted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What is left of a limit, or of the blocks of a direction together, in whole units."""

    direction: str
    of: str
    size: int
    left: int
    low: int | None


async def allowances(world: World, program: str, slug: str) -> list[Allowed]:
    """Return what is left of a partner's agreement at present; nothing for whoever is none."""
    return [found for _, found in await _looked(world, program, slug)]


async def _looked(world: World, program: str, slug: str) -> list[tuple[Left, Allowed]]:
    rulebook = await world.rulebooks.get(program)
    now = world.clock()
    version = rulebook.at(now).program
    if slug not in version.partners:
        return []
    found = []
    for each in lefts(version, slug, now, rulebook.calendar.day(now)):
        there = sum([await world.shared.peek(program, it) for it in each.claims])
        allowed = Allowed(
            direction=each.direction,
            of=each.of,
            size=sum(claim.capacity or 0 for claim in each.claims) // MILLION,
            left=there // MILLION,
            low=each.low,
        )
        found.append((each, allowed))
    return found


async def watch(world: World, program: str) -> int:
    """Tell the meters what is left of each agreement, and the journal what runs low.

    Returns how many were told anew.
    """
    rulebook = await world.rulebooks.get(program)
    told = 0
    for slug in rulebook.at(world.clock()).program.partners:
        for left, found in await _looked(world, program, slug):
            world.meters.agreement_left(program, slug, found.direction, found.of, found.left)
            if found.left <= (found.low or 0):
                told += await _tell(world, program, slug, left, found)
    return told


async def _tell(world: World, program: str, slug: str, left: Left, found: Allowed) -> bool:
    state, there = LOW if found.left else EXHAUSTED, found.left
    names = "+".join(claim.key.removeprefix(f"{slug}|").replace("|", ".") for claim in left.claims)
    now = world.clock()
    activity = Activity(
        id=f"partner_low.{slug}.{names or left.direction}@{found.size}.{state}",
        type="partner_low",
        at=now,
        received=now,
        member=None,
        reporter=REPORTER,
        partner=slug,
        data={"direction": left.direction, "of": left.of, "state": state, "left": str(there)},
    )
    rulebook = await world.rulebooks.get(program)
    day, _ = rulebook.calendar.bounds(Window(WindowKind.DAY), now)
    lane = lane_of(None, await world.rulebooks.layout(program))
    if await world.journal.entries(program, {activity.key: lane}):
        return False
    # One place a day, so that what waits to be decided is not put beside itself at every turn.
    order = f"{max(day, 0):012x}.{activity.type}.{slug}.{left.direction}.{left.of}.{state}"
    await world.inbox.put(program, [(lane, Waiting(order, activity_to_plain(activity)))])
    world.hints.wake(program, {lane})
    log.warning(
        "a partner's agreement runs low: agree on more and publish it",
        extra={"program": program, "partner": slug, "left": there},
    )
    return True

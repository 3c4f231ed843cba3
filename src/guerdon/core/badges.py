"""Badges: given once at a counter's value, for a mission or for a tier, and never taken away."""

from guerdon.core import counters, grants
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding
from guerdon.core.program import Badge


def refresh(d: Deciding, at: Instant) -> None:
    """Give the badges whose condition holds after an activity that happened at `at`."""
    if d.standing.enrolled_at is None:
        return
    for badge in d.program.badges.values():
        if badge.id not in d.standing.badges and _reached(d, badge, at):
            grants.award(d, badge.id, at)


def _reached(d: Deciding, badge: Badge, at: Instant) -> bool:
    if badge.counter is not None:
        reading = d.state.readings[badge.counter]
        if reading.id not in d.touched:
            return False
        return max(counters.value(d, reading, d.now), counters.value(d, reading, at)) >= badge.at
    if badge.mission is not None:
        state = d.standing.missions.get(badge.mission)
        return state is not None and state.completed_at is not None
    if badge.ladder is not None:
        held = d.standing.ladders.get(badge.ladder)
        rungs = d.program.ladders[badge.ladder].tiers
        index = next((i for i, rung in enumerate(rungs) if rung.id == badge.tier), len(rungs))
        return held is not None and bool(held.history) and held.history[-1][1] >= index
    return False

"""Badges: given once at a counter's value, for a mission or for a tier, and never taken away."""

from guerdon.core import counters, grants
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding, first
from guerdon.core.figures import figure
from guerdon.core.program import Badge
from guerdon.core.readings import Reading


def refresh(d: Deciding, at: Instant) -> bool:
    """Give the badges whose condition holds after an activity that happened at `at`.

    Returns whether there were any: what they bring may be what another one rests on.
    """
    if d.standing.enrolled_at is None:
        return False
    given = d.standing.badges
    before = len(given)
    for badge, reading in d.state.badges:
        if badge.id in given:
            continue
        # Who has counted nothing has reached nought all the same.
        if reading is not None and badge.at > 0 and reading.id not in d.touched:
            continue
        reached = _reached_at(d, badge, reading, at)
        if reached is not None:
            grants.award(d, badge.id, reached)
    return len(given) > before


def _reached_at(d: Deciding, badge: Badge, reading: Reading | None, at: Instant) -> Instant | None:
    """Return the instant that dates a badge whose condition holds, else None."""
    if reading is not None:
        return _counted_at(d, reading, badge.at, at)
    if badge.mission is not None:
        state = d.standing.missions.get(badge.mission)
        return at if state is not None and state.completed_at is not None else None
    if badge.ladder is not None:
        held = d.standing.ladders.get(badge.ladder)
        rungs = d.program.ladders[badge.ladder].tiers
        index = next((i for i, rung in enumerate(rungs) if rung.id == badge.tier), len(rungs))
        return at if held is not None and held.history and held.history[-1][1] >= index else None
    return None


def _counted_at(d: Deciding, reading: Reading, goal: int, at: Instant) -> Instant | None:
    """Return what dates the reaching of a value: the activity that brings it there.

    What two accounts reach together, now that they are merged, is dated by what counted last.
    """
    if d.is_merging and reading.id in d.touched:
        found = [figure(d, reading, window) for window in d.touched[reading.id]]
        return first(Instant(entry[1]) for entry in found if entry and entry[0] >= goal)
    reached = counters.value(d, reading, d.now) >= goal
    return at if reached or (at != d.now and counters.value(d, reading, at) >= goal) else None

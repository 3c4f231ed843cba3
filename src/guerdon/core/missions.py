"""Missions: a goal over a measure, reached once.

Rule: progress is the measure's value; a mission is completed when it reaches the goal and the
member is eligible at that moment. With `reverse`, progress that falls below the goal reopens the
mission and takes its grants back. Expiry is read off the window, nothing has to happen for it.
"""

from guerdon.core import counters, grants, vouchers, wallets
from guerdon.core.activity import Activity, Instant
from guerdon.core.conditions import text
from guerdon.core.deciding import Deciding
from guerdon.core.decision import MissionEffect
from guerdon.core.errors import Rejected
from guerdon.core.figures import figure
from guerdon.core.holdings import find
from guerdon.core.program import Mission, WindowKind
from guerdon.core.readings import Reading
from guerdon.core.rulebook import Rulebook, mission_reading
from guerdon.core.standing import MissionState


def join(d: Deciding, activity: Activity) -> None:
    """Let a member opt in; joining again changes nothing.

    What counts from then on is what happened since and arrives later.
    """
    mission = d.program.missions.get(text(activity.data.get("mission")))
    if mission is None:
        raise Rejected("unknown_mission")
    state = d.mission(mission.id)
    if state.joined_at is not None:
        return
    ends = mission.window.end
    if ends is not None and activity.at >= ends:
        raise Rejected("not_eligible")
    state.joined_at = activity.at
    state.lots_before = d.standing.lots_made
    d.effect(MissionEffect(mission.id, "active", 0, activity.at))


def unjoined(d: Deciding, kind: str) -> list[str]:
    """Return the missions to join that activities of this type would move, had they been joined."""
    return [
        mission.id for mission in d.state.opt_in_by_type.get(kind, ()) if not _is_joined(d, mission)
    ]


def _is_joined(d: Deciding, mission: Mission) -> bool:
    state = d.standing.missions.get(mission.id)
    return state is not None and state.joined_at is not None


def reading_for(d: Deciding, mission: Mission) -> Reading:
    """Return what a mission's progress is read from."""
    if mission.counter is not None:
        return d.state.readings[mission.counter]
    return d.state.readings[mission_reading(mission)]


def progress(d: Deciding, mission: Mission, at: Instant) -> int:
    """Return the mission's progress at an instant, in its minor units."""
    return counters.value(d, reading_for(d, mission), at)


def as_given(rulebook: Rulebook, state: MissionState | None, mission: Mission) -> Mission:
    """Return a mission by the terms that a member was given: as it was joined, or completed."""
    since = None if state is None else state.joined_at or state.completed_at
    if since is None:
        return mission
    return rulebook.at(since).program.missions.get(mission.id, mission)


def refresh(d: Deciding, at: Instant) -> None:
    """Complete, move or reopen missions after an activity that happened at `at`.

    What one takes back may be what another rests on: that one is reopened as well.
    """
    has_fallen = False
    for current, reading in d.state.goals:
        state = d.standing.missions.get(current.id)
        if state is not None and state.completed_at is not None:
            has_fallen |= _recheck(d, current, reading, at)
            continue
        mission = as_given(d.rulebook, state, current)
        value = _best(d, mission, reading, at)
        if value >= mission.goal and _open(d, mission, state) and d.about_member(mission.eligible):
            _complete(d, mission, reading, value, at)
        elif reading.id in d.touched:
            d.effect(MissionEffect(mission.id, "active", value, at))
    while has_fallen:
        has_fallen = any(_recheck(d, mission, reading, at) for mission, reading in d.state.goals)


def _best(d: Deciding, mission: Mission, reading: Reading, at: Instant) -> int:
    """Return the best progress of the windows in question: the current one and those touched.

    A window of the past is out of question once its reports come too late for the mission.
    """
    found = counters.value(d, reading, d.now)
    if _is_past_in_time(d, mission, reading, at):
        found = max(found, counters.value(d, reading, at))
    if d.is_merging:
        touched = d.touched.get(reading.id, ())
        found = max((found, *((figure(d, reading, window) or (0,))[0] for window in touched)))
    return found


def _is_past_in_time(d: Deciding, mission: Mission, reading: Reading, at: Instant) -> bool:
    """Tell whether an instant of the past is one of which the mission still takes reports."""
    closed = counters.closed_at(d, mission, reading, at)
    return at != d.now and (closed is None or d.now < closed)


def _open(d: Deciding, mission: Mission, state: MissionState | None) -> bool:
    """Tell whether the mission can be completed: joined where it must be, its window begun."""
    if mission.opt_in and (state is None or state.joined_at is None):
        return False
    window = mission.window
    if mission.counter is None or window.kind is not WindowKind.FIXED:
        return True
    begun = window.begin is None or window.begin <= d.now
    return begun and (window.end is None or d.now < window.end)


def _complete(d: Deciding, mission: Mission, reading: Reading, value: int, at: Instant) -> None:
    """Complete a mission: in the window of what happened, or else in the one that runs now.

    Something late may let a member complete what another window had reached already.
    """
    state = d.mission(mission.id)
    state.completed_at = at
    in_time = at == d.now or _is_past_in_time(d, mission, reading, at)
    if not in_time or counters.value(d, reading, at) < mission.goal:
        is_now = counters.value(d, reading, d.now) >= mission.goal
        state.completed_at = d.now if is_now else at
    d.effect(MissionEffect(mission.id, "completed", value, at))
    made = grants.give(d, mission.grant, source=f"mission:{mission.id}", at=at)
    state.paid = tuple((wallet, str(lot)) for wallet, lot in made if lot)


def _recheck(d: Deciding, mission: Mission, reading: Reading, at: Instant) -> bool:
    """Reopen a mission that fell below its goal in the window in which it was completed."""
    state = d.standing.missions.get(mission.id)
    completed = state.completed_at if state is not None else None
    mission = as_given(d.rulebook, state, mission)
    if completed is None or not mission.reverse or reading.id not in d.touched:
        return False
    value = progress(d, mission, completed)
    if value >= mission.goal:
        return False
    _reopen(d, mission, value, at)
    return True


def _reopen(d: Deciding, mission: Mission, value: int, at: Instant) -> None:
    state = d.mission(mission.id)
    state.completed_at = None
    d.effect(MissionEffect(mission.id, "active", value, at))
    take_back(d, mission.id, state)


def take_back(d: Deciding, slug: str, state: MissionState) -> None:
    """Reverse the units a mission granted, and make its unused vouchers void."""
    for wallet, lot in state.paid:
        wallets.reverse(d, wallet, int(lot), find(d, wallet, int(lot)).worth)
    state.paid = ()
    for name, voucher in vouchers.of_source(d, f"mission:{slug}"):
        if voucher.shown(d.now) == "issued" and not voucher.redemption:
            vouchers.cancel(d, name)

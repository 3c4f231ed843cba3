"""Effects, missions and badges: what members get beside the points of their activities."""

from collections.abc import Mapping
from dataclasses import dataclass

from guerdon.core.program import (
    Badge,
    Grant,
    GrantBadge,
    GrantPoints,
    GrantTier,
    GrantVoucher,
    Mission,
    Period,
    Program,
    Window,
    WindowKind,
)
from oracle import purse
from oracle.calendar import CALENDAR_WINDOWS, plus
from oracle.counting import counter_value, last_at, value
from oracle.purse import NEVER
from oracle.reading import holds, member_look
from oracle.world import Climb, Happened, Lot, Person, Voucher, World, when


@dataclass(frozen=True)
class Cause:
    """What an effect comes of: when that happened, and when it arrived.

    `brought` is all that another account brought, because two became one.
    """

    at: int
    now: int
    brought: tuple[Happened | Lot, ...] = ()

    @property
    def others(self) -> tuple[int, ...]:
        """The instants whose windows moved as well."""
        return tuple(dict.fromkeys(when(one) for one in self.brought))


def give_all(
    world: World,
    person: Person,
    effects: tuple[Grant, ...],
    source: str,
    cause: Cause,
    *,
    once: bool = False,
) -> None:
    """Let effects happen, at most once in the window of their `per`; `once`: else once for life."""
    for place, effect in enumerate(effects):
        if effect.per is not None or once:
            span = world.calendar.span(effect.per, cause.at) if effect.per else None
            if (source, place, span) in person.paid:
                continue
            person.paid.add((source, place, span))
        give(world, person, effect, source, cause)


def give(world: World, person: Person, effect: Grant, source: str, cause: Cause) -> None:
    """Let an effect happen; it is dated at its cause."""
    if isinstance(effect, GrantPoints):
        lot = Lot(
            owner=person.name,
            wallet=effect.wallet,
            source=source,
            rule=effect.as_name,
            granted=effect.points,
            at=cause.at,
            policy=effect.expiry,
        )
        purse.grant(world, person, lot, now=cause.now, pending=effect.pending)
    elif isinstance(effect, GrantBadge):
        award(world, person, effect.badge, cause)
    elif isinstance(effect, GrantVoucher):
        valid = _valid(world, person, effect)
        if valid is not None or effect.valid is None:
            issue(world, person, effect.kind, source, cause.at, valid)
    else:
        assert isinstance(effect, GrantTier)
        grant_tier(world, person, effect, cause)


def award(world: World, person: Person, slug: str, cause: Cause) -> None:
    """Give a badge, once, and what comes with it."""
    if slug not in person.badges:
        person.badges[slug] = cause.at
        give_all(world, person, world.program.badges[slug].grant, f"badge:{slug}", cause)


def issue(
    world: World, person: Person, kind: str, source: str, at: int, valid: Period | None
) -> str:
    """Give a voucher named by its source; the next ones of that source are numbered."""
    end = None if valid is None else world.calendar.through(at, valid)
    name, copy = source, 1
    while name in person.vouchers and person.vouchers[name].state != "void":
        copy += 1
        name = f"{source}#{copy}"
    person.vouchers[name] = Voucher(kind, end, at)
    return name


def effects_of(program: Program, source: str) -> tuple[Grant, ...]:
    """Return what a source gives: a tier that is entered, a badge, a mission, a run of a job."""
    kind, _, name = source.partition(":")
    if kind in program.ladders:
        return next(rung.on_enter for rung in program.ladders[kind].tiers if rung.id == name)
    if kind in program.jobs:
        return program.jobs[kind].grant
    if kind == "badge":
        return program.badges[name].grant
    return program.missions[name].grant if kind == "mission" else ()


def grant_tier(world: World, person: Person, effect: GrantTier, cause: Cause) -> None:
    """Replace an earlier grant of the ladder; the ladder is read directly after."""
    names = [rung.id for rung in world.program.ladders[effect.ladder].tiers]
    until = effect.until
    end = world.calendar.through(cause.at, until) if isinstance(until, Period) else until
    climb = person.climbs.setdefault(effect.ladder, Climb())
    climb.granted = (names.index(effect.tier), end)


def _valid(world: World, person: Person, effect: GrantVoucher) -> Period | None:
    if not isinstance(effect.valid, Mapping):
        return effect.valid
    ladder = world.program.ladders[effect.ladder or ""]
    climb = person.climbs.get(ladder.id)
    rank = max(climb.rank, 0) if climb is not None else 0  # the lowest is everybody's
    return effect.valid.get(ladder.tiers[rank].id)


# ---------------------------------------------------------------- missions


def window_end(world: World, person: Person, mission: Mission) -> int | None:
    """Return the end of the mission's window, where it has one that does not come again."""
    window = mission.window
    if window.kind is WindowKind.FIXED:
        return window.end
    if window.kind is WindowKind.JOINED:
        joined = person.joined.get(mission.id)
        if joined is None or window.period is None:
            return None
        return world.calendar.through(joined, window.period)
    return None


def progress(world: World, person: Person, mission: Mission, at: int) -> int:
    """Return how far a member is in the window that holds an instant."""
    if mission.counter is not None:
        return counter_value(world, person, mission.counter, at)
    assert mission.measure is not None
    joined = person.joined.get(mission.id)
    if mission.opt_in and joined is None:
        return 0
    if mission.window.kind is WindowKind.JOINED and not mission.opt_in:
        joined = person.enrolled_at
    inside = world.calendar.inside(mission.window, at, joined)
    began = joined if mission.opt_in and joined is not None else -NEVER
    happened, lots = person.joined_after.get(mission.id, (0, 0))

    def admits(one: Happened | Lot) -> bool:
        if isinstance(one, Lot):
            return one.at >= began and one in world.lots[lots:]
        closed = last_report(world, person, mission, one.activity.at)
        on_time = closed is None or one.activity.received < closed
        return one.activity.at >= began and on_time and one in world.history[happened:]

    return value(world, person, mission.measure, inside, admits)


def last_report(world: World, person: Person, mission: Mission, at: int) -> int | None:
    """Return the first instant at which reports of an instant come too late for the mission."""
    end = window_end(world, person, mission)
    window = window_of(world, mission)
    if window.kind in CALENDAR_WINDOWS:
        span = world.calendar.span(CALENDAR_WINDOWS[window.kind], at)
        end = None if span is None else span[1]
    if mission.late is None or end is None:
        return None
    return world.calendar.begin(plus(world.calendar.day(end), mission.late))


def missions(world: World, person: Person, cause: Cause) -> None:
    """Complete what reached its goal; reopen what fell below, where the mission says so."""
    fallen = False
    for mission in world.program.missions.values():
        if mission.id in person.completed:
            fallen |= _reopen_fallen(world, person, mission, cause.now)
            continue
        if mission.opt_in and mission.id not in person.joined:
            continue
        if _is_over(world, mission, cause.now):
            continue
        eligible = holds(mission.eligible, member_look(person.attrs))
        if eligible and _reached(world, person, mission, cause):
            person.completed[mission.id] = _completed_in(world, person, mission, cause)
            give_all(world, person, mission.grant, f"mission:{mission.id}", cause)
    while fallen:  # what one took back may be what another rests on
        all_of = world.program.missions.values()
        fallen = any(_reopen_fallen(world, person, one, cause.now) for one in all_of)


def _reopen_fallen(world: World, person: Person, mission: Mission, now: int) -> bool:
    """Reopen a completed mission that fell below its goal where it was completed."""
    done = person.completed.get(mission.id)
    if done is None or not mission.reverse:
        return False
    if _reached(world, person, mission, Cause(done, done)):
        return False
    reopen(world, person, mission, now)
    return True


def _completed_in(world: World, person: Person, mission: Mission, cause: Cause) -> int:
    """Return an instant of the window that reached the goal: what happened lies in it, or now."""
    if window_of(world, mission).kind is WindowKind.ROLLING:
        return cause.at
    reached = [
        at
        for at in _in_question(world, person, mission, cause)
        if at in (cause.at, cause.now) and progress(world, person, mission, at) >= mission.goal
    ]
    return cause.now if cause.at not in reached and cause.now in reached else cause.at


def _reached(world: World, person: Person, mission: Mission, cause: Cause) -> bool:
    """Tell whether the goal is reached now, or in the window of the activity that caused it."""
    return any(
        progress(world, person, mission, at) >= mission.goal
        for at in _in_question(world, person, mission, cause)
    )


def _in_question(world: World, person: Person, mission: Mission, cause: Cause) -> list[int]:
    """Return when the progress is read: not where what was reported comes too late for it."""
    closed = last_report(world, person, mission, cause.at)
    late = closed is not None and closed <= cause.now
    return [
        at
        for at in instants(cause, window_of(world, mission))
        if at != cause.at or at == cause.now or not late
    ]


def _is_over(world: World, mission: Mission, now: int) -> bool:
    """Tell whether the span of a mission that reads a counter is not now."""
    window = mission.window
    is_span = mission.counter is not None and window.kind is WindowKind.FIXED
    return is_span and not world.calendar.inside(window, 0)(now)


def window_of(world: World, mission: Mission) -> Window:
    """Return the window over which a mission's progress is read."""
    return (
        mission.window
        if mission.counter is None
        else world.program.counters[mission.counter].window
    )


def instants(cause: Cause, window: Window) -> tuple[int, ...]:
    """Return when a window is read: now, and in the window that holds the cause.

    What a rolling window held in the past is past: it is read now only.
    """
    if window.kind is WindowKind.ROLLING:
        return (cause.now,)
    return tuple(dict.fromkeys((cause.at, cause.now, *cause.others)))


def reopen(world: World, person: Person, mission: Mission, now: int) -> None:
    """Take back what a mission granted."""
    del person.completed[mission.id]
    source = f"mission:{mission.id}"
    for lot in world.lots_of(person):
        if lot.source == source and lot.worth and not lot.rule.startswith("xfer."):
            purse.take_back(world, person, lot, lot.worth)
    for name, voucher in person.vouchers.items():
        if name.partition("#")[0] == source and voucher.shown(now) == "issued":
            voucher.state = "void"


def state_of(world: World, person: Person, mission: Mission, now: int) -> str:
    """Return where a member stands."""
    if mission.id in person.completed:
        return "completed"
    end = window_end(world, person, mission)
    if end is not None and end <= now:
        return "expired"
    return "available" if mission.opt_in and mission.id not in person.joined else "active"


# ---------------------------------------------------------------- badges


def _counted_last(world: World, person: Person, badge: Badge, reached_in: list[int]) -> Cause:
    """Return when what counted last in the first window that reaches the goal happened."""
    counter = world.program.counters[badge.counter or ""]
    at = min(
        last_at(world, person, counter.measure, world.calendar.inside(counter.window, each))
        for each in reached_in
    )
    return Cause(at, person.settled)


def badges(world: World, person: Person, cause: Cause) -> None:
    """Give each badge whose counter, mission or tier was reached; none is ever taken away."""
    for badge in world.program.badges.values():
        if badge.id in person.badges:
            continue
        if badge.counter is not None:
            window = world.program.counters[badge.counter].window
            reached_in = [
                at
                for at in instants(cause, window)
                if counter_value(world, person, badge.counter, at) >= badge.at
            ]
            reached = bool(reached_in)
            if reached and cause.others:
                award(world, person, badge.id, _counted_last(world, person, badge, reached_in))
                continue
        elif badge.mission is not None:
            reached = badge.mission in person.completed
        elif badge.ladder is not None:
            names = [rung.id for rung in world.program.ladders[badge.ladder].tiers]
            climb = person.climbs.get(badge.ladder)
            reached = climb is not None and climb.rank >= names.index(badge.tier or "")
        else:
            reached = False  # something grants it, or nobody does
        if reached:
            award(world, person, badge.id, cause)

"""Effects, missions and badges: what members get beside the points of their activities."""

from collections.abc import Mapping
from dataclasses import dataclass

from guerdon.core.program import (
    Grant,
    GrantBadge,
    GrantPoints,
    GrantTier,
    GrantVoucher,
    Mission,
    Period,
    WindowKind,
)
from oracle import purse
from oracle.calendar import plus
from oracle.counting import counter_value, value
from oracle.reading import holds, member_look
from oracle.purse import NEVER
from oracle.world import Climb, Happened, Lot, Person, Voucher, World


@dataclass(frozen=True)
class Cause:
    """What an effect comes of: when that happened, and when it arrived."""

    at: int
    now: int


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
        person.badges.setdefault(effect.badge, cause.at)
    elif isinstance(effect, GrantVoucher):
        valid = _valid(world, person, effect)
        if valid is not None or effect.valid is None:
            issue(world, person, effect.kind, source, cause.at, valid)
    else:
        assert isinstance(effect, GrantTier)
        grant_tier(world, person, effect, cause)


def issue(
    world: World, person: Person, kind: str, source: str, at: int, valid: Period | None
) -> str:
    """Give a voucher named by its source; the next ones of that source are numbered."""
    end = None if valid is None else world.calendar.through(at, valid)
    name, copy = source, 1
    while name in person.vouchers and person.vouchers[name].state != "void":
        copy += 1
        name = f"{source}#{copy}"
    person.vouchers[name] = Voucher(kind, end)
    return name


def grant_tier(world: World, person: Person, effect: GrantTier, cause: Cause) -> None:
    """Replace an earlier grant of the ladder; the ladder is read directly after."""
    names = [rung.id for rung in world.program.ladders[effect.ladder].tiers]
    end = effect.until
    if isinstance(end, Period):
        end = world.calendar.through(cause.at, end)
    climb = person.climbs.setdefault(effect.ladder, Climb())
    climb.granted = (names.index(effect.tier), end)


def _valid(world: World, person: Person, effect: GrantVoucher) -> Period | None:
    if not isinstance(effect.valid, Mapping):
        return effect.valid
    ladder = world.program.ladders[effect.ladder or ""]
    climb = person.climbs.get(ladder.id)
    rank = climb.rank if climb is not None else -1
    return effect.valid.get(ladder.tiers[rank].id) if rank >= 0 else None


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

    def admits(one: Happened) -> bool:
        closed = last_report(world, person, mission)
        return one.activity.at >= began and (closed is None or one.activity.received < closed)

    return value(world, person, mission.measure, inside, admits)


def last_report(world: World, person: Person, mission: Mission) -> int | None:
    """Return the first instant at which reports come too late for the mission."""
    end = window_end(world, person, mission)
    if mission.late is None or end is None:
        return None
    return world.calendar.begin(plus(world.calendar.day(end), mission.late))


def missions(world: World, person: Person, cause: Cause) -> None:
    """Complete what reached its goal; reopen what fell below, where the mission says so."""
    for mission in world.program.missions.values():
        reached = any(
            progress(world, person, mission, at) >= mission.goal
            for at in dict.fromkeys((cause.at, cause.now))
        )
        if mission.opt_in and mission.id not in person.joined:
            reached = False
        done = mission.id in person.completed
        if reached and not done and holds(mission.eligible, member_look(person.attrs)):
            person.completed[mission.id] = cause.at
            for effect in mission.grant:
                give(world, person, effect, f"mission:{mission.id}", cause)
        elif done and not reached and mission.reverse:
            reopen(world, person, mission)


def reopen(world: World, person: Person, mission: Mission) -> None:
    """Take back what a mission granted."""
    del person.completed[mission.id]
    source = f"mission:{mission.id}"
    for lot in world.lots_of(person):
        if lot.source == source and lot.net:
            purse.take_back(world, person, lot, lot.net)
    voucher = person.vouchers.get(source)
    if voucher is not None and voucher.state == "issued":
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


def badges(world: World, person: Person, cause: Cause) -> None:
    """Give each badge whose counter, mission or tier was reached; none is ever taken away."""
    for badge in world.program.badges.values():
        if badge.id in person.badges:
            continue
        if badge.counter is not None:
            reached = any(
                counter_value(world, person, badge.counter, at) >= badge.at
                for at in dict.fromkeys((cause.at, cause.now))
            )
        elif badge.mission is not None:
            reached = badge.mission in person.completed
        else:
            assert badge.ladder is not None
            names = [rung.id for rung in world.program.ladders[badge.ladder].tiers]
            climb = person.climbs.get(badge.ladder)
            reached = climb is not None and climb.rank >= names.index(badge.tier or "")
        if reached:
            person.badges[badge.id] = cause.at
            for effect in badge.grant:
                give(world, person, effect, f"badge:{badge.id}", cause)

"""Counters: a measure of activities over a window, kept as one figure a window.

Rule: a reading's value is a function of the set of activities that count, whatever order they
came in; a refund changes the window of its original. Which thresholds rest on a value is decided
by ladders, missions and badges; nothing is granted here.
"""

from collections.abc import Sequence
from typing import Protocol

from guerdon.core.activity import Activity, Instant
from guerdon.core.context import Context, holds_all
from guerdon.core.deciding import Deciding
from guerdon.core.distinct import change_values, join
from guerdon.core.figures import figure, keep
from guerdon.core.measures import NOTHING, Share
from guerdon.core.program import Mission, WindowKind
from guerdon.core.readings import Reading
from guerdon.core.standing import Plain
from guerdon.core.streaks import change_days
from guerdon.core.windows import CALENDAR_KINDS, add

# ---------------------------------------------------------------- which window


def window_key(d: Deciding, reading: Reading, at: Instant) -> str | None:
    """Return the key of the window that holds an instant; None where the reading has none then."""
    keys = reading.keys
    if keys is not None:
        return keys[d.today if at == d.now else d.rulebook.calendar.day(at)]
    if reading.is_one_window:
        return ""
    window = reading.window
    if window.kind is WindowKind.FIXED:
        if window.begin is not None and at < window.begin:
            return None
        return None if window.end is not None and at >= window.end else ""
    ends = joined_end(d, reading)
    return "" if ends is not None and at < ends else None


def joined_end(d: Deciding, reading: Reading) -> Instant | None:
    """Return when the window that began with joining is over; None where nobody joined."""
    if reading.mission is None or reading.window.period is None:
        return None
    state = d.standing.missions.get(reading.mission.id)
    if state is None or state.joined_at is None:
        return None
    calendar = d.rulebook.calendar
    return calendar.through(add(calendar.day(state.joined_at), reading.window.period))


def counts(d: Deciding, reading: Reading, activity: Activity) -> str | None:
    """Return the window in which an activity counts, None where it does not count at all."""
    return window_key(d, reading, activity.at) if _listens(d, reading, activity) else None


def _listens(d: Deciding, reading: Reading, activity: Activity) -> bool:
    """Tell whether an activity counts in some window, as far as the reading itself goes."""
    if reading.since is not None and activity.at < reading.since:
        return False
    if (mission := reading.mission) is not None:
        state = d.standing.missions.get(mission.id)
        joined = state.joined_at if state is not None else None
        if mission.opt_in and (joined is None or activity.at < joined):
            return False
        closed = closed_at(d, mission, reading, activity.at)
        return closed is None or activity.received < closed
    return True


def closed_at(d: Deciding, mission: Mission, reading: Reading, at: Instant) -> Instant | None:
    """Return from when on reports of an instant are too late for a mission; None for never."""
    if mission.late is None:
        return None
    calendar = d.rulebook.calendar
    if reading.window.kind in CALENDAR_KINDS:
        ends = calendar.bounds(reading.window, at)[1]
    else:
        ends = joined_end(d, reading) or reading.window.end
    return None if ends is None else calendar.begin(add(calendar.day(ends), mission.late))


# ---------------------------------------------------------------- change


def count(d: Deciding, context: Context) -> None:
    """Let an activity join the history: every reading that listens to it moves."""
    activity, day = context.activity, context.day
    tallies, others = d.state.counting(activity.type)
    for lines, when, readings in tallies:
        matched = context.whole if lines is None else context.matched(lines)
        if matched is None or matched.gone:
            continue
        net = context.net = matched.net
        if when and not holds_all(when, context):
            continue
        for reading in readings:
            window = "" if reading.keys is None else reading.keys[day]
            move(d, reading, window, activity.at, net if reading.plain_sum else 1)
    for reading in others:
        count_in(d, reading, context)


def count_in(d: Deciding, reading: Reading, context: Context) -> None:
    """Let an activity count in one reading that has not counted it before."""
    activity = context.activity
    window = "" if reading.is_always else counts(d, reading, activity)
    if window is None:
        return
    found = reading.share(context)
    if found is NOTHING or (reading.rolling and not _new_entry(d, reading, activity, found)):
        return
    if reading.measure.streak is not None:
        change_days(d, reading, window, activity.at, before=NOTHING, after=found)
        return
    delta, values = found
    if values:
        delta += join(d, reading, window, values)
    move(d, reading, window, activity.at, delta)


def recount(
    d: Deciding,
    before: Context | None,
    after: Context | None,
    refund_at: Instant | None,
    *,
    apart: Sequence[str] = (),
) -> None:
    """Move every reading from what an activity contributed to what is left of it.

    None is nothing, before or after; one of the two is given. Without `refund_at` the activity is
    voided: it never happened, in its own window. Missions named in `apart` were joined only after
    the activity had arrived: it never counted.
    """
    for reading in d.state.readings_by_type.get(_of(before, after).type, ()):
        if reading.mission is None or reading.mission.id not in apart:
            recount_in(d, reading, before, after, refund_at)


def _of(before: Context | None, after: Context | None) -> Activity:
    found = before or after
    assert found is not None
    return found.activity


def recount_in(
    d: Deciding,
    reading: Reading,
    before: Context | None,
    after: Context | None,
    refund_at: Instant | None,
) -> None:
    """Move one reading from what an activity contributed to what is left of it."""
    activity = _of(before, after)
    if not _listens(d, reading, activity):
        return
    own_at = refund_at if reading.measure.when_refunded else None
    window = window_key(d, reading, activity.at if own_at is None else own_at)
    if window is None:
        return
    old = reading.share(before) if before is not None else NOTHING
    new = reading.share(after) if after is not None else NOTHING
    if old == new:
        return
    if own_at is not None:
        activity = Activity(
            id=f"{activity.id}~{own_at}",
            type=activity.type,
            at=own_at,
            received=own_at,
            reporter=activity.reporter,
        )
    change(d, reading, window, activity, before=old, after=new, is_refund=own_at is not None)


def count_points(d: Deciding, wallet: str, lot: "CountedLot", delta: int) -> None:
    """Move the readings that follow the units of a wallet."""
    for reading in d.state.points_readings.get(wallet, ()):
        count_lot(d, reading, lot, delta)


def moves_of(d: Deciding, wallet: str, at: Instant) -> tuple[tuple[Reading, str], ...] | None:
    """Return the readings, and their windows, that every unit earned at an instant moves.

    None where some of them look at the lot itself: then each lot must be counted (`count_points`).
    """
    readings = d.state.points_readings.get(wallet)
    if readings is None:
        return ()
    found = []
    for reading in readings:
        mission = reading.mission
        if reading.measure.rules or reading.rolling or (mission is not None and mission.opt_in):
            return None
        window = window_key(d, reading, at)
        if window is not None and (reading.since is None or at >= reading.since):
            found.append((reading, window))
    return tuple(found)


def count_lot(d: Deciding, reading: Reading, lot: "CountedLot", delta: int) -> None:
    """Move a reading that follows units, in the window of the lot's own time."""
    rules = reading.measure.rules
    if (rules and lot.rule not in rules) or (reading.since is not None and lot.at < reading.since):
        return
    if reading.mission is not None and not _joined_before(d, reading.mission, lot):
        return
    window = window_key(d, reading, lot.at)
    if window is None:
        return
    entry = f"lot {lot.no}"
    if not reading.rolling or _move_entry(d, reading, lot.at, entry, delta, counted=delta < 0):
        move(d, reading, window, lot.at, delta)


def _joined_before(d: Deciding, mission: Mission, lot: "CountedLot") -> bool:
    """Tell whether a lot came after the member had joined, where the mission must be joined."""
    if not mission.opt_in:
        return True
    state = d.standing.missions.get(mission.id)
    if state is None or state.joined_at is None:
        return False
    return lot.at >= state.joined_at and lot.no > state.lots_before


class CountedLot(Protocol):
    """As much of a lot as counters read."""

    @property
    def no(self) -> int:
        """Its number."""

    @property
    def rule(self) -> str:
        """The rule that granted it."""

    @property
    def at(self) -> Instant:
        """When it was earned."""


def change(
    d: Deciding,
    reading: Reading,
    window: str,
    activity: Activity,
    *,
    before: Share,
    after: Share,
    is_refund: bool = False,
) -> None:
    """Move one reading's value in one window from one contribution to another.

    A refund that counts in a window of its own may move what has an entry there by now.
    """
    delta = after.amount - before.amount
    if reading.rolling and not _move_entry(
        d,
        reading,
        activity.at,
        activity.key,
        delta,
        counted=is_refund or before is not NOTHING,
        values=after.values,
        back=before.values if is_refund else (),
    ):
        return
    if reading.measure.streak is not None:
        change_days(d, reading, window, activity.at, before=before, after=after)
        return
    if before.values or after.values:
        delta += change_values(d, reading, window, before=before, after=after)
    move(d, reading, window, activity.at, delta)


def move(d: Deciding, reading: Reading, window: str, at: Instant, delta: int) -> None:
    """Add to a window's figure; a rise is dated by the activity that brought it."""
    if reading.keys is None:
        figures, key = d.standing.figures, reading.id
    else:
        figures, key = (d.forked.get(reading.win) or d.shelf(reading.win)).items, window
    found = figures.get(key)
    if found is None:
        value, last = figure(d, reading, window) or (0, 0)
        keep(d, reading, window, (value + delta, at if delta >= 0 and at > last else last))
        return
    value, last = found
    figures[key] = (value + delta, at if delta >= 0 and at > last else last)
    windows = d.touched.get(reading.id)
    if windows is None:
        d.touched[reading.id] = {window: value}
    else:
        windows.setdefault(window, value)


def _new_entry(d: Deciding, reading: Reading, activity: Activity, found: Share) -> bool:
    """Keep what a rolling window will have to give back; False where it has left already."""
    period = reading.window.period
    assert period is not None
    leaves = d.rulebook.calendar.leaves(activity.at, period)
    if leaves <= d.now:
        return False
    entry = (found.amount, leaves, found.values)
    d.put_ordered(reading.roll, f"{activity.at}:{activity.key}", entry, leaving, fresh=True)
    return True


def _move_entry(
    d: Deciding,
    reading: Reading,
    at: Instant,
    key: str,
    delta: int,
    *,
    counted: bool,
    values: tuple[tuple[str, int], ...] = (),
    back: tuple[tuple[str, int], ...] = (),
) -> bool:
    """Move the entry of something; False where it has left already.

    `counted` tells that it may have an entry, so that it is looked for. `back` are values that a
    refund with a window of its own took: they come back when it leaves, as `values` go.
    """
    period = reading.window.period
    assert period is not None
    leaves = d.rulebook.calendar.leaves(at, period)
    if leaves <= d.now:
        return False
    name = f"{at}:{key}"
    held = d.look(reading.roll, name) if counted else None
    amount = delta + (held[0] if held else 0)
    if held is not None:
        d.drop(reading.roll, name)
        back = _pairs(*held[3:]) if held[3:] else back
    if back and values != back:
        d.put_ordered(reading.roll, name, (amount, leaves, values, back), leaving, fresh=True)
    elif amount or (values and not back):
        d.put_ordered(reading.roll, name, (amount, leaves, values), leaving, fresh=True)
    return True


def _pairs(*values: Plain) -> tuple[tuple[str, int], ...]:
    return tuple((value, part) for each in values for value, part in each)


def leaving(entry: Plain) -> tuple[int, int, int]:
    """Return the place of a rolling window's entry: first who leaves first."""
    return entry[1], 0, 0


def leave(d: Deciding, reading: Reading) -> None:
    """Let everything go that a rolling window no longer holds now."""
    name = reading.roll
    while True:
        found = d.standing.shelves.get(name)
        if found is None:
            return
        if not found.items and found.spilled:
            d.pull(name, "front", leaving)
            found = d.standing.shelves[name]
        first = next(iter(found.items.values()), None)
        if first is not None and first[1] > d.now:
            return  # they lie in the order in which they leave
        due = [key for key, entry in found.items.items() if entry[1] <= d.now]
        for key in due:
            amount, _, values, *back = d.standing.shelves[name].items[key]
            d.drop(name, key)
            gone, come = Share(0, _pairs(values)), Share(0, _pairs(*back))
            if reading.measure.streak is not None:
                change_days(d, reading, "", d.now, before=gone, after=come)
                continue
            delta = -amount
            if values or back:
                delta += change_values(d, reading, "", before=gone, after=come)
            _leave_value(d, reading, delta)
        left = d.standing.shelves[name]
        if left.items or not left.spilled:
            return


def _leave_value(d: Deciding, reading: Reading, delta: int) -> None:
    value, last = figure(d, reading, "") or (0, 0)
    keep(d, reading, "", (value + delta, last))


def value(d: Deciding, reading: Reading, at: Instant) -> int:
    """Return the reading's value in the window that holds `at`; 0 where there is none."""
    found = figure(d, reading, window_key(d, reading, at) or "")
    return 0 if found is None else int(found[0])

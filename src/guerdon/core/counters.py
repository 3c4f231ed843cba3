"""Counters: a measure of activities over a window, kept as one figure a window.

Rule: a reading's value is a function of the set of activities that count, whatever order they
came in; a refund changes the window of its original. Which thresholds rest on a value is decided
by ladders, missions and badges; nothing is granted here.
"""

from decimal import Decimal
from typing import NamedTuple

from guerdon.core.activity import Activity, Instant
from guerdon.core.amounts import COUNTER_SCALE, Rounding, to_minor
from guerdon.core.conditions import number, text
from guerdon.core.context import Context
from guerdon.core.deciding import Deciding
from guerdon.core.program import Measure, WindowKind
from guerdon.core.rulebook import Matching, Reading
from guerdon.core.standing import Plain
from guerdon.core.windows import CALENDAR_KINDS, add


class Share(NamedTuple):
    """What one activity contributes: an amount, and for sets the values it stands for."""

    amount: int = 0
    values: tuple[tuple[str, int], ...] = ()


NOTHING = Share()


def matched_lines(matching: Matching, context: Context) -> list[int] | None:
    """Return the indexes of the lines that match; None where the activity has no such line."""
    lines = context.activity.lines
    if matching.lines is None:
        return list(range(len(lines)))
    holds = matching.lines
    found = [
        index
        for index, line in enumerate(lines)
        if holds(context.line_reader(line, context.left[index]))
    ]
    return found or None


def share(reading: Reading, context: Context) -> Share:
    """Return what the activity contributes with what is left of its lines."""
    measure = reading.measure
    matching = reading.matching
    left, lines = context.left, context.activity.lines
    if matching.lines is None and matching.when is None and measure.sum == "net":
        return Share(sum(left))
    indexes = matched_lines(matching, context)
    if indexes is None:
        return NOTHING
    context.net = sum(left[index] for index in indexes)
    if matching.when is not None and not matching.when(context.read):
        return NOTHING
    if not context.net and any(lines[index].amount for index in indexes):
        return NOTHING
    return _measured(measure, context, indexes)


def _measured(measure: Measure, context: Context, indexes: list[int]) -> Share:
    if measure.distinct is not None:
        values = _values(measure.distinct, context, indexes)
        if measure.each_sum is None:
            return Share(0, tuple((value, 1) for value in values))
        return Share(0, tuple((value, _each(measure, context, indexes, value)) for value in values))
    if measure.streak is not None:
        day = context.day if measure.streak == "day" else (context.day + 3) // 7
        return Share(0, ((str(day), 1),))
    amount = 1
    if measure.sum == "net":
        amount = context.net
    elif measure.sum is not None:
        amount = _field_sum(measure.sum, context, indexes)
    if measure.once_per_day:
        return Share(0, ((str(context.day), amount),))
    return Share(amount)


def _values(field: str, context: Context, indexes: list[int]) -> dict[str, None]:
    own = context.read(field)
    if own is not None:
        items = own if isinstance(own, tuple) else (own,)
        return dict.fromkeys(text(item) for item in items)
    found: dict[str, None] = {}
    for index in indexes:
        line = context.activity.lines[index]
        value = context.line_reader(line, context.left[index])(field)
        if value is not None and (context.left[index] or not line.amount):
            found[text(value)] = None
    return found


def _each(measure: Measure, context: Context, indexes: list[int], value: str) -> int:
    """Return the sum that stands behind one distinct value."""
    if measure.distinct is not None and context.read(measure.distinct) is not None:
        chosen = indexes
    else:
        chosen = [
            index
            for index in indexes
            if text(
                context.line_reader(context.activity.lines[index], context.left[index])(
                    measure.distinct or ""
                )
            )
            == value
        ]
    if measure.each_sum == "net":
        return sum(context.left[index] for index in chosen)
    return _field_sum(measure.each_sum or "", context, chosen)


def _field_sum(field: str, context: Context, indexes: list[int]) -> int:
    own = number(context.read(field))
    if own is not None:
        return to_minor(own, COUNTER_SCALE, Rounding.HALF_EVEN)
    total = Decimal(0)
    for index in indexes:
        line = context.activity.lines[index]
        value = number(context.line_reader(line, context.left[index])(field))
        if value is not None and (context.left[index] or not line.amount):
            total += value
    return to_minor(total, COUNTER_SCALE, Rounding.HALF_EVEN)


# ---------------------------------------------------------------- which window


def window_key(d: Deciding, reading: Reading, at: Instant) -> str | None:
    """Return the key of the window that holds an instant; None where the reading has none then."""
    window = reading.window
    if window.kind in CALENDAR_KINDS:
        calendar = d.rulebook.calendar
        return str(calendar.span(window.kind, calendar.day(at)).begin)
    if window.kind is WindowKind.FIXED:
        if window.begin is not None and at < window.begin:
            return None
        return None if window.end is not None and at >= window.end else ""
    if window.kind is WindowKind.JOINED:
        ends = joined_end(d, reading)
        return "" if ends is not None and at < ends else None
    return ""


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
    if reading.since is not None and activity.at < reading.since:
        return None
    mission = reading.mission
    if mission is not None:
        state = d.standing.missions.get(mission.id)
        joined = state.joined_at if state is not None else None
        if mission.opt_in and (joined is None or activity.at < joined):
            return None
        if mission.late is not None:
            ends = joined_end(d, reading) or reading.window.end
            calendar = d.rulebook.calendar
            if ends is not None and activity.received >= calendar.begin(
                add(calendar.day(ends), mission.late)
            ):
                return None
    return window_key(d, reading, activity.at)


# ---------------------------------------------------------------- change


def count(d: Deciding, context: Context) -> None:
    """Let an activity join the history: every reading that listens to it moves."""
    activity = context.activity
    for reading in d.state.readings_by_type.get(activity.type, ()):
        window = counts(d, reading, activity)
        if window is not None:
            found = share(reading, context)
            if found is not NOTHING and found != NOTHING:
                change(d, reading, window, activity, before=NOTHING, after=found)
            elif found is not NOTHING:
                d.touch(reading.id, window)


def recount(d: Deciding, before: Context, after: Context | None, refund_at: Instant) -> None:
    """Move every reading from what an activity contributed to what is left of it."""
    activity = before.activity
    for reading in d.state.readings_by_type.get(activity.type, ()):
        window = counts(d, reading, activity)
        if window is None:
            continue
        old = share(reading, before)
        new = share(reading, after) if after is not None else NOTHING
        if old == new:
            continue
        if reading.measure.when_refunded and after is not None:
            later = window_key(d, reading, refund_at)
            if later is not None:
                dated = Activity(
                    id=f"{activity.id}~{refund_at}",
                    type=activity.type,
                    at=refund_at,
                    received=refund_at,
                    reporter=activity.reporter,
                )
                change(d, reading, later, dated, before=old, after=new)
        else:
            change(d, reading, window, activity, before=old, after=new)


def count_points(d: Deciding, wallet: str, rule: str, *, at: Instant, key: str, delta: int) -> None:
    """Move the readings that follow the units of a wallet, in the window of the lot's own time."""
    for reading in d.state.points_readings.get(wallet, ()):
        rules = reading.measure.rules
        if (rules and rule not in rules) or (reading.since is not None and at < reading.since):
            continue
        window = window_key(d, reading, at)
        if window is not None:
            lot = Activity(id=f"{key}.{rule}", type="", at=at, received=at)
            change(d, reading, window, lot, before=NOTHING, after=Share(delta))


def change(
    d: Deciding, reading: Reading, window: str, activity: Activity, *, before: Share, after: Share
) -> None:
    """Move one reading's value in one window."""
    if reading.measure.streak is not None:
        _change_days(d, reading, window, activity, before=before, after=after)
        return
    if reading.window.kind is WindowKind.ROLLING and not _change_rolling(
        d, reading, activity, before=before, after=after
    ):
        return
    delta = after.amount - before.amount
    if before.values or after.values:
        delta += _change_set(d, reading, window, before=before, after=after)
    _move(d, reading, window, activity.at, delta, joins=after != NOTHING)


def _move(
    d: Deciding, reading: Reading, window: str, at: Instant, delta: int, *, joins: bool
) -> None:
    name = f"win:{reading.id}"
    entry = d.look(name, window) or (0, 0)
    last = max(entry[1], at) if joins and delta >= 0 else entry[1]
    d.put(name, window, (entry[0] + delta, last), window.rjust(12, "0"))
    d.touch(reading.id, window)


def _change_set(d: Deciding, reading: Reading, window: str, *, before: Share, after: Share) -> int:
    """Move the values of a distinct or once-a-day measure; return by how much the figure moved."""
    measure = reading.measure
    name = f"set:{reading.id}"
    old, new = dict(before.values), dict(after.values)
    moved = 0
    for value in dict.fromkeys((*old, *new)):
        key = f"{window}|{value}"
        held, times = d.look(name, key) or (0, 0)
        held_after = held + new.get(value, 0) - old.get(value, 0)
        times_after = times + (value in new) - (value in old)
        moved += weight(measure, held_after, times_after) - weight(measure, held, times)
        if times_after or held_after:
            d.put(name, key, (held_after, times_after))
        elif times or held:
            d.drop(name, key)
    return moved


def weight(measure: Measure, held: int, times: int) -> int:
    """Return what one value of a set counts for."""
    if times <= 0:
        return 0
    if measure.each_sum is not None:
        return int(held >= measure.each_least)
    if measure.once_per_day and measure.sum is not None:
        return held // times
    return 1


def _change_rolling(
    d: Deciding, reading: Reading, activity: Activity, *, before: Share, after: Share
) -> bool:
    """Move the entry of an activity in a rolling window; False where it has left already."""
    period = reading.window.period
    assert period is not None
    leaves = d.rulebook.calendar.leaves(activity.at, period)
    if leaves <= d.now:
        return False
    name = f"roll:{reading.id}"
    key = f"{activity.at}:{activity.key}"
    held = d.look(name, key)
    amount = after.amount - before.amount + (held[0] if held else 0)
    values = list(after.values) if after.values or before.values else []
    if held:
        d.drop(name, key)
    if amount or values:
        d.put_ordered(name, key, (amount, leaves, values), _leaving)
    return True


def _leaving(entry: Plain) -> tuple[int, int, int]:
    return entry[1], 0, 0


def leave(d: Deciding, reading: Reading) -> None:
    """Let everything go that a rolling window no longer holds now."""
    name = f"roll:{reading.id}"
    while True:
        found = d.standing.shelves.get(name)
        if found is None:
            return
        if not found.items and found.spilled:
            d.pull(name, "front")
            found = d.standing.shelves[name]
        due = [key for key, entry in found.items.items() if entry[1] <= d.now]
        for key in due:
            amount, _, values = d.standing.shelves[name].items[key]
            d.drop(name, key)
            delta = -amount
            if values:
                held = tuple((value, part) for value, part in values)
                delta += _change_set(d, reading, "", before=Share(0, held), after=NOTHING)
            _move(d, reading, "", d.now, delta, joins=False)
        left = d.standing.shelves[name]
        if left.items or not left.spilled:
            return


def _change_days(
    d: Deciding, reading: Reading, window: str, activity: Activity, *, before: Share, after: Share
) -> None:
    """Move a streak: the longest run of days (or weeks) that hold an activity."""
    name = f"days:{reading.id}"
    gone = {value for value, _ in before.values} - {value for value, _ in after.values}
    came = {value for value, _ in after.values} - {value for value, _ in before.values}
    for value in gone | came:
        key = f"{window}|{value}"
        times = (d.look(name, key) or 0) + (1 if value in came else -1)
        if times > 0:
            d.put(name, key, times)
        elif d.look(name, key) is not None:
            d.drop(name, key)
        _restreak(d, reading, window, int(value), activity.at, came=value in came, times=times)


def _restreak(
    d: Deciding, reading: Reading, window: str, day: int, at: Instant, *, came: bool, times: int
) -> None:
    """Reckon the longest run: in order it grows or starts anew, else all days are read."""
    name = f"win:{reading.id}"
    best, last_at, last_day, run = d.look(name, window) or (0, 0, None, 0)
    if came and (last_day is None or day >= last_day):
        if last_day is None or day > last_day + 1:
            run = 1
        elif day == last_day + 1:
            run += 1
        best, last_day = max(best, run), day
    elif times <= 1:
        days = sorted(
            int(key.rpartition("|")[2])
            for key in d.everything(f"days:{reading.id}")
            if key.rpartition("|")[0] == window
        )
        best, run = longest_run(days)
        last_day = days[-1] if days else None
    last_at = max(last_at, at) if came else last_at
    d.put(name, window, (best, last_at, last_day, run), window.rjust(12, "0"))
    d.touch(reading.id, window)


def longest_run(days: list[int]) -> tuple[int, int]:
    """Return the longest run of consecutive numbers in ascending `days`, and the last run."""
    best = run = 0
    before: int | None = None
    for day in days:
        run = run + 1 if before is not None and day == before + 1 else 1
        best, before = max(best, run), day
    return best, run


def value(d: Deciding, reading: Reading, at: Instant) -> int:
    """Return the reading's value in the window that holds `at`; 0 where there is none."""
    window = window_key(d, reading, at)
    if window is None and reading.window.kind in (WindowKind.FIXED, WindowKind.JOINED):
        window = ""
    entry = d.look(f"win:{reading.id}", window or "")
    return 0 if entry is None else int(entry[0])

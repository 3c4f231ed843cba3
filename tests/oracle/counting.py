"""Counters: read off the list of what happened, each time anew.

Rule: an activity counts in the window of its `at`, with what is left of it; lines that went back
wholly count for nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from guerdon.core.activity import Value
from guerdon.core.program import Measure, Window
from oracle.calendar import Inside
from oracle.reading import holds, is_gone, matching, number, own_field, seen
from oracle.world import Happened, Lot, Person, World, when

CALENDAR = ("date", "month_day", "weekday", "time")

Admits = Callable[[Happened | Lot], bool]


def everything(_: Happened | Lot) -> bool:
    """Admit whatever happened."""
    return True


@dataclass
class Counted:
    """An activity that matches a measure, with the lines that match and what is left of them."""

    happened: Happened
    places: list[int]
    left: list[int]
    money: int
    """The digits of money behind the point."""

    @property
    def at(self) -> int:
        """When it happened."""
        return self.happened.activity.at

    @property
    def net(self) -> int:
        """The money of its matching lines."""
        return sum(self.left[place] for place in self.places)


def counted(world: World, happened: Happened, measure: Measure, left: list[int]) -> Counted | None:
    """Return an activity as the measure sees it with so much left, None where it does not."""
    activity = happened.activity
    if activity.type not in measure.activity or happened.is_out:
        return None
    places = matching(world, activity, measure.lines, left)
    if (measure.lines and not places) or is_gone(activity, left, places):
        return None
    found = Counted(happened, places, left, world.program.money_scale)
    return found if holds(measure.when, seen(world, happened, found.net)) else None


def entries(
    world: World, person: Person, measure: Measure, inside: Inside, admits: Admits = everything
) -> list[Counted]:
    """Return all that counts in a window."""
    found = []
    for happened in world.history_of(person):
        if inside(happened.activity.at) and admits(happened):
            one = counted(world, happened, measure, happened.remaining())
            if one is not None:
                found.append(one)
    return found


def amount(measure: Measure, one: Counted) -> int:
    """Return what one activity adds to a sum, or 1 for a count."""
    if measure.sum is None:
        return 1
    if measure.sum == "net":
        return one.net
    return figure(measure.sum, one, one.places)


def figure(field: str, one: Counted, places: list[int]) -> int:
    """Return the figure of an activity's field, else of those lines', with six digits."""
    activity = one.happened.activity
    own = number(own_field(activity, field))
    if own is None:
        own = Decimal(0)
        for place in places:
            line, left = activity.lines[place], one.left[place]
            if left != 0 or line.amount == 0:
                written = Decimal(left).scaleb(-one.money) if field == "amount" else None
                own += number(line.fields.get(field, written)) or 0
    return int(own.scaleb(6))


def value(
    world: World, person: Person, measure: Measure, inside: Inside, admits: Admits = everything
) -> int:
    """Return the figure of a measure in a window, in minor units of its scale."""
    if measure.points is not None:
        return sum(lot.worth for lot in _granted(world, person, measure, inside, admits))
    if measure.when_refunded:
        return _when_refunded(world, person, measure, inside, admits)
    found = entries(world, person, measure, inside, admits)
    if measure.streak is not None:
        return _streak({world.calendar.day(one.at) for one in found}, measure.streak)
    if measure.distinct is not None:
        return _distinct(world, measure, found)
    if measure.once_per_day:
        return len({world.calendar.day(one.at) for one in found})
    return sum(amount(measure, one) for one in found)


def is_counting(world: World, person: Person, measure: Measure, inside: Inside) -> bool:
    """Tell whether anything counts in a window of what came with the activity decided now."""
    happened, lots = world.known
    came = [*world.history[happened:], *world.lots[lots:]]

    def admits(one: Happened | Lot) -> bool:
        return any(one is each for each in came)

    if measure.points is not None:
        return bool(_granted(world, person, measure, inside, admits))
    return bool(entries(world, person, measure, inside, admits))


def last_at(world: World, person: Person, measure: Measure, inside: Inside) -> int:
    """Return the `at` of the last thing that counted, also where it was taken back since."""
    if measure.points is not None:
        lots = _granted(world, person, measure, inside, everything)
        return max((lot.at for lot in lots), default=0)
    ats = [
        one.activity.at
        for one in world.history_of(person)
        if inside(one.activity.at) and _ever_counted(world, one, measure)
    ]
    return max(ats, default=0)


def ever_counting(world: World, one: Happened | Lot, measure: Measure, inside: Inside) -> bool:
    """Tell whether something ever counted in a window, also where it was taken back since."""
    if not inside(when(one)):
        return False
    if isinstance(one, Lot):
        return one in _counted_lots([one], measure)
    return measure.points is None and _ever_counted(world, one, measure)


def _ever_counted(world: World, happened: Happened, measure: Measure) -> bool:
    """Tell whether an activity counted at any time: when it came, or after one of its refunds."""
    as_it_came = replace(happened, voided=False, gone=False)
    return any(
        counted(world, as_it_came, measure, happened.remaining(refunds)) is not None
        for refunds in range(len(happened.taken) + 1)
    )


def _granted(
    world: World, person: Person, measure: Measure, inside: Inside, admits: Admits
) -> list[Lot]:
    lots = _counted_lots(world.lots_of(person), measure)
    return [lot for lot in lots if inside(lot.at) and admits(lot)]


def _counted_lots(lots: list[Lot], measure: Measure) -> list[Lot]:
    return [
        lot
        for lot in lots
        if lot.wallet == measure.points
        and not lot.moved
        and lot.rule != "returned"
        and (not measure.rules or lot.rule in measure.rules)
    ]


def _when_refunded(
    world: World, person: Person, measure: Measure, inside: Inside, admits: Admits
) -> int:
    """Originals count in full in their window, each refund in the window of its own `at`."""
    total = 0
    held: dict[Value, int] = {}
    times: dict[Value, int] = {}
    for happened in filter(admits, world.history_of(person)):
        refunds_at = [at for at, _ in happened.taken]
        before: Counted | None = None
        for refunds, at in enumerate([happened.activity.at, *refunds_at]):
            went = happened.gone and refunds == len(refunds_at)
            as_it_was = replace(happened, gone=went)
            now = counted(world, as_it_was, measure, happened.remaining(refunds))
            for one, sign in ((before, -1), (now, 1)):
                if one is not None and inside(at):
                    total += sign * amount(measure, one)
                    for value_, part in _marks(world, measure, one):
                        held[value_] = held.get(value_, 0) + sign * part
                        times[value_] = times.get(value_, 0) + sign
            before = now
    there = {value_ for value_, count in times.items() if count > 0}
    if measure.streak is not None:
        return _streak({date.fromisoformat(str(one)) for one in there}, measure.streak)
    if measure.distinct is not None and measure.each_sum is not None:
        return sum(held[one] >= measure.each_least for one in there)
    return len(there) if measure.distinct is not None or measure.once_per_day else total


def _marks(world: World, measure: Measure, one: Counted) -> list[tuple[Value, int]]:
    """Return what an activity leaves in a window: values with their sums, or its day."""
    if measure.distinct is None:
        day = world.calendar.day(one.at)
        if measure.streak == "week":
            day -= timedelta(days=day.weekday())
        return [(day.isoformat(), 0)]
    return list(_sums(world, measure, [one]).items())


def _streak(days: set[date], kind: str) -> int:
    step = timedelta(days=7 if kind == "week" else 1)
    starts = {day - timedelta(days=day.weekday()) for day in days} if kind == "week" else days
    best = 0
    for first in starts:
        run = 0
        while first + run * step in starts:
            run += 1
        best = max(best, run)
    return best


def _distinct(world: World, measure: Measure, found: list[Counted]) -> int:
    sums = _sums(world, measure, found)
    if measure.each_sum is None:
        return len(sums)
    return sum(total >= measure.each_least for total in sums.values())


def _sums(world: World, measure: Measure, found: list[Counted]) -> dict[Value, int]:
    """Return the values of the field with their sums."""
    assert measure.distinct is not None
    sums: dict[Value, int] = {}
    for one in found:
        for value_, places in _values(world, measure.distinct, one):
            if measure.each_sum in (None, "net"):
                part = sum(one.left[place] for place in places)
            else:
                part = figure(measure.each_sum or "", one, places)
            sums[value_] = sums.get(value_, 0) + part
    return sums


def _values(world: World, field: str, one: Counted) -> list[tuple[Value, list[int]]]:
    """Return the values of the field, each with its lines: the activity's, else its lines'.

    What neither has the calendar may have.
    """
    activity = one.happened.activity
    own = own_field(activity, field)
    if (
        own is None
        and field in CALENDAR
        and not any(field in line.fields for line in activity.lines)
    ):
        own = seen(world, one.happened, 0)(field)
    if own is not None:
        return [
            (each, one.places) for each in dict.fromkeys(own if isinstance(own, tuple) else [own])
        ]
    found: dict[Value, list[int]] = {}
    for place in one.places:
        line = activity.lines[place]
        if (one.left[place] != 0 or line.amount == 0) and field in line.fields:
            found.setdefault(line.fields[field], []).append(place)
    return list(found.items())


def counter_value(
    world: World, person: Person, counter: str, at: int, window: Window | None = None
) -> int:
    """Return a counter's value in the window that holds an instant."""
    found = world.program.counters[counter]
    inside = world.calendar.inside(window or found.window, at)
    return value(world, person, found.measure, inside)


def decimal_value(minor: int, scale: int) -> Decimal:
    """Write a counter's value as a decimal."""
    return Decimal(minor).scaleb(-scale)

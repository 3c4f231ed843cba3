"""What conditions see, and whether they hold."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

from guerdon.core.activity import Activity, Line, Value
from guerdon.core.program import NO_TIER, Condition
from oracle.world import Context, Happened, Person, World

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Look = Callable[[str], Value]


def number(value: object) -> Decimal | None:
    """Return a value as a number, if it is one."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if not isinstance(value, str):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def same(one: object, other: object) -> bool:
    """Numbers are equal as numbers, everything else as text; a list has what one of it is."""
    if isinstance(one, tuple):
        return any(same(part, other) for part in one)
    if isinstance(one, Decimal) or isinstance(other, Decimal):
        return number(one) is not None and number(one) == number(other)
    return one == other


def ordered(one: object, other: object) -> int | None:
    """Return below 0, 0 or above 0; None where the two cannot be compared."""
    left, right = number(one), number(other)
    if left is not None and right is not None:
        return (left > right) - (left < right)
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    return None


def holds(condition: Condition, look: Look) -> bool:
    """Tell whether all tests of a condition hold."""
    return all(_test(test.op, look(test.field), test.value) for test in condition.tests)


def _test(op: str, seen: Value, wanted: object) -> bool:
    if op == "exists":
        return (seen is not None) is bool(wanted)
    if op == "ne":
        return seen is None or not same(seen, wanted)
    if op == "not_in":
        assert isinstance(wanted, tuple)
        return seen is None or not any(same(seen, one) for one in wanted)
    if seen is None:
        return False
    if op == "eq":
        return same(seen, wanted)
    if op == "in":
        assert isinstance(wanted, tuple)
        return any(same(seen, one) for one in wanted)
    order = ordered(seen, wanted)
    if order is None:
        return False
    return {
        "gte": order >= 0,
        "from": order >= 0,
        "gt": order > 0,
        "lte": order <= 0,
        "to": order <= 0,
        "lt": order < 0,
    }[op]


# ---------------------------------------------------------------- lines


def line_look(activity: Activity, line: Line, left: Decimal) -> Look:
    """A line's own fields; the line of an `amount` has the activity's scalars too."""

    def look(name: str) -> Value:
        if name in line.fields:
            return line.fields[name]
        if name == "amount":
            return left
        return own_field(activity, name) if line.whole else None

    return look


def own_field(activity: Activity, name: str) -> Value:
    """Return a scalar of the activity itself."""
    if name in activity.data:
        return activity.data[name]
    if name in ("id", "type", "member", "ref", "partner"):
        found = getattr(activity, name)
        return found if isinstance(found, str) else None
    for line in activity.lines:
        if line.whole and name in line.fields:
            return line.fields[name]
    return None


def reported(activity: Activity, scale: int) -> Value:
    """Return the money of an activity as it was reported."""
    if not activity.lines:
        return activity.data.get("amount")
    return Decimal(sum(line.amount for line in activity.lines)).scaleb(-scale)


def matching(world: World, activity: Activity, lines: Condition, left: list[int]) -> list[int]:
    """Return the places of the lines that match with so much left of them."""
    scale = world.program.money_scale
    return [
        place
        for place, line in enumerate(activity.lines)
        if holds(lines, line_look(activity, line, Decimal(left[place]).scaleb(-scale)))
    ]


def is_gone(activity: Activity, remaining: list[int], places: list[int]) -> bool:
    """Tell whether nothing is left of lines on which there was money: all of it went back."""
    was_there = any(activity.lines[place].amount for place in places)
    return was_there and not any(remaining[place] for place in places)


# ---------------------------------------------------------------- the member at the time


def flag(truth: object) -> str:
    """Write a truth value as conditions see it."""
    return "true" if truth else "false"


def member_look(attrs: dict[str, Value]) -> Look:
    """See a member's attributes and nothing else."""
    return lambda name: attrs.get(name.removeprefix("member.")) if "." in name else None


def activity_look(world: World, activity: Activity, context: Context, net: int) -> Look:
    """See an activity as it was decided, with `net` (minor units) beside it."""
    calendar = world.calendar
    day, wall = calendar.day(activity.at), calendar.local(activity.at)

    figures: dict[str, Value] = {
        "net": Decimal(net).scaleb(-world.program.money_scale),
        "nth": Decimal(context.nth),
        "amount": reported(activity, world.program.money_scale),
        "date": day.isoformat(),
        "month_day": f"{day.month:02}-{day.day:02}",
        "weekday": WEEKDAYS[day.weekday()],
        "time": f"{wall.hour:02}:{wall.minute:02}",
        "days_since_enrollment": (
            None if context.enrolled is None else Decimal((day - context.enrolled).days)
        ),
        "birthday": flag(_is_birthday(world, context, day, whole_month=False)),
        "birthday_month": flag(_is_birthday(world, context, day, whole_month=True)),
    }

    def look(name: str) -> Value:
        if name in figures:
            return figures[name]
        if name.startswith("member."):
            return context.attrs.get(name.removeprefix("member."))
        if name.startswith("plan."):
            return flag(context.plans.get(name.removeprefix("plan.")))
        if name in world.program.ladders:
            return context.tiers.get(name)
        return own_field(activity, name)

    return look


def _is_birthday(world: World, context: Context, day: date, *, whole_month: bool) -> bool:
    written = context.attrs.get("birthday")
    if not isinstance(written, str):
        return False
    if whole_month:
        born = world.calendar.birthday(written, day.year)
        return born is not None and born.month == day.month
    return world.calendar.birthday(written, day.year) == day


def context_of(world: World, person: Person, activity: Activity) -> Context:
    """Return what conditions see of a member, as before this activity."""
    program = world.program
    earlier = [
        one
        for one in world.history_of(person)
        if one.activity.type == activity.type and not one.voided
    ]
    return Context(
        attrs=dict(person.attrs),
        tiers={slug: tier_at(world, person, slug, activity.at) for slug in program.ladders},
        plans={
            slug: any(
                begin <= activity.at and (end is None or activity.at < end)
                for begin, end in person.terms.get(slug, [])
            )
            for slug in program.plans
        },
        nth=len(earlier) + 1,
        enrolled=world.calendar.day(person.enrolled_at),
    )


def tier_at(world: World, person: Person, ladder: str, at: int) -> str | None:
    """Return the tier that was shown at an instant."""
    rungs = world.program.ladders[ladder].tiers
    climb = person.climbs.get(ladder)
    rank = 0
    for since, shown in climb.spells if climb else []:
        if since <= at:
            rank = shown
    return None if rungs[rank] == NO_TIER else rungs[rank].id


def seen(world: World, happened: Happened, net: int) -> Look:
    """See something that happened, in the context in which it was decided."""
    return activity_look(world, happened.activity, happened.context, net)

"""What a condition can ask about one activity, and what is kept of it for later re-rating.

Fields are the activity's own scalars, figures of the calendar, and the member's state when the
activity was decided (`nth`, `member.x`, `plan.x`, a ladder's tier at the activity's own time).
Rule: whatever depends on the member's state is read once, kept with the activity and never read
anew, so that a refund is rated in the original's context.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple

from guerdon.core.activity import Activity, Line, Value
from guerdon.core.amounts import to_decimal
from guerdon.core.conditions import ORDERS, compile_test, compile_tests, number, text
from guerdon.core.program import NO_TIER, Condition, Program, Test
from guerdon.core.standing import Standing
from guerdon.core.windows import Calendar, birthday_on, date_of

Getter = Callable[["Context"], Value]
StateGetter = Callable[[Calendar, Standing, Activity], Value]


_REMEMBERED = 4_096
"""How many days and birthdays are kept in their written and read form."""


class Matched:
    """The lines a condition matches: their indexes, the money left on them.

    `gone` tells that there was money on them and that none is left on any of them: goods whose
    discount makes them free are not gone.
    """

    __slots__ = ("gone", "indexes", "net")

    def __init__(self, indexes: tuple[int, ...], net: int, *, gone: bool) -> None:
        self.indexes = indexes
        self.net = net
        self.gone = gone


class LineMatch:
    """A compiled condition on lines; one object for all rules that ask the same."""

    __slots__ = ("tests",)

    def __init__(self, condition: Condition) -> None:
        self.tests = compile_tests(condition)


class Context:
    """The readable side of one activity; `net` is the money in view (basket, or matching lines)."""

    __slots__ = (
        "_matched",
        "activity",
        "calendar",
        "day",
        "kept",
        "key",
        "left",
        "net",
        "scale",
        "whole",
    )

    def __init__(
        self,
        activity: Activity,
        *,
        calendar: Calendar,
        scale: int,
        kept: Mapping[str, Value],
        left: Sequence[int] | None = None,
    ) -> None:
        lines = activity.lines
        self.activity = activity
        self.key = activity.key
        self.calendar = calendar
        self.scale = scale
        self.kept = kept
        self.left: Sequence[int] = [line.amount for line in lines] if left is None else left
        self.day: int = calendar.day(activity.at)
        net = sum(self.left)
        gone = not net and not any(self.left) and any(line.amount for line in lines)
        self.whole = Matched(tuple(range(len(lines))), net, gone=gone)
        self.net: int = net
        self._matched: dict[LineMatch, Matched | None] = {}

    def matched(self, match: LineMatch | None) -> Matched | None:
        """Return the lines that match, None where the activity has no such line; asked once."""
        if match is None:
            return self.whole
        found = self._matched.get(match, _UNASKED)
        if found is _UNASKED:
            found = self._matched[match] = self._match(match)
        return found  # type: ignore[return-value]

    def _match(self, match: LineMatch) -> Matched | None:
        lines, left = self.activity.lines, self.left
        net = 0
        indexes = []
        for index, line in enumerate(lines):
            for field, holds in match.tests:
                value = line.fields.get(field)
                if value is None:
                    value = self.line_value(line, left[index], field)
                if not holds(value):
                    break
            else:
                indexes.append(index)
                net += left[index]
        if not indexes:
            return None
        gone = (
            not net
            and not any(left[index] for index in indexes)
            and any(lines[index].amount for index in indexes)
        )
        return Matched(tuple(indexes), net, gone=gone)

    def line_value(self, line: Line, left: int, field: str) -> Value:
        """Return a field of one line, of which so much money is left."""
        if field in line.fields:
            return line.fields[field]
        if field == "amount":
            return to_decimal(left, self.scale)
        return self.activity.data.get(field) if line.whole else None


_UNASKED = object()


class BoundTest(NamedTuple):
    """A test with how its field is read, and in words what it sees and what it needs."""

    get: Callable[["Context"], Any]
    holds: Callable[[Any], bool]
    field: str
    op: str
    needed: str
    words: Callable[[Any], str]


def bind(condition: Condition, getters: "Getters") -> tuple[BoundTest, ...]:
    """Return the tests of a condition on an activity, ready to be asked."""
    return tuple(_bound(test, getters) for test in condition.tests)


def _bound(test: Test, getters: "Getters") -> BoundTest:
    field, op, needed = test.field, test.op, text(test.value)
    limit = number(test.value)
    if field == "net" and op in ORDERS and limit is not None:
        # The money in view is compared as it is: in minor units.
        scale = getters.program.money_scale
        least, compare = limit.scaleb(scale), ORDERS[op]
        return BoundTest(
            lambda context: context.net,
            lambda minor: compare(minor, least),
            field,
            op,
            needed,
            lambda minor: text(to_decimal(minor, scale)),
        )
    return BoundTest(getters[field], compile_test(test), field, op, needed, text)


def holds_all(tests: tuple[BoundTest, ...], context: Context) -> bool:
    """Tell whether every test holds for an activity."""
    for get, holds, _, _, _, _ in tests:  # noqa: SIM110 - a generator would double the cost
        if not holds(get(context)):
            return False
    return True


class Getters(dict[str, Getter]):
    """How each field name is read in one program; made on first use and kept."""

    def __init__(self, program: Program) -> None:
        super().__init__(_OWN)
        self.program = program

    def __missing__(self, field: str) -> Getter:
        if is_state(self.program, field):
            getter: Getter = lambda context: context.kept.get(field)  # noqa: E731 - closes over field
        else:
            getter = _own_getter(field)
        self[field] = getter
        return getter

    def measured(self, field: str) -> Getter:
        """Return how a field is read that is measured: the activity's own comes first.

        Conditions read `time` as the time of day; how long a run took may be called so, too.
        """
        read = self[field]
        if field not in _OWN:
            return read

        def own(context: Context) -> Value:
            found = context.activity.data.get(field)
            return read(context) if found is None else found

        return own


def _own_getter(field: str) -> Getter:
    def get(context: Context) -> Value:
        found = context.activity.data.get(field)
        return _own_field(context, field) if found is None else found

    return get


def _own_field(context: Context, field: str) -> Value:
    """Return a scalar of the activity; what describes its one `amount` is its own scalar too."""
    own = context.activity
    if field in own.data:
        return own.data[field]
    return next((line.fields.get(field) for line in own.lines if line.whole), None)


def is_state(program: Program, field: str) -> bool:
    """Tell whether a field depends on the member's state and is kept with the activity."""
    return field in _STATE or field in program.ladders or field.startswith(("member.", "plan."))


def state_value(
    program: Program, calendar: Calendar, standing: Standing, activity: Activity, *, field: str
) -> Value:
    """Return what a field of the member's state reads at the activity's own time."""
    return state_getter(program, field)(calendar, standing, activity)


def state_getter(program: Program, field: str) -> StateGetter:
    """Return how a field of the member's state is read."""
    if field == "nth":
        return _nth
    if field == "days_since_enrollment":
        return _days_since_enrollment
    if field in ("birthday", "birthday_month"):
        return partial(_birthday, program.leap_birthday_march, field == "birthday_month")
    if field.startswith("member."):
        return partial(_attribute, field[7:])
    if field.startswith("plan."):
        return partial(_plan_held, field[5:])
    return partial(_tier, program, field)


def _nth(calendar: Calendar, standing: Standing, activity: Activity) -> Value:
    del calendar
    return Decimal(standing.counts.get(activity.type, 0) + 1)


def _days_since_enrollment(calendar: Calendar, standing: Standing, activity: Activity) -> Value:
    if standing.enrolled_at is None:
        return None
    return Decimal(calendar.day(activity.at) - calendar.day(standing.enrolled_at))


def _attribute(name: str, calendar: Calendar, standing: Standing, activity: Activity) -> Value:
    del calendar, activity
    return member_value(standing, name)


def _plan_held(plan: str, calendar: Calendar, standing: Standing, activity: Activity) -> Value:
    del calendar
    terms = standing.plans.get(plan, ())
    held = any(begin <= activity.at and (end is None or activity.at < end) for begin, end in terms)
    return "true" if held else "false"


def _tier(
    program: Program, ladder: str, calendar: Calendar, standing: Standing, activity: Activity
) -> Value:
    del calendar
    found = tier_at(program, standing, ladder, activity.at)
    return None if found == NO_TIER.id and program.ladders[ladder].tiers[0] == NO_TIER else found


def member_value(standing: Standing, attribute: str) -> Value:
    """Return a member's attribute; `referrer` is the member who referred them."""
    if attribute == "referrer":
        return standing.referrer
    return standing.attrs.get(attribute)


def tier_at(program: Program, standing: Standing, ladder: str, at: int) -> str:
    """Return the id of the tier shown on a ladder at an instant; the lowest before any change."""
    rungs = program.ladders[ladder].tiers
    state = standing.ladders.get(ladder)
    index = 0
    if state is not None:
        for since, shown, _ in state.history:
            if since > at:
                break
            index = shown
    return rungs[min(index, len(rungs) - 1)].id


def birthday_of(standing: Standing) -> tuple[int, int] | None:
    """Return (month, day) of the member's birthday, kept as MM-DD or YYYY-MM-DD; else None."""
    kept = standing.attrs.get("birthday")
    return _read_birthday(kept) if isinstance(kept, str) else None


@lru_cache(maxsize=_REMEMBERED)
def _read_birthday(written: str) -> tuple[int, int] | None:
    found = _BIRTHDAY.fullmatch(written)
    if found is None:
        return None
    month, day = int(found[1]), int(found[2])
    return (month, day) if day <= monthrange(_LEAP_YEAR, month)[1] else None


_BIRTHDAY = re.compile(r"(?:\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_LEAP_YEAR = 2024


def _birthday(
    leap_in_march: bool,  # noqa: FBT001 - bound by position, when the version is compiled
    whole_month: bool,  # noqa: FBT001 - as above
    calendar: Calendar,
    standing: Standing,
    activity: Activity,
) -> Value:
    born = birthday_of(standing)
    if born is None:
        return "false"
    return _is_birthday(born, calendar.day(activity.at), leap_in_march, whole_month)


@lru_cache(maxsize=_REMEMBERED)
def _is_birthday(
    born: tuple[int, int],
    today: int,
    leap_in_march: bool,  # noqa: FBT001 - as above
    whole_month: bool,  # noqa: FBT001 - as above
) -> str:
    on = birthday_on(*born, date_of(today).year, leap_in_march=leap_in_march)
    same = date_of(on).month == date_of(today).month if whole_month else on == today
    return "true" if same else "false"


def _amount(context: Context) -> Value:
    lines = context.activity.lines
    if not lines:
        return context.activity.data.get("amount")
    return to_decimal(sum(line.amount for line in lines), context.scale)


def _date(context: Context) -> Value:
    return _written(context.day)


@lru_cache(maxsize=_REMEMBERED)
def _written(day: int) -> str:
    return date_of(day).isoformat()


def _time(context: Context) -> Value:
    return context.calendar.clock(context.activity.at)


CALENDAR_FIELDS: dict[str, Getter] = {
    "date": _date,
    "month_day": lambda context: _written(context.day)[5:],
    "weekday": lambda context: context.calendar.weekday(context.day),
    "time": _time,
}
"""What the calendar says of an activity."""

_OWN: dict[str, Getter] = {
    **CALENDAR_FIELDS,
    "net": lambda context: to_decimal(context.net, context.scale),
    "amount": _amount,
    "type": lambda context: context.activity.type,
    "partner": lambda context: context.activity.partner,
    "ref": lambda context: context.activity.ref,
    "reporter": lambda context: context.activity.reporter,
}

_STATE = frozenset({"nth", "days_since_enrollment", "birthday", "birthday_month"})

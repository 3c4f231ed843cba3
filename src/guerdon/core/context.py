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
from typing import NamedTuple

from guerdon.core.activity import Activity, Line, Value
from guerdon.core.amounts import to_decimal
from guerdon.core.conditions import Compiled, compile_test, text
from guerdon.core.program import Condition, Program, WindowKind
from guerdon.core.standing import Standing
from guerdon.core.windows import Calendar, birthday_on, date_of

Getter = Callable[["Context"], Value]


class Matched(NamedTuple):
    """The lines a condition matches: their indexes, the money left on them.

    `gone` tells that there was money on them and that none is left.
    """

    indexes: tuple[int, ...]
    net: int
    gone: bool


class LineMatch:
    """A compiled condition on lines; one object for all rules that ask the same."""

    __slots__ = ("holds",)

    def __init__(self, holds: Compiled) -> None:
        self.holds = holds


class Context:
    """The readable side of one activity; `net` is the money in view (basket, or matching lines)."""

    __slots__ = (
        "_matched",
        "_windows",
        "activity",
        "calendar",
        "day",
        "kept",
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
        self.calendar = calendar
        self.scale = scale
        self.kept = kept
        self.left: Sequence[int] = [line.amount for line in lines] if left is None else left
        self.day: int = calendar.day(activity.at)
        net = sum(self.left)
        gone = not net and any(line.amount for line in lines)
        self.whole = Matched(tuple(range(len(lines))), net, gone)
        self.net: int = net
        self._matched: dict[LineMatch, Matched | None] = {}
        self._windows: dict[WindowKind, str] = {}

    def window(self, kind: WindowKind) -> str:
        """Return the key of the calendar window that holds the activity; asked once."""
        found = self._windows.get(kind)
        if found is None:
            found = self._windows[kind] = self.calendar.window_key(kind, self.day)
        return found

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
        indexes = tuple(
            index
            for index, line in enumerate(lines)
            if match.holds(self.line_reader(line, left[index]))
        )
        if not indexes:
            return None
        net = sum(left[index] for index in indexes)
        return Matched(indexes, net, not net and any(lines[index].amount for index in indexes))

    def line_reader(self, line: Line, left: int) -> Callable[[str], Value]:
        """Return a reader of one line's fields."""
        own = line.fields
        data = self.activity.data if line.whole else {}
        scale = self.scale

        def read(field: str) -> Value:
            if field in own:
                return own[field]
            if field == "amount":
                return to_decimal(left, scale)
            return data.get(field)

        return read


_UNASKED = object()


class BoundTest(NamedTuple):
    """A test with how its field is read, and what it needs in words."""

    get: "Getter"
    holds: Callable[[Value], bool]
    field: str
    op: str
    needed: str


def bind(condition: Condition, getters: "Getters") -> tuple[BoundTest, ...]:
    """Return the tests of a condition on an activity, ready to be asked."""
    return tuple(
        BoundTest(getters[test.field], compile_test(test), test.field, test.op, text(test.value))
        for test in condition.tests
    )


def holds_all(tests: tuple[BoundTest, ...], context: Context) -> bool:
    """Tell whether every test holds for an activity."""
    return all(test.holds(test.get(context)) for test in tests)


class Getters(dict[str, Getter]):
    """How each field name is read in one program; made on first use and kept."""

    def __init__(self, program: Program) -> None:
        super().__init__(_OWN)
        self.program = program

    def __missing__(self, field: str) -> Getter:
        if is_state(self.program, field):
            getter: Getter = lambda context: context.kept.get(field)  # noqa: E731 - closes over field
        else:
            getter = lambda context: _own_field(context, field)  # noqa: E731 - as above
        self[field] = getter
        return getter


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
    if field == "nth":
        return Decimal(standing.counts.get(activity.type, 0) + 1)
    if field == "days_since_enrollment":
        if standing.enrolled_at is None:
            return None
        return Decimal(calendar.day(activity.at) - calendar.day(standing.enrolled_at))
    if field in ("birthday", "birthday_month"):
        return _birthday(program, calendar, standing, activity, whole_month=field != "birthday")
    if field.startswith("member."):
        return member_value(standing, field[7:])
    if field.startswith("plan."):
        terms = standing.plans.get(field[5:], ())
        held = any(
            begin <= activity.at and (end is None or activity.at < end) for begin, end in terms
        )
        return "true" if held else "false"
    return tier_at(program, standing, field, activity.at)


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
    found = _BIRTHDAY.fullmatch(kept) if isinstance(kept, str) else None
    if found is None:
        return None
    month, day = int(found[1]), int(found[2])
    return (month, day) if day <= monthrange(_LEAP_YEAR, month)[1] else None


_BIRTHDAY = re.compile(r"(?:\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_LEAP_YEAR = 2024


def _birthday(
    program: Program,
    calendar: Calendar,
    standing: Standing,
    activity: Activity,
    *,
    whole_month: bool,
) -> str:
    born = birthday_of(standing)
    if born is None:
        return "false"
    today = calendar.day(activity.at)
    on = birthday_on(*born, date_of(today).year, leap_in_march=program.leap_birthday_march)
    same = date_of(on).month == date_of(today).month if whole_month else on == today
    return "true" if same else "false"


def _amount(context: Context) -> Value:
    lines = context.activity.lines
    if not lines:
        return context.activity.data.get("amount")
    return to_decimal(sum(line.amount for line in lines), context.scale)


def _date(context: Context) -> Value:
    return date_of(context.day).isoformat()


def _time(context: Context) -> Value:
    return context.calendar.clock(context.activity.at)


_OWN: dict[str, Getter] = {
    "net": lambda context: to_decimal(context.net, context.scale),
    "amount": _amount,
    "date": _date,
    "month_day": lambda context: date_of(context.day).isoformat()[5:],
    "weekday": lambda context: context.calendar.weekday(context.day),
    "time": _time,
    "type": lambda context: context.activity.type,
    "partner": lambda context: context.activity.partner,
    "ref": lambda context: context.activity.ref,
    "reporter": lambda context: context.activity.reporter,
}

_STATE = frozenset({"nth", "days_since_enrollment", "birthday", "birthday_month"})

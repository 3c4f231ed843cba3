"""What a condition can ask about one activity, and what is kept of it for later re-rating.

Fields are the activity's own scalars, figures of the calendar, and the member's state when the
activity was decided (`nth`, `member.x`, `plan.x`, a ladder's tier at the activity's own time).
Rule: whatever depends on the member's state is read once, kept with the activity and never read
anew, so that a refund is rated in the original's context.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from guerdon.core.activity import Activity, Line, Value
from guerdon.core.amounts import to_decimal
from guerdon.core.program import Program
from guerdon.core.standing import Standing
from guerdon.core.windows import Calendar, birthday_on, date_of

Getter = Callable[["Context"], Value]


class Context:
    """The readable side of one activity; `net` is the money in view (basket, or matching lines)."""

    __slots__ = ("activity", "calendar", "day", "getters", "kept", "left", "net", "scale")

    def __init__(
        self,
        activity: Activity,
        *,
        calendar: Calendar,
        getters: "Getters",
        kept: Mapping[str, Value],
        left: Sequence[int] | None = None,
    ) -> None:
        self.activity = activity
        self.calendar = calendar
        self.getters = getters
        self.kept = kept
        self.left = [line.amount for line in activity.lines] if left is None else list(left)
        self.day = calendar.day(activity.at)
        self.scale = getters.program.money_scale
        self.net = sum(self.left)

    def read(self, field: str) -> Value:
        """Return the value of a field of the activity, None where there is none."""
        return self.getters[field](self)

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


class Getters(dict[str, Getter]):
    """How each field name is read in one program; made on first use and kept."""

    def __init__(self, program: Program) -> None:
        super().__init__(_OWN)
        self.program = program

    def __missing__(self, field: str) -> Getter:
        if is_state(self.program, field):
            getter: Getter = lambda context: context.kept.get(field)  # noqa: E731 - closes over field
        else:
            getter = lambda context: context.activity.data.get(field)  # noqa: E731 - as above
        self[field] = getter
        return getter


def is_state(program: Program, field: str) -> bool:
    """Tell whether a field depends on the member's state and is therefore kept with the activity."""
    return (
        field in _STATE
        or field in program.ladders
        or field.startswith("member.")
        or field.startswith("plan.")
    )


def state_value(
    program: Program, calendar: Calendar, standing: Standing, activity: Activity, field: str
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
    text = standing.attrs.get("birthday")
    if not isinstance(text, str) or len(text) < 5 or text[-3] != "-":
        return None
    month, day = text[-5:-3], text[-2:]
    if not (month.isdecimal() and day.isdecimal()):
        return None
    found = int(month), int(day)
    return found if 1 <= found[0] <= 12 and 1 <= found[1] <= _LONGEST[found[0] - 1] else None


_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


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

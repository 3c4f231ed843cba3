"""Measures: what one activity contributes to a counter, with what is left of its lines.

Rule: a contribution depends on the activity and what was kept with it alone, so it can be reckoned
again at any time. Windows, and the figures that contributions add up to, are in `core.counters`.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from guerdon.core.activity import Value
from guerdon.core.amounts import COUNTER_SCALE, Rounding, to_minor
from guerdon.core.conditions import number, text
from guerdon.core.context import CALENDAR_FIELDS, Context, Matched
from guerdon.core.program import Measure
from guerdon.core.standing import make


class Share(NamedTuple):
    """What one activity contributes: an amount, and for sets the values it stands for."""

    amount: int = 0
    values: tuple[tuple[str, int], ...] = ()


NOTHING = Share()
"""What an activity contributes that does not count."""

_NO_VALUES: tuple[tuple[str, int], ...] = ()
_ONE = Share(1)


Measured = Callable[[Context, Matched], Share]
"""What an activity contributes whose lines and conditions match."""


def compile_measure(measure: Measure) -> Measured:
    """Return a measure as a function of the activity and what is left of its matching lines."""
    if measure.distinct is not None:
        return _distinct(measure, measure.distinct)
    if measure.streak is not None:
        per_day = measure.streak == "day"
        return lambda context, _: _one_value(context.day if per_day else (context.day + 3) // 7)
    if measure.once_per_day:
        return lambda context, _: _one_value(context.day)
    if measure.sum == "net":
        return lambda _, matched: make(Share, (matched.net, _NO_VALUES))
    if measure.sum is not None:
        field = measure.sum
        return lambda context, matched: Share(_field_sum(field, context, matched.indexes))
    return lambda _context, _matched: _ONE


def _one_value(number: int) -> Share:
    return make(Share, (0, ((str(number), 1),)))


def _distinct(measure: Measure, field: str) -> Measured:
    def valued(context: Context, matched: Matched) -> Share:
        values = _values(field, context, matched.indexes)
        if measure.each_sum is None:
            return Share(0, tuple((value, 1) for value in values))
        return Share(
            0, tuple((value, _each(measure, context, matched.indexes, value)) for value in values)
        )

    if measure.each_sum is not None or field in _OWN_FIELDS:
        return valued

    def named(context: Context, matched: Matched) -> Share:
        own = context.activity.data.get(field)
        return make(Share, (0, ((own, 1),))) if type(own) is str else valued(context, matched)

    return named


def _values(field: str, context: Context, indexes: tuple[int, ...]) -> dict[str, None]:
    own = _of_activity(context, field)
    if own is not None:
        items = own if isinstance(own, tuple) else (own,)
        return dict.fromkeys(text(item) for item in items)
    found: dict[str, None] = {}
    for index in indexes:
        line = context.activity.lines[index]
        value = context.line_value(line, context.left[index], field)
        if value is not None and (context.left[index] or not line.amount):
            found[text(value)] = None
    return found


def field_value(context: Context, field: str) -> Value:
    """Return a field of the activity itself, as far as it is no state of the member."""
    own = context.activity
    if field in _OWN_FIELDS:
        return getattr(own, field)  # type: ignore[no-any-return]
    return own.data.get(field)


def _of_activity(context: Context, field: str) -> Value:
    """Return a field of the activity, or what the calendar says; None where lines have it."""
    own = field_value(context, field)
    if own is None and field in CALENDAR_FIELDS:
        of_lines = any(field in line.fields for line in context.activity.lines)
        return None if of_lines else CALENDAR_FIELDS[field](context)
    return own


_OWN_FIELDS = frozenset({"partner", "ref", "type", "reporter"})


def _each(measure: Measure, context: Context, indexes: tuple[int, ...], value: str) -> int:
    """Return the sum that stands behind one distinct value."""
    if measure.distinct is not None and _of_activity(context, measure.distinct) is not None:
        chosen = indexes
    else:
        chosen = tuple(
            index
            for index in indexes
            if text(
                context.line_value(
                    context.activity.lines[index], context.left[index], measure.distinct or ""
                )
            )
            == value
        )
    if measure.each_sum == "net":
        return sum(context.left[index] for index in chosen)
    return _field_sum(measure.each_sum or "", context, chosen)


def _field_sum(field: str, context: Context, indexes: tuple[int, ...]) -> int:
    own = number(field_value(context, field))
    if own is not None:
        return to_minor(own, COUNTER_SCALE, Rounding.HALF_EVEN)
    total = Decimal(0)
    for index in indexes:
        line = context.activity.lines[index]
        value = number(context.line_value(line, context.left[index], field))
        if value is not None and (context.left[index] or not line.amount):
            total += value
    return to_minor(total, COUNTER_SCALE, Rounding.HALF_EVEN)


def weight(measure: Measure, held: int, times: int) -> int:
    """Return what one value of a set counts for."""
    if times <= 0:
        return 0
    if measure.each_sum is not None:
        return int(held >= measure.each_least)
    return 1

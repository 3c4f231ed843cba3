"""Matchers in the document: a map from field to a value, a list of values, or comparisons.

Rule: what can be seen to hold never (a weekday that is none, a tier that the ladder lacks) is a
mistake here. What a field reads is `core.context`'s matter.
"""

import re
from collections.abc import Callable
from decimal import Decimal

from guerdon.core.activity import Value
from guerdon.core.program import ALWAYS, Condition, Test
from guerdon.program.draft import Spot
from guerdon.program.mistakes import did_you_mean
from guerdon.program.numbers import ANY_NUMBER
from guerdon.program.records import Key
from guerdon.program.scalars import FLAG, VALUE
from guerdon.program.shapes import (
    ListOf,
    Schema,
    Shape,
    entries_of,
    kind_of,
    read_all,
    scalar,
    shortened,
)
from guerdon.program.yaml_source import Mapping, Node, Scalar, Sequence, number

OPERATORS = ("in", "not_in", "ne", "exists", "gte", "gt", "lte", "lt", "from", "to")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIELD_LENGTH_MAX = 80

_VALUES = ListOf(VALUE, lone=True, least=1)


class Matcher(Shape[Condition]):
    """All of its tests must hold."""

    def read(self, spot: Spot) -> Condition:
        """Return the condition."""
        tests = read_all(lambda part: _field(spot, *part), entries_of(spot))
        return Condition(tuple(test for found in tests for test in found))

    def schema(self) -> Schema:
        """Return a map of fields."""
        value = VALUE.schema()
        comparisons = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **dict.fromkeys(OPERATORS, value),
                "in": {"type": "array", "items": value},
                "not_in": {"type": "array", "items": value},
            },
        }
        either = {"anyOf": [value, {"type": "array", "items": value}, comparisons]}
        return {"type": "object", "additionalProperties": either}


MATCHER = Matcher()


def matching(name: str, about: str, example: str) -> Key:
    """Return the key of a matcher."""
    return Key(name=name, shape=MATCHER, about=about, example=example, default=ALWAYS)


WHEN = matching(
    "when", "Fields of the activity that must match; all of them.", "{channel: [web, app]}"
)
LINES = matching("lines", "Only lines that match take part.", "{category: {not_in: [gift_card]}}")


def _field(spot: Spot, key: Scalar, node: Node) -> list[Test]:
    name = key.text
    inner = spot.key(name, node)
    if not name or len(name) > FIELD_LENGTH_MAX:
        raise spot.key(name, key).wrong("This is no name of a field.", "Use at most 80 characters.")
    if name.startswith("plan."):
        spot.key(name, key).refer("plan", name[5:])
    if isinstance(node, Mapping):
        return _comparisons(inner, name)
    if isinstance(node, Sequence):
        return [Test(name, "in", _judged(inner, name, _VALUES.read(inner)))]
    return [Test(name, "eq", _judged(inner, name, (VALUE.read(inner),))[0])]


def _comparisons(spot: Spot, name: str) -> list[Test]:
    parts = entries_of(spot)
    if not parts:
        raise spot.wrong(f"`{name}` is compared with nothing.", "Write a value, or {exists: true}.")
    return read_all(lambda part: _comparison(spot, name, *part), parts)


def _comparison(spot: Spot, name: str, key: Scalar, node: Node) -> Test:
    op = key.text
    inner = spot.key(op, node)
    if op not in OPERATORS:
        raise spot.key(op, key).wrong(
            f"`{shortened(op)}` is no comparison.", did_you_mean(op, OPERATORS)
        )
    if op == "exists":
        return Test(name, op, FLAG.read(inner))
    if op in ("in", "not_in"):
        return Test(name, op, _judged(inner, name, _VALUES.read(inner)))
    if not isinstance(node, Scalar):
        raise inner.wrong(
            f"`{op}` needs one value; here stands {kind_of(node)}.",
            "For several values use `in` or `not_in`.",
        )
    if op in ("gte", "gt", "lte", "lt") and name in _NUMBERS:
        return Test(name, op, ANY_NUMBER.read(inner))
    return Test(name, op, _judged(inner, name, (VALUE.read(inner),), ordered=op != "ne")[0])


def _judged(
    spot: Spot, name: str, values: tuple[Value, ...], *, ordered: bool = False
) -> tuple[Value, ...]:
    """Return the values, or note the first that the field can never have."""
    if not ordered and name in spot.draft.tiers:
        for value in values:
            spot.refer_tier(name, str(value))
    elif name == "weekday":
        for value in values:
            if value not in WEEKDAYS:
                raise spot.wrong(
                    f"`{value}` is no weekday.", did_you_mean(str(value)[:3].lower(), WEEKDAYS)
                )
    elif name in _FORMS or name.startswith("plan."):
        holds, remedy = _FORMS.get(name, _TRUTH)
        for value in values:
            if not holds(str(value)):
                raise spot.wrong(f"`{name}` never reads `{shortened(str(value))}`.", remedy)
    elif name in _NUMBERS and not all(_is_number(value) for value in values):
        scalar(spot, "a number") if isinstance(spot.node, Scalar) else None
        raise spot.wrong(f"`{name}` is a number.", "Compare it with a number.")
    return values


def _is_number(value: Value) -> bool:
    return isinstance(value, Decimal) or (isinstance(value, str) and number(value) is not None)


def _form(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


_TRUTH = (_form("true|false"), "Write true or false.")
_FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "date": (
        _form("[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"),
        'Write the date like "2026-05-01".',
    ),
    "month_day": (
        _form("(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"),
        'Write month and day like "07-01".',
    ),
    "time": (_form("([01][0-9]|2[0-3]):[0-5][0-9]"), 'Write hours and minutes like "06:30".'),
    "birthday": _TRUTH,
    "birthday_month": _TRUTH,
}
_NUMBERS = frozenset({"net", "nth", "days_since_enrollment", "amount"})

"""Matchers: typed tests over named values, compiled once, explainable value by value.

Rule: a missing field fails every test but `ne`, `not_in` and `exists: false`. Numbers compare as
numbers wherever both sides read as one, everything else as text. Where the values come from is
the reader's matter (`core.context`).
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from operator import ge, gt, le, lt
from typing import Any

from guerdon.core.activity import Value
from guerdon.core.amounts import plain
from guerdon.core.program import Condition, Test

Read = Callable[[str], Value]
Compiled = Callable[[Read], bool]


def text(value: Value | bool) -> str:  # noqa: FBT001 - a value that may be a truth value
    """Return a value as the program's author would write it; a missing one is empty."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    return ", ".join(text(item) for item in value)


def number(value: Value | bool) -> Decimal | None:  # noqa: FBT001 - as above
    """Return the value as an exact number where it reads as one, else None."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        try:
            found = Decimal(value)
        except InvalidOperation:
            return None
        return found if found.is_finite() else None
    return None


def equal(left: Value, right: Value | bool) -> bool:  # noqa: FBT001 - as above
    """Tell whether two values are the same; a list equals what any of its items equals."""
    if isinstance(left, tuple):
        return any(equal(item, right) for item in left)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        one, other = number(left), number(right)
        return one is not None and one == other
    return left is not None and text(left) == text(right)


def _compare(op: str, bound: Value | bool) -> Callable[[Value], bool]:  # noqa: FBT001 - as above
    limit = number(bound)
    words = text(bound)
    compare = ORDERS[op]

    def holds(value: Value) -> bool:
        if value is None:
            return False
        if isinstance(value, tuple):
            return any(holds(item) for item in value)
        if limit is None:
            return compare(value if type(value) is str else text(value), words)
        seen = value if type(value) is Decimal else number(value)
        return seen is not None and compare(seen, limit)

    return holds


ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "gte": ge,
    "gt": gt,
    "lte": le,
    "lt": lt,
    "from": ge,
    "to": le,
}
"""How the value seen compares with the one needed, by operator."""


def _equals(needed: Value | bool) -> Callable[[Value], bool]:  # noqa: FBT001 - as above
    kind = type(needed) if isinstance(needed, str | Decimal) else None

    def holds(value: Value) -> bool:
        return value == needed if type(value) is kind else equal(value, needed)

    return holds


def compile_test(test: Test) -> Callable[[Value], bool]:
    """Return the test as a function of the value seen."""
    op, needed = test.op, test.value
    if op == "eq":
        return _equals(needed)
    if op == "ne":
        return lambda value: not equal(value, needed)
    if op == "exists":
        wanted = text(needed) == "true"
        return lambda value: (value is not None) is wanted
    if op in ("in", "not_in"):
        choices = needed if isinstance(needed, tuple) else (needed,)
        words = frozenset(choices) if all(isinstance(item, str) for item in choices) else None
        inside = op == "in"

        def member(value: Value) -> bool:
            if words is not None and isinstance(value, str):
                return (value in words) is inside
            return any(equal(value, item) for item in choices) is inside

        return member
    return _compare(op, needed)


def compile_tests(condition: Condition) -> tuple[tuple[str, Callable[[Value], bool]], ...]:
    """Return the condition's tests as fields and functions of what is read in them."""
    return tuple((test.field, compile_test(test)) for test in condition.tests)


def compile_condition(condition: Condition) -> Compiled | None:
    """Return the condition as one function of a reader, or None where it always holds."""
    if not condition:
        return None
    tests = compile_tests(condition)
    if len(tests) == 1:
        field, holds = tests[0]
        return lambda read: holds(read(field))

    def all_hold(read: Read) -> bool:
        return all(holds(read(field)) for field, holds in tests)

    return all_hold

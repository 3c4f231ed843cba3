"""Conditions that can never hold, found without any activity.

Rule: only what is certain is said: values of the same field, or days, that exclude each other.
What fields activities will have is unknown.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal

from guerdon.core.activity import Value
from guerdon.core.conditions import compile_test, number
from guerdon.core.program import Condition, Test

Path = tuple[str | int, ...]
Warned = tuple[Path, str, str]
"""Where, the fact, and the remedy."""

_LOWER = {"gte": False, "gt": True, "from": False}
_UPPER = {"lte": False, "lt": True, "to": False}
_OF_ABSENT = frozenset({"exists", "ne", "not_in"})


def never_holds(*conditions: Condition) -> str | None:
    """Return a field for which the conditions together exclude every value, else None."""
    tests = [test for condition in conditions for test in condition.tests]
    if any(test.field == "nth" for test in tests):
        tests.append(Test("nth", "gte", Decimal(1)))
    if (field := _no_such_day(tests)) is not None:
        return field
    for field in dict.fromkeys(test.field for test in tests):
        if _excluded([test for test in tests if test.field == field]):
            return field
    return None


def _no_such_day(tests: list[Test]) -> str | None:
    """Return the field that leaves none of the days named, None where some day is left."""
    days = _values_of("date", tests)
    if days is None:
        days = _values_of("month_day", tests)
        return "month_day" if days and all(_day(f"2024-{day}") is None for day in days) else None
    left = [found for day in days if (found := _day(day)) is not None]
    for field, read in _READ_OFF_DAYS.items():
        left = [
            day
            for day in left
            if _passes(read(day), [test for test in tests if test.field == field])
        ]
        if not left:
            return field if _values_of(field, tests) is not None else "date"
    return None


def _values_of(field: str, tests: list[Test]) -> tuple[str, ...] | None:
    """Return the values that tests of a field list, None where they list none."""
    listed = [_values(test) for test in tests if test.field == field]
    named = next((values for values in listed if values is not None), None)
    return None if named is None else tuple(str(value) for value in named)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_READ_OFF_DAYS: dict[str, Callable[[date], str]] = {
    "weekday": lambda day: _WEEKDAYS[day.weekday()],
    "month_day": lambda day: day.isoformat()[5:],
    "date": lambda day: day.isoformat(),
}


def _excluded(tests: list[Test]) -> bool:
    if any(test.op == "exists" and test.value is False for test in tests):
        return any(
            test.op not in _OF_ABSENT or (test.op == "exists" and test.value is True)
            for test in tests
        )
    named = [values for test in tests if (values := _values(test)) is not None]
    if named:
        return not any(_passes(value, tests) for value in named[0])
    lower, upper = _bound(tests, _LOWER), _bound(tests, _UPPER)
    if lower is None or upper is None:
        return False
    (least, least_open), (most, most_open) = lower, upper
    if isinstance(least, Decimal) is not isinstance(most, Decimal):
        return False
    return bool(least > most or (least == most and (least_open or most_open)))  # type: ignore[operator]


def _values(test: Test) -> tuple[Value, ...] | None:
    """Return the only values that a test lets through, None where they are not listed."""
    if test.op == "in" and isinstance(test.value, tuple):
        return test.value
    if test.op == "eq" and not isinstance(test.value, bool):
        return (test.value,)
    return None


def _passes(value: Value, tests: Iterable[Test]) -> bool:
    return all(compile_test(test)(value) for test in tests)


def _bound(tests: list[Test], ops: dict[str, bool]) -> tuple[Decimal | str, bool] | None:
    """Return the tightest bound on one side, and whether it is itself excluded."""
    found: list[tuple[Decimal | str, bool]] = []
    for test in tests:
        if test.op in ops:
            value = number(test.value)
            found.append((str(test.value) if value is None else value, ops[test.op]))
    if not found or len({isinstance(bound, Decimal) for bound, _ in found}) > 1:
        return None
    values = [bound for bound, _ in found]
    tightest = max(values) if ops is _LOWER else min(values)
    return tightest, any(is_open for bound, is_open in found if bound == tightest)


def contradiction(
    path: Path, key: str, condition: Condition, *others: Condition
) -> Iterator[Warned]:
    """Warn of a condition that can never hold, alone or together with others."""
    field = never_holds(condition, *others)
    if field is not None:
        yield (
            (*path, key, field),
            f"`{key}` can never hold: no value of `{field}` meets it.",
            "Loosen the comparison.",
        )


def about_lines(path: Path, condition: Condition) -> Iterator[Warned]:
    """Warn of fields that no line has, and of what can never hold."""
    for test in condition.tests:
        if test.field in _NOT_OF_LINES or test.field.startswith(("member.", "plan.")):
            yield (
                (*path, "lines", test.field),
                f"`{test.field}` is no field of a line.",
                "Write `amount`." if test.field == "net" else "Ask for it in `when`.",
            )
    yield from contradiction(path, "lines", condition)


_NOT_OF_LINES = frozenset(
    {"net", "nth", "weekday", "days_since_enrollment", "birthday", "birthday_month"}
)


def about_members(path: Path, key: str, condition: Condition) -> Iterator[Warned]:
    """Warn of fields that can never be seen where only the member's attributes are."""
    for test in condition.tests:
        if not test.field.startswith("member."):
            yield (
                (*path, key, test.field),
                f"`{test.field}` is never seen here: only attributes of the member are.",
                f"Write `member.{test.field}` if it is one.",
            )
    yield from contradiction(path, key, condition)

"""Matchers: what a missing field does, numbers against numbers, lists, and ends that are held."""

from decimal import Decimal

import pytest

from guerdon.core.activity import Value
from guerdon.core.conditions import compile_condition, compile_test, equal, number, text
from guerdon.core.program import ALWAYS, Condition
from guerdon.core.program import Test as Comparison  # pytest would collect its own name

Asked = Value | bool
"""What a test needs: a value, or a truth value where presence is asked."""


def holds(op: str, needed: Asked, seen: Value) -> bool:
    return compile_test(Comparison("field", op, needed))(seen)


@pytest.mark.parametrize(
    ("op", "needed"),
    [
        ("eq", "x"),
        ("eq", Decimal(0)),
        ("eq", ""),
        ("in", ("x", "")),
        ("exists", True),
        ("gte", Decimal(0)),
        ("gt", Decimal(-1)),
        ("lte", Decimal(0)),
        ("lt", "z"),
        ("from", "00:00"),
        ("to", "23:59"),
    ],
)
def test_a_missing_field_fails(op: str, needed: Asked) -> None:
    assert not holds(op, needed, None)


@pytest.mark.parametrize(("op", "needed"), [("ne", "x"), ("not_in", ("x",)), ("exists", False)])
def test_a_missing_field_holds_where_absence_is_what_is_asked(op: str, needed: Asked) -> None:
    assert holds(op, needed, None)


@pytest.mark.parametrize(
    ("op", "below", "same", "above"),
    [
        ("gte", False, True, True),
        ("gt", False, False, True),
        ("lte", True, True, False),
        ("lt", True, False, False),
        ("from", False, True, True),
        ("to", True, True, False),
    ],
)
def test_comparisons_hold_their_ends_as_named(
    *, op: str, below: bool, same: bool, above: bool
) -> None:
    bound = Decimal(10)

    assert holds(op, bound, Decimal("9.99")) is below
    assert holds(op, bound, Decimal("10.00")) is same
    assert holds(op, bound, Decimal("10.01")) is above


def test_numbers_compare_as_numbers_wherever_both_sides_read_as_one() -> None:
    assert holds("gt", Decimal(9), "10")
    assert holds("eq", Decimal(5), "5.0")
    assert holds("eq", "5.0", Decimal(5))
    assert holds("in", (Decimal(5), Decimal(6)), "6.00")


def test_everything_else_compares_as_text() -> None:
    assert holds("gte", "2026-03-01", "2026-03-01")
    assert not holds("gte", "2026-03-01", "2026-02-28")
    assert holds("lt", "b", "a")


def test_a_word_reaches_no_number_from_above_or_below() -> None:
    for op in ("gt", "gte", "lt", "lte", "from", "to"):
        assert not holds(op, Decimal(9), "x")
        assert not holds(op, Decimal(9), "10 pieces")


def test_texts_that_differ_are_different_even_where_they_read_as_one_number() -> None:
    assert not holds("eq", "007", "7")


def test_truth_values_are_their_words() -> None:
    assert holds("eq", True, "true")
    assert holds("eq", "true", "true")
    assert not holds("eq", True, "false")
    assert holds("exists", True, "x")
    assert not holds("exists", False, "x")


def test_a_list_matches_where_any_of_its_items_does() -> None:
    seen = ("red", "blue")

    assert holds("eq", "blue", seen)
    assert holds("in", ("green", "red"), seen)
    assert not holds("not_in", ("green", "red"), seen)
    assert not holds("ne", "red", seen)
    assert holds("gt", Decimal(5), (Decimal(1), Decimal(9)))
    assert not holds("gt", Decimal(10), (Decimal(1), Decimal(9)))


def test_one_of_takes_words_and_numbers() -> None:
    assert holds("in", ("a", "b"), "b")
    assert holds("not_in", ("a", "b"), "c")
    assert not holds("in", ("a", Decimal(1)), Decimal(2))
    assert holds("not_in", "a", "b")


def test_a_condition_without_tests_always_holds() -> None:
    assert compile_condition(ALWAYS) is None
    assert not ALWAYS


def test_all_tests_of_a_condition_must_hold() -> None:
    one = compile_condition(Condition((Comparison("a", "eq", "1"),)))
    both = compile_condition(Condition((Comparison("a", "eq", "1"), Comparison("b", "eq", "2"))))

    assert one is not None
    assert both is not None
    assert one({"a": "1"}.get)
    assert both({"a": "1", "b": "2"}.get)
    assert not both({"a": "1", "b": "3"}.get)


def test_values_print_as_an_author_would_write_them() -> None:
    assert text(None) == ""
    assert text(True) == "true"
    assert text(False) == "false"
    assert text(Decimal("1.50")) == "1.5"
    assert text(("a", Decimal(2))) == "a, 2"


def test_only_finite_numbers_are_numbers() -> None:
    assert number("1.5") == Decimal("1.5")
    assert number(Decimal(2)) == 2
    assert number("NaN") is None
    assert number("Infinity") is None
    assert number("twelve") is None
    assert number(None) is None
    assert number(True) is None


def test_nothing_equals_what_is_missing() -> None:
    assert not equal(None, "")
    assert not equal(Decimal(1), None)
    assert not equal("x", Decimal(1))

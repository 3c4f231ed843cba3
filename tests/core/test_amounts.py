"""Exact numbers: every rounding at its half, scales up and down, and text without an exponent."""

from decimal import Decimal
from fractions import Fraction

import pytest

from guerdon.core.amounts import Ratio, Rounding, divide, plain, to_decimal, to_minor, written


@pytest.mark.parametrize(
    ("over", "under", "floor", "ceil", "half_up", "half_even"),
    [
        (10, 5, 2, 2, 2, 2),
        (11, 5, 2, 3, 2, 2),  # 2.2
        (14, 5, 2, 3, 3, 3),  # 2.8
        (5, 2, 2, 3, 3, 2),  # 2.5
        (7, 2, 3, 4, 4, 4),  # 3.5
        (-5, 2, -3, -2, -3, -2),  # -2.5
        (-7, 2, -4, -3, -4, -4),  # -3.5
        (-11, 5, -3, -2, -2, -2),  # -2.2
        (0, 7, 0, 0, 0, 0),
    ],
)
def test_division_rounds_as_named_and_halves_go_away_from_zero(
    over: int, under: int, floor: int, ceil: int, half_up: int, half_even: int
) -> None:
    assert divide(over, under) == floor
    assert divide(over, under, Rounding.FLOOR) == floor
    assert divide(over, under, Rounding.CEIL) == ceil
    assert divide(over, under, Rounding.HALF_UP) == half_up
    assert divide(over, under, Rounding.HALF_EVEN) == half_even


def test_a_ratio_is_exact_and_in_lowest_terms() -> None:
    assert Ratio.of(Decimal("6.50")) == Ratio(13, 2)
    assert Ratio.of(Decimal("0.1")) == Ratio(1, 10)


def test_a_ratio_moves_between_scales_without_loss() -> None:
    assert Ratio(13, 2).scaled(2) == Ratio(1300, 2)
    assert Ratio(13, 2).scaled(0) == Ratio(13, 2)
    assert Ratio(13, 2).scaled(-2) == Ratio(13, 200)


def test_minor_units_of_a_decimal_that_fits_are_exact() -> None:
    assert to_minor(Decimal("12.34"), 2) == 1234
    assert to_minor(Decimal("-0.05"), 2) == -5
    assert to_minor(Decimal("1E3"), 2) == 100_000


def test_a_decimal_that_does_not_fit_is_refused_unless_a_rounding_is_named() -> None:
    with pytest.raises(ValueError, match=r"0\.125 has more than 2 digits"):
        to_minor(Decimal("0.125"), 2)

    assert to_minor(Decimal("0.125"), 2, Rounding.FLOOR) == 12
    assert to_minor(Decimal("0.121"), 2, Rounding.CEIL) == 13
    assert to_minor(Decimal("0.125"), 2, Rounding.HALF_UP) == 13
    assert to_minor(Decimal("0.125"), 2, Rounding.HALF_EVEN) == 12
    assert to_minor(Decimal("-0.125"), 2, Rounding.FLOOR) == -13


def test_minor_units_are_shown_with_all_their_digits() -> None:
    assert str(to_decimal(1230, 2)) == "12.30"
    assert str(to_decimal(-5, 2)) == "-0.05"
    assert str(to_decimal(7, 0)) == "7"


@pytest.mark.parametrize(
    ("given", "text"),
    [("1.50", "1.5"), ("2.00", "2"), ("1E+3", "1000"), ("-0.0", "0"), ("-0", "0"), ("100", "100")],
)
def test_equal_decimals_print_equal(given: str, text: str) -> None:
    assert plain(Decimal(given)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("25/2", "12.5"),
        ("-91/1000", "-0.091"),
        ("0", "0"),
        ("-300", "-300"),
        ("1/10000000", "0.0000001"),
        (f"{10**30 + 1}/8", "125000000000000000000000000000.125"),
    ],
)
def test_an_exact_figure_is_written_with_all_of_its_digits(value: str, text: str) -> None:
    assert written(Fraction(value)) == text

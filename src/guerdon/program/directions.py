"""Which way a figure goes, and whether that is to a member's benefit.

Rule: a period is longer than another where it is so on whatever day it begins: a month has 28 days
at least and 31 at most. What has no direction that is known is for nobody's better.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from guerdon.core.program import Duration, Period

Figure = Fraction | Period
"""A value as something that has a direction."""


_MORE_IS_BETTER = frozenset(
    {
        *("points", "max", "above", "ratio", "times", "stock", "odds", "budget", "any_value"),
        *("per_member_times", "claim_window", "max_age", "voucher_valid", "cancel_within"),
        *("grace", "late", "rate", "valid", "period", "period_stock", "gives_points"),
    }
)
_LESS_IS_BETTER = frozenset(
    {"at", "goal", "cost", "step", "fee", "any_points", "least", "pity_after", "fulfil_within"}
)
_NONE_IS_MOST = frozenset(
    {"max", "stock", "period_stock", "per_member_times", "max_age", "claim_window"}
)
_NONE_IS_NOTHING = frozenset({"grace"})
_LESS_IS_BETTER_IN = frozenset({("Pending", "period")})  # a wait
_MORE_IS_BETTER_IN = frozenset({("Unit", "least")})  # what is given at least


def figure(value: Any, show: Any, field: str) -> Figure | None:
    """Return a value as something that has a direction; None where it has none."""
    if value is None:
        if field in _NONE_IS_NOTHING:
            return Fraction(0)
        return Fraction(10) ** 30 if field in _NONE_IS_MOST else None
    if isinstance(value, Period):
        return value
    if isinstance(value, Duration):
        return Fraction(value.minutes)
    if isinstance(value, bool) or not isinstance(show, str):
        return None
    try:
        return Fraction(Decimal(show))
    except ArithmeticError:
        return None


def is_for_the_better(shape: str, field: str, old: Figure | None, new: Figure | None) -> bool:
    """Tell whether a figure goes the way in which it is a benefit."""
    if old is None or new is None or old == new:
        return False
    if field in _LESS_IS_BETTER and (shape, field) not in _MORE_IS_BETTER_IN:
        return _is_at_most(new, old)
    if (shape, field) in _LESS_IS_BETTER_IN:
        return _is_at_most(new, old)
    return (field in _MORE_IS_BETTER or (shape, field) in _MORE_IS_BETTER_IN) and _is_at_most(
        old, new
    )


def _is_at_most(one: Figure, other: Figure) -> bool:
    """Tell whether one is never more than the other, on whatever day a period begins."""
    if (
        isinstance(one, Period)
        and isinstance(other, Period)
        and one.months <= other.months
        and one.days <= other.days
    ):
        return True
    return _days(one)[1] <= _days(other)[0]


def _days(figure: Figure) -> tuple[Fraction, Fraction]:
    """Return how many days a period has at least and at most; a number is itself."""
    if not isinstance(figure, Period):
        return figure, figure
    years, months = divmod(figure.months, 12)
    least = 365 * years + _SHORTEST[months] + figure.days
    return Fraction(least), Fraction(366 * years + _LONGEST[months] + figure.days)


_SHORTEST = (0, 28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334)
_LONGEST = (0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337)
"""Days of so many months in a row."""

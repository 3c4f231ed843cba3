"""Exact numbers: integers in minor units inside, decimals as text at the edges.

Rule: no float ever takes part. A `Ratio` keeps a rate such as 6.5 points a dollar as two
integers, so that rating an activity is one multiplication and one division of integers.
Windows, zones and money conversion between currencies are not here.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

COUNTER_SCALE = 6
"""Digits behind the point of a counter that sums a field; money keeps its own scale."""


class Rounding(StrEnum):
    """How a figure between two minor units is decided."""

    FLOOR = "floor"
    CEIL = "ceil"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


# By names of their own: to ask an enum for a member costs more than the division.
_FLOOR, _CEIL, _HALF_EVEN = Rounding.FLOOR, Rounding.CEIL, Rounding.HALF_EVEN


@dataclass(frozen=True, slots=True)
class Ratio:
    """An exact rate `over / under`, with `under` > 0, both in minor units."""

    over: int
    under: int

    @classmethod
    def of(cls, value: Decimal) -> "Ratio":
        """Return the decimal as a ratio in lowest terms."""
        return cls(*value.as_integer_ratio())

    def scaled(self, digits: int) -> "Ratio":
        """Return the ratio times ten to the power of `digits`."""
        if digits >= 0:
            return Ratio(self.over * 10**digits, self.under)
        return Ratio(self.over, self.under * 10**-digits)


def divide(over: int, under: int, rounding: Rounding = Rounding.FLOOR) -> int:
    """Return `over / under` rounded; halves go away from zero with `half_up`."""
    whole, rest = divmod(over, under)
    if rest == 0 or rounding is _FLOOR:
        return whole
    if rounding is _CEIL:
        return whole + 1
    twice = 2 * rest
    if twice != under:
        return whole + (twice > under)
    if rounding is _HALF_EVEN:
        return whole + (whole & 1)
    return whole + (over > 0)


_DECIMAL_ROUNDING = {
    Rounding.FLOOR: ROUND_FLOOR,
    Rounding.CEIL: ROUND_CEILING,
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
}


def to_minor(value: Decimal, scale: int, rounding: Rounding | None = None) -> int:
    """Return the decimal in minor units of `scale` digits.

    Without a rounding the value must fit exactly, because a silent cut would lose money.

    Raises:
        ValueError: The value has more digits than the scale and no rounding was named.
    """
    shifted = value.scaleb(scale)
    whole = int(shifted)
    if whole == shifted:
        return whole
    if rounding is None:
        raise ValueError(f"{value} has more than {scale} digits behind the point")
    return int(shifted.quantize(Decimal(1), rounding=_DECIMAL_ROUNDING[rounding]))


def to_decimal(minor: int, scale: int) -> Decimal:
    """Return minor units as a decimal with exactly `scale` digits behind the point."""
    return Decimal(minor).scaleb(-scale)


def written(value: Fraction) -> str:
    """Return an exact figure, such as a sum of rates times units, as `plain` writes decimals.

    Rates are written as decimals and wallets have digits, so there is an end to theirs.
    """
    digits = 0
    while 10**digits % value.denominator:
        digits += 1
    minor = value.numerator * (10**digits // value.denominator)
    return plain(Decimal(f"{minor}e-{digits}"))


def plain(value: Decimal) -> str:
    """Return a decimal without exponent and without trailing zeros, so equal values print equal."""
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if text not in ("-0", "") else "0"

"""The language's numbers: exact or refused.

Rule: an amount that has more digits than its wallet or money is a mistake, because rounding it
would change what the author promised.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from guerdon.core.amounts import Ratio, plain, to_minor
from guerdon.program.draft import Scale, Spot
from guerdon.program.shapes import Schema, Shape, scalar, shortened
from guerdon.program.yaml_source import Scalar, number

DIGITS_MAX = 15
"""Digits before or behind the point of any number: minor units then fit 64 bits everywhere."""

_LIKE_NUMBER = re.compile(
    r"[-+]?[0-9][0-9_,' ]*(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?\.?(inf|nan)", re.IGNORECASE
)


@dataclass(frozen=True)
class Number(Shape[Decimal]):
    """An exact number with plain digits, within bounds; `whole` without digits behind the point."""

    least: Decimal | None = Decimal(0)
    above: Decimal | None = None
    most: Decimal | None = None
    whole: bool = False

    def read(self, spot: Spot) -> Decimal:
        """Return the number as written."""
        node = scalar(spot, "a whole number" if self.whole else "a number")
        value = number(node.text)
        if value is None:
            raise spot.wrong(f"`{shortened(node.text)}` is not a number.", _digits_remedy(node))
        _, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        if -exponent > DIGITS_MAX or len(digits) + exponent > DIGITS_MAX:
            raise spot.wrong(
                f"`{shortened(node.text)}` has too many digits.",
                f"{DIGITS_MAX} digits before and {DIGITS_MAX} behind the point are the limit.",
            )
        if self.whole and exponent < 0 and value != value.to_integral_value():
            raise spot.wrong(f"`{node.text}` is not whole.", "Write it without a point.")
        self.judge(spot, value)
        return value

    def judge(self, spot: Spot, value: Decimal) -> None:
        """Note a number that is out of bounds."""
        if self.above is not None and value <= self.above:
            raise spot.wrong(
                f"`{spot.name}` is {plain(value)}; it must be more than {plain(self.above)}.",
                "Write a greater number.",
            )
        if self.least is not None and value < self.least:
            raise spot.wrong(
                f"`{spot.name}` is {plain(value)}; the least is {plain(self.least)}.",
                "Write a greater number.",
            )
        if self.most is not None and value > self.most:
            raise spot.wrong(
                f"`{spot.name}` is {plain(value)}; the most is {plain(self.most)}.",
                "Write a smaller number.",
            )

    def schema(self) -> Schema:
        """Return the bounds."""
        digits = "[0-9]+" if self.whole else "([0-9]+|[0-9]*[.][0-9]+)"
        described: Schema = {
            "type": ["integer" if self.whole else "number", "string"],
            "pattern": f"^-?{digits}$",
        }
        if self.least is not None:
            described["minimum"] = float(self.least)
        if self.above is not None:
            described["exclusiveMinimum"] = float(self.above)
        if self.most is not None:
            described["maximum"] = float(self.most)
        return described


def _digits_remedy(node: Scalar) -> str:
    text = node.text.strip()
    if re.fullmatch(r"[-+]?\.?(inf|nan)", text, re.IGNORECASE):
        return "Numbers are finite; to set no limit, remove the key."
    if re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+", text):
        return "Write all digits, without an exponent."
    if _LIKE_NUMBER.fullmatch(text):
        return "Write digits and at most one point, such as 1250.50."
    return "Write a number, such as 5 or 1.25."


POSITIVE = Number(above=Decimal(0))
ANY_NUMBER = Number(least=None)


@dataclass(frozen=True)
class Whole(Shape[int]):
    """A whole number."""

    least: int = 0
    most: int | None = None

    def read(self, spot: Spot) -> int:
        """Return the number."""
        return int(self._number().read(spot))

    def _number(self) -> Number:
        most = None if self.most is None else Decimal(self.most)
        return Number(least=Decimal(self.least), most=most, whole=True)

    def schema(self) -> Schema:
        """Return the bounds."""
        return self._number().schema()


@dataclass(frozen=True)
class Fraction(Shape[Ratio]):
    """A rate, kept exactly."""

    number: Number = Number()

    def read(self, spot: Spot) -> Ratio:
        """Return the number as a ratio."""
        return Ratio.of(self.number.read(spot))

    def schema(self) -> Schema:
        """Return the bounds."""
        return self.number.schema()


@dataclass(frozen=True)
class Amount(Shape[int]):
    """An amount in minor units of whatever `scale` finds at the spot."""

    scale: Callable[[Spot], Scale | None]
    number: Number = Number()

    def read(self, spot: Spot) -> int:
        """Return the amount; 0 where the scale is unknown, which is noted elsewhere."""
        value = self.number.read(spot)
        scale = self.scale(spot)
        return 0 if scale is None else exact(spot, value, scale)

    def schema(self) -> Schema:
        """Return the bounds."""
        return self.number.schema()


def exact(spot: Spot, value: Decimal, scale: Scale) -> int:
    """Return the value in minor units, or note that it has digits which do not exist."""
    try:
        return to_minor(value, scale.digits)
    except ValueError:
        allowed = {0: "no digits", 1: "at most 1 digit"}.get(
            scale.digits, f"at most {scale.digits} digits"
        )
        raise spot.wrong(
            f"{value} has too many digits: {scale.of} has {allowed} behind the point.",
            "Round it, or give it a greater `scale`.",
        ) from None


POINTS = Amount(lambda spot: spot.units)
POSITIVE_POINTS = Amount(lambda spot: spot.units, POSITIVE)
MONEY = Amount(lambda spot: spot.draft.money)
SIGNED_MONEY = Amount(lambda spot: spot.draft.money, ANY_NUMBER)
"""Money of an activity's line, which may be a discount."""
POSITIVE_MONEY = Amount(lambda spot: spot.draft.money, POSITIVE)
READING = Amount(lambda spot: spot.reading)
POSITIVE_READING = Amount(lambda spot: spot.reading, POSITIVE)

"""The language's single values: numbers, amounts, names, periods, dates, instants.

Rule: a number is exact or refused. An amount that has more digits than its wallet or money is a
mistake, because rounding it would change what the author promised.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from guerdon.core.activity import Instant, Value
from guerdon.core.amounts import Ratio, plain, to_minor
from guerdon.core.program import Period
from guerdon.program.draft import Scale, Spot
from guerdon.program.shapes import Choice, Parsed, Schema, Shape, kind_of, scalar, shortened
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
        described: Schema = {"type": "integer" if self.whole else "number"}
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
        most = None if self.most is None else Decimal(self.most)
        return int(Number(least=Decimal(self.least), most=most, whole=True).read(spot))

    def schema(self) -> Schema:
        """Return the bounds."""
        found: Schema = {"type": "integer", "minimum": self.least}
        return found | ({"maximum": self.most} if self.most is not None else {})


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
POSITIVE_MONEY = Amount(lambda spot: spot.draft.money, POSITIVE)
READING = Amount(lambda spot: spot.reading)
POSITIVE_READING = Amount(lambda spot: spot.reading, POSITIVE)

_BOOLEANS = {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}
FLAG: Shape[bool] = Choice({"true": True, "false": False})

ID_PATTERN = r"[^\W_][\w-]{0,63}|_[\w-]{1,63}"
_ID = re.compile(ID_PATTERN)


def identifier(text: str) -> str:
    """Return a name that other parts refer to.

    Points, colons and slashes are kept for joined names such as `a2.base` and `mission:visits`.
    """
    if _ID.fullmatch(text):
        return text
    fitting = re.sub(r"[^\w-]+", "_", text).strip("_")[:64]
    raise ValueError(
        "Use letters, digits, `_` and `-`, at most 64"
        + (f", such as `{fitting}`." if fitting and _ID.fullmatch(fitting) else ".")
    )


ID = Parsed(
    "a name for references", "Use letters, digits, `_` and `-`.", identifier, f"^({ID_PATTERN})$"
)


def judge_id(spot: Spot, text: str) -> None:
    """Note a key that cannot be a name."""
    try:
        identifier(text)
    except ValueError as error:
        raise spot.wrong(f"`{shortened(text)}` is not a name for references.", str(error)) from None


@dataclass(frozen=True)
class Text(Shape[str]):
    """Words for people."""

    most: int = 2_000

    def read(self, spot: Spot) -> str:
        """Return the text as written."""
        found = scalar(spot, "a text").text
        if len(found) > self.most:
            raise spot.wrong(
                f"`{spot.name}` has {len(found):,} characters; {self.most:,} are the limit.",
                "Shorten it.",
            )
        return found

    def schema(self) -> Schema:
        """Return the length."""
        return {"type": ["string", "number", "boolean"]}


WORD = Text(200)
LINE = Text(200)
PROSE = Text()


def _link(text: str) -> str:
    if not re.fullmatch(r"(https?://|/)[^\s<>\"]{1,1990}", text):
        raise ValueError
    return text


LINK = Parsed("an address", "Begin with https://, http:// or /.", _link)

_PERIOD = re.compile(
    r"P(?=[0-9])(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?"
)


def period(text: str) -> Period:
    """Return a span of the calendar; hours and smaller parts are none."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        if text.startswith("P") and "T" in text:
            raise ValueError("Periods count days at least: write P1D, P2W, P18M or P1Y.")
        raise ValueError
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    return Period(months=years * 12 + months, days=weeks * 7 + days)


PERIOD = Parsed(
    "a period",
    "Write it like P14D (days), P2W (weeks), P18M (months) or P1Y (years).",
    period,
    "^P(?=[0-9])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?$",
)


def month_day(text: str) -> tuple[int, int]:
    """Return month and day; 29 February is one."""
    found = re.fullmatch(r"([0-9]{2})-([0-9]{2})", text)
    if found is None:
        raise ValueError
    month, day = int(found[1]), int(found[2])
    date(2024, month, day)
    return month, day


def _month_day(text: str) -> tuple[int, int]:
    try:
        return month_day(text)
    except ValueError:
        raise ValueError from None


MONTH_DAY = Parsed(
    "a day of the year", 'Write month and day like "02-15".', _month_day, "^[0-1][0-9]-[0-3][0-9]$"
)


def _minutes(text: str) -> int:
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)
    if found is None:
        raise ValueError
    return int(found[1]) * 60 + int(found[2])


CLOCK = Parsed(
    "a time of day", 'Write hours and minutes like "06:00".', _minutes, "^[0-2][0-9]:[0-5][0-9]$"
)


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError from None
    return text


TIMEZONE = Parsed("a time zone", "Use an IANA name such as Europe/Berlin or UTC.", _timezone)

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str) -> Instant:
    """Return an instant; the offset from UTC is never guessed."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError
    if found["offset"] is None:
        raise ValueError(f'Add the offset from UTC: "{text}Z" or "{text}+01:00".')
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("There is no such date or time.") from None
    return Instant((moment - _EPOCH) // timedelta(milliseconds=1))


INSTANT = Parsed(
    "an instant",
    'Write date, time and offset like "2026-05-01T09:00:00+02:00".',
    instant,
)


def value_of(node: Scalar) -> Value:
    """Return a scalar as activities and conditions hold it: exact numbers, else text.

    Truth values are the words "true" and "false", so that `true` and `"true"` are equal.
    """
    if not node.plain:
        return node.text
    if node.text in _BOOLEANS:
        return node.text.lower()
    found = number(node.text)
    return node.text if found is None else found


class Plain(Shape[Value]):
    """Any single value."""

    def read(self, spot: Spot) -> Value:
        """Return the value; long numbers are refused, because they would be cut elsewhere."""
        node = spot.node
        if not isinstance(node, Scalar):
            raise spot.wrong(
                f"`{spot.name}` needs one value; here stands {kind_of(node)}.",
                "Write a text, a number, or true or false.",
            )
        found = value_of(scalar(spot, "a value"))
        if isinstance(found, Decimal):
            return ANY_NUMBER.read(spot)
        return found

    def schema(self) -> Schema:
        """Return the kinds of a value."""
        return {"type": ["string", "number", "boolean"]}


VALUE = Plain()


@dataclass(frozen=True)
class Reference(Shape[str]):
    """The name of something that this document declares."""

    kind: str

    def read(self, spot: Spot) -> str:
        """Return the name."""
        return spot.refer(self.kind, scalar(spot, f"the name of a {self.kind}").text)

    def schema(self) -> Schema:
        """Return a name."""
        return {"type": "string"}


class TierReference(Shape[str]):
    """The name of a tier of the ladder that the record names."""

    def read(self, spot: Spot) -> str:
        """Return the name."""
        name = scalar(spot, "the name of a tier").text
        return name if spot.ladder is None else spot.refer_tier(spot.ladder, name)

    def schema(self) -> Schema:
        """Return a name."""
        return {"type": "string"}


def judge_tier(spot: Spot, text: str) -> None:
    """Note a key that is no tier of the record's ladder."""
    if spot.ladder is not None:
        spot.refer_tier(spot.ladder, text)


WALLET = Reference("wallet")
COUNTER = Reference("counter")
LADDER = Reference("ladder")
TIER = TierReference()
MISSION = Reference("mission")
BADGE = Reference("badge")
RULE = Reference("rule")

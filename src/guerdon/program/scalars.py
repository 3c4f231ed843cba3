"""The language's single values: names, periods, dates, instants, references.

Rule: each kind has one notation, and what is written otherwise is named with that notation.
Numbers are in `numbers`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from guerdon.core.activity import Instant, Value
from guerdon.core.program import Duration, Period
from guerdon.core.windows import parse_period
from guerdon.program.draft import Spot
from guerdon.program.numbers import ANY_NUMBER
from guerdon.program.shapes import Choice, Parsed, Schema, Shape, kind_of, scalar, shortened
from guerdon.program.yaml_source import Scalar, number

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


def period(text: str) -> Period:
    """Return a span of the calendar; hours and smaller parts are none."""
    try:
        return parse_period(text)
    except ValueError:
        if re.fullmatch(r"P(?=[0-9])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?", text):
            raise ValueError("A period is at most a century: P100Y, P1200M or P36525D.") from None
        if text.startswith("P") and "T" in text:
            raise ValueError("Periods count days at least: write P1D, P2W, P18M or P1Y.") from None
        raise ValueError from None


PERIOD = Parsed(
    "a period",
    "Write it like P14D (days), P2W (weeks), P18M (months) or P1Y (years).",
    period,
    "^P(?=[0-9])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?$",
)


def duration(text: str) -> Duration:
    """Return a length of time by the clock, of a minute to ninety days."""
    found = re.fullmatch(
        r"P(?=[0-9T])([0-9]{1,5}D)?(?:T(?=[0-9])([0-9]{1,5}H)?([0-9]{1,6}M)?)?", text
    )
    if found is None:
        raise ValueError
    days, hours, minutes = (int((part or "0_")[:-1]) for part in found.groups())
    length = Duration(days * 1_440 + hours * 60 + minutes)
    if not 1 <= length.minutes <= _LONGEST:
        raise ValueError("This lasts a minute at least and 90 days at most: PT1M to P90D.")
    return length


_LONGEST = 90 * 1_440

DURATION = Parsed(
    "a length of time",
    "Write it like PT24H (hours), PT90M (minutes) or P2D (days of 24 hours).",
    duration,
    "^P(?=[0-9T])([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?)?$",
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
_YEAR_MIN, _YEAR_MAX = 1900, 2999
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
    if not _YEAR_MIN <= moment.year <= _YEAR_MAX:
        raise ValueError(f"Years from {_YEAR_MIN} to {_YEAR_MAX} are counted.")
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

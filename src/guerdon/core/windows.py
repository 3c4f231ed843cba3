"""The program's calendar: business days, windows, and periods counted in its own zone.

A day is an `int`, days since 1970-01-01, and begins at the program's `day_start`. Rule: windows
are half open and all arithmetic is done on local wall time; months are clamped to their last day
(31 August + 18 months = 28 February). No clock is read: every instant comes in as an argument.
"""

import re
from calendar import isleap, monthrange
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from guerdon.core.activity import Instant
from guerdon.core.program import Per, Period, Window, WindowKind

DAY_MS = 86_400_000
_QUARTER_HOUR_MS = 900_000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local clock readings have no zone
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_CACHE_MAX = 65_536

FAR = Instant(253_402_300_800_000)
"""The first instant of the year 10000: later than anything that is stored."""


class Span(NamedTuple):
    """A window's days, the end exclusive; None where it is open."""

    begin: int | None
    end: int | None


def day_of(year: int, month: int, day: int) -> int:
    """Return the day number of a calendar date, clamped to the month's last day."""
    return date(year, month, min(day, monthrange(year, month)[1])).toordinal() - _EPOCH_ORDINAL


def date_of(day: int) -> date:
    """Return the calendar date of a day number."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


def add(day: int, period: Period) -> int:
    """Return the day a period later: months first, clamped, then days."""
    if period.months:
        on = date_of(day)
        months = on.year * 12 + on.month - 1 + period.months
        day = day_of(months // 12, months % 12 + 1, on.day)
    return day + period.days


def span_of(kind: WindowKind, day: int) -> Span:
    """Return the calendar window of the kind that holds the day."""
    if kind is WindowKind.DAY:
        return Span(day, day + 1)
    if kind is WindowKind.WEEK:
        monday = day - (day + 3) % 7
        return Span(monday, monday + 7)
    on = date_of(day)
    if kind is WindowKind.MONTH:
        first = day_of(on.year, on.month, 1)
        return Span(first, add(first, Period(months=1)))
    return Span(day_of(on.year, 1, 1), day_of(on.year + 1, 1, 1))


class WindowKeys(dict[int, str]):
    """The key of the calendar window of one kind that holds a day: the window's first day."""

    __slots__ = ("kind",)

    def __init__(self, kind: WindowKind) -> None:
        super().__init__()
        self.kind = kind

    def __missing__(self, day: int) -> str:
        if len(self) >= _CACHE_MAX:
            self.clear()
        found = self[day] = str(span_of(self.kind, day).begin)
        return found


CALENDAR_KINDS = frozenset({WindowKind.YEAR, WindowKind.MONTH, WindowKind.WEEK, WindowKind.DAY})
WINDOW_KEYS = {kind: WindowKeys(kind) for kind in CALENDAR_KINDS}
_PER_KEYS = {
    Per.DAY: WINDOW_KEYS[WindowKind.DAY],
    Per.WEEK: WINDOW_KEYS[WindowKind.WEEK],
    Per.MONTH: WINDOW_KEYS[WindowKind.MONTH],
    Per.YEAR: WINDOW_KEYS[WindowKind.YEAR],
}


def per_key(per: Per, day: int) -> str:
    """Return the key of the limit window that holds the day; a lifetime has one key, empty."""
    if per is Per.LIFETIME:
        return ""
    return _PER_KEYS[per][day]


class Calendar:
    """Conversions between instants and the business days of one zone, cached."""

    __slots__ = (
        "_asked",
        "_begins",
        "_later",
        "_leaving",
        "_offsets",
        "_reversed",
        "_spans",
        "day_start_ms",
        "zone",
    )

    def __init__(self, timezone: str, day_start_minutes: int = 0) -> None:
        self.zone = ZoneInfo(timezone)
        self.day_start_ms = day_start_minutes * 60_000
        self._offsets: dict[int, int] = {}
        self._begins: dict[int, Instant] = {}
        self._spans: dict[tuple[WindowKind, int], Span] = {}
        self._asked: tuple[int | None, int] = (None, 0)
        self._later: dict[tuple[int, Period], int] = {}
        self._leaving: dict[Period, dict[int, tuple[Instant, bool]]] = {}
        self._reversed: dict[Period, Period] = {}

    def offset_ms(self, at: int) -> int:
        """Return the zone's offset from UTC at an instant; zones change on quarter hours only."""
        bucket = at // _QUARTER_HOUR_MS
        found = self._offsets.get(bucket)
        if found is None:
            if len(self._offsets) >= _CACHE_MAX:
                self._offsets.clear()
            moment = _EPOCH_UTC + timedelta(milliseconds=bucket * _QUARTER_HOUR_MS)
            offset = moment.astimezone(self.zone).utcoffset() or timedelta(0)
            found = self._offsets[bucket] = round(offset.total_seconds() * 1000)
        return found

    def wall_ms(self, at: Instant) -> int:
        """Return the local clock reading at an instant, as if it were UTC milliseconds."""
        return at + self.offset_ms(at)

    def day(self, at: Instant) -> int:
        """Return the business day that holds the instant; one is often asked for many times.

        Where clocks change as it begins, its first instant tells, not what the clock shows.
        """
        asked, day = self._asked
        if asked == at:
            return day
        day = (at + self.offset_ms(at) - self.day_start_ms) // DAY_MS
        if self.begin(day) > at:
            day -= 1
        elif self.begin(day + 1) <= at:
            day += 1
        self._asked = (at, day)
        return day

    def instant(self, wall_ms: int) -> Instant:
        """Return the instant of a local clock reading; the earlier one where it exists twice.

        A reading that does not exist (clocks go forward) is read with the offset before the gap.
        """
        before = self.offset_ms(wall_ms - DAY_MS)
        if before == self.offset_ms(wall_ms + DAY_MS):
            return Instant(wall_ms - before)
        local = (_EPOCH + timedelta(milliseconds=wall_ms)).replace(tzinfo=self.zone)
        offset = local.utcoffset() or timedelta(0)
        return Instant(wall_ms - round(offset.total_seconds() * 1000))

    def begin(self, day: int) -> Instant:
        """Return the first instant of a business day."""
        found = self._begins.get(day)
        if found is None:
            if len(self._begins) >= _CACHE_MAX:
                self._begins.clear()
            found = self._begins[day] = self.instant(day * DAY_MS + self.day_start_ms)
        return found

    def through(self, day: int) -> Instant:
        """Return the first instant after a business day."""
        return self.begin(day + 1)

    def span(self, kind: WindowKind, day: int) -> Span:
        """Return the calendar window that holds the day, cached."""
        found = self._spans.get((kind, day))
        if found is None:
            if len(self._spans) >= _CACHE_MAX:
                self._spans.clear()
            found = self._spans[(kind, day)] = span_of(kind, day)
        return found

    def later(self, day: int, period: Period) -> int:
        """Return the day a period later, cached."""
        found = self._later.get((day, period))
        if found is None:
            if len(self._later) >= _CACHE_MAX:
                self._later.clear()
            found = self._later[day, period] = add(day, period)
        return found

    def back(self, at: Instant, period: Period) -> Instant:
        """Return the same local clock reading a period earlier."""
        day, clock = divmod(self.wall_ms(at), DAY_MS)
        backwards = self._reversed.get(period)
        if backwards is None:
            backwards = self._reversed[period] = Period(-period.months, -period.days)
        earlier = self.later(day, backwards)
        return self.instant(earlier * DAY_MS + clock)

    def leaves(self, at: Instant, period: Period) -> Instant:
        """Return the first instant at which a rolling window no longer holds `at`.

        The window at T reaches from T minus the period, exclusive, and what has left it stays out.
        Where months were clamped, no reading of the shorter month leads back to `at`, so it leaves
        as the next day begins. Within a quarter of an hour all leave alike: as much later, or at
        the same instant.
        """
        known = self._leaving.get(period)
        if known is None:
            known = self._leaving[period] = {}
        quarter, since = divmod(at, _QUARTER_HOUR_MS)
        first = known.get(quarter)
        if first is None:
            if len(known) >= _CACHE_MAX:
                known.clear()
            begin = Instant(at - since)
            early = self._leaves(begin, period)
            late = self._leaves(Instant(begin + _QUARTER_HOUR_MS - 1), period)
            moves = late - early == _QUARTER_HOUR_MS - 1
            if not moves and late != early:
                return self._leaves(at, period)  # an offset of odd minutes, as before 1940
            first = known[quarter] = early, moves
        return Instant(first[0] + since) if first[1] else first[0]

    def _leaves(self, at: Instant, period: Period) -> Instant:
        day, clock = divmod(self.wall_ms(at), DAY_MS)
        reverse = Period(-period.months, -period.days)
        later = self.later(day, period)
        # With months and days in one period, the way back is not the way there.
        while self.later(later - 1, reverse) >= day:
            later -= 1
        while (back := self.later(later, reverse)) < day:
            later += 1
        leaving = self.instant(later * DAY_MS + (clock if back == day else 0))
        if self._is_even(at) and self._is_even(leaving):
            return leaving
        return self._first_without(at, period, begin=leaving - 2 * DAY_MS)

    def _is_even(self, at: Instant) -> bool:
        """Tell whether the clocks do not change on the day of an instant or next to it."""
        return self.offset_ms(at - 2 * DAY_MS) == self.offset_ms(at + 2 * DAY_MS)

    def _first_without(self, at: Instant, period: Period, *, begin: int) -> Instant:
        """Return the first instant from which the way back leads to `at` or behind it.

        Where clocks change the way back jumps, at a quarter of an hour only.
        """
        quarter = begin // _QUARTER_HOUR_MS * _QUARTER_HOUR_MS
        while (ahead := at - self.back(Instant(quarter), period)) >= _QUARTER_HOUR_MS:
            quarter += _QUARTER_HOUR_MS
        return Instant(quarter + max(ahead, 0))

    def bounds(self, window: Window, at: Instant) -> tuple[Instant, Instant | None]:
        """Return the first instant of the window that holds `at`, and the first after it.

        Lifetime and rolling windows begin at 0 and do not end.
        """
        if window.kind is WindowKind.FIXED:
            return window.begin or Instant(0), window.end
        if window.kind in CALENDAR_KINDS:
            span = self.span(window.kind, self.day(at))
            assert span.begin is not None
            assert span.end is not None
            return self.begin(span.begin), self.begin(span.end)
        return Instant(0), None

    def month_begin(self, day: int, later: Period) -> Instant:
        """Return the first instant of the month that lies a period after the day's own month."""
        on = date_of(day)
        return self.begin(add(day_of(on.year, on.month, 1), later))

    def weekday(self, day: int) -> str:
        """Return mon, tue, wed, thu, fri, sat or sun."""
        return _WEEKDAYS[(day + 3) % 7]

    def clock(self, at: Instant) -> str:
        """Return the local time as HH:MM."""
        return _CLOCK[self.wall_ms(at) % DAY_MS // 60_000]


_CLOCK = tuple(f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in range(24 * 60))
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def birthday_on(month: int, day: int, year: int, *, leap_in_march: bool) -> int:
    """Return the day a birthday is kept in a year; 29 February moves in common years."""
    if (month, day) == (2, 29) and not isleap(year):
        return day_of(year, 3, 1) if leap_in_march else day_of(year, 2, 28)
    return day_of(year, month, day)


_PERIOD = re.compile(
    r"P(?=[0-9])(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?"
)


_MONTHS_MAX = 1_200
_DAYS_MAX = 36_525


def parse_period(text: str) -> Period:
    """Return a text such as P18M, P1Y, P14D or P2W as a period.

    Raises:
        ValueError: It is none (hours and smaller parts are not counted), or longer than a century,
            beyond which calendars end.
    """
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is not a period")
    years, months, weeks, days = (int(part or 0) for part in found.groups())
    period = Period(months=years * 12 + months, days=weeks * 7 + days)
    if period.months > _MONTHS_MAX or period.days > _DAYS_MAX:
        raise ValueError(f"{text} is longer than a century")
    return period


def parse_instant(text: str) -> Instant:
    """Return an RFC 3339 text, or a plain number of milliseconds, as an instant.

    Raises:
        ValueError: It is neither, or it has no offset.
    """
    if text.lstrip("-").isdecimal():
        return Instant(int(text))
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return Instant((moment - _EPOCH_UTC) // timedelta(milliseconds=1))

"""Days, months and windows in the program's zone, written out once more.

Rule: a business day is what lies between two beginnings of a day, whatever the clock on the wall
shows in between; windows are half open.
"""

import calendar as gregorian
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from guerdon.core.program import Per, Period, Program, Window, WindowKind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
QUARTER = 900_000
DAY = 96 * QUARTER

Inside = Callable[[int], bool]


def plus_months(day: date, months: int) -> date:
    """Add months to a date, clamped to the month's last day."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    last = gregorian.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def plus(day: date, period: Period, times: int = 1) -> date:
    """Add a period to a date: the months first, then the days."""
    return plus_months(day, times * period.months) + timedelta(days=times * period.days)


def month_day(year: int, month: int, day: int) -> date:
    """Return a day of a year; a day that the month lacks is its last one."""
    return date(year, month, min(day, gregorian.monthrange(year, month)[1]))


class Calendar:
    """The calendar of a program: its zone, and when its day begins."""

    def __init__(self, program: Program) -> None:
        self.zone = ZoneInfo(program.timezone)
        self.day_start = timedelta(minutes=program.day_start_minutes)
        self.leap_in_march = program.leap_birthday_march

    # ------------------------------------------------------------ days

    def local(self, at: int) -> datetime:
        """Return the clock on the wall."""
        return (EPOCH + at * MILLISECOND).astimezone(self.zone)

    def instant(self, wall: datetime) -> int:
        """Return the first instant at which the clock on the wall shows this."""
        return int((wall.replace(tzinfo=self.zone, fold=0).astimezone(UTC) - EPOCH) / MILLISECOND)

    def begin(self, day: date) -> int:
        """Return the first instant of a business day."""
        return self.instant(datetime.combine(day, time()) + self.day_start)

    def day(self, at: int) -> date:
        """Return the business day that holds an instant."""
        day = self.local(at).date()
        while self.begin(day) > at:
            day -= timedelta(days=1)
        while self.begin(day + timedelta(days=1)) <= at:
            day += timedelta(days=1)
        return day

    def after(self, day: date) -> int:
        """Return the first instant after a business day: what is valid through it ends here."""
        return self.begin(day + timedelta(days=1))

    def through(self, at: int, period: Period) -> int:
        """Return the end of the business day of an instant plus a period."""
        return self.after(plus(self.day(at), period))

    def back(self, at: int, period: Period) -> int:
        """Return the instant a period earlier, at the same local clock time."""
        wall = self.local(at)
        return self.instant(datetime.combine(plus(wall.date(), period, -1), wall.time()))

    # ------------------------------------------------------------ windows

    def span(self, per: Per, at: int) -> tuple[int, int] | None:
        """Return begin and end of the day, week, month or year of an instant; None: for ever."""
        day = self.day(at)
        if per is Per.DAY:
            first, last = day, day + timedelta(days=1)
        elif per is Per.WEEK:
            first = day - timedelta(days=day.weekday())
            last = first + timedelta(days=7)
        elif per is Per.MONTH:
            first = day.replace(day=1)
            last = plus_months(first, 1)
        elif per is Per.YEAR:
            first, last = date(day.year, 1, 1), date(day.year + 1, 1, 1)
        else:
            return None
        return self.begin(first), self.begin(last)

    def bounds(self, window: Window, at: int) -> tuple[int | None, int | None]:
        """Return begin and end of the window that holds an instant; None where it has none."""
        if window.kind in CALENDAR_WINDOWS:
            span = self.span(CALENDAR_WINDOWS[window.kind], at)
            assert span is not None
            return span
        if window.kind is WindowKind.FIXED:
            return window.begin, window.end
        return None, None

    def inside(self, window: Window, at: int, joined: int | None = None) -> Inside:
        """Return what tells whether an instant lies in the window that holds `at`."""
        if window.kind is WindowKind.ROLLING:
            assert window.period is not None
            begin_open = self._begin_open(at, window.period)
            return lambda when: begin_open < when <= at
        begin, end = self.bounds(window, at)
        if window.kind is WindowKind.JOINED:
            assert window.period is not None
            if joined is None:
                return lambda _: False
            begin, end = joined, self.through(joined, window.period)
        return lambda when: (begin is None or begin <= when) and (end is None or when < end)

    @cache  # noqa: B019 - one calendar a test
    def _begin_open(self, at: int, period: Period) -> int:
        """Return the instant behind which a rolling window begins."""
        return max(self.back(each, period) for each in self._just_before(at, period))

    def _just_before(self, at: int, period: Period) -> list[int]:
        """Return an instant, and the last one of each of the three days before.

        A month before the 31st of March began no later than one before the 28th: what had left a
        rolling window by then does not come back. Nor does it where clocks change: there, each
        quarter of an hour of the two days before is returned as well.
        """
        midnights = [self.local(at).date() - timedelta(days=days) for days in range(3)]
        found = [at, *(self.instant(datetime.combine(day, time())) - 1 for day in midnights)]
        if self._changes(at) or self._changes(self.back(at, period)):
            quarters = range(at - at % QUARTER, at - 2 * DAY, -QUARTER)
            found += [each - 1 for each in quarters] + list(quarters)
        return found

    def _changes(self, at: int) -> bool:
        """Tell whether the clocks change within some days of an instant."""
        return self.local(at - 3 * DAY).utcoffset() != self.local(at + 3 * DAY).utcoffset()

    # ------------------------------------------------------------ birthdays

    def birthday(self, written: str, year: int) -> date | None:
        """Return the birthday `MM-DD` (the year of birth may stand before) in a year.

        29 February moves in common years.
        """
        try:
            month, day = (int(part) for part in written.split("-")[-2:])
            if (month, day) == (2, 29) and not gregorian.isleap(year):
                return date(year, 3, 1) if self.leap_in_march else date(year, 2, 28)
            return date(year, month, day)
        except ValueError:
            return None


CALENDAR_WINDOWS = {
    WindowKind.YEAR: Per.YEAR,
    WindowKind.MONTH: Per.MONTH,
    WindowKind.WEEK: Per.WEEK,
    WindowKind.DAY: Per.DAY,
}

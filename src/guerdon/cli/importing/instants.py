"""When a line happened: dates and times as files write them, as instants in UTC.

The rule: nothing is guessed. A date alone is the start of that business day in the program's zone,
a time needs its offset, and any other form is refused with a sentence. A shift moves local
calendar days and leaves the time of day, also across a change of clocks.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from guerdon.cli.importing.refused import LineRefused

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:.+", re.ASCII)
_REMEMBERED_MAX = 65_536
_YEAR_FIRST, _YEAR_LAST = 2, 9_998  # beyond them there is no such day in some zone


class Instants:
    """Reads dates and times for one program, all moved by the same number of days."""

    def __init__(self, timezone: str, day_start: str, *, shift_days: int = 0) -> None:
        self._zone = ZoneInfo(timezone)
        self._day_start = time.fromisoformat(day_start)
        self._shift = timedelta(days=shift_days)
        self._remembered: dict[str, str] = {}

    def read(self, text: str, column: str) -> str:
        """Return what the text says as RFC 3339 in UTC; files repeat themselves, so remember.

        Raises:
            LineRefused: It is no date or time, or a time without an offset.
        """
        found = self._remembered.get(text)
        if found is None:
            if len(self._remembered) >= _REMEMBERED_MAX:
                self._remembered.clear()
            instant = self.instant(text, column)
            found = instant.isoformat(timespec="milliseconds")[:-6] + "Z"
            self._remembered[text] = found
        return found

    def instant(self, text: str, column: str) -> datetime:
        """Return what the text says, shifted, in UTC."""
        what = "is no date or time: write 2026-01-31 or 2026-01-31T09:30:00Z."
        try:
            day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
            instant = datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
            if day:
                instant = self._local(day + self._shift, self._day_start)
            elif instant and instant.tzinfo is None:
                what, instant = "has no offset: write a date alone, or 2026-01-31T09:30:00Z.", None
            elif instant and self._shift:
                local = instant.astimezone(self._zone)
                instant = self._local(local.date() + self._shift, local.time())
            if instant and _YEAR_FIRST <= instant.year <= _YEAR_LAST:
                return instant.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise LineRefused(column, f"{text[:40]!r} {what}")

    def _local(self, day: date, clock: time) -> datetime:
        """Return a local time as an instant in UTC.

        Of a time that comes twice it is the first; one that the clocks skip is read with the offset
        before the gap, so that a day whose midnight is skipped begins with its first instant.
        """
        return datetime.combine(day, clock, tzinfo=self._zone).astimezone(UTC)

    def business_day(self, instant: datetime) -> date:
        """Return the business day that holds an instant."""
        start = timedelta(hours=self._day_start.hour, minutes=self._day_start.minute)
        return (instant.astimezone(self._zone).replace(tzinfo=None) - start).date()

    def days_until(self, newest: datetime, now: datetime) -> int:
        """Return by how many days `newest` must move to lie on today, but not after `now`."""
        days = (self.business_day(now) - self.business_day(newest)).days
        local = newest.astimezone(self._zone)
        moved = self._local(local.date() + timedelta(days=days), local.time())
        return days if moved <= now else days - 1

"""Streaks: the longest run of days or weeks without a gap in a window.

Rule: it is a function of the set of days that hold something that counts; in order it grows or
starts anew at no cost, else all days of the window are read. The other measures are in
`core.counters`.
"""

from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding
from guerdon.core.figures import figure, keep
from guerdon.core.measures import Share
from guerdon.core.readings import Reading


def change_days(
    d: Deciding, reading: Reading, window: str, at: Instant, *, before: Share, after: Share
) -> None:
    """Move a streak: the longest run of days (or weeks) that hold an activity.

    Of a day that refunds with windows of their own took, there may be less than nothing.
    """
    name = reading.days
    gone = {value for value, _ in before.values} - {value for value, _ in after.values}
    came = {value for value, _ in after.values} - {value for value, _ in before.values}
    for value in gone | came:
        key = f"{window}|{value}"
        held = d.look(name, key) or 0
        times = held + (1 if value in came else -1)
        if times:
            d.put(name, key, times)
        else:
            d.drop(name, key)
        if times >= (value in came):
            _restreak(d, reading, window, int(value), at, came=value in came, times=times)


def _restreak(
    d: Deciding, reading: Reading, window: str, day: int, at: Instant, *, came: bool, times: int
) -> None:
    """Reckon the longest run: in order it grows or starts anew, else all days are read."""
    best, last_at, last_day, run = figure(d, reading, window) or (0, 0, None, 0)
    if came and (last_day is None or day >= last_day):
        if last_day is None or day > last_day + 1:
            run = 1
        elif day == last_day + 1:
            run += 1
        best, last_day = max(best, run), day
    elif times <= 1:
        days = days_of(d, reading, window)
        best, run = longest_run(days)
        last_day = days[-1] if days else None
    last_at = max(last_at, at) if came else last_at
    keep(d, reading, window, (best, last_at, last_day, run))


def days_of(d: Deciding, reading: Reading, window: str) -> list[int]:
    """Return the days of a window that hold something that counts, in ascending order."""
    return sorted(
        int(key.rpartition("|")[2])
        for key, times in d.everything(reading.days).items()
        if times > 0 and key.rpartition("|")[0] == window
    )


def longest_run(days: list[int]) -> tuple[int, int]:
    """Return the longest run of consecutive numbers in ascending `days`, and the last run."""
    best = run = 0
    before: int | None = None
    for day in days:
        run = run + 1 if before is not None and day == before + 1 else 1
        best, before = max(best, run), day
    return best, run

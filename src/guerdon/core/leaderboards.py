"""Leaderboards: members in order of a counter's value.

Rule: the order is total and the same everywhere: value descending, then who reached it first, then
member id. Only values above 0 are shown. Where rows are kept is the engine's and the stores'
matter.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from guerdon.core.activity import Instant
from guerdon.core.program import Leaderboard, Window, WindowKind
from guerdon.core.windows import DAY_MS, Calendar


class Row(NamedTuple):
    """A member's value in one window, and when the last activity that counted happened."""

    member: str
    value: int
    at: Instant


class Place(NamedTuple):
    """A row with its rank, from 1."""

    rank: int
    member: str
    value: int


def place_key(row: Row) -> tuple[int, int, str]:
    """Return what rows are sorted by."""
    return -row.value, row.at, row.member


def rank(rows: Iterable[Row], *, shared: bool) -> list[Place]:
    """Return the rows in order with their ranks; with `shared`, equal values share one: 1, 1, 3."""
    places: list[Place] = []
    for position, row in enumerate(sorted((r for r in rows if r.value > 0), key=place_key), 1):
        tied = shared and places and places[-1].value == row.value
        places.append(Place(places[-1].rank if tied else position, row.member, row.value))
    return places


def pinned(board: Leaderboard, calendar: Calendar) -> Leaderboard:
    """Return a leaderboard whose rolling window `asof` pins as the span that this window was then.

    Other windows hold the instant themselves, and their figures stay when it has passed.
    """
    period = board.window.period
    if board.asof is None or board.window.kind is not WindowKind.ROLLING or period is None:
        return board
    longest = (period.months * 31 + period.days + 3) * DAY_MS
    before = range(board.asof - longest, board.asof + 1)
    left = bisect_right(before, board.asof, key=lambda at: calendar.leaves(Instant(at), period))
    begin, end = Instant(before[left]), Instant(board.asof + 1)
    return replace(board, window=Window(WindowKind.FIXED, begin=begin, end=end))


def period_of(board: Leaderboard, calendar: Calendar, now: Instant) -> Instant:
    """Return the first instant of the window shown now, which names the period of its scores."""
    begin, _ = calendar.bounds(board.window, now if board.asof is None else board.asof)
    return begin

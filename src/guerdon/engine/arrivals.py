"""The order of arrival: texts that sort as activities came, within a process and between them.

Rule: the instant in milliseconds comes first, then a count that never repeats within the process,
then the process; a clock that stands still or goes back does not break the order of one process.
"""

import secrets
from collections.abc import Callable

from guerdon.core.activity import Instant


class Arrivals:
    """Gives each arrival its place; one a process."""

    __slots__ = ("_clock", "_count", "_last", "_process")

    def __init__(self, clock: Callable[[], Instant]) -> None:
        self._clock = clock
        self._last = 0
        self._count = 0
        self._process = secrets.token_hex(3)

    def __call__(self) -> str:
        """Return the next place."""
        now = self._clock()
        if now > self._last:
            self._last, self._count = now, 0
        else:
            self._count += 1
        return f"{self._last:012x}{self._count:05x}{self._process}"


def arrived_at(order: str) -> Instant | None:
    """Return when something came that has this place; None for a tick, which did not come."""
    return None if ".tick." in order else stands_at(order)


def stands_at(order: str) -> Instant:
    """Return the instant by which a place is before or behind others."""
    return Instant(int(order[:12], 16))


def right_before(order: str) -> str:
    """Return the place before a place and behind all that came before that count of its instant.

    It belongs to that place alone. `!` sorts before all that orders are made of.
    """
    return f"{order[:_COUNTED]}!{order}"


_COUNTED = 12 + 5  # the digits of instant and count; the process follows

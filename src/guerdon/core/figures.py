"""Where the figures of readings lie: one in the head for single windows, else a shelf by window.

Rule: whoever changes a figure says so (`touched`), because thresholds are asked only when the
figure they rest on moved.
"""

from guerdon.core.deciding import Deciding
from guerdon.core.readings import Reading
from guerdon.core.standing import Figure


def figure(d: Deciding, reading: Reading, window: str) -> Figure | None:
    """Return what is kept of a reading's value in a window."""
    if reading.keys is None:
        return d.standing.figures.get(reading.id)
    return d.look(reading.win, window)  # type: ignore[no-any-return]


def keep(d: Deciding, reading: Reading, window: str, found: Figure) -> None:
    """Keep a reading's value in a window, and remember that it changed."""
    before = figure(d, reading, window)
    if reading.keys is None:
        d.standing.figures[reading.id] = found
    else:
        d.put(reading.win, window, found)
    d.touch(reading.id, window, 0 if before is None else int(before[0]))


def windows_of(d: Deciding, reading: Reading) -> list[str]:
    """Return every window that the reading has a figure for; asks for those outside the head."""
    if reading.keys is None:
        return [""] if reading.id in d.standing.figures else []
    return list(d.everything(reading.win))

"""Redemptions that wait for a partner: which ones, and by when they must be fulfilled.

Rule: those whose time ends first lie in the head, so that when time next changes something is read
off it. What is given, and what comes back where nothing is, is decided in `core.redemptions`.
"""

from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding
from guerdon.core.standing import Plain, Standing

SHELF = "unfulfilled"
"""By the redemption's activity key: until when it waits, and since when."""


def order(entry: Plain) -> tuple[int, int, int]:
    """Return the place of a waiting redemption among the others."""
    return entry[0], entry[1], 0


def wait(d: Deciding, key: str, until: Instant) -> None:
    """Let a redemption wait."""
    d.put_ordered(SHELF, key, [until, d.now], order, fresh=True)


def waiting(d: Deciding) -> dict[str, Plain]:
    """Return every redemption that waits, by its activity's key."""
    return d.everything(SHELF)


def overdue(d: Deciding) -> list[str]:
    """Return those in the head whose time is over, in order."""
    shelf = d.standing.shelves.get(SHELF)
    return (
        [] if shelf is None else [key for key, (until, _) in shelf.items.items() if until <= d.now]
    )


def end(d: Deciding, key: str) -> None:
    """Let one wait no longer; the head holds the next ones, as long as there are any."""
    d.drop(SHELF, key)
    if not d.shelf(SHELF).items:
        d.pull(SHELF, "front", order)


def next_end(standing: Standing) -> Instant | None:
    """Return when the time of a waiting redemption is over next."""
    shelf = standing.shelves.get(SHELF)
    if shelf is None or not shelf.items:
        return None
    return Instant(next(iter(shelf.items.values()))[0])

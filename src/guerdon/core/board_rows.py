"""A member's rows on leaderboards, where something other than counting moves them.

Rule: what counts writes its rows by itself. Here rows are written anew because the member's
attributes or the version's leaderboards changed, or go because the account does.
"""

from guerdon.core.counters import window_key
from guerdon.core.deciding import Deciding
from guerdon.core.figures import figure, windows_of
from guerdon.core.program import Leaderboard
from guerdon.core.readings import Reading
from guerdon.core.rulebook import Version


def ask_anew(d: Deciding) -> None:
    """Let leaderboards that ask for attributes ask anew, in the window that each of them shows."""
    for board in filter(lambda each: each.eligible, d.program.leaderboards.values()):
        reading, window = _shown(d, board)
        d.touch(reading.id, window)


def follow_version(d: Deciding, former: Version) -> None:
    """Let leaderboards that are new, or ask otherwise who is shown, have what was counted before.

    Nothing was counted now: missions and badges are not asked.
    """
    for board in d.program.leaderboards.values():
        old = former.program.leaderboards.get(board.id)
        if old is not None and (old.eligible, old.asof) == (board.eligible, board.asof):
            continue
        reading, window = _shown(d, board)
        if figure(d, reading, window) is not None:
            d.touch(reading.id, window)
    d.turn()


def leave(d: Deciding) -> None:
    """Take the rows of an account that is closed from leaderboards, in whatever window."""
    for _, reading in d.state.boards:
        for window in windows_of(d, reading):
            d.touch(reading.id, window)


def _shown(d: Deciding, board: Leaderboard) -> tuple[Reading, str]:
    """Return what a leaderboard reads, and the window that it shows.

    A span, the one window of its reading, is shown before it begins and afterwards, too.
    """
    reading = d.state.reading_of(board.counter, board.window)
    shown = d.now if board.asof is None else board.asof
    return reading, window_key(d, reading, shown) or ""

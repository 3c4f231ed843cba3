"""What the tests of the embedded stack ask about processes that are not their own children."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

DEADLINE_SECONDS = 60.0
TURN_SECONDS = 0.02
"""Deadlines are counted in turns: a machine that stands still takes none."""


def runs(pid: int) -> bool:
    """Whether `pid` runs; one that has ended and is only waiting to be buried does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def all_gone(pids: Iterable[int]) -> bool:
    """Whether all of `pids` end within the deadline."""
    remaining = set(pids)
    return becomes_true(lambda: not {pid for pid in remaining if runs(pid)})


def becomes_true(asked: Callable[[], object], *, seconds: float = DEADLINE_SECONDS) -> bool:
    """Ask again and again until the answer is yes, or the deadline has passed."""
    for _ in range(round(seconds / TURN_SECONDS)):
        if asked():
            return True
        time.sleep(TURN_SECONDS)
    return bool(asked())


def children_of(pid: int) -> set[int]:
    """Return the ids of all processes that `pid` started, and those that they started."""
    direct = {
        int(child)
        for tasks in Path(f"/proc/{pid}/task").glob("*/children")
        for child in tasks.read_text().split()
    }
    return direct.union(*(children_of(child) for child in direct))

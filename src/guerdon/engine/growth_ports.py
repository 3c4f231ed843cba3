"""What growing asks of the stores: every step of it is done wholly or not at all."""

from typing import NamedTuple, Protocol

from guerdon.core.errors import GuerdonError
from guerdon.engine.lanes import Layout
from guerdon.engine.records import Hold


class LanesRefused(GuerdonError):
    """Lanes cannot be divided so, or somebody is at it; the message says what can be done."""

    code = "LANES_REFUSED"


class LaneMoved(Exception):
    """Another growth has moved this old lane by now, and its members go on in the new ones."""


class Growing(NamedTuple):
    """A growth that was begun: the new division, and the old lanes that are empty already."""

    layout: Layout
    moved: frozenset[int]


class Census(NamedTuple):
    """How much changes lanes."""

    standings: int
    pages: int
    scores: int


class Growth(Protocol):
    """Moving a program's members into the lanes of a new epoch."""

    async def census(self, program: str) -> Census:
        """Return how much there is to move."""
        ...

    async def begin(self, program: str, before: Layout, lanes: int) -> Growing:
        """Open the new epoch with all its lanes closed, or go on with what was begun.

        Raises:
            LanesRefused: Another process is at it, or it was begun with another number.
        """
        ...

    async def keep(self, program: str, layout: Layout) -> None:
        """Stay the one who grows to this division.

        Raises:
            LanesRefused: Another process has taken over, or is done.
        """
        ...

    async def copy_pages(
        self, hold: Hold, layout: Layout, after: str, limit: int
    ) -> tuple[int, str]:
        """Copy the next pages behind a place; return how many, and the place.

        Raises:
            LaneLost: The old lane is another's.
            LaneMoved: It was moved before.
        """
        ...

    async def move_scores(self, hold: Hold, layout: Layout, limit: int) -> int:
        """Move the next leaderboard rows; return how many, 0 at the end.

        Raises:
            LaneLost: The old lane is another's.
            LaneMoved: It was moved before.
        """
        ...

    async def move_standings(self, hold: Hold, layout: Layout, limit: int) -> int:
        """Move the next heads; return how many, 0 at the end.

        Raises:
            LaneLost: The old lane is another's.
            LaneMoved: It was moved before.
        """
        ...

    async def open(self, hold: Hold, layout: Layout) -> None:
        """Let the lanes that this one's members went to be taken, and note that it is empty.

        Raises:
            LaneLost: The old lane is another's.
            LaneMoved: It was moved before.
        """
        ...

    async def clear_pages(self, program: str, lane: int, limit: int) -> int:
        """Delete what was copied out of an old lane; return how many, 0 at the end."""
        ...

    async def finish(self, program: str, layout: Layout) -> None:
        """Forget that there was another division than this."""
        ...

"""What the engine asks of the live side, as protocols; of the stores: `ports`.

Rule: all of it may be away at any moment (`LiveDown`), and nothing that was promised depends on it.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from guerdon.engine.records import Board, Build, Projected, Rate, ScoreRow, Taken, Topic


class BoardWriter(Protocol):
    """The projection of leaderboards."""

    async def write(
        self, program: str, rows: Sequence[ScoreRow], *, lane: int, before: int, seq: int
    ) -> Projected:
        """Write rows and move the lane's mark from `before` to `seq`.

        One round trip, and two where a leaderboard is new to this process: before the mark moves,
        those that are not whole are noted as `unbuilt`.

        Raises:
            LiveDown: Redis does not answer; the mark did not move.
        """
        ...

    async def begin(self, program: str, board: Board, *, apart: bool) -> Build:
        """Begin to build a leaderboard, in place or apart; who was at it before is not any more.

        It counts as `unbuilt` until it is said to be `built`: whoever begins may be killed.
        """
        ...

    async def fill(self, build: Build, rows: Sequence[ScoreRow]) -> None:
        """Add rows.

        Raises:
            BuildLost: What was added before is gone, or another builds it.
            LiveDown: Redis does not answer.
        """
        ...

    async def finish(self, build: Build) -> None:
        """Say that the leaderboard is whole; what was built apart takes the present one's place.

        Raises:
            BuildLost: It is not whole, for what was added is gone, or another builds it.
            LiveDown: Redis does not answer.
        """
        ...

    async def built(self, build: Build) -> None:
        """Say that nothing is left to do for the leaderboard."""
        ...

    async def unbuilt(self, program: str) -> list[Board]:
        """Return the leaderboards that somebody met unbuilt, or began, and that nobody built."""
        ...

    async def differing(self, program: str, board: Board, rows: Sequence[ScoreRow]) -> list[str]:
        """Return the members whose rows are missing, behind, or otherwise than these say.

        A row that is ahead of the one given is not: it was written since that was read.

        Raises:
            NotBuilt: The leaderboard is not there as a whole.
            LiveDown: Redis does not answer.
        """
        ...

    async def size(self, program: str, board: Board) -> int:
        """Return how many rows are shown."""
        ...

    async def marks(self, program: str, lanes: Collection[int]) -> dict[int, int | None]:
        """Return up to which sequence each lane is projected; None where that is not known."""
        ...

    async def mark(
        self, program: str, marks: Mapping[int, int], *, held: str | None = None
    ) -> None:
        """Set marks after a rebuild, never backwards, and only while the lock is `held`.

        Raises:
            BuildLost: The lock is gone, and perhaps what was built under it.
            LiveDown: Redis does not answer.
        """
        ...

    def lock(
        self, program: str, board: Board | None = None
    ) -> AbstractAsyncContextManager[str | None]:
        """Hold the lock of building a leaderboard, or all of them; None where another holds it."""
        ...


class Signal(Protocol):
    """Set whenever something changed; also after a lost connection, when anything may have."""

    async def wait(self, timeout_ms: int) -> bool:
        """Wait for a change since the last call; False when none came in time."""
        ...


class Channels(Protocol):
    """Live channels: they carry only "something changed", readers read again."""

    def listen(
        self, program: str, topics: Collection[Topic]
    ) -> AbstractAsyncContextManager[Signal]:
        """Listen until the context ends; one connection serves the whole process."""
        ...

    async def announce(self, program: str, topics: Collection[Topic]) -> None:
        """Say that these changed.

        Raises:
            LiveDown: Redis does not answer.
        """
        ...


class Hints(Protocol):
    """Wake-ups for workers; they may be lost, because the sweep finds what waits."""

    def wake(self, program: str, lanes: Collection[int]) -> None:
        """Say that something waits; returns at once, whatever Redis does."""
        ...

    async def heard(self, program: str, lane: int) -> None:
        """Say that a lane is looked at now: until then one hint for it is enough."""
        ...


class Rates(Protocol):
    """Allowances that all processes share, by name: buckets that fill up again with time."""

    async def take(self, name: str, rate: Rate, *, need: int, want: int, back: int = 0) -> Taken:
        """Give `back` units back, then take `need` to `want` units, or none.

        A negative `back` is spent already: it is taken whatever is there.

        Raises:
            LiveDown: Redis does not answer.
        """
        ...


class Pressure(Protocol):
    """Whether more can be taken."""

    async def check(self, program: str) -> None:
        """Let pass, or refuse with the time after which to come back.

        Raises:
            ComeBack: Some lane is too far behind.
        """
        ...

    async def is_parking_full(self, program: str) -> bool:
        """Tell whether as many activities are parked as may wait to be decided."""
        ...

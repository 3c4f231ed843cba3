"""Entries of leaderboards: who stands where in a period, and what others may see of them.

The rule: of another member nothing is shown but the public profile. Entries are read by the place
of the last one that was shown, never by counting from the top.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import cast

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.connections import Found, Key, Listing, PageInfo
from guerdon.api.context import Context
from guerdon.api.describe import kind, kinds, noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import amount
from guerdon.api.nodes import Node
from guerdon.api.transport import AboutViewer
from guerdon.core import program as core
from guerdon.core.activity import Instant
from guerdon.core.windows import FAR, add
from guerdon.engine import read
from guerdon.engine.faces import FACES
from guerdon.engine.outcomes import BoardRow, Face
from guerdon.engine.world import Board, Topic

END = (-(2**62), FAR, "")
"""A key behind every entry: a lower value than any counter holds."""


@noun
class Profile:
    """What other members may see of a member."""

    display_name: str | None = says("The name the member shows; null where none was given.")
    avatar_url: str | None = says("Where the member's picture is, if there is one.")
    is_viewer: bool = says("Whether this is the member who asks.")
    external_id: str | None = says(
        "The member's id in the owner's system; for the owner's keys only, never for members."
    )


@noun
class LeaderboardEntry(Node):
    """A member's place on a leaderboard."""

    rank: int = says("The place, from 1; ties share it or not, as the leaderboard says.")
    score: Decimal = says("The counter's value.")
    profile: Profile = says("Who it is.")


@noun
class LeaderboardEntryEdge:
    """An entry on a page of a leaderboard."""

    cursor: str = says("Where the entry stands: behind it, whatever moves.")
    node: LeaderboardEntry = says("The entry.")


@noun
class LeaderboardEntryConnection:
    """A page of a leaderboard, the first rank first."""

    edges: list[LeaderboardEntryEdge] = says("The entries of the page.")
    page_info: PageInfo = says("Where the page lies in the list.")
    total_count: int = says("How many entries the leaderboard has in this period.")


@kinds
class PeriodState(Enum):
    """Whether a period can still change."""

    OPEN = kind("open", "It runs.")
    CLOSING = kind("closing", "It is over; activities that arrive late still count.")
    CLOSED = kind("closed", "It is over for good: nothing changes any more.")


class Period:
    """One period of a leaderboard: what its entries are read and shown with."""

    __slots__ = ("board", "catalogue", "ends", "leaderboard", "scale")

    def __init__(
        self,
        catalogue: Catalogue,
        leaderboard: core.Leaderboard,
        bounds: tuple[Instant, Instant | None],
    ) -> None:
        begin, self.ends = bounds
        self.catalogue = catalogue
        self.leaderboard = leaderboard
        self.scale = catalogue.counter_scale(leaderboard.counter)
        self.board = Board(leaderboard.id, begin, leaderboard.shared_ranks)

    @classmethod
    def holding(
        cls, catalogue: Catalogue, leaderboard: core.Leaderboard, at: Instant
    ) -> "Period | None":
        """Return the period that holds an instant, None where the leaderboard has none there."""
        bounds = catalogue.rulebook.calendar.bounds(
            leaderboard.window, at if leaderboard.asof is None else leaderboard.asof
        )
        begin, ends = bounds
        if leaderboard.asof is None and (at < begin or (ends is not None and at >= ends)):
            return None
        return cls(catalogue, leaderboard, bounds)

    @property
    def topic(self) -> Topic:
        """What is told when a row of the leaderboard has changed."""
        return Topic("board", self.board.leaderboard)

    def state(self, now: Instant) -> PeriodState:
        """Return whether the period can still change; late activities count up to `max_age`."""
        if self.ends is None or now < self.ends:
            return PeriodState.OPEN
        age = self.catalogue.program.max_age
        if age is None:
            return PeriodState.CLOSING
        calendar = self.catalogue.rulebook.calendar
        last_day = calendar.day(Instant(self.ends - 1))
        closes = calendar.through(add(last_day, age))
        return PeriodState.CLOSING if now < closes else PeriodState.CLOSED

    def listing(self) -> Listing[BoardRow]:
        """Return how the entries are listed: greatest value first, then who reached it first."""
        return Listing(
            kind=f"entries/{self.board.leaderboard}/{self.board.period}",
            shape=(int, int, str),
            key=lambda row: (row.value, row.at, row.member),
            order=lambda key: (-int(key[0]), *key[1:]),
            end=END,
        )

    def entry(self, context: Context, row: BoardRow, known: Face | None) -> LeaderboardEntry:
        """Return a row as the API shows it to all callers of the same rights."""
        board = self.board
        is_viewer = AboutViewer(row.member) if context.caller.member else False
        return LeaderboardEntry(
            id=strawberry.ID(
                global_id(
                    "LeaderboardEntry",
                    self.catalogue.id,
                    board.leaderboard,
                    str(board.period),
                    row.member,
                )
            ),
            rank=row.rank,
            score=amount(row.value, self.scale),
            profile=Profile(
                display_name=known.display_name if known else None,
                avatar_url=known.avatar_url if known else None,
                is_viewer=cast("bool", is_viewer),
                external_id=known.external_id if known else None,
            ),
        )

    async def entries(self, context: Context, rows: Sequence[BoardRow]) -> list[LeaderboardEntry]:
        """Return rows as the API shows them; faces that are not at hand are read at once."""
        if not rows:
            return []
        context.note(FACES)
        ids = [row.member for row in rows]
        known = await context.world.faces.of(context.program, ids)
        return [self.entry(context, row, known.get(row.member)) for row in rows]


class Reading:
    """Reads stretches of a period's entries, and keeps the total that came along."""

    def __init__(self, context: Context, period: Period) -> None:
        self._context = context
        self._period = period
        self.total = 0

    async def __call__(
        self, *, limit: int, after: Key | None, before: Key | None
    ) -> Found[BoardRow]:
        """Return the rows behind one key, or those just before the other."""
        self._context.note(self._period.topic)
        page = await read.board_page(
            self._context.world,
            self._context.program,
            self._period.board,
            limit=limit,
            after=_row(after),
            before=None if before == END else _row(before),
            from_end=before == END,
        )
        self.total = page.total
        return Found(page.rows, page.has_previous, page.has_next)


def _row(key: Key | None) -> BoardRow | None:
    if key is None:
        return None
    value, at, member = key
    return BoardRow(rank=0, member=str(member), value=int(value), at=Instant(int(at)))

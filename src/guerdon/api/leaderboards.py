"""Leaderboards: their periods, the entries in order, and the live view of them.

The rule: a page is read by the place of its last entry, never by counting from the top, and shows
of other members only their public profile. Ranks and ties are decided in `core`; who may appear is
the program's matter.
"""

import re
from datetime import datetime
from typing import Annotated

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.connections import (
    After,
    Before,
    First,
    Last,
    page_info,
)
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, field, noun, says
from guerdon.api.entries import (
    LeaderboardEntry,
    LeaderboardEntryConnection,
    LeaderboardEntryEdge,
    Period,
    PeriodState,
    Reading,
)
from guerdon.api.ids import GlobalId, global_id
from guerdon.api.instants import maybe_datetime, to_datetime, to_instant
from guerdon.api.nodes import Node
from guerdon.api.references import MemberRef, find_member
from guerdon.api.transport.errors import BadInput
from guerdon.core.activity import Instant
from guerdon.core.windows import FAR
from guerdon.engine import read

NEIGHBOURS = 2
NEIGHBOURS_MAX = 50
LIVE_DEFAULT = 10
LIVE_MAX = 100
_INSTANT = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
VALUE_FAR = 2**62
"""More than any counter holds, in minor units."""


@noun
class LeaderboardPeriod(Node):
    """A leaderboard over one period, such as a month."""

    starts_at: datetime | None = says("When it begins; null for all time.")
    ends_at: datetime | None = says("The first instant after it; null where it has no end.")
    state: PeriodState = says("Whether it can still change.")
    period: strawberry.Private[Period]

    @field
    async def total(self, info: Info) -> int:
        """How many members are on it."""
        context = info.context
        context.note(self.period.topic)
        page = await read.board_page(context.world, context.program, self.period.board, limit=1)
        return page.total

    @field
    async def entries(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> LeaderboardEntryConnection:
        """Its entries, the first rank first."""
        context, period = info.context, self.period
        listing = period.listing()
        asked = listing.range(first=first, after=after, last=last, before=before)
        reading = Reading(context, period)
        page = await listing.page(asked, reading)
        cursors = page.cursors(listing.kind)
        entries = await period.entries(context, page.entries)
        return LeaderboardEntryConnection(
            edges=[
                LeaderboardEntryEdge(cursor=cursor, node=entry)
                for cursor, entry in zip(cursors, entries, strict=True)
            ],
            page_info=page_info(page, cursors),
            total_count=reading.total,
        )

    @field
    async def entry(
        self, info: Info, member: Annotated[MemberRef, argument("Whose entry.")]
    ) -> LeaderboardEntry | None:
        """A member's own entry; null where the member is not on it."""
        context, period = info.context, self.period
        context.note(period.topic)
        member_id = await find_member(context, member)
        if member_id is None:
            return None
        row = await read.board_row(context.world, context.program, period.board, member_id)
        return (await period.entries(context, [row]))[0] if row else None

    @field
    async def around(
        self,
        info: Info,
        member: Annotated[MemberRef, argument("In whose neighbourhood.")],
        above: Annotated[int | None, argument("How many before the member, at most 50.")] = 2,
        below: Annotated[int | None, argument("How many behind the member, at most 50.")] = 2,
    ) -> list[LeaderboardEntry]:
        """A member's entry between its neighbours; empty where the member is not on it."""
        before = bounded("above", above, default=NEIGHBOURS, most=NEIGHBOURS_MAX)
        behind = bounded("below", below, default=NEIGHBOURS, most=NEIGHBOURS_MAX)
        context, period = info.context, self.period
        context.note(period.topic)
        member_id = await find_member(context, member)
        if member_id is None:
            return []
        rows = await read.board_around(
            context.world, context.program, period.board, member_id, above=before, below=behind
        )
        return await period.entries(context, rows)


@noun
class Leaderboard(Node):
    """Members in the order of a counter, period by period."""

    slug: str = says("The leaderboard's short name in the program.")
    name: str = says("What members read.")

    @field
    async def period(
        self,
        info: Info,
        at: Annotated[datetime | None, argument("An instant in the period; absent: now.")] = None,
    ) -> LeaderboardPeriod | None:
        """The period that holds `at`; the current one where it is absent."""
        catalogue = await info.context.catalogue()
        leaderboard = catalogue.leaderboard(self.slug)
        assert leaderboard is not None, "a leaderboard noun is made of a definition"
        now = info.context.now
        period = Period.holding(catalogue, leaderboard, now if at is None else to_instant(at))
        return period_noun(period, now) if period else None


@noun
class LeaderboardQueries:
    """Root fields about leaderboards."""

    @field
    async def leaderboard(
        self, info: Info, slug: Annotated[str, argument("The leaderboard's short name.")]
    ) -> Leaderboard | None:
        """A leaderboard of the program; null where there is none of that name."""
        return leaderboard_noun(await info.context.catalogue(), slug)


def leaderboard_noun(catalogue: Catalogue, slug: str) -> Leaderboard | None:
    """Return a leaderboard as the API shows it, None where no version knows it."""
    leaderboard = catalogue.leaderboard(slug)
    if leaderboard is None:
        return None
    return Leaderboard(
        id=strawberry.ID(global_id("Leaderboard", catalogue.id, slug)),
        slug=slug,
        name=leaderboard.name,
    )


def period_noun(period: Period, now: Instant) -> LeaderboardPeriod:
    """Return a period as the API shows it."""
    board = period.board
    return LeaderboardPeriod(
        id=strawberry.ID(
            global_id(
                "LeaderboardPeriod", period.catalogue.id, board.leaderboard, str(board.period)
            )
        ),
        starts_at=to_datetime(Instant(board.period)) if board.period else None,
        ends_at=maybe_datetime(period.ends),
        state=period.state(now),
        period=period,
    )


def bounded(name: str, asked: int | None, *, default: int, most: int) -> int:
    """Return how many are asked for; null means as many as when nothing is said.

    Raises:
        BadInput: It is out of bounds.
    """
    size = default if asked is None else asked
    if not 0 <= size <= most:
        raise BadInput(f"`{name}` must be between 0 and {most}; it is {size}.")
    return size


async def period_node(context: Context, found: GlobalId) -> LeaderboardPeriod | None:
    """Return the period that an id names."""
    period = await _period_of(context, found.parts(2))
    return period_noun(period, context.now) if period else None


async def entry_node(context: Context, found: GlobalId) -> LeaderboardEntry | None:
    """Return the entry that an id names, as it stands now."""
    parts = found.parts(3)
    period = await _period_of(context, parts[:2]) if parts else None
    if period is None or parts is None:
        return None
    row = await read.board_row(context.world, context.program, period.board, parts[2])
    return (await period.entries(context, [row]))[0] if row else None


async def _period_of(context: Context, parts: tuple[str, ...] | None) -> Period | None:
    """Return the period with this first instant, None where no period begins then."""
    if parts is None or not _INSTANT.fullmatch(parts[1]):
        return None
    catalogue = await context.catalogue()
    leaderboard = catalogue.leaderboard(parts[0])
    begin = Instant(int(parts[1]))
    if leaderboard is None or begin >= FAR:
        return None
    period = Period.holding(catalogue, leaderboard, begin)
    return period if period and period.board.period == begin else None

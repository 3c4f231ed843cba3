"""Leaderboards live: the state that a subscriber sees, whenever it changes.

The rule: each update is the whole visible state, and never the difference to another; so a client
that missed some, because it or the network was slow, has lost nothing.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Annotated

from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, noun, says, subscription
from guerdon.api.entries import LeaderboardEntry, Period
from guerdon.api.instants import to_datetime
from guerdon.api.leaderboards import bounded, leaderboard_noun
from guerdon.api.references import MemberRef, find_member
from guerdon.api.transport.errors import Refused
from guerdon.engine import read, watch
from guerdon.engine.faces import FACES
from guerdon.engine.outcomes import BoardRow, Face
from guerdon.engine.world import Topic

LIVE_DEFAULT = 10
LIVE_MAX = 100


@noun
class LeaderboardUpdate:
    """A leaderboard as it is now: the whole visible state, not a difference."""

    at: datetime = says("As of when.")
    total: int = says("How many members are on it.")
    entries: list[LeaderboardEntry] = says("The first entries, in order.")
    around: list[LeaderboardEntry] = says(
        "The member asked for between its neighbours; empty where none was asked for."
    )


@noun
class LeaderboardSubscriptions:
    """Root fields that follow leaderboards."""

    @subscription
    async def leaderboard_updates(
        self,
        info: Info,
        slug: Annotated[str, argument("The leaderboard's short name.")],
        first: Annotated[int | None, argument("How many entries from the top, at most 100.")] = 10,
        around: Annotated[
            MemberRef | None, argument("Also show this member between its neighbours.")
        ] = None,
    ) -> AsyncIterator[LeaderboardUpdate]:
        """The whole visible state of the current period: at once, then at each change.

        At most a few times a second: a client that missed some has lost nothing.
        """
        many = bounded("first", first, default=LIVE_DEFAULT, most=LIVE_MAX)
        context = info.context
        if leaderboard_noun(await context.catalogue(), slug) is None:
            raise Refused(
                f"There is no leaderboard {slug!r} in this program.", code="NOT_FOUND", status=404
            )
        member_id = None if around is None else await find_member(context, around)
        shown = None
        topics = [Topic("board", slug), FACES]
        changes = watch.changes(context.world, context.program, topics, pause_ms=context.pause_ms)
        async with aclosing(changes):
            async for _ in changes:
                state = await _State.read(context, slug, first=many, member_id=member_id)
                if state.seen != shown:
                    shown = state.seen
                    yield await state.update()


class _State:
    """What a subscriber sees; `seen` is equal where nothing visible changed."""

    def __init__(
        self,
        context: Context,
        period: Period,
        *,
        total: int,
        rows: Sequence[BoardRow],
        around: Sequence[BoardRow],
        faces: Mapping[str, Face],
    ) -> None:
        self._context = context
        self._period = period
        named = tuple(faces.get(row.member) for row in (*rows, *around))
        self.seen = (period.board, total, tuple(rows), tuple(around), named)

    @classmethod
    async def read(
        cls, parent: Context, slug: str, *, first: int, member_id: str | None
    ) -> "_State":
        """Read the state as it is now, in the period that runs now."""
        context = parent.fresh()
        catalogue = await context.catalogue()
        leaderboard = catalogue.leaderboard(slug)
        assert leaderboard is not None, "what a version once had stays readable"
        period = Period.holding(catalogue, leaderboard, context.now)
        if period is None:
            bounds = catalogue.rulebook.calendar.bounds(leaderboard.window, context.now)
            period = Period(catalogue, leaderboard, bounds)
        page = await read.board_page(
            context.world, context.program, period.board, limit=max(first, 1)
        )
        around = (
            await read.board_around(context.world, context.program, period.board, member_id)
            if member_id
            else []
        )
        rows = page.rows[:first]
        shown = {row.member for row in (*rows, *around)}
        faces = await context.world.faces.of(context.program, shown)
        return cls(context, period, total=page.total, rows=rows, around=around, faces=faces)

    async def update(self) -> LeaderboardUpdate:
        """Return the state as the API shows it."""
        _, total, rows, around, _ = self.seen
        entries = await self._period.entries(self._context, [*rows, *around])
        return LeaderboardUpdate(
            at=to_datetime(self._context.now),
            total=total,
            entries=entries[: len(rows)],
            around=entries[len(rows) :],
        )

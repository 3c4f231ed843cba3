"""Reading: members settled to now, journals, activities, leaderboards.

Rule: a reader never sees a stale state: what time alone has changed since the last decision is
applied by the same pure `settle` first. Nothing is written here.
"""

from collections.abc import Callable, Collection
from typing import TypeVar

from guerdon.core.activity import Instant
from guerdon.core.decision import Given
from guerdon.engine.inputs import MemberRef
from guerdon.engine.outcomes import (
    BoardPage,
    BoardRow,
    JournalEntry,
    Page,
    Profile,
    SettledMember,
)
from guerdon.engine.world import Board, Caller, World

View = TypeVar("View")


async def find(world: World, caller: Caller, ref: MemberRef) -> str | None:
    """Return the id of the member whom a reference leads to, None where there is none.

    A member's own token leads to nobody else.
    """
    raise NotImplementedError


async def members(
    world: World, program: str, ids: Collection[str], *, at: Instant | None = None
) -> dict[str, SettledMember]:
    """Return members settled to now (or `at`), in one round trip for all."""
    raise NotImplementedError


async def view(world: World, member: SettledMember, show: Callable[[Given], View]) -> View:
    """Return what `show` makes of the member, fetching the pages it asks for (`Needed`)."""
    raise NotImplementedError


async def profiles(world: World, program: str, ids: Collection[str]) -> dict[str, Profile]:
    """Return profiles by member id."""
    raise NotImplementedError


async def directory(
    world: World,
    program: str,
    *,
    limit: int,
    after: str | None = None,
    before: str | None = None,
    search: str | None = None,
) -> Page[Profile]:
    """Return members by ascending external id; `after` and `before` are external ids."""
    raise NotImplementedError


async def directory_total(world: World, program: str) -> int:
    """Return how many members the program has."""
    raise NotImplementedError


async def journal(
    world: World,
    program: str,
    member: str,
    *,
    limit: int,
    after: int | None = None,
    before: int | None = None,
) -> Page[JournalEntry]:
    """Return a member's entries newest first: older than `after`, or just newer than `before`.

    Both are `member_seq`.
    """
    raise NotImplementedError


async def activities(world: World, program: str, keys: Collection[str]) -> dict[str, JournalEntry]:
    """Return activities by key (`reporter/id`): decided, pending, parked and failed ones."""
    raise NotImplementedError


async def waiting(world: World, program: str) -> int:
    """Return how many accepted activities are not yet decided."""
    raise NotImplementedError


async def board_page(
    world: World,
    program: str,
    board: Board,
    *,
    limit: int,
    after: BoardRow | None = None,
    before: BoardRow | None = None,
) -> BoardPage:
    """Return rows behind `after` or just before `before` (value, at and member of a row shown)."""
    raise NotImplementedError


async def board_row(world: World, program: str, board: Board, member: str) -> BoardRow | None:
    """Return a member's row, None where the member has none."""
    raise NotImplementedError


async def board_around(
    world: World, program: str, board: Board, member: str, *, above: int = 2, below: int = 2
) -> list[BoardRow]:
    """Return the member's row and its neighbours; empty where the member has none."""
    raise NotImplementedError

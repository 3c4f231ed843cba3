"""Reading: members settled to now, journals, activities, leaderboards.

Rule: a reader never sees a stale state: what time alone has changed since the last decision is
applied by the same pure `settle` first. Nothing is written here.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from guerdon.core.activity import Instant
from guerdon.core.decision import Given
from guerdon.core.plain import standing_from_plain
from guerdon.core.rulebook import Rulebook
from guerdon.core.settle import settle
from guerdon.core.standing import Standing
from guerdon.engine.entries import entry_of, failed_entry, pending_entry
from guerdon.engine.epochs import locate
from guerdon.engine.fetch import Peeks, Shelves, answer
from guerdon.engine.inputs import Identity, MemberRef
from guerdon.engine.outcomes import (
    BoardPage,
    BoardRow,
    JournalEntry,
    Page,
    Profile,
    SettledMember,
)
from guerdon.engine.ports import Boards
from guerdon.engine.pseudonyms import meant_by
from guerdon.engine.records import Board, Place
from guerdon.engine.refusals import LiveDown
from guerdon.engine.resolve import EXTERNAL
from guerdon.engine.world import Caller, Role, World

View = TypeVar("View")


# ---------------------------------------------------------------- members


async def find(world: World, caller: Caller, ref: MemberRef) -> str | None:
    """Return the id of the member whom a reference leads to, None where there is none.

    A member's own token leads to nobody else.
    """
    if ref.id is not None:
        meant = meant_by(caller, ref.id)
        member = (await world.members.known(caller.program, [meant])).get(meant)
    else:
        identity = ref.identity or Identity(EXTERNAL, ref.external_id or "")
        led = (await world.members.find(caller.program, [identity])).get(identity)
        member = None if led is None else led.member
    if caller.role is Role.MEMBER and member != caller.member:
        return None
    return member


async def members(
    world: World, program: str, ids: Collection[str], *, at: Instant | None = None
) -> dict[str, SettledMember]:
    """Return members settled to now (or `at`), their heads read in one round trip for all."""
    rulebook = await world.rulebooks.get(program)
    layout = await world.rulebooks.layout(program)
    known = await world.members.profiles(program, ids)
    located = await locate(world, program, known, layout)
    standings = {
        member: Standing(member=member) if plain is None else standing_from_plain(plain)
        for member, (_, plain) in located.items()
    }
    if any(rulebook.is_behind(standing) for standing in standings.values()):
        rulebook = await world.rulebooks.fresh(program)
    found = {}
    for member, profile in known.items():
        standing, owner = standings[member], (located[member][0], member)
        found[member] = await _settled(world, rulebook, profile, standing, owner=owner, at=at)
    return found


async def _settled(
    world: World,
    rulebook: Rulebook,
    profile: Profile,
    standing: Standing,
    *,
    owner: tuple[int, str],
    at: Instant | None,
) -> SettledMember:
    now = world.clock() if at is None else at
    shelves = Shelves(world, rulebook.id)
    shelves.known_as(profile.id, standing.absorbed)
    if standing.enrolled_at is not None and standing.merged_into is None:
        decision = await answer(
            lambda given: settle(rulebook, standing, now, given),
            Given(),
            shelves,
            owner=owner,
            claims=Peeks(world, rulebook.id),
        )
        # Pages that settling would write are seen by the views of this member.
        shelves.write(owner[1], decision.pages)
        standing = decision.standing
    return SettledMember(
        profile=profile,
        standing=standing,
        rulebook=rulebook,
        at=now,
        given=Given(),
        shelves=shelves,
        lane=owner[0],
    )


async def view(world: World, member: SettledMember, show: Callable[[Given], View]) -> View:
    """Return what `show` makes of the member, fetching the pages it asks for (`Needed`)."""
    shelves = member.shelves
    assert isinstance(shelves, Shelves)
    claims = Peeks(world, member.rulebook.id)
    owner = member.lane, member.profile.id
    return await answer(show, member.given, shelves, owner=owner, claims=claims)


async def profiles(world: World, program: str, ids: Collection[str]) -> dict[str, Profile]:
    """Return profiles by member id."""
    return await world.members.profiles(program, ids)


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
    found = await world.members.page(
        program, limit=limit + 1, after=after, before=before, search=search
    )
    more = len(found) > limit
    items = found[:limit]
    if before is not None:
        return Page(items=tuple(reversed(items)), has_previous=more, has_next=True)
    return Page(items=tuple(items), has_previous=after is not None, has_next=more)


async def directory_total(world: World, program: str) -> int:
    """Return how many members the program has."""
    return await world.members.total(program)


# ---------------------------------------------------------------- journal


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
    found = await world.journal.of_member(
        program, member, limit=limit + 1, after=after, before=before
    )
    more = len(found) > limit
    items = [entry_of(entry) for entry in found[:limit]]
    if before is not None:
        return Page(items=tuple(reversed(items)), has_previous=more, has_next=True)
    return Page(items=tuple(items), has_previous=after is not None, has_next=more)


async def redemptions(
    world: World,
    program: str,
    member: SettledMember,
    *,
    limit: int,
    after: Place | None = None,
    before: Place | None = None,
) -> Page[JournalEntry]:
    """Return a member's redemptions newest first, those of absorbed members too.

    Older than `after`, or just newer than `before`.
    """
    members = (member.profile.id, *member.standing.absorbed)
    found = await world.journal.redemptions(
        program, members, limit=limit + 1, after=after, before=before
    )
    more = len(found) > limit
    items = [entry_of(entry) for entry in found[:limit]]
    if before is not None:
        return Page(items=tuple(reversed(items)), has_previous=more, has_next=True)
    return Page(items=tuple(items), has_previous=after is not None, has_next=more)


async def activities(world: World, program: str, keys: Collection[str]) -> dict[str, JournalEntry]:
    """Return activities by key (`reporter/id`): decided, pending, parked and failed ones."""
    marks = await world.receipts.marks(program, keys)
    lanes = {key: mark.lane for key, mark in marks.items()}
    entries = await world.journal.entries(program, lanes)
    found = {key: entry_of(entry) for key, entry in entries.items()}
    left = {key: mark for key, mark in marks.items() if key not in found}
    if not left:
        return found
    aside = await world.inbox.aside(program, left)
    found |= {key: failed_entry(each) for key, each in aside.items()}
    places = {key: (mark.lane, mark.order) for key, mark in left.items() if key not in found}
    waits = await world.inbox.find(program, places)
    found |= {key: pending_entry(each.activity) for key, each in waits.items()}
    missed = {key: lanes[key] for key in places if key not in found}
    if missed:
        # Decided between the two looks.
        late = await world.journal.entries(program, missed)
        found |= {key: entry_of(entry) for key, entry in late.items()}
    return found


async def waiting(world: World, program: str) -> int:
    """Return how many accepted activities are not yet decided."""
    return await world.inbox.depth(program, world.limits.waiting_max)


# ---------------------------------------------------------------- leaderboards


async def board_page(
    world: World,
    program: str,
    board: Board,
    *,
    limit: int,
    after: BoardRow | None = None,
    before: BoardRow | None = None,
    from_end: bool = False,
) -> BoardPage:
    """Return rows behind `after` or just before `before` (value, at and member of a row shown).

    `from_end` gives the last rows.
    """
    return await _from_either(
        world,
        lambda boards: boards.page(
            program, board, limit=limit, after=after, before=before, from_end=from_end
        ),
    )


async def board_row(world: World, program: str, board: Board, member: str) -> BoardRow | None:
    """Return a member's row, None where the member has none."""
    return await _from_either(world, lambda boards: boards.row(program, board, member))


async def board_around(
    world: World, program: str, board: Board, member: str, *, above: int = 2, below: int = 2
) -> list[BoardRow]:
    """Return the member's row and its neighbours; empty where the member has none."""
    return await _from_either(
        world, lambda boards: boards.around(program, board, member, above=above, below=below)
    )


async def _from_either(world: World, ask: Callable[[Boards], Awaitable[View]]) -> View:
    """Ask Redis, and MongoDB where Redis is away or has not got this leaderboard."""
    try:
        return await ask(world.boards)
    except LiveDown:
        return await ask(world.scores)

"""Standings made anew from the journal: what differs is found and, if wanted, replaced.

Rule: a standing is replaced only by an exact recount (`recount`), whole, with its pages, by a
transaction that names the lane's fence and sequence; so nothing that is decided meanwhile is lost.
Whoever cannot be recounted exactly is left as they are, and counted by the reason. Leaderboards
and what is shared are not touched: the journal's figures stay what they were.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic

from guerdon.core.plain import record_to_plain, standing_from_plain, standing_to_plain
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import ERASED, PageRef, PageWrite, Standing
from guerdon.engine.fetch import RECORD
from guerdon.engine.growth_ports import LanesRefused
from guerdon.engine.lanes import lane_of
from guerdon.engine.rebuild import Progress, silent
from guerdon.engine.records import (
    Batch,
    Hold,
    LaneLost,
    Outdated,
    PageWrites,
    Person,
    StandingWrite,
)
from guerdon.engine.recount import Inexact, Pages, Recount
from guerdon.engine.world import World

_AT_ONCE = 200
_LOOKS = 5
_LANE_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class Recounted:
    """What came of it: `different` names members, `left` counts those left alone by the reason."""

    looked: int = 0
    same: int = 0
    different: list[str] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)


async def rebuild(
    world: World, program: str, *, dry_run: bool, progress: Progress = silent
) -> Recounted:
    """Compare all members' standings with their journals, and replace them unless `dry_run`.

    Raises:
        NotFound: There is no such program.
        LanesRefused: Its lanes grow at present.
        StoreDown: MongoDB does not answer; what was replaced so far is right.
    """
    rulebook = await world.rulebooks.fresh(program)
    if (await world.rulebooks.layout(program)).outgoing is not None:
        raise LanesRefused(f"The lanes of {program} grow at present; ask again after that.")
    found = Recounted()
    total = await world.members.total(program)
    after = ""
    while members := await world.evidence.members(program, after, _AT_ONCE):
        people = await world.evidence.people(program, members)
        for member in members:
            progress(found.looked, max(total, found.looked))
            found.looked += 1
            try:
                await _member(world, rulebook, people[member], found, dry_run=dry_run)
            except Inexact as reason:
                found.left[str(reason)] += 1
        after = members[-1]
    progress(found.looked, found.looked)
    return found


async def _member(
    world: World, rulebook: Rulebook, person: Person, found: Recounted, *, dry_run: bool
) -> None:
    if person.status == ERASED:
        raise Inexact("erased")
    if person.merged_into is not None:
        raise Inexact("merged into another account")
    look = await _Look(world, rulebook, person.member).at_rest()
    if look.is_same:
        found.same += 1
        return
    if not dry_run:
        await _mend(world, rulebook, person.member)
    found.different.append(person.member)


class _Look:
    """One member as stored and as recounted."""

    def __init__(self, world: World, rulebook: Rulebook, member: str) -> None:
        self._world = world
        self._rulebook = rulebook
        self.member = member
        self.stored: Standing | None = None
        self.pages: Pages = {}
        self.recount = Recount(world, rulebook, member)

    async def at_rest(self) -> "_Look":
        """Look until nothing was decided meanwhile.

        Raises:
            Inexact: The member cannot be recounted, or does not come to rest.
        """
        for _ in range(_LOOKS):
            self.stored = await self._head()
            self.recount = Recount(self._world, self._rulebook, self.member)
            await self.recount.run()
            if self.stored is not None and self.stored.seq > self.recount.standing.seq:
                raise Inexact("counts more entries than the journal has")
            await self._settle_alike()
            self.pages = await self._stored_pages()
            after = await self._head()
            if (after and after.version) == (self.stored and self.stored.version):
                return self
        raise Inexact("does not come to rest: something is decided all the time")

    @property
    def is_same(self) -> bool:
        """Whether what is stored is what it should be."""
        rightful: Standing | None = self.recount.standing
        if self.stored is None and not self.recount.standing.seq:
            rightful = None  # nothing was ever decided
        return self.pages == self.recount.pages and _plain(self.stored) == _plain(rightful)

    def changes(self) -> list[PageWrite]:
        """Return what is to be written for the pages to be as recounted."""
        rightful = self.recount.pages
        gone = [
            PageWrite(shelf, key, "", None)
            for shelf, key in self.pages
            if (shelf, key) not in rightful
        ]
        return gone + [
            PageWrite(shelf, key, *held)
            for (shelf, key), held in rightful.items()
            if self.pages.get((shelf, key)) != held
        ]

    async def owner(self) -> tuple[int, str]:
        """Return the lane and the member."""
        layout = await self._world.rulebooks.layout(self._rulebook.id)
        return lane_of(self.member, layout), self.member

    async def _head(self) -> Standing | None:
        program = self._rulebook.id
        heads = await self._world.standings.load(program, [await self.owner()])
        plain = heads.get(self.member)
        try:
            return None if plain is None else standing_from_plain(plain)
        except (LookupError, TypeError, ValueError) as error:
            raise Inexact("is stored in a shape that cannot be read") from error

    async def _settle_alike(self) -> None:
        """Bring the recount as far as ticks that left no entry have brought what is stored."""
        if self.stored is not None and self.stored.settled_at <= self._world.clock():
            await self.recount.settle(self.stored.settled_at)

    async def _stored_pages(self) -> Pages:
        shelves = {RECORD, *self.recount.standing.shelves}
        shelves |= {shelf for shelf, _ in self.recount.pages}
        if self.stored is not None:
            shelves |= set(self.stored.shelves)
        refs = [PageRef(shelf, "all") for shelf in sorted(shelves)]
        rows = await self._world.pages.load(self._rulebook.id, {await self.owner(): refs})
        return {(shelf, key): (sort, value) for shelf, key, sort, value in rows[self.member]}


def _plain(standing: Standing | None) -> object:
    """Return a head in a shape that compares whatever is stored of it but the count of commits.

    Which version it follows is read off the journal too, and shows in what is compared.
    """
    if standing is None:
        return None
    standing = standing_from_plain(record_to_plain(standing_to_plain(standing)))
    fields = {
        name: getattr(standing, name)
        for name in Standing.__dataclass_fields__
        if name not in ("version", "follows", "shelves")
    }
    shelves = {name: (shelf.items, shelf.spilled) for name, shelf in standing.shelves.items()}
    return fields, shelves


async def _mend(world: World, rulebook: Rulebook, member: str) -> None:
    """Replace one member's standing by its recount, holding the lane.

    Raises:
        Inexact: It cannot be, and is as it was.
    """
    look = _Look(world, rulebook, member)
    lane, _ = await look.owner()
    for _ in range(_LOOKS):
        hold = await _held(world, rulebook.id, lane)
        try:
            await look.at_rest()
            if look.is_same:
                return
            await world.commit(_batch(hold, look))
        except (LaneLost, Outdated):
            continue
        else:
            return
        finally:
            await world.lanes.release(hold)
            # Whoever was turned away meanwhile has left it to us to look again.
            if await world.inbox.waits(rulebook.id, lane):
                world.hints.wake(rulebook.id, {lane})
    raise Inexact("is not stored under the number of commits that it names, or is never at rest")


async def _held(world: World, program: str, lane: int) -> Hold:
    until = monotonic() + _LANE_SECONDS
    while (hold := await world.lanes.take(program, lane)) is None:
        if monotonic() > until:
            raise Inexact("its lane is held by others all the time")
        await asyncio.sleep(_PAUSE_SECONDS)
    return hold


def _batch(hold: Hold, look: _Look) -> Batch:
    before = 0 if look.stored is None else look.stored.version
    standing = look.recount.standing
    standing.version = before + 1
    write = StandingWrite(look.member, before, standing_to_plain(standing), standing.due_at)
    pages = [PageWrites(look.member, changes)] if (changes := look.changes()) else []
    return Batch(hold=hold, standings=[write], pages=pages)

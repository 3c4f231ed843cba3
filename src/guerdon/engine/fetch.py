"""Giving the core what it asks for: pages, records of earlier activities, claims.

The core raises `Needed`; here it is fetched and the same question asked again. Within a batch the
pages that an earlier activity wrote are seen by later ones, although they are not stored yet. Rule:
a fetch happens outside the lane's transaction, which is right because nobody else writes what
belongs to a lane, and the transaction fails if somebody did.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol, TypeVar

from guerdon.core.activity import Instant
from guerdon.core.backfill import HISTORY, told
from guerdon.core.decision import Claim, Given, Needed
from guerdon.core.plain import standing_from_plain
from guerdon.core.redemptions import CODE
from guerdon.core.standing import FRONT, PageRef, PageWrite, Plain, Shelf, Standing
from guerdon.engine.crash import CrashPoint
from guerdon.engine.epochs import locate
from guerdon.engine.records import Entry, Reserved
from guerdon.engine.world import World

Held = tuple[str, Plain] | None
Answer = TypeVar("Answer")

RECORD = "record"
DONOR = "donor"
_ROUNDS_MAX = 1_000
_HISTORY_AT_ONCE = 1_000


class Undecidable(Exception):
    """The core cannot decide this activity: a mistake of ours, whatever the activity says."""


class Claims(Protocol):
    """Who answers claims."""

    async def __call__(self, claim: Claim) -> int:
        """Return how much of a claim was got."""
        ...


class Shelves:
    """Pages of members as they are now: as stored, and as written since in this batch."""

    def __init__(self, world: World, program: str) -> None:
        self._world = world
        self._program = program
        self._known: dict[tuple[str, str, str], Held] = {}
        self._whole: set[tuple[str, str]] = set()
        self._written: dict[tuple[str, str], dict[str, Held]] = {}
        self._records: dict[str, Plain] = {}
        self._noted: dict[str, list[Entry]] = {}
        self._names: dict[str, frozenset[str]] = {}

    def known_as(self, member: str, names: Collection[str]) -> None:
        """Note the ids of accounts that a member absorbed: their records are the member's.

        Records that were somebody else's until now are looked up again.
        """
        if not names:
            return
        before = self._names.get(member, frozenset())
        self._names[member] = before | frozenset(names)
        if self._names[member] == before:
            return
        for key in [key for key, held in self._known.items() if held is None]:
            if key[:2] == (member, RECORD):
                del self._known[key]

    def write(self, member: str, writes: Iterable[PageWrite]) -> None:
        """Note pages that a decision writes."""
        for shelf, key, sort, value in writes:
            entry = None if value is None else (sort, value)
            self._known[(member, shelf, key)] = entry
            self._written.setdefault((member, shelf), {})[key] = entry

    def note(self, entry: Entry) -> None:
        """Note what later activities may need to know of one decided in this batch."""
        self._noted.setdefault(entry.member or "", []).append(entry)
        if RECORD in entry.decision:
            self._records[entry.key] = {**entry.decision[RECORD], "activity": entry.activity}

    def writes(self) -> dict[str, list[PageWrite]]:
        """Return all pages written, by member, each once."""
        found: dict[str, list[PageWrite]] = {}
        for (member, shelf), entries in self._written.items():
            found.setdefault(member, []).extend(
                PageWrite(shelf, key, entry[0] if entry else "", entry[1] if entry else None)
                for key, entry in entries.items()
            )
        return found

    def known(self, standing: Standing, stored: Standing) -> Given:
        """Return what is known of a standing without reading anything.

        That is each shelf whose stored part lies in the head as a whole: what lies outside by now
        was laid there in this batch.
        """
        given = Given()
        if standing is stored:
            return given
        for name, shelf in standing.shelves.items():
            had = stored.shelves.get(name)
            if shelf.spilled and name != RECORD and (had is None or not had.spilled):
                written = self._written.get((standing.member, name), {})
                given.entries |= {(name, key): entry for key, entry in written.items()}
                given.loaded.add(PageRef(name, "all"))
                self._whole.add((standing.member, name))
        return given

    async def load(self, asked: Mapping[tuple[int, str], Iterable[PageRef]]) -> None:
        """Read pages that will be asked for, all in one go; fronts are read when they are."""
        wanted: dict[tuple[int, str], list[PageRef]] = {}
        for owner, refs in asked.items():
            missing = [ref for ref in refs if not self._has(owner[1], ref)]
            if missing:
                wanted[owner] = missing
        if not wanted:
            return
        found = await self._world.pages.load(self._program, wanted)
        for _, member in wanted:
            for shelf, key, sort, value in found[member]:
                self._known.setdefault((member, shelf, key), (sort, value))
        await self._load_records(
            {
                ref.key: owner
                for owner, refs in wanted.items()
                for ref in refs
                if ref.shelf == RECORD and self._known.get((owner[1], RECORD, ref.key)) is None
            }
        )
        # Only now: whoever reads at the same time takes what is known for all there is.
        for (_, member), refs in wanted.items():
            for ref in refs:
                if ref.scope == "all":
                    self._whole.add((member, ref.shelf))
                elif ref.scope == "one":
                    self._known.setdefault((member, ref.shelf, ref.key), None)

    def _has(self, member: str, ref: PageRef) -> bool:
        if ref.scope == "one":
            # A record that lies on no page may be what the journal says of its activity.
            is_whole = ref.shelf != RECORD and (member, ref.shelf) in self._whole
            return is_whole or (member, ref.shelf, ref.key) in self._known
        return ref.scope == "front" or (member, ref.shelf) in self._whole

    async def _load_records(self, keys: Mapping[str, tuple[int, str]]) -> None:
        """Read what the journal keeps of earlier activities; those elsewhere by their receipts."""
        if not keys:
            return
        journal = self._world.journal
        lanes = {key: lane for key, (lane, _) in keys.items()}
        found = await journal.entries(self._program, lanes)
        missing = [key for key in keys if key not in found and key not in self._records]
        if missing:
            marks = await self._world.receipts.marks(self._program, missing)
            elsewhere = {key: mark.lane for key, mark in marks.items() if mark.lane != lanes[key]}
            if elsewhere:
                found |= await journal.entries(self._program, elsewhere)
        for key, entry in found.items():
            record = entry.decision.get(RECORD)
            member = keys[key][1]
            own = entry.member == member or entry.member in self._names.get(member, ())
            if record is not None and own:
                self._records.setdefault(key, {**record, "activity": entry.activity})

    async def give(self, given: Given, owner: tuple[int, str], refs: Iterable[PageRef]) -> None:
        """Put the answers to these refs into `given`."""
        refs = tuple(refs)
        await self.load({owner: [ref for ref in refs if ref.shelf not in (DONOR, HISTORY)]})
        member = owner[1]
        for ref in refs:
            if ref.shelf == DONOR:
                donor = given.donors[ref.key] = await self._donor(ref.key)
                self.known_as(member, (donor.member, *donor.absorbed))
            elif ref.shelf == HISTORY:
                given.entries |= await self._history(ref.key)
            elif ref.scope == "one":
                given.entries[(ref.shelf, ref.key)] = self._one(member, ref)
            elif ref.scope == "all" or (member, ref.shelf) in self._whole:
                entries = self._all(member, ref.shelf)
                given.entries |= entries if ref.scope == "all" else _front(entries, ref.key)
            else:
                given.entries |= await self._read_front(owner, ref)
            given.loaded.add(ref)

    async def _donor(self, member: str) -> Standing:
        """Return the whole standing of a member that was given up, its pages in the head.

        It lies in another lane, but nothing changes it any more.
        """
        layout = await self._world.rulebooks.layout(self._program)
        lane, plain = (await locate(self._world, self._program, [member], layout))[member]
        if plain is None:
            return Standing(member=member)
        owner = lane, member
        standing = standing_from_plain(plain)
        # Records changed since lie on pages that no head counts.
        spilled = {RECORD} | {name for name, shelf in standing.shelves.items() if shelf.spilled}
        await self.load({owner: [PageRef(name, "all") for name in sorted(spilled)]})
        for name in spilled:
            entries = self._all(member, name)
            items = {key: entry[1] for (_, key), entry in entries.items() if entry is not None}
            shelf = standing.shelves.get(name) or Shelf()
            standing.shelves[name] = Shelf({**shelf.items, **items})
        return standing

    async def _history(self, member: str) -> dict[tuple[str, str], Held]:
        """Return all that was accepted of a member, as stored and as decided in this batch.

        It is read whole, once for each version that brings counters to fill.
        """
        found: list[Entry] = []
        seq = 0
        while entries := await self._world.journal.of_member(
            self._program, member, limit=_HISTORY_AT_ONCE, before=seq
        ):
            found += entries
            seq = entries[-1].member_seq
        return {
            (HISTORY, entry.key): (
                f"{entry.activity['received']:015d}{entry.member_seq:012d}",
                told(
                    member,
                    entry.activity,
                    entry.decision.get(RECORD, {}).get("kept"),
                    entry.decision.get("effects", ()),
                ),
            )
            for entry in (*found, *self._noted.get(member, ()))
            if entry.decision["result"] == "accepted"
        }

    def _one(self, member: str, ref: PageRef) -> Held:
        entry = self._known.get((member, ref.shelf, ref.key))
        if entry is None and ref.shelf == RECORD and ref.key in self._records:
            return "", self._records[ref.key]
        return entry

    def _all(self, member: str, shelf: str) -> dict[tuple[str, str], Held]:
        return {
            (shelf, key): entry
            for (owner, own, key), entry in self._known.items()
            if owner == member and own == shelf and entry is not None
        }

    async def _read_front(
        self, owner: tuple[int, str], ref: PageRef
    ) -> dict[tuple[str, str], Held]:
        """Return the first entries: as stored, with what was written since in its place."""
        written = self._written.get((owner[1], ref.shelf), {})
        found = await self._world.pages.load(self._program, {owner: [ref]}, extra=len(written))
        entries: dict[tuple[str, str], Held] = {
            (shelf, key): (sort, value)
            for shelf, key, sort, value in found[owner[1]]
            if key not in written
        }
        entries |= {(ref.shelf, key): entry for key, entry in written.items() if entry is not None}
        return _front(entries, ref.key)


def _front(entries: Mapping[tuple[str, str], Held], after: str) -> dict[tuple[str, str], Held]:
    """Return the first entries whose sort is greater than `after`."""
    found = [
        (entry[0], name, entry)
        for name, entry in entries.items()
        if entry is not None and (not after or entry[0] > after)
    ]
    found.sort(key=lambda each: each[:2])
    return {name: entry for _, name, entry in found[:FRONT]}


class Reservations:
    """The claims of one activity: reserved outside the transaction, kept or given back later.

    What one activity holds of a thing is one reservation. Where it wants less of it than it asked
    for before (a comfort, after the budget was too small for the prize), it is answered from that.
    """

    def __init__(self, world: World, program: str, holder: str) -> None:
        self._world = world
        self._program = program
        self._holder = holder
        self.held: list[Claim] = []

    async def __call__(self, claim: Claim) -> int:
        """Return how much of a claim was got; what was got is held for a while."""
        if claim.kind == "member":
            return len(await self._world.members.known(self._program, [claim.key]))
        if claim.peek:
            return await self._world.shared.peek(self._program, claim)
        held = next((it for it in self.held if it[:2] == claim[:2]), None)
        if held is not None:
            return min(held.amount, claim.amount)
        until = Instant(self._world.clock() + self._world.limits.reserved_ms)
        got = await self._world.shared.reserve(self._program, Reserved(claim, self._holder), until)
        if got:
            self.held.append(claim._replace(amount=got))
            is_code = claim.kind == CODE
            self._world.crash(CrashPoint.AFTER_CODE if is_code else CrashPoint.AFTER_CLAIM)
        return got


async def answer(
    ask: Callable[[Given], Answer],
    given: Given,
    shelves: Shelves,
    *,
    owner: tuple[int, str],
    claims: Claims,
) -> Answer:
    """Return what `ask(given)` returns, fetching what it needs as often as it asks.

    Raises:
        Undecidable: The core failed, which is a mistake of ours; what failed in fetching is raised
            as it is, because the database's faults say nothing of the activity.
    """
    for _ in range(_ROUNDS_MAX):
        try:
            return ask(given)
        except Needed as needed:
            pages, wanted = needed.pages, needed.claims
        except Exception as error:
            raise Undecidable(type(error).__name__) from error
        if all(ref in given.loaded for ref in pages) and all(c in given.claims for c in wanted):
            raise Undecidable(f"the core asks again for what it was given: {pages or wanted}")
        if pages:
            await shelves.give(given, owner, pages)
        for claim in wanted:
            given.claims[claim] = await claims(claim)
    raise Undecidable("the core does not stop asking")


class Peeks:
    """Answers claims by looking, where nothing may be reserved, as in reading."""

    def __init__(self, world: World, program: str) -> None:
        self._world = world
        self._program = program

    async def __call__(self, claim: Claim) -> int:
        """Return how much of a claim there is at present, at most what was asked for."""
        if claim.kind == "member":
            return len(await self._world.members.known(self._program, [claim.key]))
        there = await self._world.shared.peek(self._program, claim)
        return there if claim.peek else min(there, claim.amount)

"""What the engine asks of the stores, as protocols; of the live side: `live_ports`.

Rule: the program (the tenant) is the first argument of every call and comes from the credential
alone, so that no call can reach another program's documents.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from guerdon.core.activity import Instant
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import PageRef, Plain
from guerdon.engine.inputs import Identity
from guerdon.engine.lanes import Layout
from guerdon.engine.outcomes import BoardPage, BoardRow, Face, Profile, VersionText
from guerdon.engine.records import (
    Aside,
    Batch,
    Board,
    Entry,
    Found,
    Hold,
    Load,
    Mark,
    ScoreRow,
    Waiting,
    Waking,
)
from guerdon.engine.reward_ports import RewardJournal


class Rulebooks(Protocol):
    """Programs, compiled and kept in memory."""

    async def get(self, program: str) -> Rulebook:
        """Return the program as it was at most a second ago.

        Raises:
            NotFound: Nothing was published under that id.
        """
        ...

    async def fresh(self, program: str) -> Rulebook:
        """Return the program as it is now; deciding asks so, once a batch."""
        ...

    async def layout(self, program: str) -> Layout:
        """Return the program's division into lanes."""
        ...


class Programs(Protocol):
    """The documents of programs, by version."""

    async def publish(
        self, program: str, version: VersionText, *, expected: int, lanes: int
    ) -> bool:
        """Store a version if `expected` is still the newest; tell whether it was."""
        ...

    async def versions(self, program: str) -> list[VersionText]:
        """Return all versions, oldest first."""
        ...

    async def head(self, program: str) -> tuple[int, Layout] | None:
        """Return the newest version's number and the lanes; None where nothing was published."""
        ...

    async def waking(self, program: str) -> Waking:
        """Return how far members were woken because a version began."""
        ...

    async def wake_on(self, program: str, before: Waking, after: Waking) -> None:
        """Note how far it came, unless somebody else came further than `before`."""
        ...

    async def names(self) -> list[str]:
        """Return all programs; for what runs over all of them, such as the sweep."""
        ...


class Members(Protocol):
    """Profiles and identities: who is who. The owner's own id is an identity of scheme ""."""

    async def find(self, program: str, identities: Collection[Identity]) -> dict[Identity, Found]:
        """Return whom these identities lead to; unknown ones are missing."""
        ...

    async def known(self, program: str, ids: Collection[str]) -> dict[str, str]:
        """Return the ids that exist, each with the member it leads to now (after merges)."""
        ...

    async def absorbed(self, program: str, ids: Collection[str]) -> dict[str, list[str]]:
        """Return the members who were merged into these, by whom they lead to."""
        ...

    async def claim(self, program: str, identity: Identity, found: Found) -> Found:
        """Make an identity lead to a member unless it is taken; return whom it leads to."""
        ...

    async def create(
        self, program: str, profiles: Sequence[tuple[Profile, str]]
    ) -> dict[str, Found]:
        """Create members, each with its enrollment's id; return whom each external id leads to.

        Whoever comes second under an external id is led to the first.
        """
        ...

    async def settled(self, program: str, ids: Collection[str]) -> None:
        """Note that the enrollments of these members were decided; forgetting costs time only."""
        ...

    async def profiles(self, program: str, ids: Collection[str]) -> dict[str, Profile]:
        """Return profiles by member id."""
        ...

    async def faces(self, program: str, ids: Collection[str]) -> dict[str, Face]:
        """Return what others see of members, by member id; less than a profile, in one read."""
        ...

    async def update(
        self,
        program: str,
        member: str,
        *,
        since: str,
        display_name: str | None,
        avatar_url: str | None,
    ) -> None:
        """Change what is given (not None) of a profile, unless a later change said otherwise.

        `since` is the place of the change among all that arrived.
        """
        ...

    async def page(
        self, program: str, *, limit: int, after: str | None, before: str | None, search: str | None
    ) -> list[Profile]:
        """Return profiles by ascending external id; before a `before`, descending."""
        ...

    async def total(self, program: str) -> int:
        """Return how many members there are."""
        ...


class Receipts(Protocol):
    """Which activity ids were used, over the whole program, for ever."""

    async def enter(
        self, program: str, marks: Mapping[str, Mark], refs: Mapping[str, str]
    ) -> tuple[dict[str, Mark], dict[str, str]]:
        """Write receipts by key and claims of references by name; return those that were there."""
        ...

    async def take_ref(self, program: str, ref: str, *, old: str, new: str) -> bool:
        """Hand a reference from one activity's key to another's, if it is still the old one's."""
        ...

    async def forget_refs(self, program: str, refs: Mapping[str, str]) -> None:
        """Delete claims of references by name, if they are still these holders'."""
        ...

    async def withdraw(self, program: str, keys: Collection[str]) -> None:
        """Delete receipts of activities that count for nothing, so that their ids are free."""
        ...

    async def marks(self, program: str, keys: Collection[str]) -> dict[str, Mark]:
        """Return receipts by key."""
        ...

    async def refs(self, program: str, names: Collection[str]) -> dict[str, str]:
        """Return the keys of the activities that hold these references; free ones are missing."""
        ...

    async def move(self, program: str, marks: Mapping[str, Mark]) -> None:
        """Note that activities that were parked have a place in an inbox now."""
        ...


class Inbox(Protocol):
    """Accepted and not yet decided, by lane, in order of arrival; and what was set aside."""

    async def put(self, program: str, entries: Sequence[tuple[int, Waiting]]) -> None:
        """Write entries by lane, each for itself; one that is there already stays."""
        ...

    async def put_together(self, program: str, lanes: Mapping[int, Sequence[Waiting]]) -> None:
        """Write the entries that one request brings, those of a lane in as few bundles as may be.

        Only what has its first place now may stand at the front of a lane's entries.
        """
        ...

    async def take(self, program: str, lane: int, limit: int) -> Load:
        """Return the first bundles of a lane; they stay until a batch is committed.

        At least one where something waits, and no more entries than `limit` except of that one;
        fewer than there are where bundles hold other numbers than before.
        """
        ...

    async def waits(self, program: str, lane: int) -> bool:
        """Tell whether anything waits in a lane."""
        ...

    async def depth(self, program: str, limit: int) -> int:
        """Return how many wait in all lanes together, counting no further than `limit`."""
        ...

    async def lanes(self, program: str, layout: Layout) -> dict[int, str]:
        """Return the lanes in which something waits, each with the first entry's order."""
        ...

    async def find(self, program: str, places: Mapping[str, tuple[int, str]]) -> dict[str, Waiting]:
        """Return what still waits of these keys, given their lanes and orders."""
        ...

    async def park(self, program: str, entries: Sequence[Aside]) -> None:
        """Keep activities apart until their identity is linked; one that is there stays."""
        ...

    async def unpark(self, program: str, keys: Collection[str]) -> None:
        """Forget activities that were parked and have gone on to a member."""
        ...

    async def aside(self, program: str, keys: Collection[str]) -> dict[str, Aside]:
        """Return what was set aside of these keys."""
        ...

    async def failed(self, program: str, limit: int) -> list[Aside]:
        """Return what failed and was set aside, by key."""
        ...

    async def restore(self, program: str, lane: int, entry: Aside, waiting: Waiting) -> None:
        """Put what failed back into an inbox; nothing where it is not set aside any more."""
        ...

    async def parked_counts(self, program: str, identities: Collection[str]) -> dict[str, int]:
        """Return how many activities are parked for these identities; none are missing."""
        ...

    async def parked_total(self, program: str, limit: int) -> int:
        """Return how many activities are parked, counting no further than `limit`."""
        ...

    async def parked(self, program: str, identity: str, limit: int) -> list[Aside]:
        """Return activities parked for an identity, in order of arrival."""
        ...


class Lanes(Protocol):
    """The lane documents: lock, fence and sequence."""

    async def take(self, program: str, lane: int) -> Hold | None:
        """Take a lane unless another's lease on it is still running."""
        ...

    async def release(self, hold: Hold) -> None:
        """Give a lane back, if it is still held so."""
        ...

    async def seqs(self, program: str) -> dict[int, int]:
        """Return the sequence of each lane that ever committed."""
        ...


class Standings(Protocol):
    """The heads, in plain form."""

    async def load(self, program: str, members: Collection[tuple[int, str]]) -> dict[str, Plain]:
        """Return heads by member id; asked for with their lanes."""
        ...

    async def due(
        self, program: str, until: Instant, limit: int, *, skip: int = 0
    ) -> list[tuple[str, Instant]]:
        """Return members whose standing has something to do by `until`, earliest first."""
        ...

    async def page(self, program: str, after: str, limit: int) -> list[tuple[str, str]]:
        """Return (place, member) of open standings behind a place ("": from the first), in order.

        Fewer than `limit` mean that there are no more.
        """
        ...


class Pages(Protocol):
    """Entries of shelves outside the head."""

    async def load(
        self, program: str, asked: Mapping[tuple[int, str], Sequence[PageRef]], *, extra: int = 0
    ) -> dict[str, list[tuple[str, str, str, Plain]]]:
        """Return (shelf, key, sort, value) by member; `front` refs bring `extra` more."""
        ...


class Journal(RewardJournal, Protocol):
    """Decided activities; append-only."""

    async def results(self, program: str, keys: Mapping[str, int]) -> dict[str, str]:
        """Return the results of those keys (by lane) that are decided."""
        ...

    async def entries(self, program: str, keys: Mapping[str, int]) -> dict[str, Entry]:
        """Return the entries of keys (by lane) that are decided."""
        ...

    async def of_member(
        self,
        program: str,
        member: str,
        *,
        limit: int,
        after: int | None = None,
        before: int | None = None,
    ) -> list[Entry]:
        """Return entries newest first below `after`; oldest first above `before`."""
        ...

    async def since(self, program: str, lane: int, seq: int, limit: int) -> list[Entry]:
        """Return a lane's entries after a sequence, in order."""
        ...


class Boards(Protocol):
    """Leaderboards as they are read; Redis and MongoDB both offer this, in the same order."""

    async def page(
        self,
        program: str,
        board: Board,
        *,
        limit: int,
        after: BoardRow | None = None,
        before: BoardRow | None = None,
        from_end: bool = False,
    ) -> BoardPage:
        """Return the rows behind `after` or before `before`, or the last ones, in order.

        Raises:
            LiveDown: Redis does not answer, or does not have this leaderboard.
        """
        ...

    async def row(self, program: str, board: Board, member: str) -> BoardRow | None:
        """Return a member's row."""
        ...

    async def around(
        self, program: str, board: Board, member: str, *, above: int, below: int
    ) -> list[BoardRow]:
        """Return a member's row between its neighbours; nothing where the member has none."""
        ...


class Scores(Boards, Protocol):
    """One row a member, leaderboard and period: what Redis is rebuilt from and read instead of."""

    async def rows(
        self, program: str, leaderboard: str, period: int, *, after: str | None, limit: int
    ) -> list[ScoreRow]:
        """Return rows by ascending member id, removed ones included."""
        ...

    async def periods(self, program: str) -> list[tuple[str, int]]:
        """Return all (leaderboard, period) that have rows."""
        ...


class Commit(Protocol):
    """The one transaction."""

    async def __call__(self, batch: Batch) -> None:
        """Write a batch, all or nothing.

        Raises:
            LaneLost: The fence or the sequence is another's.
            Outdated: A standing or a reservation is not as it was read.
            AlreadyDecided: An activity's key is in the journal.
            StoreDown: The outcome is unknown or nothing was written; decide anew.
        """
        ...

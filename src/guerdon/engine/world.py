"""The world as the engine sees it: a clock, the stores behind protocols, the live side.

`World` is built by `guerdon.wiring` and handed to every verb; nothing here has behaviour of its
own but `lane_of`. Rule: the program (the tenant) is the first argument of every call and comes from
the credential alone, so that no call can reach another program's documents.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol
from zlib import crc32

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim, Score
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import PageRef, PageWrite, Plain
from guerdon.engine.crash import CrashPoints
from guerdon.engine.inputs import Identity
from guerdon.engine.outcomes import BoardPage, BoardRow, Key, Profile, VersionText


class Role(StrEnum):
    """The kinds of credentials."""

    MEMBER = "member"
    PARTNER = "partner"
    SERVICE = "service"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as told by the credential alone; it belongs to exactly one program."""

    program: str
    role: Role
    reporter: str
    member: str | None = None
    partner: str | None = None
    scopes: frozenset[str] = frozenset()
    key_id: str | None = None
    expires_at: Instant | None = None


def reporter_of(role: Role, *, member: str | None = None, partner: str | None = None) -> str:
    """Return the name under which a credential reports: the ids of activities are its own."""
    if role is Role.PARTNER:
        return f"partner:{partner}"
    if role is Role.MEMBER:
        return f"member:{member}"
    return "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Into how many lanes a program's members are divided; another number opens a new epoch."""

    lanes: int
    epoch: int = 1


_EPOCH = 1 << 16  # more lanes than an epoch may have


def lanes_of(layout: Layout) -> range:
    """Return the numbers of the lanes: those of different epochs never meet."""
    first = (layout.epoch - 1) * _EPOCH
    return range(first, first + layout.lanes)


def lane_of(member: str | None, layout: Layout) -> int:
    """Return the lane that decides a member; what concerns the whole program has the first one."""
    slot = 0 if member is None else crc32(member.encode()) % layout.lanes
    return (layout.epoch - 1) * _EPOCH + slot


# ---------------------------------------------------------------- what the stores hand over


class Found(NamedTuple):
    """Whom an identity leads to; `enrollment` is the id of an enrollment not known as decided."""

    member: str
    enrollment: str | None = None


class Mark(NamedTuple):
    """A receipt: `print` is the fingerprint, `order` the place in the inbox, `lane` the lane."""

    print: bytes
    lane: int
    order: str
    member: str | None


class Waiting(NamedTuple):
    """One entry of an inbox: its place and the activity in plain form."""

    order: str
    activity: Plain


class Hold(NamedTuple):
    """A lane held: only a commit that names this fence and sequence can succeed."""

    program: str
    lane: int
    fence: int
    seq: int


class Aside(NamedTuple):
    """An activity that is in no inbox: parked for its identity, or failed and set aside."""

    key: str
    state: str
    reason: str
    order: str
    activity: Plain
    identity: str | None = None


class StandingWrite(NamedTuple):
    """A standing to store: `before` is the version that was read, 0 for a new one."""

    member: str
    before: int
    plain: Plain
    due_at: Instant | None


class ScoreRow(NamedTuple):
    """A member's row on a leaderboard period; the greater `seq` (the member's) wins."""

    member: str
    seq: int
    score: Score


class Entry(NamedTuple):
    """A journal entry as it is stored: figures, ids and the decision in plain form."""

    lane: int
    seq: int
    key: str
    member: str | None
    member_seq: int
    decided_at: Instant
    activity: Plain
    decision: Plain


class Reserved(NamedTuple):
    """A reservation of something shared, held by the activity named `holder`."""

    claim: Claim
    holder: str


class Moved(NamedTuple):
    """An activity that another lane decides than the one it was accepted for."""

    key: str
    lane: int
    order: str
    member: str


class PageWrites(NamedTuple):
    """Pages of one member to store."""

    member: str
    writes: Sequence[PageWrite]


@dataclass(slots=True, kw_only=True)
class Batch:
    """All that one transaction writes for a lane; nothing of it is there before all of it is."""

    hold: Hold
    releases_lane: bool = False
    entries: list[Entry] = field(default_factory=list)
    standings: list[StandingWrite] = field(default_factory=list)
    pages: list[PageWrites] = field(default_factory=list)
    scores: list[ScoreRow] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    follow_ups: list[tuple[int, Waiting]] = field(default_factory=list)
    failed: list[Aside] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    merged: list[tuple[str, str]] = field(default_factory=list)
    unlinked: list[tuple[Identity, str]] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    confirmed: list[Reserved] = field(default_factory=list)
    given_back: list[Reserved] = field(default_factory=list)


class LaneLost(Exception):
    """Another worker took the lane: what was decided must be thrown away."""


class Outdated(Exception):
    """A standing or a reservation is not as it was read: decide the same activities anew."""


class AlreadyDecided(Exception):
    """The journal holds one of the batch's activities already."""


class StoreDown(Exception):
    """The database did not answer in time, or lost its primary; nothing was written or all was."""


# ---------------------------------------------------------------- the stores


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

    async def update(
        self, program: str, member: str, *, display_name: str | None, avatar_url: str | None
    ) -> None:
        """Change what is given (not None) of a profile."""
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


class Inbox(Protocol):
    """Accepted and not yet decided, by lane, in order of arrival; and what was set aside."""

    async def put(self, program: str, entries: Sequence[tuple[int, Waiting]]) -> None:
        """Write entries by lane; one that is there already stays."""
        ...

    async def take(self, program: str, lane: int, limit: int) -> list[Waiting]:
        """Return the first entries of a lane; they stay until a batch is committed."""
        ...

    async def depth(self, program: str, lane: int, limit: int) -> int:
        """Return how many wait, counting no further than `limit`."""
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

    async def aside(self, program: str, keys: Collection[str]) -> dict[str, Aside]:
        """Return what was set aside of these keys."""
        ...

    async def parked(self, program: str, identity: str, limit: int) -> list[Aside]:
        """Return activities parked for an identity, in order of arrival."""
        ...


class Lanes(Protocol):
    """The lane documents: lock, fence and sequence."""

    async def take(self, program: str, lane: int) -> Hold | None:
        """Take a lane unless somebody's lease on it is still running."""
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

    async def due(self, program: str, until: Instant, limit: int) -> list[tuple[str, Instant]]:
        """Return members whose standing has something to do by `until`, earliest first."""
        ...


class Pages(Protocol):
    """Entries of shelves outside the head."""

    async def load(
        self, program: str, asked: Mapping[tuple[int, str], Sequence[PageRef]], *, extra: int = 0
    ) -> dict[str, list[tuple[str, str, str, Plain]]]:
        """Return (shelf, key, sort, value) by member; `front` refs bring `extra` more."""
        ...


class Journal(Protocol):
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


class Board(NamedTuple):
    """One period of a leaderboard."""

    leaderboard: str
    period: int
    shared_ranks: bool = False


class Boards(Protocol):
    """Leaderboards as they are read; Redis and MongoDB both offer this, in the same order."""

    async def page(
        self,
        program: str,
        board: "Board",
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

    async def row(self, program: str, board: "Board", member: str) -> BoardRow | None:
        """Return a member's row."""
        ...

    async def around(
        self, program: str, board: "Board", member: str, *, above: int, below: int
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


class Shared(Protocol):
    """Stock, budgets, limits and code pools: counters that all members share."""

    async def reserve(self, program: str, wanted: Reserved, until: Instant) -> int:
        """Reserve what is to be had and return how much; asked again, the same answer."""
        ...

    async def peek(self, program: str, claim: Claim) -> int:
        """Return what is there."""
        ...

    async def release(self, program: str, reserved: Collection[Reserved]) -> None:
        """Give reservations back that were not confirmed."""
        ...

    async def stale(self, program: str, now: Instant, limit: int) -> list[Reserved]:
        """Return reservations whose time has passed."""
        ...


class Keys(Protocol):
    """API keys: hashed secrets."""

    async def add(self, program: str, entry: Key, digest: bytes) -> None:
        """Store a key."""
        ...

    async def find(self, program: str, key_id: str) -> tuple[Key, bytes] | None:
        """Return a key and its digest."""
        ...

    async def list(self, program: str) -> list[Key]:
        """Return a program's keys, newest first."""
        ...

    async def revoke(self, program: str, key_id: str, at: Instant) -> Key | None:
        """Revoke a key for good and return it."""
        ...


class Secrets(Protocol):
    """The installation's secrets."""

    async def token_secret(self) -> bytes:
        """Return what signs member tokens."""
        ...

    async def key_pepper(self) -> bytes:
        """Return what API keys are hashed with."""
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


# ---------------------------------------------------------------- the live side


class BoardWriter(Protocol):
    """The projection of leaderboards."""

    async def write(
        self, program: str, rows: Sequence[ScoreRow], *, lane: int, before: int, seq: int
    ) -> "Projected":
        """Write rows and move the lane's mark from `before` to `seq`, in one round trip.

        Raises:
            LiveDown: Redis does not answer; the mark did not move.
        """
        ...

    async def clear(self, program: str, board: Board) -> None:
        """Throw away what was built apart."""
        ...

    async def fill(
        self, program: str, board: Board, rows: Sequence[ScoreRow], *, apart: bool
    ) -> None:
        """Add rows, to the leaderboard in place or to one that is built apart."""
        ...

    async def finish(self, program: str, board: Board) -> None:
        """Say that the leaderboard in place is whole."""
        ...

    async def swap(self, program: str, board: Board) -> None:
        """Put the leaderboard that was built apart in the place of the present one."""
        ...

    async def marks(self, program: str, lanes: Collection[int]) -> dict[int, int | None]:
        """Return up to which sequence each lane is projected; None where that is not known."""
        ...

    async def mark(self, program: str, marks: Mapping[int, int]) -> None:
        """Set marks after a rebuild, never backwards."""
        ...

    def lock(self, program: str, board: Board | None = None) -> AbstractAsyncContextManager[bool]:
        """Hold the lock of building a leaderboard, or all of them; False where another holds it."""
        ...


class Projected(NamedTuple):
    """What a projection found: leaderboards that are not whole, and the mark as it is now."""

    missing: tuple[Board, ...] = ()
    mark: int | None = None


class Topic(NamedTuple):
    """What a listener waits for: kind is "member", "board" or "lane"."""

    kind: str
    name: str


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


class Pressure(Protocol):
    """Whether more can be taken."""

    async def check(self, program: str, layout: Layout) -> None:
        """Let pass, or refuse with the time after which to come back.

        Raises:
            ComeBack: Some lane is too far behind.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Figures an installation may set."""

    lanes: int = 16
    batch_max: int = 500
    inputs_max: int = 1_000
    clock_skew_ms: int = 300_000
    wait_ms_max: int = 10_000
    waiting_max: int = 50_000
    environment: str = "test"
    token_ttl_seconds: int = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything a verb may touch."""

    clock: Callable[[], Instant]
    next_order: Callable[[], str]
    new_member: Callable[[str], str]
    limits: Limits
    rulebooks: Rulebooks
    programs: Programs
    members: Members
    receipts: Receipts
    inbox: Inbox
    lanes: Lanes
    standings: Standings
    pages: Pages
    journal: Journal
    scores: Scores
    shared: Shared
    keys: Keys
    secrets: Secrets
    commit: Commit
    boards: Boards
    projection: BoardWriter
    channels: Channels
    hints: Hints
    pressure: Pressure
    crash: CrashPoints
    closing: Sequence[Callable[[], Awaitable[None]]] = ()

    async def close(self) -> None:
        """Close the running loop's connections."""
        for close in self.closing:
            await close()

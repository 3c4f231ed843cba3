"""What the engine and the stores hand each other: plain records, and how a commit can fail.

Rule: a record says what is stored and nothing of how; its plain parts are the core's values as
`core.plain` prints them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim, Score
from guerdon.core.standing import PageWrite, Plain
from guerdon.engine.inputs import Identity


class Found(NamedTuple):
    """Whom an identity leads to; `enrollment` is the id of an enrollment not known as decided.

    `at_first` is whom it led to before mergers, where that was another.
    """

    member: str
    enrollment: str | None = None
    at_first: str | None = None


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


class Bundle(NamedTuple):
    """Entries of an inbox that are stored together, and go together, under one name."""

    name: str
    entries: tuple[Waiting, ...]


@dataclass(slots=True)
class Load:
    """What was taken of a lane at one instant; `is_all` where nothing more waited there then.

    `waiting` has all entries by their places, for bundles that came at the same time lie in each
    other. A batch that takes these bundles by their `names` decides all of it.
    """

    bundles: Sequence[Bundle]
    is_all: bool = True
    names: list[str] = field(init=False)
    waiting: list[Waiting] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [bundle.name for bundle in self.bundles]
        entries = [entry for bundle in self.bundles for entry in bundle.entries]
        self.waiting = sorted(entries, key=attrgetter("order"))


class Waking(NamedTuple):
    """How far members were woken because versions began.

    `done` is the beginning of the last version for which all were; `target` the one whose turn it
    is, and `after` the place of the last standing that was woken for it.
    """

    done: Instant = Instant(0)
    target: Instant = Instant(0)
    after: str = ""


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
    """A journal entry as it is stored: figures, ids and the decision in plain form.

    `partners` are those whose rewards it is about, `settles` those whose accounts it moves;
    both are written, and not read again.
    """

    lane: int
    seq: int
    key: str
    member: str | None
    member_seq: int
    decided_at: Instant
    activity: Plain
    decision: Plain
    partners: tuple[str, ...] = ()
    settles: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where an entry stands in the program's journal: when it was decided, lane and sequence."""

    decided_at: int
    lane: int
    seq: int


class VoucherRow(NamedTuple):
    """The voucher that a code leads to: whose it was when it was issued, and its name."""

    code: str
    member: str
    name: str


class Dispute(NamedTuple):
    """What a partner says is wrong with a statement: the proofs of lines, none for all of it."""

    lines: tuple[str, ...]
    reason: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A statement as it was issued: sums exact as text, `balance` in minor units of money.

    `until` is the exact sum of this and all statements before; `digest` is over the lines.
    """

    partner: str
    begin: Instant
    end: Instant
    issued: str
    redeemed: str
    balance: int
    until: str
    lines: int
    digest: str
    issued_at: Instant
    dispute: Dispute | None = None
    prepaid: str = "0"


class SealedCode(NamedTuple):
    """A code of a pool as it is stored: what it is found by, and its sealed text."""

    fingerprint: str
    sealed: bytes


class PoolCount(NamedTuple):
    """How many codes a pool has in each state."""

    pool: str
    free: int = 0
    held: int = 0
    taken: int = 0
    void: int = 0


class Seal(NamedTuple):
    """A link of a lane's chain: the hash of the link before and of these entries' prints."""

    lane: int
    first: int
    last: int
    before: bytes
    hash: bytes
    prints: tuple[bytes, ...]
    at: Instant


class Root(NamedTuple):
    """The ends of all lanes' chains (lane, last entry, hash) as of a day, in UTC."""

    day: str
    before: bytes
    hash: bytes
    lanes: tuple[tuple[int, int, bytes], ...]


class Person(NamedTuple):
    """What the directory says of a member, for checks; `led` is whom the owner's id leads to."""

    member: str
    external: str | None
    status: str
    merged_into: str | None
    led: str | None


class Reserved(NamedTuple):
    """A reservation of something shared, held by the activity named `holder`."""

    claim: Claim
    holder: str


class Moved(NamedTuple):
    """An activity that another lane decides than the one it was accepted for."""

    key: str
    lane: int
    order: str
    member: str | None


class PageWrites(NamedTuple):
    """Pages of one member to store."""

    member: str
    writes: Sequence[PageWrite]


@dataclass(slots=True, kw_only=True)
class Batch:
    """All that one transaction writes for a lane; nothing of it is there before all of it is.

    `taken` names bundles of the lane's inbox, whole ones: of what is in them nothing stays.
    """

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
    erased: list[str] = field(default_factory=list)
    unlinked: list[tuple[Identity, str]] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    vouchers: list[VoucherRow] = field(default_factory=list)
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


class Board(NamedTuple):
    """One period of a leaderboard."""

    leaderboard: str
    period: int
    shared_ranks: bool = False


class Projected(NamedTuple):
    """What a projection found: leaderboards that are not whole, and the mark as it is now."""

    missing: tuple[Board, ...] = ()
    mark: int | None = None


class Build(NamedTuple):
    """A leaderboard that is being built, in place or apart; the token says by whom."""

    program: str
    board: Board
    apart: bool
    token: str


class Issuer(NamedTuple):
    """Who signs tokens for a program's members, and where the keys are.

    A token's subject is an identity of `scheme`; "" is the owner's own id.
    """

    program: str
    issuer: str
    audience: str
    key_set_url: str
    scheme: str = ""


class Rate(NamedTuple):
    """How fast an allowance fills, in units a second, and how much it holds at most."""

    per_second: float
    burst: int


class Taken(NamedTuple):
    """What was taken of an allowance, what is left of it, and else when there will be enough."""

    units: int
    left: int
    retry_after_seconds: float


class Topic(NamedTuple):
    """What a listener waits for: kind is "member", "board" or "lane".

    Of the whole program, without a name: "faces", "program", "keys", "mergers".
    """

    kind: str
    name: str

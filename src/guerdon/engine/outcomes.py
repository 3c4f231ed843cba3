"""What the engine answers: receipts, journal entries, members, leaderboard rows, pages.

Plain values without behaviour that reads anything; texts for people are formed by
`core.sentences`, figures of a standing by `core.views`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from guerdon.core.activity import Activity, Instant
from guerdon.core.decision import Effect, Explanation, Given
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Standing
from guerdon.engine.inputs import Identity


class Result(StrEnum):
    """What became of an activity; the GraphQL enum has the same names in capitals."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    PARKED = "parked"
    REJECTED = "rejected"
    FAILED = "failed"


NOBODY = frozenset({"unknown_identity", "unknown_member"})
"""The reasons that tell that a reference leads to no member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A refusal the caller can act on; `path` leads to the field within the input."""

    code: str
    message: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProblem(Problem):
    """A mistake in a program's document, with its place; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """An activity and what became of it.

    `decided_at` is None while it is pending or parked. `member_seq` counts the member's entries
    without a gap and is the cursor of their journal and of memberUpdates; `seq` counts the lane's.
    """

    activity: Activity
    result: Result
    reason: str | None = None
    decided_at: Instant | None = None
    lane: int = 0
    seq: int = 0
    member_seq: int = 0
    effects: tuple[Effect, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    trace: str | None = None

    @property
    def key(self) -> str:
        """Reporter and id: unique in the program."""
        return self.activity.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one reported activity; `key` finds its journal entry once it is decided.

    `entry` is there only where the call waited for the decision or had read it anyway. `astray`
    says how many vouchers it named that are none of its member's.
    """

    activity_id: str
    result: Result
    reason: str | None = None
    problems: tuple[Problem, ...] = ()
    reporter: str = ""
    member: str | None = None
    entry: JournalEntry | None = None
    astray: int = 0

    @property
    def key(self) -> str:
        """Reporter and id: unique in the program."""
        return f"{self.reporter}/{self.activity_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would become of an activity; `entry` is there only where it came to a decision.

    `astray` is as in `Receipt`.
    """

    result: Result
    reason: str | None = None
    problems: tuple[Problem, ...] = ()
    entry: JournalEntry | None = None
    astray: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Who a member is; what they hold is in their standing. `status` is the standing's word."""

    id: str
    external_id: str
    display_name: str | None = None
    avatar_url: str | None = None
    status: str = "active"
    enrolled_at: Instant
    merged_into: str | None = None
    identities: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """What is shown of a member beside others; the external id to the owner alone."""

    external_id: str
    display_name: str | None = None
    avatar_url: str | None = None


@dataclass(slots=True, kw_only=True)
class SettledMember:
    """A member at an instant: profile, the standing settled to `at`, and the pages read for it.

    What views still need is fetched by `read.view`, into `given`; `shelves` is what it reads with.
    """

    profile: Profile
    standing: Standing
    rulebook: Rulebook
    at: Instant
    given: Given
    shelves: object
    lane: int


class BoardRow(NamedTuple):
    """A member's place on a leaderboard period; `value` in the counter's minor units."""

    rank: int
    member: str
    value: int
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """Rows in order, and how many the period has in all."""

    rows: tuple[BoardRow, ...]
    total: int
    has_previous: bool
    has_next: bool


Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """A stretch of a longer list, in its order."""

    items: tuple[Item, ...]
    has_previous: bool
    has_next: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An API key as its owners see it; the secret is shown once, at creation."""

    id: str
    name: str
    role: str
    scopes: frozenset[str]
    partner: str | None
    last4: str
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionText:
    """One published version of a program, as its document."""

    version: int
    begin: Instant
    text: str
    published_at: Instant

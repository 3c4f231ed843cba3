"""The world as the engine sees it: a clock, the stores and the live side behind protocols.

`World` is built by `guerdon.wiring` and handed to every verb; nothing here has behaviour of its
own. What a verb may touch is in `ports`, what it hands over in `records`; the names that the layers
above need are to be had here.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from guerdon.core.activity import Instant
from guerdon.engine.crash import CrashPoints
from guerdon.engine.credential_ports import Keys, Secrets
from guerdon.engine.faces import Faces
from guerdon.engine.formats import Formats
from guerdon.engine.growth_ports import Growth
from guerdon.engine.lanes import Layout, lane_of, lanes_of
from guerdon.engine.live_ports import BoardWriter, Channels, Hints, Pressure, Rates
from guerdon.engine.meters import Meters, Unmetered
from guerdon.engine.ports import (
    Boards,
    Commit,
    Inbox,
    Journal,
    Lanes,
    Members,
    Pages,
    Programs,
    Receipts,
    Rulebooks,
    Scores,
    Standings,
)
from guerdon.engine.proof_ports import Evidence, Seals
from guerdon.engine.records import Board, Rate, StoreDown, Taken, Topic
from guerdon.engine.revisions import Revisions
from guerdon.engine.reward_ports import Codes, Shared, Statements, Vouchers
from guerdon.engine.tracing import Tracer, Untraced
from guerdon.engine.trust import Trust
from guerdon.engine.webhook_records import Courier, Webhooks

__all__ = [
    "Board",
    "Caller",
    "Layout",
    "Limits",
    "Rate",
    "Rates",
    "Role",
    "StoreDown",
    "Taken",
    "Topic",
    "World",
    "lane_of",
    "lanes_of",
    "reporter_of",
]


class Role(StrEnum):
    """The kinds of credentials."""

    MEMBER = "member"
    PARTNER = "partner"
    SERVICE = "service"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as told by the credential alone; it belongs to exactly one program.

    A partner has a `veil`: the key under which members have names that are this partner's alone.
    """

    program: str
    role: Role
    reporter: str
    member: str | None = None
    partner: str | None = None
    scopes: frozenset[str] = frozenset()
    key_id: str | None = None
    veil: bytes | None = field(default=None, repr=False)
    issued_at: Instant | None = None
    expires_at: Instant | None = None


def reporter_of(role: Role, *, member: str | None = None, partner: str | None = None) -> str:
    """Return the name under which a credential reports: the ids of activities are its own."""
    if role is Role.PARTNER:
        return f"partner:{partner}"
    if role is Role.MEMBER:
        return f"member:{member}"
    return "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Figures an installation may set."""

    lanes: int = 16
    batch_max: int = 1_000
    decide_seconds: float = 2.0
    inputs_max: int = 1_000
    clock_skew_ms: int = 300_000
    wait_ms_max: int = 10_000
    waiting_max: int = 50_000
    reserved_ms: int = 30_000
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
    growth: Growth
    standings: Standings
    pages: Pages
    journal: Journal
    scores: Scores
    shared: Shared
    codes: Codes
    vouchers: Vouchers
    seals: Seals
    evidence: Evidence
    statements: Statements
    keys: Keys
    webhooks: Webhooks
    courier: Courier
    secrets: Secrets
    trust: Trust
    formats: Formats
    commit: Commit
    boards: Boards
    projection: BoardWriter
    channels: Channels
    revisions: Revisions
    faces: Faces
    hints: Hints
    pressure: Pressure
    rates: Rates
    crash: CrashPoints
    meters: Meters = field(default_factory=Unmetered)
    tracer: Tracer = field(default_factory=Untraced)
    closing: Sequence[Callable[[], Awaitable[None]]] = ()

    async def close(self) -> None:
        """Close the running loop's connections."""
        for close in self.closing:
            await close()

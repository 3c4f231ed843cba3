"""What one activity changed, as data: the feed, the explanation and the projections read it.

Rule: a decision is complete. Everything that follows from it (journal, postings, leaderboards,
follow-ups for other members) can be written without asking the core again. Sentences are not
here: they are formed when read (`core.sentences`), from these figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from guerdon.core.activity import Activity, Instant
from guerdon.core.errors import GuerdonError
from guerdon.core.standing import PageRef, PageWrite, Plain, Standing


class Claim(NamedTuple):
    """Something shared by members that a decision wants.

    `kind` is stock, code, budget, limit or member; `key` names it within the program, `amount` how
    much; the answer is how much was got (0 to amount). With `peek` nothing is reserved and the
    answer is what is there. `capacity` is the whole size where the program fixes it, so that the
    first claim can create its counter.
    """

    kind: str
    key: str
    amount: int
    capacity: int | None = None
    peek: bool = False


class Needed(GuerdonError):
    """`decide` asks for pages or claims it was not given; give them and call it again."""

    code = "NEEDED"

    def __init__(self, pages: tuple[PageRef, ...] = (), claims: tuple[Claim, ...] = ()) -> None:
        self.pages = pages
        self.claims = claims
        super().__init__(f"decide needs {pages or claims}")


@dataclass(slots=True)
class Given:
    """What was fetched for one decision: page entries, complete scopes, and claims granted.

    `entries` maps (shelf, key) to (sort, value), or to None where there is no such page;
    `loaded` holds each `PageRef` that was answered. `donors` are standings of merged members.
    """

    entries: dict[tuple[str, str], tuple[str, Plain] | None] = field(default_factory=dict)
    loaded: set[PageRef] = field(default_factory=set)
    claims: dict[Claim, int] = field(default_factory=dict)
    donors: dict[str, Standing] = field(default_factory=dict)


class Posting(NamedTuple):
    """`amount` minor units of a wallet move from `source` to `target`; always positive.

    Accounts of the member: spendable, pending, debt. Of the program: issued, redeemed, expired,
    written_off, transit, held. `partner` names whom a settlement concerns, `lot` the lot.
    """

    wallet: str
    source: str
    target: str
    amount: int
    lot: int = 0
    partner: str = ""


# ---------------------------------------------------------------- effects


class PointsEffect(NamedTuple):
    """Units came or went; `amount` is signed.

    `how` is earned, released, reversed, expired, revived, returned, paid_debt, adjusted, sent,
    received or paid_out.
    """

    wallet: str
    how: str
    amount: int
    rule: str
    source: str
    at: Instant
    expires_at: Instant | None = None
    tag: str = "points"


class TierEffect(NamedTuple):
    """The tier shown changed."""

    ladder: str
    before: str | None
    after: str
    until: Instant | None
    at: Instant
    tag: str = "tier"


class MissionEffect(NamedTuple):
    """A mission moved: `progress` in the mission's minor units."""

    mission: str
    state: str
    progress: int
    at: Instant
    tag: str = "mission"


class BadgeEffect(NamedTuple):
    """A badge was given."""

    badge: str
    at: Instant
    tag: str = "badge"


class VoucherEffect(NamedTuple):
    """A voucher was issued, used or cancelled; `redemption` is the one that brought it, if any."""

    voucher: str
    kind: str
    state: str
    until: Instant | None
    at: Instant
    redemption: str = ""
    tag: str = "voucher"


class RedemptionEffect(NamedTuple):
    """A redemption reached a state: pending, issued, cancelled or failed.

    `cost` is in minor units of the wallet, "" the reward's own. `reason` says why it failed,
    `until` by when a pending one must be fulfilled.
    """

    redemption: str
    reward: str
    state: str
    cost: int
    quantity: int
    at: Instant
    wallet: str = ""
    reason: str = ""
    until: Instant | None = None
    tag: str = "redemption"


class DrawEffect(NamedTuple):
    """A draw was played; `number` is the exact 64-bit integer drawn."""

    draw: str
    number: int
    result: str
    prize: str | None
    at: Instant
    tag: str = "draw"


Effect = (
    PointsEffect
    | TierEffect
    | MissionEffect
    | BadgeEffect
    | VoucherEffect
    | RedemptionEffect
    | DrawEffect
)


class Explanation(NamedTuple):
    """Why a rule applied or did not: the field asked, the value seen, the value needed.

    `cause` is "applied", or what stopped it: when, lines, tier, limit, best_of, amount, referrer.
    """

    rule: str
    applied: bool
    cause: str
    field: str = ""
    op: str = ""
    seen: str = ""
    needed: str = ""


class Score(NamedTuple):
    """A member's new value on a leaderboard period; `at` is when it was reached.

    `period` is the first instant of the window (0 for all time). Absolute, so that projecting it
    twice or late does no harm when the greater sequence wins. `eligible` False takes the row away:
    of whom the leaderboard leaves out, and of values that are not above 0.
    """

    leaderboard: str
    period: Instant
    ends: Instant | None
    value: int
    at: Instant
    eligible: bool = True


class Sale(NamedTuple):
    """Figures for the book (see `accounting`): `kind` is sale, return or estimate.

    A return takes an earlier sale back with the figures it had; what is left is a sale again.
    """

    kind: str
    figures: Mapping[str, Any]


def sale(net: int, points: Mapping[str, int], of: Activity, *, kind: str = "sale") -> Sale:
    """Return the figures of a sale: money, units by wallet, which activity, when it arrived."""
    return Sale(kind, {"net": net, "points": dict(points), "of": of.key, "at": of.received})


@dataclass(slots=True, kw_only=True)
class Decision:
    """The outcome of one activity and the standing after it.

    `result` is accepted, rejected or parked. `record` is what later refunds and cancellations of
    this activity need to know; the journal keeps it, and a page "record" overrides it. `claims` are
    the reservations to confirm; those given and not named here are to be released.
    """

    result: str
    standing: Standing
    reason: str | None = None
    effects: list[Effect] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    pages: list[PageWrite] = field(default_factory=list)
    follow_ups: list[Activity] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    releases: list[Claim] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    payouts: list[tuple[str, Instant, int]] = field(default_factory=list)
    record: Plain | None = None

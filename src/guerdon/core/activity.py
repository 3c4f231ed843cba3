"""What is reported: one activity, with its lines, as the core reads it.

Values are normalised once, at the door: numbers are `Decimal`, truth values the words "true" and
"false", so that a condition never meets two spellings of one thing. Who may report what, and
whether an id came before, is decided by `engine.accept`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NewType

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z."""

Value = str | Decimal | tuple["Value", ...] | None
"""A normalised scalar, or a list of them."""

OWN_TYPES = frozenset(
    {
        "enrollment",
        "member_updated",
        "member_erased",
        "absorbed_erased",
        "identity_linked",
        "member_merged",
        "member_absorbed",
        "mission_joined",
        "tier_granted",
        "badge_awarded",
        "plan_purchased",
        "plan_cancelled",
        "refund",
        "confirmation",
        "ineligible",
        "redemption",
        "redemption_cancelled",
        "redemption_fulfilled",
        "redemption_refused",
        "reward_stocked",
        "reward_offered",
        "voucher_used",
        "adjustment",
        "transfer",
        "transfer_received",
        "referral_changed",
        "estimate",
        "raffle",
        "clock",
        "partner_low",
        "tick",
    }
)
"""Types with a meaning of their own; every other type, and `enrollment`, may earn."""

CAUSED = frozenset(
    {
        "absorbed_erased",
        "member_absorbed",
        "transfer_received",
        "referral_changed",
        "partner_low",
        "tick",
    }
)
"""Types of their own that nobody reports: other activities cause them, or time."""

PROGRAM_WIDE = frozenset({"raffle", "estimate", "clock", "reward_stocked", "reward_offered"})
"""Types that concern no member."""

NOT_ENROLLING = frozenset({"enrollment", "member_merged"})
"""Types before which `enroll: auto` enrolls nobody: what it is, and what needs two accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a purchase: `amount` in minor units of the program's money, net and without tax.

    `whole` marks the one line of an activity that named only an amount: the activity's own
    scalars are that line's fields too.
    """

    amount: int
    fields: Mapping[str, Value] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A fact reported once under its reporter's id.

    `at` is when it happened, `received` when it arrived; all decisions read these two and never
    a clock. `member` is the member's id in this program, None for what concerns the whole
    program. `data` holds every other field that conditions may ask for.
    """

    id: str
    type: str
    at: Instant
    received: Instant
    member: str | None = None
    reporter: str = "service"
    ref: str | None = None
    partner: str | None = None
    lines: tuple[Line, ...] = ()
    data: Mapping[str, Value] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The id that is unique over all reporters of the program."""
        return f"{self.reporter}/{self.id}"

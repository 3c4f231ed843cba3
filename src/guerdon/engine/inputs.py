"""What reporters hand in, as the engine takes it: typed by the edges, not judged yet.

Rule: decimals are `Decimal`, instants are milliseconds; a value of another type cannot get here.
Whether ids, types and figures are right is judged item by item in `accept`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from guerdon.core.activity import Instant


class Identity(NamedTuple):
    """A number or name under which somebody else knows a member."""

    scheme: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRef:
    """Names a member in exactly one way."""

    id: str | None = None
    external_id: str | None = None
    identity: Identity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInput:
    """One line of a purchase; `data` holds its other attributes."""

    amount: Decimal
    sku: str | None = None
    category: str | None = None
    brand: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a person who is enrolled is to be shown to others."""

    display_name: str | None = None
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityInput:
    """One activity as reported; `at` absent means now, `member` absent the whole program.

    `shown` belongs to an `enrollment` and is no part of what is decided. `named` is the other
    member whom `data` names (see `NAMING`), as the reporter said it where that was not by the
    owner's id: a repeat says it again, though it may lead to somebody else by then. `beside` is
    what was said under this id and goes elsewhere: a repeat says that again, too.
    """

    id: str
    type: str
    at: Instant | None = None
    member: MemberRef | None = None
    partner: str | None = None
    ref: str | None = None
    amount: Decimal | None = None
    lines: tuple[LineInput, ...] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    shown: Shown | None = None
    named: MemberRef | None = None
    beside: Shown | None = None


NAMING = {"enrollment": "referrer", "transfer": "to", "member_merged": "into"}
"""Which field of an activity's data names another member."""


def looked_up(ref: MemberRef | None) -> MemberRef | None:
    """Return a reference whose owner's id has to be looked up; None where it says that itself."""
    return None if ref is None or ref.external_id is not None else ref


class Wait(StrEnum):
    """How long `accept.record` waits: until durably accepted, or (bounded) until decided."""

    ACCEPTED = "accepted"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentInput:
    """A person who joins; `activity_id` absent is derived from the content."""

    external_id: str
    activity_id: str | None = None
    display_name: str | None = None
    avatar_url: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    referrer: MemberRef | None = None
    identities: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileInput:
    """What changes of a member; None and missing attributes stay as they are."""

    member: MemberRef
    activity_id: str | None = None
    display_name: str | None = None
    avatar_url: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

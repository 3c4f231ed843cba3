"""All that is decided about one member: a head of bounded size, and pages for what can grow.

A `Shelf` holds one growing collection: a bounded number of entries lie in the head, the rest in
pages of one entry each that are read only when a decision asks for them (`errors.Needed`). So a
member with a hundred thousand activities costs as much as a new one.

Rule: a standing is never changed once it has left `decide`; deciding works on a fork. What the
entries mean is the matter of the module that writes them.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from guerdon.core.activity import Instant, Value

Plain = Any
"""JSON-like: str, int, bool, None, and lists or dicts of them."""


make = tuple.__new__
"""Makes a named tuple from all of its fields by place, in half the time that calling it takes."""


new = object.__new__
"""Makes an object without calling `__init__`, for copies that are made for every activity."""


class PageRef(NamedTuple):
    """Names pages of a member: one entry (`key`), the next ones in order, or all of a shelf.

    `scope` is "one" (`key` is the entry's), "front" (the next `FRONT` entries whose sort is greater
    than `key`, ascending) or "all".
    """

    shelf: str
    scope: str
    key: str = ""


class PageWrite(NamedTuple):
    """An entry to store outside the head; `value` None deletes it."""

    shelf: str
    key: str
    sort: str
    value: Plain


ERASED = "erased"
"""The status of a member who was forgotten."""

FRONT = 64
"""How many entries one "front" read brings, and how many a shelf keeps in the head by default."""


Figure = tuple[Any, ...]
"""A reading's value and when it last rose; of a streak also the last day, and the run up to it."""


class Shelf:
    """Entries of one growing collection: `items` in the head, `spilled` counts those in pages."""

    __slots__ = ("items", "spilled")

    def __init__(self, items: dict[str, Plain] | None = None, spilled: int = 0) -> None:
        self.items = {} if items is None else items
        self.spilled = spilled


@dataclass(slots=True)
class WalletState:
    """Totals of one wallet in minor units; the lots lie on shelves.

    `earned` is granted less reversed. `active_on` is the business day of the last activity that
    counts against inactivity, None where there was none or the wallet lapsed since. `lapses` are
    the last expiries through inactivity: (instant, active day before, active day after or None);
    `active_since` is the first active day before all of them, 0 where it is not known.
    `spill_due` is not later than the first expiry or release of any lot outside the head.
    `policy` is the tier whose expiry policy the lots follow now. `extended` are the last months in
    which an activity let lots live longer: (first such activity, last one, until when none dies);
    `buried` is when the date of a lot that died last had come.
    """

    spendable: int = 0
    pending: int = 0
    debt: int = 0
    earned: int = 0
    redeemed: int = 0
    expired: int = 0
    transferred: int = 0
    adjusted: int = 0
    written_off: int = 0
    active_on: int | None = None
    lapses: tuple[tuple[Instant, int, int | None], ...] = ()
    spill_due: Instant | None = None
    due: Instant | None = None
    policy: str = ""
    active_since: int = 0
    extended: tuple[tuple[Instant, Instant, Instant], ...] = ()
    buried: Instant = Instant(0)

    def fork(self) -> "WalletState":
        """Return a copy that may be changed."""
        found = new(WalletState)
        found.spendable, found.pending, found.debt = self.spendable, self.pending, self.debt
        found.earned, found.redeemed, found.expired = self.earned, self.redeemed, self.expired
        found.transferred, found.adjusted = self.transferred, self.adjusted
        found.written_off, found.active_on = self.written_off, self.active_on
        found.lapses, found.spill_due = self.lapses, self.spill_due
        found.due, found.policy = self.due, self.policy
        found.active_since = self.active_since
        found.extended, found.buried = self.extended, self.buried
        return found


@dataclass(slots=True)
class LadderState:
    """What a member holds on one ladder; tiers are indexes into its rungs.

    `history` lists (since, shown tier, until) in ascending order; `results` maps the start of a
    window to the tier earned in it, for ladders that keep results of several windows. `terms` lists
    (window, end, tier) of what holds for a period, for ladders that keep tiers so.
    """

    history: tuple[tuple[Instant, int, Instant | None], ...] = ()
    earned: int = 0
    earned_until: Instant | None = None
    held: int = 0
    held_until: Instant | None = None
    granted: int = 0
    granted_until: Instant | None = None
    results: dict[str, int] = field(default_factory=dict)
    due: Instant | None = None
    terms: tuple[tuple[str, Instant, int], ...] = ()

    def fork(self) -> "LadderState":
        """Return a copy that may be changed."""
        found = new(LadderState)
        found.history, found.results, found.due = self.history, self.results, self.due
        found.earned, found.earned_until = self.earned, self.earned_until
        found.held, found.held_until = self.held, self.held_until
        found.granted, found.granted_until = self.granted, self.granted_until
        found.terms = self.terms
        return found


@dataclass(slots=True)
class MissionState:
    """Where a member stands in one mission: joined and completed, as instants; bonus lots paid.

    `lots_before` is the number of the last lot that was there before the member joined.
    """

    joined_at: Instant | None = None
    completed_at: Instant | None = None
    paid: tuple[tuple[str, str], ...] = ()
    lots_before: int = 0

    def fork(self) -> "MissionState":
        """Return a copy that may be changed."""
        return MissionState(self.joined_at, self.completed_at, self.paid, self.lots_before)


@dataclass(slots=True)
class Standing:
    """The head. `seq` counts the journal entries of the member, `version` the commits.

    `figures` holds the value of each reading that has one window only, by the reading's name; those
    of calendar windows lie on shelves. `absorbed` maps members merged into this one to what was
    added to their lots' numbers. `filled` is when the last version began whose counters were filled
    from the journal. `follows` is the number of the version by whose terms the places of tiers and
    the order of lots are written: that in force at `settled_at`, unless it was published only after
    another had decided beyond its begin. 0 where nothing was written yet.
    """

    member: str
    version: int = 0
    seq: int = 0
    status: str = "unknown"
    merged_into: str | None = None
    enrolled_at: Instant | None = None
    referrer: str | None = None
    settled_at: Instant = Instant(0)
    due_at: Instant | None = None
    lots_made: int = 0
    filled: Instant = Instant(0)
    follows: int = 0
    attrs: dict[str, Value] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    wallets: dict[str, WalletState] = field(default_factory=dict)
    ladders: dict[str, LadderState] = field(default_factory=dict)
    missions: dict[str, MissionState] = field(default_factory=dict)
    badges: dict[str, Instant] = field(default_factory=dict)
    carries: dict[str, int] = field(default_factory=dict)
    misses: dict[str, int] = field(default_factory=dict)
    plans: dict[str, tuple[tuple[Instant, Instant | None], ...]] = field(default_factory=dict)
    absorbed: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    shelves: dict[str, Shelf] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        """Whether time brings nothing any more: merged into another member, or erased."""
        return self.merged_into is not None or self.status == ERASED

    def fork(self) -> "Standing":
        """Return a copy whose maps may be changed; their values are copied on first touch."""
        found = new(Standing)
        found.member, found.version, found.seq = self.member, self.version, self.seq
        found.status, found.merged_into = self.status, self.merged_into
        found.enrolled_at, found.referrer = self.enrolled_at, self.referrer
        found.settled_at, found.due_at = self.settled_at, self.due_at
        found.lots_made, found.filled = self.lots_made, self.filled
        found.follows = self.follows
        found.attrs, found.counts = self.attrs.copy(), self.counts.copy()
        found.wallets, found.ladders = self.wallets.copy(), self.ladders.copy()
        found.missions, found.badges = self.missions.copy(), self.badges.copy()
        found.carries, found.misses = self.carries.copy(), self.misses.copy()
        found.plans, found.absorbed = self.plans.copy(), self.absorbed.copy()
        found.figures, found.shelves = self.figures.copy(), self.shelves.copy()
        return found

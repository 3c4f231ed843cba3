"""The lists that the naive evaluator keeps: what happened, and what every member holds.

Nothing here is a total. A total is always the sum over a list, taken when somebody asks.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from guerdon.core.activity import Activity, Value
from guerdon.core.program import Expiry, Program
from oracle.calendar import Calendar


@dataclass(eq=False)
class Use:
    """What units were spent on: a redemption, a transfer, a payout, a downward adjustment."""

    kind: str
    name: str
    amount: int
    cancelled: int = 0


@dataclass(eq=False)
class Lot:
    """Units granted together; `uses` tells what the spent ones went into."""

    owner: str
    wallet: str
    source: str
    rule: str
    granted: int
    at: int
    since: int | None = None
    """From when on inactivity counts for it, where that is not when it was earned."""
    left: int = 0
    expired: int = 0
    reversed: int = 0
    uses: list[tuple[Use, int]] = field(default_factory=list)
    expires: int | None = None
    policy: Expiry | None = None
    """The lot's own expiry, where its rule has one; else the wallet's holds."""
    release: int | str | None = None
    """When a pending lot is released: an instant, or "confirmed"."""
    dead: bool = False
    """Expired when units were left of it."""
    moved: bool = False
    """Came from another member within the same wallet."""
    activity: str | None = None
    """Key of the activity that earned it, where it was an activity."""
    partner: str | None = None

    @property
    def spent(self) -> int:
        """Units of the lot that were spent."""
        return sum(amount for _, amount in self.uses)

    reborn: list[tuple["Lot", int]] = field(default_factory=list)
    """Dead units that a cancelled redemption let live on, and the lots in which they do."""

    @property
    def net(self) -> int:
        """Units granted and not reversed."""
        return self.granted - self.reversed

    @property
    def worth(self) -> int:
        """What its source is still worth, with the units that live on elsewhere."""
        return self.net + sum(part for _, part in self.reborn)

    @property
    def is_pending(self) -> bool:
        """Whether it still waits."""
        return self.release is not None


@dataclass(eq=False)
class Debt:
    """Units owed, and for which use."""

    wallet: str
    use: Use
    amount: int


@dataclass(frozen=True)
class Context:
    """What conditions saw of the member when an activity was decided."""

    attrs: dict[str, Value]
    tiers: dict[str, str | None]
    plans: dict[str, bool]
    nth: int
    enrolled: date | None


@dataclass(eq=False)
class Award:
    """What a rule gave for an activity: its lot, and the most that its limit left."""

    rule: str
    lot: Lot
    room: int | None


@dataclass(eq=False)
class Happened:
    """An accepted activity with everything that came of it and after it."""

    activity: Activity
    member: str
    context: Context
    taken: list[tuple[int, list[int]]] = field(default_factory=list)
    """Refunds in order of arrival: their `at`, and what each took from each line."""
    awards: list[Award] = field(default_factory=list)
    rooms: dict[str, int | None] = field(default_factory=dict)
    """What the limit of each rule left when the activity arrived."""
    voided: bool = False
    gone: bool = False
    """Went back as a whole although no money tells."""
    kept_alive: set[str] = field(default_factory=set)
    """Wallets whose policy listed it when it was decided: they were active with it."""
    issued: dict[str, Fraction] = field(default_factory=dict)
    """Units by wallet for which it took from an agreement, less what refunds took back of it."""

    @property
    def is_out(self) -> bool:
        """Whether it counts for nothing any more."""
        return self.voided or self.gone

    def remaining(self, refunds: int | None = None) -> list[int]:
        """Return what is left of each line, after so many refunds or after all."""
        left = [line.amount for line in self.activity.lines]
        for _, taken in self.taken[:refunds]:
            left = [amount - part for amount, part in zip(left, taken, strict=True)]
        return left


@dataclass(eq=False)
class Result:
    """A tier earned: `rank` of the rung, since when, until when, and where the value was read.

    `is_step` tells that no value supports it: it is the step down of a review, held for a while.
    """

    rank: int
    reached: int
    until: int | None
    read_at: int
    is_step: bool = False
    peak: int = 0
    """The best rank that it ever was, whatever a refund left of it."""

    def __post_init__(self) -> None:
        self.peak = self.rank


@dataclass(eq=False)
class Climb:
    """A member on a ladder."""

    results: list[Result] = field(default_factory=list)
    granted: tuple[int, int | None] | None = None
    spells: list[tuple[int, int]] = field(default_factory=list)
    """(since, rank) of everything that was shown, oldest first."""

    @property
    def rank(self) -> int:
        """The rank shown now."""
        return self.spells[-1][1] if self.spells else -1


@dataclass(eq=False)
class Voucher:
    """Something to show at the till."""

    kind: str
    until: int | None
    at: int
    state: str = "issued"

    def shown(self, now: int) -> str:
        """Return the state at an instant."""
        if self.state == "issued" and self.until is not None and self.until <= now:
            return "expired"
        return self.state


@dataclass(eq=False)
class Redemption:
    """A reward taken."""

    name: str
    member: str
    reward: str
    wallet: str
    quantity: int
    at: int
    partner: str | None
    use: Use
    cancelled: bool = False
    brought: Lot | None = None
    """The units that it gave."""
    waits: int | None = None
    """Until when its partner has to fulfil it; None where it was, or need not be."""


@dataclass(eq=False)
class Taken:
    """Units that something took of a partner's limit (in a window) or block (for a wallet)."""

    partner: str
    direction: str
    by: Happened | Redemption
    units: Fraction
    window: tuple[int, int] | None = None
    block: str | None = None
    of: str = ""


@dataclass(eq=False)
class Drawn:
    """What a draw brought."""

    draw: str
    activity: str
    member: str
    at: int
    u: int
    result: str
    prize: str | None
    points: int


@dataclass(eq=False)
class Person:
    """Everything that is kept of one member."""

    name: str
    enrolled_at: int
    settled: int
    attrs: dict[str, Value] = field(default_factory=dict)
    debts: list[Debt] = field(default_factory=list)
    uses: list[tuple[str, Use]] = field(default_factory=list)
    climbs: dict[str, Climb] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)
    joined_after: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By mission: how much had happened, and how many lots there were, when it was joined."""
    completed: dict[str, int] = field(default_factory=dict)
    badges: dict[str, int] = field(default_factory=dict)
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    terms: dict[str, list[tuple[int, int | None]]] = field(default_factory=dict)
    paid: set[tuple[object, ...]] = field(default_factory=set)
    """Effects that happen once: which, and in which window."""
    used: set[str] = field(default_factory=set)
    """Wallets in which there ever was a unit, or an activity that keeps them alive."""
    turned: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    """By wallet: when a tier last brought other terms, and the last lapse that was known then."""
    lapsed_apart: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By wallet: the last lapses of accounts that were merged into this one, under other terms than
    this one's: the last activity before, and when.
    """
    extended: dict[str, dict[int, tuple[int, int]]] = field(default_factory=dict)
    """By wallet and instant until which none died: the first and last activity that saw to it."""
    kept: dict[str, Expiry] = field(default_factory=dict)
    """By wallet in which nothing was before a merge: the policy it was under, whose dates stay."""


def when(one: Happened | Lot) -> int:
    """Return when something happened, or was earned."""
    return one.at if isinstance(one, Lot) else one.activity.at


Later = tuple[int, Program]
"""A second version that differs in rules alone, and when it begins."""


class World:
    """The whole program at one moment of the play."""

    def __init__(self, program: Program, later: "Later | None" = None) -> None:
        self.program = program
        self.later = later
        self.calendar = Calendar(program)
        self.people: dict[str, Person] = {}
        self.survivors: dict[str, str] = {}
        self.history: list[Happened] = []
        self.lots: list[Lot] = []
        self.lessened: list[Happened] = []
        """What has fewer units of a running total now, whose multiples are yet to follow."""
        self.known = 0, 0
        """How much had happened, and how many lots there were, before what is decided now."""
        self.redemptions: list[Redemption] = []
        self.stocked: list[tuple[str, int]] = []
        """What was added to the stock of rewards, or taken out of it."""
        self.off_sale: set[str] = set()
        self.taken: list[Taken] = []
        self.draws: list[Drawn] = []
        self.payouts: list[tuple[str, str, int, int]] = []
        self.sales: list[Happened] = []
        self.rate_changes: list[tuple[int, object]] = []
        """How much had happened when a rate of redemption was estimated, and the rate."""

    def rehearsal(self) -> "World":
        """Return a world just like this one, in which to try what may be refused at its end."""
        fixed = [self.program, self.later, self.calendar, *(one.activity for one in self.history)]
        return deepcopy(self, {id(one): one for one in fixed})

    def rules_at(self, at: int) -> Program:
        """Return the version whose rules, accept rules and draws hold for what happened then."""
        return self.later[1] if self.later is not None and at >= self.later[0] else self.program

    def survivor(self, name: str) -> str:
        """Return the member to whom an id leads."""
        while name in self.survivors:
            name = self.survivors[name]
        return name

    def person(self, name: str | None) -> Person | None:
        """Return a member, if there is such a one."""
        return None if name is None else self.people.get(self.survivor(name))

    def members(self) -> list[Person]:
        """Return all members that were not merged into others."""
        return [one for name, one in self.people.items() if name not in self.survivors]

    def history_of(self, person: Person) -> list[Happened]:
        """Return what happened to a member, in order of arrival."""
        return [one for one in self.history if self.survivor(one.member) == person.name]

    def lots_of(self, person: Person, wallet: str | None = None) -> list[Lot]:
        """Return a member's lots in the order in which they came."""
        return [
            lot
            for lot in self.lots
            if self.survivor(lot.owner) == person.name and wallet in (None, lot.wallet)
        ]

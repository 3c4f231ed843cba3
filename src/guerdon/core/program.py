"""A program as the core reads it: plain, frozen values, every amount already in minor units.

The YAML document, its spelling and its mistakes belong to `guerdon.program`, which builds these.
Nothing here computes; each noun's meaning lives in the module of its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from guerdon.core.activity import Instant, Value
from guerdon.core.amounts import Ratio, Rounding


@dataclass(frozen=True, slots=True)
class Period:
    """A span of the calendar: years are 12 months, weeks 7 days."""

    months: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time by the clock, whatever the calendar says: a day is 24 hours."""

    minutes: int

    @property
    def milliseconds(self) -> int:
        """The length as instants are counted."""
        return self.minutes * 60_000


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a matcher.

    `op` is eq, in, not_in, ne, exists, gte, gt, lte, lt, from or to. For `in` and `not_in` the
    value is a tuple, for `exists` a bool.
    """

    field: str
    op: str
    value: Value | bool


@dataclass(frozen=True, slots=True)
class Condition:
    """A matcher: all of its tests must hold; no test at all always holds."""

    tests: tuple[Test, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything is tested at all."""
        return bool(self.tests)


ALWAYS = Condition()


class WindowKind(StrEnum):
    """The shapes a window can have."""

    LIFETIME = "lifetime"
    YEAR = "calendar_year"
    MONTH = "calendar_month"
    WEEK = "week"
    DAY = "day"
    ROLLING = "rolling"
    FIXED = "fixed"
    JOINED = "joined"

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class Window:
    """Which activities count together; `period` for rolling and joined, `begin`/`end` for fixed."""

    kind: WindowKind = WindowKind.LIFETIME
    period: Period | None = None
    begin: Instant | None = None
    end: Instant | None = None


LIFETIME = Window()


class Per(StrEnum):
    """The windows by which limits and repeated effects are counted."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    LIFETIME = "lifetime"

    __hash__ = str.__hash__


# ---------------------------------------------------------------- wallets


@dataclass(frozen=True, slots=True)
class Never:
    """Lots of this policy do not expire."""


@dataclass(frozen=True, slots=True)
class After:
    """Usable through the anniversary day, or through its month, quarter or year (`round`)."""

    period: Period
    round: str = "day"


@dataclass(frozen=True, slots=True)
class OnDate:
    """Usable through a day of the earning year plus `years`."""

    month: int
    day: int
    years: int = 0


@dataclass(frozen=True, slots=True)
class Inactivity:
    """The whole wallet expires once no listed activity happened for the period."""

    period: Period
    activity: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExpiryByTier:
    """The policy of the tier held now; `otherwise` for tiers that are not named."""

    ladder: str
    tiers: Mapping[str, "Expiry"]
    otherwise: "Expiry"


Expiry = Never | After | OnDate | Inactivity | ExpiryByTier


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend:
    """A listed activity in month X makes no lot die before the first day of month X + `through`."""

    activity: tuple[str, ...]
    through: Period
    when: Condition = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A kind of units: `scale` digits, spent first-expiring (`fefo`) or oldest first (`fifo`)."""

    id: str
    name: str
    scale: int = 0
    spend: str = "fefo"
    debt: str = "allow"
    expiry: Expiry = Never()
    extend: Extend | None = None
    transfer_to: str | None = None
    description: str | None = None
    image_url: str | None = None


# ---------------------------------------------------------------- rules


@dataclass(frozen=True, slots=True)
class Fixed:
    """`points` for the activity."""

    points: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Minor units of the wallet per minor unit of money."""

    ratio: Ratio


@dataclass(frozen=True, slots=True)
class Step:
    """`points` (exact minor units) for each full `step`; `carry` counts on the running total."""

    step: int
    points: Ratio
    carry: bool = False


@dataclass(frozen=True, slots=True)
class Bands:
    """`points` of the first band whose inclusive upper end holds the amount, else `above`."""

    bands: tuple[tuple[int, int], ...]
    above: int


@dataclass(frozen=True, slots=True)
class Unit:
    """`points` (exact minor units) for each unit of a field, at least `least` units."""

    field: str
    points: Ratio
    least: Ratio


@dataclass(frozen=True, slots=True)
class Of:
    """A multiple of what other rules already gave for this activity, after their rounding."""

    rules: tuple[str, ...]
    times: Ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """How many units: the form, then the rounding to the wallet's scale, then the cap."""

    form: Fixed | Rate | Step | Bands | Unit | Of
    round: Rounding = Rounding.FLOOR
    max: int | None = None


@dataclass(frozen=True, slots=True)
class GiveByTier:
    """The give of the tier held at the activity's own time; tiers not named get nothing."""

    ladder: str
    tiers: Mapping[str, Give]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many `times` or `points` per window, counted by somebody or something."""

    per: Per
    times: int | None = None
    points: int | None = None
    by: str = "member"
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """Units wait for a period, or until a confirmation where there is no period."""

    period: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an activity earns."""

    id: str
    activity: tuple[str, ...]
    wallet: str
    give: Give | GiveByTier
    when: Condition = ALWAYS
    lines: Condition = ALWAYS
    to_referrer: bool = False
    limit: Limit | None = None
    pending: Pending | None = None
    expiry: Expiry | None = None
    best_of: str | None = None
    name: str = ""
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRule:
    """An activity of these types that does not match is rejected with the reason."""

    activity: tuple[str, ...]
    when: Condition
    reason: str


# ---------------------------------------------------------------- counters


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is read off an activity: a count, a sum, distinct values, a streak, or units granted.

    Exactly one of `sum`, `distinct`, `streak`, `points` is set; none of them is a plain count.
    `each_sum`/`each_least` (minor units of the summed field): a distinct value counts once its own
    sum reaches the least. `points` is the wallet, `rules` restricts it.
    """

    activity: tuple[str, ...] = ()
    when: Condition = ALWAYS
    lines: Condition = ALWAYS
    sum: str | None = None
    distinct: str | None = None
    each_sum: str | None = None
    each_least: int = 0
    streak: str | None = None
    points: str | None = None
    rules: tuple[str, ...] = ()
    once_per_day: bool = False
    when_refunded: bool = False
    scale: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A measure over a window; values are kept in minor units of `measure.scale`.

    With `backfill` it counts what the journal holds of the time before its first version too.
    """

    id: str
    measure: Measure
    window: Window = LIFETIME
    name: str = ""
    since: Instant | None = None
    backfill: bool = False
    description: str | None = None


# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantPoints:
    """Units into a wallet; `as_name` names the lot."""

    wallet: str
    points: int
    as_name: str = "bonus"
    per: Per | None = None
    expiry: Expiry | None = None
    pending: Pending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantBadge:
    """A badge."""

    badge: str
    per: Per | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantVoucher:
    """A voucher, valid through its last day; by tier of `ladder` where `valid` is a map."""

    kind: str
    valid: Period | Mapping[str, Period] | None = None
    ladder: str | None = None
    per: Per | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTier:
    """A tier until an instant (exclusive) or for a period."""

    ladder: str
    tier: str
    until: Instant | Period | None = None
    per: Per | None = None


Grant = GrantPoints | GrantBadge | GrantVoucher | GrantTier


# ---------------------------------------------------------------- ladders, missions, badges


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A tier: reached at a counter value, in the counter's minor units."""

    id: str
    at: int
    name: str = ""
    perks: tuple[str, ...] = ()
    on_enter: tuple[Grant, ...] = ()
    description: str | None = None
    image_url: str | None = None


NO_TIER = Rung(id="none", at=0, name="None", description="Below the first tier.")
"""Stands below a first tier that has to be reached; conditions and rehearsals see no tier there."""


class KeepKind(StrEnum):
    """How long a tier that was earned is kept."""

    FOREVER = "forever"
    FOR = "for"
    END_OF_WINDOW = "end_of_window"
    END_OF_NEXT_YEAR = "end_of_next_year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """`period` for FOR; `grace` is a (month, day) inclusive for END_OF_NEXT_YEAR."""

    kind: KeepKind = KeepKind.FOREVER
    period: Period | None = None
    grace: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Members whose attributes match hold at least this tier."""

    when: Condition
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Tiers in ascending order over one counter."""

    id: str
    name: str
    counter: str
    window: Window
    tiers: tuple[Rung, ...]
    keep: Keep = Keep()
    one_rung: bool = False
    recheck: bool = False
    floors: tuple[Floor, ...] = ()
    description: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """A goal over a measure of its own, or over a counter."""

    id: str
    name: str
    goal: int
    scale: int = 0
    measure: Measure | None = None
    counter: str | None = None
    window: Window = LIFETIME
    opt_in: bool = False
    eligible: Condition = ALWAYS
    late: Period | None = None
    grant: tuple[Grant, ...] = ()
    reverse: bool = False
    description: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """Given once, never taken away: at a counter value, for a mission, or for a tier."""

    id: str
    name: str
    counter: str | None = None
    at: int = 0
    mission: str | None = None
    ladder: str | None = None
    tier: str | None = None
    grant: tuple[Grant, ...] = ()
    description: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """Members ordered by a counter's value in a window; `asof` pins the window that holds it."""

    id: str
    name: str
    counter: str
    window: Window
    shared_ranks: bool = False
    asof: Instant | None = None
    eligible: Condition = ALWAYS
    description: str | None = None
    image_url: str | None = None


# ---------------------------------------------------------------- rewards, draws, plans, jobs


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant on, up to another; None is without end."""

    begin: Instant | None = None
    end: Instant | None = None

    def place(self, at: Instant) -> int:
        """Return -1 before the span, 0 within it, 1 behind it."""
        if self.begin is not None and at < self.begin:
            return -1
        return 1 if self.end is not None and at >= self.end else 0


WHENEVER = Span()


@dataclass(frozen=True, slots=True)
class Price:
    """What a reward costs whom the condition fits, in the minor units of a wallet."""

    wallet: str
    cost: int
    when: Condition = ALWAYS


@dataclass(frozen=True, slots=True)
class Wording:
    """How something is shown in one language; what is None is shown as elsewhere."""

    name: str | None = None
    description: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What units buy: a fixed `cost`, or `any` value at `any_points` per `any_value` of money.

    `prices` come before the cost. `codes` names the pool that its vouchers' codes are taken from,
    `codes_low` at how few of them somebody is to be told. `gives_points` of `gives_wallet` come
    with each. With `fulfil_within` a redemption is pending until the `partner` has fulfilled it,
    for so long at most. `stocked_by_partner`: it may add to the `stock`, which else the program
    alone says.
    """

    id: str
    name: str
    wallet: str
    cost: int | None = None
    any_points: int = 0
    any_value: int = 0
    stock: int | None = None
    when: Condition = ALWAYS
    per_member_times: int | None = None
    per_member_per: Per = Per.LIFETIME
    voucher_valid: Period | None = None
    has_voucher: bool = False
    final: bool = False
    cancel_within: Period | None = None
    grace: Period | None = None
    partner: str | None = None
    kind: str = ""
    visible: Span = WHENEVER
    redeemable: Span = WHENEVER
    prices: tuple[Price, ...] = ()
    period_stock: int | None = None
    period_stock_per: Per | None = None
    gives_wallet: str = ""
    gives_points: int | None = None
    codes: str | None = None
    codes_low: int | None = None
    fulfil_within: Duration | None = None
    stocked_by_partner: bool = False
    texts: Mapping[str, Wording] = field(default_factory=dict)
    description: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class Prize:
    """A row of a draw's table; `odds` is the probability."""

    id: str
    odds: Ratio
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A random reward with published odds; see `core.draws` for the number drawn."""

    id: str
    activity: tuple[str, ...]
    seed: str
    wallet: str
    table: tuple[Prize, ...]
    when: Condition = ALWAYS
    lines: Condition = ALWAYS
    pity: Prize | None = None
    pity_after: int = 0
    budget: int | None = None
    budget_per: Per = Per.LIFETIME
    name: str = ""
    description: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A paid membership; without a period it is for life."""

    id: str
    name: str
    period: Period | None = None
    fee: int | None = None
    description: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Pays out the whole spendable balance of a wallet that reaches `least`."""

    wallet: str
    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dividend:
    """A share of a counter's value over the previous calendar year.

    `rate` is minor units of the wallet per minor unit of the counter.
    """

    counter: str
    rate: Ratio
    wallet: str
    round: Rounding = Rounding.FLOOR
    least: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What time alone brings: on `yearly` (month, day)s, days of each month, or birthdays."""

    id: str
    yearly: tuple[tuple[int, int], ...] = ()
    monthly: tuple[int, ...] = ()
    birthday: bool = False
    when: Condition = ALWAYS
    grant: tuple[Grant, ...] = ()
    payout: Payout | None = None
    dividend: Dividend | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Whole units that a partner paid for in advance, for what happens within the span."""

    points: int
    span: Span = WHENEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """Whole units of all wallets and members together, within a window."""

    points: int
    per: Per = Per.LIFETIME


class Exhausted(StrEnum):
    """What happens to an activity for which too little is left of an allowance."""

    REFUSE = "refuse"
    GO_ON = "go_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What an agreement allows in one direction.

    `prepaid` are blocks by id, `low` is how many units must be left for nobody to be told.
    """

    prepaid: Mapping[str, Block] = field(default_factory=dict)
    limit: Cap | None = None
    low: int | None = None
    exhausted: Exhausted = Exhausted.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Another brand: what it pays for a point issued and is paid for one redeemed, in money.

    `issues` and `redeems` are what is agreed of how many; None is without end.
    """

    id: str
    name: str
    pays_per_point: Ratio = Ratio(0, 1)
    is_paid_per_point: Ratio = Ratio(0, 1)
    issues: Allowance | None = None
    redeems: Allowance | None = None
    description: str | None = None
    logo_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Accounting: `value` is money (major units) per point (major unit) by wallet."""

    value: Mapping[str, Ratio] = field(default_factory=dict)
    redemption_rate: Ratio = Ratio(1, 1)
    ifrs15: bool = False
    point_value: Ratio = Ratio(0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One version of a rulebook. Maps keep the document's order."""

    id: str
    name: str
    description: str | None = None
    version: int = 1
    begin: Instant = Instant(0)
    timezone: str = "UTC"
    day_start_minutes: int = 0
    leap_birthday_march: bool = False
    max_age: Period | None = None
    claim_window: Period | None = None
    enroll_auto: bool = False
    money_unit: str = "USD"
    money_scale: int = 2
    wallets: Mapping[str, Wallet] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    accept: tuple[AcceptRule, ...] = ()
    counters: Mapping[str, Counter] = field(default_factory=dict)
    ladders: Mapping[str, Ladder] = field(default_factory=dict)
    missions: Mapping[str, Mission] = field(default_factory=dict)
    badges: Mapping[str, Badge] = field(default_factory=dict)
    leaderboards: Mapping[str, Leaderboard] = field(default_factory=dict)
    rewards: Mapping[str, Reward] = field(default_factory=dict)
    draws: Mapping[str, Draw] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    jobs: Mapping[str, Job] = field(default_factory=dict)
    partners: Mapping[str, Partner] = field(default_factory=dict)
    book: Book = Book()

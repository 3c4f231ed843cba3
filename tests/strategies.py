"""Hypothesis strategies: whole programs, and what happens in them.

Rule: every program made here is one that the loader would let through; amounts are small, so that
thresholds are met.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from guerdon.core.activity import Instant
from guerdon.core.amounts import COUNTER_SCALE, Ratio, Rounding
from guerdon.core.gives import carry_in, carry_of
from guerdon.core.program import (
    ALWAYS,
    NO_TIER,
    AcceptRule,
    After,
    Allowance,
    Badge,
    Bands,
    Block,
    Book,
    Cap,
    Condition,
    Counter,
    Dividend,
    Draw,
    Duration,
    Exhausted,
    Expiry,
    ExpiryByTier,
    Extend,
    Fixed,
    Floor,
    Give,
    GiveByTier,
    Grant,
    GrantBadge,
    GrantPoints,
    GrantTier,
    GrantVoucher,
    Inactivity,
    Job,
    Keep,
    KeepKind,
    Ladder,
    Leaderboard,
    Limit,
    Measure,
    Mission,
    Never,
    Of,
    OnDate,
    Partner,
    Payout,
    Pending,
    Per,
    Period,
    Plan,
    Price,
    Prize,
    Program,
    Rate,
    Reward,
    Rule,
    Rung,
    Span,
    Step,
    Test,
    Unit,
    Wallet,
    Window,
    WindowKind,
)
from lives import GAP_COUNT, KINDS, LATE_COUNT, Deed
from oracle.calendar import EPOCH, MILLISECOND

ZONES = ("UTC", "America/New_York", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia")
TIERS = ("low", "mid", "top")
HALVES = st.sampled_from([Decimal("0.5"), Decimal(1), Decimal("1.2"), Decimal("6.5"), Decimal(2)])
POINTS = st.sampled_from([10, 1, 25, 100, 333])
PERIODS = st.sampled_from(
    [
        Period(months=1),
        Period(days=14),
        Period(months=12),
        Period(months=6),
        Period(days=1),
        Period(months=1, days=3),
    ]
)
PER = st.sampled_from([Per.DAY, Per.WEEK, Per.MONTH, Per.YEAR, Per.LIFETIME])
BEGIN = 1_704_000_000_000

Strategy = st.SearchStrategy


def rarely(strategy: Strategy[Any], otherwise: Any = None) -> Strategy[Any]:
    """Return the plain value more often than not."""
    return st.one_of(st.just(otherwise), st.just(otherwise), strategy)


# ---------------------------------------------------------------- conditions

ON_ACTIVITY = (
    Test("channel", "eq", "web"),
    Test("channel", "ne", "web"),
    Test("channel", "not_in", ("web", "till")),
    Test("channel", "exists", True),
    Test("net", "gte", Decimal(10)),
    Test("net", "lt", Decimal(500)),
    Test("nth", "lte", Decimal(2)),
    Test("weekday", "in", ("sat", "sun")),
    Test("date", "from", "2024-01-01"),
    Test("month_day", "to", "06-30"),
    Test("time", "gte", "12:00"),
    Test("days_since_enrollment", "lte", Decimal(30)),
    Test("birthday_month", "eq", "true"),
    Test("birthday", "eq", "true"),
    Test("member.card", "eq", "gold"),
    Test("member.card", "ne", "gold"),
    Test("km", "gte", Decimal(3)),
    Test("amount", "lt", Decimal(60)),
)
ON_LINES = (
    Test("category", "eq", "a"),
    Test("category", "not_in", ("gift",)),
    Test("category", "in", ("a", "b")),
    Test("brand", "exists", True),
    Test("amount", "gte", Decimal(5)),
)
ON_MEMBER = (Test("member.card", "eq", "gold"), Test("member.card", "ne", "gold"))


def tests_on(ladders: list[str]) -> tuple[Test, ...]:
    """Return what a condition may ask of an activity, with what is held then."""
    tiers = [Test(one, "eq", "mid") for one in ladders]
    others = [Test(one, "not_in", ("low",)) for one in ladders]
    plans = (Test("plan.plus", "eq", "true"), Test("plan.life", "ne", "true"))
    return (*ON_ACTIVITY, *plans, *tiers, *tiers, *others)


def conditions(tests: tuple[Test, ...]) -> Strategy[Condition]:
    """Return matchers of at most two tests, mostly none."""
    some = st.lists(st.sampled_from(tests), min_size=1, max_size=2, unique=True)
    return rarely(some.map(lambda found: Condition(tuple(found))), ALWAYS)


# ---------------------------------------------------------------- wallets

SIMPLE_EXPIRY: Strategy[Expiry] = st.one_of(
    st.just(Never()),
    st.builds(After, PERIODS, st.sampled_from(["day", "month", "quarter", "year"])),
    st.builds(
        OnDate,
        month=st.sampled_from([2, 12, 6]),
        day=st.sampled_from([29, 28]),
        years=st.integers(0, 1),
    ),
)
INACTIVITY: Strategy[Expiry] = st.builds(
    Inactivity,
    PERIODS,
    st.sampled_from([("purchase",), ("purchase", "redemption"), ("visit", "adjustment")]),
)


def expiries(ladders: list[str]) -> Strategy[Expiry]:
    """Return every expiry mode."""
    found = st.one_of(SIMPLE_EXPIRY, SIMPLE_EXPIRY, INACTIVITY)
    if not ladders:
        return found
    by_tier = st.builds(
        ExpiryByTier,
        ladder=st.sampled_from(ladders),
        tiers=st.dictionaries(st.sampled_from(TIERS[:2]), found, min_size=1, max_size=2),
        otherwise=found,
    )
    return st.one_of(found, found, by_tier)


@st.composite
def wallets(draw: st.DrawFn, name: str, ladders: list[str], others: list[str]) -> Wallet:
    """Return a wallet."""
    extend = st.builds(
        Extend,
        activity=st.sampled_from([("purchase",), ("redemption", "visit")]),
        through=st.sampled_from([Period(months=1), Period(months=2)]),
        when=conditions(ON_ACTIVITY[:3]),
    )
    return Wallet(
        id=name,
        name=name,
        scale=draw(st.sampled_from([0, 2])),
        spend=draw(st.sampled_from(["fefo", "fifo"])),
        debt=draw(st.sampled_from(["allow", "allow", "write_off"])),
        expiry=draw(expiries(ladders)),
        extend=draw(rarely(extend)),
        transfer_to=draw(rarely(st.sampled_from(others))) if others else None,
    )


# ---------------------------------------------------------------- rules

ROUNDINGS = st.sampled_from(list(Rounding))


@st.composite
def gives(draw: st.DrawFn, scale: int, earlier: list[str]) -> Give:
    """Return every form of `give`."""
    kinds = ["fixed", "rate", "step", "carry", "bands", "unit", *(["of"] if earlier else [])]
    kind = draw(st.sampled_from(kinds))
    points = draw(POINTS) * 10**scale
    form: Any
    if kind == "fixed":
        form = Fixed(points)
    elif kind == "rate":
        form = Rate(Ratio.of(draw(HALVES)).scaled(scale - 2))
    elif kind in ("step", "carry"):
        worth = Ratio.of(draw(st.sampled_from([Decimal(points), points + Decimal("0.5")])))
        form = Step(draw(st.sampled_from([500, 200, 10000])), worth, carry=kind == "carry")
    elif kind == "bands":
        form = Bands(((1000, points), (50000, 2 * points)), 5 * points)
    elif kind == "unit":
        form = Unit("km", Ratio.of(draw(HALVES)).scaled(scale), Ratio(draw(st.integers(0, 5)), 1))
    else:
        form = Of((draw(st.sampled_from(earlier)),), Ratio.of(draw(HALVES)))
    most = None if kind == "carry" else draw(rarely(st.just(3 * points)))
    return Give(form=form, round=draw(ROUNDINGS), max=most)


def _multiplies(give: Give | GiveByTier) -> bool:
    gives = give.tiers.values() if isinstance(give, GiveByTier) else [give]
    return any(isinstance(one.form, Of) for one in gives)


@st.composite
def rules(draw: st.DrawFn, place: int, program: dict[str, Any]) -> Rule:
    """Return a rule; `of` looks at earlier rules of the same wallet."""
    wallet = draw(st.sampled_from(list(program["wallets"].values())))
    earlier = [
        one.id
        for one in program["rules"]
        if one.wallet == wallet.id
        and not (one.to_referrer and one.limit is not None and one.limit.by == "beneficiary")
    ]
    plain: Give = draw(gives(wallet.scale, earlier))
    give: Give | GiveByTier = plain
    carries = isinstance(plain.form, Step) and plain.form.carry
    ladders = list(program["ladders"])
    if ladders and draw(st.integers(0, 3)) == 3:
        other = draw(gives(wallet.scale, []))
        if carries == (carry_in(other) is not None):
            give = GiveByTier(draw(st.sampled_from(ladders)), {"low": plain, "mid": other})
    limit = st.builds(
        Limit,
        per=PER,
        times=st.sampled_from([1, 2]),
        by=st.sampled_from(["member", "beneficiary", "subject", "anyone"]),
        subject=st.just("topic"),
    )
    cap = st.builds(
        Limit,
        per=PER,
        points=st.just(50 * 10**wallet.scale),
        by=st.sampled_from(["member", "anyone"]),
    )
    return Rule(
        id=f"rule{place}",
        activity=draw(
            st.sampled_from(
                [("purchase",), ("purchase",), ("purchase", "visit"), ("visit",), ("enrollment",)]
            )
        ),
        wallet=wallet.id,
        give=give,
        when=draw(conditions(tests_on(list(program["ladders"])))),
        lines=draw(conditions(ON_LINES)),
        to_referrer=not carries and draw(st.integers(0, 5)) == 5,
        limit=None if carries else draw(rarely(st.one_of(limit, cap))),
        pending=draw(rarely(st.builds(Pending, st.sampled_from([Period(days=14), None])))),
        expiry=draw(rarely(SIMPLE_EXPIRY)),
        best_of=None if carries or _multiplies(give) else draw(rarely(st.just("best"))),
    )


# ---------------------------------------------------------------- counters

CALENDAR_WINDOWS = [
    Window(kind)
    for kind in (
        WindowKind.LIFETIME,
        WindowKind.YEAR,
        WindowKind.MONTH,
        WindowKind.WEEK,
        WindowKind.DAY,
    )
]
FIXED = Window(WindowKind.FIXED, begin=Instant(BEGIN), end=Instant(BEGIN + 100 * 86_400_000))
WINDOWS: Strategy[Window] = st.one_of(
    st.sampled_from(CALENDAR_WINDOWS),
    st.builds(Window, st.just(WindowKind.ROLLING), period=PERIODS),
    st.just(FIXED),
)


@st.composite
def measures(
    draw: st.DrawFn, wallet_ids: list[tuple[str, int]], ladders: tuple[str, ...] = ()
) -> Measure:
    """Return a measure of any kind."""
    kind = draw(
        st.sampled_from(
            ["net", "count", "km", "distinct", "each", "each_km", "streak", "points", "day"]
        )
    )
    if kind == "points":
        wallet, scale = draw(st.sampled_from(wallet_ids))
        return Measure(points=wallet, scale=scale, rules=draw(rarely(st.just(("rule0",)), ())))
    forms: dict[str, dict[str, Any]] = {
        "net": {"sum": "net", "scale": 2},
        "count": {},
        "km": {"sum": "km", "scale": COUNTER_SCALE},
        "distinct": {
            "distinct": draw(st.sampled_from(["category", "channel", "partner", "weekday"]))
        },
        "each": {"distinct": "category", "each_sum": "net", "each_least": 1000},
        "each_km": {
            "distinct": draw(st.sampled_from(["category", "channel", "weekday"])),
            "each_sum": "km",
            "each_least": 11 * 10**COUNTER_SCALE,
        },
        "streak": {"streak": draw(st.sampled_from(["day", "week"]))},
        "day": {"once_per_day": True},
    }
    return Measure(
        activity=draw(
            st.sampled_from(
                [("purchase",), ("purchase", "visit"), ("visit",), ("redemption", "transfer")]
            )
        ),
        when=draw(conditions(tests_on(list(ladders)))),
        lines=draw(conditions(ON_LINES)),
        when_refunded=draw(st.integers(0, 3)) == 3,
        **forms[kind],
    )


def threshold(draw: st.DrawFn, measure: Measure) -> int:
    """Return a value that lives reach."""
    units: int = draw(st.sampled_from([1, 2, 3, 50, 300]))
    return units * int(10**measure.scale)


# ---------------------------------------------------------------- effects

UNTIL = st.sampled_from([None, Period(months=1), Instant(BEGIN + 100 * 86_400_000)])


@st.composite
def grants(draw: st.DrawFn, program: dict[str, Any], *, without: str = "") -> Grant:
    """Return an effect."""
    kinds = [one for one in ("points", "points", "voucher", "tier", "badge") if one != without]
    kind = draw(st.sampled_from(kinds))
    per = draw(rarely(PER))
    ladders = list(program["ladders"])
    if kind == "voucher":
        valid: Any = draw(st.sampled_from([None, Period(days=7), Period()]))
        by_tier: bool = draw(st.booleans())
        if ladders and by_tier:
            valid = {tier: Period(days=i) for i, tier in enumerate(TIERS)}
            ladder = draw(st.sampled_from(ladders))
            return GrantVoucher(kind="treat", valid=valid, ladder=ladder, per=per)
        return GrantVoucher(kind="treat", valid=valid, per=per)
    if kind == "tier" and ladders:
        tier = draw(st.sampled_from(TIERS[1:]))
        ladder = draw(st.sampled_from(ladders))
        return GrantTier(ladder=ladder, tier=tier, until=draw(UNTIL), per=per)
    if kind == "badge" and program["badges"]:
        return GrantBadge(badge=draw(st.sampled_from(list(program["badges"]))), per=per)
    wallet = draw(st.sampled_from(list(program["wallets"].values())))
    return GrantPoints(
        wallet=wallet.id,
        points=draw(POINTS) * 10**wallet.scale,
        as_name=draw(st.sampled_from(["bonus", "gift"])),
        per=per,
        expiry=draw(rarely(SIMPLE_EXPIRY)),
        pending=draw(rarely(st.just(Pending(Period(days=3))))),
    )


# ---------------------------------------------------------------- ladders, missions, badges


@st.composite
def ladders(draw: st.DrawFn, name: str, program: dict[str, Any]) -> Ladder:
    """Return a ladder with any `keep`."""
    counter = draw(st.sampled_from(list(program["counters"].values())))
    step = 10**counter.measure.scale
    tops = draw(st.sampled_from([(0, 2, 5), (0, 100, 500), (0, 50, 1000), (1, 2, 50)]))
    keep = draw(
        st.sampled_from(
            [
                Keep(),
                Keep(kind=KeepKind.FOR, period=Period(months=12)),
                Keep(kind=KeepKind.FOR, period=Period(days=14)),
                Keep(kind=KeepKind.END_OF_WINDOW),
                Keep(kind=KeepKind.END_OF_NEXT_YEAR),
                Keep(kind=KeepKind.END_OF_NEXT_YEAR, grace=(1, 31)),
            ]
        )
    )
    windows = {
        KeepKind.END_OF_NEXT_YEAR: st.just(Window(WindowKind.YEAR)),
        KeepKind.END_OF_WINDOW: st.sampled_from([*CALENDAR_WINDOWS[1:4], FIXED]),
    }
    floor = Floor(when=Condition((ON_MEMBER[0],)), tier="mid")
    return Ladder(
        id=name,
        name=name,
        counter=counter.id,
        window=draw(windows.get(keep.kind, st.one_of(st.just(counter.window), WINDOWS))),
        tiers=(
            *((NO_TIER,) if tops[0] else ()),
            *(
                Rung(
                    id=tier,
                    at=at * step,
                    on_enter=tuple(draw(st.lists(grants(program, without="tier"), max_size=1)))
                    if at
                    else (),
                )
                for tier, at in zip(TIERS, tops, strict=True)
            ),
        ),
        keep=keep,
        one_rung=draw(st.booleans()),
        recheck=draw(st.booleans()),
        floors=(floor,) if draw(st.integers(0, 3)) == 3 else (),
    )


@st.composite
def missions(draw: st.DrawFn, name: str, program: dict[str, Any]) -> Mission:
    """Return a mission."""
    opt_in = draw(st.booleans())
    wallet_ids = [(one.id, one.scale) for one in program["wallets"].values()]
    window = draw(WINDOWS)
    if opt_in and draw(st.booleans()):
        window = Window(WindowKind.JOINED, period=Period(days=14))
    measure = draw(measures(wallet_ids, tuple(program["ladders"])))
    counter, read = None, window
    if draw(st.integers(0, 3)) == 3:
        found = draw(st.sampled_from(list(program["counters"].values())))
        counter, measure, read = found.id, found.measure, found.window
        window = draw(st.sampled_from([Window(), FIXED]))
    bounded = window.kind in (WindowKind.FIXED, WindowKind.JOINED) and not counter
    return Mission(
        id=name,
        name=name,
        goal=threshold(draw, measure),
        scale=measure.scale,
        measure=None if counter else measure,
        counter=counter,
        window=window,
        opt_in=opt_in,
        eligible=draw(conditions(ON_MEMBER)),
        late=draw(rarely(st.just(Period(days=1)))) if bounded else None,
        grant=tuple(draw(st.lists(grants(program), min_size=1, max_size=2))),
        reverse=read.kind is not WindowKind.ROLLING and draw(st.booleans()),
    )


@st.composite
def badges(draw: st.DrawFn, name: str, program: dict[str, Any]) -> Badge:
    """Return a badge."""
    kind = draw(st.sampled_from(["counter", "mission", "ladder"]))
    grant = tuple(draw(rarely(st.lists(grants(program, without="badge"), max_size=1), [])))
    if kind == "mission" and program["missions"]:
        mission = draw(st.sampled_from(list(program["missions"])))
        return Badge(id=name, name=name, mission=mission, grant=grant)
    if kind == "ladder" and program["ladders"]:
        ladder = draw(st.sampled_from(list(program["ladders"])))
        return Badge(id=name, name=name, ladder=ladder, tier="mid", grant=grant)
    counter = draw(st.sampled_from(list(program["counters"].values())))
    at = threshold(draw, counter.measure)
    return Badge(id=name, name=name, counter=counter.id, at=at, grant=grant)


# ---------------------------------------------------------------- rewards, draws, jobs


SPANS = st.sampled_from(
    [
        Span(Instant(BEGIN), Instant(BEGIN + 100 * 86_400_000)),
        Span(None, Instant(BEGIN + 400 * 86_400_000)),
        Span(Instant(BEGIN + 70 * 86_400_000), None),
    ]
)


@st.composite
def rewards(draw: st.DrawFn, name: str, program: dict[str, Any]) -> Reward:
    """Return a reward."""
    wallet = draw(st.sampled_from(list(program["wallets"].values())))
    unit = 10**wallet.scale
    free = draw(st.integers(0, 3)) == 3
    prices = [
        Price(other.id, draw(st.sampled_from([3, 8])) * 10**other.scale, when)
        for other in program["wallets"].values()
        if (when := draw(rarely(conditions(ON_ACTIVITY[7:9]), ALWAYS))) or other.id != wallet.id
    ]
    ladders = list(program.get("ladders", ()))
    in_all = draw(rarely(st.just(1)))
    given = draw(rarely(st.sampled_from(list(program["wallets"].values()))))
    stock = draw(rarely(st.integers(0, 3)))
    partner = draw(rarely(st.just("cafe")))
    return Reward(
        id=name,
        name=name,
        wallet=wallet.id,
        cost=None if free else draw(st.sampled_from([10, 5, 100, 0])) * unit,
        any_points=13 * unit if free else 0,
        any_value=100 if free else 0,
        stock=stock,
        period_stock=in_all and draw(st.integers(1, 2)),
        period_stock_per=in_all and draw(PER),
        visible=draw(rarely(SPANS, Span())),
        redeemable=draw(rarely(SPANS, Span())),
        when=draw(rarely(conditions((*ON_ACTIVITY[7:9], *tests_on(ladders)[-5:])), ALWAYS)),
        per_member_times=draw(rarely(st.integers(1, 2))),
        per_member_per=draw(PER),
        voucher_valid=draw(st.sampled_from([None, Period(days=30)])),
        has_voucher=draw(st.booleans()),
        final=draw(st.integers(0, 5)) == 5,
        cancel_within=draw(rarely(st.just(Period(days=14)))),
        grace=draw(rarely(st.just(Period(days=30)))),
        prices=tuple(prices) if draw(st.booleans()) else (),
        gives_wallet=given.id if given else "",
        gives_points=7 * 10**given.scale if given else None,
        partner=partner,
        stocked_by_partner=bool(partner) and stock is not None and draw(st.booleans()),
        fulfil_within=draw(rarely(st.sampled_from([Duration(60), Duration(3 * 1_440)]))),
    )


@st.composite
def draws(draw: st.DrawFn, program: dict[str, Any]) -> Draw:
    """Return a draw in which most win something."""
    wallet = draw(st.sampled_from(list(program["wallets"].values())))
    unit = 10**wallet.scale
    pity = draw(rarely(st.just(Prize("pity", Ratio(0, 1), 3 * unit))))
    return Draw(
        id="wheel",
        activity=draw(st.sampled_from([("purchase",), ("purchase", "visit")])),
        seed="seed",
        wallet=wallet.id,
        table=(Prize("big", Ratio(1, 4), 50 * unit), Prize("small", Ratio(1, 4), 7 * unit)),
        when=draw(conditions(ON_ACTIVITY)),
        lines=draw(conditions(ON_LINES)),
        pity=pity,
        pity_after=2 if pity else 0,
        budget=draw(rarely(st.just(60 * unit))),
        budget_per=draw(PER),
    )


@st.composite
def jobs(draw: st.DrawFn, name: str, program: dict[str, Any]) -> Job:
    """Return a job."""
    when = draw(conditions(ON_MEMBER))
    kind = draw(st.sampled_from(["grant", "payout", "dividend", "birthday"]))
    if kind == "birthday":
        return Job(id=name, birthday=True, when=when, grant=(draw(grants(program)),))
    days: dict[str, Any] = draw(
        st.sampled_from([{"yearly": ((3, 1),)}, {"monthly": (31,)}, {"monthly": (1, 30)}])
    )
    wallet = draw(st.sampled_from(list(program["wallets"].values())))
    if kind == "payout":
        return Job(
            id=name, when=when, payout=Payout(wallet=wallet.id, least=10 * 10**wallet.scale), **days
        )
    if kind == "dividend":
        counter = draw(st.sampled_from(list(program["counters"].values())))
        rate = Ratio(1, 10).scaled(wallet.scale - counter.measure.scale)
        paid = Dividend(
            counter=counter.id, rate=rate, wallet=wallet.id, round=draw(ROUNDINGS), least=1
        )
        return Job(id=name, when=when, dividend=paid, **days)
    return Job(id=name, when=when, grant=(draw(grants(program)),), **days)


# ---------------------------------------------------------------- partners

CAPS = st.builds(Cap, points=st.sampled_from([20, 500]), per=PER)
BLOCKS = {
    "season": Block(points=300, span=Span(Instant(BEGIN), Instant(BEGIN + 90 * 86_400_000))),
    "always": Block(points=40),
}
ENOUGH = st.sampled_from([Exhausted.REFUSE, Exhausted.GO_ON, Exhausted.GO_ON])
ISSUES = st.builds(
    Allowance,
    prepaid=st.sampled_from([{}, BLOCKS, {"always": BLOCKS["always"]}]),
    limit=rarely(CAPS),
    exhausted=ENOUGH,
)
REDEEMS = st.builds(Allowance, limit=CAPS, exhausted=ENOUGH)


# ---------------------------------------------------------------- programs


def day_after(days: int) -> Instant:
    """Return an instant that lives may reach, so many days after the first of them begin."""
    return Instant(BEGIN + days * 86_400_000)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Return a whole program."""
    found: dict[str, Any] = {"wallets": {}, "ladders": {}, "counters": {}, "badges": {}}
    found["rules"], found["missions"] = [], {}
    ladder_names = ["status", "club"][: draw(st.integers(0, 2))]
    for name in ["points", "miles"][: draw(st.integers(1, 2))]:
        others = list(found["wallets"])
        found["wallets"][name] = draw(wallets(name, ladder_names, others))
    wallet_ids = [(one.id, one.scale) for one in found["wallets"].values()]
    for name in ["first", "second", "third"][: draw(st.integers(1, 3))]:
        measure = draw(measures(wallet_ids, tuple(ladder_names)))
        found["counters"][name] = Counter(id=name, measure=measure, window=draw(WINDOWS))
    found["ladders"] = dict.fromkeys(ladder_names)
    badge_names = ["star", "moon"][: draw(st.integers(0, 2))]
    found["badges"] = dict.fromkeys(badge_names)
    for name in ladder_names:
        found["ladders"][name] = draw(ladders(name, found))
    for i in range(draw(st.integers(1, 4))):
        found["rules"].append(draw(rules(i, found)))
    for name in ["quest_a", "quest_b"][: draw(st.integers(0, 2))]:
        found["missions"][name] = draw(missions(name, found))
    for name in badge_names:
        found["badges"][name] = draw(badges(name, found))
    counters = list(found["counters"])
    return Program(
        id="random",
        name="Random",
        timezone=draw(st.sampled_from(ZONES)),
        day_start_minutes=draw(st.sampled_from([0, 0, 150, 360])),
        leap_birthday_march=draw(st.booleans()),
        max_age=draw(rarely(st.just(Period(days=60)))),
        claim_window=draw(rarely(st.just(Period(days=14)))),
        enroll_auto=draw(st.integers(0, 3)) == 3,
        wallets=found["wallets"],
        rules=tuple(found["rules"]),
        accept=tuple(
            draw(
                rarely(
                    st.just(
                        [
                            AcceptRule(
                                activity=("purchase",),
                                when=Condition((Test("channel", "ne", "till"),)),
                                reason="channel",
                            )
                        ]
                    ),
                    [],
                )
            )
        ),
        counters=found["counters"],
        ladders=found["ladders"],
        missions=found["missions"],
        badges=found["badges"],
        leaderboards={
            name: Leaderboard(
                id=name,
                name=name,
                counter=draw(st.sampled_from(counters)),
                window=draw(WINDOWS),
                shared_ranks=draw(st.booleans()),
                eligible=draw(conditions(ON_MEMBER)),
                asof=draw(rarely(st.integers(0, 100).map(day_after))),
            )
            for name in ["board"][: draw(st.integers(0, 1))]
        },
        rewards={
            name: draw(rewards(name, found))
            for name in ["mug", "voucher"][: draw(st.integers(0, 2))]
        },
        draws={"wheel": draw(draws(found))} if draw(st.integers(0, 2)) == 2 else {},
        plans={
            name: Plan(id=name, name=name, period=period)
            for name, period in (("plus", Period(months=12)), ("life", None))
            if draw(st.integers(0, 2)) == 2
        },
        jobs={
            name: draw(jobs(name, found)) for name in ["job_a", "job_b"][: draw(st.integers(0, 2))]
        },
        partners={
            "cafe": Partner(
                id="cafe",
                name="cafe",
                pays_per_point=Ratio(12, 1000),
                is_paid_per_point=Ratio(1, 100),
                issues=draw(rarely(ISSUES)),
                redeems=draw(rarely(REDEEMS)),
            )
        },
        book=Book(
            value={"points": Ratio(1, 100)},
            redemption_rate=Ratio(9, 10),
            ifrs15=draw(st.booleans()),
            point_value=Ratio(1, 50),
        ),
    )


@st.composite
def tiered_programs(draw: st.DrawFn) -> Program:
    """Return a program whose wallet follows tiers that come and go, mostly with inactivity."""
    program = draw(programs())
    visits = Measure(activity=("visit",))
    policy = st.one_of(SIMPLE_EXPIRY, INACTIVITY, INACTIVITY)
    by_tier = st.builds(
        ExpiryByTier,
        ladder=st.just("status"),
        tiers=st.dictionaries(st.sampled_from(TIERS[:2]), policy, min_size=1, max_size=2),
        otherwise=policy,
    )
    keeps = [Keep(kind=KeepKind.END_OF_WINDOW), Keep(kind=KeepKind.FOR, period=Period(days=14))]
    status = Ladder(
        id="status",
        name="status",
        counter="visits",
        window=Window(WindowKind.MONTH),
        tiers=tuple(Rung(id=tier, at=at, on_enter=()) for at, tier in enumerate(TIERS)),
        keep=draw(st.sampled_from(keeps)),
        one_rung=draw(st.booleans()),
        recheck=draw(st.booleans()),
        floors=(),
    )
    wallet = replace(program.wallets["points"], expiry=draw(by_tier))
    return replace(
        program,
        wallets={"points": wallet},
        rules=(
            Rule(
                id="base",
                activity=("purchase", "visit"),
                wallet="points",
                give=Give(form=Fixed(10 * 10**wallet.scale), round=Rounding.FLOOR, max=None),
            ),
        ),
        accept=(),
        counters={"visits": Counter(id="visits", measure=visits, window=Window(WindowKind.MONTH))},
        ladders={"status": status},
        missions={},
        badges={},
        leaderboards={},
        rewards={"mug": draw(rewards("mug", {"wallets": {"points": wallet}}))},
        draws={},
        plans={},
        jobs={},
        max_age=None,
    )


ORDERLESS = tuple(test for test in ON_ACTIVITY if test.field not in ("nth", "net"))
"""What conditions may ask where the order of arrival must not matter."""


def _waits_for_nobody(rule: Rule) -> bool:
    """Tell of a running total that waits: what a merge brings to it nobody could confirm."""
    return carry_of(rule) is not None and rule.pending == Pending()


@st.composite
def frugal_programs(draw: st.DrawFn) -> Program:
    """Return a program in which neither order nor anybody else matters.

    There are no tiers, limits, draws, missions or rewards.
    """
    program = draw(programs())
    expiry = st.one_of(SIMPLE_EXPIRY, INACTIVITY)
    simple = {
        slug: replace(wallet, expiry=draw(expiry), debt="allow")
        for slug, wallet in program.wallets.items()
    }
    plain_rules = [
        replace(rule, limit=None, to_referrer=False, when=draw(conditions(ORDERLESS)))
        for rule in program.rules
        if isinstance(rule.give, Give) and not _waits_for_nobody(rule)
    ]
    kept = {rule.id for rule in plain_rules}
    return replace(
        program,
        wallets=simple,
        rules=tuple(rule for rule in plain_rules if _stands_alone(rule, kept)),
        counters={
            slug: replace(
                counter,
                measure=replace(
                    counter.measure, when=draw(conditions(ORDERLESS)), when_refunded=False
                ),
            )
            for slug, counter in program.counters.items()
        },
        ladders={},
        missions={},
        badges={},
        leaderboards={},
        rewards={},
        draws={},
        jobs={},
        max_age=None,
    )


def _stands_alone(rule: Rule, kept: set[str]) -> bool:
    return not (
        isinstance(rule.give, Give)
        and isinstance(rule.give.form, Of)
        and not kept.issuperset(rule.give.form.rules)
    )


# ---------------------------------------------------------------- lives


def deeds(*without: str) -> Strategy[Deed]:
    """Return one thing that somebody does."""
    kinds = [kind for kind, weight in KINDS.items() if kind not in without for _ in range(weight)]
    return st.builds(
        Deed,
        kind=st.sampled_from(kinds),
        who=st.integers(0, 3),
        gap=st.integers(0, GAP_COUNT - 1),
        late=st.integers(0, LATE_COUNT - 1),
        picks=st.integers(0, 2**48),
    )


def lives(*without: str, least: int = 1, most: int = 14) -> Strategy[list[Deed]]:
    """Return what happens, in order of arrival."""
    return st.lists(deeds(*without), min_size=least, max_size=most)


BEGINNINGS = st.sampled_from(
    [
        int((EPOCH.replace(year=year, month=month, day=day, hour=15) - EPOCH) / MILLISECOND)
        for year, month, day in ((2024, 2, 28), (2023, 12, 30), (2026, 3, 7), (2024, 1, 31))
    ]
)

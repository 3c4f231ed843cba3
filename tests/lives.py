"""Members' lives, made from plain numbers: what a program listens to, and what happens to it.

A life is a list of deeds; a deed is a kind and a few numbers that choose among what the program's
own conditions, thresholds and catalogues make interesting. So any program can be lived through,
and a failing life shrinks to few deeds with small numbers.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from guerdon.core.activity import OWN_TYPES, Activity, Instant, Line, Value
from guerdon.core.program import (
    Bands,
    Condition,
    Give,
    GiveByTier,
    Grant,
    GrantVoucher,
    Measure,
    Program,
    Rule,
    Step,
    Unit,
)
from guerdon.program.comparison import Moment
from oracle.arrivals import Identity
from oracle.calendar import Calendar, plus_months

Arrival = tuple[Activity, Identity | None]

COMPUTED = {
    "net", "nth", "date", "month_day", "weekday", "time", "days_since_enrollment", "birthday",
    "birthday_month",
}  # fmt: skip
NAMES = ("ada", "bob", "cyd", "dot")
AMOUNTS = (100, 999, 1, 500, 3000, 12345, 50000, 250000)
FIGURES = tuple(Decimal(text) for text in ("1", "10", "0.1", "42.2", "3", "249.9"))
WORDS: tuple[Value, ...] = ("x", "y", "z")
OWN_EXPIRIES: tuple[dict[str, Value], ...] = (
    {"expiry": "P1M"},
    {"expiry": "never"},
    {"expiry.mode": "never"},
    {"expiry.mode": "after", "expiry.period": "P14D", "expiry.round": "month"},
    {"expiry.mode": "after", "expiry.period": "P1Y"},
    {"expiry.mode": "date", "expiry.month_day": "02-29", "expiry.years": Decimal(1)},
)
"""What an adjustment may say of its own expiry."""
BIRTHDAYS = ("02-29", "12-31", "01-01", "07-04")


@dataclass(frozen=True)
class Deed:
    """One thing that somebody does: `gap` after the one before, `late` by so much."""

    kind: str
    who: int = 0
    gap: int = 0
    late: int = 0
    picks: int = 0


class Picks:
    """Reads choices off one number; nought is always the first choice."""

    def __init__(self, number: int) -> None:
        self.number = number

    def below(self, count: int) -> int:
        """Return a number below `count`."""
        self.number, found = divmod(self.number, count)
        return found

    def of(self, choices: "tuple[object, ...] | list[object]") -> object:
        """Return one of the choices."""
        return choices[self.below(len(choices))]


@dataclass
class Vocabulary:
    """What a program could tell apart."""

    types: list[str] = field(default_factory=list)
    fields: dict[str, list[Value]] = field(default_factory=dict)
    lines: dict[str, list[Value]] = field(default_factory=dict)
    attrs: dict[str, list[Value]] = field(default_factory=dict)
    amounts: list[int] = field(default_factory=list)
    asks_birthdays: bool = False
    sources: tuple[str, ...] = ("nothing",)
    """What vouchers that no redemption brings are named by."""


def vocabulary(program: Program) -> Vocabulary:
    """Return what a program listens to, with the values at its thresholds."""
    found = Vocabulary(amounts=list(AMOUNTS))
    for kinds in _listened(program):
        found.types += [kind for kind in kinds if kind not in (*OWN_TYPES, *found.types)]
    found.types = found.types or ["visit"]
    for condition in _whens(program):
        _note(program, found, found.fields, condition)
    for condition in _lines(program):
        _note(program, found, found.lines, condition)
    for measure in _measures(program):
        if measure.sum not in (None, "net"):
            _add(found.fields, measure.sum or "", FIGURES)
        if measure.distinct is not None and measure.distinct != "partner":
            pool = found.lines if measure.distinct in ("sku", "category", "brand") else found.fields
            _add(pool, measure.distinct, WORDS)
    for rule in program.rules:
        _note_rule(found, rule)
    for ladder in program.ladders.values():
        if program.counters[ladder.counter].measure.sum == "net":
            found.amounts += [rung.at for rung in ladder.tiers if rung.at > 0]
    found.amounts = list(dict.fromkeys(found.amounts))
    found.asks_birthdays = any(job.birthday for job in program.jobs.values()) or any(
        test.field.startswith("birthday") for one in _whens(program) for test in one.tests
    )
    found.sources = tuple(_voucher_sources(program)) or found.sources
    return found


def _voucher_sources(program: Program) -> Iterator[str]:
    for ladder in program.ladders.values():
        yield from (f"{ladder.id}:{rung.id}" for rung in ladder.tiers if _brings(rung.on_enter))
    for kind, found in (("mission", program.missions), ("badge", program.badges)):
        yield from (f"{kind}:{one.id}" for one in found.values() if _brings(one.grant))


def _brings(effects: tuple[Grant, ...]) -> bool:
    return any(isinstance(one, GrantVoucher) for one in effects)


def _note_rule(found: Vocabulary, rule: Rule) -> None:
    if rule.limit is not None and rule.limit.subject not in (None, "partner"):
        _add(found.fields, rule.limit.subject or "", WORDS)
    gives = rule.give.tiers.values() if isinstance(rule.give, GiveByTier) else [rule.give]
    for give in gives:
        assert isinstance(give, Give)
        if isinstance(give.form, Unit):
            _add(found.fields, give.form.field, FIGURES)
        elif isinstance(give.form, Step):
            found.amounts += [give.form.step, give.form.step - 1, 2 * give.form.step]
        elif isinstance(give.form, Bands):
            found.amounts += [upto + more for upto, _ in give.form.bands for more in (0, 1)]


def _add(pool: dict[str, list[Value]], name: str, values: Iterable[Value]) -> None:
    known = pool.setdefault(name, [])
    known += [value for value in values if value not in known]


def _note(
    program: Program, found: Vocabulary, pool: dict[str, list[Value]], condition: Condition
) -> None:
    for test in condition.tests:
        if test.op == "exists" or isinstance(test.value, bool) or test.value is None:
            values: list[Value] = ["x"]
        elif isinstance(test.value, tuple):
            values = list(test.value)
        elif isinstance(test.value, Decimal):
            values = [test.value, test.value - Decimal("0.01"), test.value + Decimal("0.01")]
        else:
            values = [test.value]
        if test.field == "net":
            found.amounts += [
                int(value.scaleb(program.money_scale))
                for value in values
                if isinstance(value, Decimal) and value > 0
            ]
        elif test.field.startswith("member."):
            if test.field != "member.referrer":
                _add(found.attrs, test.field.removeprefix("member."), [*values, "other"])
        elif not (
            test.field in COMPUTED
            or test.field in program.ladders
            or test.field == "partner"
            or test.field.startswith("plan.")
        ):
            _add(pool, test.field, [*values, "other"])


def _listened(program: Program) -> Iterator[tuple[str, ...]]:
    yield from (rule.activity for rule in program.rules)
    yield from (rule.activity for rule in program.accept)
    yield from (draw.activity for draw in program.draws.values())
    yield from (measure.activity for measure in _measures(program))


def _measures(program: Program) -> Iterator[Measure]:
    yield from (counter.measure for counter in program.counters.values())
    yield from (
        mission.measure for mission in program.missions.values() if mission.measure is not None
    )


def _whens(program: Program) -> Iterator[Condition]:
    yield from (rule.when for rule in program.rules)
    yield from (rule.when for rule in program.accept)
    yield from (draw.when for draw in program.draws.values())
    yield from (measure.when for measure in _measures(program))
    yield from (mission.eligible for mission in program.missions.values())
    yield from (board.eligible for board in program.leaderboards.values())
    yield from (job.when for job in program.jobs.values())
    yield from (reward.when for reward in program.rewards.values())
    for ladder in program.ladders.values():
        yield from (one.when for one in ladder.floors)


def _lines(program: Program) -> Iterator[Condition]:
    yield from (rule.lines for rule in program.rules)
    yield from (draw.lines for draw in program.draws.values())
    yield from (measure.lines for measure in _measures(program))


# ---------------------------------------------------------------- time

HOUR = 3_600_000
DAY = 24 * HOUR
GAPS = (
    HOUR,
    0,
    1,
    1000,
    20 * HOUR,
    DAY,
    3 * DAY,
    16 * DAY,
    40 * DAY,
    100 * DAY,
    200 * DAY,
    400 * DAY,
)
BOUNDARIES = ("day", "month", "year", "day_before", "month_before", "next_day_13")


def later(calendar: Calendar, now: int, gap: int) -> int:
    """Return an instant after another: so much later, or at an edge of the calendar."""
    if gap < len(GAPS):
        return now + GAPS[gap]
    day = calendar.day(now)
    edge = BOUNDARIES[(gap - len(GAPS)) % len(BOUNDARIES)]
    if edge.startswith("day"):
        found = calendar.after(day)
    elif edge.startswith("month"):
        found = calendar.begin(plus_months(day.replace(day=1), 1))
    elif edge == "year":
        found = calendar.begin(day.replace(year=day.year + 1, month=1, day=1))
    else:
        found = calendar.begin(plus_months(day.replace(day=1), 13))
    found -= edge.endswith("_before")
    return max(found, now)


def earlier(now: int, late: int) -> int:
    """Return when something that arrives now happened."""
    return now - (0, 0, 1, HOUR, 2 * DAY, 40 * DAY, 400 * DAY)[late % 7]


GAP_COUNT = len(GAPS) + len(BOUNDARIES)
LATE_COUNT = 7


# ---------------------------------------------------------------- deeds


class Storyteller:
    """Turns deeds into activities of one program."""

    def __init__(self, program: Program, begin: int, names: tuple[str, ...] = NAMES) -> None:
        self.program = program
        self.names = names
        self.calendar = Calendar(program)
        self.words = vocabulary(program)
        self.now = begin
        self.begin = begin
        self.count = 0
        self.told: list[Arrival] = []
        self.of_kind: dict[str, list[Activity]] = {}

    def tell(self, deed: Deed) -> Arrival | None:
        """Return the activity of a deed; None where the program has no use for it."""
        self.now = later(self.calendar, self.now, deed.gap)
        at = max(earlier(self.now, deed.late), 0)
        picks = Picks(deed.picks)
        make = getattr(self, f"_{deed.kind}")
        self.count += 1
        plain = Activity(
            id=f"t{self.count}",
            type="visit",
            at=Instant(at),
            received=Instant(self.now),
            member=self.names[deed.who % len(self.names)],
        )
        made: Activity | None = make(plain, picks)
        if made is None:
            return None
        arrival: Arrival = (made, None)
        if made.type not in OWN_TYPES and picks.below(12) == 11:
            arrival = (replace(made, member=None), ("card", str(picks.below(3))))
        return self._keep(arrival)

    def _keep(self, arrival: Arrival) -> Arrival:
        self.told.append(arrival)
        self.of_kind.setdefault(arrival[0].type, []).append(arrival[0])
        if arrival[0].type not in OWN_TYPES:
            self.of_kind.setdefault("earning", []).append(arrival[0])
        return arrival

    def wait(self, gap: int) -> int:
        """Let time pass."""
        self.now = later(self.calendar, self.now, gap)
        return self.now

    # ------------------------------------------------------------ earning

    def _enroll(self, plain: Activity, picks: Picks) -> Activity:
        data: dict[str, Value] = {}
        if picks.below(2):
            data["referrer"] = self.names[picks.below(len(self.names))]
        data.update(self._attrs(picks))
        return replace(plain, type="enrollment", data=data)

    def _attrs(self, picks: Picks) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for name, values in self.words.attrs.items():
            if picks.below(2) == 0:
                found[f"attrs.{name}"] = values[picks.below(len(values))]
        if picks.below(2) and self.words.asks_birthdays:
            found["attrs.birthday"] = BIRTHDAYS[picks.below(len(BIRTHDAYS))]
        return found

    def _update(self, plain: Activity, picks: Picks) -> Activity | None:
        attrs = self._attrs(picks)
        return replace(plain, type="member_updated", data=attrs) if attrs else None

    def _earn(self, plain: Activity, picks: Picks) -> Activity:
        words = self.words
        kind = words.types[picks.below(len(words.types))]
        lines = self._lines(picks)
        data: dict[str, Value] = {}
        for name, values in words.fields.items():
            place = picks.below(len(values) + 1)
            if place < len(values) and not (lines and name in ("sku", "category", "brand")):
                data[name] = values[place]
        made = replace(plain, type=kind, lines=lines, data=data)
        if self.program.partners and picks.below(2):
            partners = list(self.program.partners)
            made = replace(made, partner=partners[picks.below(len(partners))])
        if picks.below(10) == 9:
            made = replace(made, ref=f"r{picks.below(3)}")
        vouchers = self.of_kind.get("redemption", [])
        if vouchers and picks.below(6) == 5:
            named = vouchers[picks.below(len(vouchers))]
            made = replace(made, data={**data, "vouchers": (named.id,)}, member=named.member)
        return made

    def _lines(self, picks: Picks) -> tuple[Line, ...]:
        form = picks.below(5)
        if form == 4:
            return ()
        if form < 2:
            return (self._line(picks, 0, whole=True),)
        return tuple(self._line(picks, i) for i in range(form))

    def _line(self, picks: Picks, place: int, *, whole: bool = False) -> Line:
        fields: dict[str, Value] = {} if whole else {"sku": f"s{place}"}
        for name, values in self.words.lines.items():
            chosen = picks.below(len(values) + 1)
            if chosen < len(values) and (not whole or name in ("sku", "category", "brand")):
                fields.setdefault(name, values[chosen])
        amount = self.words.amounts[picks.below(len(self.words.amounts))]
        if not whole and picks.below(6) == 5:
            amount = -amount  # a discount
        return Line(amount=amount, fields=fields, whole=whole)

    # ------------------------------------------------------------ undoing

    def _original(self, picks: Picks, kind: str = "earning") -> Activity | None:
        earlier_ones = self.of_kind.get(kind, [])
        if not earlier_ones:
            return None
        return earlier_ones[-1 - picks.below(len(earlier_ones))]

    def _refund(self, plain: Activity, picks: Picks) -> Activity | None:
        original = self._original(picks)
        if original is None:
            return None
        form = picks.below(4) if original.lines else 0
        lines: tuple[Line, ...] = ()
        if form:
            line = original.lines[picks.below(len(original.lines))]
            size, sign = abs(line.amount), 1 if line.amount > 0 else -1
            part = (size, size // 2, 1, size - 1, size + 1)[picks.below(5)] * sign
            sku = line.fields.get("sku")
            lines = (Line(amount=part, fields={"sku": sku} if sku else {}, whole=not sku),)
        data: dict[str, Value] = {"of": original.id}
        if form == 3:
            wallets = list(self.program.wallets)
            fit = [one for one in wallets if self.program.wallets[one].scale >= 2]
            if fit and picks.below(4) == 3:
                data["as"] = fit[picks.below(len(fit))]
        return replace(
            plain, type="refund", member=original.member or plain.member, lines=lines, data=data
        )

    def _about(self, plain: Activity, picks: Picks, kind: str) -> Activity | None:
        original = self._original(picks)
        if original is None:
            return None
        member = original.member or plain.member
        return replace(plain, type=kind, member=member, data={"of": original.id})

    def _void(self, plain: Activity, picks: Picks) -> Activity | None:
        return self._about(plain, picks, "ineligible")

    def _confirm(self, plain: Activity, picks: Picks) -> Activity | None:
        return self._about(plain, picks, "confirmation")

    # ------------------------------------------------------------ spending

    def _redeem(self, plain: Activity, picks: Picks) -> Activity | None:
        rewards = list(self.program.rewards.values())
        if not rewards:
            return None
        reward = rewards[picks.below(len(rewards))]
        data: dict[str, Value] = {"item": reward.id}
        if reward.cost is None:
            data["value"] = (Decimal(1), Decimal("4.91"), Decimal("0.01"), Decimal(40))[
                picks.below(4)
            ]
        elif picks.below(5) == 4:
            data["qty"] = Decimal(2)
        if reward.prices and picks.below(2):
            paying = (*(price.wallet for price in reward.prices), "marbles")
            data["wallet"] = paying[picks.below(len(paying))]
        made = replace(plain, type="redemption", data=data)
        if self.program.partners and picks.below(2):
            partners = list(self.program.partners)
            made = replace(made, partner=partners[picks.below(len(partners))])
        return made

    def _cancel(self, plain: Activity, picks: Picks) -> Activity | None:
        original = self._original(picks, "redemption")
        if original is None:
            return None
        data: dict[str, Value] = {"of": original.id}
        return replace(plain, type="redemption_cancelled", member=original.member, data=data)

    def _fulfil(self, plain: Activity, picks: Picks) -> Activity | None:
        return self._answer(plain, picks, "redemption_fulfilled", {})

    def _fail(self, plain: Activity, picks: Picks) -> Activity | None:
        return self._answer(plain, picks, "redemption_refused", {"reason": "sold out"})

    def _answer(
        self, plain: Activity, picks: Picks, kind: str, said: dict[str, Value]
    ) -> Activity | None:
        original = self._original(picks, "redemption")
        if original is None:
            return None
        return replace(plain, type=kind, member=original.member, data={"of": original.id, **said})

    def _stock(self, plain: Activity, picks: Picks) -> Activity | None:
        more = (Decimal(2), Decimal(-1), Decimal(1), Decimal(-2), Decimal(0), Decimal("0.5"))
        data: dict[str, Value] = {"add": more[picks.below(6)]}
        return self._offering(plain, picks, "reward_stocked", data)

    def _offer(self, plain: Activity, picks: Picks) -> Activity | None:
        data: dict[str, Value] = {"on_sale": ("true", "false")[picks.below(2)]}
        return self._offering(plain, picks, "reward_offered", data)

    def _offering(
        self, plain: Activity, picks: Picks, kind: str, said: dict[str, Value]
    ) -> Activity | None:
        rewards = list(self.program.rewards)
        if not rewards:
            return None
        data = {"item": rewards[picks.below(len(rewards))], **said}
        reporters = ("service", *(f"partner:{name}" for name in self.program.partners))
        reporter = reporters[picks.below(len(reporters))]
        return replace(plain, type=kind, member=None, reporter=reporter, data=data)

    def _units(self, wallet: str, picks: Picks) -> Decimal:
        minor = (10, 1, 100, 333, 50, 2500)[picks.below(6)]
        return Decimal(minor).scaleb(-self.program.wallets[wallet].scale)

    def _wallet(self, picks: Picks) -> str | None:
        wallets = list(self.program.wallets)
        return wallets[picks.below(len(wallets))] if wallets else None

    def _adjust(self, plain: Activity, picks: Picks) -> Activity | None:
        wallet = self._wallet(picks)
        if wallet is None:
            return None
        points = self._units(wallet, picks) * (1, -1)[picks.below(2)]
        data: dict[str, Value] = {"wallet": wallet, "points": points}
        if picks.below(3) == 2:
            data |= OWN_EXPIRIES[picks.below(len(OWN_EXPIRIES))]
        return replace(plain, type="adjustment", data=data)

    def _show(self, plain: Activity, picks: Picks) -> Activity | None:
        """Use a voucher, of a redemption or of what else brings some."""
        named = self.of_kind.get("redemption", [])
        place = picks.below(len(named) + len(self.words.sources))
        if place < len(named):
            told = named[-1 - place]
            return replace(
                plain, type="voucher_used", member=told.member, data={"voucher": told.id}
            )
        source = self.words.sources[place - len(named)]
        return replace(plain, type="voucher_used", data={"voucher": source})

    def _transfer(self, plain: Activity, picks: Picks) -> Activity | None:
        wallet = self._wallet(picks)
        if wallet is None:
            return None
        data: dict[str, Value] = {
            "to": self.names[picks.below(len(self.names))],
            "wallet": wallet,
            "points": self._units(wallet, picks),
        }
        return replace(plain, type="transfer", data=data)

    # ------------------------------------------------------------ status

    def _join(self, plain: Activity, picks: Picks) -> Activity | None:
        missions = [one.id for one in self.program.missions.values() if one.opt_in]
        if not missions:
            return None
        data: dict[str, Value] = {"mission": missions[picks.below(len(missions))]}
        return replace(plain, type="mission_joined", data=data)

    def _grant(self, plain: Activity, picks: Picks) -> Activity | None:
        ladders = list(self.program.ladders.values())
        if not ladders:
            return None
        ladder = ladders[picks.below(len(ladders))]
        data: dict[str, Value] = {
            "ladder": ladder.id,
            "tier": ladder.tiers[picks.below(len(ladder.tiers))].id,
        }
        until = picks.below(4)
        if until:
            data["until"] = _written(
                self.calendar.after(self.calendar.day(self.now)) + until * 50 * DAY
            )
        return replace(plain, type="tier_granted", data=data)

    def _award(self, plain: Activity, picks: Picks) -> Activity | None:
        badges = list(self.program.badges)
        if not badges:
            return None
        data: dict[str, Value] = {"badge": badges[picks.below(len(badges))]}
        return replace(plain, type="badge_awarded", data=data)

    def _plan(self, plain: Activity, picks: Picks) -> Activity | None:
        plans = list(self.program.plans)
        if not plans:
            return None
        data: dict[str, Value] = {"plan": plans[picks.below(len(plans))]}
        return replace(plain, type="plan_purchased", data=data)

    def _leave_plan(self, plain: Activity, picks: Picks) -> Activity | None:
        made = self._plan(plain, picks)
        return made and replace(made, type="plan_cancelled")

    # ------------------------------------------------------------ of the program

    def _estimate(self, plain: Activity, picks: Picks) -> Activity:
        rate = (Decimal("0.8"), Decimal(1), Decimal("0.333"))[picks.below(3)]
        return replace(plain, type="estimate", member=None, data={"redemption_rate": rate})

    def _raffle(self, plain: Activity, picks: Picks) -> Activity | None:
        rewards = list(self.program.rewards)
        if not rewards:
            return None
        data: dict[str, Value] = {
            "item": rewards[picks.below(len(rewards))],
            "winners": Decimal(1 + picks.below(3)),
            "seed": f"seed {picks.below(4)}",
        }
        return replace(plain, type="raffle", member=None, data=data)

    # ------------------------------------------------------------ arriving

    def _again(self, plain: Activity, picks: Picks) -> Activity | None:
        if not self.told:
            return None
        again, _ = self.told[-1 - picks.below(len(self.told))]
        if again.member is None:
            return None
        other = replace(again, received=plain.received)
        if picks.below(4) == 3:
            other = replace(other, data={**other.data, "more": "x"})
        return other

    def _link(self, plain: Activity, picks: Picks) -> Activity:
        data: dict[str, Value] = {"scheme": "card", "value": str(picks.below(3))}
        return replace(plain, type="identity_linked", data=data)

    def _merge(self, plain: Activity, picks: Picks) -> Activity | None:
        into = self.names[picks.below(len(self.names))]
        if into == plain.member:
            return None
        return replace(plain, type="member_merged", data={"into": into})


def _written(at: int) -> str:
    return str(Moment(at, "UTC"))


def happenings(program: Program, begin: int, deeds: Iterable[Deed]) -> Iterator[int | Arrival]:
    """Yield what happens in a life: three members enroll, the deeds, and a good while after."""
    story = Storyteller(program, begin)
    for deed in (*(Deed("enroll", who) for who in range(3)), *deeds):
        told = story.tell(deed)
        if told is not None:
            yield told
    for gap in (6, 8, 12, 13, 14, 17, 10, 11):
        yield story.wait(gap)


KINDS = {
    "earn": 12,
    "refund": 4,
    "redeem": 3,
    "void": 1,
    "confirm": 1,
    "cancel": 1,
    "fulfil": 1,
    "fail": 1,
    "stock": 1,
    "offer": 1,
    "adjust": 1,
    "transfer": 1,
    "enroll": 1,
    "update": 1,
    "join": 1,
    "grant": 1,
    "award": 1,
    "show": 1,
    "plan": 1,
    "leave_plan": 1,
    "estimate": 1,
    "raffle": 1,
    "again": 1,
    "link": 1,
    "merge": 1,
}
"""Kinds of deeds, and how often each is chosen beside the others."""

SHORT = (0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 15, 17)
"""Gaps of less than a month, so that the deeds of a world overlap."""


def deeds_at_random(chance: random.Random, people: int, count: int) -> list[Deed]:
    """Return deeds of so many people, who all enroll first."""
    kinds = chance.choices(list(KINDS), weights=list(KINDS.values()), k=count)
    deeds = [Deed("enroll", who, picks=chance.getrandbits(48)) for who in range(people)]
    return deeds + [
        Deed(
            kind,
            chance.randrange(people),
            chance.choice(SHORT) if chance.random() < 0.8 else chance.randrange(GAP_COUNT),
            chance.choice((0, 0, chance.randrange(LATE_COUNT))),
            chance.getrandbits(48),
        )
        for kind in kinds
    ]

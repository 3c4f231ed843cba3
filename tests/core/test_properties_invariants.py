"""What must hold of any life: section 15 of the program language, and what bookkeepers expect.

Each property is checked on lives in random programs; those that hold only without some mechanics
(limits, tiers, stock) are checked on programs without them.
"""

import json
from collections import Counter as Tally
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from guerdon.core.activity import OWN_TYPES, Activity, Instant
from guerdon.core.decide import decide
from guerdon.core.decision import Decision, Given
from guerdon.core.lots import Lot, lot_of
from guerdon.core.plain import record_to_plain, standing_from_plain, standing_to_plain
from guerdon.core.program import Program
from guerdon.core.settle import settle
from guerdon.core.standing import Plain, Standing
from guerdon.program.arrivals import Arrivals
from guerdon.program.memory import Memory
from guerdon.program.observation import MEMBER_FACTS, Observer
from guerdon.program.scenario import Reported
from lives import Arrival, Deed, Storyteller, happenings
from oracle.arrivals import Oracle
from oracle.looking import Look
from strategies import BEGINNINGS, frugal_programs, lives, programs

QUICK = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)


class Watched(Memory):
    """A program in memory that keeps every decision, and looks at each as it is made."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.decisions: list[tuple[str, Decision]] = []

    def keep(self, member: str, decision: Decision) -> None:
        """Store a decision, and remember it."""
        self.decisions.append((member, decision))
        super().keep(member, decision)

    def lots(self, member: str, wallet: str) -> list[Lot]:
        """Return every lot of a member's wallet, dead ones included."""
        whole = self.whole(member)
        return [
            lot_of(value)
            for prefix in ("lots", "pending", "closed")
            for name, shelf in whole.shelves.items()
            if name == f"{prefix}:{wallet}"
            for value in shelf.items.values()
        ]


def lived(program: Program, happened: Iterable[int | Arrival]) -> tuple[Arrivals, Watched]:
    """Return a program in which all this happened."""
    town = Watched(program)
    arrivals = Arrivals(town)
    for one in happened:
        if isinstance(one, int):
            arrivals.tick(Instant(one))
        else:
            activity, external = one
            arrivals.tick(activity.received)
            arrivals.take(Reported(activity=activity, line=0, external=external))
    return arrivals, town


def now_of(town: Watched) -> int:
    """Return the latest instant that anybody was settled to."""
    return max((one.settled_at for one in town.standings.values()), default=0)


def picture(arrivals: Arrivals, now: int) -> Any:
    """Return everything that can be seen of everybody."""
    observer = Observer(arrivals, Instant(now))
    return {
        member.member: {fact: observer.member(member.member, fact) for fact in MEMBER_FACTS}
        for member in arrivals.memory.members()
    }


# ---------------------------------------------------------------- units


@given(programs(), BEGINNINGS, lives())
@QUICK
def test_each_lot_adds_up_and_each_wallet_is_the_sum_of_its_lots(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    _, town = lived(program, happenings(program, begin, deeds))
    for member in town.members():
        for slug, state in member.wallets.items():
            lots = town.lots(member.member, slug)
            for lot in lots:
                parts = (lot.left, lot.spent, lot.expired, lot.reversed)
                assert min(parts) >= 0
                assert sum(parts) == lot.granted
            waiting = sum(lot.left for lot in lots if lot.release is not None)
            assert state.pending == waiting
            assert state.spendable == sum(lot.left for lot in lots) - waiting
            assert state.expired == sum(lot.expired for lot in lots)
            assert state.earned == sum(lot.granted - lot.reversed for lot in lots)
            assert min(state.spendable, state.pending, state.debt, state.redeemed) >= 0


@given(programs(), BEGINNINGS, lives())
@QUICK
def test_what_was_spent_or_is_owed_is_what_was_redeemed_sent_or_taken(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    _, town = lived(program, happenings(program, begin, deeds))
    for member in town.members():
        for slug, state in member.wallets.items():
            spent = sum(lot.spent for lot in town.lots(member.member, slug))
            used = state.redeemed + state.transferred + state.adjusted
            assert spent + state.debt + state.written_off == used
            if state.debt:
                assert state.spendable == 0


@given(programs(), BEGINNINGS, lives())
@QUICK
def test_units_only_move_between_accounts_and_the_accounts_are_the_wallets(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    _, town = lived(program, happenings(program, begin, deeds))
    held: Tally[tuple[str, str, str]] = Tally()
    for member, decision in town.decisions:
        for posting in decision.postings:
            assert posting.amount > 0
            assert posting.source != posting.target
            person = town.survivor(member)
            held[person, posting.wallet, posting.source] -= posting.amount
            held[person, posting.wallet, posting.target] += posting.amount
    assert sum(held.values()) == 0
    for standing in town.members():
        for slug, state in standing.wallets.items():
            for account in ("spendable", "pending", "expired"):
                assert held[standing.member, slug, account] == getattr(state, account), account
            assert held[standing.member, slug, "debt"] == -state.debt


@given(programs(), BEGINNINGS, lives())
@QUICK
def test_nobody_goes_into_debt_by_spending(program: Program, begin: int, deeds: list[Deed]) -> None:
    town = Watched(program)
    arrivals = Arrivals(town)
    for one in happenings(program, begin, deeds):
        if isinstance(one, int):
            continue
        activity, external = one
        arrivals.tick(activity.received)
        before = {who: _debts(standing) for who, standing in town.standings.items()}
        arrivals.take(Reported(activity=activity, line=0, external=external))
        if activity.type in ("redemption", "transfer", "redemption_cancelled"):
            for who, standing in town.standings.items():
                for slug, debt in _debts(standing).items():
                    assert debt <= before.get(who, {}).get(slug, 0)


def _debts(standing: Standing) -> dict[str, int]:
    return {slug: state.debt for slug, state in standing.wallets.items()}


# ---------------------------------------------------------------- again, and in other steps


@given(programs(), BEGINNINGS, lives())
@QUICK
def test_replaying_the_whole_file_changes_nothing(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    happened = list(happenings(program, begin, deeds))
    arrivals, town = lived(program, happened)
    now = now_of(town)
    before = picture(arrivals, now)
    for one in happened:
        if not isinstance(one, int):
            again = replace(one[0], received=Instant(now))
            arrivals.take(Reported(activity=again, line=0, external=one[1]))

    assert picture(arrivals, now) == before


@given(programs(), BEGINNINGS, lives(), st.integers(0, 10))
@QUICK
def test_time_passes_alike_in_one_leap_and_in_many_steps(
    program: Program, begin: int, deeds: list[Deed], steps: int
) -> None:
    happened = [one for one in happenings(program, begin, deeds) if not isinstance(one, int)]
    story = Storyteller(program, happened[-1][0].received)
    stops = [story.wait(gap) for gap in (*range(5, 5 + steps), 10, 11, 14)]
    in_steps, _ = lived(program, [*happened, *stops])
    at_once, _ = lived(program, [*happened, stops[-1]])

    assert picture(in_steps, stops[-1]) == picture(at_once, stops[-1])


@given(programs(), BEGINNINGS, lives())
@QUICK
def test_deciding_twice_gives_the_same_and_changes_no_argument(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    lived_twice = _Twice(program)
    arrivals = Arrivals(lived_twice)
    for one in happenings(program, begin, deeds):
        if isinstance(one, int):
            arrivals.tick(Instant(one))
        else:
            arrivals.tick(one[0].received)
            arrivals.take(Reported(activity=one[0], line=0, external=one[1]))


class _Twice(Memory):
    """Asks the core everything twice, and looks at what was handed over."""

    def answering(self, member: str, ask: Any) -> Any:
        def twice(given: Given) -> Any:
            standing = self.standings.get(member)
            before = None if standing is None else _text(standing)
            first = ask(given)
            second = ask(given)
            if isinstance(first, Decision):
                assert _plain_decision(first) == _plain_decision(second)
            assert (None if standing is None else _text(standing)) == before
            return first

        return super().answering(member, twice)


def _text(standing: Standing) -> str:
    return json.dumps(record_to_plain(standing_to_plain(standing)))


def _plain_decision(decision: Decision) -> Any:
    return (
        decision.result,
        decision.reason,
        _text(decision.standing),
        [json.dumps(record_to_plain(page.value)) for page in decision.pages],
        decision.postings,
        decision.effects,
        decision.follow_ups,
    )


@given(programs(), BEGINNINGS, lives())
@QUICK
def test_a_standing_is_the_same_after_it_was_text(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    _, town = lived(program, happenings(program, begin, deeds))
    for standing in town.standings.values():
        read = standing_from_plain(json.loads(_text(standing)))
        assert _text(read) == _text(standing)
        later = Instant(standing.settled_at + 400 * 86_400_000)
        assert _settled(town, read, later) == _settled(town, standing, later)


def _settled(town: Watched, standing: Standing, to: Instant) -> str:
    return town.answering(
        standing.member,
        lambda given: _text(settle(town.rulebook, standing, to, given).standing),
    )


# ---------------------------------------------------------------- undoing


@given(programs(), BEGINNINGS, lives("redeem", "transfer", "adjust", "cancel", "void", "merge"))
@QUICK
def test_voiding_everything_leaves_nothing_that_activities_earned(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    quiet = replace(program, jobs={}, missions={}, badges={}, ladders=_bare(program), max_age=None)
    happened = [one for one in happenings(quiet, begin, deeds) if not isinstance(one, int)]
    arrivals, town = lived(quiet, happened)
    for activity, _ in happened:
        if activity.type not in OWN_TYPES or activity.type == "enrollment":
            for member in town.members():
                void = Activity(
                    id=f"void {activity.id} {member.member}",
                    type="ineligible",
                    at=Instant(now_of(town)),
                    received=Instant(now_of(town)),
                    member=member.member,
                    data={"of": activity.id},
                )
                arrivals.take(Reported(activity=void, line=0))
    for standing in town.members():
        for slug, state in standing.wallets.items():
            credit = sum(
                lot.granted for lot in town.lots(standing.member, slug) if lot.rule == "refund"
            )
            assert state.earned == credit
            assert state.debt == state.written_off == 0
        observer = Observer(arrivals, Instant(now_of(town)))
        for slug, value in observer.member(standing.member, "counters").items():
            measure = quiet.counters[slug].measure
            if measure.points is None and not {"redemption", "transfer"} & {*measure.activity}:
                assert value == 0, slug


def _bare(program: Program) -> dict[str, Any]:
    return {
        slug: replace(ladder, tiers=tuple(replace(rung, on_enter=()) for rung in ladder.tiers))
        for slug, ladder in program.ladders.items()
    }


KEPT = st.lists(
    st.tuples(
        st.sampled_from([1, 99, 500, 999, 1000, 1001, 12345]),
        st.lists(st.integers(0, 100), max_size=3),
    ),
    min_size=1,
    max_size=5,
)


@given(frugal_programs(), BEGINNINGS, KEPT, st.randoms(use_true_random=False))
@QUICK
def test_purchases_and_refunds_in_any_order_leave_what_buying_only_the_rest_gives(
    program: Program, begin: int, bought: list[tuple[int, list[int]]], order: Any
) -> None:
    def purchase(place: int, amount: int) -> Activity:
        return _purchase(program, begin, f"p{place}", amount)

    refunds: list[tuple[int, Activity]] = []
    kept = []
    for place, (amount, shares) in enumerate(bought):
        left = amount
        for number, share in enumerate(shares):
            part = left * share // 100
            left -= part
            back = replace(
                purchase(place, part),
                id=f"r{place}.{number}",
                type="refund",
                data={"of": f"p{place}"},
            )
            refunds.append((place, back))
        kept.append(left)
    whole = [purchase(place, amount) for place, (amount, _) in enumerate(bought)]
    mixed = list(whole)
    for place, back in refunds:
        mixed.insert(order.randint(mixed.index(whole[place]) + 1, len(mixed)), back)
    rest = [purchase(place, left) for place, left in enumerate(kept) if left]

    assert _totals(program, begin, mixed) == _totals(program, begin, rest)


def _purchase(program: Program, begin: int, name: str, amount: int) -> Activity:
    story = Storyteller(program, begin)
    told = story.tell(Deed("earn", 0))
    assert told is not None
    line = told[0].lines[0]
    return replace(
        told[0],
        id=name,
        type="purchase",
        member="ada",
        at=Instant(begin + 1),
        received=Instant(begin + 1),
        lines=(replace(line, amount=amount, whole=True, fields={}),),
        data={"channel": "web", "km": Decimal(5)},
    )


def _totals(program: Program, begin: int, activities: list[Activity]) -> Any:
    enrollment = Activity(
        id="e", type="enrollment", at=Instant(begin), received=Instant(begin), member="ada"
    )
    arrivals, _ = lived(program, [(one, None) for one in (enrollment, *activities)])
    observer = Observer(arrivals, Instant(begin + 1))
    wallets = observer.member("ada", "wallets")
    return (
        {slug: (figures["earned"], figures["debt"]) for slug, figures in wallets.items()},
        observer.member("ada", "counters"),
    )


# ---------------------------------------------------------------- in another order


@given(frugal_programs(), BEGINNINGS, lives(most=8), st.randoms(use_true_random=False))
@QUICK
def test_any_order_of_arrival_gives_the_same_balances_and_counters(
    program: Program, begin: int, deeds: list[Deed], order: Any
) -> None:
    story = Storyteller(program, begin)
    people = [story.tell(Deed("enroll", who, late=0)) for who in range(3)]
    told = [story.tell(replace(deed, late=0)) for deed in deeds if deed.kind == "earn"]
    happened = [one for one in told if one is not None and one[1] is None and one[0].ref is None]
    now = story.wait(6)
    orders = []
    for shuffled in (happened, order.sample(happened, len(happened))):
        late = [(replace(activity, received=Instant(now)), None) for activity, _ in shuffled]
        arrivals, _ = lived(program, [*[one for one in people if one], *late, now])
        orders.append(_balances(arrivals, now))

    assert orders[0] == orders[1]


def _balances(arrivals: Arrivals, now: int) -> Any:
    observer = Observer(arrivals, Instant(now))
    return {
        member.member: (
            observer.member(member.member, "wallets"),
            observer.member(member.member, "counters"),
        )
        for member in arrivals.memory.members()
    }


@given(frugal_programs(), BEGINNINGS, lives("merge", "link", "enroll", most=10))
@QUICK
def test_two_members_merged_are_as_one_from_the_start(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    kept = ("earn", "refund", "void")
    program = replace(
        program, rules=tuple(rule for rule in program.rules if "enrollment" not in rule.activity)
    )
    apart = [
        one
        for one in happenings(program, begin, [deed for deed in deeds if deed.kind in kept])
        if not isinstance(one, int) and one[1] is None and one[0].data.get("referrer") is None
    ]
    now = apart[-1][0].received
    merged = Activity(
        id="m", type="member_merged", at=now, received=now, member="bob", data={"into": "ada"}
    )
    one_person = [
        (replace(activity, member="ada") if activity.member == "bob" else activity, external)
        for activity, external in apart
        if not (activity.member == "bob" and activity.type == "enrollment")
    ]
    two, _ = lived(program, [*apart, (merged, None), now])
    one, _ = lived(program, [*one_person, now])

    assert _balances(two, now)["ada"] == _balances(one, now)["ada"]


# ---------------------------------------------------------------- between partners


@given(programs(), BEGINNINGS, lives("merge"))
@QUICK
def test_what_partners_settle_is_what_their_activities_issued_less_what_they_honoured(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    happened = list(happenings(program, begin, deeds))
    arrivals, town = lived(program, happened)
    oracle = Oracle(program)
    for one in happened:
        if not isinstance(one, int):
            oracle.report(*one)
    now = max(one if isinstance(one, int) else one[0].received for one in happened)
    found = Observer(arrivals, Instant(now)).whole("book")

    assert found == Look(oracle.play(now), now).whole("book")
    assert town.settlement is not None


def test_one_decision_is_a_function_of_its_arguments_alone() -> None:
    """`decide` may be asked from outside a town, with nothing but a rulebook and a standing."""
    program = Program(id="bare", name="Bare")
    town = Watched(program)
    activity = Activity(id="e", type="enrollment", at=Instant(1), received=Instant(1), member="ada")
    standing = Standing("ada")
    before: Plain = deepcopy(standing_to_plain(standing))
    first = decide(town.rulebook, standing, activity, Given())
    second = decide(town.rulebook, standing, activity, Given())

    assert standing_to_plain(standing) == before
    assert _plain_decision(first) == _plain_decision(second)

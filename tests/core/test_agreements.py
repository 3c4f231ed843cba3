"""Agreements: prepaid blocks, limits, what happens when they are exhausted, and how it adds up."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import Life, Town, a_member, a_program, a_town, instant
from guerdon.core.accounting import Settlement, exact, shown, units
from guerdon.core.activity import Instant
from guerdon.core.agreements import MILLION, lefts
from guerdon.core.decision import Decision
from guerdon.core.program import Program
from guerdon.core.statements import lines_of, summed

SHOP = """
    wallets: {{points: {{debt: allow}}, miles: {{scale: 2}}}}
    rules:
      - {{id: base, activity: purchase, wallet: points, give: {{rate: 1}}}}
      - {{id: far, activity: trip, wallet: miles, give: {{rate: 0.5}}}}
    rewards:
      mug: {{wallet: points, cost: 40, partner: cafe, voucher: {{}}}}
    partners:
      cafe: {{pays_per_point: {pays}, is_paid_per_point: 0.0093{terms}}}
      deli: {{pays_per_point: 0.011}}
    """


def shop(terms: str = "", *, version: int = 1, begin: str | None = None) -> Program:
    """Return a shop with two partners; `terms` are the cafe's agreement."""
    pays = "0.0127" if version == 1 else "0.0139"
    text = SHOP.format(terms=f", {terms}" if terms else "", pays=pays)
    return a_program(text, version=version, begin=begin)


def member(terms: str) -> Life:
    """Return a member of a shop with a cafe of these terms, with a hundred points of its own."""
    life = a_member(shop(terms))
    life.buys(100, "2026-01-02")
    return life


def at_cafe(life: Life, amount: int, at: str = "2026-03-01", kind: str = "purchase") -> Decision:
    """Report what the cafe sold."""
    return life.does(kind, at, amount=str(amount), partner="cafe", reporter="partner:cafe")


def owed(town: Town) -> tuple[int, int, Fraction]:
    """Return what the cafe issued and had prepaid, in points, and what it owes."""
    found = town.settlement
    (line,) = [
        line
        for decision in [merged(town)]
        for line in lines_of(town.rulebook, "cafe", decision.postings, instant("2026-06-01"))
        if line.wallet == "points"
    ]
    assert found.prepaid.get(("cafe", "points"), 0) == line.prepaid
    return int(line.issued), int(line.prepaid), line.amount


def merged(town: Town) -> Decision:
    """Return one decision with all postings of a town."""
    whole = Decision(result="accepted", standing=town.decided[-1].standing)
    whole.postings = [posting for decision in town.decided for posting in decision.postings]
    return whole


def left(town: Town, at: str = "2026-03-01") -> dict[tuple[str, str], int]:
    """Return what is left of the cafe's agreement, in whole units."""
    now = instant(at)
    day = town.rulebook.calendar.day(now)
    return {
        (each.direction, each.of): sum(town.available(it) for it in each.claims) // MILLION
        for each in (
            found._replace(claims=tuple(it._replace(amount=10**18) for it in found.claims))
            for found in lefts(town.rulebook.at(now).program, "cafe", now, day)
        )
    }


def test_units_of_a_block_are_issued_and_not_owed_again() -> None:
    life = member("issues: {prepaid: {spring: {points: 50}}}")

    decided = at_cafe(life, 30)

    assert decided.result == "accepted"
    assert life.balance("2026-03-01") == 130
    assert owed(life.town) == (30, 30, Fraction(0))
    assert left(life.town) == {("issues", "prepaid"): 20}


def test_an_activity_for_which_too_little_is_left_is_refused_and_takes_nothing() -> None:
    life = member("issues: {prepaid: {spring: {points: 50}}}")
    at_cafe(life, 30)

    refused = at_cafe(life, 21)
    small = at_cafe(life, 20)

    assert (refused.result, refused.reason) == ("rejected", "partner_exhausted")
    assert refused.claims == []
    assert small.result == "accepted"
    assert left(life.town) == {("issues", "prepaid"): 0}
    assert life.balance("2026-03-01") == 150


def test_what_goes_on_beyond_the_blocks_is_billed() -> None:
    life = member("issues: {prepaid: {spring: {points: 50}}, exhausted: go_on}")

    at_cafe(life, 80)

    assert owed(life.town) == (80, 50, 30 * Fraction("0.0127"))


def test_the_block_that_began_first_pays_first_and_each_only_in_its_time() -> None:
    blocks = (
        '{late: {points: 50, from: "2026-03-01T00:00:00Z"},'
        ' early: {points: 20, from: "2026-01-01T00:00:00Z", to: "2026-04-01T00:00:00Z"}}'
    )
    life = member(f"issues: {{prepaid: {blocks}, exhausted: go_on}}")
    at_cafe(life, 5, "2026-02-01")
    at_cafe(life, 30, "2026-03-01")
    late = life.town.used["agreement", "cafe|issues|prepaid|late"] // MILLION
    early = life.town.used["agreement", "cafe|issues|prepaid|early"] // MILLION
    at_cafe(life, 50, "2026-04-01")

    assert (early, late) == (20, 15)
    assert owed(life.town)[:2] == (85, 70)


def test_a_block_that_suffices_leaves_the_next_one_alone() -> None:
    life = member("issues: {prepaid: {a: {points: 20}, b: {points: 30}}}")

    at_cafe(life, 20)

    assert ("agreement", "cafe|issues|prepaid|b") not in life.town.used


def test_what_lapses_meanwhile_is_none_of_the_partners() -> None:
    lapsing = SHOP.replace("{{debt: allow}}", "{{expiry: {{mode: after, period: P1M}}}}")
    terms = ", issues: {prepaid: {a: {points: 20}}}"
    life = a_member(a_program(lapsing.format(terms=terms, pays="0.01")))
    life.buys(70, "2026-01-02")

    at_cafe(life, 15)

    assert life.balance("2026-03-01") == 15
    assert left(life.town) == {("issues", "prepaid"): 5}


def test_a_limit_counts_within_its_window_over_all_members_and_wallets() -> None:
    town = a_town(shop("issues: {limit: {points: 100, per: month}}"))
    ana, bob = (a_member(town, name=name) for name in ("ana", "bob"))

    results = [
        at_cafe(ana, 60).result,
        at_cafe(bob, 60, kind="trip").result,
        at_cafe(bob, 11).reason,
        at_cafe(bob, 10).result,
        at_cafe(ana, 100, "2026-04-01").result,
        ana.buys(500, "2026-03-02").result,
    ]

    assert results == [
        "accepted", "accepted", "partner_exhausted", "accepted", "accepted", "accepted",
    ]  # fmt: skip
    assert left(town) == {("issues", "limit"): 0}


def test_beyond_a_limit_that_goes_on_nothing_is_refused() -> None:
    life = member("issues: {limit: {points: 10}, exhausted: go_on}")

    assert at_cafe(life, 30).result == "accepted"
    assert at_cafe(life, 30).result == "accepted"
    assert left(life.town) == {("issues", "limit"): 0}


def test_redemptions_with_a_partner_have_a_limit_which_a_cancellation_frees() -> None:
    life = member("redeems: {limit: {points: 79, per: month}}")
    taken = life.redeems("mug", "2026-03-01", id="r1")
    refused = life.redeems("mug", "2026-03-02", id="r2")
    back = life.does("redemption_cancelled", "2026-03-03", of="r1")
    again = life.redeems("mug", "2026-03-04", id="r3")

    assert [each.result for each in (taken, refused, back, again)] == [
        "accepted", "rejected", "accepted", "accepted",
    ]  # fmt: skip
    assert refused.reason == "partner_exhausted"
    assert life.balance("2026-03-05") == 60
    assert left(life.town) == {("redeems", "limit"): 39}


@pytest.mark.parametrize("terms", ["redeems: {limit: {points: 1}, exhausted: go_on}", ""])
def test_redemptions_go_on_where_nothing_else_was_agreed(terms: str) -> None:
    life = member(terms)

    assert life.redeems("mug", "2026-03-01").result == "accepted"
    assert life.redeems("mug", "2026-03-02").result == "accepted"


def test_what_is_returned_was_billed_first_and_then_goes_back_to_its_block() -> None:
    life = member("issues: {prepaid: {a: {points: 20}, b: {points: 30}}, exhausted: go_on}")
    at_cafe(life, 80)
    of = f"a{life.town.count}"

    def returns(amount: int, at: str) -> None:
        life.does("refund", at, of=of, amount=str(amount), reporter="partner:cafe")

    returns(20, "2026-03-02")
    first = (owed(life.town)[:2], left(life.town))
    returns(20, "2026-03-03")
    second = (owed(life.town)[:2], left(life.town))
    life.does("ineligible", "2026-03-04", of=of, reporter="partner:cafe")

    assert first == ((60, 50), {("issues", "prepaid"): 0})
    assert second == ((40, 40), {("issues", "prepaid"): 10})
    assert life.town.used["agreement", "cafe|issues|prepaid|a"] == 0
    assert left(life.town) == {("issues", "prepaid"): 50}
    assert life.town.settlement.prepaid["cafe", "points"] == 0


def test_a_version_with_a_greater_block_lets_the_partner_go_on() -> None:
    first = shop("issues: {prepaid: {spring: {points: 50}}}")
    more = shop("issues: {prepaid: {spring: {points: 80}}}", version=2, begin="2026-04-01")
    life = a_member(a_town(first, more))

    results = [
        at_cafe(life, 50).result,
        at_cafe(life, 1).reason,
        at_cafe(life, 30, "2026-04-02").result,
        at_cafe(life, 1, "2026-04-03").reason,
    ]

    assert results == ["accepted", "partner_exhausted", "accepted", "partner_exhausted"]


# ---------------------------------------------------------------- a random year

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TERMS = {
    "billed": ("", "redeems: {limit: {points: 200, per: month}}"),
    "prepaid": (
        "issues: {prepaid: {a: {points: 90}}, exhausted: go_on}",
        "issues: {prepaid: {a: {points: 90}, b: {points: 333}}, exhausted: go_on}",
    ),
    "refused": (
        "issues: {prepaid: {a: {points: 500}}, limit: {points: 150, per: month}}",
        "issues: {prepaid: {a: {points: 900}}, limit: {points: 250, per: month}}",
    ),
}


@dataclass(frozen=True)
class Deed:
    """What happens next: after how many hours, reported how many days late, for how much."""

    kind: str
    who: int
    gap: int
    late: int
    cents: int


DEEDS = st.builds(
    Deed,
    st.sampled_from(["cafe", "cafe", "trip", "deli", "own", "redeem", "refund", "void", "cancel"]),
    st.integers(0, 1),
    st.integers(0, 24 * 40),
    st.sampled_from([0, 0, 0, 3, 45]),
    st.integers(1, 30_000),
)


class Year:
    """A year of activities by two members, with what each month's statement is made of."""

    def __init__(self, terms: tuple[str, str]) -> None:
        first, second = terms
        later = shop(second, version=2, begin="2026-07-01")
        self.town = a_town(shop(first), later)
        self.lives = [a_member(self.town, name=name) for name in ("ana", "bob")]
        self.now = BEGIN + timedelta(hours=1)
        self.done: list[tuple[str, int, str]] = []
        self.taken: list[tuple[str, int]] = []
        self.months: dict[int, list[tuple[Decision, Instant]]] = defaultdict(list)

    def do(self, deed: Deed) -> None:
        """Let a deed be reported, if there is anything for it to be done to."""
        self.now += timedelta(hours=deed.gap)
        at = self.now - timedelta(days=deed.late)
        life = self.lives[deed.who]
        given = {"received": self.now.isoformat(), "amount": f"{deed.cents / 100:.2f}"}
        kind, partner = "purchase", {"cafe": "cafe", "trip": "cafe", "deli": "deli"}.get(deed.kind)
        if deed.kind == "trip":
            kind = "trip"
        if deed.kind in ("refund", "void"):
            if not self.done:
                return
            of, who, by = self.done[deed.cents % len(self.done)]
            life, given["of"], given["reporter"] = self.lives[who], of, by
            kind = "refund" if deed.kind == "refund" else "ineligible"
            if deed.kind == "void" or deed.cents % 3 == 0:
                del given["amount"]
        elif deed.kind == "redeem":
            kind, given = "redemption", {"received": self.now.isoformat(), "item": "mug"}
        elif deed.kind == "cancel":
            if not self.taken:
                return
            of, who = self.taken.pop()
            life, kind = self.lives[who], "redemption_cancelled"
            given = {"received": self.now.isoformat(), "of": of}
        elif partner:
            given |= {"partner": partner, "reporter": f"partner:{partner}"}
        decided = life.does(kind, at.isoformat(), **given)
        name = f"a{self.town.count}"
        if decided.result == "accepted" and kind in ("purchase", "trip"):
            self.done.append((name, deed.who, str(given.get("reporter", "service"))))
        if decided.result == "accepted" and kind == "redemption":
            self.taken.append((name, deed.who))
        self.months[self.now.year * 12 + self.now.month].append((decided, instant(at.isoformat())))


@settings(deadline=None)
@given(st.sampled_from(sorted(TERMS)), st.lists(DEEDS, max_size=25))
def test_a_random_years_statements_add_up_with_the_partners_accounts(
    terms: str, deeds: list[Deed]
) -> None:
    year = Year(TERMS[terms])
    for deed in deeds:
        year.do(deed)
    town = year.town
    for partner in ("cafe", "deli"):
        before, balance = Fraction(0), 0
        moved = {"issued": Fraction(0), "redeemed": Fraction(0), "prepaid": Fraction(0)}
        ledger = Fraction(0)
        for _, decided in sorted(year.months.items()):
            lines = [
                line
                for decision, at in decided
                for line in lines_of(town.rulebook, partner, decision.postings, at)
            ]
            sums = summed(lines, before, 2)
            before, balance = sums.until, balance + sums.balance
            moved["issued"] += sums.issued
            moved["redeemed"] += sums.redeemed
            moved["prepaid"] += sums.prepaid
            ledger += sum((account(town, partner, *each) for each in decided), Fraction(0))
        assert balance == shown(ledger, 2)
        for figure, whole in moved.items():
            held = getattr(town.settlement, figure).items()
            accounts = [units(town.program, slug, it) for (who, slug), it in held if who == partner]
            assert whole == sum(accounts, Fraction(0)), figure
        assert 0 <= moved["prepaid"] <= moved["issued"]
    spent = [it for (_, key), it in town.used.items() if key.startswith("cafe|issues|prepaid|")]
    drawn = [units(town.program, slug, it) for (_, slug), it in town.settlement.prepaid.items()]
    assert sum(drawn, Fraction(0)) == Fraction(sum(spent), MILLION)
    assert all(rest >= 0 for rest in left(town, "2027-12-01").values())


def account(town: Town, partner: str, decision: Decision, at: Instant) -> Fraction:
    """Return what a decision moved in a partner's account, at the rates of when it happened."""
    program = town.rulebook.at(at).program
    terms = program.partners[partner]
    own = Settlement()
    own.add(posting for posting in decision.postings if posting.partner == partner)
    billed = sum((units(program, slug, it) for (_, slug), it in own.issued.items()), Fraction(0))
    billed -= sum((units(program, slug, it) for (_, slug), it in own.prepaid.items()), Fraction(0))
    paid = sum((units(program, slug, it) for (_, slug), it in own.redeemed.items()), Fraction(0))
    return billed * exact(terms.pays_per_point) - paid * exact(terms.is_paid_per_point)

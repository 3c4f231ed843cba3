"""Draws: the number anybody can recompute, the table, bad luck, budgets, and voids."""

from hashlib import sha256

import pytest

from builders import Life, a_member, a_town
from guerdon.core.amounts import Ratio
from guerdon.core.decision import Claim, Decision, DrawEffect
from guerdon.core.draws import drawn, won
from guerdon.core.program import Draw, Prize


def by_share(low: str, high: str) -> str:
    """Return an activity id whose number lies between two shares, found by counting up."""
    for k in range(10_000):
        digits = sha256(f"spring|p{k}".encode()).hexdigest()[:2]
        if low <= digits < high:
            return f"p{k}"
    raise AssertionError("ten thousand numbers and none lies there")


BIG, SMALL, MISS = by_share("00", "19"), by_share("20", "7f"), by_share("81", "ff")


def misses(count: int) -> list[str]:
    """Return ids of activities that draw nothing."""
    found: list[str] = []
    for k in range(10_000):
        if len(found) < count and sha256(f"spring|m{k}".encode()).hexdigest()[:1] in "9abcdef":
            found.append(f"m{k}")
    return found


def program(more: str = "") -> str:
    return f"""
        wallets: {{points: {{}}}}
        draws:
          wheel:
            activity: purchase
            when: {{net: {{gte: 5}}}}
            seed: spring
            wallet: points
            table: [{{id: big, p: 0.1, fixed: 100}}, {{id: small, p: 0.4, fixed: 10}}]
            {more}
        """


def outcome(decision: Decision) -> tuple[str, str | None]:
    (found,) = [e for e in decision.effects if isinstance(e, DrawEffect)]
    return found.result, found.prize


class TestNumber:
    def test_it_is_the_first_eight_bytes_of_the_hash_as_a_big_endian_integer(self) -> None:
        """Printf 's|a1' | sha256sum begins with these sixteen digits."""
        assert drawn("s", "a1") == 0xBC4385E7C1E32B44

    def test_the_first_row_whose_cumulated_odds_exceed_the_number_wins(self) -> None:
        table = (Prize("a", Ratio(1, 4), 1), Prize("b", Ratio(1, 4), 2))
        draw = Draw(id="d", activity=("x",), seed="s", wallet="w", table=table)

        def prize(number: int) -> str | None:
            found = won(draw, number)
            return None if found is None else found.id

        assert prize(0) == "a"
        assert prize(2**62 - 1) == "a"
        assert prize(2**62) == "b"
        assert prize(2**63 - 1) == "b"
        assert prize(2**63) is None

    def test_odds_are_compared_exactly(self) -> None:
        tenths = tuple(Prize(str(k), Ratio(1, 10), 1) for k in range(10))
        draw = Draw(id="d", activity=("x",), seed="s", wallet="w", table=tenths)

        last = won(draw, 2**64 - 1)
        assert last is not None
        assert last.id == "9"


class TestPlaying:
    @pytest.mark.parametrize(
        ("name", "result", "points"),
        [(BIG, ("won", "big"), 100), (SMALL, ("won", "small"), 10), (MISS, ("none", None), 0)],
    )
    def test_the_activitys_id_decides(
        self, name: str, result: tuple[str, str | None], points: int
    ) -> None:
        life = a_member(program())

        assert outcome(life.buys(5, "2026-03-02", id=name)) == result

        assert life.left("2026-03-02") == ({f"{name}.draw": points} if points else {})

    def test_it_is_the_same_whoever_plays_and_whenever(self) -> None:
        town = a_town(program())

        first = a_member(town).buys(5, "2026-03-02", id=SMALL)
        other = a_member(town, name="bob").buys(50, "2027-09-09", id=SMALL, partner="cafe")

        assert outcome(first) == outcome(other)

    def test_only_what_matches_takes_part(self) -> None:
        life = a_member(program())
        assert life.buys("4.99", "2026-03-02", id=BIG).effects == []

        life = a_member(program("lines: {category: toys}"))
        assert life.buys(5, "2026-03-02", id=BIG).effects == []
        assert outcome(life.buys(5, "2026-03-02", id=SMALL, category="toys"))[0] == "won"

    def test_net_is_the_whole_basket(self) -> None:
        life = a_member(program("lines: {category: toys}"))

        decision = life.buys(9, "2026-03-02", id=SMALL, category="toys")

        assert outcome(decision) == ("won", "small")


class TestPity:
    PITY = "pity: {id: solace, after: 3, fixed: 7}"

    def test_the_third_miss_in_a_row_itself_pays(self) -> None:
        life = a_member(program(self.PITY))

        results = [outcome(life.buys(5, "2026-03-02", id=each)) for each in misses(6)]

        assert results == [("none", None), ("none", None), ("pity", "solace")] * 2
        assert life.balance("2026-03-02") == 14

    def test_a_win_in_between_begins_the_count_anew(self) -> None:
        life = a_member(program(self.PITY))
        one, two, three, four = misses(4)

        for each in (one, two, SMALL, three, four):
            life.buys(5, "2026-03-02", id=each)

        assert life.balance("2026-03-02") == 10


class TestBudget:
    BUDGET = "budget: {points: 15, per: day}"

    def test_a_spent_budget_turns_a_win_into_nothing_and_that_is_recorded(self) -> None:
        life = a_member(program(self.BUDGET))

        first = life.buys(5, "2026-03-02", id=SMALL)
        assert outcome(first) == ("won", "small")
        assert [(claim.kind, claim.amount) for claim in first.claims] == [("budget", 10)]

        smalls = [f"p{k}" for k in range(10_000) if "20" <= _digits(f"p{k}") < "7f"][1:3]
        assert outcome(life.buys(5, "2026-03-02", id=smalls[0])) == ("budget", None)
        assert outcome(life.buys(5, "2026-03-03", id=smalls[1])) == ("won", "small")
        assert life.balance("2026-03-03") == 20

    def test_a_refused_win_counts_as_a_miss_for_pity(self) -> None:
        life = a_member(
            program("budget: {points: 8, per: day}\n            pity: {id: p, after: 2, fixed: 7}")
        )
        (miss,) = misses(1)
        life.buys(5, "2026-03-02", id=miss)

        decision = life.buys(5, "2026-03-02", id=SMALL)  # 10 do not fit into 8, 7 do

        assert outcome(decision) == ("pity", "p")

    def test_pity_that_does_not_fit_the_budget_either_waits(self) -> None:
        life = a_member(
            program("budget: {points: 5, per: day}\n            pity: {id: p, after: 1, fixed: 7}")
        )
        (miss,) = misses(1)

        assert outcome(life.buys(5, "2026-03-02", id=miss)) == ("none", None)
        assert outcome(life.buys(5, "2026-03-02", id=SMALL)) == ("budget", None)


class TestVoids:
    def test_a_prize_is_taken_back_when_the_activity_is_voided_and_its_budget_given_back(
        self,
    ) -> None:
        life = a_member(program("budget: {points: 15, per: lifetime}"))
        life.buys(5, "2026-03-02", id=SMALL)

        decision = life.does("ineligible", "2026-03-03", of=SMALL)

        assert life.balance("2026-03-03") == 0
        assert decision.releases == [Claim("budget", "wheel|", 10)]

    def test_a_prize_without_a_budget_is_taken_back_alike(self) -> None:
        life = a_member(program())
        life.buys(5, "2026-03-02", id=SMALL)

        decision = life.does("ineligible", "2026-03-03", of=SMALL)

        assert (life.balance("2026-03-03"), decision.releases) == (0, [])

    def test_a_refund_leaves_it(self) -> None:
        life = a_member(program())
        life.buys(5, "2026-03-02", id=SMALL)

        life.refunds(SMALL, "2026-03-03")

        assert life.balance("2026-03-03") == 10


def _digits(id: str) -> str:  # noqa: A002 - the field's name
    return sha256(f"spring|{id}".encode()).hexdigest()[:2]


def test_a_repeat_of_a_life_draws_the_same() -> None:
    """S24."""

    def played() -> Life:
        life = a_member(program(TestPity.PITY))
        for each in (*misses(3), BIG, SMALL):
            life.buys(5, "2026-03-02", id=each)
        return life

    assert played().left("2026-03-03") == played().left("2026-03-03")

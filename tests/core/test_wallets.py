"""What happens to units: granted, spent, taken back, owed; totals and postings always agree."""

import pytest

from builders import Life, Town, a_member, a_town
from guerdon.core import shelving
from guerdon.core.decision import Decision, PointsEffect, Posting
from guerdon.core.lots import lot_of


def shop(wallet: str = "", *, cost: int = 10) -> str:
    return f"""
        wallets: {{points: {{{wallet}}}}}
        rules: [{{id: base, activity: purchase, wallet: points, give: {{rate: 1}}}}]
        rewards: {{mug: {{wallet: points, cost: {cost}}}}}
        """


def figures(life: Life, at: str) -> dict[str, int]:
    """Return the totals that are not zero, after checking what must always hold."""
    wallet = life.wallet(at)
    names = ("spendable", "pending", "debt", "earned", "redeemed", "expired", "written_off")
    found = {name: getattr(wallet, name) for name in names}
    assert found["spendable"] + found["pending"] == sum(lot.left for lot in life.lots(at))
    assert found["debt"] == 0 or found["spendable"] == 0
    return {name: figure for name, figure in found.items() if figure}


def moved(town: Town) -> dict[str, int]:
    """Return the balance of every account over all decisions; they add up to nothing."""
    accounts: dict[str, int] = {}
    for decision in town.decided:
        for posting in decision.postings:
            assert posting.amount > 0
            for account, sign in ((posting.source, -1), (posting.target, 1)):
                accounts[account] = accounts.get(account, 0) + sign * posting.amount
    assert sum(accounts.values()) == 0
    return {name: amount for name, amount in accounts.items() if amount}


def points(decision: Decision) -> list[tuple[str, int]]:
    return [(e.how, e.amount) for e in decision.effects if isinstance(e, PointsEffect)]


class TestGranting:
    def test_a_grant_is_a_lot_a_posting_and_an_effect_at_once(self) -> None:
        life = a_member(shop())

        decision = life.buys(10, "2026-03-02", partner="cafe")

        assert decision.postings == [Posting("points", "issued", "spendable", 10, 1, "cafe")]
        assert points(decision) == [("earned", 10)]
        assert figures(life, "2026-03-02") == {"spendable": 10, "earned": 10}

    def test_nothing_is_granted_for_nothing(self) -> None:
        life = a_member(shop())

        assert life.buys("0.99", "2026-03-02").postings == []
        assert life.lots("2026-03-02") == []


class TestClawBack:
    """S6: what is left of the lot, what already expired, other lots in spending order, debt."""

    def test_what_is_left_of_the_lot_goes_first(self) -> None:
        life = a_member(shop())
        life.buys(10, "2026-03-02", id="p1")
        life.buys(10, "2026-03-03", id="p2")

        life.refunds("p2", "2026-03-04", amount=4)

        assert life.left("2026-03-04") == {"p1.base": 10, "p2.base": 6}
        assert figures(life, "2026-03-04") == {"spendable": 16, "earned": 16}

    def test_nothing_is_taken_for_units_that_already_expired(self) -> None:
        life = a_member(shop("expiry: {mode: after, period: P1M}"))
        life.buys(10, "2026-03-02", id="old")
        life.buys(7, "2026-04-01", id="new")
        assert figures(life, "2026-04-03") == {"spendable": 7, "earned": 17, "expired": 10}

        life.refunds("old", "2026-04-04", amount=4)

        assert figures(life, "2026-04-04") == {"spendable": 7, "earned": 13, "expired": 6}

    def test_spent_units_are_taken_from_other_lots_in_spending_order(self) -> None:
        life = a_member(shop())
        life.buys(10, "2026-03-02", id="p1")
        life.buys(6, "2026-03-03", id="p2")
        life.buys(8, "2026-03-04", id="p3")
        life.redeems("mug", "2026-03-05")  # all of p1

        life.refunds("p1", "2026-03-06", amount=9)

        assert life.left("2026-03-06") == {"p3.base": 5}
        assert figures(life, "2026-03-06") == {"spendable": 5, "earned": 15, "redeemed": 10}

    def test_what_nobody_has_becomes_a_debt(self) -> None:
        life = a_member(shop())
        life.buys(10, "2026-03-02", id="p")
        life.redeems("mug", "2026-03-03")

        life.refunds("p", "2026-03-04")

        assert figures(life, "2026-03-04") == {"debt": 10, "redeemed": 10}
        assert moved(life.town) == {"redeemed": 10, "debt": -10}

    def test_left_expired_and_spent_units_of_one_lot_are_taken_in_that_order(self) -> None:
        life = a_member(shop("expiry: {mode: after, period: P1M}", cost=3))
        life.buys(10, "2026-03-02", id="p")
        life.redeems("mug", "2026-03-03")
        assert figures(life, "2026-04-03") == {"earned": 10, "redeemed": 3, "expired": 7}

        life.refunds("p", "2026-04-04", amount=9)

        assert figures(life, "2026-04-04") == {"earned": 1, "redeemed": 3, "debt": 2}

    def test_a_wallet_that_writes_off_keeps_no_debt(self) -> None:
        life = a_member(shop("debt: write_off"))
        life.buys(10, "2026-03-02", id="p")
        life.redeems("mug", "2026-03-03")

        life.refunds("p", "2026-03-04")
        assert figures(life, "2026-03-04") == {"redeemed": 10, "written_off": 10}

        life.buys(5, "2026-03-05")
        assert life.balance("2026-03-05") == 5

    def test_what_was_written_off_is_lost_no_longer_once_the_redemption_is_cancelled(self) -> None:
        life = a_member(shop("debt: write_off"))
        life.buys(10, "2026-03-02", id="p")
        life.redeems("mug", "2026-03-03", id="r")
        life.refunds("p", "2026-03-04")

        life.does("redemption_cancelled", "2026-03-05", of="r")

        assert figures(life, "2026-03-05") == {}
        assert moved(life.town) == {}

    def test_refunding_twice_takes_back_once(self) -> None:
        life = a_member(shop())
        life.buys(10, "2026-03-02", id="p")
        life.refunds("p", "2026-03-03")

        assert life.refunds("p", "2026-03-04").reason == "refund_exceeds"
        assert figures(life, "2026-03-04") == {}


class TestDebt:
    """S7: new units pay it first; pending ones do so when they are released."""

    def indebted(self, more: str = "") -> Life:
        life = a_member(f"{shop()}{more}")
        life.buys(10, "2026-03-02", id="p")
        life.redeems("mug", "2026-03-03")
        life.refunds("p", "2026-03-04")
        return life

    def test_new_units_pay_the_debt_first(self) -> None:
        life = self.indebted()

        decision = life.buys(4, "2026-03-05")
        assert points(decision) == [("earned", 4), ("paid_debt", -4)]
        assert figures(life, "2026-03-05") == {"debt": 6, "earned": 4, "redeemed": 10}

        life.buys(9, "2026-03-06", id="q")
        assert life.left("2026-03-06") == {"q.base": 3}
        assert figures(life, "2026-03-06") == {"spendable": 3, "earned": 13, "redeemed": 10}

    def test_refunding_what_paid_a_debt_makes_it_again(self) -> None:
        life = self.indebted()
        life.buys(4, "2026-03-05", id="q")

        life.refunds("q", "2026-03-06")

        assert figures(life, "2026-03-06") == {"debt": 10, "redeemed": 10}

    def test_pending_units_pay_when_they_are_released(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules:
              - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
              - {id: slow, activity: stay, wallet: points, give: {fixed: 15},
                 pending: {for: P14D}}
            rewards: {mug: {wallet: points, cost: 10}}
            """)
        life.buys(10, "2026-03-02", id="p")
        life.redeems("mug", "2026-03-03")
        life.refunds("p", "2026-03-04")
        life.does("stay", "2026-03-05", id="s")

        assert figures(life, "2026-03-18 23:59:59") == {
            "debt": 10,
            "earned": 15,
            "pending": 15,
            "redeemed": 10,
        }
        assert figures(life, "2026-03-19") == {"spendable": 5, "earned": 15, "redeemed": 10}

    def test_units_born_expired_pay_no_debt(self) -> None:
        life = a_member(shop("expiry: {mode: after, period: P1M}"))
        life.buys(10, "2026-03-02", id="p")
        life.redeems("mug", "2026-03-03")
        life.refunds("p", "2026-03-04")

        life.buys(10, "2026-03-02", received="2026-04-20")

        assert figures(life, "2026-04-20") == {
            "debt": 10,
            "earned": 10,
            "expired": 10,
            "redeemed": 10,
        }

    def test_nobody_goes_into_debt_by_spending(self) -> None:
        life = a_member(shop())
        life.buys(9, "2026-03-02")

        assert life.redeems("mug", "2026-03-03").reason == "insufficient_points"
        assert figures(life, "2026-03-03") == {"spendable": 9, "earned": 9}


def test_spent_and_debt_together_are_what_was_redeemed() -> None:
    """Invariant 2, over a life in which everything happens to one wallet."""
    life = a_member(shop("expiry: {mode: after, period: P6M}", cost=7))
    life.buys(10, "2026-03-02", id="p1")
    life.buys(5, "2026-03-03", id="p2")
    life.redeems("mug", "2026-03-04", id="r1")
    life.redeems("mug", "2026-03-05", id="r2")
    life.refunds("p1", "2026-03-06", amount=8)
    life.buys(2, "2026-03-07", id="p3")
    life.refunds("p2", "2026-03-08")

    wallet = life.wallet("2026-03-09")
    spent = sum(
        lot_of(each).spent
        for name, shelf in life.standing.shelves.items()
        if name in ("lots:points", "closed:points")
        for each in shelf.items.values()
    )

    assert (wallet.redeemed, wallet.debt, spent) == (14, 10, 4)
    assert moved(life.town) == {"issued": -4, "redeemed": 14, "debt": -10}


@pytest.mark.parametrize("spend", ["fefo", "fifo"])
def test_what_is_taken_out_of_several_lots_is_posted_lot_by_lot(spend: str) -> None:
    life = a_member(a_town(shop(f"spend: {spend}")))
    life.buys(6, "2026-03-02")
    life.buys(6, "2026-03-03")

    decision = life.redeems("mug", "2026-03-04")

    assert decision.postings == [
        Posting("points", "spendable", "redeemed", 6, 1),
        Posting("points", "spendable", "redeemed", 4, 2),
    ]


def test_two_lots_of_one_purchase_lie_behind_what_does_not_fit_the_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(shelving.CAPACITY, "lots", 2)
    life = a_member("""
        wallets: {points: {}}
        rules:
          - {id: base, activity: purchase, wallet: points, give: {fixed: 1}}
          - {id: more, activity: purchase, wallet: points, give: {fixed: 2}}
        """)
    for day in range(2, 6):
        life.buys(5, f"2026-03-0{day}", id=f"p{day}")

    assert life.standing.shelves["lots:points"].spilled
    assert list(life.left("2026-03-05").items()) == [
        (f"p{day}.{rule}", units)
        for day in range(2, 6)
        for rule, units in (("base", 1), ("more", 2))
    ]
    assert life.balance("2026-03-05") == 12

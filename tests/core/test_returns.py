"""Spent units that come back: into their own lots, dead where they would be dead, or with grace."""

from builders import Life, a_member


def shopper(reward: str = "", wallet: str = "expiry: {mode: after, period: P1M}") -> Life:
    return a_member(f"""
        wallets: {{points: {{{wallet}}}}}
        rules: [{{id: base, activity: purchase, wallet: points, give: {{rate: 1}}}}]
        rewards: {{mug: {{wallet: points, cost: 10{reward}}}}}
        """)


def cancel(life: Life, at: str, of: str = "r") -> None:
    decision = life.does("redemption_cancelled", at, of=of, id=f"c.{of}")
    assert decision.result == "accepted"


def figures(life: Life, at: str) -> tuple[int, int, int, int]:
    wallet = life.wallet(at)
    return wallet.spendable, wallet.debt, wallet.expired, wallet.redeemed


def test_they_go_back_to_each_lot_they_came_from() -> None:
    life = shopper()
    life.buys(4, "2026-03-02", id="p1")
    life.buys(9, "2026-03-03", id="p2")
    life.redeems("mug", "2026-03-04", id="r")
    assert life.left("2026-03-04") == {"p2.base": 3}

    cancel(life, "2026-03-05")

    assert life.left("2026-03-05") == {"p1.base": 4, "p2.base": 9}
    assert life.expiries("2026-03-05") == {"p1.base": "2026-04-03", "p2.base": "2026-04-04"}
    assert life.due() == "2026-04-03"


def test_dead_lots_come_back_dead() -> None:
    life = shopper()
    life.buys(4, "2026-03-02", id="p1")
    life.buys(9, "2026-03-10", id="p2")
    life.redeems("mug", "2026-03-11", id="r")

    cancel(life, "2026-04-05")

    assert life.left("2026-04-05") == {"p2.base": 9}
    assert figures(life, "2026-04-05") == (9, 0, 4, 0)


def test_with_grace_dead_units_become_a_lot_that_lives_from_then() -> None:
    life = shopper(", grace: P7D")
    life.buys(4, "2026-03-02", id="p1")
    life.buys(9, "2026-03-10", id="p2")
    life.redeems("mug", "2026-03-11", id="r")

    cancel(life, "2026-04-05")

    assert life.left("2026-04-05") == {"p2.base": 9, "c.r.returned": 4}
    assert life.expiries("2026-04-05")["c.r.returned"] == "2026-04-13"
    assert figures(life, "2026-04-05") == (13, 0, 0, 0)
    assert life.wallet("2026-04-05").earned == 13
    assert figures(life, "2026-04-13") == (0, 0, 13, 0)


def test_units_that_come_back_pay_the_debt_first() -> None:
    life = shopper(wallet="")
    life.buys(10, "2026-03-02", id="p1")
    life.redeems("mug", "2026-03-03", id="r")
    life.does("adjustment", "2026-03-04", wallet="points", points=-6)
    assert figures(life, "2026-03-04") == (0, 6, 0, 10)

    cancel(life, "2026-03-05")

    assert life.left("2026-03-05") == {"p1.base": 4}
    assert figures(life, "2026-03-05") == (4, 0, 0, 0)


def test_units_of_a_lot_taken_back_meanwhile_pay_the_debt_that_stood_in_for_them() -> None:
    life = shopper(wallet="")
    life.buys(10, "2026-03-02", id="p1")
    life.redeems("mug", "2026-03-03", id="r")
    life.refunds("p1", "2026-03-04")
    assert figures(life, "2026-03-04") == (0, 10, 0, 10)

    cancel(life, "2026-03-05")

    assert figures(life, "2026-03-05") == (0, 0, 0, 0)
    assert life.lots("2026-03-05") == []


def test_units_of_a_lot_taken_back_meanwhile_refill_the_lots_that_stood_in() -> None:
    life = shopper(wallet="")
    life.buys(10, "2026-03-02", id="p1")
    life.buys(7, "2026-03-03", id="p2")
    life.redeems("mug", "2026-03-04", id="r")
    life.refunds("p1", "2026-03-05")  # seven of p2 stand in, three are owed
    assert figures(life, "2026-03-05") == (0, 3, 0, 10)

    cancel(life, "2026-03-06")

    assert life.left("2026-03-06") == {"p2.base": 7}
    assert figures(life, "2026-03-06") == (7, 0, 0, 0)


def test_a_cancellation_in_part_of_what_stood_in_leaves_the_rest_for_the_next() -> None:
    life = shopper(wallet="")
    life.buys(20, "2026-03-02", id="p1")
    life.buys(30, "2026-03-03", id="p2")
    life.redeems("mug", "2026-03-04", id="r1")
    life.redeems("mug", "2026-03-05", id="r2")
    life.refunds("p1", "2026-03-06")  # twenty of p2 stand in
    assert life.left("2026-03-06") == {"p2.base": 10}

    cancel(life, "2026-03-07", "r1")
    assert life.left("2026-03-07") == {"p2.base": 20}
    cancel(life, "2026-03-08", "r2")
    assert life.left("2026-03-08") == {"p2.base": 30}


def test_a_lot_that_stood_in_and_died_since_comes_back_dead_or_with_grace() -> None:
    for reward, spendable, expired in (("", 0, 10), (", grace: P7D", 10, 0)):
        life = a_member(f"""
            wallets: {{points: {{}}}}
            rules:
              - {{id: base, activity: purchase, wallet: points, give: {{rate: 1}}}}
              - {{id: promo, activity: promo, wallet: points, give: {{fixed: 10}},
                 expiry: {{mode: after, period: P1M}}}}
            rewards: {{mug: {{wallet: points, cost: 10{reward}}}}}
            """)
        life.buys(10, "2026-03-02", id="p")
        life.redeems("mug", "2026-03-03", id="r")
        life.does("promo", "2026-03-04", id="q")
        life.refunds("p", "2026-03-05")  # all of the promotion's stand in

        cancel(life, "2026-05-01")

        assert figures(life, "2026-05-01") == (spendable, 0, expired, 0)


def test_units_go_back_to_the_newest_spent_lots_where_nothing_better_is_known() -> None:
    life = shopper()
    life.buys(10, "2026-03-02", id="p1")
    life.redeems("mug", "2026-03-03", id="r1")
    life.refunds("p1", "2026-03-04")
    life.buys(10, "2026-03-05", id="p2")  # pays the debt
    life.buys(5, "2026-03-06", id="p3")

    cancel(life, "2026-03-07", "r1")

    assert life.left("2026-03-07") == {"p2.base": 10, "p3.base": 5}


def test_what_was_written_off_comes_back_to_no_lot_that_paid_for_something_else() -> None:
    life = shopper(wallet="debt: write_off")
    life.buys(10, "2026-03-02", id="p1")
    life.redeems("mug", "2026-03-03", id="r1")
    life.refunds("p1", "2026-03-04")  # ten are written off
    life.buys(10, "2026-03-05", id="p2")
    life.redeems("mug", "2026-03-06", id="r2")

    cancel(life, "2026-03-07", "r1")
    assert life.balance("2026-03-07") == 0
    cancel(life, "2026-03-08", "r2")
    assert life.balance("2026-03-08") == 10


def graced(bought: int) -> Life:
    """Return a member whose ten redeemed units came back dead and live on in a lot of grace."""
    life = a_member("""
        wallets: {points: {expiry: {mode: after, period: P1M}}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        rewards: {mug: {wallet: points, cost: 10, grace: P7D}}
        counters: {earned: {sum: "points:points"}}
        """)
    life.buys(bought, "2026-03-02", id="p")
    life.redeems("mug", "2026-03-03", id="r")
    cancel(life, "2026-04-05")
    assert life.left("2026-04-05") == {"c.r.returned": 10}
    return life


def test_a_refund_after_a_grace_takes_the_units_from_where_they_live_on() -> None:
    life = graced(10)

    life.refunds("p", "2026-04-06", amount=4)
    assert (life.balance("2026-04-06"), life.counter("2026-04-06", "earned")) == (6, 6)

    life.refunds("p", "2026-04-07")
    wallet = life.wallet("2026-04-07")
    assert (wallet.spendable, wallet.earned, wallet.debt) == (0, 0, 0)
    assert life.counter("2026-04-07", "earned") == 0


def test_a_refund_after_a_grace_reads_what_expired_of_the_lot_itself_first() -> None:
    life = graced(15)
    assert life.wallet("2026-04-05").expired == 5

    life.refunds("p", "2026-04-06", amount=7)

    wallet = life.wallet("2026-04-06")
    assert (wallet.spendable, wallet.expired, wallet.earned) == (8, 0, 8)


def test_what_stood_in_for_a_lot_is_not_taken_for_what_came_back_of_it() -> None:
    """One lot, two redemptions: the one was refunded against another lot, the other came back."""
    life = shopper(", grace: P7D")
    life.buys(20, "2026-03-02", id="p")
    life.redeems("mug", "2026-03-03", id="r1")
    life.redeems("mug", "2026-03-03", id="r2")
    life.buys(30, "2026-03-20", id="q")
    life.refunds("p", "2026-03-21", amount=10)  # ten of q stand in
    cancel(life, "2026-04-05", "r1")
    assert life.left("2026-04-05") == {"c.r1.returned": 10, "q.base": 20}

    life.refunds("p", "2026-04-06")

    assert life.left("2026-04-06") == {"q.base": 20}
    assert life.wallet("2026-04-06").debt == 0


def test_units_that_came_back_twice_are_taken_from_where_they_live_now() -> None:
    life = graced(10)
    life.redeems("mug", "2026-04-06", id="r2")
    cancel(life, "2026-05-01", "r2")
    assert life.left("2026-05-01") == {"c.r2.returned": 10}

    life.refunds("p", "2026-05-02")

    wallet = life.wallet("2026-05-02")
    assert (wallet.spendable, wallet.earned, wallet.debt) == (0, 0, 0)
    assert life.counter("2026-05-02", "earned") == 0


SLEEPY = "expiry: {mode: inactivity, period: P6M, activity: [purchase]}"


def test_units_of_a_wallet_that_lapsed_meanwhile_come_back_dead_though_none_were_left_then() -> (
    None
):
    life = shopper(wallet=SLEEPY)
    life.buys(10, "2026-03-02", id="p1")
    life.redeems("mug", "2026-03-03", id="r")
    life.buys(3, "2026-10-01", id="p2")

    cancel(life, "2026-10-02")

    assert life.left("2026-10-02") == {"p2.base": 3}
    assert figures(life, "2026-10-02") == (3, 0, 10, 0)


def test_they_live_again_once_a_late_report_shows_that_the_wallet_never_lapsed() -> None:
    life = shopper(wallet=SLEEPY)
    life.buys(14, "2026-03-02", id="p1")
    life.redeems("mug", "2026-03-03", id="r")
    cancel(life, "2026-10-02")
    assert figures(life, "2026-10-02") == (0, 0, 14, 0)

    life.buys(1, "2026-06-01", id="p2", received="2026-10-03")

    assert life.left("2026-10-03") == {"p1.base": 14, "p2.base": 1}


def test_what_lives_on_with_grace_is_taken_back_from_the_partner_who_issued_it() -> None:
    """One partner issued the units, another was paid with them; they live on twice, then die."""
    life = a_member("""
        wallets: {points: {expiry: {mode: after, period: P1M}}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        partners: {deli: {pays_per_point: 0.02}, cafe: {is_paid_per_point: 0.01}}
        rewards:
          mug: {wallet: points, cost: 10, partner: cafe, grace: P7D}
          own: {wallet: points, cost: 4, grace: P7D}
        """)
    life.buys(10, "2026-03-02", id="p", partner="deli", reporter="partner:deli")
    life.redeems("mug", "2026-03-03", id="r")
    cancel(life, "2026-04-05")
    life.redeems("own", "2026-04-06", id="s")
    cancel(life, "2026-05-05", of="s")

    life.refunds("p", "2026-05-06", partner="deli", reporter="partner:deli")

    assert life.balance("2026-05-06") == 0
    settled = life.town.settlement
    assert settled.issued == {("deli", "points"): 0}
    assert settled.redeemed == {("cafe", "points"): 0}

"""What time does to lots: expiry, release, inactivity and its undoing, dates that move."""

import pytest

from builders import Life, a_line, a_member, a_program, a_town, instant
from guerdon.core.decision import PointsEffect


def holder(wallet: str, rule: str = "", more: str = "") -> Life:
    return a_member(f"""
        wallets: {{points: {{{wallet}}}}}
        rules: [{{id: base, activity: purchase, wallet: points, give: {{rate: 1}}{rule}}}]
        rewards: {{mug: {{wallet: points, cost: 5}}}}
        {more}
        """)


class TestExpiry:
    def test_units_die_at_the_first_instant_after_their_last_day(self) -> None:
        life = holder("expiry: {mode: after, period: P1M}")
        life.buys(10, "2026-03-10")
        assert life.due() == "2026-04-11"

        assert life.balance("2026-04-10 23:59:59") == 10
        assert life.balance("2026-04-11") == 0
        decision = life.waits("2026-04-11")

        (effect,) = decision.effects
        assert isinstance(effect, PointsEffect)
        assert (effect.how, effect.amount, effect.source) == ("expired", -10, "a1")
        assert life.due() is None

    def test_at_one_instant_expiry_comes_before_the_activity(self) -> None:
        """S1."""
        life = holder("expiry: {mode: after, period: P1M}")
        life.buys(10, "2026-03-10")

        assert life.redeems("mug", "2026-04-11").reason == "insufficient_points"

    def test_a_lot_expires_as_a_whole_less_what_was_spent(self) -> None:
        life = holder("expiry: {mode: after, period: P1M}")
        life.buys(8, "2026-03-10")
        life.redeems("mug", "2026-03-11")

        wallet = life.wallet("2026-04-11")

        assert (wallet.spendable, wallet.expired, wallet.redeemed) == (0, 3, 5)

    def test_each_lot_dies_at_its_own_time_however_late_somebody_looks(self) -> None:
        life = holder("expiry: {mode: after, period: P1M}")
        life.buys(1, "2026-03-10")
        life.buys(2, "2026-03-12")
        life.buys(4, "2026-03-14")

        assert life.balance("2026-04-13") == 4
        decision = life.waits("2027-01-01")

        assert [
            (effect.amount, effect.at)
            for effect in decision.effects
            if isinstance(effect, PointsEffect)
        ] == [
            (-1, instant("2026-04-11")),
            (-2, instant("2026-04-13")),
            (-4, instant("2026-04-15")),
        ]


class TestPending:
    def test_units_wait_until_the_business_day_of_the_period_begins(self) -> None:
        life = holder("", ", pending: {for: P14D}")
        life.buys(10, "2026-03-10 15:00")

        before, after = life.wallet("2026-03-23 23:59:59"), life.wallet("2026-03-24")
        assert (before.spendable, before.pending) == (0, 10)
        assert (after.spendable, after.pending) == (10, 0)
        assert life.redeems("mug", "2026-03-23").reason == "insufficient_points"
        assert life.redeems("mug", "2026-03-24").result == "accepted"

    def test_units_of_a_late_report_whose_wait_is_over_are_spendable_at_once(self) -> None:
        life = holder("", ", pending: {for: P14D}")

        life.buys(10, "2026-03-10", received="2026-03-24")

        assert life.wallet("2026-03-24").spendable == 10

    def test_units_that_wait_for_a_confirmation_wait_for_ever_without_it(self) -> None:
        life = holder("", ", pending: {until: confirmed}")
        life.buys(10, "2026-03-10", id="p")
        assert life.wallet("2036-03-10").pending == 10

        decision = life.does("confirmation", "2026-03-20", of="p")

        assert [e.how for e in decision.effects if isinstance(e, PointsEffect)] == ["released"]
        assert life.wallet("2026-03-20").spendable == 10
        assert life.does("confirmation", "2026-03-21", of="p").effects == []

    def test_a_confirmation_of_what_nobody_knows_is_refused(self) -> None:
        life = holder("", ", pending: {until: confirmed}")

        assert life.does("confirmation", "2026-03-20", of="p").reason == "unknown_original"

    def test_a_confirmation_leaves_units_alone_that_wait_for_a_date_or_were_taken_back(
        self,
    ) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules:
              - {id: waits, activity: purchase, wallet: points, give: {rate: 1},
                 pending: {for: P14D}}
              - {id: held, activity: purchase, lines: {sku: a}, wallet: points, give: {fixed: 3},
                 pending: {until: confirmed}}
              - {id: other, activity: purchase, lines: {sku: b}, wallet: points, give: {fixed: 4},
                 pending: {until: confirmed}}
            """)
        life.does("purchase", "2026-03-10", id="p", lines=[a_line(5, sku="a"), a_line(5, sku="b")])
        life.refunds("p", "2026-03-11", lines=[a_line(5, sku="a")])

        life.does("confirmation", "2026-03-12", of="p")

        wallet = life.wallet("2026-03-12")
        assert (wallet.spendable, wallet.pending) == (4, 5)

    def test_units_granted_by_a_refund_are_confirmed_with_the_rest(self) -> None:
        life = holder("", ", when: {net: {lt: 50}}, pending: {until: confirmed}")
        life.buys(60, "2026-03-10", id="p")
        life.refunds("p", "2026-03-11", amount=20)
        assert life.wallet("2026-03-11").pending == 40

        life.does("confirmation", "2026-03-12", of="p")

        assert life.wallet("2026-03-12").spendable == 40

    def test_a_friends_confirmation_releases_what_the_referrer_waits_for(self) -> None:
        town = a_town("""
            wallets: {points: {}}
            rules: [{id: thanks, activity: purchase, wallet: points, give: {fixed: 100},
                     to: referrer, pending: {until: confirmed}}]
            """)
        ana = a_member(town)
        bob = a_member(town, name="bob", referrer="ana")
        bob.buys(5, "2026-03-10", id="p")
        assert ana.wallet("2026-03-10").pending == 100

        bob.does("confirmation", "2026-03-12", of="p")

        assert ana.wallet("2026-03-12").spendable == 100

    def test_a_pending_lot_whose_date_passes_expires(self) -> None:
        life = holder("expiry: {mode: after, period: P7D}", ", pending: {until: confirmed}")
        life.buys(10, "2026-03-10", id="p")

        wallet = life.wallet("2026-03-18")
        assert (wallet.pending, wallet.expired) == (0, 10)

        life.does("confirmation", "2026-03-18", of="p")
        assert life.balance("2026-03-18") == 0

    def test_a_refund_takes_units_that_still_wait(self) -> None:
        life = holder("", ", pending: {for: P14D}")
        life.buys(10, "2026-03-10", id="p")

        life.refunds("p", "2026-03-12", amount=4)

        assert life.wallet("2026-03-12").pending == 6
        assert life.wallet("2026-03-24").spendable == 6

    def test_at_one_instant_what_expires_goes_before_what_is_released(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules:
              - {id: dies, activity: purchase, wallet: points, give: {fixed: 3},
                 expiry: {mode: after, period: P13D}}
              - {id: waits, activity: purchase, wallet: points, give: {fixed: 4},
                 pending: {for: P14D}}
            """)
        life.buys(10, "2026-03-10")

        decision = life.waits("2026-03-24")

        assert [e.how for e in decision.effects if isinstance(e, PointsEffect)] == [
            "expired",
            "released",
        ]


class TestInactivity:
    WALLET = "expiry: {mode: inactivity, period: P6M, activity: [purchase, redemption]}"

    def test_the_wallet_expires_as_a_whole_after_the_last_activity(self) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01 09:00")
        life.buys(5, "2026-01-15")

        assert life.balance("2026-07-15 23:59:59") == 15
        assert life.balance("2026-07-16") == 0
        assert life.wallet("2026-07-16").expired == 15

    def test_six_months_after_the_first_of_january_it_is_gone_when_the_second_of_july_begins(
        self,
    ) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01")

        assert life.balance("2026-07-01 23:59:59") == 10
        assert life.balance("2026-07-02") == 0

    def test_a_listed_redemption_keeps_it_alive_and_a_rejected_one_does_not(self) -> None:
        """S15."""
        life = holder(self.WALLET)
        life.buys(8, "2026-01-01")
        life.redeems("mug", "2026-03-01")
        assert life.redeems("mug", "2026-05-01").result == "rejected"

        assert life.balance("2026-09-01") == 3
        assert life.balance("2026-09-02") == 0

    def test_nothing_expires_until_a_listed_activity_happened(self) -> None:
        life = holder(self.WALLET)
        life.does("adjustment", "2026-01-01", wallet="points", points=10)

        assert life.balance("2036-01-01") == 10

    def test_a_lot_shows_no_date_but_the_wallet_knows_when_it_lapses(self) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01", id="p")

        assert life.expiries("2026-01-01") == {"p.base": None}
        assert life.due() == "2026-07-02"
        assert life.view("2026-01-01").next_expiry("points") == (instant("2026-07-02"), 10)

    def test_a_lot_with_an_expiry_of_its_own_does_not_lapse(self) -> None:
        life = holder(self.WALLET, ", expiry: {mode: never}")
        life.buys(10, "2026-01-01")

        assert life.balance("2036-01-01") == 10

    def test_a_late_report_that_shows_the_lapse_to_be_wrong_undoes_it(self) -> None:
        """S13."""
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01", id="p")
        life.waits("2026-07-05")
        assert life.wallet("2026-07-05").expired == 10

        life.buys(4, "2026-03-01", received="2026-07-06", id="late")

        assert life.left("2026-07-06") == {"p.base": 10, "late.base": 4}
        assert life.wallet("2026-07-06").expired == 0
        assert life.balance("2026-09-02") == 0  # six months after the late one

    def test_a_late_report_of_the_time_after_the_lapse_does_not(self) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01", id="p")
        life.waits("2026-07-05")

        life.buys(4, "2026-07-02", received="2026-07-06", id="late")

        assert life.left("2026-07-06") == {"late.base": 4}

    def test_it_is_undone_too_where_life_went_on_meanwhile(self) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01", id="p")
        life.buys(3, "2026-07-10", id="after")
        assert life.left("2026-07-10") == {"after.base": 3}

        life.buys(4, "2026-03-01", received="2026-07-20", id="late")

        assert life.left("2026-07-20") == {"p.base": 10, "late.base": 4, "after.base": 3}
        assert life.balance("2027-01-10 23:59:59") == 17
        assert life.balance("2027-01-11") == 0

    def test_a_report_that_only_delays_the_lapse_leaves_it_but_a_further_one_may_undo_it(
        self,
    ) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01", id="p")
        life.buys(3, "2026-07-20", id="after")

        life.buys(1, "2026-01-05", received="2026-07-21", id="late1")  # lapses 6 July instead
        assert "p.base" not in life.left("2026-07-21")

        life.buys(1, "2026-07-04", received="2026-07-22", id="late2")  # bridges the gap
        assert life.left("2026-07-22")["p.base"] == 10

    def test_revived_units_pay_the_debt(self) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01", id="p")
        life.buys(5, "2026-01-02", id="q")
        life.redeems("mug", "2026-01-03")  # of p
        life.redeems("mug", "2026-01-03")  # of p
        life.waits("2026-07-05")  # q lapses
        life.refunds("p", "2026-07-06")  # both redemptions become a debt of 10
        assert life.wallet("2026-07-06").debt == 10

        life.does("purchase", "2026-03-01", received="2026-07-07")

        wallet = life.wallet("2026-07-07")
        assert (wallet.debt, wallet.spendable, wallet.expired) == (5, 0, 0)

    def test_units_that_a_claw_back_took_meanwhile_do_not_come_back(self) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01", id="p")
        life.buys(6, "2026-01-01", id="q")
        life.waits("2026-07-05")
        life.refunds("p", "2026-07-06")

        life.does("purchase", "2026-03-01", received="2026-07-07")

        assert life.left("2026-07-07") == {"q.base": 6}

    def test_a_lapse_told_of_late_does_not_keep_the_wallet_due_for_ever(self) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-01", id="p")
        life.does("adjustment", "2026-07-08", id="x", wallet="points", points=4)

        life.buys(3, "2026-01-05", received="2026-07-10", id="late")  # lapses 6 July instead

        assert life.left("2026-07-10") == {"x.adjustment": 4}
        assert life.left("2027-07-10") == {"x.adjustment": 4}
        assert life.due() is None

    def test_what_was_spent_or_died_otherwise_is_no_part_of_a_lapse(self) -> None:
        life = a_member(f"""
            wallets: {{points: {{{self.WALLET}}}}}
            rules:
              - {{id: base, activity: purchase, wallet: points, give: {{rate: 1}}}}
              - {{id: promo, activity: promo, wallet: points, give: {{unit: n, points: 1, min: 1}},
                 expiry: {{mode: after, period: P1M}}}}
            rewards: {{mug: {{wallet: points, cost: 5}}}}
            """)
        life.buys(10, "2026-01-01", id="p")
        life.does("promo", "2026-01-02", n=5)
        life.does("promo", "2026-01-02", n=7)
        life.redeems("mug", "2026-01-03")  # the one promotion
        life.redeems("mug", "2026-01-03")  # of the other, which dies with two left
        life.buys(3, "2026-07-20", id="after")

        life.buys(1, "2026-01-05", received="2026-07-21", id="late1")
        life.buys(1, "2026-07-02", received="2026-07-22", id="late2")

        assert life.wallet("2026-07-22").expired == 2

    def test_a_received_lot_whose_own_date_passed_does_not_come_back(self) -> None:
        """Its date came with it from a sender whose tier has dates."""
        town = a_town("""
            wallets:
              points:
                expiry:
                  by_tier:
                    ladder: status
                    tiers: {gold: {mode: inactivity, period: P6M, activity: [purchase]}}
                    else: {mode: after, period: P7M}
            rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
            counters: {visits: {activity: visit}}
            ladders:
              status: {counter: visits, tiers: [{id: basic, at: 0}, {id: gold, at: 1}], keep: {}}
            """)
        ana, bob = a_member(town), a_member(town, name="bob")
        ana.does("visit", "2026-01-01")
        ana.buys(10, "2026-01-01", id="p")
        bob.buys(4, "2026-01-02", id="q")
        bob.does("transfer", "2026-01-03", to="ana", wallet="points", points=4)
        ana.waits("2026-07-05")
        assert ana.wallet("2026-07-05").expired == 14

        ana.does("purchase", "2026-03-01", received="2026-08-20")

        assert ana.left("2026-08-20") == {"p.base": 10}

    def test_a_second_lapse_is_remembered_beside_the_first(self) -> None:
        life = holder(self.WALLET)
        for year, id in ((2026, "a"), (2027, "b"), (2028, "c")):  # noqa: A001 - lots' names
            life.buys(10, f"{year}-01-01", id=id)
        life.waits("2028-08-01")
        assert life.wallet("2028-08-01").expired == 30

        life.does("purchase", "2028-03-01", received="2028-08-02")

        assert life.left("2028-08-02") == {"c.base": 10}


class TestExtend:
    WALLET = (
        "expiry: {mode: after, period: P3M},"
        " extend: {activity: [visit, redemption], when: {shop: main}, through_month: P2M}"
    )

    def test_a_listed_activity_lets_no_lot_die_before_the_month_after_next(self) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-05", id="old")
        life.buys(7, "2026-02-20", id="young")

        life.does("visit", "2026-03-20", shop="main")

        assert life.expiries("2026-03-20") == {"old.base": "2026-05-01", "young.base": "2026-05-21"}

    def test_an_activity_that_does_not_match_extends_nothing(self) -> None:
        life = holder(self.WALLET)
        life.buys(10, "2026-01-05", id="p")

        life.does("visit", "2026-03-20", shop="kiosk")

        assert life.expiries("2026-03-20") == {"p.base": "2026-04-06"}

    def test_who_holds_nothing_has_nothing_extended(self) -> None:
        life = holder(self.WALLET)

        assert life.does("visit", "2026-03-20", shop="main").result == "accepted"
        assert life.lots("2026-03-20") == []

    def test_a_lot_with_an_expiry_of_its_own_is_extended_too(self) -> None:
        """No lot dies before then: the paper makes no exception."""
        life = a_member(f"""
            wallets: {{points: {{{self.WALLET}}}}}
            rules: [{{id: promo, activity: purchase, wallet: points, give: {{fixed: 5}},
                     expiry: {{mode: after, period: P1M}}}}]
            """)
        life.buys(1, "2026-03-05", id="p")

        life.does("visit", "2026-03-20", shop="main")

        assert life.expiries("2026-03-20") == {"p.promo": "2026-05-01"}


class TestByTier:
    PROGRAM = """
        wallets:
          points:
            expiry:
              by_tier:
                ladder: status
                tiers:
                  gold: {mode: never}
                  idle: {mode: inactivity, period: P6M, activity: [purchase]}
                else: {mode: after, period: P3M}
          gems: {}
        counters: {visits: {activity: visit}}
        ladders:
          status:
            counter: visits
            tiers: [{id: basic, at: 0}, {id: gold, at: 1}, {id: idle, at: 2}]
            keep: {for: P12M}
        rules:
          - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
          - {id: promo, activity: promo, wallet: points, give: {fixed: 3},
             expiry: {mode: after, period: P1M}}
          - {id: gem, activity: gem, wallet: gems, give: {fixed: 1}}
        rewards: {mug: {wallet: points, cost: 5}}
        """

    def test_living_lots_follow_the_tier_held_now(self) -> None:
        """S4: counted from the instant at which the tier changed."""
        life = a_member(self.PROGRAM)
        life.buys(10, "2026-03-01", id="p")
        life.does("promo", "2026-03-01", id="q")
        assert life.expiries("2026-03-01") == {"q.promo": "2026-04-02", "p.base": "2026-06-02"}

        life.does("visit", "2026-03-10")
        assert life.expiries("2026-03-10") == {"q.promo": "2026-04-02", "p.base": None}

    def test_a_tier_that_ends_brings_the_other_policy_from_then_on(self) -> None:
        life = a_member(self.PROGRAM)
        life.does("visit", "2026-03-10")
        life.does("adjustment", "2026-03-11", wallet="gems", points=1)
        life.buys(10, "2026-03-12", id="p")
        life.does("tier_granted", "2026-03-13", ladder="status", tier="basic")
        assert life.expiries("2026-03-13") == {"p.base": None}

        life.does("ineligible", "2027-03-01", of="a1")
        assert life.tier("2027-03-11") == "basic"  # the term ended on the day before

        assert life.expiries("2027-03-11") == {"p.base": "2027-06-12"}

    def test_a_wallet_that_holds_only_a_debt_has_no_dates_to_follow(self) -> None:
        life = a_member(self.PROGRAM)
        life.does("adjustment", "2026-03-01", wallet="points", points=-5)

        life.does("visit", "2026-03-10")
        life.buys(9, "2026-03-11", id="p")

        assert life.expiries("2026-03-11") == {"p.base": None}
        assert life.balance("2026-03-11") == 4

    def test_a_change_that_brings_the_same_policy_changes_no_date(self) -> None:
        life = a_member(
            self.PROGRAM.replace("gold: {mode: never}", "gold: {mode: after, period: P3M}")
        )
        life.buys(10, "2026-03-01", id="p")

        life.does("visit", "2026-03-10")

        assert life.expiries("2026-03-10") == {"p.base": "2026-06-02"}

    def test_a_tier_of_inactivity_counts_from_the_change_where_nothing_counted_before(self) -> None:
        life = a_member(self.PROGRAM)
        life.does("adjustment", "2026-03-01", wallet="points", points=10)
        life.does("visit", "2026-03-10")
        life.does("visit", "2026-03-11")

        assert life.expiries("2026-03-11") == {"a1.adjustment": None}
        assert life.balance("2026-09-11") == 10
        assert life.balance("2026-09-12") == 0

    def test_a_tier_of_inactivity_counts_from_the_change_though_there_was_activity_before(
        self,
    ) -> None:
        life = a_member(self.PROGRAM)
        life.buys(10, "2026-03-01")
        life.does("visit", "2026-03-10")
        life.does("visit", "2026-03-11")

        assert life.balance("2026-09-11") == 10
        assert life.balance("2026-09-12") == 0

    def test_units_get_the_policy_of_the_tier_held_when_they_are_granted(self) -> None:
        life = a_member(self.PROGRAM)
        life.does("visit", "2026-03-10")

        life.buys(10, "2026-03-01", received="2026-03-12", id="late")

        assert life.expiries("2026-03-12") == {"late.base": None}


def test_a_wallet_that_a_later_version_dropped_still_expires() -> None:
    old = """
        wallets: {points: {expiry: {mode: after, period: P1M}}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        """
    town = a_town(a_program(old), a_program("name: Shop", version=2, begin="2026-03-15"))
    life = a_member(town)
    life.buys(10, "2026-03-10")

    assert life.balance("2026-04-10") == 10
    assert life.balance("2026-04-11") == 0


def test_a_wallet_by_tier_outlives_a_version_that_dropped_its_ladder_too() -> None:
    town = a_town(
        a_program(TestByTier.PROGRAM),
        a_program(
            """
            wallets: {gems: {}}
            counters: {visits: {activity: visit}}
            ladders:
              other:
                counter: visits
                tiers: [{id: low, at: 0}, {id: high, at: 1}]
                keep: {}
            """,
            version=2,
            begin="2026-03-15",
        ),
    )
    life = a_member(town)
    life.buys(10, "2026-03-10", id="p")

    life.does("visit", "2026-03-20")  # another ladder's tier changes

    assert life.expiries("2026-03-20") == {"p.base": "2026-06-11"}
    assert life.balance("2026-06-11") == 0


@pytest.mark.parametrize("pause", ["2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"])
def test_a_day_of_23_hours_ends_where_the_next_begins(pause: str) -> None:
    life = a_member("""
        timezone: Europe/Berlin
        wallets: {points: {expiry: {mode: after, period: P1D}}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        """)
    life.buys(10, "2026-03-28T12:00:00+01:00")

    assert life.balance(pause) == 10
    assert life.balance("2026-03-29T23:59:59+02:00") == 10
    assert life.balance("2026-03-30T00:00:00+02:00") == 0


def _two_versions(old: str, new: str, begin: str = "2026-06-01") -> Life:
    rules = "rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]"
    return a_member(
        a_town(
            a_program(f"wallets: {{points: {old}}}\n{rules}"),
            a_program(f"wallets: {{points: {new}}}\n{rules}", version=2, begin=begin),
        )
    )


def test_a_policy_holds_from_its_versions_instant_on_and_for_new_lots_only() -> None:
    life = _two_versions(
        "{expiry: {mode: after, period: P12M}}", "{expiry: {mode: after, period: P1M}}"
    )
    life.buys(10, "2026-03-01", id="old")
    life.buys(10, "2026-06-01", id="new")

    assert life.expiries("2026-06-01") == {"new.base": "2026-07-02", "old.base": "2027-03-02"}


def test_a_shorter_inactivity_holds_from_its_versions_instant_on() -> None:
    shape = "{{expiry: {{mode: inactivity, period: {}, activity: purchase}}}}"
    life = _two_versions(shape.format("P12M"), shape.format("P6M"))
    life.buys(10, "2026-03-01")
    life.waits("2026-06-01")
    assert life.due() == "2026-09-02"

    sleeper = _two_versions(shape.format("P12M"), shape.format("P1M"))
    sleeper.buys(10, "2026-03-01")
    sleeper.waits("2026-05-31")
    assert sleeper.balance("2026-05-31") == 10
    assert sleeper.balance("2026-06-01") == 0


def test_an_order_of_spending_holds_from_its_versions_instant_on() -> None:
    life = _two_versions("{spend: fifo}", "{spend: fefo}")
    for k in range(60):
        life.does(
            "adjustment", "2026-03-01", id=f"a{k}", wallet="points", points=1,
            expiry__mode="after", expiry__period=f"P{400 - k}D",
        )  # fmt: skip

    assert next(iter(life.left("2026-05-01"))) == "a0.adjustment"
    assert next(iter(life.left("2026-06-02"))) == "a59.adjustment"
    life.does("adjustment", "2026-06-01", id="taken", wallet="points", points=-58)
    assert list(life.left("2026-06-01")) == ["a1.adjustment", "a0.adjustment"]


def test_a_version_that_writes_a_policy_by_tier_anew_gives_no_lot_another_date() -> None:
    ladder = """
counters: {visits: {activity: visit}}
ladders: {status: {counter: visits, tiers: [{id: low, at: 0}, {id: high, at: 1}], keep: {}}}
"""
    by_tier = "{{expiry: {{by_tier: {{ladder: status, tiers: {{}}, else: {}}}}}}}"
    rules = "rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]"
    old, new = (
        f"wallets: {{points: {by_tier.format(policy)}}}\n{rules}{ladder}"
        for policy in ("{mode: never}", "{mode: after, period: P1M}")
    )
    life = a_member(a_town(a_program(old), a_program(new, version=2, begin="2026-06-01")))
    life.buys(10, "2026-03-01", id="old")
    life.does("visit", "2026-06-02")

    assert life.expiries("2026-06-02") == {"old.base": None}


def test_a_wallet_that_holds_nothing_has_nothing_due_by_a_later_versions_policy() -> None:
    life = _two_versions("{expiry: {mode: never}}", "{expiry: {mode: after, period: P1M}}")
    life.buys(10, "2026-03-01", id="p")
    life.refunds("p", "2026-03-02")
    life.waits("2026-06-02")

    assert life.due() is None
    assert life.wallet("2026-06-02").spendable == 0
    life.buys(5, "2026-06-03", id="q")
    assert life.expiries("2026-06-03") == {"q.base": "2026-07-04"}

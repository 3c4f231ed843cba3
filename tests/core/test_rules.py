"""Earning: running totals, points for whoever referred, and what is kept of it for later."""

from builders import Life, a_member, a_town, instant
from guerdon.core.decision import Explanation

CARRY = """
    wallets: {points: {}}
    rules:
      - id: steps
        activity: purchase
        wallet: points
        give: {step: 10.00, points: 1, remainder: carry}
    """


def shopper() -> Life:
    return a_member(CARRY)


class TestRunningTotals:
    def test_the_remainder_is_carried_to_the_next_purchase(self) -> None:
        life = shopper()

        life.buys("7.00", "2026-03-02", id="p1")
        assert life.balance("2026-03-02 12:00") == 0

        life.buys("7.00", "2026-03-03", id="p2")  # 14 in all
        life.buys("27.00", "2026-03-04", id="p3")  # 41 in all: three more

        assert life.left("2026-03-05") == {"p2.steps": 1, "p3.steps": 3}

    def test_refunding_what_earned_nothing_takes_a_point_from_another(self) -> None:
        life = shopper()
        life.buys("7.00", "2026-03-02", id="p1")
        life.buys("7.00", "2026-03-03", id="p2")

        life.refunds("p1", "2026-03-04")  # 7 in all

        assert life.balance("2026-03-05") == 0
        assert life.wallet("2026-03-05").earned == 0

    def test_a_decrease_is_taken_from_the_refunded_activitys_own_lot_first(self) -> None:
        life = shopper()
        life.buys("12.00", "2026-03-02", id="p1")
        life.buys("12.00", "2026-03-03", id="p2")
        life.buys("12.00", "2026-03-04", id="p3")  # 36 in all: one point each

        life.refunds("p1", "2026-03-05")

        assert life.left("2026-03-06") == {"p2.steps": 1, "p3.steps": 1}

    def test_what_its_own_lot_lacks_is_taken_from_the_newest_ones(self) -> None:
        life = shopper()
        life.buys("9.00", "2026-03-02", id="p1")
        life.buys("11.00", "2026-03-03", id="p2")  # 20: two points
        life.buys("11.00", "2026-03-04", id="p3")  # 31: one

        life.refunds("p1", "2026-03-05")  # 22: two are owed, one is taken back

        assert life.left("2026-03-06") == {"p2.steps": 2}

    def test_more_than_the_newest_lot_holds_is_taken_from_the_one_before(self) -> None:
        life = shopper()
        life.buys("9.00", "2026-03-02", id="p1")
        life.buys("1.00", "2026-03-03", id="p2")  # 10: one
        life.buys("29.00", "2026-03-04", id="p3")  # 39: two
        life.buys("1.00", "2026-03-05", id="p4")  # 40: one
        life.refunds("p3", "2026-03-06", amount="15.00")  # 25: two are owed, both of p3 go

        assert life.left("2026-03-07") == {"p2.steps": 1, "p4.steps": 1}

        life.refunds("p1", "2026-03-08")  # 16: one is owed, the newest goes
        assert life.left("2026-03-09") == {"p2.steps": 1}

    def test_lots_that_were_taken_before_are_passed_over(self) -> None:
        life = shopper()
        for k in range(1, 5):
            life.buys("10.00", f"2026-03-0{k}", id=f"p{k}")
        life.buys("9.00", "2026-03-05", id="q1")
        life.buys("9.00", "2026-03-06", id="q2")  # 58: five
        assert life.balance("2026-03-06") == 5

        life.refunds("q1", "2026-03-07")  # 49: the newest goes
        life.refunds("p1", "2026-03-08")  # 39: its own
        life.refunds("p2", "2026-03-09", amount="9.00")  # 30: none
        life.refunds("q2", "2026-03-10")  # 21: one more
        assert life.left("2026-03-10") == {"p2.steps": 1, "p3.steps": 1}

    def test_a_void_leaves_what_the_others_are_worth(self) -> None:
        life = shopper()
        life.buys("15.00", "2026-03-02", id="p1")
        life.buys("15.00", "2026-03-03", id="p2")  # 30: one, then two

        life.does("ineligible", "2026-03-04", of="p2")

        assert life.left("2026-03-05") == {"p1.steps": 1}
        life.buys("5.00", "2026-03-06", id="p3")  # 20
        assert life.balance("2026-03-07") == 2

    def test_a_discount_on_another_receipt_lowers_the_total_and_what_was_given(self) -> None:
        """S8: the total is followed in both directions, whatever moves it."""
        life = shopper()
        life.buys("12.00", "2026-03-02")

        life.buys("-5.00", "2026-03-03")  # 7 in all
        assert life.balance("2026-03-04") == 0

        life.buys("3.00", "2026-03-05")  # 10 in all
        assert life.balance("2026-03-06") == 1

    def test_steps_of_a_tier_hold_for_the_refund_too(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            counters: {orders: {activity: login}}
            ladders:
              status: {counter: orders, tiers: [{id: basic, at: 0}, {id: gold, at: 1}], keep: {}}
            rules:
              - id: steps
                activity: purchase
                wallet: points
                by_tier:
                  ladder: status
                  tiers:
                    basic: {step: 10.00, points: 1, remainder: carry}
                    gold: {step: 10.00, points: 5, remainder: carry}
            """)
        life.does("login", "2026-03-01")
        life.buys("20.00", "2026-03-02", id="p")
        assert life.balance("2026-03-02") == 10

        life.refunds("p", "2026-03-03", amount="10.00")

        assert life.balance("2026-03-04") == 5

    def test_what_a_tier_without_an_entry_spends_is_not_on_the_running_total(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            counters: {orders: {activity: login}}
            ladders:
              status: {counter: orders, tiers: [{id: basic, at: 0}, {id: gold, at: 1}], keep: {}}
            rules:
              - id: steps
                activity: purchase
                wallet: points
                by_tier:
                  ladder: status
                  tiers: {gold: {step: 10.00, points: 1, remainder: carry}}
            """)
        decision = life.buys("9.00", "2026-03-01")
        assert decision.explanations[0].cause == "tier"
        life.does("login", "2026-03-02")

        life.buys("9.00", "2026-03-03")

        assert life.balance("2026-03-04") == 0


REFERRAL = """
    wallets: {points: {}}
    rules:
      - {id: friend, activity: purchase, when: {nth: 1, net: {gte: 20}}, wallet: points,
         give: {fixed: 50}}
      - {id: thanks, activity: purchase, when: {nth: 1, net: {gte: 20}}, wallet: points,
         give: {fixed: 100}, to: referrer}
    """


class TestReferrers:
    def test_the_referrer_gets_what_the_rule_gives_in_their_own_wallet(self) -> None:
        town = a_town(REFERRAL)
        ana = a_member(town)
        bob = a_member(town, name="bob", referrer="ana")

        bob.buys(20, "2026-03-02", id="p")

        assert bob.left("2026-03-03") == {"p.friend": 50}
        assert ana.left("2026-03-03") == {"p.thanks": 100}
        assert ana.lots("2026-03-03")[0].at == instant("2026-03-02")

    def test_the_referrers_part_arrives_as_a_consequence_of_its_own(self) -> None:
        """Decisions 10: the cause's times, the id `<cause>.<rule>`."""
        town = a_town(REFERRAL)
        a_member(town)
        bob = a_member(town, name="bob", referrer="ana")

        decision = bob.buys(20, "2026-03-02", received="2026-03-04", id="p")

        (consequence,) = decision.follow_ups
        assert (consequence.id, consequence.type) == ("p.thanks", "referral_changed")
        assert (consequence.member, consequence.at, consequence.received) == (
            "ana",
            instant("2026-03-02"),
            instant("2026-03-04"),
        )

    def test_a_partners_name_goes_with_what_its_activities_bring_and_not_with_bonuses(self) -> None:
        town = a_town(
            REFERRAL
            + """
    missions: {m: {activity: purchase, goal: 1, grant: [{wallet: points, fixed: 1}]}}
    """
        )
        a_member(town)
        bob = a_member(town, name="bob", referrer="ana")

        bob.buys(20, "2026-03-02", partner="cafe", id="p")

        posted = {
            (posting.amount, posting.partner)
            for decision in town.decided
            for posting in decision.postings
        }
        assert posted == {(50, "cafe"), (100, "cafe"), (1, "")}

    def test_whom_nobody_referred_pays_nobody_and_the_rule_says_so(self) -> None:
        bob = a_member(REFERRAL, name="bob")

        decision = bob.buys(20, "2026-03-02")

        assert Explanation(
            "thanks", False, "referrer", "member.referrer", "exists", "", "true"
        ) in list(decision.explanations)
        assert bob.balance("2026-03-03") == 50

    def test_oneself_as_referrer_is_no_referrer_at_all(self) -> None:
        bob = a_member(REFERRAL, name="bob", referrer="bob")

        bob.buys(20, "2026-03-02")

        assert bob.standing.referrer is None
        assert bob.balance("2026-03-03") == 50

    def test_an_unknown_referrer_is_no_referrer_at_all(self) -> None:
        bob = a_member(REFERRAL, name="bob", referrer="nobody")

        decision = bob.buys(20, "2026-03-02")

        assert bob.standing.referrer is None
        assert decision.follow_ups == []

    def test_a_refund_below_the_threshold_takes_back_both_sides(self) -> None:
        """S9."""
        town = a_town(REFERRAL)
        ana = a_member(town)
        bob = a_member(town, name="bob", referrer="ana")
        bob.buys(25, "2026-03-02", id="p")

        bob.refunds("p", "2026-03-03", amount=5)
        assert (ana.balance("2026-03-04"), bob.balance("2026-03-04")) == (100, 50)

        bob.refunds("p", "2026-03-05", amount="0.01")
        assert (ana.balance("2026-03-06"), bob.balance("2026-03-06")) == (0, 0)

    def test_what_a_refund_adds_twice_is_told_twice(self) -> None:
        town = a_town("""
            wallets: {points: {}}
            rules: [{id: odd, activity: purchase, wallet: points, to: referrer,
                     give: {bands: [[20.00, 30], [40.00, 20]], above: 10}}]
            """)
        ana = a_member(town)
        bob = a_member(town, name="bob", referrer="ana")
        bob.buys(60, "2026-03-02", id="p")

        bob.refunds("p", "2026-03-03", amount=20)
        bob.refunds("p", "2026-03-04", amount=20)

        assert [lot.left for lot in ana.lots("2026-03-04")] == [10, 10, 10]

    def test_a_referral_by_a_rule_that_never_was_is_refused(self) -> None:
        life = a_member(REFERRAL)

        decision = life.does(
            "referral_changed",
            "2026-03-02",
            rule="nothing",
            source="p",
            origin="service/p",
            origin_at="0",
            points="5",
            friend="bob",
        )

        assert decision.reason == "unknown_rule"

    def test_a_rule_can_ask_whether_somebody_referred_the_member(self) -> None:
        town = a_town("""
            wallets: {points: {}}
            rules: [{id: hi, activity: enrollment, when: {member.referrer: {exists: "true"}},
                     wallet: points, give: {fixed: 5}}]
            """)
        ana = a_member(town)
        bob = a_member(town, name="bob", referrer="ana")

        assert ana.balance("2026-03-03") == 0
        assert bob.left("2026-03-03") == {"bob.enrolled.hi": 5}


class TestHowOneActivityIsDecided:
    def test_rules_see_the_member_as_before_the_activity_but_count_it_in_nth(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: second, activity: purchase, when: {nth: 2}, wallet: points,
                     give: {fixed: 7}}]
            """)

        life.buys(1, "2026-03-02")
        life.buys(1, "2026-03-03", id="p2")
        life.buys(1, "2026-03-04")

        assert life.left("2026-03-05") == {"p2.second": 7}

    def test_nth_goes_by_order_of_arrival(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: first, activity: purchase, when: {nth: 1}, wallet: points,
                     give: {fixed: 7}}]
            """)
        life.buys(1, "2026-03-10", id="arrived_first")

        life.buys(1, "2026-03-02", received="2026-03-11", id="happened_first")

        assert list(life.left("2026-03-12")) == ["arrived_first.first"]

    def test_a_refunded_activity_still_counts_in_nth_and_a_voided_one_does_not(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: second, activity: purchase, when: {nth: 2}, wallet: points,
                     give: {fixed: 7}}]
            """)
        life.buys(1, "2026-03-02", id="void")
        life.does("ineligible", "2026-03-03", of="void")
        life.buys(1, "2026-03-04", id="back")
        assert life.balance("2026-03-04") == 0
        life.refunds("back", "2026-03-05")

        life.buys(1, "2026-03-06")

        assert life.balance("2026-03-07") == 7

    def test_enrollment_is_an_earning_activity(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: welcome, activity: enrollment, wallet: points, give: {fixed: 25}}]
            """)

        assert life.left("2026-01-02") == {"ana.enrolled.welcome": 25}

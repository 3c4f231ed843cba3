"""What each form of `give` comes to: amounts, rounding, tiers, groups, and refunds of them all."""

import pytest

from builders import Life, a_line, a_member, a_program, a_town
from guerdon.core.decision import Decision


def earning(give: str, more: str = "", *, scale: int = 0) -> Life:
    """Return a member of a program with one rule on purchases."""
    return a_member(f"""
        wallets: {{points: {{scale: {scale}}}}}
        rules: [{{id: base, activity: purchase, wallet: points, {give}{more}}}]
        """)


def earned(give: str, amount: str, *, scale: int = 0) -> int:
    life = earning(give, scale=scale)
    life.buys(amount, "2026-03-02")
    return life.balance("2026-03-03")


def why(decision: Decision, rule: str = "base") -> tuple[bool, str, str, str, str]:
    found = next(each for each in decision.explanations if each.rule == rule)
    return found.applied, found.cause, found.field, found.seen, found.needed


class TestRate:
    def test_a_rate_is_rounded_down_to_the_wallets_scale(self) -> None:
        assert earned("give: {rate: 6.5}", "9.99") == 64  # 64.935
        assert earned("give: {rate: 6.5}", "9.99", scale=2) == 6493  # 64.935

    @pytest.mark.parametrize(
        ("rounding", "points"),
        [("floor", 12), ("ceil", 13), ("half_up", 13), ("half_even", 12)],
    )
    def test_a_rate_is_rounded_as_the_rule_says(self, rounding: str, points: int) -> None:
        assert earned(f"give: {{rate: 1, round: {rounding}}}", "12.50") == points

    def test_the_cap_comes_after_the_rounding(self) -> None:
        assert earned("give: {rate: 1, round: ceil, max: 13}", "12.50") == 13
        assert earned("give: {rate: 1, max: 10}", "12.50") == 10

    def test_an_amount_of_nothing_earns_nothing_and_says_so(self) -> None:
        life = earning("give: {rate: 1}")

        decision = life.buys(0, "2026-03-02")

        assert decision.result == "accepted"
        assert life.balance("2026-03-03") == 0
        assert why(decision)[:2] == (False, "amount")

    def test_a_discount_line_lowers_the_basket(self) -> None:
        life = earning("give: {rate: 1}")

        life.does("purchase", "2026-03-02", lines=[a_line("20.00"), a_line("-5.00")])

        assert life.balance("2026-03-03") == 15

    def test_a_basket_below_zero_takes_no_points(self) -> None:
        life = earning("give: {rate: 1}")

        life.does("purchase", "2026-03-02", lines=[a_line("20.00"), a_line("-50.00")])

        assert life.balance("2026-03-03") == 0
        assert life.wallet("2026-03-03").earned == 0

    def test_a_refund_that_leaves_less_than_nothing_takes_back_no_more_than_was_given(
        self,
    ) -> None:
        life = earning("give: {rate: 1}")
        goods = a_line("20.00", sku="coat")
        life.does("purchase", "2026-03-02", id="p", lines=[goods, a_line("-5.00", sku="coupon")])

        life.refunds("p", "2026-03-04", lines=[goods])

        assert life.wallet("2026-03-05").earned == 0
        assert life.balance("2026-03-05") == 0

    def test_a_refund_of_less_than_nothing_adds_nothing_to_a_purchase(self) -> None:
        life = earning("give: {rate: 1}")
        life.does("purchase", "2026-03-02", id="p", lines=[a_line("20.00", sku="coat")])

        decision = life.refunds("p", "2026-03-04", lines=[a_line("-5.00", sku="coat")])

        assert (decision.result, decision.reason) == ("rejected", "refund_exceeds")
        assert life.balance("2026-03-05") == 20

    def test_a_discount_goes_back_with_its_goods(self) -> None:
        life = earning("give: {rate: 1}")
        goods, coupon = a_line("20.00", sku="coat"), a_line("-5.00", sku="coupon")
        life.does("purchase", "2026-03-02", id="p", lines=[goods, coupon, a_line("7.00")])

        life.refunds("p", "2026-03-04", lines=[goods, coupon])

        assert life.balance("2026-03-05") == 7


class TestStep:
    def test_only_full_steps_count(self) -> None:
        give = "give: {step: 10.00, points: 3, remainder: drop}"

        assert earned(give, "9.99") == 0
        assert earned(give, "10.00") == 3
        assert earned(give, "29.99") == 6

    def test_a_part_of_a_unit_is_rounded_once_for_all_steps_together(self) -> None:
        # Full steps times points, and only then the rounding to the scale of the wallet.
        assert earned("give: {step: 1.00, points: 1.25}", "10.99") == 12  # 12.5
        assert earned("give: {step: 1.00, points: 1.25, round: half_up}", "10.99") == 13
        assert earned("give: {step: 1.00, points: 1.25, max: 11}", "10.99") == 11
        assert earned("give: {step: 1.00, points: 1.255}", "10.99", scale=2) == 1255

    def test_a_running_total_is_rounded_as_a_whole(self) -> None:
        life = earning("give: {step: 1.00, points: 1.5, remainder: carry}")

        life.buys("1.50", "2026-03-02")
        assert life.balance("2026-03-03") == 1  # 1.5
        life.buys("1.50", "2026-03-04", id="p")
        assert life.balance("2026-03-05") == 4  # 4.5
        life.refunds("p", "2026-03-06", amount="0.50")
        assert life.balance("2026-03-07") == 3  # 3.0


class TestBands:
    GIVE = "give: {bands: [[50.00, 10], [100.00, 30]], above: 70}"

    @pytest.mark.parametrize(
        ("amount", "points"),
        [("0.01", 10), ("50.00", 10), ("50.01", 30), ("100.00", 30), ("100.01", 70)],
    )
    def test_the_upper_end_of_a_band_belongs_to_it(self, amount: str, points: int) -> None:
        assert earned(self.GIVE, amount) == points

    def test_a_partial_refund_may_lead_into_a_lower_band_and_a_whole_one_to_nothing(self) -> None:
        life = earning(self.GIVE)
        life.buys("100.01", "2026-03-02", id="p")

        life.refunds("p", "2026-03-03", amount="0.01")
        assert life.balance("2026-03-04") == 30

        life.refunds("p", "2026-03-05", amount="50.00")
        assert life.balance("2026-03-06") == 10

        life.refunds("p", "2026-03-07")
        assert life.balance("2026-03-08") == 0


class TestFixed:
    def test_it_stays_until_nothing_remains_of_the_matching_lines(self) -> None:
        life = earning("give: {fixed: 50}", ", lines: {category: toys}")
        toy, tea = a_line(10, category="toys"), a_line(5, category="tea")
        life.does("purchase", "2026-03-02", id="p", lines=[toy, tea])
        assert life.balance("2026-03-03") == 50

        life.refunds("p", "2026-03-04", lines=[a_line(4, category="toys")])
        assert life.balance("2026-03-05") == 50

        life.refunds("p", "2026-03-06", lines=[a_line(6, category="toys")])
        assert life.balance("2026-03-07") == 0

    def test_an_activity_without_money_earns_it(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules: [{id: hello, activity: login, wallet: points, give: {fixed: 5}}]
            """)

        life.does("login", "2026-03-02")

        assert life.balance("2026-03-03") == 5


class TestUnit:
    RUN = """
        wallets: {points: {}}
        rules: [{id: km, activity: run, wallet: points, give: {unit: km, points: 1.5, min: 4}}]
        """

    def test_each_unit_counts_and_there_are_at_least_so_many(self) -> None:
        life = a_member(self.RUN)

        life.does("run", "2026-03-02", km="10.5")  # 15.75
        life.does("run", "2026-03-03", km="1")  # as 4: 6
        life.does("run", "2026-03-04")  # no distance: as 4

        assert [lot.granted for lot in life.lots("2026-03-05")] == [15, 6, 6]

    def test_it_gives_nothing_once_nothing_remains_of_the_lines(self) -> None:
        life = earning("give: {unit: nights, points: 100, min: 1}")
        life.buys(80, "2026-03-02", id="p", nights=3)
        assert life.balance("2026-03-03") == 300

        life.refunds("p", "2026-03-04", amount=50)
        assert life.balance("2026-03-05") == 300

        life.refunds("p", "2026-03-06")
        assert life.balance("2026-03-07") == 0


class TestOf:
    def test_a_multiple_is_of_points_already_rounded(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules:
              - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
              - {id: elite, activity: purchase, wallet: points, give: {of: base, times: 0.5}}
            """)

        life.buys("15.90", "2026-03-02")  # 15, and half of 15, not of 15.9

        assert life.left("2026-03-03") == {"a1.base": 15, "a1.elite": 7}

    def test_a_tier_may_get_no_bonus_at_all(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            counters: {orders: {activity: purchase}}
            ladders: {status: {counter: orders, tiers: [{id: low, at: 0}, {id: high, at: 1}]}}
            rules:
              - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
              - id: elite
                activity: purchase
                wallet: points
                by_tier:
                  ladder: status
                  tiers: {low: {of: base, times: 0}, high: {of: base, times: 0.5}}
            """)

        life.buys("10.00", "2026-03-02")
        life.buys("10.00", "2026-03-03")

        assert life.left("2026-03-04") == {"a1.base": 10, "a2.base": 10, "a2.elite": 5}

    def test_rules_of_other_activities_and_rules_that_gave_nothing_add_nothing(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rules:
              - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
              - {id: visit, activity: login, wallet: points, give: {fixed: 9}}
              - {id: big, activity: purchase, when: {net: {gte: 100}}, wallet: points,
                 give: {fixed: 70}}
              - {id: more, activity: [purchase, login], wallet: points,
                 give: {of: [base, visit, big], times: 2}}
            """)

        life.buys(10, "2026-03-02", id="p")
        life.does("login", "2026-03-03", id="l")

        assert life.left("2026-03-04") == {
            "p.base": 10,
            "p.more": 20,
            "l.visit": 9,
            "l.more": 18,
        }


class TestByTier:
    PROGRAM = """
        wallets: {points: {}}
        counters: {orders: {activity: purchase}}
        ladders:
          status:
            counter: orders
            tiers: [{id: basic, at: 0}, {id: silver, at: 1}, {id: gold, at: 2}]
            keep: {}
        rules:
          - id: base
            activity: purchase
            wallet: points
            by_tier: {ladder: status, tiers: {basic: {rate: 1}, gold: {rate: 3}}}
        """

    def test_the_purchase_that_lifts_the_tier_earns_at_the_old_rate(self) -> None:
        life = a_member(self.PROGRAM)

        life.buys(10, "2026-03-02", id="p1")
        assert life.tier("2026-03-02") == "silver"

        assert life.left("2026-03-03") == {"p1.base": 10}

    def test_a_tier_without_an_entry_gets_nothing(self) -> None:
        life = a_member(self.PROGRAM)
        life.buys(10, "2026-03-02")

        decision = life.buys(10, "2026-03-03")

        assert why(decision) == (False, "tier", "status", "silver", "basic, gold")
        assert life.balance("2026-03-04") == 10

    def test_a_late_report_earns_at_the_tier_held_when_it_happened(self) -> None:
        life = a_member(self.PROGRAM)
        life.buys(10, "2026-03-02")
        life.buys(10, "2026-03-03")
        assert life.tier("2026-03-04") == "gold"

        life.buys(10, "2026-03-01", received="2026-03-05", id="late")

        assert life.left("2026-03-06")["late.base"] == 10

    def test_a_refund_is_rated_at_the_tier_of_the_original(self) -> None:
        life = a_member(self.PROGRAM)
        life.buys("10.00", "2026-03-02", id="p")
        life.buys(10, "2026-03-03")

        life.refunds("p", "2026-03-05", amount="4.00")

        assert life.balance("2026-03-06") == 6


class TestBestOf:
    PROGRAM = """
        wallets: {points: {}}
        rules:
          - {id: cup, activity: purchase, when: {cup: "true"}, wallet: points, give: {fixed: 10},
             best_of: double}
          - {id: day, activity: purchase, wallet: points, give: {rate: 1}, best_of: double}
        """

    def test_only_the_best_of_a_group_pays(self) -> None:
        life = a_member(self.PROGRAM)

        decision = life.buys(25, "2026-03-02", cup=True)

        assert life.left("2026-03-03") == {"a1.day": 25}
        assert why(decision, "cup") == (False, "best_of", "day", "10", "25")

    def test_the_first_in_the_programs_order_wins_a_tie(self) -> None:
        life = a_member(self.PROGRAM)

        life.buys(10, "2026-03-02", cup=True)

        assert life.left("2026-03-03") == {"a1.cup": 10}

    def test_a_rule_that_does_not_apply_is_no_rival(self) -> None:
        life = a_member(self.PROGRAM)

        life.buys(5, "2026-03-02")

        assert life.left("2026-03-03") == {"a1.day": 5}

    def test_a_multiple_of_a_group_is_of_the_one_that_paid(self) -> None:
        life = a_member(
            self.PROGRAM
            + """
          - {id: more, activity: purchase, wallet: points, give: {of: [cup, day], times: 2}}
            """
        )

        life.buys(25, "2026-03-02", cup=True)

        assert life.left("2026-03-03") == {"a1.day": 25, "a1.more": 50}

    def test_after_a_refund_the_other_one_may_be_the_best(self) -> None:
        life = a_member(self.PROGRAM)
        life.buys(25, "2026-03-02", cup=True, id="p")

        life.refunds("p", "2026-03-04", amount=20)

        assert life.balance("2026-03-05") == 10
        assert life.left("2026-03-05") == {"p.cup": 10}


class TestConditions:
    def test_the_first_test_that_fails_is_told_with_what_was_seen_and_needed(self) -> None:
        life = earning("give: {rate: 1}", ", when: {net: {gte: 50}, channel: app}")

        assert why(life.buys("49.99", "2026-03-02", channel="app")) == (
            False,
            "when",
            "net",
            "49.99",
            "50",
        )
        assert why(life.buys(50, "2026-03-02", channel="web"))[2:] == ("channel", "web", "app")
        assert why(life.buys(50, "2026-03-02", channel="app"))[:2] == (True, "applied")

    def test_net_beside_when_in_a_rule_is_the_whole_basket(self) -> None:
        life = earning("give: {rate: 1}", ", when: {net: {gte: 50}}, lines: {category: toys}")

        life.does(
            "purchase", "2026-03-02", lines=[a_line(10, category="toys"), a_line(40, category="t")]
        )

        assert life.balance("2026-03-03") == 10

    def test_a_rule_with_lines_and_no_matching_line_does_not_apply(self) -> None:
        life = earning("give: {fixed: 5}", ", lines: {category: toys}")

        decision = life.does("purchase", "2026-03-02", lines=[a_line(10, category="tea")])

        assert why(decision) == (False, "lines", "lines", "", "category eq toys")
        assert why(life.does("purchase", "2026-03-03"))[1] == "lines"

    def test_fields_of_an_activity_with_an_amount_are_its_lines_fields_too(self) -> None:
        life = earning("give: {rate: 1}", ", lines: {category: toys, channel: app}")

        life.buys(10, "2026-03-02", category="toys", channel="app")
        life.buys(10, "2026-03-02", category="toys", channel="web")

        assert life.balance("2026-03-03") == 10

    def test_a_condition_that_stops_holding_after_a_refund_takes_its_points_back(self) -> None:
        life = earning("give: {fixed: 20}", ", when: {net: {gte: 50}}")
        life.buys(60, "2026-03-02", id="p")

        life.refunds("p", "2026-03-03", amount=10)
        assert life.balance("2026-03-04") == 20

        life.refunds("p", "2026-03-05", amount="0.01")
        assert life.balance("2026-03-06") == 0

    def test_a_line_can_be_asked_for_the_money_left_on_it(self) -> None:
        life = earning("give: {rate: 1}", ", lines: {amount: {gte: 10}}")
        big, small = a_line(10, sku="b"), a_line(9, sku="s")

        life.does("purchase", "2026-03-02", lines=[big, small])

        assert life.balance("2026-03-03") == 10


class TestRefunds:
    """S5: points of the original less points of what is left, never a rate on what came back."""

    def test_a_refund_takes_the_difference_of_two_ratings(self) -> None:
        life = earning("give: {rate: 1}")
        life.buys("10.50", "2026-03-02", id="p")  # 10

        life.refunds("p", "2026-03-03", amount="0.60")  # 9.90 are left: 9

        assert life.balance("2026-03-04") == 9

    def test_parts_refunded_in_any_order_come_to_what_was_kept(self) -> None:
        goods = [a_line("3.40", sku="a"), a_line("3.40", sku="b"), a_line("3.40", sku="c")]
        figures = set()
        for first, second in ((0, 1), (1, 0), (2, 1)):
            life = earning("give: {rate: 1}")
            life.does("purchase", "2026-03-02", id="p", lines=goods)
            life.refunds("p", "2026-03-03", lines=[goods[first]])
            life.refunds("p", "2026-03-04", lines=[goods[second]])
            figures.add(life.balance("2026-03-05"))

        assert figures == {3}

    def test_the_cap_is_part_of_the_rating(self) -> None:
        life = earning("give: {rate: 1, max: 30}")
        life.buys(100, "2026-03-02", id="p")

        life.refunds("p", "2026-03-03", amount=60)
        assert life.balance("2026-03-04") == 30

        life.refunds("p", "2026-03-05", amount=20)
        assert life.balance("2026-03-06") == 20

    def test_an_attribute_that_changed_since_does_not_change_the_rating(self) -> None:
        life = a_member(
            a_town("""
                wallets: {points: {}}
                rules: [{id: base, activity: purchase, when: {member.club: "yes"}, wallet: points,
                         give: {rate: 1}}]
                """),
            club="yes",
        )
        life.buys(10, "2026-03-02", id="p")
        life.does("member_updated", "2026-03-03", attrs__club="no")

        life.refunds("p", "2026-03-04", amount=4)

        assert life.balance("2026-03-05") == 6


def test_a_rule_change_is_in_force_from_its_instant_on() -> None:
    rule = """
        wallets: {{points: {{}}}}
        rules: [{{id: base, activity: purchase, wallet: points, give: {{rate: {}}}}}]
        """
    town = a_town(
        a_program(rule.format(1)),
        a_program(rule.format(2), version=2, begin="2026-04-01"),
    )
    life = a_member(town)

    life.buys(10, "2026-03-31 23:59:59", id="before")
    life.buys(10, "2026-04-01", id="after")
    life.buys(10, "2026-03-31 12:00", received="2026-04-02", id="late")
    life.refunds("before", "2026-04-03", amount=5)

    assert life.left("2026-04-04") == {"before.base": 5, "late.base": 10, "after.base": 20}


@pytest.mark.parametrize(
    ("give", "spent", "points"),
    [
        ("{fixed: 2.5}", 10, 2),
        ("{fixed: 2.5, round: half_up}", 10, 3),
        ("{fixed: 2.5, round: half_even}", 10, 2),
        ("{fixed: 2.1, round: ceil}", 10, 3),
        ("{bands: [[5.00, 1.5], [20.00, 4.5]], above: 9.5}", 5, 1),
        ("{bands: [[5.00, 1.5], [20.00, 4.5]], above: 9.5, round: half_up}", 20, 5),
        ("{bands: [[5.00, 1.5], [20.00, 4.5]], above: 9.5, round: half_up}", 21, 10),
        ("{fixed: 2.5, round: ceil, max: 2}", 10, 2),
    ],
)
def test_a_figure_with_more_digits_than_its_wallet_is_rounded_as_the_rule_says(
    give: str, spent: int, points: int
) -> None:
    life = a_member(f"""
        wallets: {{points: {{}}}}
        rules:
          - {{id: some, activity: purchase, wallet: points, give: {give}}}
          - {{id: more, activity: purchase, wallet: points, give: {{of: some, times: 2}}}}
        """)
    life.buys(spent, "2026-03-02", id="p")

    assert life.left("2026-03-02") == {"p.some": points, "p.more": 2 * points}

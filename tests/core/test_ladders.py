"""Tiers: what earns them, how long each is kept, what a refund does, and what entering brings."""

import pytest

from builders import Life, Town, a_member, a_program, a_town, instant, shown
from guerdon.core.decision import TierEffect


def climber(ladder: str, counter: str = "activity: visit", more: str = "") -> Life:
    return a_member(f"""
        wallets: {{points: {{}}}}
        counters: {{it: {{{counter}}}}}
        ladders: {{status: {{counter: it, {ladder}}}}}
        {more}
        """)


def visits(life: Life, *at: str) -> None:
    for each in at:
        life.does("visit", each, id=each)


THREE = "tiers: [{id: basic, at: 0}, {id: silver, at: 2}, {id: gold, at: 4}]"


class TestRising:
    def test_a_tier_is_reached_at_its_threshold_by_the_activity_that_reaches_it(self) -> None:
        life = climber(f"{THREE}, keep: {{}}")

        visits(life, "2026-03-02")
        assert life.tier("2026-03-02") == "basic"
        visits(life, "2026-03-03 09:00")

        view = life.tier_view("2026-03-03 09:00")
        assert (view.tier.id, shown(view.since), view.until) == ("silver", "2026-03-03 09:00", None)

    def test_two_rungs_may_be_climbed_at_once(self) -> None:
        life = climber(f"{THREE}, keep: {{}}", "activity: purchase, sum: net")

        decision = life.buys(
            "0.04", "2026-03-02"
        )  # the counter sums money: the tiers lie at 2.00 and 4.00
        assert life.tier("2026-03-02") == "basic"
        assert decision.effects == []

        decision = life.buys(4, "2026-03-03")
        assert decision.effects == [
            TierEffect("status", "basic", "gold", None, instant("2026-03-03"))
        ]

    def test_a_first_tier_above_nothing_has_to_be_reached(self) -> None:
        """The tier shown is the highest of earned, granted and floor: below the first none is."""
        life = a_member("""
            wallets: {points: {}}
            counters: {visits: {activity: visit}}
            ladders:
              card:
                counter: visits
                tiers: [{id: full, at: 2, on_enter: [{wallet: points, fixed: 10}]}]
            rules:
              - {id: some, activity: visit, when: {card: full}, wallet: points, give: {fixed: 1}}
              - {id: none, activity: visit, when: {card: {exists: false}}, wallet: points,
                 give: {fixed: 3}}
            """)
        assert life.tier("2026-02-01", "card") == "none"
        assert life.balance("2026-02-01") == 0

        life.does("visit", "2026-03-02")
        assert (life.tier("2026-03-02", "card"), life.balance("2026-03-02")) == ("none", 3)

        life.does("visit", "2026-03-03")
        assert (life.tier("2026-03-03", "card"), life.balance("2026-03-03")) == ("full", 16)

        life.does("visit", "2026-03-04")
        assert life.balance("2026-03-04") == 17

    def test_who_is_new_holds_the_lowest_tier_since_enrollment(self) -> None:
        life = climber(f"{THREE}, keep: {{}}")

        view = life.tier_view("2026-02-01")
        assert (view.tier.id, shown(view.since)) == ("basic", "2026-01-01")
        assert view.next is not None
        assert (view.next.id, view.missing) == ("silver", 2)

    def test_since_is_the_arrival_that_caused_the_change(self) -> None:
        """S11: a late report lifts from its arrival on, not backwards."""
        life = climber(f"{THREE}, keep: {{}}")
        visits(life, "2026-03-02")

        life.does("visit", "2026-03-01", received="2026-03-10", id="late")

        assert shown(life.tier_view("2026-03-10").since) == "2026-03-10"

    def test_a_late_report_of_a_window_that_is_over_lifts_all_the_same(self) -> None:
        """S11."""
        life = climber(f"{THREE}, window: calendar_month, keep: {{}}")
        visits(life, "2026-03-02")

        life.does("visit", "2026-03-31", received="2026-04-10", id="late")

        view = life.tier_view("2026-04-10")
        assert (view.tier.id, shown(view.since)) == ("silver", "2026-04-10")

    def test_thresholds_on_points_are_lifted_by_grants_of_any_kind(self) -> None:
        life = climber(f"{THREE}, keep: {{}}", 'sum: "points:points"')

        life.does("adjustment", "2026-03-02", wallet="points", points=4)

        assert life.tier("2026-03-02") == "gold"


class TestKeepFor:
    LADDER = f"{THREE}, window: {{rolling: P12M}}, keep: {{for: P12M}}"

    def test_it_holds_through_the_anniversary_of_the_day_it_was_reached(self) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-02", "2026-03-10 15:00")

        assert shown(life.tier_view("2026-03-10 15:00").until) == "2027-03-11"
        assert life.tier("2027-03-10 23:59:59") == "silver"
        assert life.tier("2027-03-11") == "basic"
        assert shown(life.tier_view("2027-03-11").since) == "2027-03-11"

    def test_at_review_the_window_is_read_anew_and_the_new_term_begins_where_the_old_ended(
        self,
    ) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-02", "2026-03-10 15:00", "2026-11-01", "2026-12-01")

        view = life.tier_view("2027-03-11")
        assert (view.tier.id, shown(view.until)) == ("gold", "2027-12-02")

        view = life.tier_view("2027-11-15")  # gold since 1 December: still in its term
        assert view.tier.id == "gold"
        assert life.tier("2027-12-02") == "basic"

    def test_a_renewed_tier_is_shown_since_it_was_first_reached(self) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-02", "2026-03-10", "2026-11-01")
        visits(life, "2027-03-05")

        view = life.tier_view("2027-03-11")

        assert (view.tier.id, shown(view.since), shown(view.until)) == (
            "silver",
            "2026-03-10",
            "2028-03-11",
        )

    @pytest.mark.parametrize(
        ("second", "tier"), [("2026-03-13", "basic"), ("2026-03-13 00:00:01", "silver")]
    )
    def test_the_window_at_review_leaves_out_its_beginning(self, second: str, tier: str) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-11", "2026-03-12", second)  # silver through 12 March 2027
        visits(life, "2027-03-12 12:00")  # when the first two have left the window

        assert life.tier("2027-03-12 23:59:59") == "silver"
        assert life.tier("2027-03-13") == tier

    def test_reaching_a_higher_tier_begins_a_new_term(self) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-02", "2026-03-03", "2026-06-01", "2026-06-02")

        assert shown(life.tier_view("2026-06-02").until) == "2027-06-03"

    def test_with_one_rung_at_most_one_tier_is_lost_at_a_review(self) -> None:
        life = climber(f"{self.LADDER}, drop: one_rung")
        visits(life, "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-10")

        view = life.tier_view("2027-03-11")
        assert (view.tier.id, shown(view.until)) == ("silver", "2028-03-11")
        assert life.tier("2028-03-10") == "silver"
        assert life.tier("2028-03-11") == "basic"


class TestEndOfNextYear:
    LADDER = f"{THREE}, window: calendar_year, keep: {{until: end_of_next_year}}"

    def test_a_years_result_holds_to_the_end_of_the_next(self) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-02", "2026-03-03")

        assert shown(life.tier_view("2026-03-03").until) == "2028-01-01"
        assert life.tier("2027-12-31 23:59:59") == "silver"
        assert life.tier("2028-01-01") == "basic"

    def test_with_grace_it_holds_through_that_day(self) -> None:
        life = climber(
            f'{THREE}, window: calendar_year, keep: {{until: end_of_next_year, grace: "01-31"}}'
        )
        visits(life, "2026-03-02", "2026-03-03")

        assert shown(life.tier_view("2026-03-03").until) == "2028-02-01"
        assert life.tier("2028-01-31 23:59:59") == "silver"
        assert life.tier("2028-02-01") == "basic"

    def test_the_tier_shown_is_the_best_of_the_results_still_valid(self) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")  # gold for 2026
        visits(life, "2027-03-01", "2027-03-02")  # silver for 2027

        assert life.tier("2027-12-31") == "gold"
        view = life.tier_view("2028-01-01")
        assert (view.tier.id, shown(view.until)) == ("silver", "2029-01-01")

    def test_the_same_tier_earned_again_holds_longer(self) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-01", "2026-03-02", "2027-03-01", "2027-03-02")

        view = life.tier_view("2027-03-02")

        assert (view.tier.id, shown(view.since), shown(view.until)) == (
            "silver",
            "2026-03-02",
            "2029-01-01",
        )

    def test_with_one_rung_the_step_down_holds_to_the_end_of_the_year_that_begins(self) -> None:
        life = climber(f"{self.LADDER}, drop: one_rung")
        visits(life, "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")

        view = life.tier_view("2028-01-01")
        assert (view.tier.id, shown(view.until)) == ("silver", "2029-01-01")
        assert life.tier("2029-01-01") == "basic"

    def test_with_one_rung_and_grace_the_step_down_has_its_grace_too(self) -> None:
        life = climber(
            f"{THREE}, window: calendar_year, drop: one_rung,"
            ' keep: {until: end_of_next_year, grace: "01-31"}'
        )
        visits(life, "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")

        view = life.tier_view("2028-02-01")
        assert (view.tier.id, shown(view.until)) == ("silver", "2029-02-01")

    def test_a_late_activity_counts_for_the_year_of_its_own_time(self) -> None:
        """S11."""
        life = climber(self.LADDER)
        visits(life, "2026-03-02")

        life.does("visit", "2026-12-31", received="2027-01-10", id="late")

        view = life.tier_view("2027-01-10")
        assert (view.tier.id, shown(view.since), shown(view.until)) == (
            "silver",
            "2027-01-10",
            "2028-01-01",
        )

    def test_a_result_of_a_year_long_past_is_not_kept(self) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-02")

        life.does("visit", "2026-12-31", received="2028-01-01", id="late")

        assert life.tier("2028-01-01") == "basic"


class TestEndOfWindow:
    LADDER = f"{THREE}, window: calendar_month, keep: {{until: end_of_window}}"

    def test_it_ends_with_its_window(self) -> None:
        life = climber(self.LADDER)
        visits(life, "2026-03-02", "2026-03-31 23:59:59")

        assert shown(life.tier_view("2026-03-31 23:59:59").until) == "2026-04-01"
        assert life.tier("2026-04-01") == "basic"

    def test_with_one_rung_it_falls_by_one_and_holds_that_for_a_window(self) -> None:
        life = climber(f"{self.LADDER}, drop: one_rung")
        visits(life, "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")

        view = life.tier_view("2026-04-01")
        assert (view.tier.id, shown(view.until)) == ("silver", "2026-05-01")
        assert life.tier("2026-05-01") == "basic"

    def test_what_is_earned_meanwhile_counts_where_it_is_more(self) -> None:
        life = climber(f"{self.LADDER}, drop: one_rung")
        visits(life, "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")
        visits(life, *(f"2026-04-0{k}" for k in range(1, 5)))

        assert life.tier("2026-04-04") == "gold"
        assert life.tier("2026-05-01") == "silver"

    def test_of_a_fixed_window_it_ends_with_that(self) -> None:
        life = climber(
            f"{THREE}, window: {{from: 2026-03-01T00:00:00Z, to: 2026-03-08T00:00:00Z}},"
            " keep: {until: end_of_window}, drop: one_rung"
        )
        visits(life, "2026-03-02", "2026-03-03")

        assert shown(life.tier_view("2026-03-03").until) == "2026-03-08"
        assert life.tier("2026-03-08") == "basic"

    def test_of_a_fixed_window_a_step_down_has_no_window_to_end_with(self) -> None:
        life = climber(
            f"{THREE}, window: {{from: 2026-03-01T00:00:00Z, to: 2026-03-08T00:00:00Z}},"
            " keep: {until: end_of_window}, drop: one_rung"
        )
        visits(life, "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")

        view = life.tier_view("2026-03-08")

        assert (view.tier.id, view.until) == ("silver", None)

    def test_of_a_window_without_end_it_does_not_end(self) -> None:
        life = climber(f"{THREE}, keep: {{until: end_of_window}}, drop: one_rung")
        visits(life, "2026-03-02", "2026-03-03")

        assert life.tier_view("2036-03-03").until is None
        assert life.tier("2036-03-03") == "silver"

    MILESTONE = """
        wallets: {points: {}}
        counters: {it: {activity: visit}}
        ladders:
          status:
            counter: it
            window: calendar_month
            keep: {until: end_of_window}
            tiers:
              - {id: none, at: 0}
              - {id: two, at: 2, on_enter: [{wallet: points, fixed: 20, per: month}]}
              - {id: three, at: 3, on_enter: [{wallet: points, fixed: 30, per: month}]}
        """

    def test_a_milestone_is_paid_once_a_window(self) -> None:
        life = a_member(self.MILESTONE)

        visits(life, "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")
        assert life.balance("2026-03-05") == 50
        visits(life, "2026-04-02", "2026-04-03")
        assert life.balance("2026-04-03") == 70

    def test_a_late_activity_still_pays_a_closed_windows_milestone_once(self) -> None:
        life = a_member(self.MILESTONE)
        visits(life, "2026-03-02", "2026-04-01")
        assert life.balance("2026-04-01") == 0

        life.does("visit", "2026-03-31", received="2026-04-02", id="late1")
        assert life.balance("2026-04-02") == 20
        life.does("visit", "2026-03-30", received="2026-04-03", id="late2")
        assert life.balance("2026-04-03") == 50
        life.does("visit", "2026-03-29", received="2026-04-04", id="late3")
        assert life.balance("2026-04-04") == 50
        assert life.tier("2026-04-04") == "none"

    def test_what_it_pays_is_dated_by_the_activity(self) -> None:
        life = a_member(self.MILESTONE)
        visits(life, "2026-03-02", "2026-04-01")

        life.does("visit", "2026-03-31", received="2026-04-02", id="late")

        assert [shown(lot.at) for lot in life.lots("2026-04-02")] == ["2026-03-31"]


class TestRefunds:
    def bought(self, keep: str, on_refund: str, window: str = "calendar_year") -> Life:
        life = climber(
            "tiers: [{id: basic, at: 0}, {id: gold, at: 100}],"
            f" window: {window}, keep: {{{keep}}}, on_refund: {on_refund}",
            "activity: purchase, sum: net",
        )
        life.buys(100, "2026-03-02", id="p")
        assert life.tier("2026-03-02") == "gold"
        life.refunds("p", "2026-03-05", amount=1)
        return life

    @pytest.mark.parametrize("keep", ["for: P12M", "until: end_of_next_year", ""])
    def test_with_keep_the_tier_waits_for_the_review(self, keep: str) -> None:
        """S20."""
        assert self.bought(keep, "keep").tier("2026-03-06") == "gold"

    @pytest.mark.parametrize(
        "keep", ["for: P12M", "until: end_of_next_year", "until: end_of_window", ""]
    )
    def test_with_recheck_it_falls_at_once_to_what_is_supported(self, keep: str) -> None:
        life = self.bought(keep, "recheck")

        assert life.tier("2026-03-05") == "basic"
        view = life.tier_view("2026-03-05")
        assert (shown(view.since), view.until) == ("2026-03-05", None)

        life.buys(1, "2026-03-07")
        assert life.tier("2026-03-07") == "gold"

    def test_recheck_falls_to_the_rung_that_is_still_supported(self) -> None:
        life = climber(
            f"{THREE}, keep: {{for: P12M}}, on_refund: recheck",
        )
        visits(life, "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")

        life.does("ineligible", "2026-03-05", of="2026-03-04")

        view = life.tier_view("2026-03-05")
        assert (view.tier.id, shown(view.until)) == ("silver", "2027-03-05")

    def test_this_years_refund_does_not_take_last_years_tier(self) -> None:
        life = climber(
            "tiers: [{id: basic, at: 0}, {id: gold, at: 100}], window: calendar_year,"
            " keep: {until: end_of_next_year}, on_refund: recheck",
            "activity: purchase, sum: net",
        )
        life.buys(100, "2026-03-02")
        life.buys(100, "2027-03-02", id="p")
        assert shown(life.tier_view("2027-03-02").until) == "2029-01-01"

        life.refunds("p", "2027-03-05")

        view = life.tier_view("2027-03-05")
        assert (view.tier.id, shown(view.until)) == ("gold", "2028-01-01")

    def test_recheck_gives_up_a_rung_held_after_a_review(self) -> None:
        life = climber(
            f"{THREE}, window: calendar_month, keep: {{until: end_of_window}}, drop: one_rung,"
            " on_refund: recheck"
        )
        visits(life, "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-04-02")
        assert life.tier("2026-04-02") == "silver"

        life.does("ineligible", "2026-04-03", of="2026-04-02")

        assert life.tier("2026-04-03") == "basic"


class TestGrants:
    def test_a_granted_tier_is_shown_until_its_date_the_first_instant_without_it(self) -> None:
        life = climber(f"{THREE}, keep: {{}}")

        life.does(
            "tier_granted", "2026-03-02", ladder="status", tier="gold", until="2026-06-01T00:00:00Z"
        )

        view = life.tier_view("2026-03-02")
        assert (view.tier.id, shown(view.since), shown(view.until)) == (
            "gold",
            "2026-03-02",
            "2026-06-01",
        )
        assert life.tier("2026-05-31 23:59:59") == "gold"
        assert life.tier("2026-06-01") == "basic"

    def test_a_grant_replaces_an_earlier_one(self) -> None:
        life = climber(f"{THREE}, keep: {{}}")
        life.does("tier_granted", "2026-03-02", tier="gold", until="2026-06-01T00:00:00Z")

        life.does("tier_granted", "2026-03-03", tier="silver", until="2026-04-01T00:00:00Z")

        assert life.tier("2026-03-03") == "silver"
        assert life.tier("2026-04-01") == "basic"

    def test_a_grant_without_date_does_not_end(self) -> None:
        life = climber(f"{THREE}, keep: {{}}")

        life.does("tier_granted", "2026-03-02", tier="gold")

        assert life.tier_view("2036-03-02").until is None
        assert life.tier("2036-03-02") == "gold"

    def test_a_grant_that_is_over_on_arrival_changes_nothing(self) -> None:
        life = climber(f"{THREE}, keep: {{}}")

        decision = life.does("tier_granted", "2026-03-02", tier="gold", until="2026-03-02T00:00Z")

        assert decision.result == "accepted"
        assert decision.effects == []

    def test_the_highest_of_earned_and_granted_is_shown(self) -> None:
        life = climber(f"{THREE}, keep: {{for: P12M}}, window: {{rolling: P12M}}")
        life.does("tier_granted", "2026-03-02", tier="silver", until="2026-06-01T00:00:00Z")
        visits(life, "2026-04-01", "2026-04-02")

        view = life.tier_view("2026-04-02")
        assert (view.tier.id, shown(view.until)) == ("silver", "2027-04-03")

        visits(life, "2026-04-03", "2026-04-04")
        assert life.tier("2026-06-01") == "gold"

    def test_an_unknown_tier_or_ladder_is_refused(self) -> None:
        life = climber(f"{THREE}, keep: {{}}")

        assert life.does("tier_granted", "2026-03-02", tier="diamond").reason == "unknown_tier"
        assert (
            life.does("tier_granted", "2026-03-02", ladder="x", tier="gold").reason
            == "unknown_tier"
        )

    def test_an_end_that_is_no_instant_is_refused(self) -> None:
        life = climber(f"{THREE}, keep: {{}}")

        decision = life.does("tier_granted", "2026-03-02", tier="gold", until="next year")

        assert (decision.result, decision.reason) == ("rejected", "invalid_until")

    def test_what_entering_grants_may_be_a_tier_of_another_ladder_for_a_period(self) -> None:
        life = a_member("""
            counters: {it: {activity: visit}}
            ladders:
              status:
                counter: it
                keep: {}
                tiers:
                  - {id: basic, at: 0}
                  - {id: gold, at: 1, on_enter: [{ladder: partner, tier: friend, until: P1M}]}
              partner:
                counter: it
                keep: {}
                tiers: [{id: none, at: 0}, {id: friend, at: 100}]
            """)

        visits(life, "2026-03-10")

        view = life.tier_view("2026-03-10", "partner")
        assert (view.tier.id, shown(view.until)) == ("friend", "2026-04-11")
        assert life.tier("2026-04-11", "partner") == "none"


class TestFloors:
    FLOORS = (
        "floors: [{when: {member.card: silver}, tier: silver},"
        " {when: {member.card: black}, tier: gold}]"
    )

    def test_an_attribute_holds_a_member_at_least_there(self) -> None:
        life = climber(f"{THREE}, keep: {{}}, {self.FLOORS}")

        life.does("member_updated", "2026-03-02", attrs__card="black")
        view = life.tier_view("2026-03-02")
        assert (view.tier.id, view.until) == ("gold", None)

        life.does("member_updated", "2026-03-03", attrs__card="silver")
        assert life.tier("2026-03-03") == "silver"

    def test_a_floor_does_not_hide_what_was_earned(self) -> None:
        life = climber(f"{THREE}, keep: {{}}, {self.FLOORS}")
        life.does("member_updated", "2026-03-01", attrs__card="silver")

        visits(life, "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")

        assert life.tier("2026-03-05") == "gold"


class TestEntering:
    PROGRAM = """
        wallets: {points: {}}
        counters: {it: {activity: visit}, all: {sum: "points:points"}}
        ladders:
          status:
            counter: it
            keep: {until: end_of_window}
            window: calendar_month
            floors: [{when: {member.card: "yes"}, tier: silver}]
            tiers:
              - {id: basic, at: 0, on_enter: [{wallet: points, fixed: 1, as: hello}]}
              - {id: silver, at: 2, on_enter: [{wallet: points, fixed: 10}]}
              - {id: gold, at: 4, on_enter: [{wallet: points, fixed: 100, per: year}]}
        """

    def test_each_tier_passed_brings_its_own(self) -> None:
        life = a_member(self.PROGRAM)

        visits(life, *(f"2026-03-0{k}" for k in range(1, 5)))

        assert life.left("2026-03-04") == {
            "status:basic.hello": 1,
            "status:silver.bonus": 10,
            "status:gold.bonus": 100,
        }

    def test_without_per_it_happens_once_for_life_and_with_per_once_a_window(self) -> None:
        life = a_member(self.PROGRAM)
        for month in ("2026-03", "2026-04", "2027-03"):
            visits(life, *(f"{month}-0{k}" for k in range(1, 5)))

        assert life.balance("2027-03-04") == 1 + 10 + 100 + 100

    @pytest.mark.parametrize(
        "later",
        [
            "{wallet: miles, fixed: 1, per: year}, {wallet: points, fixed: 50, per: year}",
            "{wallet: miles, fixed: 1, per: year}, {wallet: points, fixed: 70, per: year}",
            "{wallet: points, fixed: 9, per: year, as: b}, {wallet: miles, fixed: 1, per: year}",
        ],
    )
    def test_once_a_window_is_once_wherever_a_version_puts_it_among_others(
        self, later: str
    ) -> None:
        def snippet(brings: str) -> str:
            return f"""
                wallets: {{points: {{}}, miles: {{}}}}
                counters: {{it: {{activity: visit, window: calendar_month}}}}
                ladders:
                  status:
                    counter: it
                    window: calendar_month
                    keep: {{until: end_of_window}}
                    tiers: [{{id: basic, at: 0}}, {{id: gold, at: 1, on_enter: [{brings}]}}]
                """

        life = a_member(
            a_town(
                a_program(snippet("{wallet: points, fixed: 50, per: year}")),
                a_program(snippet(later), version=2, begin="2026-04-01"),
            )
        )
        visits(life, "2026-03-02", "2026-04-02", "2026-05-02")

        assert life.balance("2026-05-03") == 50
        assert life.balance("2026-05-03", "miles") == 1

    def test_granted_tiers_and_floors_enter_too(self) -> None:
        life = a_member(self.PROGRAM)
        life.does("member_updated", "2026-03-02", attrs__card="yes")
        assert life.balance("2026-03-02") == 11

        life.does("tier_granted", "2026-03-03", tier="gold", until="2026-03-05T00:00:00Z")
        assert life.balance("2026-03-03") == 111

    def test_what_entering_brings_may_lift_another_ladder_at_once(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            counters: {it: {activity: visit}, all: {sum: "points:points"}}
            ladders:
              first:
                counter: all
                keep: {}
                tiers: [{id: low, at: 0}, {id: high, at: 50}]
              status:
                counter: it
                keep: {}
                tiers:
                  - {id: basic, at: 0}
                  - {id: gold, at: 1, on_enter: [{wallet: points, fixed: 50}]}
            """)

        visits(life, "2026-03-02")

        assert life.tier("2026-03-02", "first") == "high"


class TestVersions:
    OLD = f"""
        counters: {{it: {{activity: visit}}}}
        ladders:
          status: {{counter: it, {THREE}, keep: {{for: P12M}}, window: {{rolling: P12M}}}}
        """

    def test_a_ladder_that_was_dropped_is_due_no_more(self) -> None:
        new = a_program("counters: {it: {activity: visit}}", version=2, begin="2026-06-01")
        life = a_member(a_town(a_program(self.OLD), new))
        visits(life, "2026-03-02", "2026-03-03")

        assert life.waits("2028-01-01").result == "accepted"
        assert life.due() is None

    def test_a_tier_whose_end_was_lifted_is_kept_for_ever(self) -> None:
        new = a_program(
            self.OLD.replace("{for: P12M}", "{}"),
            version=2,
            begin="2026-06-01",
        )
        life = a_member(a_town(a_program(self.OLD), new))
        visits(life, "2026-03-02", "2026-03-03")

        assert life.tier("2028-01-01") == "silver"
        assert life.tier_view("2028-01-01").until is None

    @pytest.mark.parametrize("keep", ["{}", "{until: end_of_next_year}"])
    def test_a_tier_that_was_kept_otherwise_keeps_its_end_until_there_is_more(
        self, keep: str
    ) -> None:
        old = self.OLD.replace("{rolling: P12M}", "calendar_year")
        new = a_program(old, version=2, begin="2026-06-01")
        life = a_member(a_town(a_program(old.replace("{for: P12M}", keep)), new))
        visits(life, "2026-03-02", "2026-03-03", "2026-06-02")
        end = None if keep == "{}" else "2028-01-01"
        assert shown(life.tier_view("2026-06-02").until) == end

        visits(life, "2026-06-03")

        assert life.tier("2026-06-03") == "gold"
        assert shown(life.tier_view("2026-06-03").until) == "2027-06-04"

    def test_a_tier_whose_end_was_lifted_and_set_again_is_kept(self) -> None:
        lifted = a_program(self.OLD.replace("{for: P12M}", "{}"), version=2, begin="2026-06-01")
        again = a_program(self.OLD, version=3, begin="2027-06-01")
        life = a_member(a_town(a_program(self.OLD), lifted, again))
        visits(life, "2026-03-02", "2026-03-03")
        life.waits("2027-05-01")

        visits(life, "2027-06-02")

        assert life.tier("2027-06-02") == "silver"

    def test_thresholds_follow_the_version_in_force_when_decided(self) -> None:
        new = a_program(self.OLD.replace("at: 4", "at: 3"), version=2, begin="2026-06-01")
        life = a_member(a_town(a_program(self.OLD), new))
        visits(life, "2026-03-02", "2026-03-03", "2026-03-04")
        assert life.tier("2026-05-31") == "silver"

        visits(life, "2026-06-01")

        assert life.tier("2026-06-01") == "gold"


def test_a_long_history_of_tiers_is_kept_to_its_newest_part() -> None:
    life = climber(f"{THREE}, window: day, keep: {{until: end_of_window}}")

    for k in range(140):
        day = f"2026-{1 + k // 28:02d}-{1 + k % 28:02d}"
        life.does("visit", day, id=f"{day}a")
        life.does("visit", day, id=f"{day}b")

    history = life.standing.ladders["status"].history
    assert len(history) == 256
    assert history[-1][1] == 1


def test_nobody_unknown_has_a_tier() -> None:
    town = a_town("""
        enroll: auto
        counters: {it: {activity: visit}}
        ladders: {status: {counter: it, tiers: [{id: basic, at: 0}, {id: gold, at: 1}], keep: {}}}
        """)

    decision = Life(town, "ghost").does("visit", "2026-03-02")

    assert (decision.result, decision.reason) == ("rejected", "unknown_member")


class TestOtherRungs:
    """A version may bring tiers, take some away and put them elsewhere."""

    OLD = "{id: basic, at: 0}, {id: silver, at: 2}, {id: gold, at: 4}"
    HIGHER = "{id: basic, at: 0}, {id: iron, at: 1}, {id: silver, at: 2}, {id: gold, at: 4}"
    BEGIN = "2026-04-01"

    def town(self, new: str, more: str = "") -> Town:
        return a_town(
            a_program(self.snippet(self.OLD, more)),
            a_program(self.snippet(new, more), version=2, begin=self.BEGIN),
        )

    def snippet(self, tiers: str, more: str = "") -> str:
        return f"""
            wallets: {{points: {{}}}}
            counters: {{it: {{activity: visit}}}}
            ladders: {{status: {{counter: it, tiers: [{tiers}]{more}}}}}
            rules:
              - {{id: of, activity: visit, wallet: points,
                 by_tier: {{ladder: status, tiers: {{gold: {{fixed: 100}}, basic: {{fixed: 1}}}}}}}}
            """

    @pytest.mark.parametrize(
        "new",
        [
            "{id: basic, at: 0}, {id: silver, at: 2}, {id: ruby, at: 3}, {id: gold, at: 4}",
            "{id: basic, at: 0}, {id: gold, at: 4}",
            "{id: none-yet, at: 0}, {id: basic, at: 1}, {id: silver, at: 2}, {id: gold, at: 9}",
            "{id: basic, at: 0}, {id: gold, at: 7}, {id: ruby, at: 8}",
        ],
    )
    def test_who_holds_a_tier_holds_it_whatever_stands_beside_it_now(self, new: str) -> None:
        life = a_member(self.town(new, ", keep: {for: P1Y}"))
        visits(life, "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")
        before = life.tier_view("2026-03-31")

        view = life.tier_view("2026-04-02")
        late = life.does("visit", "2026-03-20", received="2026-04-03")
        decision = life.does("visit", "2026-04-04")

        assert (view.tier.id, view.since, view.until) == ("gold", before.since, before.until)
        assert [it for it in late.effects + decision.effects if isinstance(it, TierEffect)] == []
        assert life.balance("2026-04-04") == 2 + 100 + 100
        assert life.tier("2026-04-05") == "gold"

    def test_who_holds_a_tier_that_is_gone_is_shown_the_next_one_below(self) -> None:
        life = a_member(self.town("{id: basic, at: 0}, {id: gold, at: 4}"))
        visits(life, "2026-03-01", "2026-03-02")
        assert life.tier("2026-03-31") == "silver"

        decision = life.does("visit", "2026-04-04")

        assert decision.effects[0] == TierEffect(
            "status", "silver", "basic", None, instant(self.BEGIN)
        )
        assert shown(life.tier_view("2026-04-04").since) == self.BEGIN
        assert life.tier("2026-04-04") == "basic"

    def test_a_granted_tier_stays_what_it_was(self) -> None:
        life = a_member(
            self.town(
                "{id: basic, at: 0}, {id: iron, at: 1}, {id: silver, at: 2}, {id: gold, at: 4}"
            )
        )
        life.does(
            "tier_granted", "2026-03-01", ladder="status", tier="gold", until="2026-06-01T00:00:00Z"
        )

        assert life.tier("2026-05-31") == "gold"
        assert life.tier("2026-06-01") == "basic"

    def test_what_windows_brought_stays_what_it_was(self) -> None:
        new = "{id: basic, at: 0}, {id: iron, at: 1}, {id: silver, at: 2}, {id: gold, at: 4}"
        window = ", window: calendar_year, keep: {until: end_of_next_year}"
        life = a_member(self.town(new, window))
        visits(life, "2026-03-01", "2026-03-02")

        assert life.tier("2027-12-31") == "silver"
        assert life.tier("2028-01-01") == "basic"

    def test_a_tier_of_before_is_brought_into_a_merger_as_what_it_was(self) -> None:
        town = self.town(
            "{id: basic, at: 0}, {id: iron, at: 1}, {id: silver, at: 2}, {id: gold, at: 4}"
        )
        ana, bob = a_member(town), a_member(town, name="bob")
        ana.does(
            "tier_granted",
            "2026-03-01",
            ladder="status",
            tier="silver",
            until="2026-06-01T00:00:00Z",
        )
        bob.waits("2026-04-02")
        ana.does("member_merged", "2026-04-03", into="bob")

        assert bob.tier("2026-04-04") == "silver"

    def test_a_ladder_that_was_gone_for_a_while_knows_its_tiers_again(self) -> None:
        without = """
            wallets: {points: {}}
            counters: {it: {activity: visit}}
            """
        new = "{id: basic, at: 0}, {id: iron, at: 1}, {id: silver, at: 2}, {id: gold, at: 4}"
        town = a_town(
            a_program(self.snippet(self.OLD)),
            a_program(without, version=2, begin="2026-04-01"),
            a_program(self.snippet(new), version=3, begin="2026-05-01"),
        )
        life = a_member(town)
        visits(life, "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")

        assert life.tier("2026-05-02") == "gold"

    @pytest.mark.parametrize("new", ["{id: basic, at: 0}, {id: gold, at: 4}", HIGHER])
    def test_who_was_decided_by_the_older_version_when_the_newer_had_begun_follows_it(
        self, new: str
    ) -> None:
        """A version begins when it is published, while a batch decides by the one before."""
        town = a_town(a_program(self.snippet(self.OLD)))
        life = a_member(town)
        visits(life, "2026-03-01", "2026-03-02", "2026-03-03", f"{self.BEGIN} 00:01")
        assert life.tier(f"{self.BEGIN} 00:01") == "gold"

        town.rulebook = self.town(new).rulebook

        view = life.tier_view("2026-04-02")
        assert (view.tier.id, shown(view.since)) == ("gold", f"{self.BEGIN} 00:01")
        visits(life, "2026-04-03")
        assert life.balance("2026-04-03") == 102
        assert shown(life.tier_view("2026-04-03").since) == f"{self.BEGIN} 00:01"

    def test_what_was_decided_by_the_older_version_is_brought_into_a_merger_as_what_it_was(
        self,
    ) -> None:
        town = a_town(a_program(self.snippet(self.OLD)))
        ana, bob = a_member(town), a_member(town, name="bob")
        visits(ana, "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")
        ana.does("tier_granted", f"{self.BEGIN} 00:01", ladder="status", tier="silver")
        ana.does("member_merged", f"{self.BEGIN} 00:02", into="bob")

        town.rulebook = self.town(self.HIGHER).rulebook

        assert bob.tier("2026-04-04") == "gold"

    PAYS = ", on_enter: [{wallet: points, fixed: 50, per: day}]"

    def test_a_window_pays_a_tier_once_whatever_stands_beside_it_when_late_reports_come(
        self,
    ) -> None:
        keep = ", window: calendar_month, keep: {until: end_of_window}"
        old = f"{{id: basic, at: 0}}, {{id: silver, at: 2{self.PAYS}}}"
        new = f"{{id: basic, at: 0}}, {{id: iron, at: 1}}, {{id: silver, at: 2{self.PAYS}}}"
        town = a_town(
            a_program(self.snippet(f"{old}, {{id: gold, at: 3{self.PAYS}}}", keep)),
            a_program(
                self.snippet(f"{new}, {{id: gold, at: 3{self.PAYS}}}", keep),
                version=2,
                begin=self.BEGIN,
            ),
        )
        life = a_member(town)
        visits(life, "2026-03-01", "2026-03-02", "2026-03-03")
        before = life.wallet("2026-03-05").earned
        life.waits("2026-04-02")
        life.refunds("2026-03-03", "2026-04-03")
        life.does("visit", "2026-03-29", received="2026-04-04", id="late")

        assert life.wallet("2026-04-05").earned - before == 100  # by the rule alone

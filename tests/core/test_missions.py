"""Missions: joining, the window, late reports, completion, and what a refund reopens."""

import pytest

from builders import Life, Town, a_line, a_member, a_program, a_town, shown
from guerdon.core.decision import MissionEffect


def seeker(mission: str, more: str = "") -> Life:
    return a_member(f"""
        wallets: {{points: {{}}}}
        {more}
        missions:
          m: {{{mission}, grant: [{{wallet: points, fixed: 50}}]}}
        """)


def visits(life: Life, *at: str, **fields: str) -> None:
    for each in at:
        life.does("visit", each, id=each, **fields)


def state(life: Life, at: str) -> tuple[str, int]:
    view = life.mission(at, "m")
    return view.state, view.progress


WEEK = "window: {from: 2026-03-09T00:00:00Z, to: 2026-03-16T00:00:00Z}"


class TestCompletion:
    def test_it_is_completed_once_by_the_activity_that_reaches_the_goal(self) -> None:
        life = seeker("activity: visit, goal: 2")
        assert state(life, "2026-03-01") == ("active", 0)

        visits(life, "2026-03-02")
        assert state(life, "2026-03-02") == ("active", 1)
        decision = life.does("visit", "2026-03-03")

        assert state(life, "2026-03-03") == ("completed", 2)
        assert life.left("2026-03-03") == {"mission:m.bonus": 50}
        assert [
            (e.state, e.progress) for e in decision.effects if isinstance(e, MissionEffect)
        ] == [("completed", 2)]

        visits(life, "2026-03-04", "2026-03-05")
        assert life.balance("2026-03-05") == 50
        assert shown(life.mission("2026-03-05", "m").completed_at) == "2026-03-03"

    def test_a_step_on_the_way_is_told(self) -> None:
        life = seeker("activity: visit, goal: 2")

        (effect,) = life.does("visit", "2026-03-02").effects

        assert isinstance(effect, MissionEffect)
        assert (effect.mission, effect.state, effect.progress) == ("m", "active", 1)

    def test_the_goal_may_be_money_and_only_of_some_lines(self) -> None:
        life = seeker("activity: purchase, sum: net, lines: {category: toys}, goal: 20")

        life.does("purchase", "2026-03-02", lines=[a_line("19.99", category="toys"), a_line(50)])
        assert state(life, "2026-03-02") == ("active", 1999)
        life.does("purchase", "2026-03-03", lines=[a_line("0.01", category="toys")])
        assert state(life, "2026-03-03") == ("completed", 2000)

    def test_whether_one_is_eligible_is_asked_when_the_goal_is_reached(self) -> None:
        life = seeker("activity: visit, goal: 2, eligible: {member.club: gold}")
        visits(life, "2026-03-02", "2026-03-03")
        assert state(life, "2026-03-03") == ("active", 2)

        life.does("member_updated", "2026-03-04", attrs__club="gold")

        assert state(life, "2026-03-04") == ("completed", 2)

    def test_a_mission_on_a_counter_shows_the_counters_value_now(self) -> None:
        life = seeker(
            "counter: month, goal: 2",
            "counters: {month: {activity: visit, window: calendar_month}}",
        )
        visits(life, "2026-03-02", "2026-03-03", "2026-03-04")

        assert state(life, "2026-03-31") == ("completed", 3)
        assert state(life, "2026-04-01") == ("completed", 0)

    @pytest.mark.parametrize(
        ("at", "done"), [("2026-03-08", False), ("2026-03-09", True), ("2026-03-16", False)]
    )
    def test_a_mission_on_a_counter_can_be_completed_within_its_window_only(
        self, at: str, *, done: bool
    ) -> None:
        life = seeker(f"counter: all, goal: 1, {WEEK}", "counters: {all: {activity: visit}}")

        visits(life, at)

        assert (state(life, at)[0] == "completed") is done

    def test_a_late_report_completes_a_window_that_is_over(self) -> None:
        life = seeker("activity: visit, goal: 2, window: calendar_month")
        visits(life, "2026-03-02")

        life.does("visit", "2026-03-31", received="2026-04-02", id="late")

        assert state(life, "2026-04-02")[0] == "completed"
        assert shown(life.mission("2026-04-02", "m").completed_at) == "2026-03-31"


class TestOptIn:
    def test_who_has_not_joined_has_it_available_and_makes_no_progress(self) -> None:
        life = seeker("opt_in: true, activity: visit, goal: 1")

        visits(life, "2026-03-02")

        assert state(life, "2026-03-02") == ("available", 0)

    def test_only_what_happens_after_joining_counts(self) -> None:
        life = seeker("opt_in: true, activity: visit, goal: 2")
        (effect,) = life.does("mission_joined", "2026-03-05", mission="m").effects
        assert isinstance(effect, MissionEffect)
        assert effect.state == "active"

        life.does("visit", "2026-03-04 23:59:59", received="2026-03-06", id="before")
        visits(life, "2026-03-05", "2026-03-06")

        assert state(life, "2026-03-06") == ("completed", 2)

    def test_joining_again_changes_nothing(self) -> None:
        life = seeker("opt_in: true, activity: visit, goal: 2")
        life.does("mission_joined", "2026-03-05", mission="m")
        visits(life, "2026-03-06")

        assert life.does("mission_joined", "2026-03-07", mission="m").effects == []
        assert state(life, "2026-03-07") == ("active", 1)

    def test_what_is_over_cannot_be_joined_and_what_is_unknown_neither(self) -> None:
        life = seeker(f"opt_in: true, activity: visit, goal: 2, {WEEK}")

        assert life.does("mission_joined", "2026-03-16", mission="m").reason == "not_eligible"
        assert life.does("mission_joined", "2026-03-16", mission="x").reason == "unknown_mission"
        assert life.does("mission_joined", "2026-03-15 23:59:59", mission="m").effects != []

    def test_a_mission_on_a_counter_may_ask_to_join_too(self) -> None:
        life = seeker("opt_in: true, counter: all, goal: 1", "counters: {all: {activity: visit}}")
        visits(life, "2026-03-02")
        assert state(life, "2026-03-02") == ("available", 1)

        life.does("mission_joined", "2026-03-03", mission="m")

        assert state(life, "2026-03-03")[0] == "completed"


class TestWindows:
    def test_a_window_from_joining_runs_through_its_last_day(self) -> None:
        life = seeker("opt_in: true, activity: visit, goal: 3, window: {for: P7D}")
        life.does("mission_joined", "2026-03-05 18:00", mission="m")

        visits(life, "2026-03-05 19:00", "2026-03-12 23:59:59")
        assert state(life, "2026-03-12 23:59:59") == ("active", 2)

        visits(life, "2026-03-13")
        assert state(life, "2026-03-13") == ("expired", 2)

    def test_a_refund_of_what_never_counted_moves_nothing(self) -> None:
        life = seeker(f"activity: purchase, sum: net, goal: 50, {WEEK}")
        life.buys(30, "2026-03-08", id="before")
        life.buys(20, "2026-03-09")

        life.refunds("before", "2026-03-10", amount=10)

        assert state(life, "2026-03-10") == ("active", 2000)

    def test_who_did_not_join_has_no_window(self) -> None:
        life = seeker("opt_in: true, activity: visit, goal: 3, window: {for: P7D}")

        visits(life, "2026-03-05")

        assert state(life, "2026-03-20") == ("available", 0)

    def test_an_unfinished_mission_expires_with_its_window(self) -> None:
        life = seeker(f"activity: visit, goal: 2, {WEEK}")
        visits(life, "2026-03-08 23:59:59", "2026-03-09", "2026-03-16")

        assert state(life, "2026-03-16") == ("expired", 1)

    def test_late_reports_count_for_so_long_after_the_end(self) -> None:
        """S12: received before the business day of the end plus the period begins."""
        life = seeker(f"activity: visit, goal: 9, {WEEK}, late: P1D", "counters: {}")

        life.does("visit", "2026-03-15", received="2026-03-16 23:59:59", id="in time")
        assert state(life, "2026-03-16 23:59:59") == ("expired", 1)
        life.does("visit", "2026-03-15", received="2026-03-17", id="too late")
        assert state(life, "2026-03-17") == ("expired", 1)

    def test_without_late_they_count_without_limit(self) -> None:
        life = seeker(f"activity: visit, goal: 1, {WEEK}")

        life.does("visit", "2026-03-15", received="2026-12-17", id="very late")

        assert state(life, "2026-12-17") == ("completed", 1)

    def test_late_counts_from_the_end_of_a_window_from_joining_too(self) -> None:
        life = seeker("opt_in: true, activity: visit, goal: 2, window: {for: P7D}, late: P1D")
        life.does("mission_joined", "2026-03-05", mission="m")

        life.does("visit", "2026-03-12", received="2026-03-13 23:59:59", id="in time")
        life.does("visit", "2026-03-12", received="2026-03-14", id="too late")

        assert state(life, "2026-03-14") == ("expired", 1)

    def test_late_means_nothing_where_the_window_has_no_end(self) -> None:
        life = seeker("activity: visit, goal: 1, late: P1D")

        life.does("visit", "2026-03-02", received="2026-12-01", id="late")

        assert state(life, "2026-12-01") == ("completed", 1)

    def test_points_of_the_activity_count_however_late_it_is_for_the_mission(self) -> None:
        life = seeker(
            f"activity: visit, goal: 1, {WEEK}, late: P1D",
            "rules: [{id: r, activity: visit, wallet: points, give: {fixed: 3}}]",
        )

        life.does("visit", "2026-03-15", received="2026-03-20", id="late")

        assert life.balance("2026-03-20") == 3


class TestReverse:
    def done(self, more: str = "", grant: str = "{wallet: points, fixed: 50}") -> Life:
        life = a_member(f"""
            wallets: {{points: {{}}}}
            missions:
              m:
                activity: purchase
                when: {{net: {{gte: 10}}}}
                goal: 2
                {more}
                grant: [{grant}]
            """)
        life.buys(10, "2026-03-02", id="p1")
        life.buys(10, "2026-03-03", id="p2")
        assert state(life, "2026-03-03")[0] == "completed"
        return life

    def test_without_reverse_it_stays_completed(self) -> None:
        life = self.done()

        life.refunds("p2", "2026-03-04", amount=1)

        assert state(life, "2026-03-04") == ("completed", 1)
        assert life.balance("2026-03-04") == 50

    def test_with_reverse_it_is_reopened_and_its_grants_come_back(self) -> None:
        life = self.done("reverse: true")

        life.refunds("p2", "2026-03-04", amount=1)
        assert state(life, "2026-03-04") == ("active", 1)
        assert life.balance("2026-03-04") == 0

        life.buys(10, "2026-03-05")
        assert state(life, "2026-03-05") == ("completed", 2)
        assert life.balance("2026-03-05") == 50

    def test_a_refund_that_leaves_the_goal_reached_reopens_nothing(self) -> None:
        life = self.done("reverse: true")
        life.buys(10, "2026-03-04")

        life.refunds("p2", "2026-03-05", amount=1)

        assert state(life, "2026-03-05") == ("completed", 2)

    def test_an_unused_voucher_becomes_void_and_is_issued_anew(self) -> None:
        life = self.done("reverse: true", "{voucher: treat, valid: P30D}")
        assert life.vouchers("2026-03-03") == {"mission:m": "issued"}

        life.refunds("p2", "2026-03-04", amount=1)
        assert "issued" not in life.vouchers("2026-03-04").values()

        life.buys(10, "2026-03-05")
        assert life.vouchers("2026-03-05")["mission:m"] == "issued"

    def test_every_unused_voucher_becomes_void(self) -> None:
        life = self.done("reverse: true", "{voucher: tea, valid: P30D}, {voucher: cake}")
        assert life.vouchers("2026-03-03") == {"mission:m": "issued", "mission:m#2": "issued"}

        life.refunds("p2", "2026-03-04", amount=1)

        assert life.vouchers("2026-03-04") == {"mission:m": "void", "mission:m#2": "void"}

    def test_a_used_voucher_stays_used(self) -> None:
        """S18."""
        life = self.done("reverse: true", "{voucher: treat, valid: P30D}")
        life.buys(1, "2026-03-04", vouchers=["mission:m"])

        life.refunds("p2", "2026-03-05", amount=1)

        assert life.vouchers("2026-03-05") == {"mission:m": "used"}

    def test_a_bonus_that_was_spent_becomes_a_debt(self) -> None:
        life = a_member("""
            wallets: {points: {}}
            rewards: {mug: {wallet: points, cost: 50}}
            missions:
              m: {activity: visit, goal: 1, reverse: true, grant: [{wallet: points, fixed: 50}]}
            """)
        life.does("visit", "2026-03-02", id="v")
        life.redeems("mug", "2026-03-03")

        life.does("ineligible", "2026-03-04", of="v")

        assert life.wallet("2026-03-04").debt == 50


def test_what_a_mission_grants_may_be_of_every_kind() -> None:
    life = a_member("""
        wallets: {points: {}}
        counters: {all: {activity: visit}}
        badges: {star: {counter: all, at: 99}}
        ladders:
          status: {counter: all, tiers: [{id: basic, at: 0}, {id: gold, at: 99}], keep: {}}
        missions:
          m:
            activity: visit
            goal: 1
            grant:
              - {badge: star}
              - {voucher: treat, valid: P6D}
              - {ladder: status, tier: gold, until: "2026-06-01T00:00:00Z"}
              - {wallet: points, fixed: 5, pending: {for: P2D}, as: prize}
        """)

    visits(life, "2026-03-02")

    assert life.badges() == {"star": "2026-03-02"}
    assert life.vouchers("2026-03-08 23:59:59") == {"mission:m": "issued"}
    assert life.vouchers("2026-03-09") == {"mission:m": "expired"}
    assert life.wallet("2026-03-03").pending == 5
    life.does("member_updated", "2026-03-04")
    assert life.tier("2026-03-04") == "gold"
    assert list(life.left("2026-03-04")) == ["mission:m.prize"]


def test_a_tier_that_a_mission_grants_is_shown_at_once() -> None:
    life = a_member("""
        counters: {all: {activity: visit}}
        ladders:
          status: {counter: all, tiers: [{id: basic, at: 0}, {id: gold, at: 99}], keep: {}}
        missions:
          m: {activity: visit, goal: 1,
              grant: [{ladder: status, tier: gold, until: "2026-06-01T00:00:00Z"}]}
        """)

    visits(life, "2026-03-02")

    assert life.tier("2026-03-02") == "gold"
    assert life.tier("2026-06-01") == "basic"


def test_a_tier_that_the_badge_of_a_granted_tier_grants_is_shown_at_once_and_ends() -> None:
    life = a_member("""
        counters: {all: {activity: visit}}
        ladders:
          status: {counter: all, keep: {}, tiers: [{id: basic, at: 0}, {id: gold, at: 98},
                                                   {id: black, at: 99}]}
        missions: {m: {activity: visit, goal: 1, grant: [{ladder: status, tier: gold}]}}
        badges:
          golden: {ladder: status, tier: gold, grant: [{ladder: status, tier: black, until: P1M}]}
          dark: {ladder: status, tier: black}
        """)

    visits(life, "2026-03-02")

    assert shown(life.tier_view("2026-03-02").until) == "2026-04-03"
    assert life.badges() == {"golden": "2026-03-02", "dark": "2026-03-02"}
    assert life.tier("2026-04-02") == "black"
    assert life.due() == "2026-04-03"
    assert life.tier("2026-04-03") == "basic"


class TestPoints:
    MISSION = """
        wallets: {points: {}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        missions: {m: {opt_in: true, sum: "points:points", goal: 20}}
        """

    def test_all_units_count_where_nobody_has_to_join(self) -> None:
        life = a_member(self.MISSION.replace("opt_in: true, ", ""))

        life.buys(20, "2026-03-02")

        assert state(life, "2026-03-02") == ("completed", 20)

    def test_only_units_earned_after_joining_count(self) -> None:
        life = a_member(self.MISSION)
        life.buys(15, "2026-03-02", id="p")
        assert state(life, "2026-03-02") == ("available", 0)

        life.does("mission_joined", "2026-03-05", mission="m")
        life.refunds("p", "2026-03-06", amount=5)
        life.buys(8, "2026-03-04", received="2026-03-07", id="before")
        assert state(life, "2026-03-07") == ("active", 0)

        life.buys(20, "2026-03-08")
        assert state(life, "2026-03-08") == ("completed", 20)


def test_a_mission_that_follows_one_rules_units_needs_no_joining_where_it_does_not_say_so() -> None:
    life = a_member("""
        wallets: {points: {}}
        rules:
          - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
          - {id: more, activity: purchase, wallet: points, give: {rate: 2}}
        missions: {m: {sum: "points:points:more", goal: 20}}
        """)
    life.buys(9, "2026-03-02")
    assert life.mission("2026-03-02", "m").progress == 18
    life.buys(1, "2026-03-03")

    assert shown(life.mission("2026-03-03", "m").completed_at) == "2026-03-03"


class TestVersions:
    def town(self, old: str, new: str) -> Town:
        wallets = "wallets: {points: {}}\nmissions:\n  m: {activity: visit, "
        return a_town(
            a_program(f"{wallets}{old}}}"),
            a_program(f"{wallets}{new}}}", version=2, begin="2026-04-01"),
        )

    def test_who_joined_keeps_the_goal_and_what_it_brings(self) -> None:
        town = self.town(
            "opt_in: true, goal: 2, grant: [{wallet: points, fixed: 50}]",
            "opt_in: true, goal: 3, grant: [{wallet: points, fixed: 20}]",
        )
        ana, bob = a_member(town), a_member(town, name="bob")
        ana.does("mission_joined", "2026-03-01", mission="m")
        bob.does("mission_joined", "2026-04-01", mission="m")
        for life in (ana, bob):
            life.does("visit", "2026-04-02")
            life.does("visit", "2026-04-03")

        assert (ana.balance("2026-04-04"), bob.balance("2026-04-04")) == (50, 0)
        reached = ana.mission("2026-04-04", "m")
        assert (reached.state, reached.mission.goal) == ("completed", 2)
        assert bob.mission("2026-04-04", "m").mission.goal == 3

    def test_what_was_completed_is_not_reopened_by_a_goal_of_later(self) -> None:
        grant = "reverse: true, grant: [{wallet: points, fixed: 50}]"
        life = a_member(self.town(f"goal: 2, {grant}", f"goal: 3, {grant}"))
        for day in ("2026-03-01", "2026-03-02", "2026-04-02"):
            life.does("visit", day, id=day)
        life.refunds("2026-04-02", "2026-04-03")
        assert life.balance("2026-04-03") == 50

        life.refunds("2026-03-02", "2026-04-04")

        assert life.balance("2026-04-04") == 0

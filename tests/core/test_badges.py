"""Badges: given once, dated by the activity, and never taken away."""

from dataclasses import replace

from builders import a_member, a_program, a_town
from guerdon.core.decision import BadgeEffect
from guerdon.core.program import Badge

PROGRAM = """
    wallets: {points: {}}
    counters:
      visits: {activity: visit}
      month: {activity: visit, window: calendar_month}
    ladders:
      status: {counter: visits, tiers: [{id: basic, at: 0}, {id: gold, at: 3}], keep: {}}
    missions:
      two: {activity: visit, goal: 2}
    badges:
      first: {counter: visits, at: 1}
      monthly: {counter: month, at: 2}
      pair: {mission: two}
      golden: {ladder: status, tier: gold, grant: [{wallet: points, fixed: 30}]}
      by_hand: {counter: visits, at: 99}
    """


def test_a_badge_is_given_when_a_counter_reaches_its_value() -> None:
    life = a_member(PROGRAM)

    decision = life.does("visit", "2026-03-02")

    assert [e.badge for e in decision.effects if isinstance(e, BadgeEffect)] == ["first"]
    assert life.badges() == {"first": "2026-03-02"}


def test_a_badge_is_given_for_a_mission_and_for_a_tier() -> None:
    life = a_member(PROGRAM)
    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        life.does("visit", day)

    assert life.badges() == {
        "first": "2026-03-02",
        "monthly": "2026-03-03",
        "pair": "2026-03-03",
        "golden": "2026-03-04",
    }
    assert life.left("2026-03-04") == {"badge:golden.bonus": 30}


def test_a_badge_is_dated_by_the_activitys_own_time() -> None:
    life = a_member(PROGRAM)

    life.does("visit", "2026-03-02", received="2026-03-20")

    assert life.badges() == {"first": "2026-03-02"}


def test_a_late_report_gives_the_badge_of_a_window_that_is_over() -> None:
    life = a_member(PROGRAM)
    life.does("visit", "2026-03-02")

    life.does("visit", "2026-03-31", received="2026-04-02")

    assert life.badges()["monthly"] == "2026-03-31"


def test_a_badge_stays_when_what_earned_it_is_voided() -> None:
    life = a_member(PROGRAM)
    life.does("visit", "2026-03-02", id="v")

    life.does("ineligible", "2026-03-03", of="v")

    assert life.badges() == {"first": "2026-03-02"}


def test_a_badge_may_be_awarded_by_hand_once() -> None:
    life = a_member(PROGRAM)

    assert life.does("badge_awarded", "2026-03-02", badge="by_hand").result == "accepted"
    assert life.does("badge_awarded", "2026-03-03", badge="by_hand").effects == []
    assert life.does("badge_awarded", "2026-03-03", badge="unknown").reason == "unknown_badge"
    assert life.badges() == {"by_hand": "2026-03-02"}


def test_a_tier_above_the_badges_own_gives_it_too() -> None:
    life = a_member("""
        counters: {visits: {activity: visit}}
        ladders:
          status: {counter: visits, tiers: [{id: basic, at: 0}, {id: gold, at: 1},
                                            {id: black, at: 2}], keep: {}}
        badges: {golden: {ladder: status, tier: gold}}
        """)

    life.does("tier_granted", "2026-03-02", tier="black")

    assert life.badges() == {"golden": "2026-03-02"}


def test_nobody_unknown_gets_a_badge() -> None:
    town = a_town("""
        counters: {raffles: {activity: raffle}}
        badges: {first: {counter: raffles, at: 1}}
        """)
    program_itself = a_member(town)
    program_itself.name = ""

    decision = program_itself.does("raffle", "2026-03-02", member=None)

    assert decision.effects == []


def test_a_badge_without_a_condition_is_given_by_hand_only() -> None:
    program = replace(a_program(PROGRAM), badges={"x": Badge(id="x", name="X")})
    life = a_member(program)

    life.does("visit", "2026-03-02")
    assert life.badges() == {}
    life.does("badge_awarded", "2026-03-03", badge="x")
    assert life.badges() == {"x": "2026-03-03"}

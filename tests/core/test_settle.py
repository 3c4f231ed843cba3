"""What time alone brings: in order, however seldom somebody looks, and who hears of it."""

from dataclasses import replace

import pytest

from builders import a_member, a_program, a_town, instant
from guerdon.core.decision import PointsEffect, TierEffect
from guerdon.core.program import Keep, KeepKind, Period
from guerdon.core.rulebook import Rulebook
from guerdon.core.settle import settle
from guerdon.core.standing import Standing

EVERYTHING = """
    wallets: {points: {expiry: {mode: after, period: P31D}}, fund: {}}
    counters: {visits: {activity: visit, window: calendar_month}}
    ladders:
      status:
        counter: visits
        window: calendar_month
        tiers: [{id: basic, at: 0}, {id: gold, at: 1}]
        keep: {until: end_of_window}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: slow, activity: purchase, wallet: fund, give: {fixed: 4}, pending: {for: P28D}}
    schedule: {job: {yearly: ["04-01"], grant: [{wallet: fund, fixed: 1}]}}
    """


def test_at_one_instant_things_happen_in_order() -> None:
    """Lots expire, pending ones are released, tiers are reviewed, jobs run."""
    life = a_member(EVERYTHING)
    life.buys(9, "2026-02-28")  # 31 days: gone as 1 April begins
    life.buys(5, "2026-03-04")  # 28 days: released as 1 April begins
    life.does("visit", "2026-03-30")

    decision = life.waits("2026-04-01")

    told = [
        (effect.how if isinstance(effect, PointsEffect) else effect.tag)
        for effect in decision.effects
        if isinstance(effect, PointsEffect | TierEffect) and effect.at == instant("2026-04-01")
    ]
    assert told == ["expired", "released", "tier", "earned"]


def test_it_makes_no_difference_how_often_somebody_looked() -> None:
    seldom, often = a_member(EVERYTHING), a_member(EVERYTHING)
    for life in (seldom, often):
        life.buys(9, "2026-03-02")
        life.does("visit", "2026-03-03")
    for day in range(5, 30):
        often.waits(f"2026-03-{day:02d}")

    assert seldom.wallet("2026-06-01") == often.wallet("2026-06-01")
    assert seldom.wallet("2026-06-01", "fund") == often.wallet("2026-06-01", "fund")
    assert seldom.tier_view("2026-06-01") == often.tier_view("2026-06-01")


def test_settling_backwards_changes_nothing() -> None:
    life = a_member(EVERYTHING)
    life.buys(9, "2026-03-02")

    decision = settle(life.town.rulebook, life.standing, instant("2026-01-15"))

    assert decision.effects == []
    assert decision.standing.settled_at == life.standing.settled_at


def test_nothing_is_due_for_whom_nothing_waits() -> None:
    assert a_member("name: Shop").due() is None
    assert (
        settle(
            Rulebook([a_program("name: Shop")]), Standing("ghost"), instant("2026-01-01")
        ).standing.due_at
        is None
    )


def test_a_timer_that_does_not_end_is_told_and_does_not_hang() -> None:
    """No document can say so: its periods are longer than nothing."""
    program = a_program("""
        counters: {visits: {activity: visit}}
        ladders:
          status: {counter: visits, tiers: [{id: basic, at: 0}, {id: gold, at: 1}],
                   window: lifetime, keep: {for: P1D}}
        """)
    ladder = replace(program.ladders["status"], keep=Keep(kind=KeepKind.FOR, period=Period()))
    life = a_member(replace(program, ladders={"status": ladder}))
    life.does("visit", "2026-03-02")

    with pytest.raises(RuntimeError, match="ana stays due at"):
        life.waits("2026-03-04")


def test_a_window_of_a_leaderboard_tells_when_it_ends() -> None:
    life = a_member("""
        counters: {visits: {activity: visit}}
        leaderboards:
          month: {counter: visits, window: calendar_month}
          all: {counter: visits, window: lifetime}
        """)

    scores = {score.leaderboard: score for score in life.does("visit", "2026-03-02 10:00").scores}

    month, whole = scores["month"], scores["all"]
    assert (month.period, month.ends) == (instant("2026-03-01"), instant("2026-04-01"))
    assert (whole.period, whole.ends) == (0, None)
    assert (month.value, month.at) == (1, instant("2026-03-02 10:00"))


def test_spending_never_lowers_a_leaderboard() -> None:
    """S19."""
    life = a_member("""
        wallets: {points: {}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        rewards: {mug: {wallet: points, cost: 5}}
        counters: {earned: {sum: "points:points"}}
        leaderboards: {top: {counter: earned, window: lifetime}}
        """)
    (before,) = life.buys(8, "2026-03-02").scores

    decision = life.redeems("mug", "2026-03-03")

    assert before.value == 8
    assert decision.scores == []
    assert life.counter("2026-03-03", "earned") == 8


def test_a_tie_is_dated_by_the_last_activity_that_counted() -> None:
    life = a_member("""
        counters: {spend: {activity: purchase, sum: net}}
        leaderboards: {top: {counter: spend, window: lifetime}}
        """)
    life.buys(8, "2026-03-05", id="p")
    (late,) = life.buys(2, "2026-03-02", received="2026-03-06").scores
    (lower,) = life.refunds("p", "2026-03-07", amount=1).scores

    assert (late.value, late.at) == (1000, instant("2026-03-05"))
    assert (lower.value, lower.at) == (900, instant("2026-03-05"))


def test_lots_that_wait_for_a_late_date_are_no_reason_to_wake_early() -> None:
    town = a_town(EVERYTHING)
    life = a_member(town)
    life.buys(9, "2026-03-02")

    assert life.due() == "2026-03-30"
    assert settle(town.rulebook, life.standing, instant("2026-03-29")).effects == []


def test_a_term_that_a_later_version_lifted_may_end_in_a_rung_held() -> None:
    """A rung held under a window's keep ends although the ladder knows no windows any more."""
    old = """
        counters: {visits: {activity: visit}}
        ladders:
          status:
            counter: visits
            window: calendar_month
            tiers: [{id: basic, at: 0}, {id: silver, at: 2}, {id: gold, at: 4}]
            keep: {until: end_of_window}
            drop: one_rung
        """
    new = old.replace("keep: {until: end_of_window}", "keep: {for: P1Y}")
    life = a_member(a_town(a_program(old), a_program(new, version=2, begin="2026-04-15")))
    for day in range(1, 5):
        life.does("visit", f"2026-03-0{day}")
    assert life.tier("2026-04-02") == "silver"

    life.waits("2026-12-01")

    assert life.standing.ladders["status"].held_until is None

"""Counters that a later version brings, filled from what the journal holds."""

import pytest

from builders import Life, Town, a_line, a_member, a_program, a_town, instant
from guerdon.core.rulebook import Rulebook

BEFORE = """
    wallets: {points: {}}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
"""


def later(counters: str, begin: str = "2026-06-01") -> Town:
    """Return a town whose second version brings counters."""
    return a_town(
        a_program(BEFORE), a_program(f"{BEFORE}    counters:\n{counters}", version=2, begin=begin)
    )


def ana_in(counters: str) -> Life:
    return a_member(later(counters))


EVERY = """
      plain: {activity: purchase}
      filled: {activity: purchase, backfill: journal}
      spent: {activity: purchase, sum: net, backfill: journal}
      months: {activity: purchase, sum: net, window: calendar_month, backfill: journal}
      days: {activity: purchase, once_per: day, backfill: journal}
      rolling: {activity: purchase, window: {rolling: P3M}, backfill: journal}
      kinds: {activity: purchase, distinct: category, each: {sum: net, gte: 10}, backfill: journal}
      streak: {activity: purchase, streak: day, backfill: journal}
      points: {sum: "points:points", backfill: journal}
      base: {sum: "points:points:base", window: calendar_month, backfill: journal}
      back: {activity: purchase, sum: net, window: calendar_month, refunds: when_refunded,
             backfill: journal}
"""


def live(ana: Life) -> None:
    """Live through half a year and some days."""
    ana.does("purchase", "2026-03-30", id="p1", lines=[a_line(30, sku="a", category="x")])
    ana.does("purchase", "2026-03-31", id="p2", lines=[a_line(8, category="x"), a_line(4)])
    ana.buys(50, "2026-04-01", id="p3", category="y")
    ana.buys(7, "2026-04-01 18:00", id="p4", category="z")
    ana.refunds("p1", "2026-04-10", lines=[a_line(25, sku="a")])
    ana.does("ineligible", "2026-04-11", of="p4")
    ana.buys(0, "2026-04-12", id="p5", category="y")
    ana.refunds("p5", "2026-04-13")
    ana.buys(20, "2026-06-02", id="p6", category="z")
    ana.refunds("p3", "2026-06-03", amount="45")
    ana.buys(3, "2026-05-20", id="p7", category="z", received="2026-06-04")


COUNTERS = (
    "filled",
    "spent",
    "months",
    "days",
    "rolling",
    "kinds",
    "streak",
    "points",
    "base",
    "back",
)


def test_a_filled_counter_is_as_if_it_had_been_there_from_the_start() -> None:
    filled, always = ana_in(EVERY), a_member(a_program(f"{BEFORE}    counters:{EVERY}"))
    for ana in (filled, always):
        live(ana)

    for day in ("2026-06-04", "2026-08-31", "2026-03-31"):
        seen = [{name: ana.counter(day, name) for name in COUNTERS} for ana in (filled, always)]
        assert seen[0] == seen[1]
    assert filled.counter("2026-06-04", "filled") == 5
    assert filled.counter("2026-06-04", "plain") == 1


def test_time_alone_fills_it_when_the_version_begins_and_lifts_what_rests_on_it() -> None:
    old = a_program(BEFORE)
    new = a_program(
        BEFORE
        + """
    counters: {spent: {activity: purchase, sum: net, backfill: journal}}
    ladders:
      status:
        counter: spent
        tiers: [{id: low, at: 0}, {id: high, at: 50, on_enter: [{wallet: points, fixed: 5}]}]
        keep: {}
    badges: {buyer: {counter: spent, at: 50}}
    missions: {big: {counter: spent, goal: 50, grant: [{wallet: points, fixed: 7}]}}
""",
        version=2,
        begin="2026-06-01",
    )
    ana = a_member(a_town(old, new))
    ana.buys(60, "2026-03-01")
    ana.waits("2026-06-01")

    assert ana.tier("2026-06-01") == "high"
    assert ana.badges() == {"buyer": "2026-06-01"}
    assert ana.balance("2026-06-01") == 72
    ana.waits("2026-07-01")
    assert ana.balance("2026-07-01") == 72


def test_a_term_of_today_does_not_rest_on_a_year_of_long_ago() -> None:
    ladder = """
    counters:
      spent: {activity: purchase, sum: net, window: calendar_year, backfill: journal}
    ladders:
      status:
        counter: spent
        window: calendar_year
        tiers: [{id: low, at: 0}, {id: high, at: 50}]
        keep: KEPT
"""
    seen = {}
    for keep in ("{for: P12M}", "{until: end_of_next_year}", "{}"):
        new = a_program(BEFORE + ladder.replace("KEPT", keep), version=2, begin="2026-06-01")
        ana = a_member(a_town(a_program(BEFORE), new), enrolled="2022-01-01")
        ana.buys(60, "2023-03-01")
        ana.waits("2026-06-01")
        seen[keep] = ana.tier("2026-06-01")
    assert seen == {"{for: P12M}": "low", "{until: end_of_next_year}": "low", "{}": "high"}


def test_whoever_comes_after_the_version_began_has_nothing_to_fill() -> None:
    town = later(EVERY)
    ben = a_member(town, name="ben", enrolled="2026-07-01")
    ben.buys(5, "2026-07-02")

    assert ben.counter("2026-07-02", "spent") == 500
    assert ben.standing.filled > 0


@pytest.mark.parametrize("when", ["2026-05-01", "2026-06-02"])
def test_what_merged_accounts_did_before_is_filled_too(when: str) -> None:
    town = later(EVERY)
    ana, ben = a_member(town), a_member(town, name="ben")
    ana.buys(10, "2026-03-01")
    ben.buys(20, "2026-03-02", id="b1")
    ben.does("member_merged", when, into="ana")
    ana.refunds("b1", "2026-06-03", amount="5")

    assert ana.counter("2026-06-03", "spent") == 2500
    assert ana.counter("2026-06-03", "points") == 25


def test_a_second_version_with_the_same_counter_fills_nothing_again() -> None:
    first, second = (
        a_program(f"{BEFORE}    counters:{EVERY}", version=number, begin=begin)
        for number, begin in ((2, "2026-06-01"), (3, "2026-07-01"))
    )
    ana = a_member(a_town(a_program(BEFORE), first, second))
    live(ana)
    ana.waits("2026-07-02")

    assert ana.counter("2026-07-02", "spent") == 4500


def test_an_account_that_was_given_up_before_the_version_began_fills_nothing() -> None:
    town = later(EVERY)
    ana, ben = a_member(town), a_member(town, name="ben")
    ben.buys(20, "2026-03-02")
    ben.does("member_merged", "2026-05-01", into="ana")
    town.settle("ben", instant("2026-07-01"))

    assert ben.counter("2026-07-01", "spent") == 0
    assert ana.counter("2026-07-01", "spent") == 2000


def test_an_account_that_was_given_up_before_the_survivor_filled_is_filled_when_it_comes() -> None:
    town = later(EVERY)
    ana, ben = a_member(town), a_member(town, name="ben")
    ana.buys(10, "2026-03-01")
    ben.buys(20, "2026-03-02")
    ana.waits("2026-06-02")
    ben.does("member_merged", "2026-05-01", into="ana")

    for name, value in {"filled": 2, "spent": 3000, "points": 30, "base": 0, "days": 2}.items():
        assert ana.counter("2026-06-03", name) == value


def test_a_counter_of_units_alone_is_filled_from_the_lots() -> None:
    ana = ana_in('      points: {sum: "points:points", backfill: journal}')
    ana.buys(30, "2026-03-01", id="p")
    ana.refunds("p", "2026-03-02", amount="10")

    assert ana.counter("2026-06-01", "points") == 20


def test_a_refund_of_what_the_counter_does_not_count_takes_nothing_back() -> None:
    ana = ana_in("      visits: {activity: visit, backfill: journal}")
    ana.buys(30, "2026-03-01", id="p")
    ana.does("visit", "2026-03-01")
    ana.refunds("p", "2026-03-02")

    assert ana.counter("2026-06-01", "visits") == 1


def test_of_what_cost_nothing_a_refund_of_one_line_takes_nothing_back() -> None:
    gift = "{activity: purchase, backfill: journal}"
    filled, always = (
        ana_in(f"      gifts: {gift}"),
        a_member(a_program(f"{BEFORE}    counters: {{gifts: {gift}}}")),
    )
    for ana in (filled, always):
        ana.does("purchase", "2026-03-01", id="p", lines=[a_line(0, sku="a"), a_line(0, sku="b")])
        ana.refunds("p", "2026-03-02", lines=[a_line(0, sku="a")])
        assert ana.counter("2026-06-01", "gifts") == 1
        ana.refunds("p", "2026-06-02")
        assert ana.counter("2026-06-02", "gifts") == 0


def test_a_version_that_is_told_of_after_its_instant_is_filled_at_the_next_look() -> None:
    ana = a_member(BEFORE)
    ana.buys(60, "2026-03-01")
    ana.waits("2026-06-10")
    badge = """
    counters: {spent: {activity: purchase, sum: net, backfill: journal}}
    badges: {buyer: {counter: spent, at: 50}}
"""
    new = a_program(f"{BEFORE}{badge}", version=2, begin="2026-06-01")
    ana.town.rulebook = Rulebook([a_program(BEFORE), new])
    ana.waits("2026-06-11")

    assert ana.counter("2026-06-11", "spent") == 6000
    assert ana.badges() == {"buyer": "2026-06-11"}


def test_what_was_voided_after_a_refund_was_never_refunded_either() -> None:
    ana = a_member(
        later("""
      back: {activity: purchase, sum: net, window: calendar_year, refunds: when_refunded,
             backfill: journal}
"""),
        enrolled="2025-12-01",
    )
    ana.buys(30, "2025-12-10", id="p1")
    ana.buys(9, "2026-04-10", id="p2")
    ana.refunds("p1", "2026-04-11", amount="20")
    ana.does("ineligible", "2026-05-12", of="p1")

    assert ana.counter("2026-06-01", "back") == 900

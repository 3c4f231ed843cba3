"""Core against the naive evaluator: whatever happens in whatever program, both show the same.

`make chaos` plays on for SECONDS, from SEED; what failed once is kept here as an example.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from guerdon.core import shelving, standing
from guerdon.core.program import Program
from guerdon.program import memory
from guerdon.program.scenario import Scenario
from lives import Deed, happenings
from oracle.rehearsal import both_meet, mismatches
from oracle.twin import Twin
from scenario_files import EXAMPLES, SHARED, by_name, scenario_of
from seeds import seeds
from strategies import BEGINNINGS, lives, programs, tiered_programs

ROOT = Path(__file__).parents[2]
FILES = by_name(*EXAMPLES, *SHARED)

QUICK = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
BRIEF = settings(QUICK, max_examples=8)


@pytest.fixture(params=FILES, ids=lambda path: path.name)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    """Return each scenario of the examples, and of the shared folder where that is there."""
    return scenario_of(request.param)


@pytest.fixture
def tiny_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hardly anything stay in a standing's head, so that everything lies in pages."""
    sizes = dict.fromkeys(shelving.CAPACITY, 1) | {"record": 0, "lots": 2, "roll": 3}
    monkeypatch.setattr(shelving, "CAPACITY", sizes)
    for module in (shelving, standing, memory):
        monkeypatch.setattr(module, "FRONT", 2)


def live(program: Program, begin: int, deeds: list[Deed]) -> None:
    Twin(program).live(happenings(program, begin, deeds))


def test_the_naive_evaluator_meets_everyscenario_of(scenario: Scenario) -> None:
    assert list(mismatches(scenario)) == []


@given(programs(), BEGINNINGS, lives())
@QUICK
def test_any_life_in_any_program_is_decided_as_the_naive_evaluator_decides_it(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    live(program, begin, deeds)


@given(tiered_programs(), BEGINNINGS, lives())
@settings(QUICK, max_examples=30)
def test_any_life_whose_tiers_bring_inactivity_is_decided_alike(
    program: Program, begin: int, deeds: list[Deed]
) -> None:
    live(program, begin, deeds)


def test_any_life_in_a_real_program_is_decided_alike(scenario: Scenario) -> None:
    program = scenario.program
    assert program is not None

    @given(BEGINNINGS, lives())
    @BRIEF
    def play(begin: int, deeds: list[Deed]) -> None:
        live(program, begin, deeds)

    play()


@pytest.mark.usefixtures("tiny_heads")
def test_any_life_whose_pages_do_not_fit_the_head_is_decided_alike() -> None:
    @given(programs(), BEGINNINGS, lives())
    @QUICK
    def play(program: Program, begin: int, deeds: list[Deed]) -> None:
        live(program, begin, deeds)

    play()


# ---------------------------------------------------------------- what failed once


def test_a_refund_after_which_a_rule_applies_lifts_its_running_total() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: steps, activity: purchase, when: {net: {lt: 50}}, wallet: points,
       give: {step: 10.00, points: 1, remainder: carry}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 60}
  - {id: r1, at: "2026-03-03T09:00:00Z", type: refund, member: ada, of: p1, amount: 15}
  - {id: r2, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: p1, amount: 15}
expect:
  - {at: "2026-03-02T10:00:00Z", member: ada, wallets: {points: {spendable: 0}}}
  - at: "2026-03-04T00:00:00Z"
    member: ada
    why: as if 45.00 had been bought, on that day
    lots: {points: [{from: p1.steps, left: 4, earned: "2026-03-02T09:00:00Z"}]}
  - {at: "2026-03-06T00:00:00Z", member: ada, wallets: {points: {spendable: 3}}}
""")


def test_a_refused_link_enrolls_nobody() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  enroll: auto
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules: [{id: welcome, activity: enrollment, wallet: points, give: {fixed: 5}}]
  book: {value: {points: 0.01}, redemption_rate: 1}
activities:
  - {id: l1, at: "2026-03-02T09:00:00Z", type: identity_linked, member: ada, scheme: card,
     value: "7"}
  - {id: l2, at: "2026-03-03T09:00:00Z", type: identity_linked, member: bob, scheme: card,
     value: "7"}
  - {id: e2, at: "2026-03-04T09:00:00Z", type: enrollment, member: bob}
expect:
  - {activity: l1.enroll, result: accepted}
  - {activity: l2, result: rejected, reason: identity_taken}
  - {at: "2026-03-03T10:00:00Z", book: {liability: 0.05}}
  - {activity: e2, result: accepted}
""")


def test_units_of_the_enrollment_have_the_dates_of_the_tier_that_a_card_brings() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points:
      expiry: {by_tier: {ladder: status, tiers: {low: {mode: never}},
                         else: {mode: after, period: P1M}}}
  rules: [{id: welcome, activity: enrollment, wallet: points, give: {fixed: 10}}]
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    status:
      counter: spend
      tiers: [{id: low, at: 0}, {id: mid, at: 200}]
      keep: {}
      floors: [{when: {member.card: gold}, tier: mid}]
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada, attrs: {card: gold}}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
expect:
  - at: "2026-03-02T00:00:00Z"
    member: ada
    lots: {points: [{from: e1.welcome, left: 10, expires: "2026-04-02T00:00:00Z"}]}
  - {at: "2026-03-02T00:00:00Z", member: bob, lots: {points: [{from: e2.welcome, expires: null}]}}
""")


def test_whoever_cancelled_in_time_has_cancelled_though_it_is_reported_late() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules: [{id: welcome, activity: enrollment, wallet: points, give: {fixed: 10}}]
  rewards: {mug: {wallet: points, cost: 4, cancel_within: P14D}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: r1, at: "2026-03-01T10:00:00Z", type: redemption, member: ada, item: mug}
  - {id: r2, at: "2026-03-01T11:00:00Z", type: redemption, member: ada, item: mug}
  - {id: c1, at: "2026-03-15T09:00:00Z", received: "2026-03-17T09:00:00Z",
     type: redemption_cancelled, member: ada, of: r1}
  - {id: c2, at: "2026-03-16T00:00:00Z", received: "2026-03-17T09:00:00Z",
     type: redemption_cancelled, member: ada, of: r2}
expect:
  - {activity: c1, result: accepted}
  - {activity: c2, result: rejected, reason: cancel_window}
  - {at: "2026-03-18T00:00:00Z", member: ada, wallets: {points: {spendable: 6}}}
""")


def test_a_refund_of_this_month_does_not_take_the_tier_that_another_month_supports() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    ever:
      counter: spend
      window: calendar_month
      tiers: [{id: low, at: 0}, {id: mid, at: 50}, {id: top, at: 100}]
      keep: {}
      on_refund: recheck
    year:
      counter: spend
      window: calendar_month
      tiers: [{id: low, at: 0}, {id: mid, at: 50}, {id: top, at: 100}]
      keep: {for: P12M}
      on_refund: recheck
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-10T09:00:00Z", type: purchase, member: ada, amount: 60}
  - {id: p2, at: "2026-02-10T09:00:00Z", type: purchase, member: ada, amount: 100}
  - {id: p3, at: "2026-03-10T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: r3, at: "2026-03-11T09:00:00Z", type: refund, member: ada, of: p3}
  - {id: r2, at: "2026-03-12T09:00:00Z", type: refund, member: ada, of: p2}
expect:
  - at: "2026-03-12T00:00:00Z"
    member: ada
    ladders: {ever: {tier: top, until: null}, year: {tier: top, until: "2027-02-11T00:00:00Z"}}
  - at: "2026-03-13T00:00:00Z"
    member: ada
    ladders: {ever: {tier: mid, until: null}, year: {tier: mid, until: "2027-01-11T00:00:00Z"}}
  - {at: "2027-01-11T00:00:00Z", member: ada, ladders: {ever: {tier: mid}, year: {tier: low}}}
""")


def test_what_never_happened_was_never_refunded_either() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters:
    year: {activity: purchase, sum: net, window: calendar_year, refunds: when_refunded}
    month: {activity: purchase, sum: net, window: {rolling: P1M}, refunds: when_refunded}
activities:
  - {id: e1, at: "2025-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2025-03-02T09:00:00Z", type: purchase, member: ada, amount: 30}
  - {id: p2, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 50}
  - {id: r1, at: "2026-03-03T09:00:00Z", type: refund, member: ada, of: p1, amount: 10}
  - {id: r2, at: "2026-03-04T09:00:00Z", type: refund, member: ada, of: p1}
  - {id: v1, at: "2026-03-05T09:00:00Z", type: ineligible, member: ada, of: p1}
expect:
  - {at: "2026-03-05T00:00:00Z", member: ada, counters: {year: 20.00, month: 20.00}}
  - {at: "2026-03-06T00:00:00Z", member: ada, counters: {year: 50.00, month: 50.00}}
""")


def test_a_voided_prize_leaves_the_budget_to_others() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  draws:
    wheel: {activity: purchase, seed: s, wallet: points, budget: {points: 10, per: day},
            table: [{id: prize, p: 1, fixed: 10}]}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p2, at: "2026-03-02T10:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: v1, at: "2026-03-02T11:00:00Z", type: ineligible, member: ada, of: p1}
  - {id: p3, at: "2026-03-02T12:00:00Z", type: purchase, member: ada, amount: 1}
expect:
  - {at: "2026-03-03T00:00:00Z",
     draws: {p1: {result: won}, p2: {result: budget}, p3: {result: won}}}
  - {at: "2026-03-03T00:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
""")


def test_what_was_taken_back_gives_no_earlier_place_among_equals() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {spend: {activity: purchase, sum: net, window: calendar_year}}
  leaderboards: {board: {counter: spend, window: calendar_year}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-03-01T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: bob, amount: 10}
  - {id: p3, at: "2026-03-04T09:00:00Z", type: purchase, member: ada, amount: 5}
  - {id: r3, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: p3}
expect:
  - {at: "2026-03-04T00:00:00Z", leaderboard: board, ranks: [[1, ada, 10.00], [2, bob, 10.00]]}
  - {at: "2026-03-06T00:00:00Z", leaderboard: board, ranks: [[1, bob, 10.00], [2, ada, 10.00]]}
""")


def test_a_refund_begins_no_term_of_a_window_of_long_ago() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    status:
      counter: spend
      window: calendar_month
      tiers: [{id: low, at: 0}, {id: top, at: 100}]
      keep: {for: P12M}
activities:
  - {id: e1, at: "2025-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2025-01-10T09:00:00Z", type: purchase, member: ada, amount: 150}
  - {id: r1, at: "2026-03-11T09:00:00Z", type: refund, member: ada, of: p1, amount: 10}
expect:
  - {at: "2026-01-10T00:00:00Z", member: ada, ladders: {status: {tier: top}}}
  - {at: "2026-03-12T00:00:00Z", member: ada, ladders: {status: {tier: low}}}
""")


def test_a_refund_that_ends_a_tier_begins_no_term_of_another_ladder() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    status:
      counter: spend
      window: calendar_month
      tiers: [{id: low, at: 0}, {id: top, at: 100}]
      keep: {for: P12M}
    club:
      counter: spend
      tiers: [{id: guest, at: 0}, {id: regular, at: 150}]
      keep: {}
      on_refund: recheck
activities:
  - {id: e1, at: "2025-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2025-01-10T09:00:00Z", type: purchase, member: ada, amount: 150}
  - {id: r1, at: "2026-03-11T09:00:00Z", type: refund, member: ada, of: p1, amount: 10}
expect:
  - {at: "2026-01-10T00:00:00Z", member: ada, ladders: {status: {tier: top}, club: {tier: regular}}}
  - {at: "2026-03-12T00:00:00Z", member: ada, ladders: {status: {tier: low}, club: {tier: guest}}}
""")


def test_units_that_were_sent_come_behind_those_of_the_same_instant_that_were_there() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  schedule:
    first: {monthly: "1", grant: [{wallet: points, fixed: 1, as: gift}]}
    second: {monthly: "1", grant: [{wallet: points, fixed: 10, as: gift}]}
activities:
  - {id: e1, at: "2026-02-10T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-02-10T09:00:00Z", type: enrollment, member: bob}
  - {id: t1, at: "2026-03-02T09:00:00Z", type: transfer, member: ada, to: bob, wallet: points,
     points: 1}
expect:
  - at: "2026-03-03T00:00:00Z"
    member: bob
    lots:
      points:
        - {from: "first:2026-03-01.gift", left: 1}
        - {from: "second:2026-03-01.gift", left: 10}
        - {from: "first:2026-03-01.xfer.gift", left: 1}
""")


def test_a_late_report_that_does_not_count_begins_no_term_of_a_window_of_long_ago() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {visits: {activity: visit}}
  ladders:
    status:
      counter: visits
      window: calendar_month
      tiers: [{id: low, at: 0}, {id: top, at: 1}]
      keep: {for: P14D}
activities:
  - {id: e1, at: "2025-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2025-01-10T09:00:00Z", type: visit, member: ada}
  - {id: p1, at: "2025-01-12T09:00:00Z", received: "2025-03-01T09:00:00Z", type: purchase,
     member: ada, amount: 10}
  - {id: v2, at: "2025-01-14T09:00:00Z", received: "2025-04-01T09:00:00Z", type: visit, member: ada}
expect:
  - {at: "2025-02-10T00:00:00Z", member: ada, ladders: {status: {tier: low}}}
  - {at: "2025-03-02T00:00:00Z", member: ada, ladders: {status: {tier: low}}}
  - {at: "2025-04-02T00:00:00Z", member: ada, ladders: {status: {tier: top}}}
""")


def test_a_cancellation_gives_nothing_for_units_that_were_written_off() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {debt: write_off}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  rewards: {mug: {wallet: points, cost: 10, partner: cafe}}
  partners: {cafe: {pays_per_point: 0.02, is_paid_per_point: 0.01}}
  book: {value: {points: 0.01}, redemption_rate: 1}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: r1, at: "2026-03-02T10:00:00Z", type: redemption, member: ada, item: mug}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: ada, amount: 10}
  - {id: r2, at: "2026-03-03T10:00:00Z", type: redemption, member: ada, item: mug}
  - {id: b1, at: "2026-03-04T09:00:00Z", type: refund, member: ada, of: p1}
  - {id: c1, at: "2026-03-05T09:00:00Z", type: redemption_cancelled, member: ada, of: r1}
expect:
  - {at: "2026-03-04T10:00:00Z", book: {"partner:cafe": -0.20}}
  - at: "2026-03-06T00:00:00Z"
    member: ada
    why: the other mug stays paid, and nobody pays for the first
    wallets: {points: {spendable: 0, earned: 10, redeemed: 10}}
  - {at: "2026-03-06T00:00:00Z", book: {"partner:cafe": -0.10}}
""")


def test_a_year_counts_beside_the_step_down_that_a_review_held_in_it() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {visits: {activity: visit}}
  ladders:
    status:
      counter: visits
      window: calendar_year
      tiers: [{id: low, at: 0}, {id: mid, at: 1}, {id: top, at: 2}]
      keep: {until: end_of_next_year}
      drop: one_rung
activities:
  - {id: e1, at: "2024-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2024-03-02T09:00:00Z", type: visit, member: ada}
  - {id: v2, at: "2024-03-03T09:00:00Z", type: visit, member: ada}
  - {id: v3, at: "2026-06-01T09:00:00Z", type: visit, member: ada}
expect:
  - {at: "2026-02-01T00:00:00Z", member: ada,
     ladders: {status: {tier: mid, until: "2027-01-01T00:00:00Z"}}}
  - {at: "2026-07-01T00:00:00Z", member: ada,
     ladders: {status: {tier: mid, until: "2028-01-01T00:00:00Z"}}}
  - {at: "2027-07-01T00:00:00Z", member: ada, ladders: {status: {tier: mid}}}
""")


def test_what_brings_a_tier_is_no_activity_of_the_tiers_own_inactivity() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points:
      expiry: {by_tier: {ladder: status, tiers: {low: {mode: never}},
                         else: {mode: inactivity, period: P1M, activity: [purchase]}}}
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    status:
      counter: spend
      tiers: [{id: low, at: 0}, {id: top, at: 100, on_enter: [{wallet: points, fixed: 10}]}]
      keep: {}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 100}
  - {id: p2, at: "2026-06-02T09:00:00Z", type: purchase, member: ada, amount: 1}
expect:
  - {at: "2026-06-02T00:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2026-07-02T23:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2026-07-03T00:00:00Z", member: ada, wallets: {points: {spendable: 0, expired: 10}}}
""")


def test_a_voucher_of_the_enrollment_is_valid_as_the_lowest_tier_says() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    status:
      counter: spend
      tiers:
        - {id: low, at: 0}
        - {id: mid, at: 50, on_enter: [{voucher: treat, ladder: club, valid: {guest: P7D}}]}
      keep: {}
      floors: [{when: {member.card: gold}, tier: mid}]
    club: {counter: spend, tiers: [{id: guest, at: 0}, {id: regular, at: 1000}], keep: {}}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada, attrs: {card: gold}}
expect:
  - {at: "2026-03-02T00:00:00Z", member: ada, vouchers: {"status:mid": {state: issued}}}
""")


def test_what_left_a_rolling_window_does_not_come_back_at_the_end_of_a_longer_month() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {visits: {activity: visit, window: {rolling: P6M}}}
activities:
  - {id: e1, at: "2025-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2025-02-28T22:00:00Z", type: visit, member: ada}
expect:
  - {at: "2025-08-28T21:59:59Z", member: ada, counters: {visits: 1}}
  - {at: "2025-08-28T22:00:00Z", member: ada, counters: {visits: 0}}
  - at: "2025-08-31T19:00:00Z"
    member: ada
    why: six months before, clamped, it was 19:00 of 28 February, but the visit has left
    counters: {visits: 0}
""")


def test_a_mission_that_rests_on_what_another_takes_back_is_reopened_with_it() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}, extra: {}}
  counters: {points: {sum: "points:points"}}
  missions:
    rich: {counter: points, goal: 10, grant: [{wallet: extra, fixed: 1}], reverse: "true"}
    loyal: {activity: purchase, goal: 2, grant: [{wallet: points, fixed: 10}], reverse: "true"}
activities:
  - {id: e1, at: "2025-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2025-01-10T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p2, at: "2025-01-12T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: v1, at: "2025-01-13T09:00:00Z", type: visit, member: ada}
  - {id: r1, at: "2025-01-15T09:00:00Z", type: refund, member: ada, of: p2}
expect:
  - {at: "2025-01-14T00:00:00Z", member: ada,
     missions: {rich: {state: completed}, loyal: {state: completed}}}
  - {at: "2025-01-16T00:00:00Z", member: ada,
     missions: {rich: {state: active}, loyal: {state: active}}, wallets: {extra: {spendable: 0}}}
""")


def test_a_badge_that_rests_on_what_another_brings_is_given_with_it() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {points: {sum: "points:points"}, visits: {activity: visit}}
  badges:
    star: {counter: points, at: 10}
    moon: {counter: visits, at: 1, grant: [{wallet: points, fixed: 10}]}
activities:
  - {id: e1, at: "2025-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2025-01-10T09:00:00Z", type: visit, member: ada}
expect:
  - {at: "2025-01-11T00:00:00Z", member: ada, badges: {moon: "2025-01-10", star: "2025-01-10"}}
""")


def test_a_late_report_pays_no_milestone_that_its_window_had_reached_before() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    status:
      counter: spend
      window: calendar_year
      tiers:
        - {id: low, at: 0}
        - {id: mid, at: 100, on_enter: [{wallet: points, fixed: 10, per: month}]}
        - {id: top, at: 200, on_enter: [{wallet: points, fixed: 50, per: month}]}
      keep: {until: end_of_window}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 120}
  - {id: p2, at: "2026-05-02T09:00:00Z", received: "2027-02-01T09:00:00Z", type: purchase,
     member: ada, amount: 10}
  - {id: p3, at: "2026-07-02T09:00:00Z", received: "2027-03-01T09:00:00Z", type: purchase,
     member: ada, amount: 80}
expect:
  - {at: "2026-04-01T00:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2027-02-02T00:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2027-03-02T00:00:00Z", member: ada, wallets: {points: {spendable: 60}}}
""")


def test_a_mission_is_completed_in_the_window_that_reached_its_goal() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  missions:
    regular: {activity: visit, goal: 2, window: calendar_month, eligible: {member.card: gold},
              grant: [{wallet: points, fixed: 10}], reverse: "true"}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2026-02-02T09:00:00Z", type: visit, member: ada}
  - {id: v2, at: "2026-02-03T09:00:00Z", type: visit, member: ada}
  - {id: u1, at: "2026-01-31T09:00:00Z", received: "2026-02-04T09:00:00Z", type: member_updated,
     member: ada, attrs: {card: gold}}
  - {id: v3, at: "2026-02-05T09:00:00Z", type: visit, member: ada}
expect:
  - {at: "2026-02-05T00:00:00Z", member: ada, missions: {regular: {state: completed}}}
  - at: "2026-02-06T00:00:00Z"
    member: ada
    why: progress never fell
    missions: {regular: {state: completed}}
    wallets: {points: {spendable: 10, earned: 10}}
""")


def test_of_two_tiers_granted_to_merged_accounts_the_one_that_lasts_longer_stays() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {visits: {activity: visit}}
  ladders:
    status: {counter: visits, window: lifetime, keep: {}, on_refund: keep,
             tiers: [{id: basic, at: 0}, {id: gold, at: 100}]}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-01-01T09:00:00Z", type: enrollment, member: bob}
  - {id: e3, at: "2026-01-01T09:00:00Z", type: enrollment, member: cleo}
  - {id: e4, at: "2026-01-01T09:00:00Z", type: enrollment, member: dan}
  - {id: g1, at: "2026-01-02T09:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: gold, until: "2026-02-01T00:00:00Z"}
  - {id: g2, at: "2026-01-02T09:00:00Z", type: tier_granted, member: bob, ladder: status,
     tier: gold}
  - {id: g3, at: "2026-01-02T09:00:00Z", type: tier_granted, member: cleo, ladder: status,
     tier: gold, until: "2026-04-01T00:00:00Z"}
  - {id: g4, at: "2026-01-02T09:00:00Z", type: tier_granted, member: dan, ladder: status,
     tier: gold, until: "2026-05-01T00:00:00Z"}
  - {id: m1, at: "2026-03-01T09:00:00Z", type: member_merged, member: bob, into: ada}
  - {id: m2, at: "2026-03-01T09:00:00Z", type: member_merged, member: dan, into: cleo}
expect:
  - at: "2026-02-28T00:00:00Z"
    member: ada
    ladders: {status: {tier: basic}}
  - at: "2026-03-02T00:00:00Z"
    member: ada
    why: hers was over, his has no end
    ladders: {status: {tier: gold, until: null}}
  - at: "2026-03-02T00:00:00Z"
    member: cleo
    ladders: {status: {tier: gold, until: "2026-05-01T00:00:00Z"}}
""")


def test_goods_that_a_discount_makes_free_count_and_discounts_alone_give_nothing() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: each, activity: purchase, wallet: points, give: {fixed: 5}}
    - {id: bands, activity: purchase, wallet: points, give: {bands: [[10, 7]], above: 9}}
    - {id: km, activity: purchase, wallet: points, give: {unit: km, points: 1, min: 3}}
  counters: {buys: {activity: purchase}, spend: {activity: purchase, sum: net}}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-01-02T09:00:00Z", type: purchase, member: ada,
     lines: [{sku: mug, amount: 10}, {sku: coupon, amount: -10}]}
  - {id: p2, at: "2026-01-03T09:00:00Z", type: purchase, member: ada,
     lines: [{sku: mug, amount: 10}, {sku: coupon, amount: -15}]}
  - {id: r1, at: "2026-01-04T09:00:00Z", type: refund, member: ada, of: p1,
     lines: [{sku: mug, amount: 10}, {sku: coupon, amount: -10}]}
expect:
  - at: "2026-01-02T12:00:00Z"
    member: ada
    why: as a purchase of 0.00
    wallets: {points: {spendable: 15}}
    counters: {buys: 1, spend: 0.00}
  - at: "2026-01-03T12:00:00Z"
    member: ada
    wallets: {points: {spendable: 15}}
    counters: {buys: 2, spend: -5.00}
  - at: "2026-01-04T12:00:00Z"
    member: ada
    why: nothing is left of the first one
    wallets: {points: {spendable: 0, earned: 0}}
    counters: {buys: 1, spend: -5.00}
""")


def test_a_window_that_is_over_pays_each_milestone_once_whatever_went_back_since() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    status:
      counter: spend
      window: calendar_year
      tiers:
        - {id: low, at: 0}
        - {id: mid, at: 100, on_enter: [{wallet: points, fixed: 10, per: month}]}
        - {id: top, at: 200, on_enter: [{wallet: points, fixed: 50, per: month}]}
      keep: {until: end_of_window}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 120}
  - {id: r1, at: "2027-01-02T09:00:00Z", type: refund, member: ada, of: p1, amount: 40}
  - {id: p2, at: "2026-05-02T09:00:00Z", received: "2027-02-01T09:00:00Z", type: purchase,
     member: ada, amount: 30}
  - {id: p3, at: "2026-06-02T09:00:00Z", received: "2027-03-01T09:00:00Z", type: purchase,
     member: ada, amount: 100}
  - {id: r3, at: "2027-03-05T09:00:00Z", type: refund, member: ada, of: p3}
  - {id: p4, at: "2026-07-02T09:00:00Z", received: "2027-04-01T09:00:00Z", type: purchase,
     member: ada, amount: 200}
expect:
  - {at: "2026-04-01T00:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2027-02-02T00:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - {at: "2027-03-02T00:00:00Z", member: ada, wallets: {points: {spendable: 60}}}
  - {at: "2027-04-02T00:00:00Z", member: ada, wallets: {points: {spendable: 60}}}
""")


def test_a_late_report_pays_the_milestone_of_a_span_that_is_over() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  counters: {spend: {activity: purchase, sum: net}}
  ladders:
    summer:
      counter: spend
      window: {from: "2026-06-01T00:00:00Z", to: "2026-09-01T00:00:00Z"}
      tiers:
        - {id: low, at: 0}
        - {id: mid, at: 100, on_enter: [{wallet: points, fixed: 10}]}
      keep: {until: end_of_window}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-06-02T09:00:00Z", type: purchase, member: ada, amount: 80}
  - {id: p2, at: "2026-08-02T09:00:00Z", received: "2026-10-01T09:00:00Z", type: purchase,
     member: ada, amount: 30}
expect:
  - {at: "2026-10-01T00:00:00Z", member: ada, wallets: {points: {spendable: 0}}}
  - at: "2026-10-02T00:00:00Z"
    member: ada
    lots: {points: [{from: "summer:mid.bonus", left: 10, earned: "2026-08-02T09:00:00Z"}]}
    ladders: {summer: {tier: low}}
""")


def test_a_step_down_behind_a_span_has_no_window_to_end_with() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {visits: {activity: visit}}
  ladders:
    summer:
      counter: visits
      window: {from: "2026-06-01T00:00:00Z", to: "2026-09-01T00:00:00Z"}
      tiers: [{id: low, at: 0}, {id: mid, at: 1}, {id: top, at: 2}]
      keep: {until: end_of_window}
      drop: one_rung
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: v1, at: "2026-06-02T09:00:00Z", type: visit, member: ada}
  - {id: v2, at: "2026-06-03T09:00:00Z", type: visit, member: ada}
expect:
  - {at: "2026-08-31T23:59:59Z", member: ada,
     ladders: {summer: {tier: top, until: "2026-09-01T00:00:00Z"}}}
  - {at: "2026-09-01T00:00:00Z", member: ada, ladders: {summer: {tier: mid, until: null}}}
  - {at: "2028-09-01T00:00:00Z", member: ada, ladders: {summer: {tier: mid}}}
""")


def test_a_change_of_tier_of_either_account_counts_as_activity_of_both_once_they_are_one() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points:
      expiry: {by_tier: {ladder: status, tiers: {mid: {mode: never}},
                         else: {mode: inactivity, period: P14D, activity: [visit]}}}
  rules: [{id: base, activity: [purchase, visit], wallet: points, give: {fixed: 10}}]
  counters: {visits: {activity: visit}}
  ladders:
    status: {counter: visits, window: calendar_month, keep: {for: P14D},
             tiers: [{id: low, at: 0}, {id: mid, at: 1}]}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-01-01T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2026-09-15T09:00:00Z", type: purchase, member: bob}
  - {id: v1, at: "2026-08-06T09:00:00Z", received: "2026-09-15T10:00:00Z", type: visit, member: ada}
  - {id: m1, at: "2026-12-24T09:00:00Z", type: member_merged, member: ada, into: bob}
expect:
  - at: "2026-09-16T00:00:00Z"
    member: ada
    why: what the old visit gave was gone in August
    wallets: {points: {spendable: 0, expired: 10}}
    ladders: {status: {tier: mid, until: "2026-09-30T00:00:00Z"}}
  - at: "2026-12-24T00:00:00Z"
    member: bob
    why: never was there a visit of his
    wallets: {points: {spendable: 10}}
  - at: "2026-12-25T00:00:00Z"
    member: bob
    why: counted from 30 September, when her tier fell, the wallet of both lapsed on 15 October
    wallets: {points: {spendable: 0, expired: 20}}
""")


def test_what_counts_for_nothing_in_a_window_begins_no_term_there_by_a_merge() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  counters: {visits: {activity: visit}}
  ladders:
    status: {counter: visits, window: calendar_month, keep: {for: P14D},
             tiers: [{id: low, at: 0}, {id: mid, at: 1}]}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-01-01T09:00:00Z", type: enrollment, member: bob}
  - {id: v1, at: "2026-03-08T09:00:00Z", type: visit, member: bob}
  - {id: p1, at: "2026-03-10T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: m1, at: "2026-05-27T09:00:00Z", type: member_merged, member: ada, into: bob}
expect:
  - {at: "2026-03-09T00:00:00Z", member: bob, ladders: {status: {tier: mid}}}
  - {at: "2026-05-28T00:00:00Z", member: bob, ladders: {status: {tier: low}}}
""")


def test_what_a_period_has_no_more_of_is_not_among_what_members_can_take() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules: [{id: welcome, activity: enrollment, wallet: points, give: {fixed: 10}}]
  rewards:
    mug: {wallet: points, cost: 4, stock_per: {times: 1, per: day}}
    cap: {wallet: points, cost: 4, stock: 1}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: r1, at: "2026-03-02T09:00:00Z", type: redemption, member: ada, item: mug}
  - {id: r2, at: "2026-03-02T10:00:00Z", type: redemption, member: ada, item: mug}
  - {id: c1, at: "2026-03-03T10:00:00Z", type: redemption_cancelled, member: ada, of: r1}
expect:
  - {activity: r2, result: rejected, reason: out_of_stock}
  - {at: "2026-03-01T10:00:00Z", member: ada, rewards: [cap, mug]}
  - {at: "2026-03-02T12:00:00Z", member: ada, rewards: [cap]}
  - {at: "2026-03-03T00:00:00Z", member: ada, rewards: [cap, mug]}
""")


def test_an_estimate_leaves_sales_that_arrived_before_it_as_they_were_in_the_same_instant_too() -> (
    None
):
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  book: {method: ifrs15, point_value: 0.10, redemption_rate: 0.5}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 105}
  - {id: s1, at: "2026-03-02T09:00:00Z", type: estimate, redemption_rate: 1}
  - {id: p2, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 110}
  - {id: r1, at: "2026-03-04T09:00:00Z", type: refund, member: ada, of: p1, amount: 84}
  - {id: r2, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: p2}
expect:
  - {at: "2026-03-03T00:00:00Z", book: {allocated_to_points: 15.00, revenue_goods: 200.00}}
  - {at: "2026-03-04T12:00:00Z", book: {allocated_to_points: 11.00, revenue_goods: 120.00}}
  - {at: "2026-03-05T12:00:00Z", book: {allocated_to_points: 1.00, revenue_goods: 20.00}}
""")


def test_a_sale_whose_units_a_running_total_took_is_divided_as_if_it_had_never_had_them() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets: {points: {}}
  rules:
    - {id: steps, activity: purchase, wallet: points,
       give: {step: 10.00, points: 10, remainder: carry}}
  book: {method: ifrs15, point_value: 0.10, redemption_rate: 1}
activities:
  - {id: e1, at: "2026-03-01T09:00:00Z", type: enrollment, member: ada}
  - {id: p1, at: "2026-03-02T09:00:00Z", type: purchase, member: ada, amount: 5}
  - {id: p2, at: "2026-03-03T09:00:00Z", type: purchase, member: ada, amount: 15}
  - {id: r1, at: "2026-03-04T09:00:00Z", type: refund, member: ada, of: p1}
  - {id: r2, at: "2026-03-05T09:00:00Z", type: refund, member: ada, of: p2}
expect:
  - {at: "2026-03-03T12:00:00Z", member: ada, wallets: {points: {spendable: 20}}}
  - at: "2026-03-03T12:00:00Z"
    why: 15.00 for goods and 20 points, which are worth 2.00
    book: {allocated_to_points: 1.76, revenue_goods: 18.24}
  - {at: "2026-03-04T12:00:00Z", member: ada, wallets: {points: {spendable: 10}}}
  - at: "2026-03-04T12:00:00Z"
    why: as if 15.00 alone had been bought, for 10 points
    book: {allocated_to_points: 0.94, revenue_goods: 14.06}
  - {at: "2026-03-05T12:00:00Z", book: {allocated_to_points: 0.00, revenue_goods: 0.00}}
""")


def test_lots_that_come_by_a_merge_keep_their_dates_where_their_policy_does() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points:
      expiry:
        by_tier:
          ladder: status
          tiers: {green: {mode: after, period: P6M}}
          else: {mode: never}
  rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
  counters: {spent: {activity: purchase, sum: net}}
  ladders:
    status: {counter: spent, tiers: [{id: green, at: 0}, {id: gold, at: 1000}]}
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2026-01-01T09:00:00Z", type: enrollment, member: bob}
  - {id: e3, at: "2026-01-01T09:00:00Z", type: enrollment, member: cleo}
  - {id: p1, at: "2026-01-10T09:00:00Z", type: purchase, member: ada, amount: 5}
  - {id: g1, at: "2026-01-20T09:00:00Z", type: tier_granted, member: bob, ladder: status,
     tier: gold}
  - {id: t1, at: "2026-02-01T09:00:00Z", type: transfer, member: ada, to: bob, wallet: points,
     points: 5}
  - {id: m1, at: "2026-03-01T09:00:00Z", type: member_merged, member: bob, into: cleo}
expect:
  - at: "2026-03-02T00:00:00Z"
    why: cleo is gold as bob was, and what he was sent has its date
    member: cleo
    ladders: {status: {tier: gold}}
    wallets: {points: {spendable: 5}}
  - {at: "2026-07-10T23:00:00Z", member: cleo, wallets: {points: {spendable: 5}}}
  - {at: "2026-07-11T00:00:00Z", member: cleo, wallets: {points: {spendable: 0}}}
""")


def test_lots_that_come_by_a_merge_with_their_tier_are_under_no_other_tiers_inactivity() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points:
      expiry:
        by_tier:
          ladder: status
          tiers: {low: {mode: inactivity, period: P1M, activity: [purchase]}}
          else: {mode: never}
  rules: [{id: base, activity: purchase, wallet: points, give: {fixed: 10}}]
  counters: {spent: {activity: purchase, sum: net}}
  ladders:
    status: {counter: spent, tiers: [{id: low, at: 0}, {id: mid, at: 1000}]}
activities:
  - {id: e1, at: "2024-02-28T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2024-02-28T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2024-02-28T10:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p2, at: "2024-02-28T11:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: g1, at: "2024-02-29T09:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: mid}
  - {id: p3, at: "2025-01-01T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: m1, at: "2025-01-01T10:00:00Z", type: member_merged, member: ada, into: bob}
expect:
  - {at: "2025-01-02T00:00:00Z", member: bob, wallets: {points: {spendable: 30}}}
""")


def test_what_comes_by_a_merge_with_its_tier_stays_beside_what_was_under_another() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points:
      expiry:
        by_tier:
          ladder: status
          tiers: {low: {mode: inactivity, period: P1M, activity: [purchase]}}
          else: {mode: never}
  rules: [{id: base, activity: purchase, wallet: points, give: {fixed: 10}}]
  counters: {spent: {activity: purchase, sum: net}}
  ladders:
    status: {counter: spent, tiers: [{id: low, at: 0}, {id: mid, at: 1000}]}
activities:
  - {id: e1, at: "2024-02-28T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2024-02-28T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2024-02-28T10:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p2, at: "2024-02-28T11:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: g1, at: "2024-02-29T09:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: mid}
  - {id: p3, at: "2025-01-01T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p4, at: "2025-01-01T09:30:00Z", type: purchase, member: bob, amount: 1}
  - {id: m1, at: "2025-01-01T10:00:00Z", type: member_merged, member: ada, into: bob}
expect:
  - {at: "2025-01-02T00:00:00Z", member: bob, wallets: {points: {spendable: 40}}}
""")


def test_what_lapsed_before_a_merge_stays_so_where_the_survivors_tier_knew_no_lapses() -> None:
    both_meet("""\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points:
      expiry:
        by_tier:
          ladder: status
          tiers: {mid: {mode: inactivity, period: P1M, activity: [purchase]}}
          else: {mode: never}
  rules: [{id: base, activity: purchase, wallet: points, give: {fixed: 10}}]
  counters: {spent: {activity: purchase, sum: net}}
  ladders:
    status: {counter: spent, tiers: [{id: low, at: 0}, {id: mid, at: 1000}]}
activities:
  - {id: e1, at: "2024-02-28T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2024-02-28T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2024-02-28T10:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p2, at: "2024-02-28T11:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: g1, at: "2024-02-29T09:00:00Z", type: tier_granted, member: ada, ladder: status,
     tier: mid}
  - {id: p3, at: "2025-01-01T09:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: p4, at: "2025-01-01T09:30:00Z", type: purchase, member: bob, amount: 1}
  - {id: m1, at: "2025-01-01T10:00:00Z", type: member_merged, member: ada, into: bob}
  - {id: p5, at: "2025-01-01T11:00:00Z", type: purchase, member: bob, amount: 1}
expect:
  - {at: "2025-01-02T00:00:00Z", member: bob, wallets: {points: {spendable: 30, expired: 20}}}
""")


def test_what_lapsed_under_the_terms_of_a_tier_stays_so_where_a_merge_brings_longer_ones() -> None:
    """Ada's visit of March brings a tier in which fourteen days end what she has.

    They pass by 15 March, in which Bob, under a month, does nothing; where he buys on the 14th,
    what was Ada's lives, as if he had been her all along.
    """
    told = """\
scenario: 1
program:
  id: shop
  timezone: UTC
  money: {unit: EUR, scale: 2}
  wallets:
    points:
      expiry:
        by_tier:
          ladder: status
          tiers: {mid: {mode: inactivity, period: P14D, activity: [purchase]}}
          else: {mode: inactivity, period: P1M, activity: [purchase]}
  rules: [{id: base, activity: purchase, wallet: points, give: {fixed: 10}}]
  counters: {visits: {activity: visit, window: calendar_month}}
  ladders:
    status:
      counter: visits
      window: calendar_month
      tiers: [{id: low, at: 0}, {id: mid, at: 1}]
      keep: {until: end_of_window}
activities:
  - {id: e1, at: "2024-02-28T09:00:00Z", type: enrollment, member: ada}
  - {id: e2, at: "2024-02-28T09:00:00Z", type: enrollment, member: bob}
  - {id: p1, at: "2024-02-29T10:00:00Z", type: purchase, member: ada, amount: 1}
  - {id: v1, at: "2024-03-01T06:00:00Z", type: visit, member: ada}
%s
  - {id: m1, at: "2024-03-31T23:59:59.999Z", type: member_merged, member: ada, into: bob}
expect:
  - {at: "2024-03-31T23:59:59.999Z", member: bob, wallets: {points: {spendable: %d, expired: %d}}}
"""
    both_meet(told % ("", 0, 10))
    bought = '  - {id: p2, at: "2024-03-14T10:00:00Z", type: purchase, member: bob, amount: 1}'
    both_meet(told % (bought, 20, 0))


# ---------------------------------------------------------------- for as long as there is time


def play_seeds(drawn: Callable[[int], SearchStrategy[Program]], *, examples: int = 20) -> None:
    """Play lives in what is drawn for each seed; few a seed, so that it ends in time."""
    for number in seeds():

        @seed(number)
        @given(drawn(number), BEGINNINGS, lives(least=8, most=30))
        @settings(QUICK, max_examples=examples, derandomize=False)
        def play(program: Program, begin: int, deeds: list[Deed]) -> None:
            live(program, begin, deeds)

        play()


@pytest.mark.chaos
def test_lives_are_decided_alike_for_as_long_as_there_is_time() -> None:
    play_seeds(lambda _: programs())


@pytest.mark.chaos
def test_lives_of_many_tiers_are_decided_alike_for_as_long_as_there_is_time() -> None:
    play_seeds(lambda _: tiered_programs())


@pytest.mark.chaos
@pytest.mark.usefixtures("tiny_heads")
def test_lives_in_pages_are_decided_alike_for_as_long_as_there_is_time() -> None:
    play_seeds(lambda _: programs())


@pytest.mark.chaos
def test_lives_in_real_programs_are_decided_alike_for_as_long_as_there_is_time() -> None:
    real = [found for path in FILES if (found := scenario_of(path).program) is not None]
    play_seeds(lambda number: st.just(real[number % len(real)]), examples=10)

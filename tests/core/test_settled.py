"""Questions on which core and the naive evaluator once differed, each settled by the papers."""

from builders import Life, a_line, a_member, a_town, an_activity, shown

POINTS = """
    wallets:
      points: {}
"""
SHOP = (
    POINTS
    + """
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: visit, activity: visit, wallet: points, give: {fixed: 10}}
      - {id: free, activity: gift, wallet: points, give: {fixed: 5}}
    counters:
      visits: {activity: visit}
    rewards:
      mug: {wallet: points, cost: 10}
"""
)


def test_nobody_can_undo_what_another_member_did() -> None:
    town = a_town(SHOP)
    ana, ben = a_member(town), a_member(town, name="ben")
    ana.buys(30, "2026-03-01", id="p1")
    ana.redeems("mug", "2026-03-01", id="r1")

    for kind in ("refund", "ineligible", "confirmation"):
        assert ben.does(kind, "2026-03-02", of="p1").reason == "unknown_original"
    assert ben.does("redemption_cancelled", "2026-03-02", of="r1").reason == "not_redeemed"
    assert ben.wallet("2026-03-03").earned == 0
    assert ana.balance("2026-03-03") == 20


def test_a_merged_member_undoes_what_either_account_did() -> None:
    town = a_town(SHOP)
    ana, ben = a_member(town), a_member(town, name="ben")
    ben.buys(30, "2026-03-01", id="p1")
    ben.redeems("mug", "2026-03-01", id="r1")
    ben.does("member_merged", "2026-03-02", into="ana")

    assert ana.does("redemption_cancelled", "2026-03-03", of="r1").result == "accepted"
    assert ana.refunds("p1", "2026-03-03").result == "accepted"
    assert ana.wallet("2026-03-04").earned == 0


def test_a_refund_of_an_amount_reduces_the_first_line_and_no_other() -> None:
    ana = a_member(SHOP)
    ana.does("purchase", "2026-03-01", id="p1", lines=[a_line(10, sku="a"), a_line(20, sku="b")])

    assert ana.refunds("p1", "2026-03-02", amount="10.01").reason == "refund_exceeds"
    assert ana.refunds("p1", "2026-03-02", amount="10.00").result == "accepted"
    assert ana.balance("2026-03-02") == 20


def test_what_cost_nothing_goes_back_once_and_takes_its_points_along() -> None:
    ana = a_member(SHOP)
    ana.does("gift", "2026-03-01", id="g1", amount=0)
    assert ana.balance("2026-03-01") == 5

    assert ana.refunds("g1", "2026-03-02").result == "accepted"
    assert ana.balance("2026-03-02") == 0
    assert ana.refunds("g1", "2026-03-03").reason == "refund_exceeds"


def test_voiding_what_was_taken_back_before_counts_down_once() -> None:
    ana = a_member(SHOP)
    ana.does("visit", "2026-03-01", id="v1")
    ana.does("visit", "2026-03-01", id="v2")
    ana.refunds("v1", "2026-03-02")
    assert ana.counter("2026-03-02", "visits") == 1

    ana.does("ineligible", "2026-03-03", of="v1")
    assert ana.counter("2026-03-03", "visits") == 1


def test_a_pending_lot_that_was_wholly_reversed_is_no_living_lot() -> None:
    ana = a_member(
        POINTS
        + """
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}, pending: {for: P14D}}
"""
    )
    ana.buys(30, "2026-03-01", id="p1")
    ana.refunds("p1", "2026-03-02")

    assert ana.lots("2026-03-02") == []
    assert ana.lots("2026-04-01") == []


ASLEEP = """
    wallets:
      points: {expiry: {mode: inactivity, period: P6M, activity: [purchase]}}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: quiz, activity: quiz, wallet: points, give: {fixed: 50}}
"""


def test_units_earned_before_their_wallet_lapsed_are_dead_when_reported_after_it() -> None:
    ana = a_member(ASLEEP)
    ana.buys(30, "2026-01-10")
    ana.waits("2026-08-01")
    ana.does("quiz", "2026-03-01", received="2026-08-02")

    assert ana.wallet("2026-08-02").expired == 80
    assert ana.balance("2026-08-02") == 0


def test_a_late_purchase_that_undoes_the_lapse_brings_such_units_to_life() -> None:
    ana = a_member(ASLEEP)
    ana.buys(30, "2026-01-10")
    ana.waits("2026-08-01")
    ana.does("quiz", "2026-03-01", received="2026-08-02")
    ana.buys(1, "2026-05-01", received="2026-08-03")

    assert ana.balance("2026-08-03") == 81


def test_units_earned_after_the_lapse_live_though_the_wallet_sleeps() -> None:
    ana = a_member(ASLEEP)
    ana.buys(30, "2026-01-10")
    ana.does("quiz", "2026-08-01")

    assert ana.balance("2027-08-01") == 50


BY_TIER = """
    counters:
      spent: {activity: purchase, sum: net}
    ladders:
      status:
        counter: spent
        tiers:
          - {id: low, at: 0}
          - id: top
            at: 100
            on_enter: [{voucher: treat, valid: {low: P0D, top: P30D}, ladder: status}]
        keep: {}
"""


def test_a_late_report_that_lifts_to_the_top_brings_a_voucher_as_long_as_the_top_has() -> None:
    ana = a_member(BY_TIER)
    ana.buys(100, "2026-03-01", received="2026-03-05")

    assert ana.vouchers("2026-03-31") == {"status:top": "issued"}
    assert ana.vouchers("2026-04-01") == {"status:top": "expired"}


def test_a_reversed_mission_leaves_its_voucher_void_and_a_new_one_takes_its_name() -> None:
    ana = a_member("""
    missions:
      first:
        activity: purchase
        goal: 1
        grant: [{voucher: treat, valid: P30D}]
        reverse: "true"
    """)
    ana.buys(10, "2026-03-01", id="p1")
    ana.refunds("p1", "2026-03-02")
    assert ana.vouchers("2026-03-02") == {"mission:first": "void"}

    ana.buys(10, "2026-03-03", id="p2")
    assert ana.vouchers("2026-03-03") == {"mission:first": "issued"}


JOIN = """
    wallets:
      points: {}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    missions:
      bought: {opt_in: "true", activity: purchase, sum: net, goal: 20}
      earned: {opt_in: "true", sum: "points:points", goal: 20}
"""


def test_what_arrived_before_the_member_joined_counts_for_no_mission_and_leaves_none() -> None:
    ana = a_member(JOIN)
    ana.buys(15, "2026-03-01", id="p1")
    for mission in ("bought", "earned"):
        ana.does("mission_joined", "2026-02-01", received="2026-03-02", mission=mission)
    ana.buys(10, "2026-03-02", id="p2")

    assert ana.mission("2026-03-02", "bought").progress == 1000
    assert ana.mission("2026-03-02", "earned").progress == 10

    ana.refunds("p1", "2026-03-03")
    assert ana.mission("2026-03-03", "bought").progress == 1000
    assert ana.mission("2026-03-03", "earned").progress == 10


def test_a_mission_of_last_year_is_not_reopened_because_a_new_year_has_less() -> None:
    ana = a_member("""
    wallets:
      points: {}
    missions:
      three: {activity: purchase, goal: 3, window: calendar_year, reverse: "true",
              grant: [{wallet: points, fixed: 5}]}
    """)
    for day in ("01", "02", "03"):
        ana.buys(10, f"2026-03-{day}", id=f"p{day}")
    ana.buys(10, "2027-03-01")
    assert ana.mission("2027-03-01", "three").state == "completed"
    assert ana.balance("2027-03-01") == 5

    ana.refunds("p01", "2027-03-02")
    assert ana.mission("2027-03-02", "three").state == "active"
    assert ana.balance("2027-03-02") == 0


def test_a_streak_forgets_the_days_that_leave_a_rolling_window() -> None:
    ana = a_member("""
    counters:
      run: {activity: visit, streak: day, window: {rolling: P7D}}
    """)
    for day in ("01", "02", "03", "08"):
        ana.does("visit", f"2026-03-{day} 12:00")
    assert ana.counter("2026-03-08 12:00", "run") == 2
    assert ana.counter("2026-03-09 12:00", "run") == 1


def test_a_lapse_that_a_late_purchase_tells_of_spares_what_was_earned_since() -> None:
    ana = a_member(ASLEEP)
    ana.does("quiz", "2026-02-01")
    ana.does("quiz", "2026-09-01")
    ana.buys(30, "2026-01-10", received="2026-09-02")

    assert ana.balance("2026-09-02") == 50
    assert ana.wallet("2026-09-02").expired == 80


DOUBLED = """
    wallets:
      points: {}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}, limit: {points: 50}}
      - {id: double, activity: purchase, wallet: points, give: {of: base, times: 1}}
"""


def test_a_multiple_sees_what_a_limited_rule_paid_and_not_what_it_would_have_paid() -> None:
    ana = a_member(DOUBLED)
    ana.buys(80, "2026-03-01", id="p1")
    assert ana.left("2026-03-01") == {"p1.base": 50, "p1.double": 50}

    ana.refunds("p1", "2026-03-02", amount="10")
    assert ana.left("2026-03-02") == {"p1.base": 50, "p1.double": 50}


def test_a_multiple_may_stand_before_the_rule_that_it_multiplies() -> None:
    first, second = DOUBLED.rstrip().splitlines()[-2:]
    head = DOUBLED[: DOUBLED.index(first)]
    ana = a_member(f"{head}{second}\n{first}\n")
    ana.buys(80, "2026-03-01", id="p1")

    assert ana.left("2026-03-01") == {"p1.base": 50, "p1.double": 50}


def test_a_multiple_of_what_nobody_referred_is_nothing() -> None:
    ana = a_member("""
    wallets:
      points: {}
    rules:
      - {id: thanks, activity: purchase, to: referrer, wallet: points, give: {fixed: 10}}
      - {id: more, activity: purchase, wallet: points, give: {of: thanks, times: 1}}
    """)
    ana.buys(80, "2026-03-01")

    assert ana.balance("2026-03-01") == 0


def test_the_best_of_a_group_is_found_before_its_limit_is_asked() -> None:
    ana = a_member("""
    wallets:
      points: {}
    rules:
      - {id: a, activity: purchase, wallet: points, give: {rate: 1}, best_of: g,
         limit: {points: 5, per: day}}
      - {id: b, activity: purchase, wallet: points, give: {fixed: 20}, best_of: g}
    """)
    ana.buys(100, "2026-03-01", id="p1")
    assert ana.left("2026-03-01") == {"p1.a": 5}

    ana.refunds("p1", "2026-03-02", amount="1")
    assert ana.left("2026-03-02") == {"p1.a": 5}


def test_a_tier_of_last_year_does_not_come_back_because_its_year_moved_in_the_same_leap() -> None:
    ana = a_member("""
    wallets:
      points: {}
    counters:
      earned: {sum: "points:points", window: calendar_year}
    ladders:
      status:
        counter: earned
        tiers: [{id: low, at: 0}, {id: top, at: 11}]
        keep: {for: P14D}
    schedule:
      gift: {monthly: "1", grant: [{wallet: points, fixed: 1}]}
    """)
    assert ana.tier("2026-12-02") == "top"  # eleven since January
    ana.waits("2027-02-02")

    assert ana.tier("2027-02-02") == "low"


def test_what_comes_with_a_tier_is_granted_under_its_policy_and_dated_by_its_cause() -> None:
    ana = a_member("""
    wallets:
      points:
        expiry:
          by_tier:
            ladder: status
            tiers: {low: {mode: after, period: P1M}}
            else: {mode: after, period: P12M}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    counters:
      spent: {activity: purchase, sum: net}
    ladders:
      status:
        counter: spent
        tiers:
          - {id: low, at: 0}
          - {id: top, at: 100, on_enter: [{wallet: points, fixed: 5}]}
        keep: {}
    """)
    ana.buys(10, "2026-03-01", id="p1")
    ana.buys(90, "2026-03-02", received="2026-03-10", id="p2")

    assert ana.expiries("2026-03-10") == {
        "status:top.bonus": "2027-03-03",
        "p1.base": "2027-03-11",
        "p2.base": "2027-03-11",
    }


def test_the_lowest_tier_begins_when_the_enrollment_arrives() -> None:
    town = a_town(BY_TIER)
    ana = a_member(town, name="ana", enrolled="2026-02-01")
    town.decide(
        an_activity("enrollment", "2026-02-01", id="e2", member="ben", received="2026-03-01")
    )
    ben = Life(town, "ben")

    assert shown(ana.tier_view("2026-03-02").since) == "2026-02-01"
    assert shown(ben.tier_view("2026-03-02").since) == "2026-03-01"


def test_a_multiple_of_a_running_total_follows_what_the_activity_holds_of_it() -> None:
    ana = a_member("""
    wallets:
      points: {}
    rules:
      - {id: stamps, activity: purchase, wallet: points,
         give: {step: 10.00, points: 2, remainder: carry}}
      - {id: double, activity: purchase, wallet: points, give: {of: stamps, times: 1}}
    """)
    ana.buys(6, "2026-03-01", id="p1")
    ana.buys(6, "2026-03-02", id="p2")
    assert ana.left("2026-03-02") == {"p2.stamps": 2, "p2.double": 2}

    ana.refunds("p2", "2026-03-03")
    assert ana.left("2026-03-03") == {}


WEEKS = """
    wallets:
      gems: {}
    counters:
      lessons: {activity: lesson, window: week}
    ladders:
      league:
        counter: lessons
        window: week
        tiers:
          - {id: none, at: 0}
          - {id: bronze, at: 2, on_enter: [{wallet: gems, fixed: 5, per: week}]}
        keep: {until: end_of_window}
"""


def test_what_is_voided_later_does_not_pay_the_milestone_of_its_week_again() -> None:
    ana = a_member(WEEKS)
    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        ana.does("lesson", day, id=day)
    ana.does("ineligible", "2026-03-10", of="2026-03-02")

    assert ana.balance("2026-03-10", "gems") == 5


def test_merged_accounts_are_paid_a_milestone_of_a_week_that_is_over_once_and_in_that_week() -> (
    None
):
    town = a_town(WEEKS)
    ana, ben = a_member(town), a_member(town, name="ben")
    for member in (ana, ben):
        member.does("lesson", "2026-03-02")
        member.does("lesson", "2026-03-03")
        member.does("lesson", "2026-03-09")
    ben.does("member_merged", "2026-03-18", into="ana")

    assert [(lot.name, lot.left, shown(lot.at)) for lot in ana.lots("2026-03-18", "gems")] == [
        ("league:bronze.bonus", 5, "2026-03-03"),
        ("league:bronze.bonus", 5, "2026-03-09"),
    ]


WAITING = """
    wallets:
      points: {expiry: {mode: inactivity, period: P6M, activity: [purchase]}}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}, pending: PENDING}
"""


def test_pending_units_that_a_late_report_revives_wait_on() -> None:
    ana = a_member(WAITING.replace("PENDING", "{until: confirmed}"))
    ana.buys(30, "2026-01-10", id="p1")
    ana.waits("2026-08-01")
    assert ana.wallet("2026-08-01").expired == 30
    ana.buys(1, "2026-05-01", id="p2", received="2026-08-02")

    wallet = ana.wallet("2026-08-02")
    assert (wallet.pending, wallet.spendable, wallet.expired) == (31, 0, 0)
    ana.does("confirmation", "2026-08-03", of="p1")
    assert ana.balance("2026-08-03") == 30


def test_what_was_confirmed_while_it_was_expired_is_spendable_once_revived() -> None:
    ana = a_member(WAITING.replace("PENDING", "{until: confirmed}"))
    ana.buys(30, "2026-01-10", id="p1")
    ana.does("confirmation", "2026-08-01", of="p1")
    assert ana.wallet("2026-08-01").expired == 30
    ana.buys(1, "2026-05-01", id="p2", received="2026-08-02")

    assert ana.balance("2026-08-02") == 30


def test_units_whose_waiting_ended_while_they_were_expired_are_spendable_once_revived() -> None:
    ana = a_member(WAITING.replace("PENDING", "{for: P8M}"))
    ana.buys(30, "2026-01-10", id="p1")
    ana.waits("2026-08-01")
    ana.buys(1, "2026-05-01", id="p2", received="2026-08-02")

    assert ana.wallet("2026-08-02").pending == 31
    assert ana.balance("2026-09-10") == 30

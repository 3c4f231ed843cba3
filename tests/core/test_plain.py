"""Printing and reading are inverse: activities, decisions, standings, whatever they hold."""

import json
from decimal import Decimal

import pytest

from builders import Life, a_line, a_member, an_activity
from guerdon.core.activity import Activity, Value
from guerdon.core.decision import DrawEffect, Effect
from guerdon.core.plain import (
    activity_from_plain,
    activity_to_plain,
    decision_to_plain,
    effects_from_plain,
    explanations_from_plain,
    kept_from_plain,
    page_to_plain,
    postings_from_plain,
    record_to_plain,
    standing_from_plain,
    standing_to_plain,
    value_from_plain,
    value_to_plain,
)
from guerdon.core.standing import PageWrite, Plain, Standing


def stored(found: Plain) -> Plain:
    """Return what a store gives back: lists for tuples, nothing but JSON."""
    return json.loads(json.dumps(found))


@pytest.mark.parametrize(
    "value", ["text", "", Decimal("1.50"), None, ("a", Decimal(2), ("b",)), "007"]
)
def test_a_value_comes_back_as_it_was(value: Value) -> None:
    assert value_from_plain(stored(value_to_plain(value))) == value


@pytest.mark.parametrize(
    "activity",
    [
        an_activity("clock", member=None),
        an_activity(amount="12.34", category="toys", channel="app"),
        an_activity(
            lines=[a_line(5, sku="a", pages=300), a_line("0.05")],
            ref="r1",
            partner="cafe",
            reporter="partner:cafe",
            received="2026-03-05",
            tags=["x", "y"],
        ),
    ],
)
def test_an_activity_comes_back_as_it_was(activity: Activity) -> None:
    assert activity_from_plain(stored(activity_to_plain(activity))) == activity


RICH = """
    wallets: {points: {expiry: {mode: after, period: P1M}}, gems: {}}
    counters: {orders: {activity: purchase}, brands: {activity: purchase, distinct: brand}}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: big, activity: purchase, when: {net: {gte: 1000}}, wallet: points, give: {fixed: 1}}
      - {id: steps, activity: purchase, wallet: gems,
         give: {step: 10.00, points: 1, remainder: carry}}
    ladders:
      status: {counter: orders, window: calendar_year, keep: {until: end_of_next_year},
               tiers: [{id: basic, at: 0}, {id: gold, at: 1}]}
    missions: {m: {activity: purchase, goal: 1, grant: [{wallet: gems, fixed: 3}]}}
    badges: {b: {counter: orders, at: 1}}
    draws: {d: {activity: purchase, seed: s, wallet: gems, table: [{id: all, p: 1, fixed: 2}]}}
    plans: {plus: {period: P1Y}}
    rewards: {mug: {wallet: points, cost: 2, voucher: {valid: P1M}}}
    schedule: {pay: {yearly: ["12-01"], payout: {wallet: gems, min: 1}}}
    book: {value: {points: 0.01}, redemption_rate: 0.9, method: ifrs15, point_value: 0.01}
    """


def rich() -> Life:
    life = a_member(RICH, city="Rome")
    life.does("plan_purchased", "2026-03-01", plan="plus")
    life.buys(25, "2026-03-02", id="p", brand="x", vouchers=None, tags=["a", "b"], weight="1.5")
    life.redeems("mug", "2026-03-03", id="r")
    life.refunds("p", "2026-03-04", amount=3)
    return life


def test_a_standing_comes_back_as_it_was() -> None:
    life = rich()
    printed = standing_to_plain(life.standing)

    again = standing_from_plain(stored(record_to_plain(printed)))

    assert stored(record_to_plain(standing_to_plain(again))) == stored(record_to_plain(printed))
    assert again.wallets == life.standing.wallets
    assert again.ladders == life.standing.ladders
    assert again.missions == life.standing.missions
    assert again.plans == life.standing.plans
    assert again.attrs == {"city": "Rome"}


def test_a_new_standing_comes_back_as_it_was() -> None:
    assert standing_from_plain(stored(standing_to_plain(Standing("ana")))) == Standing("ana")


def test_a_decision_is_printed_with_what_the_journal_keeps() -> None:
    life = rich()
    decision = next(each for each in life.town.decided if each.explanations)

    printed = stored(decision_to_plain(decision))

    assert printed["result"] == "accepted"
    assert effects_from_plain(printed["effects"]) == decision.effects
    assert explanations_from_plain(printed["explanations"]) == decision.explanations
    assert postings_from_plain(printed["postings"]) == decision.postings
    assert [kind for kind, _ in printed["sales"]] == ["sale"]
    assert decision.record is not None
    kept = kept_from_plain(printed["record"]["kept"])
    assert kept == decision.record["kept"]
    assert kept_from_plain(record_to_plain(decision.record["kept"])) == kept


def test_a_refusal_is_printed_with_its_reason_and_nothing_else() -> None:
    life = a_member("wallets: {points: {}}")

    assert decision_to_plain(life.redeems("moon", "2026-03-02")) == {
        "result": "rejected",
        "reason": "unknown_reward",
    }


def test_a_payout_is_printed() -> None:
    life = rich()

    printed = stored(decision_to_plain(life.waits("2026-12-01")))

    assert [payout[0] for payout in printed["payouts"]] == ["gems"]


def test_a_drawn_number_of_64_bits_comes_back_exactly() -> None:
    effect: Effect = DrawEffect("d", 2**64 - 1, "none", None, an_activity().at)
    life = rich()
    decision = life.town.decided[0]
    decision.effects = [effect]

    printed = stored(decision_to_plain(decision))

    assert printed["effects"][0][2] == str(2**64 - 1)
    assert effects_from_plain(printed["effects"]) == [effect]


def test_a_redemption_is_printed_with_its_record() -> None:
    life = rich()
    decision = next(each for each in life.town.decided if each.record and "reward" in each.record)

    assert stored(decision_to_plain(decision))["record"]["reward"] == "mug"


def test_a_number_of_a_databases_own_kind_is_kept_as_it_is() -> None:
    class Long(int):
        """As a driver reads a number of 64 bits."""

    assert record_to_plain({"at": Long(5), "all": [Long(6)]}) == {"at": 5, "all": [6]}
    assert record_to_plain(Long(7)) == 7


def test_a_page_is_printed_with_its_place_and_its_decimals_as_text() -> None:
    page = PageWrite("record", "service/r", "7", {"rate": Decimal("1.50"), "taken": [(1, 2)]})

    printed = page_to_plain(page)

    assert printed[:3] == ("record", "service/r", "7")
    assert stored(printed.value) == {"rate": {"n": "1.5"}, "taken": [[1, 2]]}

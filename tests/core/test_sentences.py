"""Sentences: every effect and every explanation in words, with names, figures and dates."""

import pytest

from builders import a_program, instant
from guerdon.core.decision import (
    BadgeEffect,
    DrawEffect,
    Effect,
    Explanation,
    MissionEffect,
    PointsEffect,
    RedemptionEffect,
    TierEffect,
    VoucherEffect,
)
from guerdon.core.sentences import effect_sentence, explanation_sentence

NOW = instant("2026-03-02")
PROGRAM = a_program("""
    timezone: Europe/Berlin
    wallets: {points: {name: Stars, scale: 1}}
    counters: {spend: {activity: purchase, sum: net}}
    rules:
      - {id: base, name: Base points, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: bare, activity: purchase, wallet: points, give: {rate: 1}}
    ladders:
      status:
        name: Status
        counter: spend
        tiers: [{id: basic, at: 0}, {id: gold, at: 10, name: Gold}]
        keep: {}
    missions: {m: {name: Three visits, activity: visit, goal: 3}}
    badges: {b: {name: First steps, counter: spend, at: 1}}
    rewards: {mug: {name: A mug, wallet: points, cost: 1}}
    """)


def points(how: str, amount: int, wallet: str = "points") -> PointsEffect:
    return PointsEffect(wallet, how, amount, "base", "p", NOW)


@pytest.mark.parametrize(
    ("effect", "sentence"),
    [
        (points("earned", 125), "+12.5 Stars"),
        (points("released", 10), "1.0 Stars can be spent now"),
        (points("reversed", -10), "-1.0 Stars: taken back"),
        (points("expired", -10), "-1.0 Stars: expired"),
        (points("revived", 10), "+1.0 Stars: the expiry was undone"),
        (points("returned", 10), "+1.0 Stars: returned"),
        (points("paid_debt", -10), "1.0 Stars paid what was owed"),
        (points("adjusted", -10), "-1.0 Stars: corrected"),
        (points("sent", -10), "1.0 Stars sent"),
        (points("received", 10), "+1.0 Stars: received"),
        (points("paid_out", -10), "1.0 Stars paid out"),
        (points("earned", 125, "old"), "+125 old"),
        (TierEffect("status", "basic", "gold", None, NOW), "Status: Gold"),
        (TierEffect("status", "gold", "basic", None, NOW), "Status: Basic"),
        (
            TierEffect("status", "basic", "gold", instant("2027-01-01T00:00:00+01:00"), NOW),
            "Status: Gold, until 2026-12-31",
        ),
        (TierEffect("gone", "a", "b", None, NOW), "gone: b"),
        (MissionEffect("m", "active", 2, NOW), "Three visits: 2 of 3"),
        (MissionEffect("m", "completed", 3, NOW), "Three visits completed"),
        (MissionEffect("m", "expired", 3, NOW), "Three visits is over"),
        (MissionEffect("gone", "active", 2, NOW), "gone: 2 of ?"),
        (BadgeEffect("b", NOW), "Badge: First steps"),
        (BadgeEffect("gone", NOW), "Badge: gone"),
        (RedemptionEffect("r", "mug", "issued", 1, 1, NOW), "A mug: redeemed"),
        (RedemptionEffect("r", "mug", "cancelled", 1, 1, NOW), "A mug: cancelled"),
        (RedemptionEffect("r", "gone", "issued", 1, 1, NOW), "gone: redeemed"),
        (DrawEffect("wheel", 1, "won", "big", NOW), "wheel: won big"),
        (DrawEffect("wheel", 1, "pity", "solace", NOW), "wheel: solace, for bad luck"),
        (DrawEffect("wheel", 1, "budget", None, NOW), "wheel: no prize, the budget is spent"),
        (DrawEffect("wheel", 1, "none", None, NOW), "wheel: no prize this time"),
        (VoucherEffect("r", "mug", "issued", None, NOW), "Voucher mug: issued"),
    ],
)
def test_an_effect_is_told_in_one_sentence(effect: Effect, sentence: str) -> None:
    assert effect_sentence(PROGRAM, effect) == sentence


def when(op: str, seen: str = "5", needed: str = "10", field: str = "net") -> Explanation:
    return Explanation("base", False, "when", field, op, seen, needed)


@pytest.mark.parametrize(
    ("explanation", "sentence"),
    [
        (Explanation("base", True, "applied"), "Base points applied."),
        (Explanation("bare", True, "applied"), "Bare applied."),
        (Explanation("gone", True, "applied"), "gone applied."),
        (when("eq"), "Base points asks for net to be 10; it was 5."),
        (when("in", "", "a, b"), "Base points asks for net to be one of a, b; it was nothing."),
        (when("not_in"), "Base points asks for net to be none of 10; it was 5."),
        (when("ne"), "Base points asks for net not to be 10; it was 5."),
        (when("gte"), "Base points asks for net to be at least 10; it was 5."),
        (when("gt"), "Base points asks for net to be more than 10; it was 5."),
        (when("lte"), "Base points asks for net to be at most 10; it was 5."),
        (when("lt"), "Base points asks for net to be less than 10; it was 5."),
        (when("from"), "Base points asks for net to be 10 or later; it was 5."),
        (when("to"), "Base points asks for net to be 10 or earlier; it was 5."),
        (when("exists", "", "true"), "Base points asks for net to be there; it was nothing."),
        (when("exists", "5", "false"), "Base points asks for net to be absent; it was 5."),
        (
            Explanation("base", False, "lines", "lines", "in", "", "sku eq a"),
            "Base points asks for a line with sku eq a; there was none.",
        ),
        (
            Explanation("base", False, "tier", "status", "in", "basic", "gold"),
            "Base points gives nothing at basic; it does at gold.",
        ),
        (
            Explanation("base", False, "limit", "limit", "lte", "0", "5"),
            "Base points has reached its limit.",
        ),
        (
            Explanation("base", False, "best_of", "bare", "gte", "1", "2"),
            "Base points gave way to bare, which gives more.",
        ),
        (
            Explanation("base", False, "referrer"),
            "Base points asks for a member who referred this one; there is none.",
        ),
        (Explanation("base", False, "amount"), "Base points comes to nothing here."),
    ],
)
def test_an_explanation_is_told_in_one_sentence(explanation: Explanation, sentence: str) -> None:
    assert explanation_sentence(PROGRAM, explanation) == sentence


def test_a_date_is_the_last_business_day_on_which_it_holds() -> None:
    casino = a_program("""
        timezone: Europe/Berlin
        day_start: "06:00"
        counters: {spend: {activity: purchase, sum: net}}
        ladders:
          status: {name: Status, counter: spend, keep: {},
                   tiers: [{id: basic, at: 0}, {id: gold, at: 10, name: Gold}]}
        """)
    effect = TierEffect("status", "basic", "gold", instant("2027-01-01T06:00:00+01:00"), NOW)

    assert effect_sentence(casino, effect) == "Status: Gold, until 2026-12-31"

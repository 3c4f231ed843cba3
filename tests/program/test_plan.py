"""What publishing would change: nothing left out, nothing made up, in sentences and figures."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guerdon.core.program import Program
from guerdon.program.load import load
from guerdon.program.plan import Change, plan

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    path
    for path in sorted((ROOT / "examples").glob("*.yaml"))
    if not path.name.endswith(".scenario.yaml")
]

SHOP = """
program:
  id: shop
  name: Shop
  money: {unit: USD, scale: 2}
  wallets:
    points: {name: Points, expiry: {mode: after, period: P12M}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 3}, limit: {points: 90, per: day}}
    - {id: visit, activity: visit, wallet: points, give: {fixed: 10}}
  counters:
    spent: {activity: purchase, sum: net, window: calendar_year}
  ladders:
    status:
      counter: spent
      tiers: [{id: silver, at: 100}, {id: gold, at: 500.00}]
  missions:
    tour: {activity: visit, goal: 3, grant: [{wallet: points, fixed: 40}]}
  rewards:
    mug: {wallet: points, cost: 100, stock: 5}
  accept:
    - {activity: purchase, when: {country: US}, reason: elsewhere}
"""


def program(text: str) -> Program:
    loaded = load(text)
    assert loaded.program is not None, loaded.mistakes
    return loaded.program


def the_change(old: str, new: str) -> Change:
    assert old in SHOP
    (change,) = plan(program(SHOP), program(SHOP.replace(old, new)))
    return change


def test_a_first_version_changes_nothing() -> None:
    assert plan(None, program(SHOP)) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_version_and_itself_have_no_difference(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert plan(program(text), program(text)) == []


@pytest.mark.parametrize(
    ("old", "new", "path", "sentence", "worse_off"),
    [
        (
            "rate: 3",
            "rate: 2",
            "program.rules.base.give.rate",
            (
                "Rule base gives 2 Points per USD instead of 3: "
                "members earn a third less from then on."
            ),
            True,
        ),
        (
            "fixed: 10",
            "fixed: 20",
            "program.rules.visit.give.fixed",
            "Rule visit gives 20 Points instead of 10: members earn twice as much from then on.",
            False,
        ),
        (
            "limit: {points: 90",
            "limit: {points: 60",
            "program.rules.base.limit.points",
            "Rule base: `limit.points` becomes 60 instead of 90.",
            True,
        ),
        (
            "period: P12M",
            "period: P18M",
            "program.wallets.points.expiry.period",
            (
                "Wallet points: units earned from then on last P18M instead of P12M; those that "
                "members hold keep their dates."
            ),
            False,
        ),
        (
            "at: 500.00",
            "at: 750.5",
            "program.ladders.status.tiers.gold.at",
            (
                "Tier gold of status needs 750.5 instead of 500. "
                "Who holds it keeps it until the next review."
            ),
            True,
        ),
        (
            "goal: 3",
            "goal: 2",
            "program.missions.tour.goal",
            "Mission tour needs 2 instead of 3. More members reach it.",
            False,
        ),
        (
            "fixed: 40",
            "fixed: 50",
            "program.missions.tour.grant",
            (
                "Mission tour: `grant` becomes [{wallet: points, points: 50, as_name: bonus}] "
                "instead of [{wallet: points, points: 40, as_name: bonus}]."
            ),
            False,
        ),
        (
            "cost: 100",
            "cost: 125",
            "program.rewards.mug.cost",
            "Reward mug costs 125 Points instead of 100: a quarter more.",
            True,
        ),
        (
            "{country: US}",
            "{country: US, channel: web}",
            "program.accept.elsewhere.when",
            (
                "Accept rule elsewhere: `when` becomes {country: {eq: US}, channel: {eq: web}} "
                "instead of {country: {eq: US}}."
            ),
            True,
        ),
        (
            "name: Shop",
            "name: The shop",
            "program.name",
            "Program is shown otherwise: its name changes.",
            False,
        ),
    ],
)
def test_a_change_is_told_in_figures_with_whom_it_makes_worse_off(
    old: str, new: str, path: str, sentence: str, *, worse_off: bool
) -> None:
    change = the_change(old, new)
    assert (change.path, change.sentence, change.worse_off) == (path, sentence, worse_off)
    assert not change.is_refused


def test_what_is_removed_is_told_with_what_stays() -> None:
    change = the_change("    mug: {wallet: points, cost: 100, stock: 5}", "    {}")
    assert change.path == "program.rewards.mug"
    assert change.before == {
        "id": "mug",
        "name": "Mug",
        "wallet": "points",
        "cost": "100",
        "any_points": "0",
        "any_value": "0",
        "stock": "5",
        "per_member_per": "lifetime",
        "has_voucher": False,
        "final": False,
        "stocked_by_partner": False,
    }
    assert change.after is None
    assert change.sentence == (
        "Reward mug is removed. Nobody can take it any more; vouchers that were issued stay good."
    )
    assert change.worse_off


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("{name: Points,", "{name: Points, scale: 2,", "program.wallets.points.scale"),
        ("sum: net, window", "window", "program.counters.spent.measure"),
        ("window: calendar_year", "window: lifetime", "program.counters.spent.window"),
        ("{activity: visit, goal", "{activity: review, goal", "program.missions.tour.measure"),
        ("name: Shop", "name: Shop\n  timezone: Europe/Paris", "program.timezone"),
    ],
)
def test_another_meaning_under_the_same_id_is_refused_with_the_remedy(
    old: str, new: str, path: str
) -> None:
    changes = plan(program(SHOP), program(SHOP.replace(old, new)))
    refused = [change for change in changes if change.is_refused]
    assert path in [change.path for change in refused]
    remedy = "Publish another program." if path == "program.timezone" else "Take a new id"
    assert all(remedy in change.sentence for change in refused)


def test_figures_that_only_stand_in_other_minor_units_are_no_change() -> None:
    changes = plan(
        program(SHOP), program(SHOP.replace("{name: Points,", "{name: Points, scale: 2,"))
    )
    assert [change.path for change in changes] == ["program.wallets.points.scale"]


def test_rules_in_another_order_are_a_change() -> None:
    first, second = re.findall(r"    - \{id: (?:base|visit).*\n", SHOP)
    change = the_change(first + second, second + first)
    assert (change.path, change.before, change.after) == (
        "program.rules",
        ["base", "visit"],
        ["visit", "base"],
    )


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a program and the same with a figure, a word or a line changed."""
    text = _text(draw(st.sampled_from(EXAMPLES)))
    kind = draw(st.sampled_from(["figure", "word", "line"]))
    if kind == "line":
        lines = text.splitlines(keepends=True)
        gone = draw(st.integers(0, len(lines) - 1))
        return text, "".join(lines[:gone] + lines[gone + 1 :])
    pattern = r"\b\d+(\.\d+)?\b" if kind == "figure" else r"\b[a-z_]{3,}\b"
    found = draw(st.sampled_from(list(re.finditer(pattern, text))))
    fresh = str(draw(st.integers(0, 2_000))) if kind == "figure" else f"{found.group()}_new"
    return text, text[: found.start()] + fresh + text[found.end() :]


@given(mutations())
def test_a_plan_is_empty_exactly_where_nothing_differs(texts: tuple[str, str]) -> None:
    before, after = program(texts[0]), load(texts[1]).program
    if after is None:
        return
    changes = plan(before, after)
    assert (changes == []) == (before == after)
    assert (plan(after, before) == []) == (before == after)
    for change in changes:
        assert change.sentence.endswith(".")
        assert change.path.startswith("program.")
        assert json.loads(json.dumps([change.before, change.after])) == [
            change.before,
            change.after,
        ]
    assert len({change.path for change in changes}) == len(changes)


LODGE = """
program:
  id: lodge
  name: Lodge
  money: {unit: USD, scale: 2}
  max_age: P60D
  wallets:
    points: {name: Points, expiry: {mode: after, period: P12M}}
    stars: {name: Stars, expiry: {mode: never}}
    hearts: {name: Hearts, expiry: {mode: inactivity, period: P1Y, activity: stay}}
  rules:
    - id: nights
      activity: stay
      wallet: points
      give: {unit: nights, points: 2, min: 3}
      pending: {for: P1M}
    - id: spent
      activity: purchase
      wallet: points
      by_tier: {ladder: club, tiers: {silver: {rate: 1}, limit: {rate: 2}, name: {rate: 3}}}
  counters:
    stays: {activity: stay}
  ladders:
    club:
      counter: stays
      tiers: [{id: silver, at: 1}, {id: limit, at: 3}, {id: name, at: 5}, {id: top, at: 9}]
  missions:
    tour: {activity: stay, goal: 3, grant: [{wallet: points, fixed: 40}]}
  rewards:
    spa:
      name: Spa
      wallet: points
      cost: 100
      stock_per: {times: 5, per: day}
      gives: {wallet: points, points: 10}
      texts: {de: {name: Bad}}
    pass: {wallet: points, cost: 10, voucher: {}}
    pool:
      wallet: points
      cost: 10
      visible: {from: "2026-02-01T00:00:00Z", to: "2027-01-01T00:00:00Z"}
  draws:
    wheel: {activity: stay, seed: s, wallet: points, table: [{id: a, p: 0.1, fixed: 5}]}
  plans:
    plus: {name: Plus}
"""


def both_ways(old: str, new: str) -> tuple[bool, bool]:
    """Tell whether somebody is worse off by a change, and by the way back."""
    assert LODGE.count(old) == 1
    before, after = program(LODGE), program(LODGE.replace(old, new))
    (change,), (back,) = plan(before, after), plan(after, before)
    return change.worse_off, back.worse_off


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("min: 3", "min: 4"),
        ("times: 5", "times: 6"),
        ("points: 10", "points: 11"),
        ("max_age: P60D", "max_age: P3M"),
        ("for: P1M", "for: P28D"),
        ("period: P12M", "period: P366D"),
        ("period: P12M", "period: P13M"),
    ],
)
def test_what_gives_more_makes_nobody_worse_off_and_the_way_back_somebody(
    less: str, more: str
) -> None:
    assert both_ways(less, more) == (False, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("period: P12M", "period: P1Y1D"),
        ("period: P12M", "period: P370D"),
        ("period: P13M", "period: P398D"),
    ],
)
def test_a_period_in_days_is_longer_than_one_in_months_where_it_always_is(
    old: str, new: str
) -> None:
    texts = [LODGE.replace("period: P12M", each) for each in (old, new)]
    (change,), (back,) = (plan(program(texts[a]), program(texts[b])) for a, b in ((0, 1), (1, 0)))
    assert (change.worse_off, back.worse_off) == (False, True)


@pytest.mark.parametrize(("one", "other"), [("P1M", "P30D"), ("P13M", "P395D"), ("P4Y", "P1461D")])
def test_where_the_calendar_says_which_period_is_longer_somebody_may_be_worse_off(
    one: str, other: str
) -> None:
    texts = [LODGE.replace("period: P12M", f"period: {each}") for each in (one, other)]
    (change,), (back,) = (plan(program(texts[a]), program(texts[b])) for a, b in ((0, 1), (1, 0)))
    assert change.worse_off
    assert back.worse_off


@pytest.mark.parametrize(
    ("without", "with_"),
    [
        ("goal: 3, grant", "goal: 3, opt_in: true, grant"),
        ("goal: 3, grant", "goal: 3, late: P3D, grant"),
        ("voucher: {}", "voucher: {valid: P30D}"),
        ("voucher: {}", "voucher: {}, cancel_within: P7D"),
        ("table: [", "budget: {points: 9, per: lifetime}, table: ["),
        ("expiry: {mode: never}", "expiry: {mode: after, period: P9Y}"),
        ("plus: {", "plus: {period: P1Y, "),
        ("voucher: {}", 'voucher: {}, visible: {from: "2026-01-01T00:00:00Z"}'),
        ("voucher: {}", 'voucher: {}, visible: {to: "2026-01-01T00:00:00Z"}'),
    ],
)
def test_a_bound_that_goes_makes_nobody_worse_off_and_one_that_comes_somebody(
    without: str, with_: str
) -> None:
    assert both_ways(without, with_) == (True, False)


@pytest.mark.parametrize(
    ("without", "with_"),
    [
        ("voucher: {}", "voucher: {}, grace: P7D"),
        ("limit: {rate: 2}, name: {rate: 3}", "limit: {rate: 2}, name: {rate: 3}, top: {rate: 1}"),
        ("activity: stay}}", "activity: [stay, purchase]}}"),
        ('from: "2026-02-01', 'from: "2026-01-01'),
        ('to: "2027-01-01', 'to: "2027-02-01'),
    ],
)
def test_what_is_given_beside_makes_nobody_worse_off_and_where_it_goes_somebody(
    without: str, with_: str
) -> None:
    assert both_ways(without, with_) == (False, True)


def test_a_comfort_that_is_new_makes_nobody_worse_off_and_one_that_goes_somebody() -> None:
    pitied = LODGE.replace("table: [", "pity: {after: 3, fixed: 2}, table: [")
    for old, new, worse_off in ((LODGE, pitied, False), (pitied, LODGE, True)):
        assert {change.worse_off for change in plan(program(old), program(new))} == {worse_off}


@pytest.mark.parametrize("tier", ["{id: new, at: 2}, {id: limit", "{id: new, at: 4}, {id: name"])
def test_a_new_tier_takes_from_whoever_reaches_it_what_the_one_below_had(tier: str) -> None:
    (change,) = plan(program(LODGE), program(LODGE.replace(tier.partition("}, ")[2], tier, 1)))
    assert change.worse_off
    assert change.sentence == (
        "Tier new of club is new. Who reaches it holds the one below no more, and gets nothing "
        "that is for that one."
    )


def test_what_is_said_in_another_language_makes_nobody_worse_off() -> None:
    two = "{de: {name: Bad}, fr: {name: Bain}}"
    assert both_ways("{de: {name: Bad}}", two) == (False, False)


def test_a_tier_that_is_called_like_a_field_is_a_tier() -> None:
    old = "silver: {rate: 1}, limit: {rate: 2}, name: {rate: 3}"
    for new in ("silver: {rate: 1}, limit: {rate: 2}", "silver: {rate: 1}, name: {rate: 3}"):
        assert both_ways(old, new)[0]

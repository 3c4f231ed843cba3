"""The catalogue: when a reward is to be had, at which price, how many, and what it brings."""

import pytest

from builders import Life, a_member, a_town

PROGRAM = """
    wallets:
      points: {{}}
      miles: {{}}
    ladders:
      status: {{counter: visits, tiers: [{{id: blue, at: 0}}, {{id: gold, at: 1}}]}}
    counters: {{visits: {{activity: purchase}}}}
    rewards: {{mug: {{wallet: points, {reward}}}}}
"""


def rich(reward: str) -> Life:
    """Return a member with 100 points and 100 miles."""
    life = a_member(PROGRAM.format(reward=reward))
    for wallet in ("points", "miles"):
        life.does("adjustment", "2026-03-01", wallet=wallet, points=100)
    return life


def offered(life: Life, at: str) -> list[tuple[str, str, int | None]]:
    return [(it.availability, it.wallet, it.cost) for it in life.view(at).offers()]


@pytest.mark.parametrize(
    ("at", "shown", "reason"),
    [
        ("2026-04-30", [], "not_yet"),
        ("2026-05-01", ["not_yet"], "not_yet"),
        ("2026-05-02", ["available"], None),
        ("2026-05-03", ["ended"], "ended"),
        ("2026-05-04", [], "ended"),
    ],
)
def test_a_reward_is_seen_and_taken_within_its_spans(
    at: str, shown: list[str], reason: str | None
) -> None:
    life = rich(
        "cost: 30,"
        ' visible: {from: "2026-05-01T00:00:00Z", to: "2026-05-04T00:00:00Z"},'
        ' redeemable: {from: "2026-05-02T00:00:00Z", to: "2026-05-03T00:00:00Z"}'
    )

    assert [it[0] for it in offered(life, at)] == shown
    assert life.redeems("mug", at).reason == reason


def test_the_first_price_that_fits_the_member_counts() -> None:
    life = rich("cost: 30, prices: [{cost: 20, when: {status: gold}}]")
    before = offered(life, "2026-03-02")
    life.does("purchase", "2026-03-02", amount="1.00")
    after = offered(life, "2026-03-03")
    life.redeems("mug", "2026-03-03", qty=2)

    assert before == [("available", "points", 30)]
    assert after == [("available", "points", 20)]
    assert life.balance("2026-03-03") == 60


def test_another_wallet_pays_where_the_redemption_names_it() -> None:
    life = rich("cost: 30, prices: [{wallet: miles, cost: 70}]")
    assert offered(life, "2026-03-02") == [("available", "points", 30)]
    life.redeems("mug", "2026-03-02", id="r", wallet="miles")
    assert life.wallet("2026-03-02", "miles").spendable == 30
    assert life.balance("2026-03-02") == 100
    life.does("redemption_cancelled", "2026-03-03", of="r")

    assert life.wallet("2026-03-03", "miles").spendable == 100
    assert life.redeems("mug", "2026-03-04", wallet="moons").reason == "unknown_price"
    assert rich("cost: 30").redeems("mug", "2026-03-02", wallet="miles").reason == "unknown_price"


def test_a_period_has_its_own_stock_and_a_cancellation_gives_it_back() -> None:
    town = a_town(PROGRAM.format(reward="cost: 10, stock: 3, stock_per: {times: 1, per: day}"))
    ana, bob = a_member(town), a_member(town, name="bob")
    for life in (ana, bob):
        life.does("adjustment", "2026-03-01", wallet="points", points=100)

    assert ana.redeems("mug", "2026-03-02", id="a").reason is None
    assert bob.redeems("mug", "2026-03-02").reason == "out_of_stock"
    ana.does("redemption_cancelled", "2026-03-02", of="a")
    assert bob.redeems("mug", "2026-03-02").reason is None
    assert ana.redeems("mug", "2026-03-03").reason is None
    assert bob.redeems("mug", "2026-03-04").reason is None
    assert ana.redeems("mug", "2026-03-05").reason == "out_of_stock"


def test_a_reward_of_units_brings_them_and_a_cancellation_takes_them_back() -> None:
    life = rich("kind: points, cost: 10, gives: {wallet: miles, points: 25}")
    life.redeems("mug", "2026-03-02", id="r", qty=2)
    assert life.wallet("2026-03-02", "miles").spendable == 150
    assert life.balance("2026-03-02") == 80
    life.does("redemption_cancelled", "2026-03-03", of="r")

    assert life.wallet("2026-03-03", "miles").spendable == 100
    assert life.balance("2026-03-03") == 100

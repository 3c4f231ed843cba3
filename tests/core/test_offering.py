"""A partner stocks its own rewards, and takes them on and off sale."""

from dataclasses import replace

import pytest

from builders import Given, Town, a_member, a_town, an_activity, value
from guerdon.core.decision import Claim, Decision
from guerdon.program.load import load

SHOP = """
    wallets: {points: {}}
    partners: {inn: {}, spa: {}}
    rewards:
      night: {wallet: points, cost: 10, partner: inn, stock: 1, stocked_by: partner}
      dinner: {wallet: points, cost: 10, partner: inn, stock: 1}
      walk: {wallet: points, cost: 10, partner: inn}
      mug: {wallet: points, cost: 10, stock: 1}
"""
INN, SPA, OWNER = "partner:inn", "partner:spa", "service"


def reports(town: Town, kind: str, reporter: str = INN, **data: Given) -> Decision:
    town.count += 1
    return town.decide(
        replace(
            an_activity(kind, "2026-03-02", id=f"s{town.count}", member=None, reporter=reporter),
            data={name: value(each) for name, each in data.items()},
        )
    )


def takes(town: Town, item: str = "night", qty: int = 1) -> str | None:
    """Let a new member take a reward, and return why not."""
    town.count += 1
    life = a_member(town, name=f"m{town.count}")
    life.does("adjustment", "2026-03-01", wallet="points", points=1_000)
    return life.redeems(item, "2026-03-03", qty=qty).reason


def test_what_is_added_can_be_taken() -> None:
    town = a_town(SHOP)
    assert (takes(town), takes(town)) == (None, "out_of_stock")

    added = reports(town, "reward_stocked", item="night", add=2)

    assert added.releases == [Claim("stock", "night", 2, 1)]
    assert [takes(town) for _ in range(3)] == [None, None, "out_of_stock"]


def test_what_is_left_can_be_taken_out_and_nothing_more() -> None:
    town = a_town(SHOP)

    assert reports(town, "reward_stocked", item="dinner", add=-2).reason == "out_of_stock"
    assert reports(town, "reward_stocked", item="dinner", add=-1).result == "accepted"
    assert takes(town, "dinner") == "out_of_stock"


@pytest.mark.parametrize(
    ("item", "add", "reporter", "reason"),
    [
        ("dinner", 1, INN, "not_stocked"),  # its stock is the program's to say
        ("dinner", 1, OWNER, None),
        ("walk", 1, INN, "not_stocked"),  # there is no end of it
        ("night", 1, SPA, "unknown_reward"),
        ("mug", 1, INN, "unknown_reward"),
        ("never", 1, INN, "unknown_reward"),
        ("night", 0, INN, "invalid_quantity"),
        ("night", "1.5", INN, "invalid_quantity"),
        ("night", "many", INN, "invalid_quantity"),
        ("night", 1_000_001, INN, "invalid_quantity"),
    ],
)
def test_what_a_partner_may_not_add(
    item: str, add: Given, reporter: str, reason: str | None
) -> None:
    decision = reports(a_town(SHOP), "reward_stocked", reporter, item=item, add=add)

    assert decision.reason == reason
    assert bool(decision.releases) is (reason is None)


def test_what_is_off_sale_cannot_be_taken_until_it_is_on_again() -> None:
    town = a_town(SHOP)

    for _ in range(2):
        assert reports(town, "reward_offered", item="night", on_sale=False).result == "accepted"
    assert takes(town) == "off_sale"
    assert takes(town, "dinner") is None
    for _ in range(2):
        assert reports(town, "reward_offered", item="night", on_sale=True).result == "accepted"
    assert takes(town) is None
    assert town.used["on_sale", "night"] == 0


def test_another_partners_rewards_stay_where_they_are() -> None:
    town = a_town(SHOP)

    for item in ("night", "mug", "never"):
        decision = reports(town, "reward_offered", SPA, item=item, on_sale=False)
        assert decision.reason == "unknown_reward"
    assert takes(town) is None


def test_stock_that_a_partner_adds_to_must_be_there() -> None:
    text = "program: {id: p, wallets: {a: {}}, partners: {x: {}}, rewards: {r: %s}}"

    def said(terms: str) -> str:
        found = load(text % f"{{wallet: a, cost: 1, {terms}}}")
        return " ".join(it.message for it in found.mistakes)

    assert "no stock that a partner" in said("stocked_by: partner")
    assert "no stock that a partner" in said("stocked_by: partner, partner: x")
    assert said("stocked_by: partner, partner: x, stock: 0") == ""
    assert "There are none" in said("stocked_by: program, partner: x, stock: 0")

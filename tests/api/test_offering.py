"""A partner's key stocks its own rewards and takes them on and off sale; another's are nothing."""

from typing import Any

import pytest

from api.shop import DOCUMENT, Shop
from api.test_redeeming import redeem
from api.test_vouchers import another_partner
from guerdon.engine import publish
from guerdon.engine.verify import verify

COFFEE = "cost: 5, partner: cafe,"
STOCK = """mutation($i: StockRewardInput!) { it: stockReward(input: $i) {
    added reward { stock onSale } problems { code path } } }"""
OFFER = """mutation($i: OfferRewardInput!) { it: offerReward(input: $i) {
    reward { slug onSale } problems { code path } } }"""


@pytest.fixture
async def rich(shop: Shop) -> Shop:
    """A shop where ada has 125 stars, and the cafe has said that there is no coffee yet."""
    text = DOCUMENT.format(id=shop.program)
    assert COFFEE in text
    stocked = f"{COFFEE} stock: 0, stocked_by: partner,"
    await publish.publish(shop.world, text.replace(COFFEE, stocked))
    await shop.enroll("ada")
    await shop.buy("ada", "100.00", "p1")
    return shop


async def tell(shop: Shop, document: str, token: str = "partner", **input_: Any) -> Any:
    return (await shop.get(token, document, i={"reward": "coffee", **input_}))["it"]


async def take(shop: Shop, id_: str) -> str:
    found = await redeem(shop, reward="coffee", redemptionId=id_)
    return str(found["problems"][0]["code"] if found["problems"] else found["redemption"]["state"])


async def offered(shop: Shop) -> str:
    found = await shop.get(
        "service",
        """{ member(ref: {externalId: "ada"}) { rewards { edges { node {
            reward { slug } availability } } } } }""",
    )
    edges = [it["node"] for it in found["member"]["rewards"]["edges"]]
    (state,) = [it["availability"] for it in edges if it["reward"]["slug"] == "coffee"]
    return str(state)


async def test_what_a_partner_adds_can_be_taken_and_what_is_left_taken_out(rich: Shop) -> None:
    assert (await offered(rich), await take(rich, "r0")) == ("OUT_OF_STOCK", "OUT_OF_STOCK")

    added = await tell(rich, STOCK, add=3)
    by_id = [await tell(rich, STOCK, add=1, activityId="fourth") for _ in range(2)]

    assert added == {"added": 3, "reward": {"stock": 3, "onSale": True}, "problems": []}
    assert [it["reward"]["stock"] for it in by_id] == [4, 4]
    assert await take(rich, "r1") == "ISSUED"
    assert (await tell(rich, STOCK, add=-4))["problems"][0]["code"] == "OUT_OF_STOCK"
    assert (await tell(rich, STOCK, add=-3))["reward"]["stock"] == 0
    assert await take(rich, "r2") == "OUT_OF_STOCK"
    assert (await verify(rich.world, rich.program)).offences == ()


async def test_off_sale_nobody_can_take_it_and_on_sale_everybody(rich: Shop) -> None:
    await tell(rich, STOCK, add=9)
    for on_sale, state, answer in (
        (False, "OFF_SALE", "OFF_SALE"),
        (False, "OFF_SALE", "OFF_SALE"),
        (True, "AVAILABLE", "ISSUED"),
        (False, "OFF_SALE", "OFF_SALE"),
        (True, "AVAILABLE", "ISSUED"),
    ):
        told = await tell(rich, OFFER, onSale=on_sale)
        assert told == {"reward": {"slug": "coffee", "onSale": on_sale}, "problems": []}
        assert await offered(rich) == state
        assert await take(rich, f"r{on_sale}{state}{rich.world.next_order()}") == answer
    assert (await verify(rich.world, rich.program)).offences == ()


async def test_nobody_else_and_nothing_else(rich: Shop) -> None:
    deli = await another_partner(rich)

    for document, input_ in ((STOCK, {"add": 1}), (OFFER, {"onSale": False})):
        for token, reward in ((deli, "coffee"), ("partner", "mug"), ("partner", "never")):
            refused = await tell(rich, document, token, reward=reward, **input_)
            assert refused["problems"] == [{"code": "NOT_FOUND", "path": ["reward"]}]
        assert await rich.code("service", document, i={"reward": "coffee", **input_}) == "FORBIDDEN"
    (stolen, closed) = (
        await rich.record(
            {"activityId": "s1", "type": "reward_stocked", "data": {"item": "coffee", "add": 1}},
            {"activityId": "s2", "type": "reward_offered",
             "data": {"item": "coffee", "on_sale": False}},
            token=deli,
        )
    )["receipts"]  # fmt: skip
    assert {stolen["reason"], closed["reason"]} == {"unknown_reward"}
    assert (await tell(rich, STOCK, add=1))["reward"] == {"stock": 1, "onSale": True}
    both = await tell(rich, STOCK, add=1, codes=["A"])
    assert both["problems"] == [{"code": "INVALID_INPUT", "path": ["codes"]}]
    nothing = await tell(rich, STOCK)
    assert nothing["problems"] == both["problems"]

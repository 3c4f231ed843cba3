from typing import Any

from api.shop import DOCUMENT, Shop
from guerdon.engine import publish

MUG = "mug: {name: Mug, description: Holds coffee., wallet: stars, cost: 10, stock: 1}"
RICHER = """mug:
      name: Mug
      description: Holds coffee.
      kind: physical
      image: https://example.com/mug.png
      wallet: stars
      cost: 10
      prices: [{cost: 6, when: {status: gold}}, {wallet: miles, cost: 3}]
      stock: 5
      stock_per: {times: 2, per: lifetime}
      texts: {de: {name: Becher}, de-CH: {name: Tasse}}
    later: {wallet: stars, cost: 1, redeemable: {from: "2999-01-01T00:00:00Z"}}
    hidden: {wallet: stars, cost: 1, visible: {from: "2999-01-01T00:00:00Z"}}"""


async def stocked(shop: Shop) -> Shop:
    """Publish the shop's program with a richer catalogue; ada has 25 stars and 5 miles."""
    await publish.publish(shop.world, DOCUMENT.format(id=shop.program).replace(MUG, RICHER))
    await shop.enroll("ada")
    await shop.buy("ada", "20.00", "p1")
    survey = {"activityId": "s1", "type": "survey", "member": {"externalId": "ada"}}
    await shop.record(survey)
    return shop


async def test_a_reward_shows_kind_prices_stock_spans_and_texts(shop: Shop) -> None:
    await stocked(shop)
    found = await shop.get(
        "service",
        """{ reward(slug: "mug") { kind stock prices { wallet cost limited }
            at: text(languages: ["fr", "de-AT"]) { language name description imageUrl }
            ch: text(languages: ["de-CH"]) { name } fr: text(languages: ["fr"]) { language name } }
          later: reward(slug: "later") { startsAt endsAt } }""",
    )

    assert found["reward"] == {
        "kind": "PHYSICAL",
        "stock": 2,
        "prices": [
            {"wallet": "stars", "cost": "6.00", "limited": True},
            {"wallet": "miles", "cost": "3", "limited": False},
            {"wallet": "stars", "cost": "10.00", "limited": False},
        ],
        "at": {
            "language": "de",
            "name": "Becher",
            "description": "Holds coffee.",
            "imageUrl": "https://example.com/mug.png",
        },
        "ch": {"name": "Tasse"},
        "fr": {"language": None, "name": "Mug"},
    }
    assert found["later"] == {"startsAt": "2999-01-01T00:00:00.000Z", "endsAt": None}


async def test_a_member_sees_what_is_visible_and_why_it_cannot_be_taken(shop: Shop) -> None:
    await stocked(shop)
    query = "{ rewards { edges { node { slug } } } }"
    member = await shop.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
    token = await shop.token(member["member"]["id"])
    own = await shop.get(token, query)
    owners = await shop.get("service", query)
    offers = await shop.get(
        token,
        """{ me { rewards { edges { node {
            reward { slug } wallet cost availability missing } } } } }""",
    )
    by_slug = {
        it["node"].pop("reward")["slug"]: it["node"] for it in offers["me"]["rewards"]["edges"]
    }

    assert {it["node"]["slug"] for it in owners["rewards"]["edges"]} == {
        "cake", "coffee", "hidden", "later", "mug",
    }  # fmt: skip
    assert {it["node"]["slug"] for it in own["rewards"]["edges"]} == {
        "cake", "coffee", "later", "mug",
    }  # fmt: skip
    assert set(by_slug) == {"cake", "coffee", "later", "mug"}
    assert by_slug["later"]["availability"] == "NOT_YET"
    assert by_slug["mug"] == {
        "wallet": "stars", "cost": "10.00", "availability": "AVAILABLE", "missing": "0.00",
    }  # fmt: skip


async def test_a_member_pays_from_the_wallet_that_is_named(shop: Shop) -> None:
    await stocked(shop)

    async def redeem(id_: str, **more: Any) -> Any:
        data = await shop.get(
            "service",
            """mutation($i: RedeemRewardInput!) { redeemReward(input: $i) {
                redemption { cost wallet } problems { code ... on InsufficientPoints {
                held needed } } } }""",
            i={"redemptionId": id_, "member": {"externalId": "ada"}, "reward": "mug", **more},
        )
        return data["redeemReward"]

    first = await redeem("r1", wallet="miles")
    second = await redeem("r2", wallet="miles")
    third = await redeem("r3")
    fourth = await redeem("r4")

    assert first["redemption"] == {"cost": "3", "wallet": "miles"}
    assert second["problems"] == [{"code": "INSUFFICIENT_POINTS", "held": "2", "needed": "3"}]
    assert third["redemption"] == {"cost": "10.00", "wallet": "stars"}
    assert fourth["problems"] == [{"code": "OUT_OF_STOCK"}]

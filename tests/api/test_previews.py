"""What an activity would do: as the real one does it, and without a trace."""

from typing import Any

from pymongo import MongoClient

from api.shop import Shop
from guerdon.settings import Settings

FIELDS = """result reason problems { __typename code path }
  effects { __typename summary ... on PointsEffect { wallet amount rule } }
  explanation { rule applied sentence }"""
PURCHASE = {"activityId": "p1", "type": "purchase", "member": {"externalId": "ada"}, "amount": "60"}


async def preview(shop: Shop, *, token: str = "service", **activity: Any) -> dict[str, Any]:
    data = await shop.get(
        token,
        f"query($a: ActivityInput!) {{ previewActivity(activity: $a) {{ {FIELDS} }} }}",
        a={**PURCHASE, **activity},
    )
    found: dict[str, Any] = data["previewActivity"]
    return found


def stored(client: MongoClient[dict[str, Any]], settings: Settings) -> dict[str, list[Any]]:
    """Return everything there is."""
    database = client[settings.mongo_database]
    return {
        name: sorted(map(repr, database[name].find())) for name in database.list_collection_names()
    }


async def test_a_preview_shows_what_the_same_activity_then_does(shop: Shop) -> None:
    await shop.enroll("ada")
    shown = await preview(shop)
    await shop.buy("ada", "60", "p1")
    data = await shop.get(
        "service",
        '{ activity(activityId: "p1") { result reason'
        " effects { __typename summary ... on PointsEffect { wallet amount rule } }"
        " explanation { rule applied sentence } } }",
    )

    assert shown.pop("problems") == []
    assert shown == data["activity"]
    assert [it["amount"] for it in shown["effects"] if "amount" in it] == ["75.00", "10"]
    assert {it["rule"]: it["applied"] for it in shown["explanation"]}["base"]


async def test_a_preview_leaves_no_trace(
    shop: Shop, mongo_client: MongoClient[dict[str, Any]], settings: Settings
) -> None:
    await shop.enroll("ada")
    await shop.buy("ada", "60", "p0")
    await shop.workers.rest()
    before = stored(mongo_client, settings)
    redemption: dict[str, Any] = {"type": "redemption", "amount": None, "data": {"item": "mug"}}
    await preview(shop)
    taken = await preview(shop, activityId="r1", **redemption)
    await preview(shop, member={"externalId": "nobody"})
    await preview(
        shop,
        activityId="e1",
        type="enrollment",
        member={"externalId": "new"},
        amount=None,
    )
    await preview(
        shop,
        activityId="l1",
        type="identity_linked",
        amount=None,
        data={"scheme": "card", "value": "77"},
    )
    await preview(shop, activityId="k1", member={"identity": {"scheme": "card", "value": "77"}})

    assert taken["result"] == "ACCEPTED"
    assert "RedemptionEffect" in {it["__typename"] for it in taken["effects"]}
    assert stored(mongo_client, settings) == before


async def test_the_last_one_is_shown_to_all_who_ask_and_to_nobody_once_it_is_taken(
    shop: Shop,
) -> None:
    redemption: dict[str, Any] = {"type": "redemption", "amount": None, "data": {"item": "mug"}}
    for who in ("ada", "bob"):
        await shop.enroll(who)
        await shop.buy(who, "60", f"p-{who}")
    for who in ("ada", "bob", "ada"):
        shown = await preview(shop, activityId="r", member={"externalId": who}, **redemption)
        assert shown["result"] == "ACCEPTED"
    mug = {**PURCHASE, "activityId": "r", **redemption}
    recorded = await shop.record(mug)
    late = await preview(shop, activityId="s", member={"externalId": "bob"}, **redemption)

    assert recorded["receipts"][0]["result"] == "ACCEPTED"
    assert (late["result"], late["reason"]) == ("REJECTED", "out_of_stock")
    assert [it["code"] for it in late["problems"]] == ["OUT_OF_STOCK"]


async def test_what_would_be_refused_or_come_to_nothing_is_said_as_of_a_report(shop: Shop) -> None:
    ada = await shop.enroll("ada")
    await shop.buy("ada", "60", "p1", ref="bill-1")

    async def told(**activity: Any) -> tuple[str, str | None, list[str]]:
        found = await preview(shop, **activity)
        assert found["effects"] == []
        return found["result"], found["reason"], [it["code"] for it in found["problems"]]

    assert await told(ref="bill-1") == ("DUPLICATE", None, [])
    assert await told(amount="61") == ("CONFLICT", "payload_differs", ["PAYLOAD_DIFFERS"])
    assert await told(activityId="p2", ref="bill-1") == ("DUPLICATE", "ref", [])
    assert await told(activityId="p2", type="sneeze") == (
        "REJECTED", "unknown_type", ["UNKNOWN_TYPE"],
    )  # fmt: skip
    assert await told(activityId="p2", amount="-1") == ("REJECTED", "invalid", ["INVALID_INPUT"])
    assert await told(activityId="p2", data=[]) == ("REJECTED", "invalid", ["INVALID_INPUT"])
    assert await told(activityId="p2", member={"externalId": "bob"}) == (
        "REJECTED", "unknown_member", ["UNKNOWN_MEMBER"],
    )  # fmt: skip
    assert await told(activityId="p2", member={"identity": {"scheme": "card", "value": "1"}}) == (
        "PARKED",
        "unknown_identity",
        [],
    )
    own = await preview(shop, token=await shop.token(ada["id"]), activityId="p2", member=None)
    assert (own["result"], own["reason"]) == ("REJECTED", "forbidden")


async def test_a_preview_follows_a_merge_and_costs_as_much_as_a_mutation(shop: Shop) -> None:
    ada, bob = await shop.enroll("ada"), await shop.enroll("bob")
    await shop.get(
        "service",
        "mutation($i: MergeMembersInput!) { mergeMembers(input: $i) { problems { code } } }",
        i={"from": {"id": bob["id"]}, "into": {"id": ada["id"]}},
    )
    found = await preview(shop, member={"externalId": "bob"})
    answer = await shop.ask(
        "service",
        "query($a: ActivityInput!) { previewActivity(activity: $a) { result } }",
        a=PURCHASE,
    )

    assert found["result"] == "ACCEPTED"
    assert answer["extensions"]["cost"]["requested"] >= 10

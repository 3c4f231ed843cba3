import uuid
from typing import Any

import pytest

from api.shop import Shop, open_shops
from guerdon.settings import Settings

PROBLEMS = """problems { __typename code message path
    ... on InsufficientPoints { held needed } }"""
FIELDS = """{ id quantity cost state reward { slug } member { externalId }
    vouchers { kind state until } }"""
REDEMPTION = f"redemption {FIELDS}"


async def redeem(shop: Shop, *, token: str = "service", **input_: Any) -> dict[str, Any]:
    whole = {"redemptionId": "r1", "member": {"externalId": "ada"}, "reward": "cake", **input_}
    data = await shop.get(
        token,
        "mutation($i: RedeemRewardInput!) { redeemReward(input: $i) {"
        f" {REDEMPTION} {PROBLEMS} }} }}",
        i={name: value for name, value in whole.items() if value is not None},
    )
    answer: dict[str, Any] = data["redeemReward"]
    return answer


async def cancel(shop: Shop, *, token: str = "service", **input_: Any) -> dict[str, Any]:
    data = await shop.get(
        token,
        "mutation($i: CancelRedemptionInput!) { cancelRedemption(input: $i) {"
        f" {REDEMPTION} {PROBLEMS} }} }}",
        i={"redemptionId": "r1", **input_},
    )
    answer: dict[str, Any] = data["cancelRedemption"]
    return answer


async def spendable(shop: Shop) -> str:
    found = await shop.get(
        "service", '{ member(ref: {externalId: "ada"}) { wallet(slug: "stars") { spendable } } }'
    )
    amount: str = found["member"]["wallet"]["spendable"]
    return amount


@pytest.fixture
async def rich(shop: Shop) -> Shop:
    """A shop where ada has 25 stars."""
    await shop.enroll("ada")
    await shop.buy("ada", "20.00", "p1")
    return shop


async def test_a_reward_is_taken_once_however_often_it_is_asked_for(rich: Shop) -> None:
    first = await redeem(rich)
    again = await redeem(rich)

    assert first["problems"] == []
    assert first["redemption"]["reward"] == {"slug": "cake"}
    assert (first["redemption"]["cost"], first["redemption"]["quantity"]) == ("8.00", 1)
    assert first["redemption"]["state"] == "ISSUED"
    assert first["redemption"]["member"] == {"externalId": "ada"}
    (voucher,) = first["redemption"]["vouchers"]
    assert (voucher["kind"], voucher["state"]) == ("cake", "ISSUED")
    assert again == first
    assert await spendable(rich) == "17.00"


async def test_a_cancelled_redemption_gives_the_units_back(rich: Shop) -> None:
    redeemed = await redeem(rich, quantity=2)
    node = f"query($id: ID!) {{ node(id: $id) {{ ... on Redemption {FIELDS} }} }}"
    before = await rich.get("service", node, id=redeemed["redemption"]["id"])
    cancelled = await cancel(rich)
    after = await rich.get("service", node, id=redeemed["redemption"]["id"])
    again = await cancel(rich)
    by_global_id = await cancel(rich, redemptionId=redeemed["redemption"]["id"], activityId="c2")

    assert redeemed["redemption"]["cost"] == "16.00"
    assert cancelled["problems"] == []
    assert cancelled["redemption"]["state"] == "CANCELLED"
    assert cancelled["redemption"]["id"] == redeemed["redemption"]["id"]
    assert {it["state"] for it in cancelled["redemption"]["vouchers"]} == {"CANCELLED"}
    assert again == cancelled
    assert before["node"] == redeemed["redemption"]
    assert after["node"]["state"] == "CANCELLED"
    assert by_global_id["problems"][0]["code"] == "NOT_REDEEMED"
    assert await spendable(rich) == "25.00"


async def test_a_member_redeems_for_themselves_and_the_owner_may_cancel_it(rich: Shop) -> None:
    found = await rich.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
    token = await rich.token(found["member"]["id"])
    redeemed = await redeem(rich, token=token, member=None)
    cancelled = await cancel(rich, redemptionId=redeemed["redemption"]["id"])

    assert redeemed["problems"] == cancelled["problems"] == []
    assert await spendable(rich) == "25.00"


async def test_the_last_one_goes_to_who_comes_first(rich: Shop) -> None:
    await rich.enroll("bob")
    await rich.buy("bob", "20.00", "p2")
    first = await redeem(rich, reward="mug")
    second = await redeem(rich, reward="mug", redemptionId="r2", member={"externalId": "bob"})
    found = await rich.get(
        "service",
        """{ reward(slug: "mug") { stock } member(ref: {externalId: "bob"}) {
            rewards { edges { node { reward { slug } availability } } } } }""",
    )
    offers = {
        it["node"]["reward"]["slug"]: it["node"]["availability"]
        for it in found["member"]["rewards"]["edges"]
    }

    assert first["problems"] == []
    assert [it["code"] for it in second["problems"]] == ["OUT_OF_STOCK"]
    assert second["redemption"] is None
    assert found["reward"]["stock"] == 0
    assert offers == {"cake": "AVAILABLE", "coffee": "AVAILABLE", "mug": "OUT_OF_STOCK"}


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (
            {"quantity": 4},
            {"__typename": "InsufficientPoints", "code": "INSUFFICIENT_POINTS",
             "held": "25.00", "needed": "32.00", "path": ["reward"]},
        ),
        (
            {"reward": "nope"},
            {"__typename": "NotFound", "code": "UNKNOWN_REWARD", "path": ["reward"]},
        ),
        ({"quantity": 0}, {"__typename": "Refused", "code": "INVALID_QUANTITY", "path": None}),
        (
            {"redemptionId": "x" * 201},
            {"__typename": "InvalidInput", "code": "INVALID_INPUT", "path": ["redemptionId"]},
        ),
        (
            {"member": {"externalId": "nobody"}},
            {"__typename": "NotFound", "code": "UNKNOWN_MEMBER", "path": ["member"]},
        ),
    ],
)  # fmt: skip
async def test_a_refused_redemption_takes_nothing_and_says_why(
    rich: Shop, wrong: dict[str, Any], problem: dict[str, Any]
) -> None:
    refused = await redeem(rich, **wrong)
    (found,) = refused["problems"]

    assert refused["redemption"] is None
    assert {**found, **problem} == found
    assert await spendable(rich) == "25.00"


async def test_what_was_never_redeemed_cannot_be_cancelled(rich: Shop) -> None:
    unknown = await cancel(rich, redemptionId="nope")
    purchase = await cancel(rich, redemptionId="p1")

    for refused in (unknown, purchase):
        assert refused["redemption"] is None
        assert [(it["__typename"], it["path"]) for it in refused["problems"]] == [
            ("NotFound", ["redemptionId"])
        ]


async def test_rewards_are_listed_by_short_name(shop: Shop) -> None:
    query = """query($first: Int, $after: String, $last: Int) {
        rewards(first: $first, after: $after, last: $last) {
            edges { node { slug name description cost stock wallet partner { slug } } }
            pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    found = (await shop.get("partner", query, first=2))["rewards"]
    rest = (await shop.get("partner", query, after=found["pageInfo"]["endCursor"]))["rewards"]
    last = (await shop.get("partner", query, last=1))["rewards"]

    assert [it["node"]["slug"] for it in found["edges"]] == ["cake", "coffee"]
    assert found["edges"][1]["node"]["partner"] == {"slug": "cafe"}
    assert found["pageInfo"]["hasNextPage"] is True
    assert [it["node"]["stock"] for it in rest["edges"]] == [1]
    assert last["edges"] == rest["edges"]
    assert (await shop.get("partner", '{ reward(slug: "nope") { id } }')) == {"reward": None}


async def test_a_redemption_repeated_with_the_same_token_after_a_merger_takes_nothing_twice(
    rich: Shop,
) -> None:
    ada = await rich.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
    token = await rich.token(ada["member"]["id"])
    await rich.enroll("eva")
    first = await redeem(rich, token=token, member=None)
    await rich.get(
        "service",
        """mutation { mergeMembers(input: {from: {externalId: "ada"}, into: {externalId: "eva"}}) {
            problems { code } } }""",
    )
    again = await redeem(rich, token=token, member=None)
    other = await redeem(rich, token=token, member=None, quantity=2)
    back = await cancel(rich, token=token)

    assert first["redemption"]["vouchers"] == again["redemption"]["vouchers"]
    assert [it["code"] for it in other["problems"]] == ["PAYLOAD_DIFFERS"]
    assert (back["redemption"]["state"], back["problems"]) == ("CANCELLED", [])


@pytest.mark.parametrize("is_merged", [False, True])
@pytest.mark.parametrize("by_name", [False, True])
async def test_the_owner_gives_back_what_a_member_took_by_token_however_the_member_is_named(
    rich: Shop, *, is_merged: bool, by_name: bool
) -> None:
    ada = await rich.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
    await redeem(rich, token=await rich.token(ada["member"]["id"]), member=None)
    if is_merged:
        await rich.enroll("eva")
        await rich.get(
            "service",
            """mutation { mergeMembers(input: {from: {externalId: "ada"},
                into: {externalId: "eva"}}) { problems { code } } }""",
        )
        await rich.workers.rest()
    found = await rich.get(
        "service",
        """{ member(ref: {externalId: "ada"}) { redemptions { edges { node { id state } } } } }""",
    )
    (edge,) = found["member"]["redemptions"]["edges"]

    if by_name:
        answer = await rich.record(
            {
                "activityId": "c1",
                "type": "redemption_cancelled",
                "member": {"externalId": "ada"},
                "data": {"of": "r1"},
            }
        )
        (receipt,) = answer["receipts"]
        assert (receipt["result"], receipt["reason"]) == ("ACCEPTED", None)
    else:
        given_back = await cancel(rich, redemptionId=edge["node"]["id"])
        assert (given_back["problems"], given_back["redemption"]["state"]) == ([], "CANCELLED")
    assert await spendable(rich) == "25.00"


async def test_the_owner_gives_back_what_two_members_took_under_one_id_of_their_own(
    rich: Shop,
) -> None:
    for name in ("ada", "eva"):
        await rich.enroll(name)
        await rich.buy(name, "20.00", f"p-{name}")
        member = await rich.get(
            "service",
            "query($n: String!) { member(ref: {externalId: $n}) { id } }",
            n=name,
        )
        await redeem(rich, token=await rich.token(member["member"]["id"]), member=None)
    await rich.enroll("bob")
    await rich.buy("bob", "20.00", "p-bob")
    await redeem(rich, member={"externalId": "bob"})

    answer = await rich.record(
        *(
            {
                "activityId": f"c-{name}",
                "type": "redemption_cancelled",
                "member": {"externalId": name},
                "data": {"of": "r1"},
            }
            for name in ("eva", "ada", "bob")
        )
    )

    assert [it["result"] for it in answer["receipts"]] == ["ACCEPTED"] * 3


async def test_a_redemption_shows_no_voucher_of_another_that_was_made_under_the_same_id(
    rich: Shop,
) -> None:
    ada = await rich.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
    token = await rich.token(ada["member"]["id"])
    await redeem(rich, reward="coffee")
    mine = await redeem(rich, token=token, member=None, reward="cake")
    found = await rich.get(
        "service",
        """{ member(ref: {externalId: "ada"}) { redemptions { edges { node {
            reward { slug } vouchers { kind } } } } } }""",
    )

    assert [it["kind"] for it in mine["redemption"]["vouchers"]] == ["cake"]
    for edge in found["member"]["redemptions"]["edges"]:
        (voucher,) = edge["node"]["vouchers"]
        assert voucher["kind"] == edge["node"]["reward"]["slug"]


async def test_a_redemption_that_is_asked_for_several_times_at_once_is_found_each_time(
    rich: Shop,
) -> None:
    taken = await redeem(rich, reward="coffee", redemptionId="r1")
    query = """query($id: ID!) { one: node(id: $id) { id } two: node(id: $id) { id }
        member(ref: {externalId: "ada"}) {
            few: redemptions(first: 1) { edges { node { id } } }
            many: redemptions(first: 9) { edges { node { id } } } } }"""
    found = await rich.get("service", query, id=taken["redemption"]["id"])

    assert found == {
        "one": {"id": taken["redemption"]["id"]},
        "two": {"id": taken["redemption"]["id"]},
        "member": {
            name: {"edges": [{"node": {"id": taken["redemption"]["id"]}}]}
            for name in ("few", "many")
        },
    }


async def test_what_is_not_decided_in_time_is_said_to_be_so(settings: Settings) -> None:
    hasty = settings.model_copy(update={"wait_seconds_max": 0.1})
    program = f"hasty_{uuid.uuid4().hex[:8]}"
    async with open_shops(settings, program) as (shop,):
        await shop.enroll("ada")
        await shop.buy("ada", "20.00", "p1")
    async with open_shops(hasty, program) as (shop,):
        shop.workers.awake = False
        early = [await redeem(shop) for _ in range(2)]
        adjusted = await shop.get(
            "service",
            """mutation { adjustPoints(input: {activityId: "a1", member: {externalId: "ada"},
                wallet: "stars", amount: "1", reason: "r"}) {
                activity { activityId result decidedAt } problems { code } } }""",
        )
        shop.workers.awake = True
        shop.workers.wake(shop.program, range(4))
        await shop.workers.rest()
        late = await redeem(shop)

    for each in early:
        assert each["redemption"] is None
        assert [it["code"] for it in each["problems"]] == ["UNDECIDED"]
    assert adjusted["adjustPoints"] == {
        "activity": {"activityId": "a1", "result": "PENDING", "decidedAt": None},
        "problems": [],
    }
    assert (late["redemption"]["state"], late["problems"]) == ("ISSUED", [])

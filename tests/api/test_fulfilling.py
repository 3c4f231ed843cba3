"""What a partner has to fulfil: pending, answered once, and seen by everybody it concerns."""

from typing import Any

import pytest

from api.shop import DOCUMENT, Shop
from api.test_redeeming import spendable
from api.test_vouchers import another_partner, at_present, follow, member_token, take, use
from guerdon.api.ids import read_id
from guerdon.engine import publish
from guerdon.engine.pseudonyms import sealed, veil_of

COFFEE = "cost: 5, partner: cafe,"
ANSWER = """redemption { id state until reason vouchers { state } } problems { code path }"""
FULFIL = f"""mutation($i: FulfilRedemptionInput!) {{ it: fulfilRedemption(input: $i) {{
    {ANSWER} }} }}"""
REFUSE = f"""mutation($i: RefuseRedemptionInput!) {{ it: refuseRedemption(input: $i) {{
    {ANSWER} }} }}"""
HISTORY = """{ member(ref: {externalId: "ada"}) { redemptions(first: 9) { edges { node {
    state until reason vouchers { state code } } } } } }"""


@pytest.fixture
async def rich(shop: Shop) -> Shop:
    """A shop where ada has 125 stars, and the cafe has to fulfil each coffee within a day."""
    text = DOCUMENT.format(id=shop.program)
    assert COFFEE in text
    await publish.publish(
        shop.world, text.replace(COFFEE, f"{COFFEE} stock: 9, fulfil: {{within: PT24H}},")
    )
    await shop.enroll("ada", identities=[{"scheme": "card", "value": "4711"}])
    await shop.buy("ada", "100.00", "p1")
    return shop


async def answer(shop: Shop, document: str, token: str = "partner", **input_: Any) -> Any:
    return (await shop.get(token, document, i=input_))["it"]


async def seen_by_cafe(shop: Shop, count: int) -> list[Any]:
    """Return the cafe's updates from the beginning."""
    found = await follow(shop, "partner", count, await at_present(shop, begin=True))
    return [it["redemption"] for it in found]


async def history(shop: Shop) -> list[Any]:
    found = await shop.get("service", HISTORY)
    return [it["node"] for it in found["member"]["redemptions"]["edges"]]


async def stock(shop: Shop) -> int:
    found = await shop.get("service", '{ reward(slug: "coffee") { stock } }')
    left: int = found["reward"]["stock"]
    return left


async def test_pending_until_the_partner_fulfils_it(rich: Shop) -> None:
    taken = await take(rich, "coffee", "r1", quantity=2)
    waits = await history(rich)
    (told,) = await seen_by_cafe(rich, 1)

    first = await answer(rich, FULFIL, redemptionId=told["id"])
    again = await answer(rich, FULFIL, redemptionId=told["id"])
    other = await answer(rich, FULFIL, redemptionId=told["id"], activityId="other")

    assert (taken["state"], taken["vouchers"]) == ("PENDING", [])
    assert (waits[0]["state"], waits[0]["reason"]) == ("PENDING", None)
    assert waits[0]["until"] is not None
    assert told["state"] == "PENDING"
    assert first["redemption"] == {
        "id": told["id"], "state": "ISSUED", "until": None, "reason": None,
        "vouchers": [{"state": "ISSUED"}] * 2,
    }  # fmt: skip
    assert again == first
    assert other["problems"] == [{"code": "NOT_PENDING", "path": None}]
    (has,) = await history(rich)
    assert (has["state"], await spendable(rich), await stock(rich)) == ("ISSUED", "115.00", 7)
    assert (await use(rich, "partner", has["vouchers"][0]["code"]))["problems"] == []
    updates = await seen_by_cafe(rich, 3)
    assert [it["state"] for it in updates] == ["PENDING", "ISSUED", "ISSUED"]


async def test_refused_it_fails_and_says_why(rich: Shop) -> None:
    await take(rich, "coffee", "r1")
    (told,) = await seen_by_cafe(rich, 1)

    refused = await answer(rich, REFUSE, redemptionId=told["id"], reason="no beans")
    late = await answer(rich, FULFIL, redemptionId=told["id"])

    assert (refused["redemption"]["state"], refused["redemption"]["reason"]) == (
        "FAILED", "no beans",
    )  # fmt: skip
    assert late["problems"] == [{"code": "NOT_PENDING", "path": None}]
    (failed,) = await history(rich)
    assert failed == {"state": "FAILED", "until": None, "reason": "no beans", "vouchers": []}
    assert (await spendable(rich), await stock(rich)) == ("125.00", 9)
    assert [it["state"] for it in await seen_by_cafe(rich, 2)] == ["PENDING", "FAILED"]


async def test_a_reason_that_is_none_is_refused_itself(rich: Shop) -> None:
    await take(rich, "coffee", "r1")
    (told,) = await seen_by_cafe(rich, 1)

    found = await answer(rich, REFUSE, redemptionId=told["id"], reason=" ")

    assert [it["code"] for it in found["problems"]] == ["INVALID_REASON"]
    assert (await history(rich))[0]["state"] == "PENDING"


async def test_the_words_of_a_webhook_suffice_and_so_do_plain_reports(rich: Shop) -> None:
    member = read_id(
        (await rich.get("service", '{ member(ref: {externalId: "ada"}) { id } }'))["member"]["id"]
    ).key
    name = sealed(await veil_of(rich.world, rich.program, "cafe"), member)
    for number in range(3):
        await take(rich, "coffee", f"r{number}")

    by_name = await answer(rich, FULFIL, redemptionId="r0", member={"id": name})
    by_card = await answer(
        rich, FULFIL, redemptionId="r1", member={"identity": {"scheme": "card", "value": "4711"}}
    )
    reported = await rich.record(
        {"activityId": "n", "type": "redemption_refused", "member": {"id": name},
         "data": {"of": "r2", "reason": "closed"}},
        token="partner",
    )  # fmt: skip

    assert by_name["problems"] == by_card["problems"] == []
    assert [it["result"] for it in reported["receipts"]] == ["ACCEPTED"]
    assert [it["state"] for it in await history(rich)] == ["FAILED", "ISSUED", "ISSUED"]


async def test_nobody_else_can_answer(rich: Shop) -> None:
    await take(rich, "coffee", "r1")
    (told,) = await seen_by_cafe(rich, 1)
    deli = await another_partner(rich)
    card = {"identity": {"scheme": "card", "value": "4711"}}

    by_id = await answer(rich, FULFIL, deli, redemptionId=told["id"])
    by_words = await answer(rich, FULFIL, deli, redemptionId="r1", member=card)
    of_nothing = await answer(rich, FULFIL, deli, redemptionId="never", member=card)
    of_nobody = await answer(rich, FULFIL, redemptionId="r1", member={"id": "nobody"})

    assert by_id["problems"] == [{"code": "NOT_FOUND", "path": ["redemptionId"]}]
    assert by_words == of_nothing
    assert by_words["problems"] == [{"code": "NOT_PENDING", "path": None}]
    assert of_nobody["problems"] == [{"code": "NOT_FOUND", "path": ["member"]}]
    token = await member_token(rich)
    assert await rich.code(token, FULFIL, i={"redemptionId": told["id"]}) == "FORBIDDEN"
    assert (await history(rich))[0]["state"] == "PENDING"


async def test_the_owner_answers_on_a_partners_behalf_and_cancels_what_is_pending(
    rich: Shop,
) -> None:
    taken = [await take(rich, "coffee", f"r{number}") for number in range(2)]

    done = await answer(rich, FULFIL, "service", redemptionId=taken[0]["id"])
    cancelled = await rich.get(
        "service",
        f'mutation {{ it: cancelRedemption(input: {{redemptionId: "r1"}}) {{ {ANSWER} }} }}',
    )

    assert done["redemption"]["state"] == "ISSUED"
    assert cancelled["it"]["redemption"]["state"] == "CANCELLED"
    assert (await spendable(rich), await stock(rich)) == ("120.00", 8)

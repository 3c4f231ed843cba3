"""What partners ask and bring at their desk: membership by consent, codes of their own rewards."""

from typing import Any

import pytest

from api.shop import DOCUMENT, Shop
from guerdon.engine import publish

COFFEE = "partner: cafe, voucher: {valid: P30D}"


@pytest.fixture
async def ready(shop: Shop) -> Shop:
    """A shop whose coffee gives out the cafe's codes, and a member who lets the cafe know."""
    coded = COFFEE.replace("{valid: P30D}", "{valid: P30D, codes: cafe}")
    await publish.publish(shop.world, DOCUMENT.format(id=shop.program).replace(COFFEE, coded))
    await shop.enroll(
        "ada",
        identities=[{"scheme": "cafe", "value": "4711"}],
        attributes={"shares_with.cafe": True},
    )
    return shop


async def test_without_consent_nobody_is_a_member(ready: Shop) -> None:
    await ready.enroll("bob", identities=[{"scheme": "cafe", "value": "4712"}])
    ask = "query($i: IdentityInput!) { membership(identity: $i) { reference } }"

    for value in ("4712", "4713"):
        found = await ready.get("partner", ask, i={"scheme": "cafe", "value": value})
        assert found == {"membership": None}
    assert await ready.code("service", ask, i={"scheme": "cafe", "value": "4711"}) == "FORBIDDEN"


async def test_a_partner_stocks_only_its_own_rewards_that_give_out_codes(ready: Shop) -> None:
    stock = """mutation($i: StockRewardInput!) { stockReward(input: $i) {
        added problems { code path } } }"""

    async def problems(**given: Any) -> Any:
        answer = await ready.get("partner", stock, i=given)
        return [(it["code"], it["path"]) for it in answer["stockReward"]["problems"]]

    assert await problems(reward="mug", codes=["A"]) == [("NOT_FOUND", ["reward"])]
    assert await problems(reward="coffee", codes=[]) == [("INVALID_INPUT", ["codes"])]


async def test_a_partner_sees_what_its_own_agreement_has_left_and_nobody_elses(
    shop: Shop,
) -> None:
    agreed = (
        "    cafe: {name: Café, issues: {prepaid: {a: {points: 50}}, low: 5},"
        " redeems: {limit: {points: 9, per: day}}}\n    deli: {redeems: {limit: {points: 1}}}\n"
    )
    text = DOCUMENT.format(id=shop.program).replace("    cafe: {name: Café}\n", agreed)
    await publish.publish(shop.world, text)
    await shop.enroll("ada", identities=[{"scheme": "cafe", "value": "4711"}])
    member = {"identity": {"scheme": "cafe", "value": "4711"}}
    bought = {"activityId": "p1", "type": "purchase", "amount": "10.20", "member": member}
    recorded = await shop.record(bought, token="partner")
    assert recorded["receipts"][0]["result"] == "ACCEPTED"
    ask = "{ program { partners { slug allowances { direction basis left low } } } }"

    own = await shop.get("partner", ask)
    every = await shop.get("service", ask)

    issues = {"direction": "ISSUES", "basis": "PREPAID", "left": "37", "low": "5"}
    redeems = {"direction": "REDEEMS", "basis": "LIMIT", "left": "9", "low": None}
    deli = {"direction": "REDEEMS", "basis": "LIMIT", "left": "1", "low": None}
    assert own["program"]["partners"] == [
        {"slug": "cafe", "allowances": [issues, redeems]},
        {"slug": "deli", "allowances": None},
    ]
    assert every["program"]["partners"][1] == {"slug": "deli", "allowances": [deli]}
    token = await shop.token((await shop.enroll("bob"))["id"])
    assert await shop.code(token, ask) == "FORBIDDEN"

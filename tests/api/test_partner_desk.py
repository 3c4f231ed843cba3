"""What partners ask and bring at their desk: membership by consent, codes of their own rewards."""

from typing import Any

import pytest

from api.shop import DOCUMENT, Shop
from api.test_vouchers import another_partner, take, use
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


async def test_a_partner_neither_learns_of_anothers_codes_nor_takes_them_away(
    ready: Shop,
) -> None:
    """Both have the same code: each stocks it, a member takes both, each till uses its own."""
    coded = COFFEE.replace("{valid: P30D}", "{valid: P30D, codes: cafe}")
    text = DOCUMENT.format(id=ready.program).replace(COFFEE, coded)
    text = text.replace("  partners:\n", "  partners:\n    deli: {name: Deli}\n")
    ham = "    ham: {wallet: stars, cost: 5, partner: deli, voucher: {codes: deli}}\n"
    bun = "    bun: {wallet: stars, cost: 5, partner: deli, voucher: {codes: deli-too}}\n"
    rewards = "  rewards:\n"
    assert rewards in text
    await publish.publish(ready.world, text.replace(rewards, rewards + ham + bun))
    deli = await another_partner(ready)
    stock = """mutation($i: StockRewardInput!) { stockReward(input: $i) {
        added repeated problems { code } } }"""

    async def brings(token: str, reward: str, *codes: str) -> tuple[int, list[int]]:
        answer = (await ready.get(token, stock, i={"reward": reward, "codes": codes}))[
            "stockReward"
        ]
        assert answer["problems"] == []
        return answer["added"], answer["repeated"]

    assert await brings("partner", "coffee", "SAME-1") == (1, [])
    assert await brings(deli, "ham", "OTHER-2", "same1") == (2, [])
    assert await brings(deli, "ham", "SAME-1") == (0, [1])
    assert await brings(deli, "bun", "SAME-1", "OTHER-2") == (0, [1, 2])
    assert await brings("partner", "coffee", "SAME-1", "OTHER-2") == (1, [1])

    await ready.buy("ada", "100.00", "p1")
    taken = [await take(ready, "coffee", f"c{n}") for n in range(2)]
    taken += [await take(ready, "ham", f"h{n}") for n in range(2)]
    shown = [it["vouchers"][0]["code"].replace("-", "").upper() for it in taken]
    assert sorted(shown) == ["OTHER2", "OTHER2", "SAME1", "SAME1"]
    for token in ("partner", deli):
        assert (await use(ready, token, "SAME-1"))["problems"] == []
        again = await use(ready, token, "SAME-1")
        assert [it["code"] for it in again["problems"]] == ["VOUCHER_USED"]
    for _ in range(2):
        assert (await use(ready, "service", "OTHER-2"))["problems"] == []
    again = await use(ready, "service", "OTHER-2")
    assert [it["code"] for it in again["problems"]] == ["VOUCHER_USED"]


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

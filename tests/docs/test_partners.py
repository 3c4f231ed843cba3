"""docs/partners.md as a new partner's developer would follow it: its documents, from first to last.

They are sent with the partner's key to the real API; nothing else is known.
"""

import re
from typing import Any

import pytest

from api.conftest import settings, shop  # noqa: F401  # fixtures of the API's tests
from api.shop import DOCUMENT, Shop
from api.test_vouchers import REDEEM, at_present, follow, take
from docs.blocks import DOCS
from guerdon.engine import publish

TEXT = (DOCS / "partners.md").read_text(encoding="utf-8")
DOCUMENTS = {
    str(re.search(r"\b(?:query|mutation|subscription) (\w+)", block)[1]): block  # type: ignore[index]
    for block in re.findall(r"```graphql\n(.*?)```", TEXT, flags=re.DOTALL)
}
COFFEE = "partner: cafe, voucher: {valid: P30D}"
MUG = "    mug:"
TABLE = """\
    table: {name: Table for two, wallet: stars, cost: 5, partner: cafe, fulfil: {within: PT24H}}
"""


@pytest.fixture
async def ready(shop: Shop) -> Shop:  # noqa: F811
    """A shop whose owner has agreed with the cafe: its coffee gives out the cafe's codes."""
    coded = COFFEE.replace("{valid: P30D}", "{valid: P30D, codes: cafe}")
    text = DOCUMENT.format(id=shop.program).replace(COFFEE, coded)
    await publish.publish(shop.world, text.replace(MUG, f"{TABLE}{MUG}"))
    await shop.enroll(
        "ada",
        identities=[{"scheme": "cafe", "value": "4711"}],
        attributes={"shares_with.cafe": True},
    )
    return shop


async def test_a_partner_comes_from_its_key_to_its_first_voucher_by_the_page_alone(
    ready: Shop,
) -> None:
    async def send(name: str, **variables: Any) -> Any:
        return await ready.get("partner", DOCUMENTS[name], **variables)

    me = (await send("Me"))["viewer"]
    stocked = (await send("Stock"))["stockReward"]
    rewards = (await send("MyRewards"))["viewer"]["partner"]["rewards"]["edges"]
    reported = (await send("Report"))["recordActivities"]
    member = (await send("Member"))["membership"]
    taken = await ready.get(
        "service",
        REDEEM,
        i={"redemptionId": "r1", "member": {"externalId": "ada"}, "reward": "coffee"},
    )
    (voucher,) = taken["redeemReward"]["redemption"]["vouchers"]
    assert voucher["code"] in {"CAFE-1", "CAFE-2"}
    used = (await send("Use", code=voucher["code"]))["useVoucher"]
    statements = (await send("Statements"))["statements"]

    assert (me["role"], me["partner"]["slug"]) == ("PARTNER", "cafe")
    assert (stocked["added"], stocked["repeated"], stocked["problems"]) == (2, [3], [])
    assert [it["node"]["slug"] for it in rewards] == ["coffee", "table"]
    assert rewards[0]["node"]["codesLeft"] == 2
    assert [it["result"] for it in reported["receipts"]] == ["ACCEPTED", "PARKED"]
    assert member["tiers"] == ["status:blue"]
    assert used["problems"] == []
    assert used["voucher"]["state"] == "USED"
    assert statements["edges"] == []


async def test_updates_are_followed_as_the_page_says(ready: Shop) -> None:
    async with ready.socket("partner") as socket:
        await socket.init()
        await socket.subscribe(DOCUMENTS["Follow"], after="nonsense")
        refused = await socket.read()

    assert "no cursor of these updates" in refused["payload"][0]["message"]


async def test_what_only_the_partner_can_fulfil_is_answered_as_the_page_says(ready: Shop) -> None:
    await ready.buy("ada", "100.00", "p1")
    for number in range(2):
        await take(ready, "table", f"r{number}")
    told = await follow(ready, "partner", 2, await at_present(ready, begin=True))
    done, refused = (it["redemption"]["id"] for it in told)

    fulfilled = (await ready.get("partner", DOCUMENTS["Fulfil"], id=done))["fulfilRedemption"]
    failed = (await ready.get("partner", DOCUMENTS["Refuse"], id=refused))["refuseRedemption"]

    assert (fulfilled["redemption"]["state"], fulfilled["problems"]) == ("ISSUED", [])
    assert failed["redemption"] == {"state": "FAILED", "reason": "fully booked"}


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


def test_every_document_of_the_page_is_sent_by_a_test() -> None:
    assert set(DOCUMENTS) == {
        "Me", "MyRewards", "Stock", "Report", "Member", "Use", "Fulfil", "Refuse", "Follow",
        "Statements",
    }  # fmt: skip

"""Who names codes or members that do not exist is stopped; who names good ones never notices."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from api.shop import Shop
from api.test_rate_limits import stopped
from guerdon.engine import codes, keys
from guerdon.engine.world import Role

USE = "mutation($i: UseVoucherInput!) { useVoucher(input: $i) { problems { code message } } }"
MEMBERSHIP = "query($i: IdentityInput!) { membership(identity: $i) { reference } }"
PREVIEW = """query($i: ActivityInput!) { previewActivity(activity: $i) {
    result reason problems { code } } }"""
RECORD = """mutation($a: [ActivityInput!]!) { recordActivities(input: {activities: $a}) {
    receipts { result reason } } }"""
REDEEM = """mutation($i: RedeemRewardInput!) { redeemReward(input: $i) {
    redemption { vouchers { code } } problems { code } } }"""
FULFIL = (
    "mutation($i: FulfilRedemptionInput!) { fulfilRedemption(input: $i) { problems { code } } }"
)
REFUSE = (
    "mutation($i: RefuseRedemptionInput!) { refuseRedemption(input: $i) { problems { code } } }"
)
WRONG = codes.checked("A" * 12)


def outcome(answer: dict[str, Any]) -> str:
    """Return the code of an answer's first problem or error; OK where it has none."""
    if "errors" in answer:
        code: str = answer["errors"][0]["extensions"]["code"]
        return code
    for payload in answer["data"].values():
        for problem in payload["problems"]:
            return str(problem["code"])
    return "OK"


async def scan(shop: Shop, token: str, code: str = WRONG) -> str:
    """Return what a try came to, once it could be counted: on a busy machine Redis may be late."""
    async with asyncio.timeout(30):
        while True:
            found = outcome(await shop.ask(token, USE, i={"code": code}))
            if found != "UNAVAILABLE":
                return found
            await asyncio.sleep(0.05)


async def good_codes(shop: Shop, count: int) -> list[str]:
    """Return codes of the partner's reward, which ada took."""
    await shop.enroll("ada")
    await shop.buy("ada", "400.00", "p1")
    data = await shop.get(
        "service",
        REDEEM,
        i={
            "redemptionId": "r1",
            "member": {"externalId": "ada"},
            "reward": "coffee",
            "quantity": count,
        },
    )
    assert data["redeemReward"]["problems"] == []
    return [it["code"] for it in data["redeemReward"]["redemption"]["vouchers"]]


async def test_of_fifty_guesses_at_once_ten_are_looked_up(shop: Shop) -> None:
    found = Counter(await asyncio.gather(*(scan(shop, "partner") for _ in range(50))))

    # one more may have been allowed for each six seconds that this took
    assert set(found) == {"NOT_FOUND", "RATE_LIMITED"}
    assert 10 <= found["NOT_FOUND"] <= 15


async def test_aliases_do_not_help(shop: Shop) -> None:
    tries = " ".join(f"t{n}: useVoucher(input: $i) {{ problems {{ code }} }}" for n in range(5))
    mutation = f"mutation($i: UseVoucherInput!) {{ {tries} }}"
    for _ in range(2):
        await shop.ask("partner", mutation, i={"code": WRONG})

    refused = await shop.get("partner", USE, i={"code": WRONG})
    (problem,) = refused["useVoucher"]["problems"]
    assert problem["code"] == "RATE_LIMITED"
    assert problem["message"].startswith("Too many codes or identities led nowhere: come back in ")


async def test_good_codes_cost_nothing_even_where_a_single_failure_is_left(shop: Shop) -> None:
    cards = await good_codes(shop, 20)
    for _ in range(9):
        assert await scan(shop, "partner") == "NOT_FOUND"

    assert await asyncio.gather(*(scan(shop, "partner", code) for code in cards)) == ["OK"] * 20
    again = await asyncio.gather(*(scan(shop, "partner", code) for code in cards))
    assert again == ["VOUCHER_USED"] * 20


async def test_another_key_from_the_same_address_has_no_second_allowance(shop: Shop) -> None:
    other, _ = await keys.create(
        shop.world, shop.program, name="second till", role=Role.PARTNER, partner="cafe"
    )
    mixed = [await scan(shop, token) for token in ["partner", other] * 12]

    assert mixed[:10] == ["NOT_FOUND"] * 10
    assert mixed[-1] == "RATE_LIMITED"
    assert await scan(shop, "service") == "RATE_LIMITED"


@pytest.mark.parametrize("known", [False, True])
async def test_a_partner_asks_for_ten_who_are_nobody_to_it(shop: Shop, *, known: bool) -> None:
    """Whoever does not share their membership counts as somebody who is unknown."""
    if known:
        await shop.enroll("bob", identities=[{"scheme": "cafe", "value": "1"}])
    ask = {"i": {"scheme": "cafe", "value": "1"}}
    answers = [await shop.ask("partner", MEMBERSHIP, **ask) for _ in range(16)]

    assert [it.get("data") for it in answers[:10]] == [{"membership": None}] * 10
    assert answers[-1]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_previews_of_nobody_are_counted_for_partners_alone(shop: Shop) -> None:
    """An external id that the program would enroll is nobody's failure."""
    nobody = {"identity": {"scheme": "cafe", "value": "9"}}
    tried = {"activityId": "x", "type": "purchase", "amount": "1.00", "member": nobody}
    owner = [await shop.ask("service", PREVIEW, i=tried) for _ in range(16)]
    partner = [await shop.ask("partner", PREVIEW, i=tried) for _ in range(16)]

    assert all("errors" not in it for it in [*owner, *partner[:10]])
    assert partner[-1]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


@pytest.mark.parametrize("document", [FULFIL, REFUSE])
async def test_answers_for_redemptions_are_no_way_to_ask_who_is_a_member(
    shop: Shop, document: str
) -> None:
    def said(number: int, **member: Any) -> dict[str, Any]:
        reason = {"reason": "full"} if document == REFUSE else {}
        return {"redemptionId": f"r{number}", "member": member, **reason}

    nobody = [said(n, externalId=f"n{n}") for n in range(10)]
    nobody += [said(n, identity={"scheme": "card", "value": f"n{n}"}) for n in range(10)]
    found = Counter([outcome(await shop.ask("partner", document, i=it)) for it in nobody])

    assert set(found) == {"NOT_FOUND", "RATE_LIMITED"}
    assert 10 <= found["NOT_FOUND"] <= 15
    assert outcome(await shop.ask("service", document, i=nobody[0])) == "NOT_FOUND"


async def test_members_whom_a_partner_may_know_are_found_without_end(shop: Shop) -> None:
    await shop.enroll(
        "ada",
        identities=[{"scheme": "cafe", "value": "1"}],
        attributes={"shares_with.cafe": True},
    )
    ask = {"i": {"scheme": "cafe", "value": "1"}}
    found = [await shop.get("partner", MEMBERSHIP, **ask) for _ in range(25)]

    assert all(it["membership"]["reference"] for it in found)


def purchases(*values: str, again: str = "") -> list[dict[str, Any]]:
    """Return purchases by cards that nobody has linked."""
    return [
        {
            "activityId": f"{again}{number}-{value}",
            "type": "purchase",
            "amount": "1.00",
            "member": {"identity": {"scheme": "cafe", "value": value}},
        }
        for number, value in enumerate(values)
    ]


async def test_a_partner_reports_a_thousand_unknown_members_and_not_one_more(shop: Shop) -> None:
    cards = [f"{number}" for number in range(999)]
    first = [
        await shop.get("partner", RECORD, a=purchases(*some)) for some in (cards[:500], cards[500:])
    ]
    last = await shop.ask("partner", RECORD, a=purchases("a", "b"))
    refused = await shop.ask("partner", RECORD, a=purchases("c"))
    owner = await shop.ask("service", RECORD, a=purchases("c", again="owner"))

    told = [it["result"] for each in first for it in each["recordActivities"]["receipts"]]
    assert told == ["PARKED"] * 999
    assert len(last["data"]["recordActivities"]["receipts"]) == 2
    (error,) = refused["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < error["extensions"]["retryAfter"] <= 2
    assert owner["data"]["recordActivities"]["receipts"][0]["result"] == "PARKED"


async def test_a_card_counts_once_a_call_and_members_who_are_known_never(shop: Shop) -> None:
    await shop.enroll("ada", identities=[{"scheme": "cafe", "value": "1"}])
    for number in range(3):
        known = purchases(*["1"] * 200, *["9"] * 200, again=f"{number}-")
        await shop.get("partner", RECORD, a=known)

    for some in ("n", "m"):
        cards = [f"{some}{number}" for number in range(495)]
        assert "errors" not in await shop.ask("partner", RECORD, a=purchases(*cards))
    after = await shop.ask("partner", RECORD, a=purchases("one more"))

    assert "errors" not in after


def with_vouchers(*codes_: str, id_: str, card: str = "1") -> dict[str, Any]:
    """Return a purchase at which vouchers were presented."""
    (purchase,) = purchases(card, again=id_)
    return {**purchase, "data": {"vouchers": list(codes_)}}


async def test_vouchers_that_are_not_the_members_count_in_a_partners_reports(shop: Shop) -> None:
    (good,) = await good_codes(shop, 1)
    await shop.enroll("bob", identities=[{"scheme": "cafe", "value": "1"}])
    for some in range(2):
        guesses = [with_vouchers(WRONG, good, id_=f"{some}-{n}-") for n in range(250)]
        assert "errors" not in await shop.ask("partner", RECORD, a=guesses)
    # One may report again each second, however long this takes.
    last = [
        shop.ask("partner", RECORD, a=[with_vouchers(WRONG, id_=f"last-{n}-")]) for n in range(40)
    ]
    refused = [it["errors"][0] for it in await asyncio.gather(*last) if "errors" in it]

    assert {it["extensions"]["code"] for it in refused} == {"RATE_LIMITED"}


async def test_a_preview_is_no_way_to_guess_vouchers(shop: Shop) -> None:
    (good,) = await good_codes(shop, 1)
    data = await shop.get(
        "service",
        """mutation { linkIdentity(input: {member: {externalId: "ada"},
            identity: {scheme: "cafe", value: "1"}}) { problems { code } } }""",
    )
    assert data["linkIdentity"]["problems"] == []
    right = [
        await shop.ask("partner", PREVIEW, i=with_vouchers(good, id_=f"{n}-")) for n in range(12)
    ]
    wrong = [
        await shop.ask("partner", PREVIEW, i=with_vouchers(WRONG, id_=f"{n}-")) for n in range(16)
    ]

    assert {outcome(it) for it in right} == {"OK"}
    found = Counter(it["errors"][0]["extensions"]["code"] for it in wrong if "errors" in it)
    assert set(found) == {"RATE_LIMITED"}


async def test_without_redis_codes_are_refused_and_all_else_is_answered(
    shop: Shop, redis_url: str
) -> None:
    (good,) = await good_codes(shop, 1)
    ask = {"i": {"scheme": "cafe", "value": "1"}}
    with stopped(redis_url):
        refused = [await shop.ask("partner", USE, i={"code": code}) for code in (good, WRONG)]
        asked = await shop.get("partner", MEMBERSHIP, **ask)
        await shop.buy("ada", "1.00", "p2")

    for answer in refused:
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert error["extensions"]["retryAfter"] == 1
        assert "cannot be counted" in error["message"]
    assert asked == {"membership": None}
    assert await scan(shop, "partner", good) == "OK"

import asyncio
from typing import Any

import pytest

from api.shop import Shop
from guerdon.engine import codes, keys, publish
from guerdon.engine.world import Role

REDEEM = """mutation($i: RedeemRewardInput!) { redeemReward(input: $i) {
    redemption { id state vouchers { id code qr state } } problems { code } } }"""
USE = """mutation($i: UseVoucherInput!) { useVoucher(input: $i) {
    voucher { id kind state code } problems { code path } } }"""


async def take(shop: Shop, reward: str, id_: str, *, who: str = "ada", **more: Any) -> Any:
    """Redeem a reward that must be had; return its redemption."""
    data = await shop.get(
        "service",
        REDEEM,
        i={"redemptionId": id_, "member": {"externalId": who}, "reward": reward, **more},
    )
    assert data["redeemReward"]["problems"] == []
    return data["redeemReward"]["redemption"]


async def use(shop: Shop, token: str, code: str, **more: Any) -> Any:
    return (await shop.get(token, USE, i={"code": code, **more}))["useVoucher"]


async def redemptions(shop: Shop, **page: Any) -> Any:
    data = await shop.get(
        "service",
        """query($first: Int, $after: String, $last: Int, $before: String) {
            member(ref: {externalId: "ada"}) {
              redemptions(first: $first, after: $after, last: $last, before: $before) {
                edges { cursor node { id state quantity reward { slug } vouchers { state } } }
                pageInfo { hasNextPage hasPreviousPage } } } }""",
        **page,
    )
    return data["member"]["redemptions"]


async def another_partner(shop: Shop) -> str:
    text = (await shop.world.programs.versions(shop.program))[-1].text
    if "deli" not in text:
        deli = text.replace("  partners:\n", "  partners:\n    deli: {name: Deli}\n")
        await publish.publish(shop.world, deli)
    made, _ = await keys.create(
        shop.world, shop.program, name="deli", role=Role.PARTNER, partner="deli"
    )
    return made


@pytest.fixture
async def rich(shop: Shop) -> Shop:
    """A shop where ada has 125 stars."""
    await shop.enroll("ada")
    await shop.buy("ada", "100.00", "p1")
    return shop


async def test_codes_are_unique_short_and_check_themselves(rich: Shop) -> None:
    taken = await take(rich, "coffee", "r1", quantity=3)
    shown = [it["code"] for it in taken["vouchers"]]
    plain = [codes.plain(it) for it in shown]

    assert len(set(plain)) == 3
    assert {len(it) for it in plain} == {13}
    assert all(codes.is_checked(it) for it in plain)
    assert plain[0] == codes.plain(shown[0].lower().replace("-", " ").replace("1", "l"))
    assert all(
        it["qr"].startswith('<svg xmlns="http://www.w3.org/2000/svg"') for it in taken["vouchers"]
    )


async def test_a_code_is_shown_to_its_owner_and_to_nobody_else(rich: Shop) -> None:
    taken = await take(rich, "coffee", "r1")
    (voucher,) = taken["vouchers"]
    node = "query($id: ID!) { node(id: $id) { ... on Voucher { code qr } } }"
    found = await rich.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
    own = await rich.get(await rich.token(found["member"]["id"]), node, id=voucher["id"])
    bob = await rich.enroll("bob")
    other = await rich.get(await rich.token(bob["id"]), node, id=voucher["id"])
    partner = await rich.get("partner", node, id=voucher["id"])

    assert own["node"]["code"] == voucher["code"]
    assert other["node"] is None
    assert partner["node"] is None, "a partner cannot even read an id that is not its own"


async def test_of_fifty_validations_of_one_code_one_succeeds(rich: Shop) -> None:
    """Five tills at once, each of which tries ten times."""
    taken = await take(rich, "coffee", "r1")
    tries = " ".join(
        f"t{number}: useVoucher(input: $i) {{ voucher {{ state }} problems {{ code }} }}"
        for number in range(5)
    )
    mutation = f"mutation($i: UseVoucherInput!) {{ {tries} }}"
    code = {"code": taken["vouchers"][0]["code"]}

    async def till(token: str) -> list[Any]:
        answers = [await rich.get(token, mutation, i=code) for _ in range(2)]
        return [found for answer in answers for found in answer.values()]

    tills = ["partner", "service", "partner", "service", "partner"]
    each = [found for till in await asyncio.gather(*map(till, tills)) for found in till]

    assert len(each) == 50
    assert [it["voucher"] for it in each if it["problems"] == []] == [{"state": "USED"}]
    refused = [it["problems"][0]["code"] for it in each if it["voucher"] is None]
    assert refused == ["VOUCHER_USED"] * 49
    assert (await redemptions(rich))["edges"][0]["node"]["state"] == "USED"


async def test_a_repeat_under_the_same_id_is_answered_with_what_became_of_the_first(
    rich: Shop,
) -> None:
    taken = await take(rich, "coffee", "r1")
    code = taken["vouchers"][0]["code"]
    first = await use(rich, "partner", code, activityId="till-1")
    again = await use(rich, "partner", code, activityId="till-1")
    other = await use(rich, "partner", code, activityId="till-2")

    assert first["problems"] == []
    assert again == first
    assert [it["code"] for it in other["problems"]] == ["VOUCHER_USED"]


async def test_codes_that_lead_nowhere_are_not_found(rich: Shop) -> None:
    taken = await take(rich, "coffee", "r1")
    code = codes.plain(taken["vouchers"][0]["code"])
    misread = code[:-1] + codes.SIGNS[(codes.SIGNS.index(code[-1]) + 1) % 32]
    foreign = codes.checked("A" * 12)
    own = (await take(rich, "cake", "r2"))["vouchers"][0]["code"]
    deli = await another_partner(rich)

    for token, text in (
        ("partner", misread),
        ("partner", foreign),
        ("partner", own),  # the owner's own reward is nothing for a partner's till
        (deli, code),  # nor is another partner's
        ("service", ""),
    ):
        answer = await use(rich, token, text)
        assert answer["voucher"] is None
        assert answer["problems"] == [{"code": "NOT_FOUND", "path": ["code"]}]
    assert (await use(rich, "service", own))["problems"] == []
    assert await rich.code((await member_token(rich)), USE, i={"code": code}) == "FORBIDDEN"


async def member_token(shop: Shop) -> str:
    found = await shop.get("service", '{ member(ref: {externalId: "ada"}) { id } }')
    return await shop.token(found["member"]["id"])


async def test_a_printed_code_stays_good_after_a_merger(rich: Shop) -> None:
    await rich.enroll("bob")
    await rich.buy("bob", "20.00", "p2")
    hers = await take(rich, "coffee", "r1")
    await rich.get(
        "service",
        """mutation($i: MergeMembersInput!) { mergeMembers(input: $i) { problems { code } } }""",
        i={"from": {"externalId": "ada"}, "into": {"externalId": "bob"}},
    )
    await rich.workers.rest()  # the survivor's lane takes over after the merger was decided
    code = hers["vouchers"][0]["code"]
    held = await rich.get("service", '{ member(ref: {externalId: "bob"}) { vouchers { code } } }')
    answer = await use(rich, "partner", code)
    found = await redemptions(rich)

    assert held["member"]["vouchers"] == [{"code": code}]
    assert answer["problems"] == []
    assert [it["node"]["state"] for it in found["edges"]] == ["USED"]


async def test_redemptions_come_newest_first_each_in_its_present_state(rich: Shop) -> None:
    for number in range(5):
        await take(rich, "coffee", f"r{number}")
    used = await take(rich, "cake", "cake", quantity=2)
    for voucher in used["vouchers"]:
        await use(rich, "service", voucher["code"])
    await rich.get(
        "service",
        """mutation { cancelRedemption(input: {redemptionId: "r3"}) { problems { code } } }""",
    )
    whole = await redemptions(rich)
    first = await redemptions(rich, first=2)
    rest = await redemptions(rich, first=9, after=first["edges"][-1]["cursor"])
    last = await redemptions(rich, last=2)

    assert [it["node"]["state"] for it in whole["edges"]] == [
        "USED", "ISSUED", "CANCELLED", "ISSUED", "ISSUED", "ISSUED",
    ]  # fmt: skip
    assert whole["edges"][0]["node"]["quantity"] == 2
    assert first["edges"] + rest["edges"] == whole["edges"]
    assert last["edges"] == whole["edges"][-2:]
    assert first["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}
    assert rest["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}


UPDATES = """subscription($after: String) { redemptionUpdates(after: $after) { cursor
    redemption { id state quantity reward { slug } vouchers { id state code } } } }"""


async def follow(shop: Shop, token: str, count: int, after: str | None) -> list[Any]:
    """Return the next updates behind a cursor."""
    async with shop.socket(token) as socket:
        await socket.init()
        await socket.subscribe(UPDATES, after=after)
        found = []
        for _ in range(count):
            message = await socket.read()
            assert message["type"] == "next", message
            found.append(message["payload"]["data"]["redemptionUpdates"])
        return found


async def test_a_partner_follows_its_own_rewards_and_resumes_anywhere(rich: Shop) -> None:
    async with rich.socket("partner") as socket:
        await socket.init()
        await socket.subscribe(UPDATES)
        reading = asyncio.create_task(socket.read())
        number = 0
        while not reading.done():
            await take(rich, "coffee", f"first{number}")
            number += 1
        start = (await reading)["payload"]["data"]["redemptionUpdates"]["cursor"]
    await take(rich, "cake", "not-the-partners")
    taken = await take(rich, "coffee", "r1")
    await take(rich, "coffee", "r2")
    await use(rich, "partner", taken["vouchers"][0]["code"])
    await rich.get(
        "service",
        """mutation { cancelRedemption(input: {redemptionId: "r2"}) { problems { code } } }""",
    )
    left = number - 1 + 4
    whole = await follow(rich, "partner", left, start)
    halves = await follow(rich, "partner", 1, start)
    halves += await follow(rich, "partner", left - 1, halves[0]["cursor"])

    states = [it["redemption"]["state"] for it in whole][-4:]
    assert states == ["ISSUED", "ISSUED", "USED", "CANCELLED"]
    assert {it["redemption"]["reward"]["slug"] for it in whole} == {"coffee"}
    assert halves == whole


async def test_of_several_updates_that_come_of_one_activity_none_is_lost_between_them(
    rich: Shop,
) -> None:
    """One purchase uses the vouchers of three redemptions, and the line breaks behind each."""
    start = await at_present(rich)
    taken = [await take(rich, "coffee", f"r{number}") for number in range(3)]
    used = [it["vouchers"][0]["code"] for it in taken]
    bought = await rich.get(
        "partner",
        """mutation($data: JSON!) { recordActivities(input: {wait: DECIDED, activities: [
            {activityId: "t1", type: "purchase", amount: "1.00", data: $data,
             member: {externalId: "ada"}}]}) { receipts { result reason } } }""",
        data={"vouchers": used},
    )
    await take(rich, "coffee", "behind")
    whole = await follow(rich, "partner", 7, start)
    cursor: str | None = start
    each = []
    for _ in range(7):
        (update,) = await follow(rich, "partner", 1, cursor)
        cursor = update["cursor"]
        each.append(update)

    assert [it["result"] for it in bought["recordActivities"]["receipts"]] == ["ACCEPTED"]
    states = [it["redemption"]["state"] for it in whole]
    assert states == ["ISSUED"] * 3 + ["USED"] * 3 + ["ISSUED"]
    assert each == whole


async def test_what_a_partner_calls_a_redemption_is_its_own_and_says_nothing(rich: Shop) -> None:
    start = await at_present(rich)
    taken = await take(rich, "coffee", "r1")
    (update,) = await follow(rich, "partner", 1, start)
    seen = update["redemption"]
    node = "query($id: ID!) { node(id: $id) { id ... on Redemption { state } } }"
    again = await rich.get("partner", node, id=seen["id"])
    by_owner = await rich.get("service", node, id=seen["id"])
    by_other = await rich.get(await another_partner(rich), node, id=seen["id"])

    assert seen["id"] != taken["id"]
    assert seen["vouchers"][0]["code"] is None
    assert again["node"] == {"id": seen["id"], "state": "ISSUED"}
    assert by_owner["node"] is None
    assert by_other["node"] is None
    who = "query($id: ID!) { node(id: $id) { ... on Redemption { member { externalId } } } }"
    assert await rich.code("partner", who, id=seen["id"]) == "FORBIDDEN"


async def at_present(shop: Shop, *, begin: bool = False) -> str:
    """Return the partner's cursor behind everything so far, or at the beginning of all."""
    from guerdon.api.redemption_updates import _cursor
    from guerdon.engine import watch
    from guerdon.engine.pseudonyms import veil_of

    veil = await veil_of(shop.world, shop.program, "cafe")
    places = await watch.places(shop.world, shop.program)
    return _cursor(veil, dict.fromkeys(places, 0) if begin else places, {})


async def test_a_cursor_of_somebody_else_is_refused(rich: Shop) -> None:
    start = await at_present(rich)
    for token, cursor in ((await another_partner(rich), start), ("partner", "nonsense")):
        async with rich.socket(token) as socket:
            await socket.init()
            await socket.subscribe(UPDATES, after=cursor)
            refused = await socket.read()
        assert "no cursor of these updates" in refused["payload"][0]["message"]

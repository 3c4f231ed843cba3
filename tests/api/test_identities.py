from typing import Any

import pytest

from api.shop import Shop
from pace import pacing

CARD = {"scheme": "card", "value": "4711"}


async def change(shop: Shop, name: str, input_: dict[str, Any]) -> dict[str, Any]:
    data = await shop.get(
        "service",
        f"mutation($i: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $i) {{"
        " member { id externalId } problems { __typename code message path } } }",
        i=input_,
    )
    answer: dict[str, Any] = data[name]
    return answer


async def stars(shop: Shop, ref: dict[str, Any], least: str) -> dict[str, Any]:
    """Return who a reference leads to, once what follows from the last change was decided."""
    query = """query($ref: MemberRef!) { member(ref: $ref) { externalId
        wallet(slug: "stars") { spendable } } }"""
    async with pacing() as pace:
        while pace.seconds < 5:
            found: dict[str, Any] = (await shop.get("service", query, ref=ref))["member"]
            if found["wallet"]["spendable"] == least:
                return found
    raise AssertionError(found)


async def test_a_linked_identity_leads_to_its_member_and_sets_free_what_waited(shop: Shop) -> None:
    await shop.enroll("ada")
    parked = await shop.record(
        {"activityId": "p", "type": "purchase", "member": {"identity": CARD}, "amount": "10"}
    )
    linked = await change(shop, "linkIdentity", {"member": {"externalId": "ada"}, "identity": CARD})
    again = await change(shop, "linkIdentity", {"member": {"externalId": "ada"}, "identity": CARD})
    found = await stars(shop, {"identity": CARD}, "12.50")

    assert parked["receipts"][0]["result"] == "PARKED"
    assert linked["problems"] == again["problems"] == []
    assert linked["member"]["externalId"] == again["member"]["externalId"] == "ada"
    assert found["externalId"] == "ada"


async def test_an_identity_belongs_to_one_person(shop: Shop) -> None:
    await shop.enroll("ada", identities=[CARD])
    await shop.enroll("bob")
    taken = await change(shop, "linkIdentity", {"member": {"externalId": "bob"}, "identity": CARD})
    (problem,) = taken["problems"]

    assert taken["member"] is None
    assert (problem["code"], problem["path"]) == ("IDENTITY_TAKEN", ["identity", "value"])


async def test_a_merged_account_leads_to_the_survivor_with_all_it_held(shop: Shop) -> None:
    old, _ = await shop.enroll("old"), await shop.enroll("new")
    await shop.buy("old", "10.00", "p1")
    await shop.buy("new", "20.00", "p2")
    merged = await change(
        shop, "mergeMembers", {"from": {"id": old["id"]}, "into": {"externalId": "new"}}
    )
    by_old_name = await stars(shop, {"externalId": "old"}, "37.50")
    by_old_id = await stars(shop, {"id": old["id"]}, "37.50")

    assert merged["problems"] == []
    assert merged["member"]["externalId"] == "new"
    assert by_old_name["externalId"] == by_old_id["externalId"] == "new"


@pytest.mark.parametrize("activity_id", ["m", None])
@pytest.mark.parametrize("into", [{"externalId": "new"}, {"identity": CARD}, "id"])
async def test_a_merge_that_is_repeated_says_the_same_when_its_survivor_is_another_by_then(
    shop: Shop, into: dict[str, Any] | str, activity_id: str | None
) -> None:
    await shop.enroll("old")
    new = await shop.enroll("new", identities=[CARD])
    await shop.enroll("newest")
    ref = {"id": new["id"]} if into == "id" else into
    merge = {"activityId": activity_id, "from": {"externalId": "old"}, "into": ref}

    merged = await change(shop, "mergeMembers", merge)
    last = {"from": {"externalId": "new"}, "into": {"externalId": "newest"}}
    assert (await change(shop, "mergeMembers", last))["problems"] == []
    again = await change(shop, "mergeMembers", merge)

    assert merged["problems"] == again["problems"] == []
    assert (merged["member"]["externalId"], again["member"]["externalId"]) == ("new", "newest")


async def test_an_enrollment_that_is_repeated_says_the_same_when_its_referrer_is_another_by_then(
    shop: Shop,
) -> None:
    friend = await shop.enroll("friend")
    await shop.enroll("survivor")
    person = {"activityId": "e", "externalId": "ada", "referrer": {"id": friend["id"]}}

    enrolled = await change(shop, "enrollMember", person)
    last = {"from": {"externalId": "friend"}, "into": {"externalId": "survivor"}}
    assert (await change(shop, "mergeMembers", last))["problems"] == []
    again = await change(shop, "enrollMember", person)

    assert enrolled == again
    assert enrolled["problems"] == []


@pytest.mark.parametrize(
    ("name", "input_", "code", "path"),
    [
        (
            "linkIdentity",
            {"member": {"externalId": "nobody"}, "identity": CARD},
            "UNKNOWN_MEMBER",
            ["member"],
        ),
        (
            "mergeMembers",
            {"from": {"externalId": "nobody"}, "into": {"externalId": "ada"}},
            "UNKNOWN_MEMBER",
            ["from"],
        ),
        (
            "mergeMembers",
            {"from": {"externalId": "ada"}, "into": {"externalId": "nobody"}},
            "NOT_FOUND",
            ["into"],
        ),
        (
            "mergeMembers",
            {"from": {"externalId": "ada"}, "into": {"externalId": "ada"}},
            "SELF_MERGE",
            None,
        ),
    ],
)
async def test_who_is_not_there_is_not_linked_or_merged(
    shop: Shop, name: str, input_: dict[str, Any], code: str, path: list[str] | None
) -> None:
    await shop.enroll("ada")
    refused = await change(shop, name, input_)

    assert refused["member"] is None
    assert [(it["code"], it["path"]) for it in refused["problems"]] == [(code, path)]

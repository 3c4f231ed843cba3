from typing import Any

import pytest

from api.shop import Shop
from guerdon.api.ids import read_id

MEMBER = """
fragment Everything on Member {
    id externalId displayName status enrolledAt attributes
    wallets { id slug name spendable pending debt earned redeemed expired
        lots { left granted pending earnedAt expiresAt activityId rule }
        nextExpiry { left expiresAt } }
    tiers { id ladder { slug } tier { slug at } since until next { slug at } missing }
    missions { id mission { slug goal optIn } state progress goal completedAt }
    badges { id badge { slug name } awardedAt }
    counters { slug value }
    vouchers { id kind state code until }
    rewards { edges { node { reward { slug stock } cost availability missing } } }
    journal { edges { cursor node { activityId type result } } }
}
query($ref: MemberRef!) { member(ref: $ref) { ...Everything } }"""


async def member(shop: Shop, external_id: str, token: str = "service") -> dict[str, Any]:
    found = await shop.get(token, MEMBER, ref={"externalId": external_id})
    seen: dict[str, Any] = found["member"]
    return seen


async def test_a_new_member_holds_nothing_and_misses_everything(shop: Shop) -> None:
    await shop.enroll("ada", displayName="Ada", attributes={"town": "Bath", "age": 36})
    ada = await member(shop, "ada")

    assert (ada["externalId"], ada["displayName"], ada["status"]) == ("ada", "Ada", "ACTIVE")
    assert ada["attributes"] == {"town": "Bath", "age": 36}
    assert ada["wallets"][0]["spendable"] == "0.00"
    assert (ada["wallets"][0]["lots"], ada["wallets"][0]["nextExpiry"]) == ([], None)
    assert ada["tiers"][0]["tier"] == {"slug": "blue", "at": "0.00"}
    assert ada["tiers"][0]["next"] == {"slug": "gold", "at": "100.00"}
    assert ada["tiers"][0]["missing"] == "100.00"
    assert [(it["mission"]["slug"], it["state"]) for it in ada["missions"]] == [
        ("three", "ACTIVE"),
        ("club", "AVAILABLE"),
    ]
    assert (ada["badges"], ada["vouchers"]) == ([], [])
    assert {it["node"]["availability"] for it in ada["rewards"]["edges"]} == {"INSUFFICIENT_POINTS"}


async def test_purchases_move_all_that_is_shown_of_a_member(shop: Shop) -> None:
    await shop.enroll("ada")
    await shop.buy("ada", "40.00", "p1", at="2026-01-10T12:00:00+01:00")
    await shop.buy("ada", "70.50", "p2", at="2026-01-11T12:00:00+01:00")
    ada = await member(shop, "ada")
    stars, miles = ada["wallets"]

    assert (stars["spendable"], stars["earned"], stars["redeemed"]) == ("138.12", "138.12", "0.00")
    assert [(it["left"], it["activityId"], it["rule"]) for it in stars["lots"]] == [
        ("50.00", "p1", "base"),
        ("88.12", "p2", "base"),
    ]
    assert stars["nextExpiry"] == {"left": "50.00", "expiresAt": stars["lots"][0]["expiresAt"]}
    assert stars["lots"][0]["earnedAt"] == "2026-01-10T11:00:00.000Z"
    assert stars["lots"][0]["expiresAt"] == "2076-01-11T05:00:00.000Z"
    assert (miles["spendable"], miles["nextExpiry"]) == ("10", None)
    assert ada["tiers"][0]["tier"]["slug"] == "gold"
    assert (ada["tiers"][0]["next"], ada["tiers"][0]["missing"]) == (None, None)
    assert (ada["missions"][0]["progress"], ada["missions"][0]["goal"]) == ("2", "3")
    assert ada["badges"][0]["badge"] == {"slug": "first", "name": "First"}
    assert {it["slug"]: it["value"] for it in ada["counters"]}["spent"] == "110.50"
    assert [it["node"]["activityId"] for it in ada["journal"]["edges"]][:2] == ["p2", "p1"]
    offers = {it["node"]["reward"]["slug"]: it["node"] for it in ada["rewards"]["edges"]}
    assert (offers["mug"]["availability"], offers["mug"]["cost"]) == ("AVAILABLE", "10.00")
    assert (offers["mug"]["missing"], offers["mug"]["reward"]["stock"]) == ("0.00", 1)


async def test_fields_of_a_member_are_narrowed_by_their_arguments(shop: Shop) -> None:
    await shop.enroll("ada")
    await shop.buy("ada", "10.00", "p1")
    found = await shop.get(
        "service",
        """{ member(ref: {externalId: "ada"}) {
            wallet(slug: "miles") { slug } none: wallet(slug: "gold") { slug }
            tier { tier { slug } } status: tier(ladder: "status") { tier { slug } }
            nothing: tier(ladder: "nope") { tier { slug } }
            missions(states: [AVAILABLE]) { mission { slug } }
            counters(slugs: ["visits", "nope", "visits"]) { slug value }
            vouchers(states: [USED]) { id }
        } }""",
    )

    assert found["member"] == {
        "wallet": {"slug": "miles"},
        "none": None,
        "tier": {"tier": {"slug": "blue"}},
        "status": {"tier": {"slug": "blue"}},
        "nothing": None,
        "missions": [{"mission": {"slug": "club"}}],
        "counters": [{"slug": "visits", "value": "1"}],
        "vouchers": [],
    }


async def test_a_member_is_found_by_id_by_external_id_and_by_identity(shop: Shop) -> None:
    ada = await shop.enroll("ada", identities=[{"scheme": "card", "value": "4711"}])
    query = "query($ref: MemberRef!) { member(ref: $ref) { externalId } }"
    refs = [
        {"id": ada["id"]},
        {"externalId": "ada"},
        {"identity": {"scheme": "card", "value": "4711"}},
    ]
    found = [(await shop.get("service", query, ref=ref))["member"] for ref in refs]
    unknown = [
        (await shop.get("service", query, ref=ref))["member"]
        for ref in ({"externalId": "bob"}, {"identity": {"scheme": "card", "value": "ada"}})
    ]

    assert found == [{"externalId": "ada"}] * 3
    assert unknown == [None, None]


async def test_a_reference_names_a_member_in_exactly_one_way(shop: Shop) -> None:
    query = "query($ref: MemberRef!) { member(ref: $ref) { id } }"

    for ref in ({}, {"id": "x", "externalId": "y"}, {"externalId": None}):
        assert await shop.code("service", query, ref=ref) == "BAD_USER_INPUT"
    assert await shop.code("service", query, ref={"id": "garbage"}) == "BAD_USER_INPUT"


async def test_a_token_reaches_its_own_member_and_nobody_else(shop: Shop) -> None:
    ada, bob = await shop.enroll("ada"), await shop.enroll("bob")
    token = await shop.token(ada["id"])
    query = """query($a: MemberRef!, $b: MemberRef!, $id: ID!) {
        me { externalId wallets { slug } } a: member(ref: $a) { externalId }
        b: member(ref: $b) { externalId } node(id: $id) { id } }"""
    found = await shop.get(
        token, query, a={"externalId": "ada"}, b={"externalId": "bob"}, id=bob["id"]
    )

    assert found["me"]["externalId"] == "ada"
    assert found["a"] == {"externalId": "ada"}
    assert (found["b"], found["node"]) == (None, None)
    assert await shop.code(token, "{ members { totalCount } }") == "FORBIDDEN"


async def test_partners_see_no_members(shop: Shop) -> None:
    ada = await shop.enroll("ada")

    assert await shop.code("partner", MEMBER, ref={"externalId": "ada"}) == "FORBIDDEN"
    assert (
        await shop.get("partner", "query($id: ID!) { node(id: $id) { id } }", id=ada["id"])
    ) == {"node": None}


async def test_members_are_listed_by_their_external_ids_and_searched(shop: Shop) -> None:
    for name in ("eve", "ada", "bob", "adam"):
        await shop.enroll(name)
    query = """query($first: Int, $after: String, $last: Int, $before: String, $search: String) {
        members(first: $first, after: $after, last: $last, before: $before, search: $search) {
            totalCount edges { cursor node { externalId } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""

    async def names(**asked: Any) -> tuple[list[str], dict[str, Any]]:
        found = (await shop.get("service", query, **asked))["members"]
        assert found["totalCount"] == 4
        return [it["node"]["externalId"] for it in found["edges"]], found["pageInfo"]

    first, info = await names(first=3)
    rest, last_info = await names(first=3, after=info["endCursor"])
    end, end_info = await names(last=2)
    before, _ = await names(last=2, before=end_info["startCursor"])

    assert (first, rest) == (["ada", "adam", "bob"], ["eve"])
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (True, False)
    assert (last_info["hasNextPage"], last_info["hasPreviousPage"]) == (False, True)
    assert (end, end_info["hasNextPage"]) == (["bob", "eve"], False)
    assert before == ["ada", "adam"]
    assert (await names(search="ada"))[0] == ["ada", "adam"]
    assert (await names(search="ada", last=1))[0] == ["adam"]
    assert (await names(search="ada", last=9))[0] == ["ada", "adam"]
    assert (await names(search="ada", last=9, before=end_info["endCursor"]))[0] == ["ada", "adam"]
    assert (await names(search="ada", last=9, before=info["startCursor"]))[0] == []
    assert (await names(search="ada", last=9, after=info["startCursor"]))[0] == ["adam"]


async def test_a_member_is_enrolled_once_and_changed_in_parts(shop: Shop) -> None:
    first = await shop.enroll("ada", displayName="Ada", attributes={"town": "Bath"})
    again = await shop.enroll("ada", displayName="Ada", attributes={"town": "Bath"})
    data = await shop.get(
        "service",
        """mutation($i: UpdateMemberInput!) { updateMember(input: $i) {
            member { id displayName attributes } problems { code } } }""",
        i={"member": {"id": first["id"]}, "attributes": {"age": 37}},
    )

    assert again["id"] == first["id"]
    assert data["updateMember"] == {
        "member": {
            "id": first["id"],
            "displayName": "Ada",
            "attributes": {"town": "Bath", "age": 37},
        },
        "problems": [],
    }


async def test_a_change_that_is_repeated_late_undoes_no_later_one(shop: Shop) -> None:
    await shop.enroll("ada", displayName="Ada")

    async def change(activity_id: str, **shown: str) -> Any:
        whole = {"activityId": activity_id, "member": {"externalId": "ada"}, **shown}
        data = await shop.get(
            "service",
            "mutation($i: UpdateMemberInput!) { updateMember(input: $i) {"
            " member { id displayName } problems { code } } }",
            i=whole,
        )
        assert data["updateMember"]["problems"] == []
        return data["updateMember"]["member"]

    first = {"displayName": "Ada L", "avatarUrl": "https://pictures.example.com/l"}
    await change("1", **first)
    await change("2", displayName="Ada B")
    member = await change("1", **first)

    profiles = await shop.world.members.profiles(shop.program, [read_id(member["id"]).key])
    (seen,) = profiles.values()
    assert (seen.display_name, seen.avatar_url) == ("Ada B", first["avatarUrl"])


@pytest.mark.parametrize(
    ("mutation", "input_", "kind", "code", "path"),
    [
        (
            "updateMember",
            {"member": {"externalId": "nobody"}},
            "NotFound",
            "UNKNOWN_MEMBER",
            ["member"],
        ),
        ("updateMember", {"member": {"id": "garbage"}}, "NotFound", "UNKNOWN_MEMBER", ["member"]),
        ("enrollMember", {"externalId": ""}, "InvalidInput", "INVALID_INPUT", ["externalId"]),
        (
            "enrollMember",
            {"externalId": "x" * 201},
            "InvalidInput",
            "INVALID_INPUT",
            ["externalId"],
        ),
        (
            "enrollMember",
            {"externalId": "eve", "attributes": [1]},
            "InvalidInput",
            "INVALID_INPUT",
            ["attributes"],
        ),
    ],
)
async def test_a_change_that_cannot_be_made_is_refused_with_its_field(
    shop: Shop, mutation: str, input_: dict[str, Any], kind: str, code: str, path: list[str]
) -> None:
    name = mutation[0].upper() + mutation[1:]
    data = await shop.get(
        "service",
        f"mutation($i: {name}Input!) {{ {mutation}(input: $i) {{"
        " member { id } problems { __typename code message path } } }",
        i=input_,
    )
    (problem,) = data[mutation]["problems"]

    assert data[mutation]["member"] is None
    assert (problem["__typename"], problem["code"], problem["path"]) == (kind, code, path)
    assert problem["message"]

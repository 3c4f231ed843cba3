from typing import Any

import pytest

from api.shop import Shop

ADA = {"externalId": "ada"}


async def change(
    shop: Shop, name: str, input_: dict[str, Any], *, token: str = "service"
) -> dict[str, Any]:
    data = await shop.get(
        token,
        f"mutation($i: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $i) {{"
        " activity { activityId type result reporter effects { __typename summary } }"
        " problems { __typename code message path } } }",
        i=input_,
    )
    answer: dict[str, Any] = data[name]
    return answer


async def test_a_member_joins_a_mission_and_then_what_they_do_counts(shop: Shop) -> None:
    ada = await shop.enroll("ada")
    token = await shop.token(ada["id"])
    joined = await change(shop, "joinMission", {"mission": "club"}, token=token)
    again = await change(shop, "joinMission", {"mission": "club"}, token=token)
    await shop.buy("ada", "10.00", "p1")
    found = await shop.get(
        token, "{ me { missions(states: [COMPLETED]) { mission { slug } progress completedAt } } }"
    )

    assert joined["problems"] == again["problems"] == []
    assert joined["activity"]["type"] == "mission_joined"
    assert again["activity"] == joined["activity"], "the same call again is the same change"
    (club,) = found["me"]["missions"]
    assert (club["mission"]["slug"], club["progress"]) == ("club", "1")
    assert club["completedAt"]


async def test_corrections_by_hand_are_activities_with_a_reason(shop: Shop) -> None:
    await shop.enroll("ada")
    given = await change(
        shop,
        "adjustPoints",
        {"activityId": "g", "member": ADA, "wallet": "stars", "amount": "7.25", "reason": "sorry"},
    )
    repeated = await change(
        shop,
        "adjustPoints",
        {"activityId": "g", "member": ADA, "wallet": "stars", "amount": "7.25", "reason": "sorry"},
    )
    taken = await change(
        shop,
        "adjustPoints",
        {"activityId": "t", "member": ADA, "wallet": "stars", "amount": "-8", "reason": "error"},
    )
    tier = await change(
        shop,
        "grantTier",
        {"activityId": "s", "member": ADA, "ladder": "status", "tier": "gold",
         "until": "2099-01-01T00:00:00Z", "reason": "status match"},
    )  # fmt: skip
    badge = await change(
        shop,
        "awardBadge",
        {"activityId": "b", "member": ADA, "badge": "honour", "reason": "helped"},
    )
    found = await shop.get(
        "service",
        """{ member(ref: {externalId: "ada"}) { wallet(slug: "stars") { spendable debt }
            tier { tier { slug } until } badges { badge { slug } } }
            activity(activityId: "g") { data } }""",
    )

    assert [it["problems"] for it in (given, repeated, taken, tier, badge)] == [[]] * 5
    assert repeated["activity"] == given["activity"]
    assert given["activity"]["effects"][0]["summary"].startswith("+7.25 Stars")
    assert found["member"] == {
        "wallet": {"spendable": "0.00", "debt": "0.75"},
        "tier": {"tier": {"slug": "gold"}, "until": "2099-01-01T00:00:00.000Z"},
        "badges": [{"badge": {"slug": "honour"}}],
    }
    assert found["activity"]["data"]["reason"] == "sorry"


@pytest.mark.parametrize(
    ("name", "input_", "kind", "code", "path"),
    [
        (
            "joinMission",
            {"member": ADA, "mission": "nope"},
            "NotFound",
            "UNKNOWN_MISSION",
            ["mission"],
        ),
        (
            "joinMission",
            {"member": {"externalId": "nobody"}, "mission": "club"},
            "NotFound",
            "UNKNOWN_MEMBER",
            ["member"],
        ),
        ("joinMission", {"mission": "club"}, "InvalidInput", "INVALID_INPUT", ["member"]),
        (
            "adjustPoints",
            {"activityId": "x", "member": ADA, "wallet": "nope", "amount": "1", "reason": "r"},
            "NotFound",
            "UNKNOWN_WALLET",
            ["wallet"],
        ),
        (
            "adjustPoints",
            {"activityId": "", "member": ADA, "wallet": "stars", "amount": "1", "reason": "r"},
            "InvalidInput",
            "INVALID_INPUT",
            ["activityId"],
        ),
        (
            "awardBadge",
            {"activityId": "x", "member": ADA, "badge": "nope", "reason": "r"},
            "NotFound",
            "UNKNOWN_BADGE",
            ["badge"],
        ),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused_as_a_problem(
    shop: Shop, name: str, input_: dict[str, Any], kind: str, code: str, path: list[str] | None
) -> None:
    await shop.enroll("ada")
    answer = await change(shop, name, input_)
    (problem,) = answer["problems"]

    assert (problem["__typename"], problem["code"], problem["path"]) == (kind, code, path)
    assert problem["message"].endswith(".")


async def test_each_change_of_an_operation_shows_what_it_has_made_of_things(shop: Shop) -> None:
    await shop.enroll("ada")
    await shop.buy("ada", "100.00", "p1")
    done = await shop.get(
        "service",
        """fragment Seen on Member { displayName wallet(slug: "stars") { spendable } }
        fragment Taken on Redemption { member { ...Seen } vouchers { code } }
        mutation {
            one: updateMember(input: {member: {externalId: "ada"}, displayName: "One"}) {
                member { ...Seen } }
            two: updateMember(input: {member: {externalId: "ada"}, displayName: "Two"}) {
                member { ...Seen } }
            taken: redeemReward(input: {redemptionId: "r1", member: {externalId: "ada"},
                reward: "coffee"}) { redemption { ...Taken } }
            again: redeemReward(input: {redemptionId: "r2", member: {externalId: "ada"},
                reward: "coffee"}) { redemption { ...Taken } }
            back: cancelRedemption(input: {redemptionId: "r1"}) { redemption { ...Taken } } }""",
    )
    names = [done[it]["member"]["displayName"] for it in ("one", "two")]
    redemptions = [done[it]["redemption"] for it in ("taken", "again", "back")]

    assert names == ["One", "Two"]
    assert [it["member"]["wallet"]["spendable"] for it in redemptions] == [
        "120.00", "115.00", "120.00",
    ]  # fmt: skip
    assert [len(it["vouchers"]) for it in redemptions] == [1, 1, 1]


async def test_members_and_partners_correct_nothing(shop: Shop) -> None:
    ada = await shop.enroll("ada")
    query = """mutation { adjustPoints(input: {activityId: "x", member: {externalId: "ada"},
        wallet: "stars", amount: "1", reason: "r"}) { problems { code } } }"""

    for token in (await shop.token(ada["id"]), "partner"):
        assert await shop.code(token, query) == "FORBIDDEN"


async def test_another_name_or_picture_under_an_id_that_was_used_is_refused(shop: Shop) -> None:
    await shop.enroll("ada", displayName="Ada")
    first = {"activityId": "u1", "member": ADA, "displayName": "Countess"}
    query = """mutation($i: UpdateMemberInput!) { updateMember(input: $i) {
        member { displayName } problems { code } } }"""
    answers = [
        (await shop.get("service", query, i=each))["updateMember"]
        for each in (
            first,
            {**first, "displayName": "Lady"},
            {"activityId": "u1", "member": ADA},
            {**first, "avatarUrl": "https://pictures.example/ada"},
            first,
        )
    ]
    done = {"member": {"displayName": "Countess"}, "problems": []}
    refused = {"member": None, "problems": [{"code": "PAYLOAD_DIFFERS"}]}

    assert answers == [done, refused, refused, refused, done]

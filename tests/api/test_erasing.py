from typing import Any

from api.shop import Shop

ERASE = """mutation($i: EraseMemberInput!) { eraseMember(input: $i) {
  member { id externalId displayName status attributes vouchers { id }
           wallet(slug: "stars") { spendable expired } }
  problems { __typename code path } } }"""


async def erase(shop: Shop, **input_: Any) -> dict[str, Any]:
    data = await shop.get("service", ERASE, i=input_)
    answer: dict[str, Any] = data["eraseMember"]
    return answer


async def test_an_erased_member_has_no_name_no_units_and_no_place_on_leaderboards(
    shop: Shop,
) -> None:
    ada = await shop.enroll("ada", displayName="Ada L.", attributes={"city": "London"})
    await shop.buy("ada", "40.00", "p1")
    await shop.enroll("bob")
    await shop.buy("bob", "10.00", "p2")

    done = await erase(shop, member={"externalId": "ada"})
    again = await erase(shop, member={"id": ada["id"]})
    gone = await erase(shop, member={"externalId": "ada"})
    board = await shop.get(
        "service",
        """{ leaderboard(slug: "all_time") { period { total entries { edges { node {
             profile { displayName externalId } } } } } }
           activity(activityId: "p1") { type data result } }""",
    )

    assert done["problems"] == []
    assert done["member"]["status"] == "ERASED"
    assert (done["member"]["displayName"], done["member"]["attributes"]) == (None, {})
    assert done["member"]["externalId"] not in ("", "ada")
    assert done["member"]["wallet"] == {"spendable": "0.00", "expired": "50.00"}
    assert again["member"] == done["member"], "the same call again is the same change"
    assert [it["code"] for it in gone["problems"]] == ["NOT_FOUND"]
    assert board["leaderboard"]["period"]["total"] == 1
    assert board["activity"] == {"type": "purchase", "data": {}, "result": "ACCEPTED"}

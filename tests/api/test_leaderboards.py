from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.shop import Shop

ENTRY = """fragment Entry on LeaderboardEntry {
    id rank score profile { displayName isViewer } }"""
PAGE = (
    ENTRY
    + """query($first: Int, $after: String, $last: Int, $before: String) {
    leaderboard(slug: "all_time") { period { total
        entries(first: $first, after: $after, last: $last, before: $before) {
            totalCount edges { cursor node { ...Entry } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""
)


async def filled(shop: Shop, many: int = 7) -> list[dict[str, Any]]:
    """Members m0 (the best) to m6; the two last are equal, and m5 was there first."""
    members = [await shop.enroll(f"m{i}", displayName=f"M {i}") for i in range(many)]
    for i in range(many):
        amount = f"{10 * (many - min(i, many - 2))}.50"
        await shop.buy(f"m{i}", amount, f"p{i}", at=f"2026-01-{10 + i}T12:00:00Z")
    return members


async def page(shop: Shop, **asked: Any) -> tuple[list[str], dict[str, Any]]:
    found = (await shop.get("service", PAGE, **asked))["leaderboard"]["period"]["entries"]
    return [it["node"]["profile"]["displayName"] for it in found["edges"]], found


async def test_entries_are_ordered_by_score_and_then_by_who_reached_it_first(shop: Shop) -> None:
    await filled(shop)
    names, found = await page(shop)
    entries = [it["node"] for it in found["edges"]]

    assert names == [f"M {i}" for i in range(7)]
    assert [it["rank"] for it in entries] == [1, 2, 3, 4, 5, 6, 7]
    assert [it["score"] for it in entries][-3:] == ["30.50", "20.50", "20.50"]
    assert found["totalCount"] == 7


async def test_a_leaderboard_is_walked_in_both_directions_and_keeps_its_place(shop: Shop) -> None:
    await filled(shop)
    first, found = await page(shop, first=3)
    await shop.buy("m6", "500.00", "jump")
    rest, rest_found = await page(shop, first=10, after=found["pageInfo"]["endCursor"])
    last, last_found = await page(shop, last=2)
    before, before_found = await page(shop, last=9, before=last_found["pageInfo"]["startCursor"])

    assert first == ["M 0", "M 1", "M 2"]
    assert (found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert rest == ["M 3", "M 4", "M 5"]
    assert rest_found["pageInfo"]["hasNextPage"] is False
    assert rest_found["pageInfo"]["hasPreviousPage"] is True
    assert last == ["M 4", "M 5"]
    assert last_found["pageInfo"]["hasNextPage"] is False
    assert before == ["M 6", "M 0", "M 1", "M 2", "M 3"]
    assert before_found["pageInfo"]["hasPreviousPage"] is False


async def test_a_members_entry_and_its_neighbours_are_found(shop: Shop) -> None:
    members = await filled(shop)
    query = (
        ENTRY
        + """query($ref: MemberRef!, $above: Int, $below: Int) {
        leaderboard(slug: "all_time") { period {
            entry(member: $ref) { ...Entry }
            around(member: $ref, above: $above, below: $below) { ...Entry }
            usual: around(member: $ref) { rank } } } }"""
    )

    async def near(ref: dict[str, Any], **asked: Any) -> tuple[Any, list[int], list[int]]:
        found = await shop.get("service", query, ref=ref, **asked)
        period = found["leaderboard"]["period"]
        entry = period["entry"] and period["entry"]["rank"]
        return entry, *([it["rank"] for it in period[name]] for name in ("around", "usual"))

    assert await near({"externalId": "m3"}, above=1, below=2) == (4, [3, 4, 5, 6], [2, 3, 4, 5, 6])
    assert await near({"externalId": "m0"}, above=1, below=0) == (1, [1], [1, 2, 3])
    assert await near({"id": members[6]["id"]}, above=0, below=9) == (7, [7], [5, 6, 7])
    assert await near({"externalId": "nobody"}) == (None, [], [])
    assert await shop.code("service", query, ref={"externalId": "m0"}, above=51) == "BAD_USER_INPUT"
    assert await shop.code("service", query, ref={"externalId": "m0"}, below=-1) == "BAD_USER_INPUT"


async def test_members_see_the_board_themselves_on_it_and_of_others_their_profile_only(
    shop: Shop,
) -> None:
    members = await filled(shop, 3)
    token = await shop.token(members[1]["id"])
    query = (
        ENTRY
        + """query($me: MemberRef!, $other: MemberRef!) { leaderboard(slug: "all_time") { period {
        entries { edges { node { ...Entry } } }
        entry(member: $me) { rank } other: entry(member: $other) { rank }
        around(member: $other) { rank } } } }"""
    )
    found = await shop.get(token, query, me={"externalId": "m1"}, other={"externalId": "m0"})
    period = found["leaderboard"]["period"]
    viewers = [it["node"]["profile"]["isViewer"] for it in period["entries"]["edges"]]

    assert viewers == [False, True, False]
    assert period["entry"] == {"rank": 2}
    assert (period["other"], period["around"]) == (None, [])
    assert await shop.code("partner", PAGE) == "FORBIDDEN"


async def test_a_period_is_found_by_an_instant_and_knows_its_ends(shop: Shop) -> None:
    await filled(shop, 3)
    query = """query($at: DateTime) { leaderboard(slug: "month") { name
        period(at: $at) { id startsAt endsAt state total } } }"""
    january = (await shop.get("service", query, at="2026-01-20T00:00:00Z"))["leaderboard"]
    # In Berlin the business month of January 2026 begins at 06:00 on the first.
    edge = (await shop.get("service", query, at="2026-01-01T04:59:59.999Z"))["leaderboard"]
    now = (await shop.get("service", query))["leaderboard"]["period"]
    ever = await shop.get(
        "service", '{ leaderboard(slug: "all_time") { period { startsAt endsAt state } } }'
    )

    assert january["name"] == "This month"
    assert january["period"]["startsAt"] == "2026-01-01T05:00:00.000Z"
    assert january["period"]["endsAt"] == "2026-02-01T05:00:00.000Z"
    assert (january["period"]["state"], january["period"]["total"]) == ("CLOSING", 3)
    assert edge["period"]["endsAt"] == "2026-01-01T05:00:00.000Z"
    assert edge["period"]["total"] == 0
    assert now["state"] == "OPEN"
    assert ever["leaderboard"]["period"] == {"startsAt": None, "endsAt": None, "state": "OPEN"}


async def test_an_unknown_leaderboard_is_null(shop: Shop) -> None:
    found = await shop.get("service", '{ leaderboard(slug: "nope") { id } }')

    assert found == {"leaderboard": None}


@pytest.mark.parametrize("cursor", ["xx", "YXJyYXljb25uZWN0aW9uOi01", ""])
async def test_a_cursor_that_is_none_is_refused(shop: Shop, cursor: str) -> None:
    await filled(shop, 2)

    assert await shop.code("service", PAGE, first=2, after=cursor) == "BAD_USER_INPUT"


async def test_a_cursor_of_another_leaderboard_is_refused(shop: Shop) -> None:
    await filled(shop, 2)
    _, found = await page(shop, first=1)
    cursor = found["pageInfo"]["endCursor"]
    month = PAGE.replace('"all_time"', '"month"')

    assert await shop.code("service", month, after=cursor) == "BAD_USER_INPUT"


LIVE = (
    ENTRY
    + """subscription($slug: String!, $first: Int, $around: MemberRef) {
    leaderboardUpdates(slug: $slug, first: $first, around: $around) {
        at total entries { ...Entry } around { ...Entry } } }"""
)


def names(message: dict[str, Any]) -> list[str]:
    update = message["payload"]["data"]["leaderboardUpdates"]
    return [it["profile"]["displayName"] for it in update["entries"]]


async def test_a_subscriber_sees_the_state_at_once_and_then_each_change(shop: Shop) -> None:
    await filled(shop, 3)
    async with shop.socket("service") as socket:
        await socket.init()
        await socket.subscribe(LIVE, slug="all_time", first=2, around={"externalId": "m2"})
        first = await socket.read()
        await shop.buy("m2", "100.00", "up")
        second = await socket.read()

    assert names(first) == ["M 0", "M 1"]
    assert names(second) == ["M 2", "M 0"]
    update = second["payload"]["data"]["leaderboardUpdates"]
    assert update["total"] == 3
    assert [it["rank"] for it in update["around"]] == [1, 2, 3]
    assert update["entries"][0]["score"] == "120.50"


async def test_a_subscriber_sees_the_name_of_whoever_is_called_otherwise(shop: Shop) -> None:
    await filled(shop, 2)
    async with shop.socket("service") as socket:
        await socket.init()
        await socket.subscribe(LIVE, slug="all_time", first=1)
        before = await socket.read()
        await shop.get(
            "service",
            """mutation { updateMember(input: {member: {externalId: "m0"}, displayName: "New"}) {
                problems { code } } }""",
        )
        after = await socket.read()

    assert (names(before), names(after)) == (["M 0"], ["New"])


async def test_many_changes_at_once_are_few_states_and_the_last_is_right(shop: Shop) -> None:
    await filled(shop, 2)
    started = datetime.now(UTC)
    async with shop.socket("service") as socket:
        await socket.init()
        await socket.subscribe(LIVE, slug="all_time", first=1)
        updates = [await socket.read()]
        for i in range(40):
            await shop.buy("m1", "1.00", f"many{i}")
        while (
            updates[-1]["payload"]["data"]["leaderboardUpdates"]["entries"][0]["score"] != "60.50"
        ):
            updates.append(await socket.read())
    took = datetime.now(UTC) - started

    assert len(updates) <= 2 + took / timedelta(milliseconds=240)
    assert names(updates[-1]) == ["M 1"]


async def test_subscribers_who_see_the_same_share_it_and_viewers_see_themselves(
    shop: Shop,
) -> None:
    members = await filled(shop, 2)
    tokens = [await shop.token(it["id"]) for it in members]
    async with shop.socket(tokens[0]) as one, shop.socket(tokens[1]) as two:
        for socket in (one, two):
            await socket.init()
            await socket.subscribe(LIVE, slug="all_time")
        seen = [(await socket.read())["payload"]["data"] for socket in (one, two)]
    viewers = [
        [it["profile"]["isViewer"] for it in data["leaderboardUpdates"]["entries"]] for data in seen
    ]

    assert viewers == [[True, False], [False, True]]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"slug": "nope"}, "NOT_FOUND"),
        ({"slug": "month", "first": 101}, "BAD_USER_INPUT"),
        ({"slug": "month", "first": -1}, "BAD_USER_INPUT"),
        ({"slug": "month", "around": {"id": "garbage"}}, "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_be_followed_is_refused(
    shop: Shop, asked: dict[str, Any], code: str
) -> None:
    async with shop.socket("service") as socket:
        await socket.init()
        await socket.subscribe(LIVE, **asked)
        last = (await socket.rest())[-1]

    assert last["type"] == "error"
    assert last["payload"][0]["extensions"]["code"] == code


async def test_who_may_not_see_a_board_may_not_follow_it(shop: Shop) -> None:
    async with shop.socket("partner") as socket:
        await socket.init()
        await socket.subscribe(LIVE, slug="month")
        last = (await socket.rest())[-1]

    assert last["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_programs_never_share_a_board(shops: tuple[Shop, Shop]) -> None:
    here, there = shops
    await filled(here, 2)
    async with here.socket("service") as mine, there.socket("service") as theirs:
        for socket in (mine, theirs):
            await socket.init()
            await socket.subscribe(LIVE, slug="all_time")
        seen = [names(await socket.read()) for socket in (mine, theirs)]

    assert seen == [["M 0", "M 1"], []]

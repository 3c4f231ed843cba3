import asyncio
from typing import Any

import pytest

from api.shop import Shop
from api.transport.wire import Socket

UPDATES = """subscription($member: MemberRef, $after: String) {
    memberUpdates(member: $member, after: $after) { cursor
        activity { activityId effects { summary } }
        member { externalId counters(slugs: ["visits"]) { value } } } }"""


MERGING = """mutation($id: String, $one: String, $other: String) {
    mergeMembers(input: {activityId: $id, from: {externalId: $one}, into: {externalId: $other}}) {
        problems { code } } }"""


def update(message: dict[str, Any]) -> dict[str, Any]:
    assert message["type"] == "next", message
    found: dict[str, Any] = message["payload"]["data"]["memberUpdates"]
    return found


async def follow(socket: Socket, **asked: Any) -> Socket:
    await socket.init()
    await socket.subscribe(UPDATES, **asked)
    return socket


async def test_a_member_hears_of_everything_in_order_as_it_happens(shop: Shop) -> None:
    ada = await shop.enroll("ada")
    async with shop.socket(await shop.token(ada["id"])) as socket:
        await follow(socket, after=(await newest(shop)))
        for i in range(3):
            await shop.buy("ada", "10.00", f"p{i}")
        updates = [update(await socket.read()) for _ in range(3)]

    assert [it["activity"]["activityId"] for it in updates] == ["p0", "p1", "p2"]
    assert updates[0]["activity"]["effects"][0]["summary"].startswith("+12.50 Stars")
    assert updates[2]["member"] == {"externalId": "ada", "counters": [{"value": "3"}]}


async def newest(shop: Shop) -> str:
    """Return the cursor of the newest entry of ada's journal."""
    found = await shop.get(
        "service", '{ member(ref: {externalId: "ada"}) { journal(first: 1) { edges { cursor } } } }'
    )
    cursor: str = found["member"]["journal"]["edges"][0]["cursor"]
    return cursor


async def test_without_a_cursor_only_what_is_new_comes(shop: Shop) -> None:
    await shop.enroll("ada")
    await shop.buy("ada", "10.00", "old")
    async with shop.socket("service") as socket:
        await follow(socket, member={"externalId": "ada"})
        reading = asyncio.create_task(socket.read())
        number = 0
        while not reading.done():
            await shop.buy("ada", "1.00", f"new{number}")
            number += 1
        first = update(await reading)

    assert first["activity"]["activityId"].startswith("new")


async def test_resuming_over_reconnects_misses_nothing_and_repeats_nothing(shop: Shop) -> None:
    ada = await shop.enroll("ada")
    token = await shop.token(ada["id"])
    cursor = await newest(shop)
    many = 60

    async def buy() -> None:
        for i in range(many):
            await shop.buy("ada", "1.00", f"p{i}")

    buying = asyncio.create_task(buy())
    heard: list[str] = []
    while len(heard) < many:
        async with shop.socket(token) as socket:
            await follow(socket, after=cursor)
            for _ in range(min(7, many - len(heard))):
                found = update(await socket.read())
                heard.append(found["activity"]["activityId"])
                cursor = found["cursor"]
            socket.raw.transport.abort()
    await buying

    assert heard == [f"p{i}" for i in range(many)]


async def test_a_lost_message_of_redis_costs_a_wait_and_never_an_entry(
    shop: Shop, valkey_url: str
) -> None:
    from redis import Redis

    await shop.enroll("ada")
    async with shop.socket("service") as socket:
        await follow(socket, member={"externalId": "ada"}, after=await newest(shop))
        with Redis.from_url(valkey_url) as client:
            client.client_kill_filter(_type="pubsub")
        await shop.buy("ada", "10.00", "p1")
        first = update(await socket.read())

    assert first["activity"]["activityId"] == "p1"


async def test_a_slow_reader_gets_everything_later(shop: Shop) -> None:
    await shop.enroll("ada")
    start = await newest(shop)
    async with shop.socket("service") as socket:
        await follow(socket, member={"externalId": "ada"}, after=start)
        await shop.record(
            *(
                {
                    "activityId": f"p{i}",
                    "type": "purchase",
                    "member": {"externalId": "ada"},
                    "amount": "1",
                }
                for i in range(200)
            )
        )
        await asyncio.sleep(0.2)
        heard = [update(await socket.read())["activity"]["activityId"] for _ in range(200)]

    assert heard == [f"p{i}" for i in range(200)]


@pytest.mark.parametrize(
    ("token", "asked", "code"),
    [
        ("service", {}, "BAD_USER_INPUT"),
        ("service", {"member": {"externalId": "nobody"}}, "NOT_FOUND"),
        ("service", {"member": {"id": "garbage"}}, "BAD_USER_INPUT"),
        ("service", {"member": {"externalId": "ada"}, "after": "garbage"}, "BAD_USER_INPUT"),
        ("bob", {"member": {"externalId": "ada"}}, "NOT_FOUND"),
        ("partner", {"member": {"externalId": "ada"}}, "FORBIDDEN"),
    ],
)
async def test_whom_nobody_may_follow_is_refused(
    shop: Shop, token: str, asked: dict[str, Any], code: str
) -> None:
    await shop.enroll("ada")
    bob = await shop.enroll("bob")
    async with shop.socket(await shop.token(bob["id"]) if token == "bob" else token) as socket:
        await follow(socket, **asked)
        last = (await socket.rest())[-1]

    assert last["type"] == "error"
    assert last["payload"][0]["extensions"]["code"] == code


async def test_a_cursor_of_another_member_is_refused(shop: Shop) -> None:
    await shop.enroll("ada")
    bob = await shop.enroll("bob")
    async with shop.socket(await shop.token(bob["id"])) as socket:
        await follow(socket, after=await newest(shop))
        last = (await socket.rest())[-1]

    assert last["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_members_of_another_program_are_followed_by_nobody(shops: tuple[Shop, Shop]) -> None:
    here, there = shops
    ada = await here.enroll("ada")
    async with there.socket("service") as socket:
        await follow(socket, member={"id": ada["id"]}, after=await newest(here))
        last = (await socket.rest())[-1]

    assert last["payload"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_updates_go_on_with_the_survivor_when_a_member_is_merged(shop: Shop) -> None:
    ada, _ = await shop.enroll("ada"), await shop.enroll("eva")
    await shop.buy("eva", "1.00", "before")
    start = await newest(shop)
    token = await shop.token(ada["id"])
    async with shop.socket(token) as socket:
        await follow(socket, after=start)
        await shop.buy("ada", "10.00", "p1")
        await shop.get(
            "service",
            """mutation { mergeMembers(input: {activityId: "m", from: {externalId: "ada"},
                into: {externalId: "eva"}}) { problems { code } } }""",
        )
        await shop.buy("eva", "10.00", "p2")
        live = [update(await socket.read()) for _ in range(4)]
    async with shop.socket(token) as socket:
        await follow(socket, after=live[0]["cursor"])
        resumed = [update(await socket.read()) for _ in range(3)]

    assert [it["activity"]["activityId"] for it in live] == ["p1", "m", "m.absorb", "p2"]
    assert live[3]["member"]["externalId"] == "eva"
    assert [it["activity"]["activityId"] for it in resumed] == ["m", "m.absorb", "p2"]
    assert [it["cursor"] for it in resumed] == [it["cursor"] for it in live[1:]]


async def test_who_left_right_at_a_merger_comes_back_to_the_survivors_journal(shop: Shop) -> None:
    ada, _ = await shop.enroll("ada"), await shop.enroll("eva")
    await shop.enroll("zoe")
    place, token = await newest(shop), await shop.token(ada["id"])
    await shop.get("service", MERGING, id="m1", one="ada", other="eva")
    await shop.buy("eva", "1.00", "p1")
    await shop.get("service", MERGING, id="m2", one="eva", other="zoe")
    await shop.buy("zoe", "1.00", "p2")
    heard = []
    for _ in range(6):
        async with shop.socket(token) as socket:
            await follow(socket, after=place)
            next_ = update(await socket.read())
        place = next_["cursor"]
        heard.append(next_["activity"]["activityId"])

    assert heard == ["m1", "m1.absorb", "p1", "m2", "m2.absorb", "p2"]

"""What has piled up, and what is changed meanwhile: nobody waits for others, nothing is lost."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient
from standardwebhooks import Webhook

from guerdon.core.activity import Instant
from guerdon.engine.refusals import InvalidInput, NotFound
from guerdon.engine.webhook_records import WAITING, Delivery, Endpoint
from guerdon.engine.webhooks import endpoints, relay, replays
from guerdon.engine.webhooks.endpoints import opened
from guerdon.engine.world import World
from guerdon.partners.courier import Courier
from guerdon.settings import Settings
from webhooks.conftest import Clock, Listener
from webhooks.test_relay import OWNER, listening, state
from webhooks.test_relay import relay as turn
from worlds import PROGRAM, a_purchase, by, report


def waiting(endpoint: Endpoint, member: str, seq: int, *, made: int, due: int) -> Delivery:
    return Delivery(
        endpoint=endpoint.id,
        lane=0,
        seq=seq,
        number=1,
        member=member,
        topic="points.earned",
        state=WAITING,
        created_at=Instant(made),
        due_at=Instant(due),
    )


@pytest.mark.parametrize("is_one_member", [True, False])
async def test_thousands_that_are_to_be_tried_later_hold_nobody_up_who_is_due(
    world: World, listener: Listener, clock: Clock, *, is_one_member: bool
) -> None:
    """After an outage the oldest are to be tried in hours; whoever comes behind is due now."""
    _, endpoint = await listening(world, listener, "points.earned")
    now, later = clock(), clock() + 36_000_000
    many = [
        waiting(
            endpoint,
            "poor" if is_one_member else f"m{number}",
            number,
            made=now - 9_999_999 + number,
            due=later,
        )
        for number in range(1, 2_501)
    ]
    last = waiting(endpoint, "rich", 2_501, made=now, due=now)
    await world.webhooks.enqueue(
        PROGRAM, endpoint.id, lane=0, before=0, seq=2_501, deliveries=[*many, last]
    )

    claimed = await world.webhooks.claim(
        PROGRAM, endpoint.id, now=now, until=Instant(now + 1_000), limit=16
    )

    assert [each.member for each in claimed] == ["rich"]


async def test_a_member_whose_first_waits_is_passed_over_however_much_is_behind(
    world: World, listener: Listener, clock: Clock
) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    now, later = clock(), clock() + 36_000_000
    first = waiting(endpoint, "poor", 1, made=now - 9_000, due=later)
    behind = [
        waiting(endpoint, "poor", number, made=now - 8_000 + number, due=now - 8_000 + number)
        for number in range(2, 2_502)
    ]
    await world.webhooks.enqueue(
        PROGRAM, endpoint.id, lane=0, before=0, seq=2_501, deliveries=[first, *behind]
    )

    claimed = await world.webhooks.claim(
        PROGRAM, endpoint.id, now=now, until=Instant(now + 1_000), limit=16
    )

    assert claimed == []


async def test_a_members_order_is_kept_though_the_clocks_of_two_processes_differ(
    world: World, listener: Listener, clock: Clock
) -> None:
    await listening(world, listener, "points.earned")
    await report(world, [a_purchase(1)])
    ahead = replace(world, clock=lambda: Instant(clock() + 3_000))
    (endpoint,) = await endpoints.listed(world, OWNER)
    await relay.queue(ahead, PROGRAM, endpoint)
    await report(world, [a_purchase(2)])
    await relay.queue(world, PROGRAM, endpoint)
    clock.forward(60)
    await turn(world)

    told = [it.message["data"]["activity"]["activityId"] for it in listener.requests]
    assert told == ["p1", "p2"]


async def test_an_endpoint_that_is_switched_on_again_is_sent_at_once_what_waited(
    world: World, listener: Listener, clock: Clock
) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    await report(world, [a_purchase(1)])
    listener.answers = [500, 500, 500]
    for _ in range(3):
        await turn(world)
        clock.forward(400)
    assert await state(world, endpoint) == [("waiting", 3)]
    await endpoints.update(world, OWNER, endpoint.id, enabled=False)
    listener.answers = []

    await endpoints.update(world, OWNER, endpoint.id, enabled=True)
    await turn(world)

    assert await state(world, endpoint) == [("delivered", 4)]


@pytest.mark.parametrize("by_name", [True, False])
async def test_what_waits_for_a_later_try_is_sent_now_where_it_is_asked_for_again(
    world: World, listener: Listener, clock: Clock, *, by_name: bool
) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    await report(world, [a_purchase(1), a_purchase(2)])
    listener.answers = [500, 500, 500]
    for _ in range(3):
        await turn(world)
        clock.forward(400)
    page = await replays.log(world, PROGRAM, endpoint.id, limit=5)
    names = [name.partition("|")[2] for name, _ in page.items]
    begin = Instant(clock() - 10_000_000)

    asked = {"names": names} if by_name else {"begin": begin}
    count = await replays.replay(world, OWNER, endpoint.id, **asked)
    await turn(world)

    assert count == 1, "the other one is due and waits for this one only"
    assert await state(world, endpoint) == [("delivered", 1), ("delivered", 1)]


async def test_a_change_takes_nothing_back_that_was_changed_at_the_same_time(
    world: World, listener: Listener
) -> None:
    """A secret that was shown stays good, and what was switched off meanwhile stays off."""
    _, endpoint = await listening(world, listener, "points.earned")
    for number in range(8):
        (secret, _), _, _ = await asyncio.gather(
            endpoints.rotate(world, OWNER, endpoint.id),
            endpoints.update(world, OWNER, endpoint.id, url=f"{listener.url}?{number}"),
            world.webhooks.note_outcome(
                PROGRAM, endpoint.id, failing_since=None, disabled="it answered 410 Gone"
            ),
        )
        found = await endpoints.find(world, OWNER, endpoint.id)
        assert (await opened(world, PROGRAM, found))[0] == secret
        assert found.url.endswith(f"?{number}")
        assert found.disabled
        await endpoints.update(world, OWNER, endpoint.id, enabled=True)


async def test_what_is_removed_while_it_is_changed_stays_removed(
    world: World, listener: Listener
) -> None:
    for _ in range(8):
        _, endpoint = await listening(world, listener, "points.earned")
        await asyncio.gather(
            endpoints.remove(world, OWNER, endpoint.id),
            endpoints.rotate(world, OWNER, endpoint.id),
            endpoints.update(world, OWNER, endpoint.id, enabled=True),
            return_exceptions=True,
        )
        with pytest.raises(NotFound):
            await endpoints.find(world, OWNER, endpoint.id)


async def test_each_secret_is_good_for_a_day_after_it_was_rotated_also_twice_in_a_row(
    world: World, listener: Listener, clock: Clock
) -> None:
    """Who rotates once more, because the answer was lost, locks nobody out."""
    installed, endpoint = await listening(world, listener, "points.earned")
    lost, _ = await endpoints.rotate(world, OWNER, endpoint.id)
    clock.forward(60)
    newest, _ = await endpoints.rotate(world, OWNER, endpoint.id)
    found = await endpoints.find(world, OWNER, endpoint.id)
    assert await opened(world, PROGRAM, found) == [newest, lost, installed]

    clock.forward(24 * 3_600 - 30)
    assert await opened(world, PROGRAM, found) == [newest, lost]
    clock.forward(60)
    assert await opened(world, PROGRAM, found) == [newest]


async def test_two_who_rotate_at_once_both_hold_a_secret_that_signs(
    world: World, listener: Listener
) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    both = await asyncio.gather(*(endpoints.rotate(world, OWNER, endpoint.id) for _ in range(2)))
    await report(world, [a_purchase(1, member=by("ben"))])
    await turn(world)

    (request,) = listener.requests
    for secret, _ in both:
        headers = {name: request.headers[name] for name in request.headers if "webhook-" in name}
        signer = Webhook(secret)
        signatures = headers["webhook-signature"].split()
        content = request.body.decode()
        assert any(
            each
            == relay.signed(
                [signer],
                headers["webhook-id"],
                Instant(int(headers["webhook-timestamp"]) * 1_000),
                content.encode(),
            ).headers["webhook-signature"]
            for each in signatures
        )


async def test_one_partner_takes_no_endpoint_away_from_others(
    world: World, listener: Listener
) -> None:
    for _ in range(endpoints.ENDPOINTS_MAX):
        await listening(world, listener, partner="cafe")
    with pytest.raises(InvalidInput, match="remove one first"):
        await listening(world, listener, partner="cafe")

    await listening(world, listener, partner="cinema")
    await listening(world, listener)


@pytest.mark.parametrize(
    "url",
    [
        "https://münchen.example/hooks",
        "https://example.com/hooks?of=übung",
        f"https://{'a' * 64}.example.com/",
        "https://a..example.com/",
        "https://.example.com/",
    ],
)
async def test_an_address_that_can_lead_nowhere_is_refused_and_fails_as_others_do(
    url: str,
) -> None:
    courier = Courier(timeout_seconds=2)

    assert courier.refuses(url)
    assert (await courier(url, {}, b"{}")).status is None
    await courier.close()


async def test_what_is_due_is_found_by_its_index_alone(
    world: World, listener: Listener, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    now = world.clock()
    some = [waiting(endpoint, f"m{number}", number, made=now, due=now) for number in range(1, 500)]
    await world.webhooks.enqueue(PROGRAM, endpoint.id, lane=0, before=0, seq=500, deliveries=some)
    collection = mongo_client[settings.mongo_database]["webhook_deliveries"]
    own = {"e": f"{PROGRAM}|{endpoint.id}", "s": WAITING}
    found = collection.find(own, {"m": 1, "d": 1, "l": 1}).sort([("c", 1), ("_id", 1)])
    plan = found.limit(200).explain()

    assert plan["executionStats"]["totalDocsExamined"] == 0
    assert plan["executionStats"]["totalKeysExamined"] <= 201

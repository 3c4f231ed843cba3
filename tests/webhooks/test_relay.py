"""Messages arrive at least once, signed, under one id, and in order for each member."""

import asyncio
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pymongo import MongoClient
from standardwebhooks import Webhook

from guerdon.core.activity import Instant
from guerdon.engine import publish
from guerdon.engine.inputs import ActivityInput, MemberRef
from guerdon.engine.refusals import InvalidInput, NotFound
from guerdon.engine.webhook_records import Endpoint
from guerdon.engine.webhooks import endpoints, replays
from guerdon.engine.webhooks.relay import DISABLED_AFTER_MS, KEPT_MS, SCHEDULE_MS, Relay
from guerdon.engine.world import Role, World
from guerdon.settings import Settings
from webhooks.conftest import SHOP, Clock, Listener, a_listener
from worlds import PROGRAM, a_caller, a_purchase, a_world, by, report

OWNER = a_caller()


async def relay(world: World) -> None:
    """Let every endpoint have one turn, and wait for all of them."""
    async with asyncio.TaskGroup() as tasks:
        await Relay(tasks)(world)


async def listening(
    world: World, listener: Listener, *topics: str, partner: str | None = None
) -> tuple[str, Endpoint]:
    caller = OWNER if partner is None else a_caller(Role.PARTNER, partner=partner)
    return await endpoints.create(world, caller, url=listener.url, topics=topics)


async def state(world: World, endpoint: Endpoint) -> list[tuple[str, int]]:
    """Return the states of the log, oldest first, each with the tries."""
    page = await replays.log(world, PROGRAM, endpoint.id, limit=100)
    return [(delivery.state, delivery.tries) for _, delivery in page.items][::-1]


async def test_what_is_decided_is_told_signed_and_once(world: World, listener: Listener) -> None:
    await report(world, [a_purchase(0)])
    secret, _ = await listening(world, listener, "activity.*", "points.*", "badge.awarded")

    await report(world, [a_purchase(1, member=by("ben"))])
    await relay(world)
    await relay(world)

    told = [request.message for request in listener.requests]
    assert [message["type"] for message in told] == [
        "activity.accepted",  # the automatic enrollment
        "activity.accepted",
        "points.earned",
        "badge.awarded",
    ]
    assert told[2]["data"]["member"] == {"externalId": "ben"}
    assert (told[2]["data"]["wallet"], told[2]["data"]["amount"]) == ("points", "10")
    assert told[2]["data"]["activity"]["activityId"] == "p1"
    assert [message["data"]["sequence"] for message in told] == [1, 2, 2, 2]
    assert len({request.headers["webhook-id"] for request in listener.requests}) == 4
    for request in listener.requests:
        signature = request.headers["webhook-signature"]
        content = request.body.decode()
        moment = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        assert signature == Webhook(secret).sign(request.headers["webhook-id"], moment, content)


async def test_what_fails_comes_again_on_schedule_under_the_same_id(
    world: World, listener: Listener, clock: Clock
) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    await report(world, [a_purchase(1)])
    listener.answers = [500, None, 302, 429]

    await relay(world)
    assert len(listener.requests) == 1
    for number, wait in enumerate(SCHEDULE_MS[:4], 1):
        clock.forward(wait / 1_000 - 1)
        await relay(world)
        assert len(listener.requests) == number, "not before its time"
        clock.forward(1)
        await relay(world)
        assert len(listener.requests) == number + 1

    assert len({request.headers["webhook-id"] for request in listener.requests}) == 1
    assert await state(world, endpoint) == [("delivered", 5)]
    ((_, delivery),) = (await replays.log(world, PROGRAM, endpoint.id, limit=5)).items
    assert [attempt.status for attempt in delivery.attempts] == [500, None, 302, 429, 200]
    assert delivery.attempts[1].error


async def test_an_endpoint_that_says_when_to_come_back_is_obeyed(
    world: World, listener: Listener, clock: Clock
) -> None:
    await listening(world, listener, "points.earned")
    await report(world, [a_purchase(1)])
    listener.answers, listener.headers = [503], "retry-after: 60\r\n"

    await relay(world)
    clock.forward(59)
    await relay(world)
    assert len(listener.requests) == 1
    clock.forward(1)
    await relay(world)
    assert len(listener.requests) == 2


async def test_a_members_messages_keep_their_order_and_others_do_not_wait(
    world: World, listener: Listener, clock: Clock
) -> None:
    await listening(world, listener, "points.earned")
    await report(world, [a_purchase(1), a_purchase(2)])
    listener.answers = [500]

    await relay(world)
    await report(world, [a_purchase(3, member=by("ben"))])
    await relay(world)
    clock.forward(10)
    await relay(world)

    told = [
        (it.message["data"]["member"]["externalId"], it.message["data"]["activity"]["activityId"])
        for it in listener.requests
    ]
    assert told == [("ann", "p1"), ("ben", "p3"), ("ann", "p1"), ("ann", "p2")]


async def test_after_ten_tries_a_message_is_given_up_and_can_be_sent_again(
    world: World, listener: Listener, clock: Clock
) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    await report(world, [a_purchase(1), a_purchase(2)])
    listener.answers = [500] * 10

    await relay(world)
    for wait in SCHEDULE_MS:
        clock.forward(wait / 1_000)
        await relay(world)
    assert await state(world, endpoint) == [("dead", 10), ("delivered", 1)]
    ids = [request.headers["webhook-id"] for request in listener.requests]

    page = await replays.log(world, PROGRAM, endpoint.id, limit=5, state="dead")
    names = [name.partition("|")[2] for name, _ in page.items]
    assert await replays.replay(world, OWNER, endpoint.id, names=names) == 1
    await relay(world)
    assert await state(world, endpoint) == [("delivered", 1), ("delivered", 1)]
    assert listener.requests[-1].headers["webhook-id"] == ids[0]

    assert await replays.replay(world, OWNER, endpoint.id, begin=world.clock()) == 0
    begin = world.clock() - 10 * SCHEDULE_MS[-1]
    assert await replays.replay(world, OWNER, endpoint.id, begin=Instant(begin)) == 2


async def test_an_endpoint_that_is_gone_is_switched_off_at_once(
    world: World, listener: Listener, clock: Clock
) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    await report(world, [a_purchase(1)])
    listener.answers = [410]
    await relay(world)
    await report(world, [a_purchase(2)])
    clock.forward(SCHEDULE_MS[0] / 1_000)
    await relay(world)

    (found,) = await endpoints.listed(world, OWNER)
    assert found.disabled == "it answered 410 Gone"
    assert len(listener.requests) == 1

    await endpoints.update(world, OWNER, endpoint.id, enabled=True)
    await relay(world)
    assert [it.message["data"]["activity"]["activityId"] for it in listener.requests[1:]] == [
        "p1",
        "p2",
    ], "what waited while it was off is not lost"


async def test_an_endpoint_that_fails_for_five_days_is_switched_off(
    world: World, listener: Listener, clock: Clock
) -> None:
    await listening(world, listener, "points.earned")
    listener.answers = [500] * 100
    await report(world, [a_purchase(1)])
    await relay(world)
    (found,) = await endpoints.listed(world, OWNER)
    assert (found.failing_since, found.disabled) == (clock(), None)

    clock.forward(DISABLED_AFTER_MS / 1_000)
    await relay(world)

    (found,) = await endpoints.listed(world, OWNER)
    assert found.disabled == "nothing has come through for five days"


async def test_two_relays_at_once_send_nothing_twice(world: World, listener: Listener) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    await report(world, [a_purchase(number, member=by(f"m{number}")) for number in range(12)])

    await asyncio.gather(*(relay(world) for _ in range(4)))
    await relay(world)

    ids = [request.headers["webhook-id"] for request in listener.requests]
    assert len(ids) == len(set(ids)) == 12
    assert await state(world, endpoint) == [("delivered", 1)] * 12


async def test_an_endpoint_that_does_not_answer_holds_no_other_one_up(
    settings: Settings, listener: Listener
) -> None:
    patient = settings.model_copy(update={"webhook_timeout_seconds": 60.0})
    listener.speaks.clear()
    async with a_world(patient, document=SHOP) as world, a_listener() as other:
        _, silent = await listening(world, listener, "points.earned")
        await listening(world, other, "points.earned")
        async with asyncio.TaskGroup() as tasks:
            relay = Relay(tasks)
            for number in range(1, 4):
                await report(world, [a_purchase(number, member=by(f"m{number}"))])
                await relay(world)
                async with asyncio.timeout(20):
                    while len(other.requests) < number:  # noqa: ASYNC110  # the relay tells nobody
                        await asyncio.sleep(0.01)
            assert await state(world, silent) == [("waiting", 0)]
            listener.speaks.set()

    assert len(listener.requests) == 1  # its first turn went on all the while


async def test_what_goes_wrong_with_one_endpoint_is_logged_and_concerns_no_other(
    world: World,
    listener: Listener,
    settings: Settings,
    mongo_client: MongoClient[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, spoilt = await listening(world, listener, "points.earned")
    await listening(world, listener, "points.earned")
    mongo_client[settings.mongo_database]["webhook_places"].update_many(
        {"_id": {"$regex": spoilt.id}},
        {"$set": {"s": "no number"}},
        bypass_document_validation=True,
    )
    await report(world, [a_purchase(1)])

    await relay(world)

    assert len(listener.requests) == 1
    assert {getattr(it, "endpoint", None) for it in caplog.records} == {spoilt.id}


async def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(
    world: World, listener: Listener, clock: Clock
) -> None:
    old, endpoint = await listening(world, listener, "points.earned")
    new, _ = await endpoints.rotate(world, OWNER, endpoint.id)
    await report(world, [a_purchase(1)])
    await relay(world)
    clock.forward(24 * 3_600)
    await report(world, [a_purchase(2)])
    await relay(world)

    both, one = (request.headers["webhook-signature"].split() for request in listener.requests)
    assert (len(both), len(one)) == (2, 1)
    assert old != new


async def test_a_partner_hears_of_its_own_and_knows_nobody_by_name(
    world: World, listener: Listener
) -> None:
    await listening(world, listener, "*", partner="cafe")
    await report(world, [a_purchase(1, amount=Decimal(20))])
    redeem = ActivityInput(
        id="r1", type="redemption", member=by("ann"), data={"item": "coffee", "qty": Decimal(1)}
    )
    other = ActivityInput(
        id="r2", type="redemption", member=by("ann"), data={"item": "film", "qty": Decimal(1)}
    )
    await report(world, [redeem, other])
    member = await report(world, [a_purchase(2)])
    await relay(world)

    told = [request.message for request in listener.requests]
    assert sorted(message["type"] for message in told) == ["redemption.issued", "voucher.issued"]
    assert {str(message["data"].get("reward", "coffee")) for message in told} == {"coffee"}
    spoken = b"".join(request.body for request in listener.requests)
    assert not re.search(rb"\bann\b", spoken), "as a word: ids hold any letters"
    assert str(member[0].member).encode() not in spoken


async def test_what_is_gone_from_the_program_is_told_of_as_before(
    world: World, listener: Listener, clock: Clock
) -> None:
    """A reward that was redeemed, and a wallet with digits, are in the next version no more."""
    cash = "    cash: {name: Cash, scale: 2, expiry: {mode: after, period: P1D}}\n"
    with_cash = SHOP.replace("  rules:\n", cash + "  rules:\n", 1)
    gone = SHOP.replace(
        "    coffee: {wallet: points, cost: 5, partner: cafe, voucher: {valid: P30D}}\n", ""
    )
    await publish.publish(world, with_cash)
    clock.forward(1)
    gift = {"wallet": "cash", "points": Decimal("12.50"), "reason": "hello"}
    await report(
        world,
        [
            a_purchase(1, amount=Decimal(20)),
            ActivityInput(id="g", type="adjustment", member=by("ann"), data=gift),
            ActivityInput(id="r", type="redemption", member=by("ann"), data={"item": "coffee"}),
        ],
    )
    await listening(world, listener, "redemption.*", "voucher.*", partner="cafe")
    await listening(world, listener, "points.expired")
    clock.forward(3_600)
    await publish.publish(world, gone)
    clock.forward(3 * 86_400)
    back = ActivityInput(id="c", type="redemption_cancelled", member=by("ann"), data={"of": "r"})
    await report(world, [back])
    await relay(world)

    told = {request.message["type"]: request.message["data"] for request in listener.requests}
    assert sorted(told) == ["points.expired", "redemption.cancelled", "voucher.cancelled"]
    assert told["points.expired"]["amount"] == "-12.50"


async def test_an_erased_member_has_no_name_in_what_is_still_to_be_sent(
    world: World, listener: Listener
) -> None:
    await listening(world, listener, "points.earned")
    receipts = await report(world, [a_purchase(1, member=by("anna-karenina"))])
    member = receipts[0].member
    assert member is not None
    await report(world, [ActivityInput(id="e", type="member_erased", member=MemberRef(id=member))])
    await relay(world)

    assert b"karenina" not in listener.requests[0].body


async def test_the_log_forgets_what_is_old_and_a_removed_endpoint_everything(
    world: World, listener: Listener, clock: Clock
) -> None:
    _, endpoint = await listening(world, listener, "points.earned")
    await report(world, [a_purchase(1)])
    await relay(world)
    clock.forward(KEPT_MS / 1_000 + 1)
    await relay(world)
    assert await state(world, endpoint) == []

    await endpoints.remove(world, OWNER, endpoint.id)
    with pytest.raises(NotFound):
        await endpoints.find(world, OWNER, endpoint.id)
    assert await endpoints.listed(world, OWNER) == []


async def test_what_is_asked_wrongly_is_named(world: World, listener: Listener) -> None:
    with pytest.raises(InvalidInput) as refused:
        await endpoints.create(world, OWNER, url="ftp://x", topics=["points.stolen"])
    assert [problem.path for problem in refused.value.problems] == [("url",), ("topics",)]

    _, endpoint = await listening(world, listener, partner="cafe")
    cinema = a_caller(Role.PARTNER, partner="cinema")
    assert await endpoints.listed(world, cinema) == []
    with pytest.raises(NotFound):
        await endpoints.rotate(world, cinema, endpoint.id)

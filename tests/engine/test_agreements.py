"""Agreements on real servers: many at once never take more than was agreed, and who is told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from guerdon.engine import accept, agreements, publish, read
from guerdon.engine.inputs import ActivityInput, Wait
from guerdon.engine.outcomes import Result
from guerdon.engine.verify import verify
from guerdon.engine.webhooks.messages import messages
from guerdon.engine.world import Role, World
from guerdon.settings import Settings
from worlds import PROGRAM, SHOP, a_caller, a_purchase, a_world, by, drain, report

AGREED = SHOP.replace("stock: 3", "partner: cafe") + (
    "  partners:\n"
    "    cafe:\n"
    "      pays_per_point: 0.01\n"
    "      issues: {prepaid: {first: {points: 100}}, low: 40}\n"
    "      redeems: {limit: {points: 50, per: month}}\n"
    "    deli: {}\n"
)
CAFE = a_caller(Role.PARTNER, partner="cafe")
MEMBERS = 60


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """A shop whose cafe has paid for a hundred points, where everybody has some of the shop's."""
    async with a_world(settings, document=AGREED) as world:
        own = [a_purchase(f"own{n}", member=by(f"m{n}")) for n in range(MEMBERS)]
        await report(world, own)
        yield world


async def told(world: World) -> list[tuple[str, str, str]]:
    """Let the sweep look and all be decided; return what webhooks of the cafe would say."""
    layout = await world.rulebooks.layout(PROGRAM)
    for _ in range(3):
        await agreements.watch(world, PROGRAM)
    assert await world.inbox.depth(PROGRAM, 9) < 3
    await drain(world)
    rulebook = await world.rulebooks.get(PROGRAM)
    found = []
    for lane in range(layout.lanes):
        for entry in await world.journal.since(PROGRAM, lane, 0, 1_000):
            mine, others = (
                [it for it in messages(rulebook, entry, partner=slug) if "partner." in it.topic]
                for slug in ("cafe", "deli")
            )
            found += [(it.topic, it.data["of"], it.data["left"]) for it in mine]
            assert others == []
    return found


async def test_many_at_once_take_no_more_than_the_partner_paid_for(world: World) -> None:
    sold = [
        a_purchase(f"cafe{n}", amount=Decimal(5), member=by(f"m{n}"), at=None)
        for n in range(MEMBERS)
    ]
    shares = [sold[client::6] for client in range(6)]

    await asyncio.gather(*(accept.record(world, CAFE, share) for share in shares))
    await asyncio.gather(*(drain(world) for _ in range(3)))
    receipts = await accept.record(world, CAFE, sold, wait=Wait.DECIDED)

    outcomes = Counter((it.entry.result, it.entry.reason) for it in receipts if it.entry)
    assert outcomes == {
        (Result.ACCEPTED, None): 20,
        (Result.REJECTED, "partner_exhausted"): MEMBERS - 20,
    }
    assert (await verify(world, PROGRAM)).offences == ()


async def test_many_who_redeem_at_once_take_no_more_than_the_limit(world: World) -> None:
    taken = [
        ActivityInput(id=f"r{n}", type="redemption", member=by(f"m{n}"), data={"item": "mug"})
        for n in range(20)
    ]

    await asyncio.gather(*(accept.record(world, a_caller(), [each]) for each in taken))
    await asyncio.gather(*(drain(world) for _ in range(3)))
    receipts = await accept.record(world, a_caller(), taken, wait=Wait.DECIDED)

    outcomes = Counter(it.entry.reason for it in receipts if it.entry)
    assert outcomes == {None: 5, "partner_exhausted": 15}
    refused = next(it for it in receipts if it.entry and it.entry.reason)
    assert refused.member is not None
    settled = (await read.members(world, PROGRAM, [refused.member]))[refused.member]
    assert settled.standing.wallets["points"].spendable == 10
    assert (await verify(world, PROGRAM)).offences == ()


async def test_a_partner_is_told_once_that_little_is_left_and_once_that_nothing_is(
    world: World,
) -> None:
    async def sells(name: str, amount: int) -> None:
        await report(world, [a_purchase(name, amount=Decimal(amount))], caller=CAFE)

    assert await told(world) == []
    await sells("a", 60)
    assert await told(world) == [("partner.low", "prepaid", "40")]
    await sells("b", 10)
    assert await told(world) == [("partner.low", "prepaid", "40")]
    await sells("c", 30)
    both = [("partner.low", "prepaid", "40"), ("partner.exhausted", "prepaid", "0")]
    assert await told(world) == both
    await publish.publish(world, AGREED.replace("points: 100", "points: 120"))
    assert await told(world) == [*both, ("partner.low", "prepaid", "20")]
    assert (await verify(world, PROGRAM)).offences == ()


async def test_a_partners_webhooks_tell_nothing_of_what_its_activities_cause_for_others(
    settings: Settings,
) -> None:
    thanks = (
        "  rules:\n    - {id: thanks, activity: purchase, to: referrer, wallet: points,"
        " give: {fixed: 3}}"
    )
    cafe = a_caller(Role.PARTNER, partner="cafe")
    async with a_world(settings, document=SHOP.replace("  rules:", thanks)) as world:
        await report(world, [a_purchase(1, type="enrollment", amount=None, member=by("carl"))])
        brought = {"referrer": "carl"}
        await report(
            world,
            [a_purchase(2, type="enrollment", amount=None, member=by("dora"), data=brought)],
        )
        await report(world, [a_purchase(3, member=by("dora"))], caller=cafe)

        rulebook, layout = await world.rulebooks.get(PROGRAM), await world.rulebooks.layout(PROGRAM)
        told: dict[str, list[str]] = {}
        for lane in range(layout.lanes):
            for entry in await world.journal.since(PROGRAM, lane, 0, 100):
                for partner in ("cafe", None):
                    found = [it.topic for it in messages(rulebook, entry, partner=partner)]
                    told.setdefault(f"{partner} {entry.activity['type']}", []).extend(found)

    assert told["cafe referral_changed"] == []
    assert told["None referral_changed"] == ["activity.accepted", "points.earned"]
    assert told["cafe purchase"] == ["activity.accepted", "points.earned"]

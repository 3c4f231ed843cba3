"""Worlds on real servers for tests: a small program, callers, reporting and draining."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from guerdon.core.activity import Instant
from guerdon.engine import accept, publish, score
from guerdon.engine.arrivals import Arrivals
from guerdon.engine.inputs import ActivityInput, MemberRef, Wait
from guerdon.engine.keys import ADMIN_SCOPES
from guerdon.engine.lanes import lanes_of
from guerdon.engine.outcomes import Receipt
from guerdon.engine.world import Caller, Role, World, reporter_of
from guerdon.settings import Settings
from guerdon.wiring import build, prepare

SHOP = """
program:
  id: shop
  name: A shop
  timezone: UTC
  money: {unit: USD, scale: 2}
  enroll: auto
  claim_window: P30D
  wallets:
    points: {name: Points, expiry: {mode: after, period: P12M}}
  rules:
    - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
    - {id: once, activity: survey, wallet: points, give: {fixed: 5}, limit: {times: 1, per: day}}
    - {id: first, activity: race, wallet: points, give: {fixed: 9},
       limit: {times: 3, per: lifetime, by: anyone}}
  accept:
    - {activity: purchase, when: {country: {ne: NO}}, reason: elsewhere}
  counters:
    purchases: {activity: purchase}
    spent: {activity: purchase, sum: net}
    spent_month: {activity: purchase, sum: net, window: calendar_month}
  badges:
    tenth: {name: Ten, counter: purchases, at: 10}
  leaderboards:
    all_time: {counter: spent, window: lifetime, ties: earliest}
    month: {counter: spent_month, window: calendar_month, ties: earliest}
  rewards:
    mug: {wallet: points, cost: 10, stock: 3}
"""

DAY = 86_400_000
HOUR = 3_600_000
PROGRAM = "shop"


def settings_for(*, mongo_url: str, database: str, redis_url: str, **given: object) -> Settings:
    """Return settings for servers of a test; a database's Redis keys are its own."""
    return Settings.load(
        environment="test",
        mongo_url=mongo_url,
        mongo_database=database,
        redis_url=redis_url,
        redis_namespace=database.replace("_", "-"),
        **{"redis_api_timeout_seconds": 5, **given},  # a busy machine is no server that is away
    )


@asynccontextmanager
async def a_world(
    settings: Settings, *, document: str = SHOP, clock: Callable[[], Instant] | None = None
) -> AsyncIterator[World]:
    """Give a World in which `document` is published."""
    await prepare(settings)
    world = build(settings, at_work=True)
    if clock is not None:
        world = replace(world, clock=clock, next_order=Arrivals(clock))
    try:
        await publish.publish(world, document)
        yield world
    finally:
        await world.close()


def a_caller(
    role: Role = Role.ADMIN, *, member: str | None = None, partner: str | None = None
) -> Caller:
    """Return a caller of the shop with all scopes."""
    return Caller(
        program=PROGRAM,
        role=role,
        reporter=reporter_of(role, member=member, partner=partner),
        member=member,
        partner=partner,
        scopes=frozenset() if role is Role.MEMBER else ADMIN_SCOPES,
    )


def a_purchase(number: object, **given: Any) -> ActivityInput:
    """Return a purchase of ten dollars by Ann."""
    fields: dict[str, Any] = {
        "id": f"p{number}",
        "type": "purchase",
        "member": MemberRef(external_id="ann"),
        "amount": Decimal("10.00"),
    }
    return ActivityInput(**{**fields, **given})


def by(external_id: str) -> MemberRef:
    """Return a reference by the owner's id."""
    return MemberRef(external_id=external_id)


async def drain(world: World, program: str = PROGRAM) -> int:
    """Decide everything that waits; return how many activities left the inboxes."""
    total = 0
    layout = await world.rulebooks.layout(program)
    while True:
        counts = await asyncio.gather(
            *(score.score_lane(world, program, lane) for lane in lanes_of(layout))
        )
        if not sum(counts):
            return total
        total += sum(counts)


async def report(
    world: World, inputs: Sequence[ActivityInput], *, caller: Caller | None = None
) -> list[Receipt]:
    """Report and have all decided; return the receipts with their decisions."""
    who = caller or a_caller()
    first = await accept.record(world, who, inputs)
    await drain(world)
    again = await accept.record(world, who, inputs, wait=Wait.DECIDED)
    return [
        replace(receipt, entry=other.entry) for receipt, other in zip(first, again, strict=True)
    ]

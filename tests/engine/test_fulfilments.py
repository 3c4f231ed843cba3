"""Redemptions that wait for a partner, on real servers: what ends them, and what is left."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.engine import code_pools, read, standings
from guerdon.engine.inputs import ActivityInput, MemberRef
from guerdon.engine.outcomes import Receipt
from guerdon.engine.settle import tick_due
from guerdon.engine.verify import verify
from guerdon.engine.vouchers import held_by
from guerdon.engine.webhooks.messages import messages
from guerdon.engine.world import Role, World
from guerdon.settings import Settings
from worlds import HOUR, PROGRAM, SHOP, a_caller, a_purchase, a_world, by, drain, report

MUG = "    mug: {wallet: points, cost: 10, stock: 3}\n"
ROOM = """\
    room: {wallet: points, cost: 10, stock: 3, partner: inn, voucher: {codes: inn},
           fulfil: {within: PT24H}}
  partners: {inn: {}, spa: {}}
"""
BEGIN = Instant(1_790_000_000_000)
CODES = 5
STOCK = Claim("stock", "room", 3, 3, peek=True)


class Clock:
    """The clock of a World, which goes when it is told to."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> Instant:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def inn(settings: Settings, clock: Clock) -> AsyncIterator[World]:
    """A World in which Ann has paid for a room that the inn has yet to confirm."""
    assert MUG in SHOP
    async with a_world(settings, document=SHOP.replace(MUG, ROOM), clock=clock) as world:
        await code_pools.generate(world, PROGRAM, "inn", "#" * 12, CODES)
        await report(world, [a_purchase(1), a_redemption("r")])
        yield world


def a_redemption(id_: str) -> ActivityInput:
    return ActivityInput(id=id_, type="redemption", member=by("ann"), data={"item": "room"})


async def says(world: World, type_: str, id_: str, **data: str) -> Receipt:
    caller = a_caller(Role.PARTNER, partner="inn")
    member = await read.find(world, a_caller(), by("ann"))
    answer = ActivityInput(
        id=id_, type=type_, member=MemberRef(id=member), data={"of": "r", **data}
    )
    (receipt,) = await report(world, [answer], caller=caller)
    return receipt


async def figures(world: World) -> dict[str, Any]:
    """Return all that must agree: units, stock, codes and vouchers."""
    member = await read.find(world, a_caller(), by("ann"))
    assert member is not None
    settled = (await read.members(world, PROGRAM, [member]))[member]
    ((codes, _),) = await code_pools.status(world, PROGRAM)
    vouchers = await held_by(world, PROGRAM, member)
    return {
        "units": settled.standing.wallets["points"].spendable,
        "stock": await world.shared.peek(PROGRAM, STOCK),
        "codes": (codes.free, codes.held, codes.taken, codes.void),
        "vouchers": sorted(voucher.state for voucher in vouchers.values()),
    }


WAITS = {"units": 0, "stock": 2, "codes": (4, 0, 1, 0), "vouchers": []}
AS_BEFORE = {"units": 10, "stock": 3, "codes": (5, 0, 0, 0), "vouchers": []}
DONE = {**WAITS, "vouchers": ["issued"]}


async def is_right(world: World) -> None:
    """The books balance, and the journal alone comes to what is stored."""
    assert (await verify(world, PROGRAM)).offences == ()
    counted = await standings.rebuild(world, PROGRAM, dry_run=True)
    assert (counted.same, counted.different, counted.left) == (1, [], {})


async def test_the_partner_fulfils_it(inn: World) -> None:
    assert await figures(inn) == WAITS

    first = await says(inn, "redemption_fulfilled", "f1")
    again = await says(inn, "redemption_fulfilled", "f2")

    assert first.entry is not None
    assert again.entry is not None
    assert (first.entry.reason, again.entry.reason) == (None, "not_pending")
    assert await figures(inn) == DONE
    await is_right(inn)


async def test_the_deadline_passes_and_a_reader_sees_it_before_the_sweep(
    inn: World, clock: Clock
) -> None:
    clock.now = Instant(BEGIN + 24 * HOUR - 1)
    await tick_due(inn)
    await drain(inn)
    assert await figures(inn) == WAITS

    clock.now = Instant(BEGIN + 24 * HOUR)
    assert (await figures(inn))["units"] == 10
    await tick_due(inn)
    await drain(inn)
    assert await figures(inn) == AS_BEFORE
    assert (await says(inn, "redemption_fulfilled", "f")).entry.reason == "not_pending"  # type: ignore[union-attr]
    await is_right(inn)


async def test_what_was_given_back_can_be_had_again(inn: World) -> None:
    await says(inn, "redemption_refused", "n", reason="full")
    assert await figures(inn) == AS_BEFORE

    await report(inn, [a_redemption("r2")])

    assert await figures(inn) == WAITS
    await is_right(inn)


async def test_a_webhook_tells_the_partner_and_nobody_else(inn: World) -> None:
    await says(inn, "redemption_refused", "n", reason="full")
    rulebook = await inn.rulebooks.get(PROGRAM)

    async def told(partner: str | None) -> list[tuple[str, Any, Any]]:
        found = []
        for lane in range(16):
            for entry in await inn.journal.since(PROGRAM, lane, 0, 100):
                found += [
                    (it.topic, it.data["until"] is not None, it.data["reason"])
                    for it in messages(rulebook, entry, partner=partner)
                    if it.topic.startswith("redemption.")
                ]
        return found

    expected = [("redemption.pending", True, None), ("redemption.failed", False, "full")]
    assert await told("inn") == await told(None) == expected
    assert await told("spa") == []

"""Time: what it changes is decided by ticks, and shown before they come."""

from dataclasses import replace

import pytest

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.engine import accept, read
from guerdon.engine.arrivals import Arrivals
from guerdon.engine.records import Reserved
from guerdon.engine.settle import tick_due
from guerdon.engine.sweep import sweep
from guerdon.engine.world import World
from worlds import DAY, PROGRAM, a_caller, a_purchase, by, drain, report


class Hands:
    """A clock that is set by hand."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return Instant(self.now)


@pytest.fixture
def hands(world: World) -> Hands:
    return Hands(world.clock())


@pytest.fixture
def timed(world: World, hands: Hands) -> World:
    """The World under a clock that is set by hand."""
    return replace(world, clock=hands, next_order=Arrivals(hands))


async def points(world: World, member: str) -> tuple[int, int]:
    settled = (await read.members(world, PROGRAM, [member]))[member]
    wallet = settled.standing.wallets["points"]
    return wallet.spendable, wallet.expired


async def test_readers_see_what_time_changed_before_any_tick(timed: World, hands: Hands) -> None:
    (receipt,) = await report(timed, [a_purchase(1)])
    assert receipt.member is not None

    hands.now += 367 * DAY

    assert await points(timed, receipt.member) == (0, 10)
    assert await timed.inbox.lanes(PROGRAM, await timed.rulebooks.layout(PROGRAM)) == {}


async def test_a_tick_writes_down_what_is_due_once_however_many_schedulers_run(
    timed: World, hands: Hands
) -> None:
    (receipt,) = await report(timed, [a_purchase(1)])
    assert receipt.member is not None
    assert await tick_due(timed) == 0

    hands.now += 367 * DAY
    for _ in range(3):
        assert await tick_due(timed) == 1
    assert await drain(timed) == 1
    assert await tick_due(timed) == 0

    page = await read.journal(timed, PROGRAM, receipt.member, limit=10)
    assert [entry.activity.type for entry in page.items] == ["tick", "purchase", "enrollment"]
    assert page.items[0].effects
    assert await points(timed, receipt.member) == (0, 10)


async def test_a_tick_goes_before_what_arrived_after_it_was_due(timed: World, hands: Hands) -> None:
    (receipt,) = await report(timed, [a_purchase(1)])
    assert receipt.member is not None

    hands.now += 367 * DAY
    await accept.record(timed, a_caller(), [a_purchase(2, at=Instant(hands.now))])
    await tick_due(timed)
    await drain(timed)

    page = await read.journal(timed, PROGRAM, receipt.member, limit=2)
    assert [entry.activity.type for entry in page.items] == ["purchase", "tick"]


async def test_the_sweep_finds_what_waits_and_frees_what_is_dead(
    timed: World, hands: Hands
) -> None:
    await report(timed, [a_purchase(1)])
    claim = Claim("stock", "mug", 2, 3)
    await timed.shared.reserve(PROGRAM, Reserved(claim, "service/dead"), Instant(hands.now + 1_000))
    await accept.record(timed, a_caller(), [a_purchase(2), a_purchase(3, member=by("bob"))])

    assert await timed.shared.peek(PROGRAM, claim) == 1
    hands.now += 2_000
    assert 1 <= await sweep(timed) <= 2
    assert await timed.shared.peek(PROGRAM, claim) == 3

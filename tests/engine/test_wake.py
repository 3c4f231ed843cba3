"""A version that begins wakes those who sleep, a portion at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from guerdon.core.activity import Instant
from guerdon.core.plain import standing_from_plain
from guerdon.engine import publish, wake
from guerdon.engine.inputs import ActivityInput, Identity, MemberRef
from guerdon.engine.lanes import lane_of
from guerdon.engine.settle import tick_due
from guerdon.engine.world import World
from guerdon.wiring import clock
from worlds import DAY, PROGRAM, SHOP, drain, report


def purchases(*people: str) -> list[ActivityInput]:
    return [
        ActivityInput(
            id=f"p {name}",
            type="purchase",
            member=MemberRef(external_id=name),
            amount=Decimal(10),
        )
        for name in people
    ]


async def spendable(world: World, *people: str) -> list[int]:
    """Return what lies in the standings as they are stored, not as a reader would settle them."""
    layout = await world.rulebooks.layout(PROGRAM)
    who = [Identity("", name) for name in people]
    found = await world.members.find(PROGRAM, who)
    ids = [found[each].member for each in who]
    heads = await world.standings.load(PROGRAM, [(lane_of(one, layout), one) for one in ids])
    return [standing_from_plain(heads[one]).wallets["points"].spendable for one in ids]


async def settled(world: World) -> int:
    """Let the clock take its turns until there is nothing more to do; return how many it took."""
    turns = 0
    while await tick_due(world):
        turns += 1
        await drain(world)
    return turns


def with_job(day: datetime) -> str:
    return f"""{SHOP}
  schedule:
    gift: {{yearly: ["{day:%m-%d}"], grant: [{{wallet: points, fixed: 7}}]}}
"""


async def test_a_job_of_a_new_version_meets_those_who_would_sleep_for_a_year(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake, "AT_ONCE", 2)
    people = [f"m{k}" for k in range(5)]
    await report(world, purchases(*people))
    tomorrow = datetime.now(UTC) + timedelta(days=3)
    await publish.publish(world, with_job(tomorrow))

    assert await settled(world) == 3
    assert await settled(world) == 0

    later = replace(world, clock=lambda: Instant(clock() + 4 * DAY))
    await settled(later)
    assert await spendable(later, *people) == [17] * 5


async def test_a_version_that_changes_no_timers_wakes_nobody(world: World) -> None:
    await report(world, purchases("ada"))
    await publish.publish(world, SHOP.replace("rate: 1", "rate: 2"))

    assert await settled(world) == 0


async def test_a_version_of_the_future_wakes_when_it_begins(world: World) -> None:
    await report(world, purchases("ada"))
    begin = Instant(clock() + 2 * DAY)
    await publish.publish(world, with_job(datetime.now(UTC) + timedelta(days=4)), begin=begin)
    assert await settled(world) == 0

    later = replace(world, clock=lambda: Instant(begin + 1))
    assert await settled(later) == 1


async def test_a_scheduler_that_died_between_two_portions_costs_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake, "AT_ONCE", 2)
    await report(world, purchases("a", "b", "c"))
    await publish.publish(world, with_job(datetime.now(UTC) + timedelta(days=3)))
    mark = await world.programs.waking(PROGRAM)
    assert await wake.wake(world, PROGRAM) == 2
    assert await world.programs.waking(PROGRAM) != mark

    await world.programs.wake_on(PROGRAM, mark, mark._replace(after="behind everybody"))
    assert (await world.programs.waking(PROGRAM)).after != "behind everybody"
    assert await wake.wake(world, PROGRAM) == 1
    assert await wake.wake(world, PROGRAM) == 0


async def test_a_counter_is_filled_from_the_journal_for_who_acts_and_who_sleeps(
    world: World,
) -> None:
    await report(world, purchases("ada", "ben"))
    filled = SHOP.replace(
        "    purchases: {activity: purchase}\n",
        "    purchases: {activity: purchase}\n"
        "    ever: {activity: purchase, sum: net, backfill: journal}\n",
    ).replace("  badges:\n", "  badges:\n    loyal: {counter: ever, at: 10}\n")
    await publish.publish(world, filled)
    again = replace(purchases("ada")[0], id="again")
    (receipt,) = await report(world, [again])
    await settled(world)

    assert receipt.entry is not None
    layout = await world.rulebooks.layout(PROGRAM)
    ever = {}
    for name in ("ada", "ben"):
        found = await world.members.find(PROGRAM, [Identity("", name)])
        member = found[Identity("", name)].member
        heads = await world.standings.load(PROGRAM, [(lane_of(member, layout), member)])
        standing = standing_from_plain(heads[member])
        ever[name] = (standing.figures["ever"][0], "loyal" in standing.badges)
    assert ever == {"ada": (2000, True), "ben": (1000, True)}

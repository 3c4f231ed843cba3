"""Publishing: versions come one after the other, and what is wrong is never published."""

import asyncio

import pytest

from guerdon.core.activity import Instant
from guerdon.engine import publish, read
from guerdon.engine.refusals import InvalidInput, NotFound, Refused
from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import DAY, PROGRAM, SHOP, a_caller, a_purchase, a_world, by, report

DOUBLE = SHOP.replace("give: {rate: 1}", "give: {rate: 2}")


async def test_a_new_version_is_in_force_everywhere_from_its_instant(
    world: World, settings: Settings
) -> None:
    async with a_world(settings) as other:
        await report(other, [a_purchase(1)])
        published = await publish.publish(world, DOUBLE)
        late = a_purchase(2, at=Instant(published.begin - DAY))
        await report(other, [a_purchase(3), late])

        member = await read.find(other, a_caller(), by("ann"))
        settled = (await read.members(other, PROGRAM, [member or ""]))[member or ""]

    assert (published.version, published.is_new) == (2, True)
    assert settled.standing.wallets["points"].earned == 10 + 20 + 10


async def test_the_same_document_is_not_published_again(world: World) -> None:
    published = await publish.publish(world, SHOP)

    assert (published.version, published.is_new) == (1, False)


async def test_a_document_with_mistakes_is_refused_with_all_of_them(world: World) -> None:
    broken = SHOP.replace("rate: 1", "rat: 1").replace("timezone: UTC", "timezone: Mars/Olympus")

    with pytest.raises(InvalidInput) as refusal:
        await publish.publish(world, broken)

    assert len(refusal.value.problems) >= 2
    assert all(problem.message.startswith("line ") for problem in refusal.value.problems)


async def test_a_credential_publishes_its_own_program_only(world: World) -> None:
    with pytest.raises(Refused) as refusal:
        await publish.publish(world, SHOP, program="another")

    assert refusal.value.reason == "other_program"


async def test_no_version_begins_in_the_past(world: World) -> None:
    with pytest.raises(Refused) as refusal:
        await publish.publish(world, DOUBLE, begin=Instant(world.clock() - 1))

    assert refusal.value.reason == "in_the_past"


async def test_who_publishes_at_the_same_time_comes_one_after_the_other(world: World) -> None:
    documents = [SHOP.replace("A shop", f"Shop {n}") for n in range(4)]

    published = await asyncio.gather(*(publish.publish(world, each) for each in documents))

    assert sorted(each.version for each in published) == [2, 3, 4, 5]


async def test_an_unknown_program_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.rulebooks.get("nothing")

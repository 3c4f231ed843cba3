"""Changing a program while it runs: planned in figures, published from an instant on."""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

import pytest

from guerdon.core.activity import Instant
from guerdon.core.decision import PointsEffect
from guerdon.core.standing import Plain
from guerdon.core.views import View
from guerdon.engine import publish, read
from guerdon.engine.epochs import locate
from guerdon.engine.inputs import ActivityInput, MemberRef
from guerdon.engine.refusals import InvalidInput, Refused
from guerdon.engine.rulebooks import CompiledRulebooks
from guerdon.engine.world import World
from guerdon.wiring import clock
from worlds import DAY, PROGRAM, SHOP, a_caller, a_purchase, by, report

TIERED = SHOP.replace(
    "  badges:",
    "  ladders:\n    status: {counter: spent, tiers: [{id: base, at: 0}, {id: gold, at: 50}]}\n"
    "  badges:",
)


async def test_a_plan_says_how_many_hold_what_would_change(world: World) -> None:
    await publish.publish(world, TIERED)
    purchases = [
        ActivityInput(
            id=name,
            type="purchase",
            member=MemberRef(external_id=name),
            amount=Decimal(amount),
            at=clock(),
        )
        for name, amount in (("ada", 60), ("bo", 70), ("cy", 10))
    ]
    await report(world, purchases)

    stricter = TIERED.replace("at: 50", "at: 65").replace("P12M", "P6M")
    planned = await publish.plan(world, stricter)

    assert planned.version == 3
    assert [(change.path, change.sentence) for change in planned.changes] == [
        (
            "program.wallets.points.expiry.period",
            (
                "Wallet points: units earned from then on last P6M instead of P12M; those that "
                "members hold keep their dates. Units of it are held by 3 members."
            ),
        ),
        (
            "program.ladders.status.tiers.gold.at",
            (
                "Tier gold of status needs 65 instead of 50. Who holds it keeps it until the next "
                "review. Held by 2 members, or a higher one."
            ),
        ),
    ]
    assert len(await world.programs.versions(PROGRAM)) == 2


async def test_a_plan_says_how_many_hold_the_tier_below_a_new_one(world: World) -> None:
    await publish.publish(world, TIERED)
    await report(
        world,
        [a_purchase(n, member=by(f"m{n}"), amount=Decimal(n)) for n in (10, 40, 60)],
    )

    planned = await publish.plan(
        world, TIERED.replace("{id: gold", "{id: ruby, at: 30}, {id: gold")
    )

    assert [(it.path, it.sentence, it.worse_off) for it in planned.changes] == [
        (
            "program.ladders.status.tiers.ruby",
            (
                "Tier ruby of status is new. Who reaches it holds the one below no more, and gets "
                "nothing that is for that one. Base is held by 2 members."
            ),
            True,
        )
    ]


async def test_a_plan_from_what_is_published_to_itself_is_empty(world: World) -> None:
    assert (await publish.plan(world, SHOP)).changes == ()


async def test_publishing_says_what_the_plan_said(world: World) -> None:
    richer = SHOP.replace("give: {rate: 1}", "give: {rate: 2}")
    planned = await publish.plan(world, richer)
    published = await publish.publish(world, richer)

    assert published.is_new
    assert published.changes == planned.changes
    assert [change.path for change in published.changes] == ["program.rules.base.give.rate"]


async def test_a_version_never_begins_in_the_past(world: World) -> None:
    past = Instant(clock() - 1)
    with pytest.raises(Refused, match="A version cannot begin in the past"):
        await publish.plan(world, SHOP, begin=past)
    with pytest.raises(Refused, match="A version cannot begin in the past"):
        await publish.publish(world, SHOP.replace("rate: 1", "rate: 2"), begin=past)


async def test_another_meaning_under_an_id_is_refused_also_after_it_was_away(world: World) -> None:
    changed = SHOP.replace("purchases: {activity: purchase}", "purchases: {activity: race}")
    with pytest.raises(InvalidInput, match="Counter purchases cannot change its measure"):
        await publish.publish(world, changed)

    without = SHOP.replace("    purchases: {activity: purchase}\n", "")
    without = without.replace("    tenth: {name: Ten, counter: purchases, at: 10}\n", "")
    without = without.replace("  badges:\n", "")
    await publish.publish(world, without)
    with pytest.raises(InvalidInput, match="Take a new id for the changed counter"):
        await publish.publish(world, changed)


async def test_each_activity_is_decided_by_the_version_in_force_at_its_time(world: World) -> None:
    now = clock()
    begin = Instant(now + DAY)
    richer = SHOP.replace("give: {rate: 1}", "give: {rate: 2}")
    richer = richer.replace("  counters:\n", "  counters:\n    trips: {activity: purchase}\n")
    await publish.publish(world, richer, begin=begin)
    assert (await publish.export(world, PROGRAM)).text == SHOP
    assert (await publish.export(world, PROGRAM, at=begin)).text == richer

    tomorrow = replace(world, clock=lambda: Instant(begin + 1_000))
    purchases = [
        ActivityInput(
            id=name, type="purchase", member=MemberRef(external_id="ada"), amount=Decimal(10), at=at
        )
        for name, at in (("before", now), ("after", begin))
    ]
    receipts = await report(tomorrow, purchases)

    rulebook = await world.rulebooks.fresh(PROGRAM)
    assert rulebook.at(begin).readings["trips"].since == begin
    earned = [
        sum(effect.amount for effect in receipt.entry.effects if isinstance(effect, PointsEffect))
        for receipt in receipts
        if receipt.entry is not None
    ]
    assert earned == [10, 20]


async def test_a_stock_that_is_raised_or_lowered_counts_what_was_taken_before(
    world: World,
) -> None:
    rich = ActivityInput(
        id="p", type="purchase", member=MemberRef(external_id="ada"), amount=Decimal(200)
    )
    await report(world, [rich])

    async def taken(*names: str) -> list[str]:
        wanted = [
            ActivityInput(
                id=name,
                type="redemption",
                member=MemberRef(external_id="ada"),
                data={"item": "mug"},
            )
            for name in names
        ]
        receipts = await report(world, wanted)
        return [receipt.entry.result.value for receipt in receipts if receipt.entry is not None]

    assert await taken("a", "b", "c", "d") == ["accepted"] * 3 + ["rejected"]
    await publish.publish(world, SHOP.replace("stock: 3", "stock: 5"))
    assert await taken("e", "f", "g") == ["accepted"] * 2 + ["rejected"]
    await publish.publish(world, SHOP.replace("stock: 3", "stock: 4"))
    assert await taken("h") == ["rejected"]
    await publish.publish(world, SHOP.replace("stock: 3", "stock: 6"))
    assert await taken("i", "j") == ["accepted", "rejected"]


async def test_a_version_begins_after_what_was_decided_while_it_was_planned(world: World) -> None:
    """Else it would hold for activities that the version before has decided."""
    await publish.publish(world, TIERED)
    await report(world, [a_purchase(1, member=by("ada"))])

    class Counted:
        """Standings that are counted while members go on."""

        async def load(self, program: str, owners: Collection[tuple[int, str]]) -> dict[str, Plain]:
            await report(world, [a_purchase(2, member=by("ada"))])
            return await world.standings.load(program, owners)

    planning = replace(world, standings=Counted())  # type: ignore[arg-type]
    published = await publish.publish(planning, TIERED.replace("at: 50", "at: 65"))

    ada = await read.find(world, a_caller(), by("ada"))
    assert ada is not None
    stored = (await locate(world, PROGRAM, [ada], await world.rulebooks.layout(PROGRAM)))[ada]
    assert stored.plain is not None
    assert stored.plain["settled_at"] <= published.begin
    assert (await read.members(world, PROGRAM, [ada]))[ada].standing.seq == 3


async def test_who_was_decided_by_a_version_that_a_reader_has_not_seen_yet_is_read_by_it(
    world: World,
) -> None:
    await publish.publish(world, TIERED)
    reader = replace(world, rulebooks=CompiledRulebooks(world.programs, publish.compile_version))
    await report(world, [a_purchase(1, member=by("ada"), amount=Decimal(60))])
    ada = await read.find(world, a_caller(), by("ada"))
    assert ada is not None
    await reader.rulebooks.get(PROGRAM)

    await publish.publish(world, TIERED.replace("{id: gold", "{id: ruby, at: 30}, {id: gold"))
    await report(world, [a_purchase(2, member=by("ada"), amount=Decimal(1))])

    found = (await read.members(reader, PROGRAM, [ada]))[ada]
    view = await read.view(
        reader, found, lambda given: View(found.rulebook, found.standing, given).tier("status")
    )
    assert view.tier.id == "gold"

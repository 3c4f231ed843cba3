"""Code pools: each code is given out once, sealed at rest, and shown to its owner only."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.engine import code_pools, codes, vouchers
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.outcomes import Receipt, Result
from guerdon.engine.records import Reserved
from guerdon.engine.refusals import InvalidInput
from guerdon.engine.sweep import sweep
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import PROGRAM, SHOP, a_caller, a_purchase, a_world, by, report

MUG = "mug: {wallet: points, cost: 10, stock: 3}"
CODED = (
    "mug: {wallet: points, cost: 10, stock: 100, partner: cafe,"
    " voucher: {valid: P30D, codes: summer, low: 2}}\n"
    "  partners: {cafe: {}}"
)

FAR = Instant(10**14)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """A World whose shop gives out codes of a pool."""
    async with a_world(settings, document=SHOP.replace(MUG, CODED)) as world:
        yield world


def a_redemption(id_: str, who: str, qty: int = 1) -> ActivityInput:
    return ActivityInput(
        id=id_, type="redemption", member=by(who), data={"item": "mug", "qty": qty}
    )


async def rich(world: World, *who: str) -> None:
    """Give each of them ten points."""
    await report(world, [a_purchase(name, member=by(name)) for name in who])


async def codes_of(world: World, receipt: Receipt) -> list[str]:
    assert receipt.member is not None
    held = await vouchers.held_by(world, PROGRAM, receipt.member)
    return [
        await vouchers.code_for(world, PROGRAM, member=receipt.member, name=name, voucher=voucher)
        for name, voucher in sorted(held.items())
    ]


async def test_an_import_adds_each_code_once_and_tells_the_others_by_line(world: World) -> None:
    first = await code_pools.bring(world, PROGRAM, "summer", ["AA-1", "", "BB-2", "aa1", "CC-3"])
    again = await code_pools.bring(world, PROGRAM, "winter", ["DD-4", "CC-3", "x" * 201, "\a"])

    assert (first.added, first.twice, first.known) == (3, [(4, 1)], [])
    assert (again.added, again.known, again.unfit) == (1, [2], [3, 4])
    assert [(it.pool, it.free) for it, _ in await code_pools.status(world, PROGRAM)] == [
        ("summer", 3),
        ("winter", 1),
    ]
    with pytest.raises(InvalidInput, match="pool"):
        await code_pools.bring(world, PROGRAM, "no/pool", ["A"])


async def test_made_codes_follow_the_pattern_and_end_with_a_check_sign(world: World) -> None:
    made = await code_pools.generate(world, PROGRAM, "summer", "CAFE-########", 3)
    await rich(world, "ann", "bob")
    (receipt,) = await report(world, [a_redemption("r1", "ann")])
    (code,) = await codes_of(world, receipt)

    assert made == 3
    assert code.startswith("CAFE-")
    assert codes.is_checked(codes.plain(code))
    for wrong in ("CAFE-####", "#" * 300):
        with pytest.raises(InvalidInput, match="guessed"):
            await code_pools.generate(world, PROGRAM, "summer", wrong, 1)
    with pytest.raises(InvalidInput, match="between 1 and"):
        await code_pools.generate(world, PROGRAM, "summer", "#" * 20, 0)


async def test_nothing_that_is_stored_shows_a_code(
    world: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    await code_pools.bring(world, PROGRAM, "summer", ["SECRET-CODE-1"])
    await rich(world, "ann")
    (receipt,) = await report(world, [a_redemption("r1", "ann")])

    assert await codes_of(world, receipt) == ["SECRET-CODE-1"]
    database = mongo_client[settings.mongo_database]
    for name in database.list_collection_names():
        for document in database[name].find():
            assert "SECRET" not in repr(document), name


async def test_a_code_from_a_pool_is_used_at_the_partners_till(world: World) -> None:
    await code_pools.bring(world, PROGRAM, "summer", ["A1", "B2"])
    await rich(world, "ann")
    await report(world, [a_purchase("more", member=by("ann"))])
    (receipt,) = await report(world, [a_redemption("r1", "ann", qty=2)])
    shown = await codes_of(world, receipt)

    assert sorted(shown) == ["A1", "B2"]
    found = [await vouchers.find(world, a_caller(), code.lower()) for code in shown]
    assert {member for member, _, _ in found} == {receipt.member}
    assert {name for _, name, _ in found} == {"r1", "r1#2"}


async def test_what_another_worker_reserved_for_the_same_redemption_is_never_shown(
    world: World,
) -> None:
    """A worker that lost its lane reserved a code, too: one is taken, the other goes back."""
    buyers = [f"m{number}" for number in range(6)]
    await code_pools.generate(world, PROGRAM, "summer", "#" * 12, 2 * len(buyers))
    await rich(world, *buyers)
    for name in buyers:
        for amount in (1, 2):
            twin = Reserved(Claim("code", "summer", amount), f"service/r{name}")
            await world.shared.reserve(PROGRAM, twin, FAR)
    receipts = await report(world, [a_redemption(f"r{name}", name) for name in buyers])

    for receipt in receipts:
        (code,) = await codes_of(world, receipt)
        member, _, _ = await vouchers.find(world, a_caller(), code)
        assert member == receipt.member
    await world.shared.release(PROGRAM, await world.shared.stale(PROGRAM, FAR, 100))
    ((count, _),) = await code_pools.status(world, PROGRAM)
    assert (count.taken, count.held, count.free) == (len(buyers), 0, len(buyers))


async def test_a_code_that_was_made_free_behind_our_back_is_missed(
    world: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    await code_pools.bring(world, PROGRAM, "summer", ["A1", "B2"])
    await rich(world, "ann")
    await report(world, [a_redemption("r1", "ann")])
    assert (await verify(world, PROGRAM)).offences == ()

    pool = mongo_client[settings.mongo_database]["codes"]
    pool.update_one({"s": "taken"}, {"$set": {"s": "free"}})

    (offence,) = (await verify(world, PROGRAM)).offences
    assert (offence.document, offence.message) == (
        "codes shop|summer",
        "are 0 taken ones, though 1 were given out",
    )


async def test_a_cancelled_code_is_nobody_elses_any_more(world: World) -> None:
    await code_pools.bring(world, PROGRAM, "summer", ["A1"])
    await rich(world, "ann", "bob")
    cancel = ActivityInput(
        id="c1", type="redemption_cancelled", member=by("ann"), data={"of": "r1"}
    )
    results = [
        (await report(world, [each]))[0]
        for each in (a_redemption("r1", "ann"), cancel, a_redemption("r2", "bob"))
    ]

    assert [it.entry.reason for it in results if it.entry] == [None, None, "out_of_stock"]
    ((count, low),) = await code_pools.status(world, PROGRAM)
    assert (count.void, count.free, low) == (1, 0, 2)
    _, name, voucher = await vouchers.find(world, a_caller(), "A1")
    assert (name, voucher.state) == ("r1", "void"), "at the till it is no guess, but used up"


async def test_two_hundred_buyers_of_a_hundred_codes_get_exactly_a_hundred(world: World) -> None:
    """One in ten is too poor. Points, stock, codes and vouchers agree afterwards."""
    await code_pools.generate(world, PROGRAM, "summer", "#" * 12, 100)
    names = [f"m{number}" for number in range(200)]
    poor = set(names[::10])
    await rich(world, *(name for name in names if name not in poor))
    await report(world, [a_purchase(name, member=by(name), amount=Decimal(1)) for name in poor])
    receipts = await report(world, [a_redemption(f"r{name}", name) for name in names])

    sold = [it for it in receipts if it.entry and it.entry.result is Result.ACCEPTED]
    reasons = [it.entry.reason for it in receipts if it.entry and it not in sold]
    assert len(sold) == 100
    assert reasons.count("out_of_stock") + reasons.count("insufficient_points") == 100
    shown = await asyncio.gather(*(codes_of(world, it) for it in sold))
    assert len({code for found in shown for code in found}) == 100
    ((count, _),) = await code_pools.status(world, PROGRAM)
    assert (count.free, count.held, count.taken) == (0, 0, 100)
    assert (await verify(world, PROGRAM)).offences == ()
    await sweep(world)


async def test_a_pool_of_two_rewards_that_runs_low_is_told_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    # Pools that were told of are known for the whole process.
    more = CODED.replace("autumn", "autumn").replace(
        "\n", "\n    cup: {wallet: points, cost: 5, voucher: {codes: autumn, low: 9}}\n", 1
    )
    async with a_world(settings, document=SHOP.replace(MUG, more)) as world:
        await code_pools.generate(world, PROGRAM, "autumn", "#" * 12, 5)
        for _ in range(3):
            await sweep(world)

    told = [it for it in caplog.records if "runs out of codes" in it.getMessage()]
    assert [(vars(it)["pool"], vars(it)["left"]) for it in told] == [("autumn", 5)]

"""Promises about many at once: repeats, rivals for one balance, reversals of one purchase."""

import asyncio
from collections import Counter
from decimal import Decimal
from random import Random
from time import process_time

from guerdon.core.plain import standing_from_plain
from guerdon.core.standing import WalletState
from guerdon.engine import accept, read, score
from guerdon.engine.inputs import ActivityInput, Wait
from guerdon.engine.lanes import lane_of, lanes_of
from guerdon.engine.outcomes import Result
from guerdon.engine.records import Board
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import PROGRAM, SHOP, a_caller, a_purchase, a_world, by, drain, report

MEMBERS = 40


async def wallet_of(world: World, external_id: str) -> WalletState:
    member = await read.find(world, a_caller(), by(external_id))
    assert member is not None
    lane = lane_of(member, await world.rulebooks.layout(PROGRAM))
    heads = await world.standings.load(PROGRAM, [(lane, member)])
    return standing_from_plain(heads[member]).wallets["points"]


async def results(world: World, inputs: list[ActivityInput]) -> list[Result]:
    receipts = await accept.record(world, a_caller(), inputs, wait=Wait.DECIDED)
    assert all(receipt.entry is not None for receipt in receipts)
    return [receipt.entry.result for receipt in receipts if receipt.entry is not None]


async def test_what_twenty_clients_report_up_to_five_times_counts_once(world: World) -> None:
    chance = Random(5)
    purchases = [a_purchase(n, member=by(f"m{n % MEMBERS}")) for n in range(2_000)]
    reports = [each for each in purchases for _ in range(chance.randint(1, 5))]
    chance.shuffle(reports)
    shares = [reports[client::20] for client in range(20)]
    reported = asyncio.Event()

    async def client(share: list[ActivityInput]) -> None:
        for begin in range(0, len(share), 25):
            await accept.record(world, a_caller(), share[begin : begin + 25])

    async def worker() -> None:
        while not reported.is_set():
            await drain(world)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker())
        await asyncio.gather(*(client(share) for share in shares))
        reported.set()
    await drain(world)

    found = await verify(world, PROGRAM)
    assert found.offences == ()
    assert found.entries == len(purchases) + MEMBERS
    page = await world.scores.page(PROGRAM, Board("all_time", 0), limit=100)
    assert Counter(row.value for row in page.rows) == {1_000 * 50: MEMBERS}


async def test_of_two_who_spend_one_balance_at_once_one_succeeds(world: World) -> None:
    # What one mug costs, each; three mugs are in stock, and shoes enough.
    members = [f"m{n}" for n in range(3)]
    await report(world, [a_purchase(name, member=by(name)) for name in members])
    rivals = [
        [
            ActivityInput(id=f"{side}-{name}", type="redemption", member=by(name), data=data)
            for name in members
        ]
        for side, data in (("one", {"item": "mug"}), ("two", {"item": "mug"}))
    ]
    await asyncio.gather(*(accept.record(world, a_caller(), side) for side in rivals))
    layout = await world.rulebooks.layout(PROGRAM)
    await asyncio.gather(
        *(score.score_lane(world, PROGRAM, lane) for lane in lanes_of(layout) for _ in range(3))
    )
    await drain(world)

    first, second = [await results(world, side) for side in rivals]

    for name, *outcome in zip(members, first, second, strict=True):
        assert Counter(outcome) == {Result.ACCEPTED: 1, Result.REJECTED: 1}, name
        assert (await wallet_of(world, name)).spendable == 0


POSTERS = SHOP.replace("  rewards:\n", "  rewards:\n    poster: {wallet: points, cost: 10}\n")
PAIRS, ROUNDS = 125, 4


async def test_of_five_hundred_pairs_that_spend_one_balance_never_both_succeed(
    settings: Settings,
) -> None:
    """Two requests a member, sent and decided at once by many workers over warm connections."""
    async with a_world(settings, document=POSTERS) as world:
        names = [f"m{n}" for n in range(PAIRS)]
        layout = await world.rulebooks.layout(PROGRAM)
        await asyncio.gather(*(world.inbox.waits(PROGRAM, lane) for lane in range(40)))
        for number in range(ROUNDS):
            await report(world, [a_purchase(f"{number}.{name}", member=by(name)) for name in names])
            sides = [
                [
                    ActivityInput(
                        id=f"{side}{number}.{name}",
                        type="redemption",
                        member=by(name),
                        data={"item": "poster"},
                    )
                    for name in names
                ]
                for side in ("one", "two")
            ]
            barrier = asyncio.Barrier(2 + 3 * layout.lanes)
            await asyncio.gather(
                *(_sent(world, side, barrier) for side in sides),
                *(_decided(world, lane, barrier) for lane in lanes_of(layout) for _ in range(3)),
            )
            await drain(world)
            first, second = [await results(world, side) for side in sides]
            for name, *outcome in zip(names, first, second, strict=True):
                assert Counter(outcome) == {Result.ACCEPTED: 1, Result.REJECTED: 1}, name
        assert (await verify(world, PROGRAM)).offences == ()


async def _sent(world: World, side: list[ActivityInput], barrier: asyncio.Barrier) -> None:
    await barrier.wait()
    for begin in range(0, len(side), 25):
        await accept.record(world, a_caller(), side[begin : begin + 25])


async def _decided(world: World, lane: int, barrier: asyncio.Barrier) -> None:
    await barrier.wait()
    for _ in range(3):
        await score.score_lane(world, PROGRAM, lane)


HOT = 2_000
HOT_SECONDS_MAX = HOT / 500
"""Of this process's own time, which other work on the machine does not lengthen."""


async def test_one_hot_member_keeps_pace_without_a_gap(world: World) -> None:
    await report(world, [a_purchase("first")])
    for begin in range(0, HOT, 1_000):
        batch = [a_purchase(n, amount=Decimal(1)) for n in range(begin, begin + 1_000)]
        await accept.record(world, a_caller(), batch)
    member = await read.find(world, a_caller(), by("ann"))
    assert member is not None
    lane = lane_of(member, await world.rulebooks.layout(PROGRAM))

    begun = process_time()
    while await score.score_lane(world, PROGRAM, lane):
        pass
    spent = process_time() - begun

    assert spent < HOT_SECONDS_MAX
    entries = await world.journal.of_member(PROGRAM, member, limit=HOT + 10, before=0)
    assert [entry.member_seq for entry in entries] == list(range(1, HOT + 3))
    bought = [entry.activity["id"] for entry in entries if entry.activity["type"] == "purchase"]
    assert bought == ["pfirst", *(f"p{n}" for n in range(HOT))]
    assert (await wallet_of(world, "ann")).spendable == 10 + HOT


async def test_a_purchase_is_reversed_once_and_what_was_spent_is_owed(world: World) -> None:
    await report(world, [a_purchase("big", amount=Decimal(25))])
    mugs = [
        ActivityInput(id=f"mug{n}", type="redemption", member=by("ann"), data={"item": "mug"})
        for n in range(2)
    ]
    await report(world, mugs)
    refunds = [
        ActivityInput(id=f"back{n}", type="refund", member=by("ann"), data={"of": "pbig"})
        for n in range(20)
    ]

    await asyncio.gather(*(accept.record(world, a_caller(), [refund]) for refund in refunds))
    await drain(world)

    assert Counter(await results(world, refunds)) == {Result.ACCEPTED: 1, Result.REJECTED: 19}
    wallet = await wallet_of(world, "ann")
    assert (wallet.spendable, wallet.debt) == (0, 20)
    assert (await verify(world, PROGRAM)).offences == ()

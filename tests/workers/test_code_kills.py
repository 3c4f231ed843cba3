"""A worker killed while it gives codes out: points, stock, codes and vouchers agree afterwards."""

from collections.abc import AsyncIterator

import pytest

from guerdon.engine import accept, code_pools, read, vouchers
from guerdon.engine.crash import EXIT_CODE, CrashPoint
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.outcomes import Result
from guerdon.engine.sweep import sweep
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from workers.conftest import Start
from workers.test_crashes import WORK, all_decided, until
from worlds import PROGRAM, SHOP, a_caller, a_purchase, a_world, by, report

MUG = "mug: {wallet: points, cost: 10, stock: 3}"
CODED = "mug: {wallet: points, cost: 10, stock: 9, voucher: {codes: summer}}"
BUYERS = 8
CODES = 5


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """A World whose shop has fewer codes than buyers."""
    async with a_world(settings, document=SHOP.replace(MUG, CODED)) as world:
        yield world


@pytest.mark.parametrize(
    "point", [CrashPoint.AFTER_CLAIM, CrashPoint.IN_TRANSACTION, CrashPoint.AFTER_COMMIT]
)
async def test_codes_stock_points_and_vouchers_agree_after_a_kill(
    world: World, start: Start, point: CrashPoint
) -> None:
    await code_pools.generate(world, PROGRAM, "summer", "#" * 12, CODES)
    names = [f"m{number}" for number in range(BUYERS)]
    await report(world, [a_purchase(name, member=by(name)) for name in names])
    wanted = [
        ActivityInput(id=f"x{name}", type="redemption", member=by(name), data={"item": "mug"})
        for name in names
    ]
    await accept.record(world, a_caller(), wanted)

    doomed = start(*WORK, crash_at=point)

    async def has_died() -> bool:
        await sweep(world)
        return not doomed.is_running

    await until(has_died)
    assert doomed.wait() == EXIT_CODE
    start(*WORK)
    await until(lambda: all_decided(world))

    entries = await read.activities(world, PROGRAM, [f"service/{it.id}" for it in wanted])
    sold = [it for it in entries.values() if it.result is Result.ACCEPTED]
    held = [await vouchers.held_by(world, PROGRAM, str(it.activity.member)) for it in sold]
    shown = {
        await vouchers.code_for(
            world, PROGRAM, member=str(it.activity.member), name=name, voucher=voucher
        )
        for it, found in zip(sold, held, strict=True)
        for name, voucher in found.items()
    }
    ((count, _),) = await code_pools.status(world, PROGRAM)
    assert len(entries) == BUYERS
    assert len(sold) == len(shown) == CODES
    assert (count.taken, count.held, count.free, count.void) == (CODES, 0, 0, 0)
    assert (await verify(world, PROGRAM)).offences == ()

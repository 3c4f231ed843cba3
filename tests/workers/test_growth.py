"""More lanes under load: whoever grows them is killed at each point, and nobody notices."""

import asyncio
from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.embedded.process import Child
from guerdon.engine.crash import EXIT_CODE
from guerdon.engine.world import Layout, World
from guerdon.settings import Settings
from workers.conftest import Start
from workers.shop import Shop, a_shop, all_is_right
from workers.test_crashes import IN_GROWING, until
from worlds import PROGRAM, settings_for

LANES_BEFORE, LANES = 4, 12
GROW = ("-m", "guerdon", "lanes", "grow", str(LANES), "--settling", "1")


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    """Settings of an installation that began small."""
    return settings_for(
        mongo_url=mongo_url,
        database=mongo_database,
        redis_url=redis_url,
        lanes=LANES_BEFORE,
        lane_lease_seconds=1.0,
        broker_heartbeat_seconds=2.0,
    )


@pytest.mark.slow
async def test_lanes_grow_under_load_whoever_is_killed_and_nothing_is_lost(
    world: World,
    start: Start,
    mongo_client: MongoClient[dict[str, Any]],
    mongo_database: str,
    calm: World,
) -> None:
    shop_at_work = a_shop(world, start, mongo_client[mongo_database], workers=2, apis=1, pause=1.0)
    async with shop_at_work as shop:
        await until(lambda: _has_sold(shop, 200))
        for point in IN_GROWING:
            grower = await _goes_on(start, crash_at=point)
            assert await _ended(grower) == EXIT_CODE, grower.last_lines()
        grower = await _goes_on(start, crash_at=None)
        assert await _ended(grower) == 0, grower.last_lines()
        assert f"shop: has {LANES} lanes now." in grower.last_lines()
        by_then = sum(shop.sent.values())
        await until(lambda: _has_sold(shop, by_then + 200))

    await world.rulebooks.fresh(PROGRAM)
    assert await world.rulebooks.layout(PROGRAM) == Layout(
        lanes=LANES, epoch=2, earlier=(LANES_BEFORE,)
    )
    await all_is_right(shop, calm)


async def _has_sold(shop: Shop, count: int) -> bool:
    return sum(shop.sent.values()) >= count


async def _ended(grower: Child) -> int:
    return await asyncio.to_thread(grower.wait, 60)


async def _goes_on(start: Start, *, crash_at: str | None) -> Child:
    """Return a grower that was let in: the one before keeps others away for a while."""
    while True:
        grower = start(*GROW, crash_at=crash_at)
        if await _ended(grower) != 1:
            return grower
        assert "wait for it" in grower.last_lines()

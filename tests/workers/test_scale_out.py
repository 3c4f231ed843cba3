"""Four workers and two API processes on one database: shared evenly, taken over, and right.

Nobody is told which lanes are whose: a lane goes to whichever worker has waited longest, for one
visit. So a worker's share is what it holds on average while all have work.
"""

import os
import signal
from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.engine.world import World
from workers.conftest import Start
from workers.shop import a_shop, a_worker, all_is_right
from workers.test_crashes import until
from worlds import PROGRAM

WORKERS = 4
TAKEN_OVER_SECONDS = 30.0
"""A lease of one second, a transaction that the server ends after five, and a slow machine, where
seven processes of guerdon are at work."""


@pytest.mark.slow
async def test_four_workers_and_two_apis_share_the_lanes_and_replace_each_other(
    world: World,
    start: Start,
    mongo_client: MongoClient[dict[str, Any]],
    mongo_database: str,
    calm: World,
) -> None:
    async with a_shop(world, start, mongo_client[mongo_database], workers=WORKERS, apis=2) as shop:
        await until(shop.is_shared_evenly)

        doomed = shop.workers[0]
        before = await world.lanes.seqs(PROGRAM)
        os.kill(doomed.pid, signal.SIGKILL)

        async def every_lane_went_on() -> bool:
            now = await world.lanes.seqs(PROGRAM)
            return all(now[lane] > seq for lane, seq in before.items() if seq)

        await until(every_lane_went_on, seconds=TAKEN_OVER_SECONDS)

        shop.workers[0] = a_worker(start)
        await until(shop.is_shared_evenly)

    await all_is_right(shop, calm)

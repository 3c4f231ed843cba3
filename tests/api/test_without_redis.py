"""The API while Redis is away: gone, or connected and deaf. What it holds can be had elsewhere."""

import os
import signal
import time
from typing import Any

import pytest
from redis import Redis

from api.shop import Shop, open_shops
from guerdon.settings import Settings
from pace import pacing

INGESTS = 60
P99_SECONDS = 0.3


async def p99_of_ingests(shop: Shop, *, by: str) -> float:
    """Report activities one after the other and ask for the standings between; none may fail."""
    shop.workers.awake = False  # deciding is another process's work
    seconds = []
    for number in range(INGESTS):
        async with pacing() as pace:
            recorded = await shop.record(
                {
                    "activityId": f"{by}-{number}",
                    "type": "purchase",
                    "member": {"externalId": "ada"},
                    "amount": "1",
                },
                wait="ACCEPTED",
            )
        seconds.append(pace.seconds)
        assert recorded["problems"] == []
        if number % 20 == 0:
            page = await shop.get(
                "service",
                '{ leaderboard(slug: "all_time") { period { entries(first: 5) { totalCount } } } }',
            )
            assert page["leaderboard"]["period"] is not None
    return sorted(seconds)[-2]


@pytest.mark.parametrize("how", ["gone", "deaf"])
async def test_the_api_answers_as_quickly_while_redis_is(
    how: str, settings: Settings, valkey_url: str
) -> None:
    url = "redis://127.0.0.1:1" if how == "gone" else valkey_url
    given = settings.model_copy(update={"redis_url": type(settings.redis_url)(url)})
    async with open_shops(settings, f"with_{time.time_ns()}") as (shop,):
        await shop.enroll("ada")
        usual = await p99_of_ingests(shop, by="with")
    async with open_shops(given, f"without_{time.time_ns()}") as (shop,):
        await shop.enroll("ada")
        with Redis.from_url(valkey_url) as client:
            info: Any = client.info("server")
        if how == "deaf":
            os.kill(info["process_id"], signal.SIGSTOP)
        try:
            without = await p99_of_ingests(shop, by="without")
        finally:
            os.kill(info["process_id"], signal.SIGCONT)

    # A machine that is busy with other things is slow with Redis, too.
    assert without < max(P99_SECONDS, 3 * usual)

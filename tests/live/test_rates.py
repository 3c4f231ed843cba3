"""Allowances in Redis: what processes take of one bucket together."""

import asyncio

from guerdon.engine.records import Rate
from guerdon.live.client import Live
from guerdon.live.rates import LiveRates

SLOW = Rate(0.001, 100)
"""Fills so slowly that a test sees nothing of it."""


async def test_a_bucket_is_spent_once_however_many_ask(live: Live) -> None:
    rates = [LiveRates(live) for _ in range(4)]

    async def spend(number: int) -> int:
        taken = await rates[number % 4].take("p/ann", SLOW, need=1, want=7)
        return taken.units

    taken = await asyncio.gather(*(spend(number) for number in range(40)))

    assert sum(taken) == 100
    assert set(taken) <= {0, 2, 7}  # the last one gets what is left


async def test_nothing_is_taken_where_there_is_too_little_and_the_wait_is_told(live: Live) -> None:
    rates, rate = LiveRates(live), Rate(0.5, 100)
    first = await rates.take("p/ann", rate, need=90, want=90)
    second = await rates.take("p/ann", rate, need=90, want=90)
    other = await rates.take("p/bob", rate, need=90, want=90)

    assert (first.units, other.units) == (90, 90)
    assert (second.units, second.retry_after_seconds > 100) == (0, True)
    assert second.retry_after_seconds <= 80 / 0.5


async def test_what_comes_back_can_be_taken_again_and_never_overfills(live: Live) -> None:
    rates = LiveRates(live)
    await rates.take("p/ann", SLOW, need=60, want=60)
    again = await rates.take("p/ann", SLOW, need=90, want=90, back=50)
    full = await rates.take("p/ann", SLOW, need=0, want=0, back=10_000)

    assert (again.units, again.left) == (90, 0)
    assert full.left == 100


async def test_a_full_bucket_has_no_key(live: Live) -> None:
    rates = LiveRates(live)
    await rates.take("p/ann", SLOW, need=60, want=60)
    kept = await live.client.keys("test:rate:*")
    await rates.take("p/ann", SLOW, need=0, want=0, back=60)

    assert kept == [b"test:rate:p/ann"]
    assert await live.client.keys("test:rate:*") == []

"""Hints: one a lane, until a worker has heard it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from guerdon.live.client import Live
from guerdon.live.hints import QUEUE, LiveHints


@pytest.fixture
async def hints(redis_url: str, live: Live) -> AsyncIterator[LiveHints]:
    hints = LiveHints(live, redis_url, timeout_seconds=2)
    yield hints
    await hints.close()


async def sent(hints: LiveHints, count: int) -> None:
    async with asyncio.timeout(30):
        while hints._broker.do_qsize(QUEUE) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_one_hint_for_a_lane_is_enough_until_it_is_heard(hints: LiveHints) -> None:
    hints.wake("p", [1])
    await sent(hints, 1)
    hints.wake("p", [1, 2])
    await sent(hints, 2)
    await hints.heard("p", 1)
    hints.wake("p", [1])
    await sent(hints, 3)
    assert hints._broker.do_qsize(QUEUE) == 3

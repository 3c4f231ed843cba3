"""A World of this test's own, on the real servers."""

from collections.abc import AsyncIterator

import pytest

from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import a_world, settings_for


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    """Settings of processes that share this test's World."""
    return settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """A World with the shop published."""
    async with a_world(settings) as world:
        yield world

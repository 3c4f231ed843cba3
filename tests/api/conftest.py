"""Shops for tests: programs of their own on one database, whose indexes are made once a run."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from api.shop import Shop, open_shops
from guerdon.settings import Settings
from guerdon.wiring import prepare


@pytest.fixture(scope="session")
def settings(
    mongo_url: str, valkey_url: str, mongo_client: MongoClient[dict[str, Any]]
) -> Iterator[Settings]:
    """Settings of an installation whose database is ready."""
    name = f"guerdon_api_{uuid.uuid4().hex[:8]}"
    settings = Settings.load(
        environment="test", mongo_url=mongo_url, mongo_database=name, redis_url=valkey_url, lanes=4
    )
    asyncio.run(prepare(settings))
    yield settings
    mongo_client.drop_database(name)


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[Shop]:
    """A shop that nobody has been to."""
    async with open_shops(settings, f"shop_{uuid.uuid4().hex[:8]}") as (shop,):
        yield shop


@pytest.fixture
async def shops(settings: Settings) -> AsyncIterator[tuple[Shop, Shop]]:
    """Two shops that know nothing of each other, on one installation."""
    suffix = uuid.uuid4().hex[:8]
    async with open_shops(settings, f"here_{suffix}", f"there_{suffix}") as (here, there):
        yield here, there

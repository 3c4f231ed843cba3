"""A database for one test, through the stores' own client."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from guerdon.stores.client import Access, Mongo
from guerdon.stores.prepare import prepare


@pytest.fixture(params=["motor", "pymongo"])
async def owner(
    request: pytest.FixtureRequest, owner_url: str, mongo_database: str
) -> AsyncIterator[Mongo]:
    """The database through either driver as its owner, with all that belongs into it."""
    access = Access(url=owner_url, database=mongo_database, driver=request.param, latest=True)
    owner = Mongo(access)
    await prepare(owner)
    yield owner
    await owner.close()


@pytest.fixture
async def mongo(owner: Mongo, mongo_url: str) -> AsyncIterator[Mongo]:
    """The same database as the application, which may not do everything."""
    mongo = Mongo(replace(owner.access, url=mongo_url))
    yield mongo
    await mongo.close()

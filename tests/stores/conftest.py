"""A database for one test, through the stores' own client."""

from collections.abc import AsyncIterator

import pytest

from guerdon.stores.client import Access, Mongo
from guerdon.stores.prepare import prepare


@pytest.fixture(params=["motor", "pymongo"])
async def mongo(
    request: pytest.FixtureRequest, mongo_url: str, owner_url: str, mongo_database: str
) -> AsyncIterator[Mongo]:
    """The database through either driver as the application, made ready by its owner."""
    owner = Mongo(Access(url=owner_url, database=mongo_database, driver=request.param))
    await prepare(owner)
    await owner.close()
    mongo = Mongo(Access(url=mongo_url, database=mongo_database, driver=request.param, latest=True))
    yield mongo
    await mongo.close()

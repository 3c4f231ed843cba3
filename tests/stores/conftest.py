"""A database for one test, through the stores' own client."""

from collections.abc import AsyncIterator

import pytest

from guerdon.stores.client import Access, Mongo
from guerdon.stores.indexes import create_indexes


@pytest.fixture(params=["motor", "pymongo"])
async def mongo(
    request: pytest.FixtureRequest, mongo_url: str, mongo_database: str
) -> AsyncIterator[Mongo]:
    """The database through either driver, with collections and indexes."""
    mongo = Mongo(Access(url=mongo_url, database=mongo_database, driver=request.param, latest=True))
    await create_indexes(mongo)
    yield mongo
    await mongo.close()

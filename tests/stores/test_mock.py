"""Where the mock of MongoDB differs from it (X2), and the few read stores that are run on it.

The mock never lets another task in between, so that no race shows on it, and it takes much that
MongoDB refuses. Only stores that read and write single documents are run on it, to say that they
ask for nothing unusual; everything else in these tests runs on a real server.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import pytest
from bson.errors import InvalidDocument
from mongomock_motor import AsyncMongoMockClient
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from guerdon.core.activity import Instant
from guerdon.engine.lanes import Layout
from guerdon.engine.records import Issuer
from guerdon.stores.client import Document, Mongo
from guerdon.stores.issuers import IssuerStore
from guerdon.stores.programs import ProgramStore
from guerdon.stores.revocations import RevocationStore

RACERS = 20


@pytest.fixture
async def real(owner_url: str, mongo_database: str) -> AsyncIterator[Any]:
    """A database of the real server."""
    client: Any = AsyncIOMotorClient(owner_url, tz_aware=True)
    # Warm: a race that waits for connections is none.
    await asyncio.gather(*(client.admin.command("ping") for _ in range(RACERS)))
    yield client[mongo_database]
    client.close()


@pytest.fixture
def mock() -> Any:
    """A database of the mock."""
    return AsyncMongoMockClient(tz_aware=True)["mock"]


# ---------------------------------------------------------------- the stores that run on both


class Bare:
    """As much of `Mongo` as stores need that use neither transactions nor aggregations."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def __getitem__(self, collection: str) -> Any:
        return self._database[collection]


@pytest.fixture(params=["real", "mock"])
def mongo(request: pytest.FixtureRequest) -> Mongo:
    """The one and the other, as stores see them."""
    return cast("Mongo", Bare(request.getfixturevalue(request.param)))


async def test_issuers_are_read_as_they_were_added(mongo: Mongo) -> None:
    store = IssuerStore(mongo)
    first = Issuer("shop", "https://id.example", "shop", "https://id.example/keys")
    moved = first._replace(key_set_url="https://id.example/new", scheme="card")
    await store.add(first)
    await store.add(moved)

    assert await store.list_all() == [moved]
    assert await store.remove("shop", first.issuer)
    assert not await store.remove("shop", first.issuer)
    assert await store.list_all() == []


async def test_who_was_signed_out_last_counts_and_old_notes_go(mongo: Mongo) -> None:
    store = RevocationStore(mongo)
    for member, at in (("old", 10), ("ann", 500), ("ann", 400), ("bob", 600)):
        await store.add("shop", member, Instant(at), forget_before=Instant(100))

    assert await store.list_all() == {("shop", "ann"): 500, ("shop", "bob"): 600}


async def test_heads_and_versions_of_programs_are_read(mongo: Mongo) -> None:
    grown = {"_id": "shop", "n": 2, "l": 32, "e": 2, "h": [16], "g": {"b": 16, "d": []}}
    await mongo["programs"].insert_many([grown, {"_id": "cafe", "n": 1, "l": 16, "e": 1}])
    for number in (2, 1):
        version = {"_id": f"shop|{number:06d}", "b": number, "t": f"text {number}", "c": 0}
        await mongo["programs"].insert_one(version)
    store = ProgramStore(mongo)

    assert sorted(await store.names()) == ["cafe", "shop"]
    assert await store.head("shop") == (
        2,
        Layout(lanes=32, epoch=2, earlier=(16,), outgoing=16),
    )
    assert await store.head("cafe") == (1, Layout(lanes=16))
    assert await store.head("nobody") is None
    assert [each.text for each in await store.versions("shop")] == ["text 1", "text 2"]


# ---------------------------------------------------------------- where they differ


async def _unknown_operator(rows: Any) -> None:
    await rows.update_one({"_id": 1}, {"$set": {"b": 1}, "$unheard": {"a": 1}})


async def _conflicting_paths(rows: Any) -> None:
    await rows.update_one({"_id": 1}, {"$set": {"a": 1}, "$inc": {"a": 1}})


async def _array_of_a_unique_index(rows: Any) -> None:
    await rows.create_index("tags", unique=True)
    await rows.insert_one({"_id": 2, "tags": ["x", "y"]})
    await rows.insert_one({"_id": 3, "tags": ["y", "z"]})


async def _beyond_64_bits(rows: Any) -> None:
    await rows.update_one({"_id": 1}, {"$set": {"n": 2**63 - 1}})
    await rows.update_one({"_id": 1}, {"$inc": {"n": 1}})


async def _seventeen_megabytes(rows: Any) -> None:
    await rows.insert_one({"_id": 4, "text": "x" * (17 << 20)})


async def _hint_without_an_index(rows: Any) -> None:
    await rows.find({"a": 1}).hint([("nothing", 1)]).to_list(None)


async def _validator(rows: Any) -> None:
    rules = {"$jsonSchema": {"required": ["must"]}}
    await rows.database.create_collection("checked", validator=rules)
    await rows.database["checked"].insert_one({"_id": 1})


async def _transaction(rows: Any) -> None:
    async with await rows.database.client.start_session() as session, session.start_transaction():
        await rows.insert_one({"_id": 5}, session=session)


async def _unique(rows: Any) -> None:
    await rows.create_index("name", unique=True)
    await rows.insert_one({"_id": 6, "name": "ann"})
    await rows.insert_one({"_id": 7, "name": "ann"})


async def _guarded_update(rows: Any) -> None:
    left = await rows.find_one_and_update(
        {"_id": 1, "$expr": {"$gte": ["$stock", 1]}}, [{"$set": {"stock": 0}}]
    )
    assert left["stock"] == 1


PROBES: dict[str, tuple[Callable[[Any], Awaitable[None]], bool, bool]] = {
    "an operator that does not exist": (_unknown_operator, False, False),
    "two changes of one path": (_conflicting_paths, False, True),
    "a value twice in a unique index on arrays": (_array_of_a_unique_index, False, True),
    "a number beyond 64 bits": (_beyond_64_bits, False, True),
    "a document of 17 MB": (_seventeen_megabytes, False, True),
    "a hint at an index that is not there": (_hint_without_an_index, False, True),
    "a document that its validator refuses": (_validator, False, False),
    "a transaction": (_transaction, True, False),
    "a value twice in a unique index": (_unique, False, False),
    "a guarded update": (_guarded_update, True, True),
}
"""What is tried; whether MongoDB takes it, and whether the mock does."""


async def _is_taken(probe: Callable[[Any], Awaitable[None]], database: Any) -> bool:
    rows = database["rows"]
    await rows.insert_one({"_id": 1, "stock": 1, "tags": ["one"], "name": "one"})
    try:
        await probe(rows)
    except (PyMongoError, InvalidDocument, ValueError, NotImplementedError):
        return False
    return True


@pytest.mark.parametrize("what", PROBES)
async def test_the_mock_differs_where_this_table_says_so(real: Any, mock: Any, what: str) -> None:
    probe, by_mongodb, by_mock = PROBES[what]

    assert await _is_taken(probe, real) is by_mongodb
    assert await _is_taken(probe, mock) is by_mock


async def test_no_race_shows_on_the_mock(real: Any, mock: Any) -> None:
    """The reason why nothing about money is tried there: a careless counter looks right."""

    async def careless(rows: Any) -> None:
        row: Document = await rows.find_one({"_id": "counter"})
        await rows.update_one({"_id": "counter"}, {"$set": {"n": row["n"] + 1}})

    counted = []
    for database in (real, mock):
        rows = database["rows"]
        await rows.insert_one({"_id": "counter", "n": 0})
        await asyncio.gather(*(careless(rows) for _ in range(RACERS)))
        counted.append((await rows.find_one({"_id": "counter"}))["n"])

    assert counted[0] < RACERS
    assert counted[1] == RACERS

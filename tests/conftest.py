"""Fixtures for every test: the real servers, started once a run, empty for each test.

With pytest-xdist every test process has its own pair, started when its first test asks for it, so
that a test may flush, pause or kill what it uses without disturbing another.
"""

import asyncio
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pymongo import MongoClient
from redis import Redis

from guerdon.embedded import mongod, valkey
from guerdon.embedded.logins import OWNER, Logins
from guerdon.embedded.parts import mongod_part
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel
from guerdon.stores.client import Access, Mongo
from guerdon.stores.roles import admit

# A property holds on a busy machine too: how long an example takes is no part of it.
settings.register_profile("guerdon", deadline=None)
settings.load_profile("guerdon")


LONG = ("acceptance", "workers", "page", "embedded", "docs", "webhooks")
"""Folders whose files take long: they come first, so that no process is left alone with one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long in front; within a folder nothing changes its place."""
    root = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(root).parts[0] not in LONG)


@pytest.fixture(scope="session")
def kennel() -> Iterator[Kennel]:
    """Start processes here: none survives the run, whatever becomes of it."""
    kennel = Kennel()
    yield kennel
    kennel.close()


@pytest.fixture(scope="session")
def mongo_url(kennel: Kennel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real MongoDB: a replica set of one node, with test commands (fail points).

    It is the application's address, which can add to the journal and not change it; what only the
    owner may (make collections, spoil documents, look everywhere) goes by `owner_url`.
    """
    folder, (port,) = tmp_path_factory.mktemp("mongod"), free_ports(1)
    logins = Logins.of(folder)
    options = mongod.Options(test_commands=True, logins=logins)
    part = mongod_part(kennel, folder=folder, port=port, options=options)
    child = part.start()
    part.await_ready(child)
    url, owner = mongod.url(port, logins), mongod.url(port, logins, who=OWNER)
    asyncio.run(_admit(url, owner))
    os.environ[OWNER_URL] = owner
    yield url
    del os.environ[OWNER_URL]
    child.stop(patience_seconds=20)


OWNER_URL = "GUERDON_MONGO_OWNER_URL"


async def _admit(url: str, owner: str) -> None:
    """Let the application in, to every database: each test has its own."""
    mongo = Mongo(Access(url=owner, database="admin"))
    await admit(mongo, url, database="")
    await mongo.close()


@pytest.fixture(scope="session")
def owner_url(mongo_url: str) -> str:
    """Address of the same MongoDB for whoever may do everything."""
    del mongo_url
    return os.environ[OWNER_URL]


@pytest.fixture(scope="session")
def valkey_url(kennel: Kennel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real Valkey; tests take `redis_url`, which is the same, emptied."""
    folder, (port,) = tmp_path_factory.mktemp("valkey"), free_ports(1)
    child = kennel.start(
        valkey.command(valkey.find(), port=port, folder=folder), log=folder / "log"
    )
    valkey.await_answer(port, child=child)
    yield valkey.url(port)
    child.stop(patience_seconds=20)


@pytest.fixture(scope="session")
def mongo_client(owner_url: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """PyMongo's blocking client, as the owner: for looking at what was stored, and spoiling it."""
    with MongoClient[dict[str, Any]](owner_url, tz_aware=True) as client:
        yield client


@pytest.fixture
def mongo_database(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """Name of a database that is this test's own and goes with it."""
    name = f"guerdon_{uuid.uuid4().hex[:12]}"
    yield name
    mongo_client.drop_database(name)


@pytest.fixture
def redis_url(valkey_url: str) -> str:
    """Address of a Valkey without any key in any of its databases."""
    with Redis.from_url(valkey_url) as client:
        client.flushall()
    return valkey_url


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return Path(__file__).parents[1]

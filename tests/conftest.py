"""Fixtures for every test: the real servers, started once a run, empty for each test.

With pytest-xdist every test process has its own pair, started when its first test asks for it, so
that a test may flush, pause or kill what it uses without disturbing another.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pymongo import MongoClient
from redis import Redis

from guerdon.embedded import mongod, valkey
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel

# A property holds on a busy machine too: how long an example takes is no part of it.
settings.register_profile("guerdon", deadline=None)
settings.load_profile("guerdon")


@pytest.fixture(scope="session")
def kennel() -> Iterator[Kennel]:
    """Start processes here: none survives the run, whatever becomes of it."""
    kennel = Kennel()
    yield kennel
    kennel.close()


@pytest.fixture(scope="session")
def mongo_url(kennel: Kennel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real MongoDB: a replica set of one node, with test commands (fail points)."""
    folder, (port,) = tmp_path_factory.mktemp("mongod"), free_ports(1)
    options = mongod.Options(test_commands=True)
    command = mongod.command(mongod.find(), port=port, folder=folder, options=options)
    child = kennel.start(command, log=folder / "log")
    mongod.await_primary(port, child=child)
    yield mongod.url(port)
    child.stop(patience_seconds=20)


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
def mongo_client(mongo_url: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """PyMongo's blocking client, for looking at what was stored."""
    with MongoClient[dict[str, Any]](mongo_url, tz_aware=True) as client:
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

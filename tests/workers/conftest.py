"""Worker processes as they are run: `guerdon work`, with the settings of one test."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.embedded.process import Child, Kennel
from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import a_world, settings_for

Start = Callable[..., Child]


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    """Settings of processes that share this test's World; a dead worker's lanes are free soon."""
    return settings_for(
        mongo_url=mongo_url,
        database=mongo_database,
        redis_url=redis_url,
        lane_lease_seconds=1.0,
        broker_heartbeat_seconds=2.0,
    )


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """A World with the shop published."""
    async with a_world(settings) as world:
        yield world


@pytest.fixture
async def calm(
    mongo_url: str, mongo_database: str, redis_url: str, mongo_client: MongoClient[dict[str, Any]]
) -> AsyncIterator[World]:
    """A World of its own in which the same is reported and nothing happens to anybody."""
    database = f"{mongo_database}_calm"
    settings = settings_for(mongo_url=mongo_url, database=database, redis_url=redis_url)
    async with a_world(settings) as world:
        yield world
    mongo_client.drop_database(database)


@pytest.fixture
def start(kennel: Kennel, settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Start processes of guerdon; they end with the test."""
    children: list[Child] = []

    def start(*command: str, crash_at: str | None = None, **more: str) -> Child:
        environment = {
            **os.environ,
            "GUERDON_ENVIRONMENT": "test",
            "GUERDON_MONGO_URL": settings.mongo_url.get_secret_value(),
            "GUERDON_MONGO_DATABASE": settings.mongo_database,
            "GUERDON_REDIS_URL": settings.redis_url.get_secret_value(),
            "GUERDON_REDIS_NAMESPACE": settings.redis_namespace,
            "GUERDON_LANE_LEASE_SECONDS": str(settings.lane_lease_seconds),
            "GUERDON_BROKER_HEARTBEAT_SECONDS": str(settings.broker_heartbeat_seconds),
            "GUERDON_SWEEP_SECONDS": "0.2",
            "GUERDON_TICK_SECONDS": "0.2",
            "GUERDON_LOG_FORMAT": "text",
            **more,
        }
        if crash_at is not None:
            environment["GUERDON_CRASH_AT"] = crash_at
        child = kennel.start(
            [sys.executable, *command],
            log=tmp_path / f"log{len(children)}",
            env=environment,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.stop(patience_seconds=10)

"""The doctor finds what is wrong with an installation, and says what to do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from redis import Redis

from guerdon.cli.contradictions import contradictions
from guerdon.embedded import mongod, valkey
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel
from guerdon.engine.findings import Grade
from guerdon.settings import Settings
from guerdon.wiring import checkups, prepare
from worlds import settings_for

LONG = "a-secret-of-more-than-thirty-two-characters"


def examined(**settings: str) -> tuple[int, dict[str, dict[str, dict[str, Any]]]]:
    """Run the doctor; return how it ended, and its findings by part and subject."""
    environment = {name: it for name, it in os.environ.items() if not name.startswith("GUERDON_")}
    done = subprocess.run(
        [sys.executable, "-m", "guerdon", "doctor", "--json"],
        env={**environment, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    parts = {part: {each["subject"]: each for each in told} for part, told in found.items()}
    return done.returncode, parts


async def test_a_sound_installation_is_told_so(
    mongo_url: str, mongo_database: str, redis_url: str
) -> None:
    settings = settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)
    await prepare(settings)

    of_mongo, of_redis = await checkups(settings)

    grades = {finding.subject: finding.grade for finding in (*of_mongo, *of_redis)}
    assert Grade.WRONG not in grades.values()
    assert grades["indexes"] == grades["format"] == grades["transaction lifetime"] == Grade.FINE
    assert grades["write concern"] == grades["clock"] == grades["eviction"] == Grade.FINE
    assert grades["replica set"] == Grade.DOUBTFUL, "one member"


def test_a_database_that_was_never_migrated_and_a_missing_index_are_named(
    mongo_url: str, owner_url: str, mongo_database: str, redis_url: str
) -> None:
    code, found = examined(
        GUERDON_MONGO_URL=mongo_url,
        GUERDON_MONGO_OWNER_URL=owner_url,
        GUERDON_MONGO_DATABASE=mongo_database,
        GUERDON_REDIS_URL=redis_url,
    )

    assert code == 1
    assert "guerdon migrate" in found["MongoDB"]["format"]["fact"]
    assert "journal(l, k)" in found["MongoDB"]["indexes"]["fact"]
    assert found["MongoDB"]["indexes"]["remedy"] == "Run `guerdon migrate`."


def test_servers_that_do_not_answer_are_each_named_with_their_setting() -> None:
    mongo_port, redis_port = free_ports(2)
    code, found = examined(
        GUERDON_MONGO_URL=f"mongodb://127.0.0.1:{mongo_port}",
        GUERDON_MONGO_SELECTION_SECONDS="0.2",
        GUERDON_REDIS_URL=f"redis://127.0.0.1:{redis_port}",
    )

    assert code == 1
    assert "GUERDON_MONGO_URL" in found["MongoDB"]["MongoDB"]["remedy"]
    assert "GUERDON_REDIS_URL" in found["Valkey or Redis"]["Redis"]["remedy"]


@pytest.fixture
def careless(kennel: Kennel, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A mongod by itself with a long lifetime, and a Valkey that evicts: addresses of both."""
    mongo_port, redis_port = free_ports(2)
    folder = tmp_path / "mongod"
    folder.mkdir()
    command = mongod.command(
        mongod.find(), port=mongo_port, folder=folder, options=mongod.Options()
    )
    place = command.index("--replSet")
    del command[place : place + 2]
    command[command.index("transactionLifetimeLimitSeconds=5")] = (
        "transactionLifetimeLimitSeconds=60"
    )
    database = kennel.start(command, log=tmp_path / "mongod.log")
    cache = kennel.start(
        valkey.command(valkey.find(), port=redis_port, folder=tmp_path), log=tmp_path / "valkey"
    )
    valkey.await_answer(redis_port, child=cache)
    with MongoClient[dict[str, Any]]("127.0.0.1", mongo_port) as client:
        client.admin.command("ping")
    with Redis(port=redis_port) as client_of_cache:
        client_of_cache.config_set("maxmemory-policy", "allkeys-lru")
        client_of_cache.config_set("appendonly", "no")
    yield f"mongodb://127.0.0.1:{mongo_port}", f"redis://127.0.0.1:{redis_port}"
    database.stop(patience_seconds=20)
    cache.stop(patience_seconds=20)


def test_carelessly_started_servers_are_told_what_they_lack(careless: tuple[str, str]) -> None:
    code, found = examined(GUERDON_MONGO_URL=careless[0], GUERDON_REDIS_URL=careless[1])
    mongo, redis = found["MongoDB"], found["Valkey or Redis"]

    assert code == 1
    assert mongo["replica set"]["grade"] == "wrong"
    assert "--replSet" in mongo["replica set"]["remedy"]
    assert mongo["transaction lifetime"]["grade"] == "doubtful"
    assert redis["eviction"]["grade"] == redis["persistence"]["grade"] == "doubtful"
    assert "noeviction" in redis["eviction"]["remedy"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"lane_lease_seconds": 3}, "GUERDON_LANE_LEASE_SECONDS"),
        ({"wait_seconds_max": 30}, "GUERDON_SHUTDOWN_SECONDS"),
        ({"actor_seconds_max": 60}, "GUERDON_WORKER_SHUTDOWN_SECONDS"),
        ({"broker_heartbeat_seconds": 2}, "GUERDON_BROKER_HEARTBEAT_SECONDS"),
        ({"environment": "live"}, "GUERDON_STORAGE_KEY"),
        ({"environment": "live", "allowed_origins": "*"}, "GUERDON_ALLOWED_ORIGINS"),
        ({"environment": "live", "trusted_proxies": "0.0.0.0/0"}, "GUERDON_TRUSTED_PROXIES"),
        ({"token_secret": LONG, "key_pepper": LONG}, "GUERDON_TOKEN_SECRET"),
    ],
)
def test_settings_that_contradict_are_named_with_a_remedy(
    given: dict[str, object], named: str
) -> None:
    addresses = {"mongo_url": "mongodb://db", "redis_url": "redis://c", "environment": "test"}
    found = contradictions(Settings.load(**{**addresses, **given}))

    (finding,) = [it for it in found if named in it.subject]
    assert finding.grade == Grade.DOUBTFUL
    assert finding.remedy


def test_defaults_do_not_contradict() -> None:
    settings = Settings.load(
        environment="test", mongo_url="mongodb://db", redis_url="redis://cache"
    )

    assert [finding.grade for finding in contradictions(settings)] == [Grade.FINE]


def test_settings_are_printed_with_their_secrets_hidden() -> None:
    environment = {name: it for name, it in os.environ.items() if not name.startswith("GUERDON_")}
    done = subprocess.run(
        [sys.executable, "-m", "guerdon", "settings"],
        env={
            **environment,
            "GUERDON_MONGO_URL": "mongodb://root:hush@db",
            "GUERDON_REDIS_URL": "redis://:hush@c",
            "GUERDON_BATCH_MAX": "100",
        },
        capture_output=True,
        text=True,
        check=True,
    )

    assert "hush" not in done.stdout
    assert "* GUERDON_MONGO_URL=(set, not shown)" in done.stdout
    assert "* GUERDON_BATCH_MAX=100" in done.stdout
    assert "  GUERDON_LANES=16" in done.stdout

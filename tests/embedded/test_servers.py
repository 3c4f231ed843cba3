"""The real servers: found or refused with remedies, restarted after a kill, moved to a new port."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from redis import Redis

from guerdon.embedded import mongod, valkey
from guerdon.embedded.folder import FolderInUse, data_folder
from guerdon.embedded.mongod import NoMongod
from guerdon.embedded.parts import mongod_part, valkey_part
from guerdon.embedded.ports import free_ports, is_free
from guerdon.embedded.process import Kennel
from guerdon.embedded.supervisor import Supervisor
from guerdon.embedded.valkey import NoValkey


def test_servers_run_with_the_settings_that_the_promises_need(
    mongo_client: MongoClient[dict[str, Any]], redis_url: str
) -> None:
    asked = {"getParameter": 1, "transactionLifetimeLimitSeconds": 1}
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        kept = {
            name: redis.config_get(name)[name]
            for name in ("appendonly", "appendfsync", "maxmemory-policy")
        }

    assert mongo_client.admin.command(asked)["transactionLifetimeLimitSeconds"] == 5
    assert mongo_client.admin.command("hello")["setName"] == "guerdon"
    assert kept == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }


async def test_killed_servers_come_back_with_what_they_held(kennel: Kennel, tmp_path: Path) -> None:
    mongo_port, redis_port = free_ports(2)
    back = asyncio.Event()
    supervisor = Supervisor(lambda _: None, changed=back.set)
    await supervisor.start(
        [
            mongod_part(kennel, folder=tmp_path, port=mongo_port),
            valkey_part(kennel, folder=tmp_path, port=redis_port),
        ]
    )
    with (
        MongoClient[dict[str, Any]](mongod.url(mongo_port)) as mongo,
        Redis.from_url(valkey.url(redis_port)) as redis,
    ):
        mongo.shop.shelf.insert_one({"_id": 1})
        redis.set("shelf", 1)
        for name in ("mongod", "valkey"):
            back.clear()
            os.kill(supervisor.pids[name], signal.SIGKILL)
            await asyncio.wait_for(back.wait(), 20)

        assert mongo.shop.shelf.count_documents({}) == 1
        assert redis.get("shelf") == b"1"

    await supervisor.stop()
    assert is_free(mongo_port)
    assert is_free(redis_port)


def test_kept_data_can_be_opened_on_another_port(kennel: Kennel, tmp_path: Path) -> None:
    files = tmp_path / "mongod"
    files.mkdir()
    for port in free_ports(2):
        command = mongod.command(mongod.find(), port=port, folder=files, options=mongod.Options())
        child = kennel.start(command, log=tmp_path / "log")
        mongod.await_primary(port, child=child)
        with MongoClient[dict[str, Any]](mongod.url(port)) as client:
            client.shop.visits.insert_one({"port": port})
            visits = client.shop.visits.count_documents({})
        child.stop(patience_seconds=20)

    assert visits == 2


def test_missing_mongod_is_said_with_the_remedies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "fiftyone", None)  # as if the extra were not installed

    with pytest.raises(NoMongod) as refusal:
        mongod.find()

    for remedy in ("guerdon[embedded]", "install MongoDB", "GUERDON_MONGO_URL"):
        assert remedy in str(refusal.value)


@pytest.mark.skipif(sys.platform != "linux", reason="ldd is Linux's")
def test_missing_library_is_said_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, script in {
        "mongod": "exit 127",
        "ldd": "echo '\tlibcurl.so.4 => not found'; echo '\tlibssl.so.3 => not found'",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    with pytest.raises(NoMongod, match="apt-get install -y libcurl4 libssl3"):
        mongod.find()


def test_missing_valkey_is_said_with_the_remedies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(NoValkey, match="GUERDON_REDIS_URL"):
        valkey.find()


def test_data_folder_serves_one_stack_at_a_time(tmp_path: Path) -> None:
    kept = tmp_path / "data"
    with data_folder(kept), pytest.raises(FolderInUse, match="Stop it"), data_folder(kept):
        pass

    with data_folder(kept) as folder:
        assert folder == kept


def test_data_folder_without_a_name_goes_at_the_end() -> None:
    with data_folder(None) as folder:
        (folder / "mongod").mkdir()

    assert not folder.exists()

"""An installation as operators run it: three processes with their ports, and a story told to it."""

import asyncio
import json
import os
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from redis import Redis

from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel
from guerdon.engine import keys, publish
from guerdon.engine.world import Role
from guerdon.wiring import build, prepare
from worlds import PROGRAM, SHOP, settings_for

NAME = "Wilhelmina Tell-Tale"
EXTERNAL = "wilhelmina@tell-tale.example"
PATIENCE_SECONDS = 60
ROLES = ("serve", "work", "schedule")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """Where its processes answer, and what they wrote."""

    api: str
    key: str
    posts: dict[str, str]
    logs: dict[str, Path]

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return an answer's data."""
        request = urllib.request.Request(
            f"{self.api}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"content-type": "application/json", "authorization": f"Bearer {self.key}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.load(answer)
        assert "errors" not in found, found
        data: dict[str, Any] = found["data"]
        return data

    def page(self, role: str, path: str) -> str:
        """Return what a process's port shows."""
        with urllib.request.urlopen(f"{self.posts[role]}{path}", timeout=30) as answer:
            return str(answer.read().decode())

    def metrics(self) -> str:
        """Return what all processes show."""
        return "\n".join(self.page(role, "/metrics") for role in ROLES)


def until(asked: Any) -> None:
    """Ask until the answer is yes; a refused connection is a no."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if asked():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, "not within the deadline"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def installation(
    kennel: Kennel,
    mongo_url: str,
    valkey_url: str,
    mongo_client: MongoClient[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """Three processes, and a member who joined, bought, redeemed and was corrected."""
    with Redis.from_url(valkey_url) as client:
        client.flushall()
    folder, database = tmp_path_factory.mktemp("installation"), f"guerdon_{uuid.uuid4().hex[:12]}"
    settings = settings_for(mongo_url=mongo_url, database=database, redis_url=valkey_url)

    async def a_key() -> str:
        await prepare(settings)
        world = build(settings)
        try:
            await publish.publish(world, SHOP)
            scopes = keys.ADMIN_SCOPES
            key, _ = await keys.create(world, PROGRAM, name="test", role=Role.ADMIN, scopes=scopes)
        finally:
            await world.close()
        return key

    key = asyncio.run(a_key())
    api_port, *posts = free_ports(1 + len(ROLES))
    environment = {
        **os.environ,
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": mongo_url,
        "GUERDON_MONGO_DATABASE": database,
        "GUERDON_REDIS_URL": valkey_url,
        "GUERDON_REDIS_NAMESPACE": settings.redis_namespace,
        "GUERDON_PORT": str(api_port),
        "GUERDON_LOG_LEVEL": "debug",
        "GUERDON_SWEEP_SECONDS": "0.5",
        "GUERDON_AUDIT_SECONDS": "1",
    }
    children = [
        kennel.start(
            [sys.executable, "-m", "guerdon", role],
            log=folder / role,
            env={**environment, "GUERDON_METRICS_PORT": str(post)},
        )
        for role, post in zip(ROLES, posts, strict=True)
    ]
    found = Installation(
        api=f"http://127.0.0.1:{api_port}",
        key=key,
        posts={role: f"http://127.0.0.1:{post}" for role, post in zip(ROLES, posts, strict=True)},
        logs={role: folder / role for role in ROLES},
    )
    try:
        yield told(found)
    finally:
        for child in children:
            child.stop(patience_seconds=20)
        mongo_client.drop_database(database)


def told(found: Installation) -> Installation:
    """Wait until all is ready, and tell the story."""
    for role in ROLES:
        until(lambda role=role: "ready" in found.page(role, "/readyz"))
    until(lambda: urllib.request.urlopen(f"{found.api}/readyz", timeout=5).status == 200)
    tell_the_story(found)
    return found


def tell_the_story(installation: Installation) -> None:
    """Enroll, record, redeem, and ask for what there is not."""
    enroll = """mutation($i: EnrollMemberInput!) {
      enrollMember(input: $i) { member { id } problems { message } } }"""
    installation.ask(enroll, i={"externalId": EXTERNAL, "displayName": NAME})
    record = """mutation($i: RecordActivitiesInput!) {
      recordActivities(input: $i) { receipts { result } problems { message } } }"""
    member = {"externalId": EXTERNAL}
    activities = [
        {"activityId": "p1", "type": "purchase", "member": member, "amount": "25.00"},
        {"activityId": "p2", "type": "purchase", "member": member, "amount": "-1"},
        {"activityId": "p3", "type": "purchase", "member": {"externalId": "n@n.example"},
         "amount": "1.00", "data": {"country": "NO", "card": "4111111111111111"}},
    ]  # fmt: skip
    installation.ask(record, i={"activities": activities, "wait": "DECIDED"})
    installation.ask(record, i={"activities": activities, "wait": "DECIDED"})
    installation.ask("{ program { name } }")

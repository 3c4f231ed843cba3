"""A program's activities and members, taken out of one installation and brought into another."""

import asyncio
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Kennel
from guerdon.engine import keys, read
from guerdon.engine.enroll import enroll
from guerdon.engine.inputs import ActivityInput, EnrollmentInput, Identity, Wait
from guerdon.engine.verify import verify
from guerdon.engine.world import Role
from guerdon.settings import Settings
from running import ready
from worlds import PROGRAM, a_caller, a_purchase, a_world, by, drain, report, settings_for


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return what a process of this installation is told."""
    return {
        **{name: it for name, it in os.environ.items() if not name.startswith("GUERDON_")},
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": settings.mongo_url.get_secret_value(),
        "GUERDON_MONGO_DATABASE": settings.mongo_database,
        "GUERDON_REDIS_URL": settings.redis_url.get_secret_value(),
        "GUERDON_REDIS_NAMESPACE": settings.redis_namespace,
        "GUERDON_REDIS_API_TIMEOUT_SECONDS": "5",
        **more,
    }


async def command(folder: Path, told: dict[str, str], *words: str) -> str:
    """Run a command in a process of its own, and return what it printed."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "guerdon", *words],
        cwd=folder,
        env={**told, "XDG_STATE_HOME": str(folder / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def live(settings: Settings) -> None:
    """Have some members do what is told of them elsewhere, too."""
    async with a_world(settings) as world:
        person = EnrollmentInput(
            external_id="ann", display_name="Ann", identities=(Identity("card", "c1"),)
        )
        await enroll(world, a_caller(), person, wait=Wait.ACCEPTED)
        await drain(world)
        bought = [
            a_purchase(number, member=by(who), amount=Decimal(number) * 7 + Decimal("0.50"))
            for number, who in enumerate(["ann", "ben", "cleo", "ann", "ben", "ann"], 1)
        ]
        await report(world, bought)
        back = ActivityInput(
            id="back", type="refund", member=by("ben"), amount=Decimal(3), data={"of": "p2"}
        )
        mug = ActivityInput(id="mug", type="redemption", member=by("ann"), data={"item": "mug"})
        await report(world, [back, mug])
        merge = ActivityInput(id="m", type="member_merged", member=by("cleo"), data={"into": "ann"})
        await report(world, [merge])


async def balances(folder: Path, settings: Settings) -> list[tuple[Any, ...]]:
    """Return what each member holds, as the export says it."""
    told = await command(folder, environment(settings), "export", "balances")
    rows = [json.loads(line, parse_float=Decimal) for line in told.splitlines()]
    return sorted(tuple(row.values()) for row in rows)


@pytest.mark.slow
async def test_balances_are_the_same_where_activities_and_members_were_brought(
    mongo_url: str,
    mongo_database: str,
    redis_url: str,
    kennel: Kennel,
    tmp_path: Path,
    mongo_client: MongoClient[dict[str, Any]],
) -> None:
    here = settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)
    there = settings_for(mongo_url=mongo_url, database=f"{mongo_database}_b", redis_url=redis_url)
    await live(here)
    for kind in ("activities", "members"):
        await command(tmp_path, environment(here), "export", kind, "--out", f"{kind}.jsonl")
    (port,) = free_ports(1)
    async with a_world(there) as world:
        key, _ = await keys.create(world, PROGRAM, name="import", role=Role.ADMIN)
        url = f"http://127.0.0.1:{port}/graphql"
        told = environment(there, GUERDON_PORT=str(port), GUERDON_KEY=key, GUERDON_URL=url)
        children = [
            kennel.start([sys.executable, "-m", "guerdon", role], log=tmp_path / role, env=told)
            for role in ("serve", "work")
        ]
        try:
            await ready(port)
            await command(tmp_path, told, "import", "activities", "activities.jsonl", "--wait")
            await command(tmp_path, told, "import", "members", "members.jsonl")
        finally:
            for child in children:
                child.stop(patience_seconds=20)
        found = await verify(world, PROGRAM)
        page = await read.directory(world, PROGRAM, limit=10, after=None)
        there_now = await balances(tmp_path, there)
    mongo_client.drop_database(there.mongo_database)

    assert not found.offences
    assert there_now == await balances(tmp_path, here)
    assert len(there_now) == 3, "each member's own account, that of the merged one too"
    assert {each.external_id: each.display_name for each in page.items}["ann"] == "Ann"

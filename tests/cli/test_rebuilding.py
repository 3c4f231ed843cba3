"""`guerdon rebuild` says what differs, mends it, and changes nothing in a dry run."""

import asyncio
from typing import Any

import pytest
from pymongo import MongoClient
from redis import Redis
from typer.testing import CliRunner

from guerdon.cli import app
from guerdon.engine.rebuild import leaderboards
from guerdon.settings import Settings
from worlds import PROGRAM, a_purchase, a_world, by, report, settings_for


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    settings = settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)
    asyncio.run(_lives(settings))
    return settings


async def _lives(settings: Settings) -> None:
    async with a_world(settings) as world:
        await report(world, [a_purchase(n, member=by(f"m{n % 2}")) for n in range(4)])
        await leaderboards(world, PROGRAM)


def run(settings: Settings, *words: str) -> tuple[int, str]:
    told = {
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": settings.mongo_url.get_secret_value(),
        "GUERDON_MONGO_DATABASE": settings.mongo_database,
        "GUERDON_REDIS_URL": settings.redis_url.get_secret_value(),
        "GUERDON_REDIS_NAMESPACE": settings.redis_namespace,
    }
    result = CliRunner().invoke(app, ["rebuild", *words], env=told)
    return result.exit_code, result.stdout


def test_a_wrong_standing_is_named_and_replaced_once(
    settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    stored = mongo_client[settings.mongo_database]["standings"]
    standing = stored.find_one()
    assert standing
    member = standing["_id"].split("|")[-1]
    standing["s"]["wallets"][0][1] += 5
    stored.replace_one({"_id": standing["_id"]}, standing)

    dry = run(settings, "standings", "--dry-run")
    mended = run(settings, "standings", "--program", PROGRAM)
    again = run(settings, "standings")

    figures = "shop: 2 members, 1 the same, 1 {0}, 0 left alone.\n  {0}: {1}\n"
    assert dry == (0, figures.format("different", member))
    assert mended == (0, figures.format("replaced", member))
    assert again == (0, "shop: 2 members, 2 the same, 0 replaced, 0 left alone.\n")


def test_a_leaderboard_that_is_gone_is_named_and_built(settings: Settings, redis_url: str) -> None:
    right = run(settings, "leaderboards", "--dry-run")
    with Redis.from_url(redis_url.removesuffix("/0") + "/1") as client:
        (name,) = client.keys("*all_time*:z")
        client.delete(name)

    dry = run(settings, "leaderboards", "--dry-run")
    built = run(settings, "leaderboards")
    again = run(settings, "leaderboards", "--dry-run")

    assert right == (0, "shop: 2 leaderboards, 0 would be other than they are.\n")
    assert dry == (
        0,
        "shop: 2 leaderboards, 1 would be other than they are.\n  all_time, period 0\n",
    )
    assert built == (0, "shop: 4 rows.\n")
    assert again == right


def test_a_program_that_is_not_there_is_refused(settings: Settings) -> None:
    for what in ("standings", "leaderboards"):
        assert run(settings, what, "--program", "nobody")[0] == 2

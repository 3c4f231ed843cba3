"""`guerdon lanes` says how many there are, what growing would move, and grows them."""

import asyncio

import pytest
from typer.testing import CliRunner

from guerdon.cli import app
from guerdon.settings import Settings
from worlds import a_purchase, a_world, by, report, settings_for


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    settings = settings_for(
        mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, lanes=2
    )
    asyncio.run(_lives(settings))
    return settings


async def _lives(settings: Settings) -> None:
    async with a_world(settings) as world:
        await report(world, [a_purchase(n, member=by(f"m{n % 3}")) for n in range(6)])


def run(settings: Settings, *words: str) -> tuple[int, str]:
    told = {
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": settings.mongo_url.get_secret_value(),
        "GUERDON_MONGO_DATABASE": settings.mongo_database,
        "GUERDON_REDIS_URL": settings.redis_url.get_secret_value(),
        "GUERDON_REDIS_NAMESPACE": settings.redis_namespace,
    }
    result = CliRunner().invoke(app, ["lanes", *words], env=told)
    return result.exit_code, result.output.strip()


def test_it_is_said_then_foretold_then_done_and_then_there(settings: Settings) -> None:
    before = run(settings, "list")
    foretold = run(settings, "grow", "6", "--dry-run")
    still = run(settings, "list")
    grown = run(settings, "grow", "6", "--settling", "0")
    again = run(settings, "grow", "6", "--program", "shop")

    assert before == still == (0, "shop: 2 lanes, epoch 1; something waits in 0.")
    moved = "3 standings, 0 pages and 6 leaderboard rows change lanes. Nothing was changed."
    assert foretold == (0, f"shop: would have 6 lanes instead of 2. {moved}")
    assert grown == (0, "shop: has 6 lanes now.")
    assert again == (0, "shop: has 6 lanes already.")
    assert run(settings, "list") == (0, "shop: 6 lanes, epoch 2; something waits in 0.")


def test_what_cannot_be_is_refused_with_what_can(settings: Settings) -> None:
    code, told = run(settings, "grow", "5")
    assert code == 1
    assert "4, 6, 8 and so on, not 5" in " ".join(told.split())
    code, told = run(settings, "list", "--program", "nobody")
    assert code == 2
    assert "no program 'nobody'" in told

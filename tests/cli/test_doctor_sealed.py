"""The doctor tries the storage key on what is sealed, and makes none where there is none."""

from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.engine import code_pools
from guerdon.engine.findings import Finding, Grade
from guerdon.engine.webhooks import endpoints
from guerdon.settings import Settings
from guerdon.wiring import check_sealed, prepare
from worlds import PROGRAM, a_caller, a_purchase, a_world, report, settings_for

KEY = "a-storage-key-of-more-than-thirty-two-characters"
OTHER = "another-key-of-more-than-thirty-two-characters"


@pytest.fixture
def place(mongo_url: str, mongo_database: str, redis_url: str) -> dict[str, str]:
    return {"mongo_url": mongo_url, "database": mongo_database, "redis_url": redis_url}


async def fill(settings: Settings) -> None:
    """Seal one thing of each kind."""
    async with a_world(settings) as world:
        await report(world, [a_purchase(1)])
        await code_pools.bring(world, PROGRAM, "summer", ["A1", "B2"])
        await endpoints.create(world, a_caller(), url="https://till.example/", topics=["*"])


async def told(**settings: Any) -> Finding:
    (finding,) = await check_sealed(settings_for(**settings))
    return finding


async def test_nothing_is_said_where_nothing_is_sealed(place: dict[str, str]) -> None:
    settings = settings_for(**place)
    await prepare(settings)

    assert await check_sealed(settings) == []


async def test_the_key_that_sealed_opens_each_kind(place: dict[str, str]) -> None:
    await fill(settings_for(**place, storage_key=KEY))

    finding = await told(**place, storage_key=KEY)

    assert finding.grade is Grade.FINE
    assert "1 members' keys, 1 secrets of webhooks, 2 voucher codes" in finding.fact


async def test_another_key_opens_nothing_and_the_remedy_names_the_first(
    place: dict[str, str],
) -> None:
    await fill(settings_for(**place, storage_key=KEY))

    finding = await told(**place, storage_key=OTHER)

    assert finding.grade is Grade.WRONG
    assert "1 of 1 members' keys, 1 of 1 secrets of webhooks, 2 of 2 voucher" in finding.fact
    assert "under which they were sealed" in (finding.remedy or "")


async def test_what_was_sealed_under_a_second_key_is_found_among_the_rest(
    place: dict[str, str],
) -> None:
    await fill(settings_for(**place, storage_key=KEY))
    async with a_world(settings_for(**place, storage_key=OTHER)) as world:
        await code_pools.bring(world, PROGRAM, "winter", ["C3"])

    assert "1 of 3 voucher codes" in (await told(**place, storage_key=KEY)).fact


async def test_a_key_that_is_gone_is_said_and_no_other_made_in_its_place(
    place: dict[str, str], mongo_client: MongoClient[dict[str, Any]]
) -> None:
    await fill(settings_for(**place, storage_key=KEY))

    finding = await told(**place)

    assert finding.grade is Grade.WRONG
    assert "MongoDB holds none" in finding.fact
    kept = mongo_client[place["database"]]["installation"]
    assert kept.find_one({"_id": "storage_key"}) is None

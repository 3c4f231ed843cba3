"""A program that cannot be used any more holds no other one up."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient
from redis import Redis

from guerdon.core.activity import Instant
from guerdon.engine import accept
from guerdon.engine.audit import audit
from guerdon.engine.by_program import by_program
from guerdon.engine.drift import mend
from guerdon.engine.records import StoreDown
from guerdon.engine.refusals import LiveDown
from guerdon.engine.rota import Rota
from guerdon.engine.seal import Sealer
from guerdon.engine.settle import tick_due
from guerdon.engine.sweep import sweep
from guerdon.engine.webhooks import endpoints
from guerdon.engine.webhooks.relay import Relay
from guerdon.engine.world import World
from guerdon.settings import Settings
from worlds import DAY, PROGRAM, a_caller, a_purchase, drain

FIRST = "a_program"
"""It comes before the shop in every turn."""


@pytest.fixture
def beside(world: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]) -> World:
    """A World in which a program lies whose document nobody can read."""
    mongo_client[settings.mongo_database]["programs"].insert_many(
        [
            {"_id": FIRST, "n": 1, "l": 16, "e": 1},
            {"_id": f"{FIRST}|000001", "b": 0, "t": "program: [", "c": 0},
        ],
        bypass_document_validation=True,
    )
    return world


async def test_what_waits_is_found_and_decided_beside_a_program_that_cannot_be_read(
    beside: World, caplog: pytest.LogCaptureFixture
) -> None:
    await accept.record(beside, a_caller(), [a_purchase(1)])

    woken = await sweep(beside)
    await Rota(beside).warm_up()
    await drain(beside)

    assert woken == 1
    assert await Sealer()(beside) == 2
    assert {getattr(it, "program", None) for it in caplog.records} == {FIRST}


async def relay(world: World) -> int:
    async with asyncio.TaskGroup() as tasks:
        return await Relay(tasks)(world)


async def test_ticks_webhooks_leaderboards_and_audits_of_the_last_program_have_their_turn(
    beside: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    await accept.record(beside, a_caller(), [a_purchase(1)])
    await drain(beside)
    await endpoints.create(beside, a_caller(), url="https://example.com/hooks", topics=["*"])
    with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        client.flushall()
    mongo_client[settings.mongo_database]["members"].delete_many({})
    later = replace(beside, clock=lambda: Instant(beside.clock() + 500 * DAY))

    assert await relay(beside) == 1
    assert await mend(beside) == 2
    assert await audit(beside) == 1
    assert await tick_due(later) == 1


class Work:
    """What fails in the first program."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure
        self.seen: list[str] = []

    async def __call__(self, world: World, program: str) -> int:
        del world
        self.seen.append(program)
        if program == FIRST:
            raise self.failure
        return 7


async def test_a_failure_is_logged_with_its_program_and_the_others_have_their_turn(
    beside: World, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(ZeroDivisionError())

    assert await by_program(beside, work) == 7

    assert work.seen == [FIRST, PROGRAM]
    (record,) = caplog.records
    assert (record.levelno, record.__dict__["program"]) == (logging.ERROR, FIRST)


async def test_what_takes_a_program_too_long_is_no_server_that_is_away(
    beside: World, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(StoreDown("ExecutionTimeout"))

    assert await by_program(beside, work) == 7

    assert work.seen == [FIRST, PROGRAM]
    (record,) = caplog.records
    assert (record.levelno, record.__dict__["program"]) == (logging.WARNING, FIRST)


@pytest.mark.parametrize("failure", [StoreDown("away"), LiveDown()])
async def test_a_server_that_is_away_ends_the_turn(beside: World, failure: Exception) -> None:
    work = Work(failure)

    async def away(world: World, program: str) -> int:
        await world.close()
        return await work(world, program)

    with pytest.raises(type(failure)):
        await by_program(beside, away)

    assert work.seen == [FIRST]

"""Redis Cluster: whatever one command or script touches lies in one slot.

The server's own MONITOR says what a working program asked. The broker's keys (database 0) are
Dramatiq's, and its server is no cluster.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.crc import key_slot

from guerdon.engine import read, rebuild
from guerdon.engine.records import Board, Rate
from guerdon.engine.sweep import sweep
from guerdon.engine.world import World
from guerdon.live.client import LIVE_DB, with_db
from guerdon.settings import Settings
from worlds import PROGRAM, a_caller, a_purchase, a_world, by, report, settings_for

SCRIPTS = {"EVALSHA", "EVAL"}
OF_SEVERAL = {"DEL", "UNLINK", "EXISTS", "MGET", "MSET", "RENAME", "SINTER", "SUNION"}
"""Commands that take more than one key."""


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    """Settings of this test's World."""
    return settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """A World with the shop published."""
    async with a_world(settings) as world:
        yield world


async def a_working_day(world: World) -> None:
    """Write, read, lose and rebuild leaderboards, and take from allowances."""
    await report(world, [a_purchase(n, member=by(f"m{n % 5}")) for n in range(20)])
    board = Board("all_time", 0)
    page = await world.boards.page(PROGRAM, board, limit=2)
    await world.boards.page(PROGRAM, board, limit=2, after=page.rows[-1])
    ann = await read.find(world, a_caller(), by("m1"))
    assert ann is not None
    await world.boards.row(PROGRAM, board, ann)
    await world.boards.around(PROGRAM, board, ann, above=2, below=2)
    await rebuild.leaderboards(world, PROGRAM)
    await world.rates.take("somebody", Rate(per_second=1, burst=5), need=1, want=2)
    await sweep(world)


def keys_of(words: list[str]) -> Iterator[list[str]]:
    """Give the keys that one command touches together."""
    name = words[0].upper()
    if name in SCRIPTS:
        yield words[3 : 3 + int(words[2])]
    elif name in OF_SEVERAL:
        yield words[1:3] if name == "RENAME" else words[1:]


async def test_all_keys_of_one_script_or_command_lie_in_one_slot(
    world: World, redis_url: str
) -> None:
    together: list[list[str]] = []
    async with AsyncRedis.from_url(redis_url) as client, client.monitor() as monitor:
        await a_working_day(world)
        with Redis.from_url(redis_url) as other:
            other.ping()
            other.echo("the day is over")
        while "the day is over" not in (asked := await monitor.next_command())["command"]:
            words = asked["command"].split(" ")
            if asked["db"] == LIVE_DB:
                together += keys_of(words)

    assert max(map(len, together)) > 3, "a leaderboard was put in the place of another"
    for keys in together:
        assert len({key_slot(key.encode()) for key in keys}) <= 1, keys


async def test_leaderboards_and_programs_spread_over_slots(world: World, redis_url: str) -> None:
    await a_working_day(world)

    with Redis.from_url(with_db(redis_url, LIVE_DB)) as client:
        boards = [
            name for name in client.keys("*{*}*") if b":all_time:" in name or b":month:" in name
        ]
    assert len({key_slot(name) for name in boards}) >= 2

"""Leaderboards in Redis that were spoilt are found and mended in one turn, and nothing else is."""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from pymongo import MongoClient

from guerdon.engine import read
from guerdon.engine.drift import differing, mend
from guerdon.engine.outcomes import BoardRow
from guerdon.engine.rebuild import leaderboards, restore
from guerdon.engine.records import Board
from guerdon.engine.sweep import sweep
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from guerdon.stores.prints import printed
from worlds import PROGRAM, a_purchase, a_world, by, report

ALL_TIME = Board("all_time", 0)
NAMES = {"set": "*all_time*:z", "guard": "*all_time*:h"}


async def _name(world: World, part: str) -> tuple[Any, bytes]:
    client = world.projection._live.client  # type: ignore[attr-defined]
    (name,) = await client.keys(NAMES[part])
    return client, name


async def _drop_the_key(world: World) -> None:
    client, name = await _name(world, "set")
    await client.delete(name)


async def _drop_all(world: World) -> None:
    client, name = await _name(world, "guard")
    await client.delete(name, name[:-1] + b"z")


async def _plant_a_wrong_score(world: World) -> None:
    client, name = await _name(world, "set")
    text = (await client.zrange(name, 40, 40))[0]
    await client.zadd(name, {text: -10_000_000})


async def _put_back_a_stale_row(world: World) -> None:
    client, name = await _name(world, "set")
    text = (await client.zrange(name, 7, 7))[0]
    _, guard = await _name(world, "guard")
    await client.zrem(name, text)
    await client.hset(guard, text.split(b":")[-1], "1 ")


async def _add_a_row_of_nobody(world: World) -> None:
    client, name = await _name(world, "set")
    await client.zadd(name, {"800000000000:nobody": -5})


@pytest.mark.parametrize(
    "spoil",
    [
        _drop_the_key,
        _drop_all,
        _plant_a_wrong_score,
        _put_back_a_stale_row,
        _add_a_row_of_nobody,
    ],
)
async def test_a_spoilt_leaderboard_is_mended_within_one_turn(
    world: World, spoil: Callable[[World], Awaitable[None]]
) -> None:
    chance = random.Random(3)
    await report(
        world,
        [
            a_purchase(n, member=by(f"m{n % 60}"), amount=Decimal(chance.randrange(1, 900)))
            for n in range(150)
        ],
    )
    assert await mend(world) == 0

    await spoil(world)

    assert await mend(world) == 1
    assert (await verify(world, PROGRAM)).offences == ()
    shown = await world.boards.page(PROGRAM, ALL_TIME, limit=100)
    stored = await world.scores.page(PROGRAM, ALL_TIME, limit=100)
    assert len(shown.rows) == 60
    assert shown.rows == stored.rows


async def test_a_leaderboard_whose_news_are_on_their_way_is_not_called_different(
    world: World,
) -> None:
    await report(world, [a_purchase(1)])
    client, _ = await _name(world, "set")
    await client.client_pause(800, all=False)  # what is read meanwhile is answered
    reporting = asyncio.create_task(report(world, [a_purchase(2), a_purchase(3, member=by("bob"))]))
    async with asyncio.timeout(10):
        while len(await world.scores.rows(PROGRAM, *ALL_TIME[:2], after=None, limit=9)) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)

    different, books = await asyncio.gather(differing(world, PROGRAM), verify(world, PROGRAM))

    assert different[1] == []
    assert books.offences == ()
    await reporting


async def test_a_leaderboard_that_changes_all_the_time_is_mended_where_it_is_wrong(
    world: World,
) -> None:
    await report(world, [a_purchase(n, member=by(f"m{n}")) for n in range(60)])
    await _plant_a_wrong_score(world)

    going = asyncio.create_task(_go_on(world))
    (offence, *_) = (await verify(world, PROGRAM)).offences
    mended = await mend(world)
    going.cancel()
    await asyncio.wait([going])

    assert offence.document == "leaderboard shop|all_time|0"
    assert mended == 1


async def test_a_large_leaderboard_that_changes_all_the_time_is_not_called_wrong(
    world: World, settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    _many(mongo_client, settings, 30_000)
    await leaderboards(world, PROGRAM)

    going = asyncio.create_task(_go_on(world))
    books = await verify(world, PROGRAM)
    different = await differing(world, PROGRAM)
    going.cancel()
    await asyncio.wait([going])

    assert books.offences == ()
    assert different[1] == []


async def _go_on(world: World) -> None:
    for number in itertools.count():
        await report(world, [a_purchase(f"q{number}", member=by(f"n{number % 50}"))])


def _many(client: MongoClient[dict[str, Any]], settings: Settings, many: int) -> None:
    """Plant a leaderboard's rows, ten of each value."""
    client[settings.mongo_database]["scores"].insert_many(
        printed(
            {
                "_id": f"{PROGRAM}|000000|all_time|0|m{n:06d}",
                "b": f"{PROGRAM}|all_time|0",
                "m": f"m{n:06d}",
                "q": 1,
                "t": n % 7,
                "v": n // 10,
            }
        )
        for n in range(many)
    )


async def test_a_member_who_is_shown_twice_is_found(world: World) -> None:
    await report(world, [a_purchase(1)])
    client, name = await _name(world, "set")
    (text,) = await client.zrange(name, 0, 0)
    await client.zadd(name, {b"0" + text[1:]: -5})

    assert len((await verify(world, PROGRAM)).offences) == 1
    assert await mend(world) == 1
    assert (await verify(world, PROGRAM)).offences == ()


async def test_a_rank_without_redis_is_right_among_a_hundred_thousand(
    settings: Settings, mongo_client: MongoClient[dict[str, Any]]
) -> None:
    many = 100_000
    away = settings.model_copy(
        update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:1/0")}
    )
    async with a_world(away) as world:
        _many(mongo_client, settings, many)
        # Values fall, instants rise, ids rise: ten share each value.
        order = sorted(range(many), key=lambda n: (-(n // 10), n % 7, n))
        for place in (0, 1, 49_999, 99_999):
            began = time.monotonic()
            member = f"m{order[place]:06d}"
            row = await read.board_row(world, PROGRAM, ALL_TIME, member)
            near = await read.board_around(world, PROGRAM, ALL_TIME, member, above=1, below=1)
            took = time.monotonic() - began

            assert isinstance(row, BoardRow)
            assert row.rank == place + 1
            assert [it.member for it in near] == [
                f"m{n:06d}" for n in order[max(place - 1, 0) : place + 2]
            ]
            assert took < 5, "two reads, each promised in half a second on a quiet machine"


async def test_nothing_counts_as_restored_while_whoever_builds_a_leaderboard_may_be_dead(
    world: World,
) -> None:
    await report(world, [a_purchase(1)])
    client, _ = await _name(world, "set")
    seqs = await world.lanes.seqs(PROGRAM)
    await client.flushdb()

    async with world.projection.lock(PROGRAM, ALL_TIME):
        assert not await restore(world, PROGRAM)
        assert set((await world.projection.marks(PROGRAM, seqs)).values()) == {None}

    assert await restore(world, PROGRAM)
    assert await world.projection.marks(PROGRAM, seqs) == seqs
    assert (await differing(world, PROGRAM))[1] == []


async def test_a_leaderboard_whose_builder_was_killed_is_built_at_the_next_sweep(
    world: World,
) -> None:
    async with world.projection.lock(PROGRAM, ALL_TIME):
        await report(world, [a_purchase(1)])
        await sweep(world)
        assert (await differing(world, PROGRAM))[1] == [ALL_TIME]

    await sweep(world)  # without another score

    assert (await differing(world, PROGRAM))[1] == []
    assert await world.projection.unbuilt(PROGRAM) == []

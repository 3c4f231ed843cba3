"""Projections go on where the visit that began them ends, and call nothing whole that is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from guerdon.engine import accept
from guerdon.engine.drift import differing
from guerdon.engine.rebuild import leaderboards, restore
from guerdon.engine.refusals import LiveDown
from guerdon.engine.rota import Rota
from guerdon.engine.sweep import sweep
from guerdon.engine.world import World
from guerdon.settings import Settings
from guerdon.wiring import build
from worlds import PROGRAM, a_caller, a_purchase, by, report

MEMBERS = 300
SECONDS = 60


@pytest.fixture
async def lost(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A World whose leaderboards were lost, and take some seconds to come back."""
    await report(
        world, [a_purchase(n, member=by(f"m{n}"), amount=Decimal(n + 1)) for n in range(MEMBERS)]
    )
    monkeypatch.setattr("guerdon.engine.rebuild._AT_ONCE", 1)
    client = _redis(world)
    await client.delete(*await client.keys("*{*}*"))
    return world


@pytest.fixture
async def rota(settings: Settings) -> AsyncIterator[Rota]:
    """The visits of a worker process."""
    rota = Rota(build(settings, at_work=True))
    yield rota
    await rota.close()


def _redis(world: World) -> Any:
    return world.projection._live.client  # type: ignore[attr-defined]


async def _bought(world: World) -> int:
    """Report one more purchase; return its lane."""
    await accept.record(world, a_caller(), [a_purchase("last", member=by("m0"))])
    layout = await world.rulebooks.layout(PROGRAM)
    (lane,) = await world.inbox.lanes(PROGRAM, layout)
    return lane


async def _is_restored(world: World) -> bool:
    seqs = await world.lanes.seqs(PROGRAM)
    return await world.projection.marks(PROGRAM, seqs) == seqs


async def _until_restoring(world: World) -> None:
    async with asyncio.timeout(SECONDS):
        while not await _redis(world).keys("*:lock:*:all"):  # noqa: ASYNC110 - another's doing
            await asyncio.sleep(0.005)


async def test_what_brings_lost_leaderboards_back_outlives_a_visit_that_is_cut_off(
    lost: World, rota: Rota
) -> None:
    visit = asyncio.create_task(rota.visit(PROGRAM, await _bought(lost)))
    await _until_restoring(lost)

    visit.cancel()
    with suppress(asyncio.CancelledError):
        await visit

    async with asyncio.timeout(SECONDS):
        while await _redis(lost).keys("*:lock:*:all"):  # noqa: ASYNC110 - another's doing
            await asyncio.sleep(0.01)
    assert await _is_restored(lost)
    assert (await differing(lost, PROGRAM))[1] == []


async def test_a_visit_does_not_wait_until_lost_leaderboards_are_back(
    lost: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guerdon.engine.rota.SLICE_SECONDS", 0.05)
    rota = Rota(build(settings, at_work=True))

    await rota.visit(PROGRAM, await _bought(lost))

    assert not await _is_restored(lost)
    await rota.close()
    assert await _redis(lost).keys("*:lock:*") == [], "who stops leaves no lock behind"


async def _until_built_to(world: World, count: int, *, apart: bool) -> None:
    names = "*{*all_time*}:h:new" if apart else "*{*all_time*}:h"
    client = _redis(world)
    async with asyncio.timeout(SECONDS):
        while True:
            found = await client.keys(names)
            if found and await client.hlen(found[0]) > count:
                return
            await asyncio.sleep(0.002)


async def _are_right_after_a_sweep(world: World) -> bool:
    await sweep(world)
    return (await differing(world, PROGRAM))[1] == []


@pytest.mark.parametrize("many", [0, 60])
async def test_leaderboards_that_are_lost_again_while_they_come_back_come_back_whole(
    lost: World, many: int
) -> None:
    restoring = asyncio.create_task(restore(lost, PROGRAM))
    await _until_built_to(lost, many, apart=False)

    await _redis(lost).flushdb()
    with suppress(LiveDown):
        await restoring

    assert await _are_right_after_a_sweep(lost)


async def test_whoever_lost_the_lock_puts_nothing_half_built_in_anybodys_place(
    lost: World,
) -> None:
    assert await restore(lost, PROGRAM)
    first = asyncio.create_task(leaderboards(lost, PROGRAM))
    await _until_built_to(lost, 60, apart=True)
    # As it is for a process that stood still for longer than its lock.
    await _redis(lost).delete(*await _redis(lost).keys("*:lock:*"))
    second = asyncio.create_task(leaderboards(lost, PROGRAM))

    built = await asyncio.gather(first, second, return_exceptions=True)

    assert await _are_right_after_a_sweep(lost)
    assert built[1] == 2 * MEMBERS
    assert await _redis(lost).keys("*:new") == []


async def test_what_was_decided_while_leaderboards_were_rebuilt_is_shown_though_that_was_cut_off(
    lost: World,
) -> None:
    assert await restore(lost, PROGRAM)
    rebuilding = asyncio.create_task(leaderboards(lost, PROGRAM))
    await _until_built_to(lost, MEMBERS // 2, apart=True)
    await report(lost, [a_purchase(f"x{n}", member=by(f"m{n}")) for n in range(MEMBERS // 2)])
    async with asyncio.timeout(SECONDS):
        while await _redis(lost).keys("*{*all_time*}:h:new"):  # noqa: ASYNC110 - another's doing
            await asyncio.sleep(0.001)

    rebuilding.cancel()
    with suppress(asyncio.CancelledError):
        await rebuilding

    assert await _are_right_after_a_sweep(lost)
    assert await lost.projection.unbuilt(PROGRAM) == []

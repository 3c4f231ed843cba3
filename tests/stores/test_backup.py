"""A copy made under load, put back: the books balance, and what is reported again counts once."""

import asyncio
import json
from pathlib import Path

import pytest

from guerdon.engine import accept
from guerdon.engine.inputs import ActivityInput
from guerdon.engine.outcomes import Result
from guerdon.engine.rebuild import leaderboards
from guerdon.engine.verify import verify
from guerdon.engine.world import World
from guerdon.settings import Settings
from guerdon.stores.backup import MANIFEST, BackupUnusable, backup, restore
from guerdon.wiring import build, clear_live, database
from worlds import PROGRAM, a_caller, a_purchase, a_world, by, drain, report, settings_for

MEMBERS = 20


def purchases(begin: int, end: int) -> list[ActivityInput]:
    return [a_purchase(number, member=by(f"m{number % MEMBERS}")) for number in range(begin, end)]


@pytest.fixture
def settings(mongo_url: str, mongo_database: str, redis_url: str) -> Settings:
    return settings_for(
        mongo_url=mongo_url, database=mongo_database, redis_url=redis_url, storage_key="s" * 32
    )


@pytest.fixture
def elsewhere(settings: Settings, mongo_database: str) -> Settings:
    """Another database beside, for what is put back."""
    return settings.model_copy(
        update={"mongo_database": f"{mongo_database}_b", "redis_namespace": "put-back"}
    )


async def spent(world: World) -> int:
    """Return what the all-time leaderboard adds up to."""
    page = await world.scores.rows(PROGRAM, "all_time", 0, after=None, limit=1_000)
    return sum(row.score.value for row in page)


async def test_a_copy_made_under_load_is_one_instant_and_can_be_gone_on_with(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    mongo = database(settings, as_owner=True)
    other = database(elsewhere, as_owner=True)
    seen: list[str] = []
    try:
        async with a_world(settings) as world:
            await report(world, purchases(0, 100))

            async def load() -> None:
                for begin in range(100, 400, 50):
                    await accept.record(world, a_caller(), purchases(begin, begin + 50))
                    await drain(world)

            loading = asyncio.create_task(load())
            copied = await backup(mongo, tmp_path / "copy", lambda name, _: seen.append(name))
            await loading

        assert await restore(other, tmp_path / "copy", lambda _n, _c: None) == copied
        await clear_live(elsewhere)
        again = build(elsewhere, at_work=True)
        try:
            await drain(again)
            await leaderboards(again, PROGRAM)
            assert (await verify(again, PROGRAM)).offences == ()
            receipts = await accept.record(again, a_caller(), purchases(0, 400))
            await drain(again)
            assert {it.result for it in receipts} <= {Result.DUPLICATE, Result.PENDING}
            assert Result.DUPLICATE in {it.result for it in receipts[:100]}
            assert await spent(again) == 400 * 1_000
            assert (await verify(again, PROGRAM)).offences == ()
        finally:
            await again.close()
    finally:
        await other.drop()
        await other.close()
        await mongo.close()
    assert {"journal", "standings", "receipts", "member_keys"} <= set(seen)


async def test_whoever_held_a_lane_as_it_was_copied_holds_none_of_the_copy(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    """Else nothing of what is put back were decided until their leases are over."""
    mongo = database(settings, as_owner=True)
    other = database(elsewhere, as_owner=True)
    try:
        async with a_world(settings) as world:
            await accept.record(world, a_caller(), purchases(0, 40))
            held = [await world.lanes.take(PROGRAM, lane) for lane in range(settings.lanes)]
            await accept.record(world, a_caller(), purchases(40, 60))  # settles what was written
            await backup(mongo, tmp_path / "copy", lambda _n, _c: None)
        await restore(other, tmp_path / "copy", lambda _n, _c: None)
        again = build(elsewhere, at_work=True)
        try:
            await drain(again)
            counted = await spent(again)
        finally:
            await again.close()
    finally:
        await other.drop()
        await other.close()
        await mongo.close()

    assert None not in held
    assert counted == 60 * 1_000


async def test_what_is_not_whole_or_not_empty_is_refused_and_nothing_is_written(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    mongo = database(settings, as_owner=True)
    other = database(elsewhere, as_owner=True)
    try:
        async with a_world(settings) as world:
            await report(world, purchases(0, 3))
        await backup(mongo, folder, lambda _n, _c: None)

        with pytest.raises(BackupUnusable, match="not empty"):
            await backup(mongo, folder, lambda _n, _c: None)
        with pytest.raises(BackupUnusable, match="not empty"):
            await restore(mongo, folder, lambda _n, _c: None)
        with pytest.raises(BackupUnusable, match="has no manifest"):
            await restore(other, tmp_path, lambda _n, _c: None)
        whole = (folder / "journal.jsonl.gz").read_bytes()
        (folder / "journal.jsonl.gz").write_bytes(whole[:-9] + b"!" + whole[-8:])
        with pytest.raises(BackupUnusable, match="its sum differs"):
            await restore(other, folder, lambda _n, _c: None)
        (folder / "journal.jsonl.gz").unlink()
        with pytest.raises(BackupUnusable, match="is missing"):
            await restore(other, folder, lambda _n, _c: None)
        manifest = json.loads((folder / MANIFEST).read_text()) | {"format": 99}
        (folder / MANIFEST).write_text(json.dumps(manifest))
        with pytest.raises(BackupUnusable, match="format 99"):
            await restore(other, folder, lambda _n, _c: None)

        assert await other.database.list_collection_names() == []
    finally:
        await other.close()
        await mongo.close()

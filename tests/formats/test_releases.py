"""What every release stored can be migrated to this one's format, and goes on from there."""

from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from pymongo import MongoClient

from formats.story import FROZEN_AT, STORY
from guerdon.core.activity import Instant
from guerdon.engine import read, rebuild
from guerdon.engine.formats import FormatUnusable
from guerdon.engine.outcomes import Result
from guerdon.engine.records import Board
from guerdon.engine.verify import verify
from guerdon.wiring import check_format
from worlds import DAY, PROGRAM, a_purchase, a_world, by, report, settings_for

RELEASES = sorted(Path(__file__).parent.glob("*.jsonl"))


def thaw(file: Path, client: MongoClient[dict[str, Any]], database: str) -> None:
    """Store what a release had stored."""
    rows: dict[str, list[Any]] = {}
    for line in file.read_text().splitlines():
        name, _, row = line.partition("\t")
        rows.setdefault(name, []).append(json_util.loads(row))
    for name, found in rows.items():
        client[database][name].insert_many(found)


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: str(file.stem))
async def test_data_of_an_earlier_release_is_migrated_and_lived_on_with(
    file: Path,
    mongo_url: str,
    mongo_database: str,
    mongo_client: MongoClient[dict[str, Any]],
    redis_url: str,
) -> None:
    thaw(file, mongo_client, mongo_database)
    settings = settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)
    with pytest.raises(FormatUnusable, match="guerdon migrate"):
        await check_format(settings)

    # `a_world` prepares, and publishes the same program again, which is no new version.
    async with a_world(settings, clock=lambda: Instant(FROZEN_AT + DAY)) as world:
        await check_format(settings)
        before = await verify(world, PROGRAM)
        repeated = await report(world, STORY)
        await report(world, [a_purchase("new", member=by("m0"))])
        await rebuild.leaderboards(world, PROGRAM)
        after = await verify(world, PROGRAM)
        page = await read.board_page(world, PROGRAM, Board("all_time", 0), limit=10)

    assert before.offences == after.offences == ()
    assert {receipt.result for receipt in repeated} == {Result.DUPLICATE}
    assert after.entries == before.entries + 1
    assert [row.value for row in page.rows] == [3_200, 3_000, 2_100]


def test_this_release_is_frozen(root: Path) -> None:
    version = next(
        line.split('"')[1]
        for line in (root / "pyproject.toml").read_text().splitlines()
        if line.startswith("version = ")
    )

    assert version in {file.stem for file in RELEASES}, "run tests/formats/freeze.py"

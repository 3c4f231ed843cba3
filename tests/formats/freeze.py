"""Writes what a release stores into a file, for later releases to be tested with.

    PYTHONPATH=tests .venv/bin/python tests/formats/freeze.py 0.1.0

A released file never changes: it is what installations hold.
"""

import asyncio
import sys
from pathlib import Path

from bson import json_util
from pymongo import MongoClient

from formats.story import FROZEN_AT, STORY
from guerdon.core.activity import Instant
from guerdon.embedded.servers import servers
from worlds import SHOP, a_world, report, settings_for

FOLDER = Path(__file__).parent
LEFT_OUT = ("formats",)
"""The mark that only migrated databases carry."""


async def _live(mongo: str, redis: str) -> None:
    settings = settings_for(mongo_url=mongo, database="frozen", redis_url=redis)
    async with a_world(settings, document=SHOP, clock=lambda: Instant(FROZEN_AT)) as world:
        await report(world, STORY)


def _dump(mongo: str, file: Path) -> None:
    with MongoClient(mongo, tz_aware=True) as client, file.open("w") as lines:  # type: ignore[var-annotated]
        database = client["frozen"]
        for name in sorted(set(database.list_collection_names()) - set(LEFT_OUT)):
            for row in database[name].find().sort("_id"):
                lines.write(f"{name}\t{json_util.dumps(row)}\n")


def main(release: str) -> None:
    """Play the story on servers of its own, and write down what is stored."""
    with servers() as (mongo, redis):
        asyncio.run(_live(mongo, redis))
        _dump(mongo, FOLDER / f"{release}.jsonl")


if __name__ == "__main__":
    main(sys.argv[1])

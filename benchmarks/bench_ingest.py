"""Accepting and deciding beside the bare driver, stage by stage, in one run.

The bare line makes the calls that no implementation of this flow can do without, and nothing else:
insert into the inbox by hundreds; then by lane read 500 of the inbox, read the standings they
touch, one transaction over lane, standings, journal and inbox, and a pipeline to the leaderboard.
Its documents are of the size of ours. Rounds alternate, figures are medians, ratios are what counts
on a machine that others use too; processor time of this process stands beside wall time.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import redis.asyncio
from pymongo import AsyncMongoClient, ReplaceOne
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from guerdon.embedded.parts import mongod_part, valkey_part
from guerdon.embedded.ports import free_ports
from guerdon.embedded.process import Child, Kennel
from guerdon.engine import accept, publish, read, score
from guerdon.engine.inputs import ActivityInput, MemberRef
from guerdon.engine.keys import ADMIN_SCOPES
from guerdon.engine.lanes import lanes_of
from guerdon.engine.world import Caller, Role, World
from guerdon.settings import Settings
from guerdon.wiring import build, collect_rarely, prepare

PROGRAM = Path(__file__).parents[1] / "examples" / "record-store.yaml"
LANES = 16
BATCH = 500
REQUEST = 100


class Bare:
    """The same flow by bare driver calls."""

    def __init__(self, mongo: str, redis_url: str, *, members: int) -> None:
        self.client: Any = AsyncMongoClient(mongo, w="majority", journal=True)
        self.database = self.client[f"bare_{uuid4().hex[:8]}"]
        self.redis = redis.asyncio.Redis.from_url(redis_url)
        self.members = members
        self.next = 0
        # As large as a standing and a journal entry of the record store are.
        self.head = [["shelf", 0, [[str(n), n, "2026-01-01", n, n, n] for n in range(24)]]]
        self.effects = [["points", "points", "earned", n, "base", "a", n, n] for n in range(3)]

    async def prepare(self) -> None:
        """Create lanes, standings and the journal's indexes."""
        await self.database.lanes.insert_many([{"_id": n, "f": 1, "s": 0} for n in range(LANES)])
        await self.database.standings.insert_many(
            [{"_id": self.member(n), "v": 1, "s": self.head} for n in range(self.members)]
        )
        await self.database.journal.create_index([("l", 1), ("k", 1)], unique=True)
        await self.database.journal.create_index([("m", 1), ("n", 1)])

    def member(self, number: int) -> str:
        """Return a member's key."""
        return f"p|{number % LANES:06x}|{number:036d}"

    async def accept(self, count: int) -> None:
        """Insert into the inbox by hundreds."""
        for begin in range(self.next, self.next + count, REQUEST):
            await self.database.inbox.insert_many(
                [
                    {
                        "_id": f"p|{n % self.members % LANES:06x}|{n:020d}",
                        "m": self.member(n % self.members),
                        "a": {"id": f"a{n}", "type": "purchase", "at": n, "lines": [[n, [], True]]},
                    }
                    for n in range(begin, begin + REQUEST)
                ],
                ordered=False,
            )
        self.next += count

    async def score(self, count: int) -> None:
        """Take every lane's inbox in batches, each in one transaction."""
        done = 0
        while done < count:
            for lane in range(LANES):
                done += await self.batch(lane)

    async def batch(self, lane: int) -> int:
        """Decide nothing, but write as much as a decision would."""
        database, prefix = self.database, f"p|{lane:06x}"
        cursor = database.inbox.find({"_id": {"$gte": f"{prefix}|", "$lt": f"{prefix}}}"}})
        waiting = await cursor.sort("_id", 1).limit(BATCH).to_list(None)
        if not waiting:
            return 0
        members = list({entry["m"] for entry in waiting})
        heads = await database.standings.find({"_id": {"$in": members}}).to_list(None)
        async with (
            self.client.start_session() as session,
            await session.start_transaction(
                ReadConcern("snapshot"), WriteConcern("majority", j=True)
            ),
        ):
            await database.lanes.update_one(
                {"_id": lane}, {"$inc": {"s": len(waiting)}}, session=session
            )
            await database.standings.bulk_write(
                [
                    ReplaceOne({"_id": head["_id"], "v": head["v"]}, {**head, "v": head["v"] + 1})
                    for head in heads
                ],
                ordered=False,
                session=session,
            )
            await database.journal.insert_many(
                [
                    {
                        "_id": f"j{entry['_id']}",
                        "l": prefix,
                        "k": f"service/{entry['a']['id']}",
                        "m": entry["m"],
                        "n": number,
                        "a": entry["a"],
                        "d": {"result": "accepted", "effects": self.effects},
                    }
                    for number, entry in enumerate(waiting)
                ],
                ordered=False,
                session=session,
            )
            ids = [entry["_id"] for entry in waiting]
            await database.inbox.delete_many({"_id": {"$in": ids}}, session=session)
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.zadd("board", {member: len(waiting) for member in members})
            await pipe.execute()
        return len(waiting)

    async def close(self) -> None:
        """Drop what was made."""
        await self.client.drop_database(self.database.name)
        await self.client.close()
        await self.redis.aclose()


class Quiet:
    """Hints that wake nobody."""

    def wake(self, program: str, lanes: object) -> None:
        """Let it be."""

    async def heard(self, program: str, lane: int) -> None:
        """Let it be."""


class Ours:
    """The engine's own verbs: accepting in this process, deciding in workers."""

    def __init__(self, world: World, program: str, *, members: int, workers: int) -> None:
        # Nobody is woken while only accepting is measured.
        self.world = replace(world, hints=Quiet())
        self.hints = world.hints
        self.workers = workers
        self.program = program
        self.members = members
        self.next = 0
        self.chance = random.Random(1)
        self.caller = Caller(
            program=program, role=Role.SERVICE, reporter="service", scopes=ADMIN_SCOPES
        )

    async def accept(self, count: int) -> None:
        """Report by hundreds."""
        now = self.world.clock()
        for begin in range(self.next, self.next + count, REQUEST):
            await accept.record(
                self.world,
                self.caller,
                [
                    ActivityInput(
                        id=f"a{n}",
                        type="purchase",
                        at=now,
                        member=MemberRef(external_id=f"m{n % self.members}"),
                        amount=Decimal(self.chance.randrange(10_000)).scaleb(-2),
                    )
                    for n in range(begin, begin + REQUEST)
                ],
            )
        self.next += count

    async def score(self, count: int) -> None:
        """Have everything decided that waits: by worker processes, or here where there are none."""
        if not self.workers:
            await self.score_here(count)
            return
        layout = await self.world.rulebooks.layout(self.program)
        self.hints.wake(self.program, lanes_of(layout))
        while await read.waiting(self.world, self.program):  # noqa: ASYNC110 - others decide
            await asyncio.sleep(0.01)

    async def score_here(self, count: int) -> None:
        """Decide everything that waits, two lanes at a time, as a worker does."""
        layout = await self.world.rulebooks.layout(self.program)
        lanes = asyncio.Queue[int]()
        for lane in lanes_of(layout):
            lanes.put_nowait(lane)

        async def work() -> int:
            taken = 0
            while not lanes.empty():
                taken += await score.score_lane(self.world, self.program, lanes.get_nowait())
            return taken

        taken = sum(await asyncio.gather(work(), work()))
        assert taken >= count, f"{taken} of {count}"


async def timed(work: Callable[[int], Awaitable[None]], count: int) -> tuple[float, float]:
    """Return activities a second of wall time, and of this process's processor time."""
    wall, own = time.perf_counter(), time.process_time()
    await work(count)
    return count / (time.perf_counter() - wall), count / (time.process_time() - own)


async def measure(arguments: argparse.Namespace, settings: Settings) -> None:
    """Run the rounds and print the table."""
    world = build(settings, at_work=True)
    program = (await publish.publish(world, PROGRAM.read_text())).program
    mongo, redis_url = (url.get_secret_value() for url in (settings.mongo_url, settings.redis_url))
    bare = Bare(mongo, redis_url, members=arguments.members)
    ours = Ours(world, program, members=arguments.members, workers=arguments.workers)
    await bare.prepare()
    # Everybody is enrolled before it counts.
    await ours.accept(arguments.members)
    await ours.score(arguments.members)
    collect_rarely()
    stages: dict[str, list[tuple[float, float]]] = {}
    for _ in range(arguments.rounds):
        for stage in ("accept", "score"):
            for who, side in (("bare", bare), ("ours", ours)):
                figures = await timed(getattr(side, stage), arguments.activities)
                stages.setdefault(f"{stage} {who}", []).append(figures)
    print(
        f"{arguments.activities} activities of {arguments.members} members a round, decided by "
        f"{arguments.workers} workers; medians of {arguments.rounds}"
    )
    for stage in ("accept", "score"):
        walls = {}
        for who in ("bare", "ours"):
            found = stages[f"{stage} {who}"]
            wall, own = (statistics.median(column) for column in zip(*found, strict=True))
            walls[who] = found
            print(f"{stage:7} {who}: {wall:8,.0f}/s, {own:8,.0f} a second of own processor time")
        pairs = zip(walls["ours"], walls["bare"], strict=True)
        ratio = statistics.median(mine[0] / line[0] for mine, line in pairs)
        print(f"{stage:7} ours is {ratio:.2f} of bare")
    if arguments.profile:
        await profile(ours, arguments.activities)
    await bare.close()
    await world.close()


async def profile(ours: Ours, count: int) -> None:
    """Print where scoring spends its time."""
    import cProfile
    import pstats

    await ours.accept(count)
    with cProfile.Profile() as found:
        await ours.score_here(count)
    pstats.Stats(found).sort_stats("tottime").print_stats(45)


def main() -> None:
    """Start servers and workers of its own and measure on them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=8_000)
    parser.add_argument("--members", type=int, default=2_400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2, help="0: decide in this process")
    parser.add_argument("--driver", default="motor")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, closing(Kennel()) as kennel:
        folder = Path(name)
        children: list[Child] = []
        try:
            run(arguments, kennel, folder, children)
        finally:
            for child in reversed(children):
                child.stop(patience_seconds=10)


def run(arguments: argparse.Namespace, kennel: Kennel, folder: Path, children: list[Child]) -> None:
    """Start everything, noting it in `children`, and measure."""
    mongo_port, redis_port = free_ports(2)
    for part in (
        mongod_part(kennel, folder=folder, port=mongo_port),
        valkey_part(kennel, folder=folder, port=redis_port),
    ):
        children.append(part.start())
        part.await_ready(children[-1])
    given = {
        "mongo_url": f"mongodb://127.0.0.1:{mongo_port}/?directConnection=true",
        "redis_url": f"redis://127.0.0.1:{redis_port}/0",
        "mongo_driver": arguments.driver,
        "environment": "test",
        "waiting_max": "1000000",
    }
    settings = Settings.load(**given)
    asyncio.run(prepare(settings))
    environment = {f"GUERDON_{key.upper()}": value for key, value in given.items()}
    children += [
        kennel.start(
            [sys.executable, "-m", "guerdon", "work"],
            log=folder / f"worker{number}",
            env={**os.environ, **environment},
        )
        for number in range(arguments.workers)
    ]
    asyncio.run(measure(arguments, settings))


if __name__ == "__main__":
    main()

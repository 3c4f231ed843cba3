"""What guerdon is measured against: the bare driver doing the same flow, and the naive way.

The bare line makes the calls that no implementation of this flow can do without, and nothing else:
insert into the inbox by hundreds; then by lane read 500 of the inbox, read the standings they
touch, one transaction over lane, standings, journal and inbox, and a pipeline to the leaderboard.
The naive way is what most people would write: one transaction an activity. The journal has as many
indexes as guerdon's, and `fill` makes documents as large as guerdon's are at that moment.
"""

import asyncio
import random
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import bson
import redis.asyncio
from pymongo import AsyncMongoClient, ReplaceOne
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

LANES = 16
BATCH = 500
REQUEST = 100
IN_FLIGHT = 16


class Sizes(NamedTuple):
    """How many bytes a document has: what waits in the inbox, a standing, a journal's entry."""

    waiting: int
    standing: int
    entry: int


async def sizes_in(database: Any) -> Sizes:
    """Return what guerdon's documents have in the mean; what waits is counted by the activity."""
    return Sizes(
        waiting=await _mean(database.inbox, {"a": {"$exists": True}}, {"$size": "$a"}),
        standing=await _mean(database.standings, {}),
        entry=await _mean(database.journal, {"a.type": "purchase"}),
    )


async def _mean(collection: Any, which: Mapping[str, Any], parts: Any = 1) -> int:
    sums = {"bytes": {"$sum": {"$bsonSize": "$$ROOT"}}, "parts": {"$sum": parts}}
    rows = await collection.aggregate([{"$match": which}, {"$group": {"_id": None, **sums}}])
    (found,) = await rows.to_list()
    return int(found["bytes"] / found["parts"])


class Line:
    """A database and a leaderboard of its own."""

    def __init__(self, mongo: str, redis_url: str, *, members: int) -> None:
        self.client: Any = AsyncMongoClient(
            mongo, w="majority", journal=True, readConcernLevel="majority"
        )
        self.database = self.client[f"line_{uuid4().hex[:8]}"]
        self.redis = redis.asyncio.Redis.from_url(redis_url)
        self.board = self.database.name
        self.members = members
        self.next = 0
        self._noise = random.Random(1).randbytes(1 << 17).hex()
        self._pads = Sizes(0, 0, 0)
        # Formed like a standing and an entry of the record store; `fill` makes them as large.
        self.head = [["shelf", 0, [[str(n), n, "2026-01-01", n, n, n] for n in range(24)]]]
        self.effects = [["points", "points", "earned", n, "base", "a", n, n] for n in range(3)]

    async def prepare(self) -> None:
        """Create lanes, standings and the journal's indexes."""
        await self.database.lanes.insert_many([{"_id": n, "f": 1, "s": 0} for n in range(LANES)])
        await self.database.standings.insert_many([self.standing(n) for n in range(self.members)])
        await self.database.journal.create_index([("l", 1), ("k", 1)], unique=True)
        await self.database.journal.create_index([("m", 1), ("n", 1)])

    def member(self, number: int) -> str:
        """Return a member's key."""
        number %= self.members
        return f"p|{number % LANES:06x}|{number:036d}"

    def fill(self, sizes: Sizes) -> None:
        """From now on write documents of these sizes."""
        self._pads = Sizes(0, 0, 0)
        bare = (self.waiting(0), self.standing(0), self.entry(0, self.activity(0)))
        lacking = (size - len(bson.encode(each)) for size, each in zip(sizes, bare, strict=True))
        self._pads = Sizes(*(max(each, 0) for each in lacking))

    def _pad(self, number: int, length: int) -> str:
        begin = number * 61 % (len(self._noise) - length)
        return self._noise[begin : begin + length]

    def activity(self, number: int) -> dict[str, Any]:
        """Return what is reported."""
        return {"id": f"a{number}", "type": "purchase", "at": number, "lines": [[number, [], True]]}

    def waiting(self, number: int) -> dict[str, Any]:
        """Return the inbox's document of an activity."""
        return {
            "_id": f"{self.member(number)[:8]}|{number:020d}",
            "m": self.member(number),
            "a": self.activity(number),
            "x": self._pad(number, self._pads.waiting),
        }

    def standing(self, number: int) -> dict[str, Any]:
        """Return a member's standing at the beginning."""
        return self.moved({"_id": self.member(number), "v": 0, "s": self.head})

    def moved(self, head: dict[str, Any]) -> dict[str, Any]:
        """Return a standing as a decision leaves it."""
        version = head["v"] + 1
        return {**head, "v": version, "x": self._pad(version, self._pads.standing)}

    def entry(self, number: int, activity: dict[str, Any]) -> dict[str, Any]:
        """Return the journal's entry for an activity."""
        member = self.member(number)
        return {
            "_id": f"j{number:020d}",
            "l": member[:8],
            "k": f"service/{activity['id']}",
            "m": member,
            "n": number,
            "a": activity,
            "d": {"result": "accepted", "effects": self.effects},
            "x": self._pad(number, self._pads.entry),
        }

    async def close(self) -> None:
        """Drop what was made."""
        await self.client.drop_database(self.database.name)
        await self.redis.delete(self.board)
        await self.client.close()
        await self.redis.aclose()


class Bare(Line):
    """The same flow by bare driver calls."""

    async def whole(self, count: int) -> None:
        """Accept and score."""
        await self.accept(count)
        await self.score(count)

    async def accept(self, count: int) -> None:
        """Insert into the inbox by hundreds."""
        for begin in range(self.next, self.next + count, REQUEST):
            documents = [self.waiting(n) for n in range(begin, begin + REQUEST)]
            await self.database.inbox.insert_many(documents, ordered=False)
        self.next += count

    async def score(self, count: int) -> None:
        """Take every lane's inbox in batches, each in one transaction."""
        done = 0
        while done < count:
            for lane in range(LANES):
                done += await self._batch(lane)

    async def _batch(self, lane: int) -> int:
        """Decide nothing, but write as much as a decision would."""
        database, prefix = self.database, f"p|{lane:06x}"
        cursor = database.inbox.find({"_id": {"$gte": f"{prefix}|", "$lt": f"{prefix}}}"}})
        waiting = await cursor.sort("_id", 1).limit(BATCH).to_list(None)
        if not waiting:
            return 0
        members = list({each["m"] for each in waiting})
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
                    ReplaceOne({"_id": head["_id"], "v": head["v"]}, self.moved(head))
                    for head in heads
                ],
                ordered=False,
                session=session,
            )
            await database.journal.insert_many(
                [self.entry(int(each["_id"][-20:]), each["a"]) for each in waiting],
                ordered=False,
                session=session,
            )
            ids = [each["_id"] for each in waiting]
            await database.inbox.delete_many({"_id": {"$in": ids}}, session=session)
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.zadd(self.board, {member: len(waiting) for member in members})
            await pipe.execute()
        return len(waiting)


class Naive(Line):
    """One transaction an activity, sixteen at a time."""

    async def whole(self, count: int) -> None:
        """Write each activity, its member's standing and the journal, then the leaderboard."""
        numbers = iter(range(self.next, self.next + count))
        self.next += count

        async def work() -> None:
            for number in numbers:
                await self._one(number)

        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))

    async def _one(self, number: int) -> None:
        while True:
            try:
                await self._transaction(number)
                break
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
        await self.redis.zadd(self.board, {self.member(number): number})

    async def _transaction(self, number: int) -> None:
        database: Any = self.database
        activity = self.activity(number)
        async with (
            self.client.start_session() as session,
            await session.start_transaction(
                ReadConcern("snapshot"), WriteConcern("majority", j=True)
            ),
        ):
            await database.activities.insert_one(
                {"_id": f"service/{activity['id']}", **activity}, session=session
            )
            head = await database.standings.find_one({"_id": self.member(number)}, session=session)
            await database.standings.replace_one(
                {"_id": head["_id"], "v": head["v"]},
                self.moved(head),
                session=session,
            )
            await database.journal.insert_one(self.entry(number, activity), session=session)

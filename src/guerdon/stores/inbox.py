"""The inbox: accepted and not yet decided, by lane in order of arrival; and what was set aside.

An entry `{_id: program|lane|order, a: activity}` stays until the transaction that decides it
deletes it. Rule: entries are deleted by their exact ids and never by a range, because an earlier
one may still be on its way in. Set aside are activities whose identity belongs to nobody yet
(parked) and those that cannot be decided (failed); they stand in nobody's way there.

Behind the entries of each lane lies its end, a document without an activity. The server passes
deleted entries one by one, for minutes after they went, until it meets one that is there; without
an end, a look into an empty lane would pass those of all lanes behind it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pymongo.read_concern import ReadConcern

from guerdon.engine.lanes import Layout, lanes_of
from guerdon.engine.outcomes import Result
from guerdon.engine.records import Aside, Waiting
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, lane_in, lane_key, within
from guerdon.stores.prints import Whole, printed


class InboxStore:
    """See `engine.world.Inbox`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._ended: set[str] = set()

    async def put(self, program: str, entries: Sequence[tuple[int, Waiting]]) -> None:
        """Write entries by lane; one that is there already stays."""
        ends = {_end(lane_key(program, lane)) for lane in {lane for lane, _ in entries}}
        if fresh := ends - self._ended:
            await self._insert("inbox", [printed({"_id": end}) for end in sorted(fresh)])
            self._ended |= fresh
        await self._insert("inbox", [entry_document(program, *entry) for entry in entries])

    async def park(self, program: str, entries: Sequence[Aside]) -> None:
        """Keep activities apart until their identity is linked; one that is there stays."""
        await self._insert("aside", [aside_document(program, entry) for entry in entries])

    async def _insert(self, collection: str, documents: list[Whole]) -> None:
        if documents:
            await self._mongo.insert(collection, documents)

    async def take(self, program: str, lane: int, limit: int) -> list[Waiting]:
        """Return the first entries of a lane; they stay until a batch is committed.

        All are read as they were at one instant: a read that goes on while others write could pass
        the place of an enrollment before it is there, and still meet the purchase behind it.
        """
        prefix = lane_key(program, lane)
        inbox = self._mongo["inbox"].with_options(read_concern=ReadConcern("snapshot"))
        with unit_of_work():
            cursor = inbox.find({"_id": within(prefix)}).sort("_id", 1)
            rows = await cursor.limit(limit).batch_size(limit).to_list(None)
        return [Waiting(behind(row["_id"], prefix), row["a"]) for row in rows]

    async def waits(self, program: str, lane: int) -> bool:
        """Tell whether anything waits in a lane."""
        span = {"_id": within(lane_key(program, lane))}
        with unit_of_work():
            return await self._mongo["inbox"].find_one(span, {"_id": 1}) is not None

    async def depth(self, program: str, limit: int) -> int:
        """Return how many wait in all lanes together, counting no further than `limit`."""
        with unit_of_work():
            counted: int = await self._mongo["inbox"].count_documents(
                {"_id": {**within(program), "$not": _ENDS}}, limit=limit
            )
        return counted

    async def lanes(self, program: str, layout: Layout) -> dict[int, str]:
        """Return the lanes in which something waits, each with the first entry's order."""
        found: dict[int, str] = {}
        last = lane_key(program, lanes_of(layout)[-1])
        span: Document = within(program)
        inbox = self._mongo["inbox"]
        with unit_of_work():
            while True:
                cursor = inbox.find({"_id": span}, {"_id": 1}).sort("_id", 1).limit(_LANES_A_READ)
                rows = await cursor.to_list(None)
                if not rows:
                    return found
                for row in rows:
                    lane = lane_in(row["_id"], program)
                    prefix = lane_key(program, lane)
                    if row["_id"] != _end(prefix):
                        found.setdefault(lane, behind(row["_id"], prefix))
                # On to the next lane: a read for each with entries, and few for the empty ones.
                span = {"$gt": _end(prefix), "$lt": _end(last)}

    async def find(self, program: str, places: Mapping[str, tuple[int, str]]) -> dict[str, Waiting]:
        """Return what still waits of these keys, given their lanes and orders."""
        by_id = {lane_key(program, *place): name for name, place in places.items()}
        with unit_of_work():
            rows = await self._mongo["inbox"].find({"_id": {"$in": list(by_id)}}).to_list(None)
        return {by_id[row["_id"]]: Waiting(row["_id"], row["a"]) for row in rows}

    async def unpark(self, program: str, keys: Collection[str]) -> None:
        """Forget activities that were parked and have gone on to a member."""
        ids = [key(program, each) for each in keys]
        with unit_of_work():
            await self._mongo["aside"].delete_many({"_id": {"$in": ids}, "s": "parked"})

    async def aside(self, program: str, keys: Collection[str]) -> dict[str, Aside]:
        """Return what was set aside of these keys."""
        ids = [key(program, each) for each in keys]
        with unit_of_work():
            rows = await self._mongo["aside"].find({"_id": {"$in": ids}}).to_list(None)
        return {(found := _aside(row, program)).key: found for row in rows}

    async def failed(self, program: str, limit: int) -> list[Aside]:
        """Return what failed and was set aside, by key."""
        with unit_of_work():
            query = {"_id": within(program), "s": Result.FAILED}
            cursor = self._mongo["aside"].find(query).sort("_id", 1)
            return [_aside(row, program) for row in await cursor.limit(limit).to_list(None)]

    async def restore(self, program: str, lane: int, entry: Aside, waiting: Waiting) -> None:
        """Put what failed back into an inbox; nothing where it is not set aside any more.

        Both in one transaction: what is decided at once, and fails again, is set aside anew.
        """
        name = {"_id": key(program, entry.key), "s": Result.FAILED}
        document = entry_document(program, lane, waiting)

        async def work(session: Any) -> None:
            gone = await self._mongo["aside"].delete_one(name, session=session)
            if gone.deleted_count:
                await self._mongo["inbox"].insert_one(document, session=session)

        await self._mongo.transact(work)

    async def parked_counts(self, program: str, identities: Collection[str]) -> dict[str, int]:
        """Return how many activities are parked for these identities; none are missing."""
        names = [key(program, each) for each in identities]
        stages: list[Document] = [
            {"$match": {"i": {"$in": names}}},
            {"$group": {"_id": "$i", "n": {"$sum": 1}}},
        ]
        with unit_of_work():
            rows = await self._mongo.rows("aside", stages)
        return {behind(row["_id"], program): row["n"] for row in rows}

    async def parked_total(self, program: str, limit: int) -> int:
        """Return how many activities are parked, counting no further than `limit`."""
        with unit_of_work():
            counted: int = await self._mongo["aside"].count_documents(
                {"i": within(program)}, limit=limit
            )
        return counted

    async def parked(self, program: str, identity: str, limit: int) -> list[Aside]:
        """Return activities parked for an identity, in order of arrival."""
        with unit_of_work():
            cursor = self._mongo["aside"].find({"i": key(program, identity)}).sort("o", 1)
            rows = await cursor.limit(limit).to_list(None)
        return [_aside(row, program) for row in rows]


def _end(prefix: str) -> str:
    """Return the name of the end of a lane, which lies right behind all entries of it."""
    return within(prefix)["$lt"]


_ENDS = re.compile(r"\}$")
_LANES_A_READ = 64


def entry_document(program: str, lane: int, waiting: Waiting) -> Whole:
    """Return an inbox entry as it is stored."""
    return printed({"_id": lane_key(program, lane, waiting.order), "a": waiting.activity})


def aside_document(program: str, entry: Aside) -> Whole:
    """Return what is set aside as it is stored."""
    document: Document = {
        "_id": key(program, entry.key),
        "s": entry.state,
        "r": entry.reason,
        "o": entry.order,
        "a": entry.activity,
    }
    if entry.identity is not None:
        document["i"] = key(program, entry.identity)
    return printed(document)


def _aside(row: Document, program: str) -> Aside:
    identity = row.get("i")
    return Aside(
        key=behind(row["_id"], program),
        state=row["s"],
        reason=row["r"],
        order=row["o"],
        activity=row["a"],
        identity=None if identity is None else behind(identity, program),
    )

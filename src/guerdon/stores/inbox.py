"""The inbox: accepted and not yet decided, by lane in order of arrival; and what was set aside.

What comes with one request is stored together (`bundles`), and stays until the transaction that
decides all of it deletes it. Rule: bundles are deleted by their exact names and never by a range,
because an earlier one may still be on its way in. Set aside are activities whose identity belongs
to nobody yet (parked) and those that cannot be decided (failed); they stand in nobody's way there.

Behind the bundles of each lane lies its end, a document without an activity. The server passes
deleted entries one by one, for minutes after they went, until it meets one that is there; without
an end, a look into an empty lane would pass those of all lanes behind it.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pymongo.read_concern import ReadConcern

from guerdon.engine.lanes import Layout, lanes_of
from guerdon.engine.outcomes import Result
from guerdon.engine.records import Aside, Bundle, Load, Waiting
from guerdon.stores.bundles import (
    COUNT,
    bundle_documents,
    bundle_from,
    entry_document,
    first_order,
    holding,
)
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, lane_in, lane_key, within
from guerdon.stores.prints import Whole, printed


class InboxStore:
    """See `engine.world.Inbox`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._ended: set[str] = set()
        self._held: dict[str, float] = {}

    async def put(self, program: str, entries: Sequence[tuple[int, Waiting]]) -> None:
        """Write entries by lane, each for itself; one that is there already stays."""
        await self._end_lanes(program, {lane for lane, _ in entries})
        await self._insert("inbox", [entry_document(program, *entry) for entry in entries])

    async def put_together(self, program: str, lanes: Mapping[int, Sequence[Waiting]]) -> None:
        """Write the entries that one request brings, those of a lane in as few bundles as may be.

        The server shows them in the order in which they are written, and so shows no entry before
        those that stand before it.
        """
        await self._end_lanes(program, lanes)
        await self._insert(
            "inbox",
            [
                document
                for lane, entries in lanes.items()
                for document in bundle_documents(program, lane, entries)
            ],
        )

    async def _end_lanes(self, program: str, lanes: Collection[int]) -> None:
        if fresh := {_end(lane_key(program, lane)) for lane in lanes} - self._ended:
            await self._insert("inbox", [printed({"_id": end}) for end in sorted(fresh)])
            self._ended |= fresh

    async def park(self, program: str, entries: Sequence[Aside]) -> None:
        """Keep activities apart until their identity is linked; one that is there stays."""
        await self._insert("aside", [aside_document(program, entry) for entry in entries])

    async def _insert(self, collection: str, documents: list[Whole]) -> None:
        if documents:
            await self._mongo.insert(collection, documents)

    async def take(self, program: str, lane: int, limit: int) -> Load:
        """Return the first bundles of a lane; they stay until a batch is committed.

        All are read as they were at one instant: a read that goes on while others write could pass
        the place of an enrollment before it is there, and still meet the purchase behind it.
        """
        prefix = lane_key(program, lane)
        inbox = self._mongo["inbox"].with_options(read_concern=ReadConcern("snapshot"))
        at_once = _at_once(limit, self._held.get(prefix, _HELD_AT_FIRST))
        found: list[Bundle] = []
        count, is_all = 0, False
        with unit_of_work():
            cursor = inbox.find({"_id": within(prefix)}).sort("_id", 1).batch_size(at_once)
            for _ in range(_READS_A_LOAD):
                bundles = [bundle_from(row, prefix) for row in await cursor.to_list(at_once)]
                more = sum(len(bundle.entries) for bundle in bundles)
                found += bundles
                count += more
                is_all = len(bundles) < at_once
                if is_all or count + more // 2 > limit:
                    break  # most of another read would be in vain
            if not is_all:
                await cursor.close()
        if found:
            self._held[prefix] = count / len(found)
        return _within_limit(found, limit, is_all=is_all)

    async def waits(self, program: str, lane: int) -> bool:
        """Tell whether anything waits in a lane."""
        span = {"_id": within(lane_key(program, lane))}
        with unit_of_work():
            return await self._mongo["inbox"].find_one(span, {"_id": 1}) is not None

    async def depth(self, program: str, limit: int) -> int:
        """Return how many wait in all lanes together, counting no further than `limit`."""
        with unit_of_work():
            rows = await self._mongo.rows(
                "inbox",
                [
                    {"$match": {"_id": {**within(program), "$not": _ENDS}}},
                    {"$limit": limit},
                    {"$group": {"_id": None, "n": {"$sum": COUNT}}},
                ],
            )
        counted: int = sum(row["n"] for row in rows)
        return min(counted, limit)

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
                        found.setdefault(lane, first_order(behind(row["_id"], prefix)))
                # On to the next lane: a read for each with entries, and few for the empty ones.
                span = {"$gt": _end(prefix), "$lt": _end(last)}

    async def find(self, program: str, places: Mapping[str, tuple[int, str]]) -> dict[str, Waiting]:
        """Return what still waits of these keys, given their lanes and orders."""
        lanes: dict[int, list[str]] = {}
        for lane, order in places.values():
            lanes.setdefault(lane, []).append(order)
        queries = [each for lane in lanes for each in holding(program, lane, lanes[lane])]
        if not queries:
            return {}
        with unit_of_work():
            rows = await self._mongo["inbox"].find({"$or": queries}).to_list(None)
        there: dict[tuple[int, str], Waiting] = {}
        for row in rows:
            lane = lane_in(row["_id"], program)
            bundle = bundle_from(row, lane_key(program, lane))
            there |= {(lane, entry.order): entry for entry in bundle.entries}
        return {name: there[place] for name, place in places.items() if place in there}

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


def _at_once(limit: int, held: float) -> int:
    """Return how many bundles to read at once for so many entries, given what bundles held."""
    bundles = math.ceil(limit / held)
    return math.ceil(bundles / math.ceil(bundles / _BUNDLES_A_READ))


def _within_limit(bundles: Sequence[Bundle], limit: int, *, is_all: bool) -> Load:
    """Return the first bundles, the very first in any case, that hold no more than a limit."""
    count = 0
    for number, bundle in enumerate(bundles):
        count += len(bundle.entries)
        if number and count > limit:
            return Load(bundles[:number], is_all=False)
    return Load(bundles, is_all=is_all)


def _end(prefix: str) -> str:
    """Return the name of the end of a lane, which lies right behind all bundles of it."""
    return within(prefix)["$lt"]


_ENDS = re.compile(r"\}$")
_LANES_A_READ = 64

# How many bundles of a lane are read at once follows what they held the last time. Where they hold
# less than then, some more reads follow; where they hold more, what is too much was read in vain.
_HELD_AT_FIRST = 8.0
_BUNDLES_A_READ = 128
_READS_A_LOAD = 8


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

"""Standings: the head of each member.

`{_id: program|lane|member, p: program, v: version, d: due, s: head, h: its shelves, packed}`.
Rule: a head is replaced as a whole, by the transaction of its lane, if its version is the one that
was read. What lies outside the head is in `pages`. The shelves are the bulk of a head, and
of their many small values nobody asks the server for one.
"""

from collections.abc import Collection

from guerdon.core.activity import Instant
from guerdon.core.standing import ERASED, Plain
from guerdon.engine.records import StandingWrite
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import lane_key, within
from guerdon.stores.packed import pack, unpack
from guerdon.stores.prints import Whole, printed

_SHELVES = "shelves"


class StandingStore:
    """See `engine.world.Standings`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def load(self, program: str, members: Collection[tuple[int, str]]) -> dict[str, Plain]:
        """Return heads by member id; asked for with their lanes."""
        if not members:
            return {}
        ids = [lane_key(program, *each) for each in members]
        with unit_of_work():
            rows = await self._mongo["standings"].find({"_id": {"$in": ids}}).to_list(None)
        begin = len(lane_key(program, 0)) + 1
        return {row["_id"][begin:]: _head(row) for row in rows}

    async def due(
        self, program: str, until: Instant, limit: int, *, skip: int = 0
    ) -> list[tuple[str, Instant]]:
        """Return members whose standing has something to do by `until`, earliest first."""
        with unit_of_work():
            cursor = self._mongo["standings"].find({"p": program, "d": {"$lte": until}}, {"d": 1})
            rows = await cursor.sort("d", 1).skip(skip).limit(limit).to_list(None)
        begin = len(lane_key(program, 0)) + 1
        return [(row["_id"][begin:], Instant(row["d"])) for row in rows]

    async def page(self, program: str, after: str, limit: int) -> list[tuple[str, str]]:
        """Return (place, member) of open standings behind a place, in order."""
        span = within(program)
        if after:
            span = {"$gt": after, "$lt": span["$lt"]}
        with unit_of_work():
            query = {"_id": span, "s.status": {"$nin": ["merged", ERASED]}}
            cursor = self._mongo["standings"].find(query, {"_id": 1}).sort("_id", 1)
            rows = await cursor.limit(limit).to_list(None)
        begin = len(lane_key(program, 0)) + 1
        return [(row["_id"], row["_id"][begin:]) for row in rows]


def standing_document(program: str, lane: int, write: StandingWrite) -> Whole:
    """Return a head as it is stored."""
    document: Document = {
        "_id": lane_key(program, lane, write.member),
        "p": program,
        "v": write.before + 1,
        "s": {name: value for name, value in write.plain.items() if name != _SHELVES},
    }
    if write.plain.get(_SHELVES):
        document["h"] = pack(write.plain[_SHELVES])
    if write.due_at is not None:
        document["d"] = write.due_at
    return printed(document)


def _head(row: Document) -> Plain:
    """Return a head as the core printed it; the first ones of all had their shelves in `s`."""
    head: Plain = row["s"]
    if "h" in row:
        head[_SHELVES] = unpack(row["h"])
    else:
        head.setdefault(_SHELVES, [])
    return head

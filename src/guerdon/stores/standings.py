"""Standings: the head of each member, `{_id: program|lane|member, p, v: version, d: due, s: head}`.

Rule: a head is replaced as a whole, by the transaction of its lane, if its version is the one that
was read. What lies outside the head is in `pages`.
"""

from collections.abc import Collection

from guerdon.core.activity import Instant
from guerdon.core.standing import ERASED, Plain
from guerdon.engine.records import StandingWrite
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import lane_key, within
from guerdon.stores.prints import Whole, fields_printed, printed


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
        return {row["_id"][begin:]: row["s"] for row in rows}

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
    return printed(_fields(program, lane, write))


def standing_update(program: str, lane: int, write: StandingWrite) -> Document:
    """Return the update that puts a head in the place of its version before.

    Its fields are set instead of the document being replaced, because the server compares a
    replacement with what was there, value by value, which costs twice what storing it does.
    """
    fields = fields_printed(_fields(program, lane, write))
    name = fields.pop("_id")
    del fields["p"]
    change: Document = {"$set": fields}
    if "d" not in fields:
        change["$unset"] = {"d": ""}
    return {"q": {"_id": name, "v": write.before}, "u": change}


def _fields(program: str, lane: int, write: StandingWrite) -> Document:
    document: Document = {
        "_id": lane_key(program, lane, write.member),
        "p": program,
        "v": write.before + 1,
        "s": write.plain,
    }
    if write.due_at is not None:
        document["d"] = write.due_at
    return document

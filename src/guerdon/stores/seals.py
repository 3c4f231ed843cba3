"""Seals: the chain of hashes over each lane's journal, and the daily roots; append-only.

`{_id: program|lane|first entry, n: last entry, p: hash before, h: hash, e: the entries' prints one
after the other, t: sealed at}` and in `roots` `{_id: program|day, p, h, l: [[lane, last, hash]]}`.
What they mean is `engine.seal`'s matter.
"""

from typing import Any

from pymongo.errors import DuplicateKeyError

from guerdon.core.activity import Instant
from guerdon.engine.records import Root, Seal
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.journal import entries_behind, entry_name
from guerdon.stores.keyed import behind, key, lane_key, within
from guerdon.stores.prints import PRINT, PRINT_BYTES, printed


class SealStore:
    """See `engine.proof_ports.Seals`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def prints(self, program: str, lane: int, seq: int, limit: int) -> list[bytes]:
        """Return the prints of a lane's entries after a sequence, in order, without a gap."""
        query = entries_behind(program, lane, seq)
        with unit_of_work(30):
            cursor = self._mongo["journal"].find(query, {PRINT: 1}).sort("_id", 1)
            rows = await cursor.limit(limit).to_list(None)
        found = []
        for number, row in enumerate(rows, seq + 1):
            if row["_id"] != entry_name(program, lane, number) or PRINT not in row:
                break
            found.append(bytes(row[PRINT]))
        return found

    async def last(self, program: str, lane: int) -> Seal | None:
        """Return the end of a lane's chain."""
        with unit_of_work():
            row = await self._mongo["seals"].find_one(
                {"_id": within(lane_key(program, lane))}, sort=[("_id", -1)]
            )
        return None if row is None else _seal(row, lane)

    async def since(self, program: str, lane: int, seq: int, limit: int) -> list[Seal]:
        """Return the seals that begin after a sequence, in order."""
        span = {
            "$gt": entry_name(program, lane, seq),
            "$lt": within(lane_key(program, lane))["$lt"],
        }
        with unit_of_work(30):
            cursor = self._mongo["seals"].find({"_id": span}).sort("_id", 1).limit(limit)
            return [_seal(row, lane) for row in await cursor.to_list(None)]

    async def add(self, program: str, seal: Seal) -> bool:
        """Store a seal unless there is one of the same first entry; tell whether."""
        document = {
            "_id": entry_name(program, seal.lane, seal.first),
            "n": seal.last,
            "p": seal.before,
            "h": seal.hash,
            "e": b"".join(seal.prints),
            "t": seal.at,
        }
        return await self._add("seals", document)

    async def _add(self, collection: str, document: Document) -> bool:
        with unit_of_work():
            try:
                await self._mongo[collection].insert_one(printed(document))
            except DuplicateKeyError:
                return False
        return True

    async def root(self, program: str) -> Root | None:
        """Return the newest root."""
        with unit_of_work():
            row = await self._mongo["roots"].find_one({"_id": within(program)}, sort=[("_id", -1)])
        return None if row is None else _root(row, program)

    async def roots(self, program: str) -> list[Root]:
        """Return all roots, oldest first."""
        with unit_of_work(30):
            cursor = self._mongo["roots"].find({"_id": within(program)}).sort("_id", 1)
            return [_root(row, program) for row in await cursor.to_list(None)]

    async def add_root(self, program: str, root: Root) -> bool:
        """Store a root unless there is one of that day; tell whether."""
        document = {
            "_id": key(program, root.day),
            "p": root.before,
            "h": root.hash,
            "l": [[lane, last, end] for lane, last, end in root.lanes],
        }
        return await self._add("roots", document)


def _seal(row: Document, lane: int) -> Seal:
    prints: bytes = row["e"]
    return Seal(
        lane=lane,
        first=int(row["_id"].rpartition("|")[2]),
        last=row["n"],
        before=bytes(row["p"]),
        hash=bytes(row["h"]),
        prints=tuple(
            bytes(prints[begin : begin + PRINT_BYTES])
            for begin in range(0, len(prints), PRINT_BYTES)
        ),
        at=Instant(row["t"]),
    )


def _root(row: dict[str, Any], program: str) -> Root:
    return Root(
        day=behind(row["_id"], program),
        before=bytes(row["p"]),
        hash=bytes(row["h"]),
        lanes=tuple((lane, last, bytes(end)) for lane, last, end in row["l"]),
    )

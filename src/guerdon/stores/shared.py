"""What members share: stock, budgets, limits. One document each, changed by one guarded update.

`{_id: program|kind|key, p, n: left, c: capacity, r: [{h: holder, a: amount, u: until}]}`. Rule:
reserve outside the lane's transaction, confirm in it, give back otherwise; so lanes never wait for
each other, and nothing is sold twice. A reservation is known by its holder's activity, so that
asking again after a crash gives the same answer. A claim that names another capacity, as a later
version of the program does, moves what is left by the difference; what was taken stays taken.
"""

from collections.abc import Collection
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.engine.records import Reserved
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, within


class SharedStore:
    """See `engine.world.Shared`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def reserve(self, program: str, wanted: Reserved, until: Instant) -> int:
        """Reserve what is to be had and return how much; asked again, the same answer."""
        claim, holder = wanted
        name = key(program, claim.kind, claim.key)
        with unit_of_work():
            row = await self._reserve(name, wanted, until)
            if row is None and claim.capacity is not None:
                await self._open(program, name, claim.capacity)
                row = await self._reserve(name, wanted, until)
        if row is None:
            return 0
        return next((int(each["a"]) for each in row["r"] if each["h"] == holder), 0)

    async def _reserve(self, name: str, wanted: Reserved, until: Instant) -> Document | None:
        claim, holder = wanted
        got = {"$max": [{"$min": ["$n", claim.amount]}, 0]}
        fresh = {"h": holder, "a": got, "u": until}
        held = {"$in": [holder, "$r.h"]}
        row: Document | None = await self._mongo["shared"].find_one_and_update(
            {"_id": name},
            [
                *_resized(claim.capacity),
                {
                    "$set": {
                        "n": {"$cond": [held, "$n", {"$subtract": ["$n", got]}]},
                        "r": {
                            "$cond": [
                                {"$or": [held, {"$eq": [got, 0]}]},
                                "$r",
                                {"$concatArrays": ["$r", [fresh]]},
                            ]
                        },
                    }
                },
            ],
            return_document=ReturnDocument.AFTER,
        )
        return row

    async def _open(self, program: str, name: str, capacity: int) -> None:
        document = {"_id": name, "p": program, "n": capacity, "c": capacity, "r": []}
        try:
            await self._mongo["shared"].insert_one(document)
        except DuplicateKeyError:
            return  # another claim opened it first

    async def peek(self, program: str, claim: Claim) -> int:
        """Return what is there."""
        with unit_of_work():
            row = await self._mongo["shared"].find_one({"_id": key(program, claim.kind, claim.key)})
        if row is None:
            return claim.capacity or 0
        more = 0 if claim.capacity is None else claim.capacity - row.get("c", claim.capacity)
        return max(int(row["n"]) + more, 0)

    async def release(self, program: str, reserved: Collection[Reserved]) -> None:
        """Give reservations back that were not confirmed."""
        with unit_of_work():
            for each in reserved:
                await self._mongo["shared"].update_one(*back(program, each))

    async def stale(self, program: str, now: Instant, limit: int) -> list[Reserved]:
        """Return reservations whose time has passed."""
        with unit_of_work():
            cursor = self._mongo["shared"].find({"p": program, "r.u": {"$lte": now}}).limit(limit)
            rows = await cursor.to_list(None)
        return [
            Reserved(Claim(*_kind_and_key(row["_id"], program), each["a"]), each["h"])
            for row in rows
            for each in row["r"]
            if each["u"] <= now
        ]

    async def all(self, program: str) -> dict[str, int]:
        """Return what is left of everything shared, by kind and key; for checks."""
        with unit_of_work():
            rows = await self._mongo["shared"].find({"_id": within(program)}).to_list(None)
        return {behind(row["_id"], program): int(row["n"]) for row in rows}


def _resized(capacity: int | None) -> list[Document]:
    """Return the stage that moves what is left to another capacity."""
    if capacity is None:
        return []
    more = {"$subtract": [capacity, {"$ifNull": ["$c", capacity]}]}
    return [{"$set": {"n": {"$add": ["$n", more]}, "c": capacity}}]


def back(program: str, reserved: Reserved) -> tuple[Document, Any]:
    """Return filter and update that give a whole reservation back, once."""
    claim, holder = reserved
    return (
        {"_id": key(program, claim.kind, claim.key), "r.h": holder},
        [{"$set": {"n": {"$add": ["$n", _held(holder)]}, "r": _without(holder)}}],
    )


def confirm(program: str, reserved: Reserved) -> tuple[Document, Any]:
    """Return filter and update that keep `amount` of a reservation and give the rest back."""
    claim, holder = reserved
    rest = {"$subtract": [_held(holder), claim.amount]}
    return (
        {"_id": key(program, claim.kind, claim.key), "r.h": holder},
        [{"$set": {"n": {"$add": ["$n", rest]}, "r": _without(holder)}}],
    )


def give_back(program: str, claim: Claim) -> Document:
    """Return the update that gives back what an earlier activity had confirmed.

    A claim that names the whole size gives more than there was, perhaps of what nobody has claimed.
    """
    name = {"_id": key(program, claim.kind, claim.key)}
    if claim.capacity is None:
        return {"q": name, "u": {"$inc": {"n": claim.amount}}}
    size = {"$ifNull": ["$c", claim.capacity]}
    more = {
        "p": program,
        "n": {"$add": [{"$ifNull": ["$n", claim.capacity]}, claim.amount]},
        "c": size,
        "r": {"$ifNull": ["$r", []]},
    }
    return {"q": name, "u": [{"$set": more}], "upsert": True}


def _held(holder: str) -> Document:
    own = {"$filter": {"input": "$r", "cond": {"$eq": ["$$this.h", holder]}}}
    return {"$sum": {"$map": {"input": own, "in": "$$this.a"}}}


def _without(holder: str) -> Document:
    return {"$filter": {"input": "$r", "cond": {"$ne": ["$$this.h", holder]}}}


def _kind_and_key(name: str, program: str) -> tuple[str, str]:
    kind, _, rest = behind(name, program).partition("|")
    return kind, rest

"""Receipts: which activity ids and references were used, over the whole program, for ever.

A receipt `{_id: program|reporter/id, h, l, o, m}` is written before the inbox entry and names its
place there (lane and order), so that whoever repeats the report can write that very entry again. A
reference `{_id: program|~digest of (type|partner|ref), k}` belongs to the activity that first named
it; only the digest is kept, because a receipt's number outlives the member whose purchase it was.
"""

import hashlib
from collections.abc import Collection, Mapping

from pymongo import UpdateOne

from guerdon.engine.records import Mark, Moved
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key
from guerdon.stores.prints import Whole, printed

_REF = "~"  # no reporter's name begins so
_DIGEST_BYTES = 16


class ReceiptStore:
    """See `engine.world.Receipts`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def enter(
        self, program: str, marks: Mapping[str, Mark], refs: Mapping[str, str]
    ) -> tuple[dict[str, Mark], dict[str, str]]:
        """Write receipts by key and claims of references by name; return those that were there.

        Receipts come first, so that a reference never belongs to an activity without one.
        """
        documents = [_receipt(program, name, mark) for name, mark in marks.items()]
        documents += [_claim(_ref_id(program, name), holder) for name, holder in refs.items()]
        if not documents:
            return {}, {}
        taken = await self._mongo.insert("receipts", documents)
        if not taken:
            return {}, {}
        ids = [documents[place]["_id"] for place in taken]
        had, had_refs = await self._existing(program, ids, refs)
        # An order never comes twice: what is there exactly so was written by this very call.
        return {name: mark for name, mark in had.items() if mark != marks[name]}, had_refs

    async def _existing(
        self, program: str, ids: list[str], claimed: Collection[str]
    ) -> tuple[dict[str, Mark], dict[str, str]]:
        marks: dict[str, Mark] = {}
        refs: dict[str, str] = {}
        names = {_ref_id(program, each): each for each in claimed}
        with unit_of_work():
            rows = await self._mongo["receipts"].find({"_id": {"$in": ids}}).to_list(None)
        for row in rows:
            if row["_id"] in names:
                refs[names[row["_id"]]] = row["k"]
            else:
                marks[behind(row["_id"], program)] = _mark(row)
        return marks, refs

    async def take_ref(self, program: str, ref: str, *, old: str, new: str) -> bool:
        """Hand a reference from one activity's key to another's, if it is still the old one's."""
        with unit_of_work():
            moved = await self._mongo["receipts"].update_one(
                {"_id": _ref_id(program, ref), "k": old},
                {"$set": _claim(_ref_id(program, ref), new)},
            )
        return bool(moved.matched_count)

    async def forget_refs(self, program: str, refs: Mapping[str, str]) -> None:
        """Delete claims of references by name, if they are still these holders'."""
        claims = [{"_id": _ref_id(program, name), "k": holder} for name, holder in refs.items()]
        with unit_of_work():
            await self._mongo["receipts"].delete_many({"$or": claims})

    async def withdraw(self, program: str, keys: Collection[str]) -> None:
        """Delete receipts of activities that count for nothing, so that their ids are free."""
        ids = [key(program, each) for each in keys]
        with unit_of_work():
            await self._mongo["receipts"].delete_many({"_id": {"$in": ids}})

    async def marks(self, program: str, keys: Collection[str]) -> dict[str, Mark]:
        """Return receipts by key."""
        if not keys:
            return {}
        ids = [key(program, each) for each in keys]
        with unit_of_work():
            rows = await self._mongo["receipts"].find({"_id": {"$in": ids}}).to_list(None)
        return {behind(row["_id"], program): _mark(row) for row in rows}

    async def refs(self, program: str, names: Collection[str]) -> dict[str, str]:
        """Return the keys of the activities that hold these references; free ones are missing."""
        by_id = {_ref_id(program, each): each for each in names}
        with unit_of_work():
            rows = await self._mongo["receipts"].find({"_id": {"$in": list(by_id)}}).to_list(None)
        return {by_id[row["_id"]]: row["k"] for row in rows}

    async def move(self, program: str, marks: Mapping[str, Mark]) -> None:
        """Note that activities that were parked have a place in an inbox now."""
        had = await self.marks(program, marks)
        changes = []
        for name, mark in marks.items():
            if name in had:
                moved = _receipt(program, name, mark._replace(print=had[name].print))
                changes.append(UpdateOne({"_id": moved["_id"]}, {"$set": moved}))
        if changes:
            with unit_of_work():
                await self._mongo["receipts"].bulk_write(changes, ordered=False)


def _ref_id(program: str, name: str) -> str:
    digest = hashlib.blake2b(name.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return key(program, _REF + digest)


def moved_receipt(program: str, row: Document, moved: Moved) -> Document:
    """Return the update of a stored receipt whose activity another lane decides."""
    mark = Mark(bytes(row["h"]), moved.lane, moved.order, moved.member)
    document = _receipt(program, moved.key, mark)
    return {"q": {"_id": document["_id"]}, "u": {"$set": document}}


def _claim(name: str, holder: str) -> Whole:
    return printed({"_id": name, "k": holder})


def _receipt(program: str, name: str, mark: Mark) -> Whole:
    document: Document = {
        "_id": key(program, name),
        "h": mark.print,
        "l": mark.lane,
        "o": mark.order,
    }
    if mark.member is not None:
        document["m"] = mark.member
    return printed(document)


def _mark(row: Document) -> Mark:
    return Mark(bytes(row["h"]), row["l"], row["o"], row.get("m"))

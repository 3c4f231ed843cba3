"""The one transaction: all that a batch changes, or nothing of it.

Rule: the lane's document comes first. It is the lock, the fence and the sequence, so that whoever
lost the lane fails before anything else is touched. Nothing that fails inside is caught and gone
on from: the server has ended the transaction by then; the engine looks and decides anew.
"""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from guerdon.core.standing import ERASED
from guerdon.engine.crash import CrashPoint, CrashPoints
from guerdon.engine.records import AlreadyDecided, Batch, LaneLost, Outdated
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.inbox import aside_document, entry_document
from guerdon.stores.journal import entry_documents
from guerdon.stores.keyed import key, lane_key, within
from guerdon.stores.lanes import FREE
from guerdon.stores.pages import page_name, page_update
from guerdon.stores.scores import score_update
from guerdon.stores.shared import confirm, give_back
from guerdon.stores.standings import standing_document, standing_update
from guerdon.stores.vault import COLLECTION, Vault
from guerdon.stores.vouchers import voucher_updates

_DUPLICATE = 11000


class CommitStore:
    """See `engine.world.Commit`."""

    def __init__(self, mongo: Mongo, vault: Vault, *, lease_ms: int, crash: CrashPoints) -> None:
        self._mongo = mongo
        self._vault = vault
        self._lease_ms = lease_ms
        self._crash = crash

    async def __call__(self, batch: Batch) -> None:
        """Write a batch, all or nothing."""
        hold = batch.hold
        keys, fresh = await self._vault.for_writing(
            hold.program, hold.lane, {each.member for each in batch.entries if each.member}
        )
        try:
            await self._write(batch, keys, fresh)
        except BaseException:
            self._vault.forget([each["_id"] for each in fresh])
            raise
        self._vault.forget([lane_key(hold.program, hold.lane, each) for each in batch.erased])

    async def _write(self, batch: Batch, keys: Mapping[str, AESGCM], fresh: list[Document]) -> None:
        entries = entry_documents(batch.hold.program, batch.entries, keys)

        async def work(session: Any) -> None:
            write = _Writing(self._mongo.database, session)
            await self._lane(write, batch)
            await _standings(write, batch)
            self._crash(CrashPoint.IN_TRANSACTION)
            await _pages(write, batch)
            await write.insert(COLLECTION, fresh)
            await write.insert("journal", entries)
            await _scores(write, batch)
            await _inboxes(write, batch)
            await _members(write, batch)
            await _erased(write, batch)
            await _shared(write, batch)
            await write.update("vouchers", voucher_updates(batch.hold.program, batch.vouchers))

        while True:
            try:
                await self._mongo.transact(work)
            except LaneLost:
                # A transaction begins on what every earlier write has settled, which under load is
                # a moment ago: the lane may have been taken since then, by ourselves.
                if not await self._is_held(batch):
                    raise
            else:
                return

    async def _is_held(self, batch: Batch) -> bool:
        lanes = self._mongo["lanes"].with_options(read_concern=ReadConcern("local"))
        with unit_of_work():
            return await lanes.find_one(_held(batch), {"_id": 1}) is not None

    async def _lane(self, write: "_Writing", batch: Batch) -> None:
        until = FREE if batch.releases_lane else {"$add": ["$$NOW", self._lease_ms]}
        advance = {"$set": {"s": {"$add": ["$s", len(batch.entries)]}, "u": until}}
        if await write.update("lanes", [{"q": _held(batch), "u": [advance]}]) != 1:
            raise LaneLost


def _held(batch: Batch) -> Document:
    hold = batch.hold
    return {"_id": lane_key(hold.program, hold.lane), "f": hold.fence, "s": hold.seq}


class _Writing:
    """Plain commands on one session: what the driver's bulk interface adds is not needed here."""

    def __init__(self, database: Any, session: Any) -> None:
        self._database = database
        self._session = session

    async def insert(self, collection: str, documents: list[Document]) -> None:
        if documents:
            await self._run({"insert": collection, "documents": documents}, collection)

    async def update(self, collection: str, updates: list[Document]) -> int:
        """Return how many documents were found (or newly made)."""
        if not updates:
            return 0
        return int((await self._run({"update": collection, "updates": updates}, collection))["n"])

    async def delete(self, collection: str, ids: list[str]) -> None:
        if ids:
            deletes = [{"q": {"_id": {"$in": ids}}, "limit": 0}]
            await self._run({"delete": collection, "deletes": deletes}, collection)

    async def remove(self, collection: str, which: Document) -> None:
        await self._run({"delete": collection, "deletes": [which]}, collection)

    async def _run(self, command: Document, collection: str) -> Document:
        answer: Document = await self._database.command(command, session=self._session)
        for error in answer.get("writeErrors", ()):
            if error["code"] == _DUPLICATE:
                raise AlreadyDecided if collection == "journal" else Outdated
            raise OperationFailure(error["errmsg"], error["code"], answer)
        return answer


async def _standings(write: _Writing, batch: Batch) -> None:
    program, lane = batch.hold.program, batch.hold.lane
    fresh = []
    replaced = []
    for each in batch.standings:
        document = standing_document(program, lane, each)
        if each.before == 0:
            fresh.append(document)
        else:
            replaced.append(standing_update(document, each.before))
    await write.insert("standings", fresh)
    if await write.update("standings", replaced) != len(replaced):
        raise Outdated


async def _pages(write: _Writing, batch: Batch) -> None:
    program, lane = batch.hold.program, batch.hold.lane
    updates = []
    gone = []
    for member, writes in batch.pages:
        for each in writes:
            if each.value is None:
                gone.append(page_name(program, lane, member, each))
            else:
                updates.append(page_update(program, lane, member, each))
    await write.update("pages", updates)
    await write.delete("pages", gone)


async def _scores(write: _Writing, batch: Batch) -> None:
    program, lane = batch.hold.program, batch.hold.lane
    await write.update("scores", [score_update(program, lane, row) for row in batch.scores])


async def _inboxes(write: _Writing, batch: Batch) -> None:
    program, lane = batch.hold.program, batch.hold.lane
    await write.delete("inbox", [lane_key(program, lane, order) for order in batch.taken])
    await write.insert("inbox", [entry_document(program, *each) for each in batch.follow_ups])
    # A member's time that cannot be decided comes again and again, and is set aside once.
    await write.update("aside", [_once(aside_document(program, each)) for each in batch.failed])
    await write.delete("aside", [key(program, name) for name in batch.released])
    await write.update(
        "receipts",
        [
            {
                "q": {"_id": key(program, each.key)},
                "u": {"$set": {"l": each.lane, "o": each.order, "m": each.member}},
            }
            for each in batch.moved
        ],
    )


def _once(document: Document) -> Document:
    """Return the update that writes a document unless there is one of its name."""
    fields = {name: value for name, value in document.items() if name != "_id"}
    return {"q": {"_id": document["_id"]}, "u": {"$setOnInsert": fields}, "upsert": True}


async def _members(write: _Writing, batch: Batch) -> None:
    program = batch.hold.program
    await write.update(
        "members",
        [
            {"q": {"_id": key(program, member)}, "u": {"$set": {"s": status}}}
            for member, status in batch.statuses.items()
        ],
    )
    for member, into in batch.merged:
        old, new = key(program, member), key(program, into)
        # Whoever was led to the old member before is led on, so that a lead is never a chain.
        leads = {"q": {"g": member}, "u": {"$set": {"g": into}}, "multi": True}
        await write.update("members", [leads, {"q": {"_id": old}, "u": {"$set": {"g": into}}}])
        links = {"q": {"m": old}, "u": {"$set": {"m": new}}, "multi": True}
        await write.update("identities", [links])
    for identity, member in batch.unlinked:
        gone = {"q": {"_id": key(program, *identity), "m": key(program, member)}, "limit": 1}
        await write.remove("identities", gone)


async def _erased(write: _Writing, batch: Batch) -> None:
    """Delete what says who somebody is, and the keys to what the journal keeps of them."""
    program = batch.hold.program
    for member in batch.erased:
        name = key(program, member)
        await write.remove(COLLECTION, {"q": {"m": name}, "limit": 0})
        await write.remove("identities", {"q": {"m": name}, "limit": 0})
        await write.remove("aside", {"q": {"_id": within(program), "a.member": member}, "limit": 0})
        bare = {"$set": {"s": ERASED}, "$unset": {"x": "", "n": "", "a": ""}}
        # With those who were merged into the member, and so are led to nobody's name.
        await write.update("members", [{"q": {"_id": name}, "u": bare}])


async def _shared(write: _Writing, batch: Batch) -> None:
    program = batch.hold.program
    kept = [confirm(program, each) for each in batch.confirmed]
    if await write.update("shared", [{"q": q, "u": u} for q, u in kept]) != len(kept):
        raise Outdated  # a reservation ran out meanwhile
    back = [give_back(program, each.claim) for each in batch.given_back]
    await write.update("shared", [{"q": q, "u": u} for q, u in back])

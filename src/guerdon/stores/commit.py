"""The one transaction: all that a batch changes, or nothing of it.

Rule: the lane's document comes first. It is the lock, the fence and the sequence, so that whoever
lost the lane fails before anything else is touched. Nothing that fails inside is caught and gone
on from: the server has ended the transaction by then; the engine looks and decides anew.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from guerdon.core.standing import ERASED
from guerdon.engine.crash import CrashPoint, CrashPoints
from guerdon.engine.records import AlreadyDecided, Batch, LaneLost, Outdated, StoreDown
from guerdon.stores.bundles import entry_document
from guerdon.stores.client import Document, Mongo, Step, unit_of_work
from guerdon.stores.codes import KIND, UNSEEN, confirm_codes, free_codes, void_codes
from guerdon.stores.inbox import aside_document
from guerdon.stores.journal import entry_documents, sealing
from guerdon.stores.keyed import key, lane_key, within
from guerdon.stores.lanes import FREE
from guerdon.stores.pages import page_document, page_name
from guerdon.stores.prints import Whole
from guerdon.stores.receipts import moved_receipt
from guerdon.stores.scores import score_document, score_name
from guerdon.stores.shared import confirm, give_back
from guerdon.stores.standings import standing_document
from guerdon.stores.vault import COLLECTION, Vault
from guerdon.stores.vouchers import voucher_updates

log = logging.getLogger(__name__)

_DUPLICATE = 11000
_UNAUTHORIZED = 13


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
        keys, fresh = await self._vault.for_writing(hold.program, hold.lane, sealing(batch.entries))
        try:
            await self._write(batch, keys, fresh)
        except BaseException as error:
            self._vault.forget([each["_id"] for each in fresh])
            if isinstance(error, OperationFailure) and error.code == _UNAUTHORIZED:
                # No activity can be blamed for that.
                log.warning("this login may not write what a batch does: run `guerdon migrate`")
                raise StoreDown(type(error).__name__) from error
            raise
        self._vault.forget([lane_key(hold.program, hold.lane, each) for each in batch.erased])

    async def _write(
        self, batch: Batch, keys: Mapping[str, AESGCM], fresh: Sequence[Whole]
    ) -> None:
        steps = self._steps(batch, keys, fresh, await self._receipts(batch))
        while True:
            try:
                await self._mongo.carry_out(steps)
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

    async def _receipts(self, batch: Batch) -> dict[str, Document]:
        """Return receipts whose activities move on: what they say for good is written again."""
        if not batch.moved:
            return {}
        ids = [key(batch.hold.program, each.key) for each in batch.moved]
        with unit_of_work():
            rows = await self._mongo["receipts"].find({"_id": {"$in": ids}}).to_list(None)
        return {row["_id"]: row for row in rows}

    def _steps(
        self,
        batch: Batch,
        keys: Mapping[str, AESGCM],
        fresh: Sequence[Whole],
        receipts: Mapping[str, Document],
    ) -> list[Step]:
        """Return the transaction's commands in order."""
        plan = _Plan()
        until = FREE if batch.releases_lane else {"$add": ["$$NOW", self._lease_ms]}
        advance = {"$set": {"s": {"$add": ["$s", len(batch.entries)]}, "u": until}}
        plan.update("lanes", [{"q": _held(batch), "u": [advance]}], lacking=LaneLost)
        _standings(plan, batch)
        plan.then(lambda: self._crash(CrashPoint.IN_TRANSACTION))
        _pages(plan, batch)
        plan.insert(COLLECTION, fresh)
        plan.insert("journal", entry_documents(batch.hold.program, batch.entries, keys))
        _scores(plan, batch)
        _inboxes(plan, batch, receipts)
        _members(plan, batch)
        _erased(plan, batch)
        _shared(plan, batch)
        plan.then(lambda: self._crash(CrashPoint.AFTER_CONFIRM))
        plan.update("vouchers", voucher_updates(batch.hold.program, batch.vouchers))
        return plan.steps


def _held(batch: Batch) -> Document:
    hold = batch.hold
    return {"_id": lane_key(hold.program, hold.lane), "f": hold.fence, "s": hold.seq}


class _Plan:
    """Plain commands, all known beforehand; what the driver's bulk interface adds is not needed."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def insert(self, collection: str, documents: Sequence[Whole]) -> None:
        if documents:
            self._add({"insert": collection, "documents": documents}, collection)

    def update(
        self, collection: str, updates: list[Document], *, lacking: type[Exception] | None = None
    ) -> None:
        """Update documents; `lacking` is raised where one of them is not found."""
        if not updates:
            return

        def count(answer: Document) -> None:
            if lacking is not None and answer["n"] != len(updates):
                raise lacking

        self._add({"update": collection, "updates": updates}, collection)
        self.steps[-1] = _followed(self.steps[-1], count)

    def put(self, collection: str, documents: Mapping[str, Whole]) -> None:
        """Write documents by name, in the place of those of the same names where there are any.

        Deleting all of them at once and inserting others costs the server a third of replacing
        each: it neither plans by document nor compares what it was with what it becomes.
        """
        self.delete(collection, list(documents))
        self.insert(collection, list(documents.values()))

    def delete_versions(
        self, collection: str, versions: Mapping[int, list[str]], *, lacking: type[Exception]
    ) -> None:
        """Delete documents that have these versions; `lacking` is raised where one has not."""
        wanted = sum(map(len, versions.values()))
        if not wanted:
            return

        def count(answer: Document) -> None:
            if answer["n"] != wanted:
                raise lacking

        deletes = [
            {"q": {"_id": {"$in": ids}, "v": version}, "limit": 0}
            for version, ids in versions.items()
        ]
        self._add({"delete": collection, "deletes": deletes}, collection)
        self.steps[-1] = _followed(self.steps[-1], count)

    def delete(self, collection: str, ids: list[str]) -> None:
        if ids:
            deletes = [{"q": {"_id": {"$in": ids}}, "limit": 0}]
            self._add({"delete": collection, "deletes": deletes}, collection)

    def remove(self, collection: str, which: Document) -> None:
        self._add({"delete": collection, "deletes": [which]}, collection)

    def then(self, act: Callable[[], None]) -> None:
        """Act once the last step has been carried out."""
        self.steps[-1] = _followed(self.steps[-1], lambda _: act())

    def _add(self, command: Document, collection: str) -> None:
        taken = AlreadyDecided if collection == "journal" else Outdated
        self.steps.append(Step(command, lambda answer: _check(answer, taken)))


def _followed(step: Step, check: Callable[[Document], None]) -> Step:
    def both(answer: Document) -> None:
        step.check(answer)
        check(answer)

    return Step(step.command, both)


def _check(answer: Document, taken: type[Exception]) -> None:
    """Raise what one of a command's documents failed of."""
    for error in answer.get("writeErrors", ()):
        if error["code"] == _DUPLICATE:
            raise taken
        raise OperationFailure(error["errmsg"], error["code"], answer)


def _standings(plan: _Plan, batch: Batch) -> None:
    """Put new heads in the place of those that were read, which are of the versions read."""
    program, lane = batch.hold.program, batch.hold.lane
    versions: dict[int, list[str]] = {}
    for each in batch.standings:
        if each.before:
            versions.setdefault(each.before, []).append(lane_key(program, lane, each.member))
    plan.delete_versions("standings", versions, lacking=Outdated)
    plan.insert("standings", [standing_document(program, lane, each) for each in batch.standings])


def _pages(plan: _Plan, batch: Batch) -> None:
    program, lane = batch.hold.program, batch.hold.lane
    written = {}
    gone = []
    for member, writes in batch.pages:
        for each in writes:
            name = page_name(program, lane, member, each)
            if each.value is None:
                gone.append(name)
            else:
                written[name] = page_document(program, lane, member, each)
    plan.put("pages", written)
    plan.delete("pages", gone)


def _scores(plan: _Plan, batch: Batch) -> None:
    program, lane = batch.hold.program, batch.hold.lane
    plan.put(
        "scores",
        {
            score_name(program, lane, row): score_document(program, lane, row)
            for row in batch.scores
        },
    )


def _inboxes(plan: _Plan, batch: Batch, receipts: Mapping[str, Document]) -> None:
    program, lane = batch.hold.program, batch.hold.lane
    plan.delete("inbox", [lane_key(program, lane, name) for name in batch.taken])
    # What a process sends after itself may be there already, by a repeat or by who was before it.
    plan.update("inbox", [_once(entry_document(program, *each)) for each in batch.follow_ups])
    # A member's time that cannot be decided comes again and again, and is set aside once.
    plan.update("aside", [_once(aside_document(program, each)) for each in batch.failed])
    plan.delete("aside", [key(program, name) for name in batch.released])
    plan.update(
        "receipts",
        [
            moved_receipt(program, receipts[name], each)
            for each in batch.moved
            if (name := key(program, each.key)) in receipts
        ],
    )


def _once(document: Whole) -> Document:
    """Return the update that writes a document unless there is one of its name."""
    fields = {name: value for name, value in document.items() if name != "_id"}
    return {"q": {"_id": document["_id"]}, "u": {"$setOnInsert": fields}, "upsert": True}


def _members(plan: _Plan, batch: Batch) -> None:
    program = batch.hold.program
    plan.update(
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
        plan.update("members", [leads, {"q": {"_id": old}, "u": {"$set": {"g": into}}}])
        # Whoever is merged was enrolled: their enrollment must not come again as the survivor's.
        led = {"$set": {"m": new}, "$unset": {"e": ""}}
        noted = {"q": {"m": old, "f": {"$exists": False}}, "u": {"$set": {"f": old}}, "multi": True}
        plan.update("identities", [noted, {"q": {"m": old}, "u": led, "multi": True}])
    for identity, member in batch.unlinked:
        gone = {"q": {"_id": key(program, *identity), "m": key(program, member)}, "limit": 1}
        plan.remove("identities", gone)


def _erased(plan: _Plan, batch: Batch) -> None:
    """Delete what says who somebody is, and the keys to what the journal keeps of them."""
    program = batch.hold.program
    for member in batch.erased:
        name = key(program, member)
        plan.remove(COLLECTION, {"q": {"m": name}, "limit": 0})
        plan.remove("identities", {"q": {"m": name}, "limit": 0})
        plan.remove("aside", {"q": {"_id": within(program), "a.member": member}, "limit": 0})
        bare = {"$set": {"s": ERASED}, "$unset": dict.fromkeys(("x", "n", "a", "no", "ao"), "")}
        # With those who were merged into the member, and so are led to nobody's name.
        plan.update("members", [{"q": {"_id": name}, "u": bare}])


def _shared(plan: _Plan, batch: Batch) -> None:
    program = batch.hold.program
    numbers = [each for each in batch.confirmed if each.claim.kind != KIND]
    codes = [each for each in batch.confirmed if each.claim.kind == KIND]
    kept = [confirm(program, each) for each in numbers]
    taken = [update for each in codes for update in confirm_codes(program, each)]
    # One that is not found ran out meanwhile.
    plan.update("shared", [{"q": q, "u": u} for q, u in kept], lacking=Outdated)
    plan.update("codes", taken, lacking=Outdated)
    claims = [each.claim for each in batch.given_back]
    back = [give_back(program, claim) for claim in claims if claim.kind not in (KIND, UNSEEN)]
    plan.update("shared", back)
    plan.update("codes", [void_codes(program, claim) for claim in claims if claim.kind == KIND])
    plan.update("codes", [free_codes(program, claim) for claim in claims if claim.kind == UNSEEN])

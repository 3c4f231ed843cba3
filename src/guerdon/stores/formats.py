"""What is stored, in which format: the steps that led here, and which of them were done.

The collection `formats` has one row `steps` (`{done: {number: kind}}`), one row a step under way
(how far it is) and one row `lock` (who migrates, until when on the database's clock). Rule: a
step's work is cut into pieces, each of which may be done twice; after each the place is noted, so
that whoever comes after a crash goes on from there. What a step needs to know of a format is
written in the step itself: the stores' code will have moved on.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from guerdon.engine.formats import Kind, check, pending
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.lanes import FREE
from guerdon.stores.prepare import prepare

LEASE_MS = 60_000
"""How long a migration that went silent keeps others away; each piece must take less."""

_ROWS = "formats"


class Piece(NamedTuple):
    """What one piece of a step did: how many documents, and where the next one begins."""

    documents: int
    after: Any


class Step(NamedTuple):
    """One step: `work(mongo, after)` does the next piece, and returns None when nothing is left.

    `remaining(mongo)` counts what there is to do, for a dry run and for progress.
    """

    number: int
    name: str
    kind: Kind
    work: Callable[[Mongo, Any], Awaitable[Piece | None]]
    remaining: Callable[[Mongo], Awaitable[int]]


class MigrationUnderWay(Exception):
    """Another process migrates; the message says which."""


async def _nothing(_mongo: Mongo, _after: Any) -> Piece | None:
    return None


async def _none_left(_mongo: Mongo) -> int:
    return 0


_FORMER_INDEX = "m_1_n_1"
"""Of the journal, on member and number, before shard keys wanted the lane in front of both."""


async def _drop_former_index(mongo: Mongo, _after: Any) -> Piece | None:
    entries = await _in_former_index(mongo)
    with unit_of_work():
        if _FORMER_INDEX not in await mongo["journal"].index_information():
            return None
        await mongo["journal"].drop_index(_FORMER_INDEX)
    return Piece(entries, None)


async def _in_former_index(mongo: Mongo) -> int:
    with unit_of_work():
        if _FORMER_INDEX not in await mongo["journal"].index_information():
            return 0
        return int(await mongo["journal"].estimated_document_count())


STEPS: tuple[Step, ...] = (
    Step(1, "the first format: collections and indexes", Kind.EXPAND, _nothing, _none_left),
    Step(
        2,
        "the journal's former index on member and number goes",
        Kind.CONTRACT,
        _drop_former_index,
        _in_former_index,
    ),
)
"""All steps, oldest first; a number is never used again, and a released step never changes."""


class FormatStore:
    """See `engine.formats.Formats`; `steps` are those that the running code knows."""

    def __init__(self, mongo: Mongo, steps: Sequence[Step] = STEPS) -> None:
        self._mongo = mongo
        self._steps = {step.number: step for step in steps}
        self._kinds: Mapping[int, Kind] = {step.number: step.kind for step in steps}

    async def check(self) -> None:
        """Let pass where this code can use the data."""
        check(
            self._kinds,
            await self.done(),
            names={number: step.name for number, step in self._steps.items()},
        )

    async def done(self) -> dict[int, Kind]:
        """Return the steps that were done, unknown ones included."""
        with unit_of_work():
            row = await self._mongo[_ROWS].find_one({"_id": "steps"})
        return {int(step): Kind(kind) for step, kind in (row or {}).get("done", {}).items()}

    async def pending(self, kinds: Sequence[Kind]) -> list[Step]:
        """Return the steps of these kinds that are left, in order; none in an empty database."""
        if await self.is_empty():
            return []
        left = pending(self._kinds, await self.done(), kinds)
        return [self._steps[number] for number in left]

    async def migrate(
        self,
        kinds: Sequence[Kind],
        *,
        owner: str,
        progress: Callable[[Step, int], None] = lambda _step, _count: None,
    ) -> list[Step]:
        """Do the steps that are left, and make indexes; return the steps.

        Raises:
            MigrationUnderWay: Somebody else does; nothing was done here.
            FormatUnusable: A later release has contracted the database.
            NotPrepared: This login may not make what is missing.
        """
        await self._lock(owner)
        try:
            if await self.is_empty():
                await prepare(self._mongo)
                await self._note(self._kinds)
                return []
            await prepare(self._mongo)
            steps = await self.pending(kinds)
            for step in steps:
                await self._do(step, owner, progress)
                await self._note({step.number: step.kind})
            return steps
        finally:
            await self._unlock(owner)

    async def _do(self, step: Step, owner: str, progress: Callable[[Step, int], None]) -> None:
        name = f"step:{step.number}"
        with unit_of_work():
            row: Document = await self._mongo[_ROWS].find_one({"_id": name}) or {}
        after, count = row.get("after"), row.get("count", 0)
        while (piece := await step.work(self._mongo, after)) is not None:
            after, count = piece.after, count + piece.documents
            await self._lock(owner)
            with unit_of_work():
                await self._mongo[_ROWS].update_one(
                    {"_id": name}, {"$set": {"after": after, "count": count}}, upsert=True
                )
            progress(step, count)

    async def is_empty(self) -> bool:
        """Tell whether nobody has ever stored anything here."""
        if await self.done():
            return False
        with unit_of_work():
            return await self._mongo["programs"].find_one({}, {"_id": 1}) is None

    async def _note(self, done: Mapping[int, Kind]) -> None:
        with unit_of_work():
            await self._mongo[_ROWS].update_one(
                {"_id": "steps"},
                {"$set": {f"done.{step}": str(kind) for step, kind in done.items()}},
                upsert=True,
            )
            await self._mongo[_ROWS].delete_many({"_id": {"$in": [f"step:{it}" for it in done]}})

    async def _lock(self, owner: str) -> None:
        """Take the lock, or keep it."""
        rows = self._mongo[_ROWS]
        free = {"$or": [{"$lte": ["$until", "$$NOW"]}, {"$eq": ["$owner", owner]}]}
        taken = {"owner": owner, "until": {"$add": ["$$NOW", LEASE_MS]}}
        with unit_of_work():
            await rows.update_one(
                {"_id": "lock"}, {"$setOnInsert": {"owner": "", "until": FREE}}, upsert=True
            )
            row = await rows.find_one_and_update({"_id": "lock", "$expr": free}, [{"$set": taken}])
            if row is None:
                held: Document = await rows.find_one({"_id": "lock"}) or {}
                raise MigrationUnderWay(
                    f"{held.get('owner')} migrates this database at present; wait for it. If it "
                    f"was killed, its lock goes {LEASE_MS // 1000} s after its last piece."
                )

    async def _unlock(self, owner: str) -> None:
        with unit_of_work():
            await self._mongo[_ROWS].update_one(
                {"_id": "lock", "owner": owner}, {"$set": {"owner": "", "until": FREE}}
            )

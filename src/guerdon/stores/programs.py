"""Programs: one head a program, one document a published version, never changed.

The head `{_id: program, n: newest version, l: lanes, e: epoch, w: how far members were woken}` is
what processes look at to learn of a new version, and of more lanes (`h`: how many there were in
each epoch before; `g`: see `growth`). What a document means is the matter of `guerdon.program`.
"""

from typing import Any

from pymongo.errors import DuplicateKeyError

from guerdon.core.activity import Instant
from guerdon.engine.lanes import Layout, lanes_of
from guerdon.engine.outcomes import VersionText
from guerdon.engine.records import Waking
from guerdon.stores.client import Mongo, unit_of_work
from guerdon.stores.keyed import key, within
from guerdon.stores.lanes import fresh_lane
from guerdon.stores.prints import printed


class ProgramStore:
    """See `engine.world.Programs`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def publish(
        self, program: str, version: VersionText, *, expected: int, lanes: int
    ) -> bool:
        """Store a version if `expected` is still the newest; tell whether it was."""
        document = printed(
            {
                "_id": key(program, f"{version.version:06d}"),
                "b": version.begin,
                "t": version.text,
                "c": version.published_at,
            }
        )

        async def work(session: Any) -> None:
            programs = self._mongo["programs"]
            if expected == 0:
                head = {"_id": program, "n": version.version, "l": lanes, "e": 1}
                await programs.insert_one(head, session=session)
                await self._mongo["lanes"].insert_many(
                    [fresh_lane(program, lane) for lane in lanes_of(Layout(lanes=lanes))],
                    session=session,
                )
            else:
                moved = await programs.update_one(
                    {"_id": program, "n": expected},
                    {"$set": {"n": version.version}},
                    session=session,
                )
                if not moved.matched_count:
                    raise _NotNewest
            await programs.insert_one(document, session=session)

        try:
            await self._mongo.transact(work)
        except (_NotNewest, DuplicateKeyError):
            return False
        return True

    async def versions(self, program: str) -> list[VersionText]:
        """Return all versions, oldest first."""
        with unit_of_work():
            cursor = self._mongo["programs"].find({"_id": within(program)}).sort("_id", 1)
            return [
                VersionText(
                    version=int(document["_id"][-6:]),
                    begin=Instant(document["b"]),
                    text=document["t"],
                    published_at=Instant(document["c"]),
                )
                for document in await cursor.to_list(None)
            ]

    async def head(self, program: str) -> tuple[int, Layout] | None:
        """Return the newest version's number and the lanes; None where nothing was published."""
        with unit_of_work():
            head = await self._mongo["programs"].find_one({"_id": program})
        if head is None:
            return None
        outgoing = head["g"]["b"] if "g" in head else None
        layout = Layout(
            lanes=head["l"],
            epoch=head["e"],
            earlier=tuple(head.get("h", ())),
            outgoing=outgoing,
        )
        return int(head["n"]), layout

    async def waking(self, program: str) -> Waking:
        """Return how far members were woken because a version began."""
        with unit_of_work():
            head = await self._mongo["programs"].find_one({"_id": program}, {"w": 1})
        done, target, after = (head or {}).get("w") or (0, 0, "")
        return Waking(Instant(done), Instant(target), after)

    async def wake_on(self, program: str, before: Waking, after: Waking) -> None:
        """Note how far it came, unless somebody else came further than `before`."""
        held = None if before == Waking() else list(before)
        with unit_of_work():
            await self._mongo["programs"].update_one(
                {"_id": program, "w": held}, {"$set": {"w": list(after)}}
            )

    async def names(self) -> list[str]:
        """Return all programs."""
        with unit_of_work():
            cursor = self._mongo["programs"].find({"n": {"$exists": True}}, {"_id": 1})
            return [document["_id"] for document in await cursor.to_list(None)]


class _NotNewest(Exception):
    """Somebody published in between."""

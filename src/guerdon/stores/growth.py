"""Growing lanes: what a member has moves from a lane of the old epoch into one of the new.

How far it came stands in the program's head as `g: {b: lanes before, d: old lanes that are empty,
o: who is at it, u: until when}`, on the database's clock. Rule: each step is one transaction that
names the fence of the old lane first, so that whoever lost it changes nothing, and moves no lane
twice, for what lies in the old one by then has been overtaken by what was decided since; heads and
leaderboard rows are never in two lanes, and pages are copied before their head and deleted long
after it, so that whoever reads a head finds its pages beside it. The journal, the chain and the
members' keys stay where they were written. New lanes are closed until all that they decide is
there.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.read_concern import ReadConcern

from guerdon.engine.growth_ports import Census, Growing, LaneMoved, LanesRefused
from guerdon.engine.lanes import Layout, lane_of, lanes_of, lanes_out_of
from guerdon.engine.records import Hold, LaneLost
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, lane_key, within
from guerdon.stores.lanes import FREE, fresh_lane
from guerdon.stores.prints import PRINT, is_intact, printed

CLOSED = "closed"
"""Who holds a lane that is not open yet."""

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_AS_THEY_LIE: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_COUNT_SECONDS = 120
_PAUSE_SECONDS = 0.01

_Moved = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class GrowthStore:
    """See `engine.growth_ports.Growth`."""

    def __init__(self, mongo: Mongo, *, owner: str, lease_ms: int) -> None:
        self._mongo = mongo
        self._owner = owner
        self._lease_ms = lease_ms

    async def census(self, program: str) -> Census:
        """Count what there is to move."""
        counts = {}
        with unit_of_work(_COUNT_SECONDS):
            for name in ("standings", "pages", "scores"):
                counts[name] = await self._mongo[name].count_documents({"_id": within(program)})
        return Census(**counts)

    # ------------------------------------------------------------ who is at it

    async def begin(self, program: str, before: Layout, lanes: int) -> Growing:
        """Open the new epoch, unless it is open already, and take the lock."""
        if before.outgoing is None:
            await self._open_epoch(program, before, lanes)
        with unit_of_work():
            head = await self._mongo["programs"].find_one({"_id": program})
        if head is None or "g" not in head or head["l"] != lanes:
            begun = f"Growing {program} to {head['l'] if head else 0} lanes was begun"
            raise LanesRefused(f"{begun}; finish that first, with the same number.")
        layout = Layout(
            lanes=lanes, epoch=head["e"], earlier=tuple(head["h"]), outgoing=head["g"]["b"]
        )
        await self.keep(program, layout)
        return Growing(layout, frozenset(head["g"]["d"]))

    async def _open_epoch(self, program: str, before: Layout, lanes: int) -> None:
        layout = Layout(lanes=lanes, epoch=before.epoch + 1)
        held = {"_id": program, "l": before.lanes, "e": before.epoch, "g": {"$exists": False}}
        growing = {"b": before.lanes, "d": [], "o": "", "u": FREE}
        closed = [
            {**fresh_lane(program, lane), "o": CLOSED, "u": _NEVER} for lane in lanes_of(layout)
        ]

        async def work(session: Any) -> None:
            opened = await self._mongo["programs"].update_one(
                held,
                {
                    "$set": {"l": lanes, "e": layout.epoch, "g": growing},
                    "$push": {"h": before.lanes},
                },
                session=session,
            )
            if opened.matched_count:
                await self._mongo["lanes"].insert_many(closed, session=session)

        await self._mongo.transact(work)

    async def keep(self, program: str, layout: Layout) -> None:
        """Take the lock, or stay the one who has it."""
        free = {"$or": [{"$lte": ["$g.u", "$$NOW"]}, {"$eq": ["$g.o", self._owner]}]}
        until = {"$add": ["$$NOW", self._lease_ms]}
        with unit_of_work():
            taken = await self._mongo["programs"].update_one(
                {**_under_way(program, layout), "$expr": free},
                [{"$set": {"g.o": self._owner, "g.u": until}}],
            )
            if taken.matched_count:
                return
            head = await self._mongo["programs"].find_one(_under_way(program, layout))
        if head is None:
            raise LanesRefused(f"Another process has finished growing the lanes of {program}.")
        other = head["g"]["o"]
        raise LanesRefused(
            f"{other or 'Another process'} grows the lanes of {program}; wait for it. If it was "
            f"killed, its lock goes {self._lease_ms // 1_000} s after its last step.",
        )

    # ------------------------------------------------------------ moving

    async def copy_pages(
        self, hold: Hold, layout: Layout, after: str, limit: int
    ) -> tuple[int, str]:
        """Copy pages; what an interrupted growth has copied is written again."""
        program, prefix = hold.program, lane_key(hold.program, hold.lane)
        span = within(prefix)
        place = after

        def moved(row: Mapping[str, Any]) -> Mapping[str, Any]:
            member, _, rest = behind(row["_id"], prefix).partition("|")
            there = lane_key(program, lane_of(member or None, layout), member)
            folder = lane_key(program, lane_of(member or None, layout), behind(row["f"], prefix))
            return _moved(row, _id=f"{there}|{rest}", f=folder)

        async def work(session: Any) -> list[str]:
            nonlocal place
            query = {"_id": {"$gt": after, "$lt": span["$lt"]} if after else span}
            rows = await self._next("pages", query, limit, session)
            if rows:
                place = rows[-1]["_id"]
                copies = [moved(row) for row in rows]
                names = {"$in": [each["_id"] for each in copies]}
                await self._mongo["pages"].delete_many({"_id": names}, session=session)
                await self._mongo["pages"].insert_many(copies, session=session)
            return [row["_id"] for row in rows]

        return len(await self._holding(hold, layout, work)), place

    async def move_scores(self, hold: Hold, layout: Layout, limit: int) -> int:
        """Move leaderboard rows."""
        program, prefix = hold.program, lane_key(hold.program, hold.lane)

        def moved(row: Mapping[str, Any]) -> Mapping[str, Any]:
            lane = lane_of(row["m"] or None, layout)
            return _moved(row, _id=lane_key(program, lane, behind(row["_id"], prefix)))

        return await self._move("scores", hold, layout, moved, limit)

    async def move_standings(self, hold: Hold, layout: Layout, limit: int) -> int:
        """Move heads."""
        program, prefix = hold.program, lane_key(hold.program, hold.lane)

        def moved(row: Mapping[str, Any]) -> Mapping[str, Any]:
            member = behind(row["_id"], prefix)
            return _moved(row, _id=lane_key(program, lane_of(member or None, layout), member))

        return await self._move("standings", hold, layout, moved, limit)

    async def _move(
        self, collection: str, hold: Hold, layout: Layout, moved: _Moved, limit: int
    ) -> int:
        span = within(lane_key(hold.program, hold.lane))

        async def work(session: Any) -> list[str]:
            rows = await self._next(collection, {"_id": span}, limit, session)
            ids = [row["_id"] for row in rows]
            if rows:
                copies = [moved(row) for row in rows]
                await self._mongo[collection].delete_many({"_id": {"$in": ids}}, session=session)
                await self._mongo[collection].insert_many(copies, session=session)
            return ids

        return len(await self._holding(hold, layout, work))

    async def _next(
        self, collection: str, query: Document, limit: int, session: Any
    ) -> list[Mapping[str, Any]]:
        as_they_lie = self._mongo[collection].with_options(codec_options=_AS_THEY_LIE)
        cursor = as_they_lie.find(query, session=session).sort("_id", 1).limit(limit)
        rows: list[Mapping[str, Any]] = await cursor.to_list(None)
        return rows

    async def _holding(self, hold: Hold, layout: Layout, work: Callable[[Any], Any]) -> list[str]:
        """Do a step in a transaction that fails where the old lane is another's; hold on to it.

        Whoever moved the lane before held it before: the transaction sees that.
        """
        done: list[str] = []
        still = {**_under_way(hold.program, layout), "g.d": {"$ne": hold.lane}}
        renewed = [{"$set": {"u": {"$add": ["$$NOW", self._lease_ms]}}}]

        async def step(session: Any) -> None:
            nonlocal done
            lane = {"_id": lane_key(hold.program, hold.lane), "f": hold.fence}
            held = await self._mongo["lanes"].update_one(lane, renewed, session=session)
            if not held.matched_count:
                raise LaneLost
            if await self._mongo["programs"].find_one(still, {"_id": 1}, session=session) is None:
                raise LaneMoved
            done = await work(session)

        while True:
            try:
                await self._mongo.transact(step)
            except LaneLost:
                # A transaction begins on what was settled a moment ago, perhaps before we took it.
                if not await self._is_held(hold):
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return done

    async def _is_held(self, hold: Hold) -> bool:
        lanes = self._mongo["lanes"].with_options(read_concern=ReadConcern("local"))
        lane = {"_id": lane_key(hold.program, hold.lane), "f": hold.fence}
        with unit_of_work():
            return await lanes.find_one(lane, {"_id": 1}) is not None

    async def open(self, hold: Hold, layout: Layout) -> None:
        """Open the lanes that this one's members went to."""
        program = hold.program
        names = [lane_key(program, lane) for lane in lanes_out_of(hold.lane, layout)]

        async def work(session: Any) -> list[str]:
            await self._mongo["lanes"].update_many(
                {"_id": {"$in": names}, "o": CLOSED},
                {"$set": {"o": "", "u": FREE}},
                session=session,
            )
            await self._mongo["programs"].update_one(
                {"_id": program}, {"$addToSet": {"g.d": hold.lane}}, session=session
            )
            return names

        await self._holding(hold, layout, work)

    # ------------------------------------------------------------ afterwards

    async def clear_pages(self, program: str, lane: int, limit: int) -> int:
        """Delete pages that were copied."""
        pages = self._mongo["pages"]
        with unit_of_work():
            cursor = pages.find({"_id": within(lane_key(program, lane))}, {"_id": 1})
            ids = [row["_id"] for row in await cursor.limit(limit).to_list(None)]
            if ids:
                await pages.delete_many({"_id": {"$in": ids}})
        return len(ids)

    async def finish(self, program: str, layout: Layout) -> None:
        """Forget that there was another division than this."""
        mine = {**_under_way(program, layout), "g.o": self._owner}
        with unit_of_work():
            await self._mongo["programs"].update_one(mine, {"$unset": {"g": ""}})


def _under_way(program: str, layout: Layout) -> Document:
    """Return the filter of a program that grows to this division."""
    return {"_id": program, "e": layout.epoch, "g": {"$exists": True}}


def _moved(row: Mapping[str, Any], **names: str) -> Mapping[str, Any]:
    """Return a document under other names, with the print of the whole.

    One that did not fit its print keeps it, so that `guerdon verify` names it there as well.
    """
    document = {**row, **names}
    print_of_old = document.pop(PRINT, None)
    if is_intact(row):
        return printed(document)
    return document if print_of_old is None else {**document, PRINT: print_of_old}

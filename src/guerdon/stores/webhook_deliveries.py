"""What is on its way to webhook endpoints, and how far the journal was read for each.

`webhook_places {_id: program|id|lane, s, c: newest made at}` · `webhook_deliveries {_id:
program|id|lane|seq|number, e: program|id, m, t, s, c: made at, d: due at, n: tries, l: leased
until, a: attempts}`. Rule: a place moves on in the transaction that writes what was found up to it.
What was made of a lane later is never dated earlier, whatever the clocks of relays say: by `c`,
then `_id`, each member's messages are in their order.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from guerdon.core.activity import Instant
from guerdon.engine.webhook_records import DEAD, DELIVERED, WAITING, Attempt, Delivery
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, within

_LOOK = 2_000


class _Overtaken(Exception):
    """Another relay has moved the place on."""


class DeliveryStore:
    """See `engine.webhook_records.Webhooks`, for what is on its way."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def begin(self, program: str, endpoint: str, places: Mapping[int, int]) -> None:
        """Note how far each lane was read for an endpoint; those noted already stay."""
        with unit_of_work():
            for lane, seq in places.items():
                await self._mongo["webhook_places"].update_one(
                    {"_id": _place(program, endpoint, lane)},
                    {"$setOnInsert": {"s": seq}},
                    upsert=True,
                )

    async def places(self, program: str, endpoint: str) -> dict[int, int]:
        """Return how far each lane was read."""
        own = key(program, endpoint)
        with unit_of_work():
            rows = await self._mongo["webhook_places"].find({"_id": within(own)}).to_list(None)
        return {int(behind(row["_id"], own), 16): row["s"] for row in rows}

    async def enqueue(
        self,
        program: str,
        endpoint: str,
        *,
        lane: int,
        before: int,
        seq: int,
        deliveries: Sequence[Delivery],
    ) -> bool:
        """Write deliveries and move a lane's place on; False where somebody else has."""
        place = _place(program, endpoint, lane)
        documents = [_document(program, each) for each in deliveries]
        newest = max((each["c"] for each in documents), default=0)

        async def work(session: Any) -> None:
            places = self._mongo["webhook_places"]
            if before == 0:
                await places.update_one(
                    {"_id": place}, {"$setOnInsert": {"s": 0}}, upsert=True, session=session
                )
            moved = await places.find_one_and_update(
                {"_id": place, "s": before},
                {"$set": {"s": seq}, "$max": {"c": newest}},
                session=session,
            )
            if moved is None:
                raise _Overtaken
            for document in documents:
                document["c"] = max(document["c"], moved.get("c", 0))
            if documents:
                await self._mongo["webhook_deliveries"].insert_many(documents, session=session)

        try:
            await self._mongo.transact(work)
        except _Overtaken:
            return False
        return True

    async def claim(
        self, program: str, endpoint: str, *, now: Instant, until: Instant, limit: int
    ) -> list[Delivery]:
        """Take what is due, the first undelivered one of each member, for as long as `until`."""
        collection = self._mongo["webhook_deliveries"]
        claimed: list[Delivery] = []
        with unit_of_work():
            for row in await self._due(key(program, endpoint), now, limit):
                taken = await collection.find_one_and_update(
                    {"_id": row["_id"], "s": WAITING, "l": row["l"]}, {"$set": {"l": until}}
                )
                if taken is not None:
                    claimed.append(_delivery(program, taken))
        return claimed

    async def _due(self, own: str, now: Instant, limit: int) -> list[Document]:
        """Return the oldest that are due and the first of their members to wait.

        They are nearly always among the oldest of all. Where those wait for a later try, the
        database looks through everything, so that nobody waits for others.
        """
        waiting: Document = {"e": own, "s": WAITING}
        oldest = [("c", 1), ("_id", 1)]
        collection = self._mongo["webhook_deliveries"]
        found = collection.find(waiting, {"m": 1, "d": 1, "l": 1}).sort(oldest).limit(_LOOK)
        rows = await found.to_list(None)
        firsts: dict[str, Document] = {}
        for row in rows:
            firsts.setdefault(row["m"] or row["_id"], row)
        due = [row for row in firsts.values() if row["d"] <= now and row["l"] <= now]
        if len(due) >= limit or len(rows) < _LOOK:
            return due[:limit]
        member = {"$cond": [{"$eq": ["$m", ""]}, "$_id", "$m"]}
        first = {name: {"$first": f"${name}"} for name in ("c", "d", "l")}
        stages = [
            {"$match": waiting},
            {"$sort": dict(oldest)},
            {"$group": {"_id": member, "first": {"$first": "$_id"}, **first}},
            {"$match": {"d": {"$lte": now}, "l": {"$lte": now}}},
            {"$sort": {"c": 1, "first": 1}},
            {"$limit": limit},
            {"$project": {"_id": "$first", "l": 1}},
        ]
        every: list[Document] = await collection.aggregate(stages).to_list(None)
        return every

    async def hasten(self, program: str, endpoint: str, now: Instant) -> None:
        """Let everything that waits be due."""
        waiting = {"e": key(program, endpoint), "s": WAITING}
        with unit_of_work():
            await self._mongo["webhook_deliveries"].update_many(waiting, {"$min": {"d": now}})

    async def settle(self, program: str, delivery: Delivery) -> None:
        """Store what became of a delivery that was claimed."""
        fields = _document(program, delivery)
        name = fields.pop("_id")
        with unit_of_work():
            await self._mongo["webhook_deliveries"].update_one({"_id": name}, {"$set": fields})

    async def prune(self, program: str, endpoint: str, until: Instant) -> None:
        """Forget what was made before an instant and has arrived or was given up."""
        old = {"e": key(program, endpoint), "s": {"$in": [DELIVERED, DEAD]}, "c": {"$lt": until}}
        with unit_of_work():
            await self._mongo["webhook_deliveries"].delete_many(old)

    async def log(
        self,
        program: str,
        endpoint: str,
        *,
        limit: int,
        state: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> list[tuple[str, Delivery]]:
        """Return deliveries with their names, newest first below `after`; or above `before`.

        A name is the instant and the place, in fixed width: it sorts as the log does.
        """
        query: Document = {"e": key(program, endpoint)}
        if state is not None:
            query["s"] = state
        bound = after if before is None else before
        if bound is not None:
            at, _, name = bound.partition("|")
            beyond = "$lt" if before is None else "$gt"
            own = key(program, endpoint, name)
            query["$or"] = [
                {"c": {beyond: int(at, 16)}},
                {"c": int(at, 16), "_id": {beyond: own}},
            ]
        order = -1 if before is None else 1
        with unit_of_work():
            rows = await (
                self._mongo["webhook_deliveries"]
                .find(query)
                .sort([("c", order), ("_id", order)])
                .limit(limit)
                .to_list(None)
            )
        return [_logged(program, endpoint, row) for row in rows]

    async def logged(self, program: str, endpoint: str, name: str) -> tuple[str, Delivery] | None:
        """Return one delivery with its name in the log."""
        with unit_of_work():
            row = await self._mongo["webhook_deliveries"].find_one(
                {"_id": key(program, endpoint, name)}
            )
        return None if row is None else _logged(program, endpoint, row)

    async def replay(
        self,
        program: str,
        endpoint: str,
        *,
        now: Instant,
        names: Collection[str] = (),
        span: tuple[Instant, Instant] | None = None,
    ) -> int:
        """Let deliveries be due again, by name or by when they were made; return how many.

        Those that wait for a later try are; what is due is being sent anyway.
        """
        elsewhen = [{"s": {"$ne": WAITING}}, {"d": {"$gt": now}}]
        query: Document = {"e": key(program, endpoint), "$or": elsewhen}
        if span is not None:
            query["c"] = {"$gte": span[0], "$lt": span[1]}
        else:
            query["_id"] = {"$in": [key(program, endpoint, each) for each in names]}
        with unit_of_work():
            again = await self._mongo["webhook_deliveries"].update_many(
                query, {"$set": {"s": WAITING, "d": now, "n": 0, "l": 0}}
            )
        return int(again.matched_count)


def _logged(program: str, endpoint: str, row: Document) -> tuple[str, Delivery]:
    name = behind(row["_id"], key(program, endpoint))
    return f"{row['c']:012x}|{name}", _delivery(program, row)


def _place(program: str, endpoint: str, lane: int) -> str:
    return key(program, endpoint, f"{lane:06x}")


def _document(program: str, delivery: Delivery) -> Document:
    name = f"{delivery.lane:06x}|{delivery.seq:012d}|{delivery.number:03d}"
    document: Document = {
        "_id": key(program, delivery.endpoint, name),
        "e": key(program, delivery.endpoint),
        "m": delivery.member,
        "t": delivery.topic,
        "s": delivery.state,
        "c": delivery.created_at,
        "d": delivery.due_at,
        "n": delivery.tries,
        "l": 0,
        "a": [list(each) for each in delivery.attempts],
    }
    return document


def _delivery(program: str, row: Document) -> Delivery:
    endpoint, lane, seq, number = behind(row["_id"], program).split("|")
    return Delivery(
        endpoint=endpoint,
        lane=int(lane, 16),
        seq=int(seq),
        number=int(number),
        member=row["m"],
        topic=row["t"],
        state=row["s"],
        created_at=Instant(row["c"]),
        due_at=Instant(row["d"]),
        tries=row["n"],
        attempts=tuple(Attempt(*each) for each in row["a"]),
    )

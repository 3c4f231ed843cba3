"""The journal: what was decided, in the lane's sequence; append-only.

`{_id: program|lane|seq, l: program|lane, k: reporter/id, m: program|member, n: the member's seq,
t: decided at, a: activity, d: decision, x: sealed, b: [program|partner, ...] whose rewards it is
about, y: [program|partner, ...] whose accounts it moves}`. What is personal of an activity and of
its decision is in `x`, under the member's key (see `vault`); without the key it is as if it had
never been said.

Rule: entries are inserted by the lane's transaction and by nothing else, never changed, never
deleted; the unique indexes on (lane, key) and (lane, member, seq) hold what the engine promises.
Queries name the lanes they are about, which is the shard key; a member's are those of all epochs.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guerdon.core.activity import Instant
from guerdon.core.standing import Plain
from guerdon.engine.lanes import Layout, lanes_ever
from guerdon.engine.records import Entry, Place
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, lane_in, lane_key
from guerdon.stores.prints import Whole, printed
from guerdon.stores.vault import Vault, nonces, seal, unseal

_SEQ_DIGITS = 12
_SAID = ("ref", "lines", "data")
_SEEN = ("record", "explanations")


class JournalStore:
    """See `engine.world.Journal`."""

    def __init__(
        self, mongo: Mongo, vault: Vault, layout: Callable[[str], Awaitable[Layout]]
    ) -> None:
        self._mongo = mongo
        self._vault = vault
        self._layout = layout

    async def results(self, program: str, keys: Mapping[str, int]) -> dict[str, str]:
        """Return the results of those keys (by lane) that are decided."""
        rows = await self._by_key(program, keys, {"_id": 0, "k": 1, "d.result": 1})
        return {row["k"]: row["d"]["result"] for row in rows}

    async def entries(self, program: str, keys: Mapping[str, int]) -> dict[str, Entry]:
        """Return the entries of keys (by lane) that are decided."""
        rows = await self._by_key(program, keys, None)
        return {entry.key: entry for entry in await self._opened(program, rows)}

    async def _opened(self, program: str, rows: Sequence[Document]) -> list[Entry]:
        """Return entries with what was sealed, as far as its keys are there."""
        names = [_owner(row, program) if "x" in row else "" for row in rows]
        keys = await self._vault.for_reading({name for name in names if name})
        return [_entry(row, program, keys.get(name)) for row, name in zip(rows, names, strict=True)]

    async def _by_key(
        self, program: str, keys: Mapping[str, int], shape: Document | None
    ) -> list[Document]:
        by_lane: dict[int, list[str]] = {}
        for name, lane in keys.items():
            by_lane.setdefault(lane, []).append(name)
        if not by_lane:
            return []
        queries = [
            {"l": lane_key(program, lane), "k": {"$in": names}} for lane, names in by_lane.items()
        ]
        with unit_of_work():
            rows: list[Document] = (
                await self._mongo["journal"].find({"$or": queries}, shape).to_list(None)
            )
        return rows

    async def of_member(
        self,
        program: str,
        member: str,
        *,
        limit: int,
        after: int | None = None,
        before: int | None = None,
    ) -> list[Entry]:
        """Return entries newest first below `after`; oldest first above `before`."""
        query = {"l": await self._lanes(program, [member]), "m": key(program, member)}
        if before is not None:
            query["n"] = {"$gt": before}
        elif after is not None:
            query["n"] = {"$lt": after}
        order = -1 if before is None else 1
        with unit_of_work():
            cursor = self._mongo["journal"].find(query).sort("n", order).limit(limit)
            rows = await cursor.to_list(None)
        return await self._opened(program, rows)

    async def since(self, program: str, lane: int, seq: int, limit: int) -> list[Entry]:
        """Return a lane's entries after a sequence, in order."""
        with unit_of_work():
            query = entries_behind(program, lane, seq)
            cursor = self._mongo["journal"].find(query).sort("_id", 1).limit(limit)
            rows = await cursor.to_list(None)
        return await self._opened(program, rows)

    async def redemptions(
        self,
        program: str,
        members: Collection[str],
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
    ) -> list[Entry]:
        """Return accepted redemptions newest first below `after`; oldest first above `before`."""
        query: Document = {
            "a.type": "redemption",
            "d.result": "accepted",
            "l": await self._lanes(program, members),
            "m": {"$in": [key(program, member) for member in members]},
        }
        bound = after if before is None else before
        if bound is not None:
            beyond = "$lt" if before is None else "$gt"
            name = entry_name(program, bound.lane, bound.seq)
            query["$or"] = [
                {"t": {beyond: bound.decided_at}},
                {"t": bound.decided_at, "_id": {beyond: name}},
            ]
        order = -1 if before is None else 1
        with unit_of_work():
            cursor = self._mongo["journal"].find(query).sort([("t", order), ("_id", order)])
            rows = await cursor.limit(limit).to_list(None)
        return await self._opened(program, rows)

    async def concerning(
        self, program: str, partner: str, places: Mapping[int, int], limit: int
    ) -> list[Entry]:
        """Return entries about a partner's rewards behind a sequence of each lane."""
        found: list[Document] = []
        journal = self._mongo["journal"]
        for lane, seq in sorted(places.items()):
            query = {"b": key(program, partner), **entries_behind(program, lane, seq)}
            with unit_of_work():
                cursor = journal.find(query).sort("_id", 1)
                found += await cursor.limit(limit).to_list(None)
        return await self._opened(program, found)

    async def _lanes(self, program: str, members: Collection[str]) -> Document:
        """Return the condition that an entry lies in one of these members' lanes, of any epoch."""
        layout = await self._layout(program)
        lanes = {lane for member in members for lane in lanes_ever(member, layout)}
        return {"$in": [lane_key(program, lane) for lane in sorted(lanes)]}

    async def settled(
        self,
        program: str,
        partner: str,
        begin: Instant,
        end: Instant,
        *,
        limit: int,
        after: Entry | None = None,
    ) -> list[Entry]:
        """Return what was decided from `begin` up to `end` in a partner's accounts, in order."""
        query: Document = {"y": key(program, partner), "t": {"$gte": begin, "$lt": end}}
        if after is not None:
            name = entry_name(program, after.lane, after.seq)
            query["$or"] = [
                {"t": {"$gt": after.decided_at}},
                {"t": after.decided_at, "_id": {"$gt": name}},
            ]
        with unit_of_work():
            cursor = self._mongo["journal"].find(query).sort([("t", 1), ("_id", 1)]).limit(limit)
            rows = await cursor.to_list(None)
        return await self._opened(program, rows)


def sealing(entries: Sequence[Entry]) -> set[str]:
    """Return the members who need a key because these entries say something personal of them.

    Nobody else is given one: a new key of somebody who was forgotten would be taken for the old
    one, by which older entries were sealed.
    """
    return {
        entry.member
        for entry in entries
        if entry.member is not None
        and not (
            entry.activity.keys().isdisjoint(_SAID) and entry.decision.keys().isdisjoint(_SEEN)
        )
    }


def entry_documents(
    program: str, entries: Sequence[Entry], keys: Mapping[str, AESGCM]
) -> list[Whole]:
    """Return journal entries as they are stored, sealed under their members' keys."""
    documents = []
    for entry, nonce in zip(entries, nonces(len(entries)), strict=True):
        document: Document = {
            "_id": entry_name(program, entry.lane, entry.seq),
            "l": lane_key(program, entry.lane),
            "k": entry.key,
            "t": entry.decided_at,
            "a": entry.activity,
            "d": entry.decision,
        }
        if entry.member is not None:
            said, sealed = _divided(entry.activity, _SAID)
            seen, explained = _divided(entry.decision, _SEEN)
            if sealed or explained:
                document["a"], document["d"] = said, seen
                own = keys[entry.member]
                document["x"] = seal(own, [sealed, explained], document["_id"], nonce)
            document["m"] = key(program, entry.member)
            document["n"] = entry.member_seq
        if entry.settles:
            document["y"] = [key(program, partner) for partner in entry.settles]
        if entry.partners:
            document["b"] = [key(program, partner) for partner in entry.partners]
        documents.append(printed(document))
    return documents


def entries_behind(program: str, lane: int, seq: int) -> Document:
    """Return the condition that an entry lies in a lane behind a sequence."""
    prefix = lane_key(program, lane)
    return {"l": prefix, "_id": {"$gt": entry_name(program, lane, seq), "$lt": prefix + "}"}}


def entry_name(program: str, lane: int, seq: int) -> str:
    """Return the name of an entry; names sort as sequences do."""
    return lane_key(program, lane, f"{seq:0{_SEQ_DIGITS}d}")


def _divided(plain: Plain, names: Sequence[str]) -> tuple[Plain, Plain]:
    """Return what is not of these names, and what is."""
    rest = dict(plain)
    return rest, {name: rest.pop(name) for name in names if name in rest}


def _owner(row: Document, program: str) -> str:
    """Return the name of the key under which an entry is sealed."""
    return f"{row['l']}|{behind(row['m'], program)}"


def _entry(row: Document, program: str, own: AESGCM | None) -> Entry:
    member = row.get("m")
    said, seen = ({}, {}) if own is None else unseal(own, row["x"], row["_id"])
    return Entry(
        lane=lane_in(row["_id"], program),
        seq=int(row["_id"][-_SEQ_DIGITS:]),
        key=row["k"],
        member=None if member is None else behind(member, program),
        member_seq=row.get("n", 0),
        decided_at=Instant(row["t"]),
        activity={**row["a"], **said},
        decision={**row["d"], **seen},
    )

"""Documents as they lie there: for `guerdon verify`, which trusts nobody's reading of them."""

from collections.abc import Collection

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from guerdon.engine.proof_ports import Sealed
from guerdon.engine.records import Person
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, within
from guerdon.stores.members import EXTERNAL
from guerdon.stores.prints import PRINTED, is_intact

_SECONDS = 60.0
_AS_THEY_LIE: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


class EvidenceStore:
    """See `engine.proof_ports.Evidence`."""

    collections = PRINTED

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def spoilt(
        self, program: str, collection: str, after: str, limit: int
    ) -> tuple[list[str], str | None, int]:
        """Return the names of documents that do not fit their print, where to go on, and how many.

        Looked at are the next `limit` after a name; there are no more where the place is None.
        """
        span = within(program)
        if after:
            span = {"$gt": after, "$lt": span["$lt"]}
        as_they_lie = self._mongo[collection].with_options(codec_options=_AS_THEY_LIE)
        with unit_of_work(_SECONDS):
            rows = await as_they_lie.find({"_id": span}).sort("_id", 1).limit(limit).to_list(None)
        spoilt = [row["_id"] for row in rows if not is_intact(row)]
        return spoilt, rows[-1]["_id"] if len(rows) == limit else None, len(rows)

    async def people(self, program: str, members: Collection[str]) -> dict[str, Person]:
        """Return what the directory says of these members."""
        ids = [key(program, each) for each in members]
        with unit_of_work(_SECONDS):
            rows = await self._mongo["members"].find({"_id": {"$in": ids}}).to_list(None)
            names = {
                row["_id"]: key(program, EXTERNAL, behind(row["x"], program))
                for row in rows
                if "x" in row
            }
            links = self._mongo["identities"].find({"_id": {"$in": list(names.values())}})
            led = {row["_id"]: behind(row["m"], program) for row in await links.to_list(None)}
        return {
            (member := behind(row["_id"], program)): Person(
                member=member,
                external=behind(row["x"], program) if "x" in row else None,
                status=row["s"],
                merged_into=row.get("g"),
                led=led.get(names.get(row["_id"], "")),
            )
            for row in rows
        }

    async def members(self, program: str, after: str, limit: int) -> list[str]:
        """Return the ids of all members in order, whatever their status, behind an id."""
        span = within(program)
        if after:
            span = {"$gt": key(program, after), "$lt": span["$lt"]}
        with unit_of_work(_SECONDS):
            cursor = self._mongo["members"].find({"_id": span}, {"_id": 1}).sort("_id", 1)
            rows = await cursor.limit(limit).to_list(None)
        return [behind(row["_id"], program) for row in rows]

    async def sealed(self, program: str, limit: int) -> Sealed:
        """Return some of what lies under the storage key: the first and the last of each kind."""
        keys = await self._ends("member_keys", program, limit)
        codes = await self._ends("codes", program, limit)
        return Sealed(
            member_keys=[(row["_id"], bytes(row["k"])) for row in keys],
            codes=[(behind(row["_id"], program), bytes(row["e"])) for row in codes],
        )

    async def _ends(self, collection: str, program: str, limit: int) -> list[Document]:
        found: dict[str, Document] = {}
        with unit_of_work(_SECONDS):
            for direction in (1, -1):
                cursor = self._mongo[collection].find({"_id": within(program)})
                rows = await cursor.sort("_id", direction).limit(limit).to_list(None)
                found |= {row["_id"]: row for row in rows}
        return list(found.values())

    async def shared(self, program: str) -> dict[str, tuple[int, int]]:
        """Return what is shared, by kind and key: its size, and what is left or only reserved."""
        with unit_of_work(_SECONDS):
            rows = await self._mongo["shared"].find({"_id": within(program)}).to_list(None)
        return {behind(row["_id"], program): _size_and_rest(row) for row in rows}


def _size_and_rest(row: Document) -> tuple[int, int]:
    return row["c"], row["n"] + sum(each["a"] for each in row["r"])

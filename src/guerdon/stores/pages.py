"""Pages: entries of a member's shelves outside the head, one document each.

`{_id: program|lane|member|shelf|key, f: the same without the key, s: sort, v: value}`. Rule: a page
is written only by the transaction of its lane, with the head that counts it.
"""

import asyncio
from collections.abc import Mapping, Sequence

from guerdon.core.standing import FRONT, PageRef, PageWrite, Plain
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, lane_key, within
from guerdon.stores.prints import Whole, printed

PageRow = tuple[str, str, str, Plain]


class PageStore:
    """See `engine.world.Pages`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def load(
        self, program: str, asked: Mapping[tuple[int, str], Sequence[PageRef]], *, extra: int = 0
    ) -> dict[str, list[PageRow]]:
        """Return (shelf, key, sort, value) by member; `front` refs bring `extra` more.

        Single entries and whole shelves of all members are read together; each front is a read
        of its own, because it ends after so many.
        """
        single: dict[str, tuple[str, str]] = {}
        whole: dict[str, tuple[str, str]] = {}
        fronts: dict[str, tuple[str, str]] = {}
        begins: list[tuple[str, str]] = []
        for (lane, member), refs in asked.items():
            for ref in refs:
                folder = lane_key(program, lane, member, ref.shelf)
                if ref.scope == "one":
                    single[f"{folder}|{ref.key}"] = (member, ref.shelf)
                elif ref.scope == "all":
                    whole[folder] = (member, ref.shelf)
                else:
                    fronts[folder] = (member, ref.shelf)
                    begins.append((folder, ref.key))
        found: dict[str, list[PageRow]] = {member: [] for _, member in asked}
        with unit_of_work():
            rows = await asyncio.gather(
                self._read({"_id": {"$in": list(single)}}, bool(single)),
                self._read({"$or": [_all_of(folder) for folder in whole]}, bool(whole)),
                *(self._front(*begin, FRONT + extra) for begin in begins),
            )
        for document in (document for part in rows for document in part):
            member, shelf = (
                single.get(document["_id"]) or whole.get(document["f"]) or fronts[document["f"]]
            )
            name = behind(document["_id"], document["f"])
            found[member].append((shelf, name, document["s"], document["v"]))
        return found

    async def _read(self, query: Document, wanted: bool) -> list[Document]:  # noqa: FBT001
        if not wanted:
            return []
        rows: list[Document] = await self._mongo["pages"].find(query).to_list(None)
        return rows

    async def _front(self, folder: str, after: str, limit: int) -> list[Document]:
        query = _all_of(folder)
        if after:
            query["s"] = {"$gt": after}
        cursor = self._mongo["pages"].find(query).sort("s", 1).limit(limit)
        rows: list[Document] = await cursor.to_list(None)
        return rows


def _all_of(folder: str) -> Document:
    """Return the condition of a shelf's pages: by the index that has their order, on one shard."""
    return {"f": folder, "_id": within(folder)}


def page_document(program: str, lane: int, member: str, write: PageWrite) -> Whole:
    """Return a page as it is stored."""
    folder = lane_key(program, lane, member, write.shelf)
    name = f"{folder}|{write.key}"
    return printed({"_id": name, "f": folder, "s": write.sort, "v": write.value})


def page_name(program: str, lane: int, member: str, write: PageWrite) -> str:
    """Return the id of a page."""
    return lane_key(program, lane, member, write.shelf, write.key)

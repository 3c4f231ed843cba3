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

_AT_ONCE = 5_000


class PageStore:
    """See `engine.world.Pages`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def load(
        self, program: str, asked: Mapping[tuple[int, str], Sequence[PageRef]], *, extra: int = 0
    ) -> dict[str, list[PageRow]]:
        """Return (shelf, key, sort, value) by member; `front` refs bring `extra` more.

        Single entries and whole shelves of all members are read together; each front is a read
        of its own, because it ends after so many. How many a whole shelf has is not known: each
        `_AT_ONCE` of them are a read with its own deadline.
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
        rows = await asyncio.gather(
            self._single(list(single)),
            self._whole(list(whole)),
            *(self._front(*begin, FRONT + extra) for begin in begins),
        )
        for document in (document for part in rows for document in part):
            member, shelf = (
                single.get(document["_id"]) or whole.get(document["f"]) or fronts[document["f"]]
            )
            name = behind(document["_id"], document["f"])
            found[member].append((shelf, name, document["s"], document["v"]))
        return found

    async def _single(self, ids: Sequence[str]) -> list[Document]:
        if not ids:
            return []
        with unit_of_work():
            rows: list[Document] = (
                await self._mongo["pages"].find({"_id": {"$in": ids}}).to_list(None)
            )
        return rows

    async def _whole(self, folders: Sequence[str]) -> list[Document]:
        """Return all entries of these shelves, each shelf's in its order."""
        rows: list[Document] = []
        asked = [_all_of(folder) for folder in folders]
        while asked:
            cursor = self._mongo["pages"].find({"$or": asked}, batch_size=_AT_ONCE)
            cursor = cursor.sort("_id", 1).limit(_AT_ONCE)
            with unit_of_work():
                part: list[Document] = await cursor.to_list(None)
            rows += part
            if len(part) < _AT_ONCE:
                break
            asked = [rest for each in asked if (rest := _rest(each, part[-1]["_id"]))]
        rows.sort(key=lambda each: (each["f"], each["s"]))
        return rows

    async def _front(self, folder: str, after: str, limit: int) -> list[Document]:
        query = _all_of(folder)
        if after:
            query["s"] = {"$gt": after}
        cursor = self._mongo["pages"].find(query).sort("s", 1).limit(limit)
        with unit_of_work():
            rows: list[Document] = await cursor.to_list(None)
        return rows


def _all_of(folder: str) -> Document:
    """Return the condition of a shelf's pages, on one shard: by their order, or by their ids."""
    return {"f": folder, "_id": within(folder)}


def _rest(condition: Document, after: str) -> Document | None:
    """Return what of such a condition lies behind an id; None where nothing does."""
    ids = condition["_id"]
    if after >= ids["$lt"]:
        return None
    is_begun = "$gt" in ids or after >= ids["$gte"]
    return {**condition, "_id": {"$gt": after, "$lt": ids["$lt"]}} if is_begun else condition


def page_document(program: str, lane: int, member: str, write: PageWrite) -> Whole:
    """Return a page as it is stored."""
    folder = lane_key(program, lane, member, write.shelf)
    name = f"{folder}|{write.key}"
    return printed({"_id": name, "f": folder, "s": write.sort, "v": write.value})


def page_name(program: str, lane: int, member: str, write: PageWrite) -> str:
    """Return the id of a page."""
    return lane_key(program, lane, member, write.shelf, write.key)

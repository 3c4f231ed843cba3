"""Vouchers by their codes: `{_id: program|code, m: member, v: name}`.

Rule: a row is written by the transaction that issues the voucher, and never changed: a code leads
to one voucher for good, whoever holds it by now and whatever became of it.
"""

from collections.abc import Collection, Sequence

from guerdon.engine.records import VoucherRow
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key
from guerdon.stores.prints import PRINT, printed


class VoucherStore:
    """See `engine.ports.Vouchers`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def find(self, program: str, codes: Collection[str]) -> dict[str, tuple[str, str]]:
        """Return the member and the name under which each code's voucher was issued."""
        ids = [key(program, code) for code in codes]
        with unit_of_work():
            rows = await self._mongo["vouchers"].find({"_id": {"$in": ids}}).to_list(None)
        return {behind(row["_id"], program): (row["m"], row["v"]) for row in rows}


def voucher_updates(program: str, rows: Sequence[VoucherRow]) -> list[Document]:
    """Return the updates that write these rows; the same row again changes nothing.

    A code that is another voucher's already makes them fail, and with them the whole batch.
    """
    return [_update(program, row) for row in rows]


def _update(program: str, row: VoucherRow) -> Document:
    name = key(program, row.code)
    said = {"m": row.member, "v": row.name}
    mark = printed({"_id": name, **said})[PRINT]
    return {
        "q": {"_id": name, **said},
        "u": {"$setOnInsert": {**said, PRINT: mark}},
        "upsert": True,
    }

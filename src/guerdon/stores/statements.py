"""Statements as they were issued: `{_id: program|partner|from, p, t: to, ...figures as text}`.

Rule: inserted once and never changed; what is said of one afterwards (a dispute) lies beside it in
`d`, which is the only field that is ever written again.
"""

from collections.abc import Mapping

from pymongo.errors import DuplicateKeyError

from guerdon.core.activity import Instant
from guerdon.engine.records import Dispute, Issued
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, within

_DIGITS = 15


class StatementStore:
    """See `engine.reward_ports.Statements`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def add(self, program: str, statement: Issued) -> bool:
        """Store a statement; False where one of its partner and month is there already."""
        document = {
            "_id": _name(program, statement.partner, statement.begin),
            "p": program,
            "t": statement.end,
            "issued": statement.issued,
            "redeemed": statement.redeemed,
            "prepaid": statement.prepaid,
            "balance": statement.balance,
            "until": statement.until,
            "lines": statement.lines,
            "hash": statement.digest,
            "at": statement.issued_at,
        }
        with unit_of_work():
            try:
                await self._mongo["statements"].insert_one(document)
            except DuplicateKeyError:
                return False
        return True

    async def last(self, program: str) -> dict[str, Issued]:
        """Return the newest statement of each partner."""
        stages = [
            {"$match": {"_id": within(program)}},
            {"$sort": {"_id": 1}},
            {"$group": {"_id": {"$arrayElemAt": [{"$split": ["$_id", "|"]}, 1]},
                        "last": {"$last": "$$ROOT"}}},
        ]  # fmt: skip
        with unit_of_work():
            rows = await self._mongo["statements"].aggregate(stages).to_list(None)
        return {row["_id"]: _issued(row["last"], program) for row in rows}

    async def page(
        self,
        program: str,
        partner: str | None,
        *,
        limit: int,
        after: tuple[str, int] | None = None,
        before: tuple[str, int] | None = None,
    ) -> list[Issued]:
        """Return statements by partner and month, behind `after`; backwards before `before`."""
        span: Document = dict(within(program if partner is None else key(program, partner)))
        if before is not None:
            span["$lt"] = min(span["$lt"], _name(program, *before))
        elif after is not None:
            span = {"$gt": max(span["$gte"], _name(program, *after)), "$lt": span["$lt"]}
        order = 1 if before is None else -1
        with unit_of_work():
            cursor = self._mongo["statements"].find({"_id": span}).sort("_id", order).limit(limit)
            return [_issued(row, program) for row in await cursor.to_list(None)]

    async def find(self, program: str, partner: str, begin: int) -> Issued | None:
        """Return one statement."""
        with unit_of_work():
            row = await self._mongo["statements"].find_one({"_id": _name(program, partner, begin)})
        return None if row is None else _issued(row, program)

    async def dispute(
        self, program: str, partner: str, begin: int, dispute: Dispute
    ) -> Issued | None:
        """Note what a partner disputes; the first word stays. None where there is no statement."""
        name = _name(program, partner, begin)
        said = {"lines": list(dispute.lines), "reason": dispute.reason, "at": dispute.at}
        with unit_of_work():
            await self._mongo["statements"].update_one(
                {"_id": name, "d": {"$exists": False}}, {"$set": {"d": said}}
            )
        return await self.find(program, partner, begin)


def _name(program: str, partner: str, begin: int) -> str:
    return key(program, partner, f"{begin:0{_DIGITS}d}")


def _issued(row: Mapping[str, object], program: str) -> Issued:
    found: Document = dict(row)
    partner, _, begin = behind(found["_id"], program).rpartition("|")
    said = found.get("d")
    return Issued(
        partner=partner,
        begin=Instant(int(begin)),
        end=Instant(found["t"]),
        issued=found["issued"],
        redeemed=found["redeemed"],
        balance=found["balance"],
        until=found["until"],
        lines=found["lines"],
        digest=found["hash"],
        issued_at=Instant(found["at"]),
        prepaid=found.get("prepaid", "0"),
        dispute=None if said is None else Dispute(tuple(said["lines"]), said["reason"], said["at"]),
    )

"""Code pools: codes that were brought or made beforehand, each taken once.

`{_id: program|fingerprint, p: program|pool, s: state, r: chance, e: sealed, h: holder, u: until}`.
Rule: a code is free, held (reserved), taken or void, and moves by one guarded update; it is taken
from a random start, so that lanes do not stand in each other's way. A code that was shown to
somebody is never given to another: what is given back of a confirmed claim is void, unless it was
shown to nobody. A code is known by its fingerprint over all pools; one that another partner's pool
has too stands behind it with the partner's name (`fingerprint~partner`).
"""

import random
from collections.abc import Collection, Sequence

from pymongo import ReturnDocument
from pymongo.errors import BulkWriteError

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.engine.records import PoolCount, Reserved, SealedCode
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import behind, key, within

KIND = "code"
UNSEEN = "unseen_code"
_GIVEN = ["taken", "void"]
"""The states of codes that somebody has, or had until it was cancelled."""
_DUPLICATE = 11000


class CodeStore:
    """See `engine.reward_ports.Codes` and `Shared`, for claims of codes."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def add(self, program: str, pool: str, codes: Sequence[SealedCode]) -> list[int]:
        """Store codes; return the positions of those that were in some pool already."""
        documents = [
            {
                "_id": key(program, code.fingerprint),
                "p": key(program, pool),
                "s": "free",
                "r": random.random(),  # noqa: S311  # spreads takers, hides nothing
                "e": code.sealed,
            }
            for code in codes
        ]
        with unit_of_work():
            try:
                await self._mongo["codes"].insert_many(documents, ordered=False)
            except BulkWriteError as error:
                failed = error.details.get("writeErrors", [])
                if any(each["code"] != _DUPLICATE for each in failed):
                    raise
                return sorted(each["index"] for each in failed)
        return []

    async def counts(self, program: str) -> list[PoolCount]:
        """Return how many codes each pool has in each state, by pool."""
        stages = [
            {"$match": {"p": within(program)}},
            {"$group": {"_id": {"p": "$p", "s": "$s"}, "n": {"$sum": 1}}},
        ]
        with unit_of_work():
            rows = await self._mongo["codes"].aggregate(stages).to_list(None)
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            found.setdefault(behind(row["_id"]["p"], program), {})[row["_id"]["s"]] = row["n"]
        return [PoolCount(pool=pool, **states) for pool, states in sorted(found.items())]

    async def left(self, program: str, pool: str, *, limit: int | None = None) -> int:
        """Return how many codes of a pool are free, counted no further than a limit."""
        free = {"p": key(program, pool), "s": "free"}
        bound = {} if limit is None else {"limit": limit}
        with unit_of_work():
            return int(await self._mongo["codes"].count_documents(free, **bound))

    async def held_by(self, program: str, pool: str, holder: str) -> list[SealedCode]:
        """Return the codes that an activity took, in their fixed order.

        What is only reserved is nobody's yet: a worker that lost its lane may have reserved more
        for the same activity than it takes in the end.
        """
        kept = {"p": key(program, pool), "h": holder, "s": {"$in": _GIVEN}}
        with unit_of_work():
            cursor = self._mongo["codes"].find(kept)
            rows = await cursor.sort("_id", 1).to_list(None)
        return [SealedCode(behind(row["_id"], program), bytes(row["e"])) for row in rows]

    async def pools_of(self, program: str, fingerprints: Sequence[str]) -> dict[str, str]:
        """Return the pool of each of these codes that there is."""
        names = [key(program, each) for each in fingerprints]
        with unit_of_work():
            found = self._mongo["codes"].find({"_id": {"$in": names}}, {"p": 1})
            rows = await found.to_list(None)
        return {behind(row["_id"], program): behind(row["p"], program) for row in rows}

    async def holders_of(
        self, program: str, fingerprints: Sequence[str]
    ) -> dict[str, tuple[str, str]]:
        """Return pool and taker of each of these codes that was taken, void ones included."""
        names = [key(program, each) for each in fingerprints]
        given = {"_id": {"$in": names}, "s": {"$in": _GIVEN}}
        with unit_of_work():
            rows = await self._mongo["codes"].find(given).sort("_id", 1).to_list(None)
        return {behind(row["_id"], program): (behind(row["p"], program), row["h"]) for row in rows}

    # ------------------------------------------------------------ as a claim

    async def reserve(self, program: str, wanted: Reserved, until: Instant) -> int:
        """Reserve as many codes as are to be had; asked again, the same answer."""
        pool = key(program, wanted.claim.key)
        own = {"p": pool, "h": wanted.holder}
        with unit_of_work():
            got = int(await self._mongo["codes"].count_documents(own))
            while got < wanted.claim.amount and await self._take(pool, wanted.holder, until):
                got += 1
        return min(got, wanted.claim.amount)

    async def _take(self, pool: str, holder: str, until: Instant) -> bool:
        start = random.random()  # noqa: S311  # as above
        for bound in ({"$gte": start}, {"$lt": start}):
            row = await self._mongo["codes"].find_one_and_update(
                {"p": pool, "s": "free", "r": bound},
                {"$set": {"s": "held", "h": holder, "u": until}},
                projection={"_id": 1},
                sort=[("r", 1)],
                return_document=ReturnDocument.AFTER,
            )
            if row is not None:
                return True
        return False

    async def peek(self, program: str, claim: Claim) -> int:
        """Return how many codes are free, counted no further than asked for."""
        with unit_of_work():
            free = {"p": key(program, claim.key), "s": "free"}
            return int(await self._mongo["codes"].count_documents(free, limit=claim.amount))

    async def release(self, program: str, reserved: Collection[Reserved]) -> None:
        """Give codes back that were reserved and not confirmed; nobody has seen them."""
        with unit_of_work():
            for claim, holder in reserved:
                await self._mongo["codes"].update_many(
                    {"p": key(program, claim.key), "h": holder, "s": "held"},
                    {"$set": {"s": "free"}, "$unset": {"h": "", "u": ""}},
                )

    async def stale(self, program: str, now: Instant, limit: int) -> list[Reserved]:
        """Return reservations whose time has passed."""
        query = {"p": within(program), "s": "held", "u": {"$lte": now}}
        with unit_of_work():
            rows = await self._mongo["codes"].find(query).limit(limit).to_list(None)
        held = {(behind(row["p"], program), row["h"]): None for row in rows}
        return [Reserved(Claim(KIND, pool, 1), holder) for pool, holder in held]


def confirm_codes(program: str, reserved: Reserved) -> list[Document]:
    """Return the updates that keep reserved codes, one for each: none may be missing."""
    claim, holder = reserved
    one = {
        "q": {"p": key(program, claim.key), "h": holder, "s": "held"},
        "u": {"$set": {"s": "taken"}, "$unset": {"u": ""}},
    }
    return [one] * claim.amount


def free_codes(program: str, claim: Claim) -> Document:
    """Return the update that makes codes free that were taken and that nobody has seen."""
    pool, _, holder = claim.key.partition("|")
    return {
        "q": {"p": key(program, pool), "h": holder, "s": "taken"},
        "u": {"$set": {"s": "free"}, "$unset": {"h": ""}},
        "multi": True,
    }


def void_codes(program: str, claim: Claim) -> Document:
    """Return the update that makes codes void that an earlier activity had taken."""
    pool, _, holder = claim.key.partition("|")
    return {
        "q": {"p": key(program, pool), "h": holder, "s": "taken"},
        "u": {"$set": {"s": "void"}},
        "multi": True,
    }

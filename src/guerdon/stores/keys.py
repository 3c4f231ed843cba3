"""API keys: `{_id: program|id, h: digest, ...}`; the secret itself is nowhere.

What a digest is made of, and what a key looks like, is `engine.keys`' matter.
"""

from dataclasses import replace
from typing import Any

from pymongo import ReturnDocument

from guerdon.core.activity import Instant
from guerdon.engine.outcomes import Key
from guerdon.stores.client import Mongo, unit_of_work
from guerdon.stores.keyed import behind, key
from guerdon.stores.prints import Whole, printed


class KeyStore:
    """See `engine.world.Keys`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def add(self, program: str, entry: Key, digest: bytes) -> None:
        """Store a key; one under the same id is replaced, which only making it again does."""
        document = _document(program, entry, digest)
        with unit_of_work():
            await self._mongo["keys"].replace_one({"_id": document["_id"]}, document, upsert=True)

    async def find(self, program: str, key_id: str) -> tuple[Key, bytes] | None:
        """Return a key and its digest."""
        with unit_of_work():
            row = await self._mongo["keys"].find_one({"_id": key(program, key_id)})
        return None if row is None else (_key(row, program), bytes(row["h"]))

    async def list(self, program: str) -> list[Key]:
        """Return a program's keys, newest first."""
        with unit_of_work():
            cursor = self._mongo["keys"].find({"p": program}).sort("c", -1)
            return [_key(row, program) for row in await cursor.to_list(None)]

    async def revoke(self, program: str, key_id: str, at: Instant) -> Key | None:
        """Revoke a key for good and return it; the first time counts."""
        found = await self.find(program, key_id)
        if found is None:
            return None
        entry, digest = found
        revoked = _document(program, replace(entry, revoked_at=at), digest)
        with unit_of_work():
            changed = await self._mongo["keys"].find_one_and_update(
                {"_id": revoked["_id"], "x": None},
                {"$set": revoked},
                return_document=ReturnDocument.AFTER,
            )
            row = changed or await self._mongo["keys"].find_one({"_id": revoked["_id"]})
        return None if row is None else _key(row, program)

    async def expire(self, program: str, key_id: str, at: Instant) -> Key | None:
        """Have a key expire at an instant, if it does not earlier, and return it."""
        with unit_of_work():
            row = await self._mongo["keys"].find_one_and_update(
                {"_id": key(program, key_id)},
                [{"$set": {"e": {"$min": ["$e", at]}}}],
                return_document=ReturnDocument.AFTER,
            )
        return None if row is None else _key(row, program)


def _document(program: str, entry: Key, digest: bytes) -> Whole:
    return printed(
        {
            "_id": key(program, entry.id),
            "p": program,
            "h": digest,
            "n": entry.name,
            "role": entry.role,
            "scopes": sorted(entry.scopes),
            "partner": entry.partner,
            "last4": entry.last4,
            "c": entry.created_at,
            "e": entry.expires_at,
            "x": entry.revoked_at,
        }
    )


def _key(row: dict[str, Any], program: str) -> Key:
    return Key(
        id=behind(row["_id"], program),
        name=row["n"],
        role=row["role"],
        scopes=frozenset(row["scopes"]),
        partner=row["partner"],
        last4=row["last4"],
        created_at=Instant(row["c"]),
        expires_at=row["e"],
        revoked_at=row["x"],
    )

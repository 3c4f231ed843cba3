"""What belongs to the installation and to no program: the secrets that nobody had to set.

Rule: the first process that asks writes them, all others read them, so that processes agree
without being told. Where secrets are set in the environment nothing is written here.
"""

import hashlib
import secrets

from pymongo import ReturnDocument

from guerdon.stores.client import Mongo, unit_of_work

_BYTES = 32


class Installation:
    """See `engine.world.Secrets`."""

    def __init__(
        self,
        mongo: Mongo,
        *,
        token_secret: str | None,
        key_pepper: str | None,
        storage_key: str | None,
    ) -> None:
        self._mongo = mongo
        self._known = {
            "token_secret": token_secret,
            "key_pepper": key_pepper,
            "storage_key": storage_key,
        }

    async def token_secret(self) -> bytes:
        """Return what signs member tokens."""
        return await self._secret("token_secret")

    async def key_pepper(self) -> bytes:
        """Return what API keys are hashed with."""
        return await self._secret("key_pepper")

    async def storage_key(self) -> bytes:
        """Return the 32 bytes under which keys and codes are sealed at rest."""
        return hashlib.sha256(b"guerdon storage key|" + await self._secret("storage_key")).digest()

    async def has_storage_key(self) -> bool:
        """Tell whether there is one: asking for it would make one."""
        if self._known["storage_key"] is not None:
            return True
        with unit_of_work():
            return await self._mongo["installation"].find_one({"_id": "storage_key"}) is not None

    async def _secret(self, name: str) -> bytes:
        known = self._known[name]
        if known is None:
            with unit_of_work():
                row = await self._mongo["installation"].find_one_and_update(
                    {"_id": name},
                    {"$setOnInsert": {"value": secrets.token_urlsafe(_BYTES)}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            known = self._known[name] = str(row["value"])
        return known.encode()

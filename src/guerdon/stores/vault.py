"""What the journal keeps of a person, sealed under that member's own key.

Rule: what is append-only is sealed, what can be deleted is deleted. A journal entry holds ids and
figures in the open, and as one sealed text what a reporter said (fields, lines, reference) and what
was seen of it (record, explanations); to erase a member is to delete the key, so that the entry,
and whatever was derived from its bytes, stays as it is. A key is made with a member's first entry
in a lane, in the transaction that writes it. It lies in `member_keys`, wrapped under the
installation's storage key: `{_id: program|lane|member, m: program|member, k}`.
"""

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guerdon.core.standing import Plain
from guerdon.stores.client import Document, Mongo, unit_of_work
from guerdon.stores.keyed import key, lane_key
from guerdon.stores.prints import Whole, printed

_KEY_BITS = 256
_NONCE_BYTES = 12
_KEPT_MAX = 20_000
COLLECTION = "member_keys"


class KeyUnreadable(Exception):
    """A member's key does not open under this installation's storage key: another was set."""


class Vault:
    """The keys of members, by name (`program|lane|member`).

    Keys that were used for writing stay in memory, because only the lane's holder writes, and
    nothing is written of a member who was erased; for reading they are asked for each time.
    """

    def __init__(self, mongo: Mongo, storage_key: Callable[[], Awaitable[bytes]]) -> None:
        self._mongo = mongo
        self._storage_key = storage_key
        self._wrapping: AESGCM | None = None
        self._kept: OrderedDict[str, AESGCM] = OrderedDict()

    async def for_reading(self, names: Collection[str]) -> dict[str, AESGCM]:
        """Return the keys that are there still.

        Raises:
            KeyUnreadable: The storage key is not the one under which they were wrapped.
        """
        if not names:
            return {}
        with unit_of_work():
            rows = await self._mongo[COLLECTION].find({"_id": {"$in": list(names)}}).to_list(None)
        if not rows:
            return {}
        wrapping = await self._wrapper()
        return {row["_id"]: _unwrap(wrapping, row) for row in rows}

    async def for_writing(
        self, program: str, lane: int, members: Collection[str]
    ) -> tuple[dict[str, AESGCM], list[Whole]]:
        """Return the members' keys, by member, and new ones to be stored with what they seal.

        Raises:
            KeyUnreadable: As in reading.
        """
        names = {member: lane_key(program, lane, member) for member in members}
        missing = [name for name in names.values() if name not in self._kept]
        if missing:
            self._kept |= await self.for_reading(missing)
        found: dict[str, AESGCM] = {}
        fresh: list[Whole] = []
        for member, name in names.items():
            if name in self._kept:
                self._kept.move_to_end(name)
            else:
                secret = AESGCM.generate_key(_KEY_BITS)
                wrapped = _seal(await self._wrapper(), secret, name, *nonces(1))
                fresh.append(printed({"_id": name, "m": key(program, member), "k": wrapped}))
                self._kept[name] = AESGCM(secret)
            found[member] = self._kept[name]
        while len(self._kept) > max(_KEPT_MAX, len(names)):
            self._kept.popitem(last=False)
        return found, fresh

    def forget(self, names: Collection[str]) -> None:
        """Let go of keys that are not stored: their transaction failed, or they were erased."""
        for name in names:
            self._kept.pop(name, None)

    async def _wrapper(self) -> AESGCM:
        if self._wrapping is None:
            self._wrapping = AESGCM(await self._storage_key())
        return self._wrapping


def nonces(count: int) -> list[bytes]:
    """Return as many values that never occur twice; asking the system once for all is cheaper."""
    drawn = secrets.token_bytes(count * _NONCE_BYTES)
    return [drawn[begin : begin + _NONCE_BYTES] for begin in range(0, len(drawn), _NONCE_BYTES)]


def seal(own: AESGCM, content: Plain, name: str, nonce: bytes) -> bytes:
    """Return content sealed; it opens only under the same name."""
    return _seal(own, orjson.dumps(content), name, nonce)


def unseal(own: AESGCM, sealed: bytes, name: str) -> Plain:
    """Return what was sealed under this name."""
    return orjson.loads(own.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode()))


def _seal(own: AESGCM, content: bytes, name: str, nonce: bytes) -> bytes:
    return nonce + own.encrypt(nonce, content, name.encode())


def _unwrap(wrapping: AESGCM, row: Document) -> AESGCM:
    name, wrapped = row["_id"], bytes(row["k"])
    try:
        own = wrapping.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], name.encode())
    except InvalidTag:
        raise KeyUnreadable(
            "A member's key does not open: GUERDON_STORAGE_KEY is not the one it was made under."
        ) from None
    return AESGCM(own)

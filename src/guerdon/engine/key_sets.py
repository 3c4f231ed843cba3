"""The public keys of token issuers, kept in memory.

Rule: nobody outside decides how often an issuer is asked. Keys are read again after five minutes,
in the background, and for an id that nobody knows, but never twice within half a minute, whoever
asks for what; they stay good for a day while the issuer is away. Only the first token of an issuer,
and one under an unknown key, wait for it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from guerdon.engine.refusals import IssuerDown

log = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
STALE_SECONDS = 86_400.0
PAUSE_SECONDS = 30.0
KEYS_MAX = 100

Jwk = dict[str, Any]
Fetch = Callable[[str], Awaitable[list[Jwk]]]

_KINDS = frozenset({"RSA", "EC", "OKP"})
_NEVER = float("-inf")


class _KeySet:
    """What is known of one address."""

    __slots__ = ("keys", "read_at", "reading", "tried_at")

    def __init__(self) -> None:
        self.keys: dict[str, Jwk] = {}
        self.read_at = _NEVER
        self.tried_at = _NEVER
        self.reading: asyncio.Task[None] | None = None


class KeySets:
    """The key sets of one process."""

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._known: dict[str, _KeySet] = {}

    async def key(self, url: str, kid: str) -> Jwk | None:
        """Return the public key of that id, None where the issuer has none.

        Raises:
            IssuerDown: Its keys are not known, or for too long, and cannot be had at present.
        """
        found = self._known.setdefault(url, _KeySet())
        age = self._clock() - found.read_at
        if age > STALE_SECONDS:
            await self._read(url, found)
            if self._clock() - found.read_at > STALE_SECONDS:
                raise IssuerDown("does not answer")
        elif age > FRESH_SECONDS:
            self._begin(url, found)
        if kid not in found.keys:
            await self._read(url, found)
        return found.keys.get(kid)

    async def close(self) -> None:
        """Stop reading."""
        tasks = [found.reading for found in self._known.values() if found.reading is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, url: str, found: _KeySet) -> None:
        """Read the keys, or wait for who reads them; at once where they were just read."""
        self._begin(url, found)
        if found.reading is not None:
            await asyncio.shield(found.reading)

    def _begin(self, url: str, found: _KeySet) -> None:
        now = self._clock()
        if found.reading is None and now - found.tried_at >= PAUSE_SECONDS:
            found.tried_at = now
            found.reading = asyncio.create_task(self._refresh(url, found))

    async def _refresh(self, url: str, found: _KeySet) -> None:
        try:
            found.keys = _usable(await self._fetch(url))
            found.read_at = self._clock()
        except IssuerDown as error:
            log.warning("the keys of a token issuer cannot be read: %s", error)
        finally:
            found.reading = None


def _usable(keys: Iterable[Jwk]) -> dict[str, Jwk]:
    """Return the keys that may verify a signature, by id; symmetric and private ones may not."""
    good = [
        key
        for key in keys
        if key.get("kty") in _KINDS
        and isinstance(key.get("kid"), str)
        and key.get("use", "sig") == "sig"
        and "d" not in key
    ]
    return {key["kid"]: key for key in good[:KEYS_MAX]}

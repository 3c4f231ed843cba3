"""Everything that stays open: sockets and streams, by credential, until they end or must end.

The rule: an open connection never outlives its credential. It ends when the token expires, when
`still_valid` says no, and when the process stops; and no credential holds more than its share.

What a transport does to end (a close code, a last event) is its own matter: it hands in a callable.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from guerdon.api.transport.errors import Refused
from guerdon.api.transport.hooks import Credential, TransportHooks
from guerdon.api.transport.options import TransportOptions

log = logging.getLogger("guerdon.api")

FORBIDDEN = 4403
TOO_MANY = 4429
RESTART = 1012

End = Callable[[int, str], None]


@dataclass(eq=False, slots=True)
class Lease:
    """The place of one open connection; `release` gives it back."""

    credential: Credential
    end: End
    expiry: asyncio.TimerHandle | None = None


class Connections:
    """The open connections of one process."""

    def __init__(
        self,
        options: TransportOptions,
        hooks: TransportHooks[Any],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._recheck_seconds = options.recheck_seconds
        self._still_valid = hooks.still_valid
        self._count = hooks.count
        self._clock = clock
        self._leases: set[Lease] = set()
        self._held: Counter[str] = Counter()
        self._sweep: asyncio.Task[None] | None = None
        self._stopping = False

    def __len__(self) -> int:
        return len(self._leases)

    def admit(self, credential: Credential, end: End) -> Lease:
        """Give an open connection its place; `end` is called once if it must end.

        Raises:
            Refused: The credential holds as many as it may, is over, or the process stops.
        """
        if self._stopping:
            raise Refused("The server is stopping.", code="UNAVAILABLE", status=503)
        if self._held[credential.key] >= credential.sockets_max:
            raise Refused(
                f"This credential has {credential.sockets_max} sockets and streams open, as many"
                " as it may: close one.",
                code="TOO_MANY_CONNECTIONS",
                status=429,
            )
        lease = Lease(credential, end)
        self._expire(lease)
        self._leases.add(lease)
        self._count("connection", 1)
        self._held[credential.key] += 1
        if self._sweep is None or self._sweep.done():
            self._sweep = asyncio.create_task(self._recheck())
        return lease

    def release(self, lease: Lease) -> None:
        """Give a place back; to do so twice is harmless."""
        if lease not in self._leases:
            return
        self._leases.discard(lease)
        self._count("connection", -1)
        self._held[lease.credential.key] -= 1
        if not self._held[lease.credential.key]:
            del self._held[lease.credential.key]
        if lease.expiry is not None:
            lease.expiry.cancel()
        if not self._leases and self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def stop(self) -> None:
        """Ask every open connection to end, and admit none any more."""
        self._stopping = True
        for lease in list(self._leases):
            lease.end(RESTART, "The server is stopping: connect again.")

    def _expire(self, lease: Lease) -> None:
        expires_at = lease.credential.expires_at
        if expires_at is None:
            return
        left = expires_at - self._clock()
        if left <= 0:
            raise Refused("The token has expired.", code="UNAUTHENTICATED", status=401)
        lease.expiry = asyncio.get_running_loop().call_later(
            left, lease.end, FORBIDDEN, "The token has expired."
        )

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(self._recheck_seconds)
            credentials = {_taken_back_as(it.credential): it.credential for it in self._leases}
            for credential in credentials.values():
                if not await self._is_valid(credential):
                    self._end_all(credential)

    async def _is_valid(self, credential: Credential) -> bool:
        """Ask the application; where it cannot say, the connection stays until the next time."""
        try:
            return await self._still_valid(credential)
        except Exception:
            log.exception("Whether a credential is still valid could not be found out.")
            return True

    def _end_all(self, credential: Credential) -> None:
        meant = _taken_back_as(credential)
        for lease in [it for it in self._leases if _taken_back_as(it.credential) == meant]:
            lease.end(FORBIDDEN, "The credential has been revoked.")


def _taken_back_as(credential: Credential) -> tuple[str, str]:
    """Return what credentials have in common that are good or taken back together."""
    return credential.key, credential.session

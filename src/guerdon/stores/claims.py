"""Claims by their kinds: codes lie in pools, everything else is a number (`shared`).

Rule: the same protocol for both, so that whoever decides need not know what a claim is of.
"""

from collections.abc import Collection

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.engine.records import Reserved
from guerdon.stores.codes import KIND, CodeStore
from guerdon.stores.shared import SharedStore


class ClaimStore:
    """See `engine.reward_ports.Shared`."""

    def __init__(self, shared: SharedStore, codes: CodeStore) -> None:
        self._shared = shared
        self._codes = codes

    def _of(self, claim: Claim) -> SharedStore | CodeStore:
        return self._codes if claim.kind == KIND else self._shared

    async def reserve(self, program: str, wanted: Reserved, until: Instant) -> int:
        """Reserve what is to be had and return how much; asked again, the same answer."""
        return await self._of(wanted.claim).reserve(program, wanted, until)

    async def peek(self, program: str, claim: Claim) -> int:
        """Return what is there."""
        return await self._of(claim).peek(program, claim)

    async def release(self, program: str, reserved: Collection[Reserved]) -> None:
        """Give reservations back that were not confirmed."""
        codes = [each for each in reserved if each.claim.kind == KIND]
        await self._shared.release(program, [each for each in reserved if each not in codes])
        await self._codes.release(program, codes)

    async def stale(self, program: str, now: Instant, limit: int) -> list[Reserved]:
        """Return reservations whose time has passed."""
        found = await self._shared.stale(program, now, limit)
        return found + await self._codes.stale(program, now, limit)

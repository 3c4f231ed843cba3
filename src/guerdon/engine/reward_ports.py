"""What the engine asks of the stores for rewards: what members share, and codes.

Rule: as in `ports`, the program comes first and from the credential alone.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.engine.records import PoolCount, Reserved, SealedCode


class Shared(Protocol):
    """Stock, budgets, limits and code pools: counters that all members share."""

    async def reserve(self, program: str, wanted: Reserved, until: Instant) -> int:
        """Reserve what is to be had and return how much; asked again, the same answer."""
        ...

    async def peek(self, program: str, claim: Claim) -> int:
        """Return what is there."""
        ...

    async def release(self, program: str, reserved: Collection[Reserved]) -> None:
        """Give reservations back that were not confirmed."""
        ...

    async def stale(self, program: str, now: Instant, limit: int) -> list[Reserved]:
        """Return reservations whose time has passed."""
        ...


class Codes(Protocol):
    """Pools of codes; reserving them is `Shared`'s."""

    async def add(self, program: str, pool: str, codes: Sequence[SealedCode]) -> list[int]:
        """Store codes; return the positions of those that were in some pool already."""
        ...

    async def counts(self, program: str) -> list[PoolCount]:
        """Return how many codes each pool has in each state, by pool."""
        ...

    async def left(self, program: str, pool: str, *, limit: int | None = None) -> int:
        """Return how many codes of a pool are free, counted no further than a limit."""
        ...

    async def held_by(self, program: str, pool: str, holder: str) -> list[SealedCode]:
        """Return the codes that an activity took, in their fixed order."""
        ...

    async def holder_of(self, program: str, fingerprint: str) -> tuple[str, str] | None:
        """Return the pool of a code and the activity that took it; None where nobody did."""
        ...


class Vouchers(Protocol):
    """Which voucher a code leads to; the rows are written by the one transaction."""

    async def find(self, program: str, codes: Collection[str]) -> dict[str, tuple[str, str]]:
        """Return the member and the name under which each code's voucher was issued."""
        ...

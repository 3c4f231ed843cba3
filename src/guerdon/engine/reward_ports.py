"""What the engine asks of the stores for rewards: what members share, and codes.

Rule: as in `ports`, the program comes first and from the credential alone.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from guerdon.core.activity import Instant
from guerdon.core.decision import Claim
from guerdon.engine.records import Dispute, Entry, Issued, Place, PoolCount, Reserved, SealedCode


class RewardJournal(Protocol):
    """Entries of the journal that concern redemptions and partners."""

    async def redemptions(
        self,
        program: str,
        members: Collection[str],
        *,
        limit: int,
        after: Place | None = None,
        before: Place | None = None,
    ) -> list[Entry]:
        """Return accepted redemptions newest first below `after`; oldest first above `before`."""
        ...

    async def concerning(
        self, program: str, partner: str, places: Mapping[int, int], limit: int
    ) -> list[Entry]:
        """Return entries about a partner's rewards behind a sequence of each lane.

        In order within each lane, at most `limit` of each.
        """
        ...

    async def settled(
        self,
        program: str,
        partner: str,
        begin: Instant,
        end: Instant,
        *,
        limit: int,
        after: Entry | None = None,
    ) -> list[Entry]:
        """Return what was decided from `begin` up to `end` in a partner's accounts, in order."""
        ...


class Statements(Protocol):
    """Statements as they were issued."""

    async def add(self, program: str, statement: Issued) -> bool:
        """Store a statement; False where one of its partner and month is there already."""
        ...

    async def last(self, program: str) -> dict[str, Issued]:
        """Return the newest statement of each partner."""
        ...

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
        ...

    async def find(self, program: str, partner: str, begin: int) -> Issued | None:
        """Return one statement."""
        ...

    async def dispute(
        self, program: str, partner: str, begin: int, dispute: Dispute
    ) -> Issued | None:
        """Note what a partner disputes; the first word stays. None where there is no statement."""
        ...


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

    async def pools_of(self, program: str, fingerprints: Sequence[str]) -> dict[str, str]:
        """Return the pool of each of these codes that there is."""
        ...

    async def holders_of(
        self, program: str, fingerprints: Sequence[str]
    ) -> dict[str, tuple[str, str]]:
        """Return pool and taker of each of these codes that was taken, void ones included."""
        ...


class Vouchers(Protocol):
    """Which voucher a code leads to; the rows are written by the one transaction."""

    async def find(self, program: str, codes: Collection[str]) -> dict[str, tuple[str, str]]:
        """Return the member and the name under which each code's voucher was issued."""
        ...

"""What the engine asks of the stores to prove that nothing was changed: seals and evidence."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from guerdon.engine.records import Person, Root, Seal


class Seals(Protocol):
    """The chain of hashes over the journal, append-only as the journal is."""

    async def prints(self, program: str, lane: int, seq: int, limit: int) -> list[bytes]:
        """Return the prints of a lane's entries after a sequence, in order, without a gap."""
        ...

    async def last(self, program: str, lane: int) -> Seal | None:
        """Return the end of a lane's chain."""
        ...

    async def since(self, program: str, lane: int, seq: int, limit: int) -> list[Seal]:
        """Return the seals that begin after a sequence, in order."""
        ...

    async def add(self, program: str, seal: Seal) -> bool:
        """Store a seal unless there is one of the same first entry; tell whether."""
        ...

    async def root(self, program: str) -> Root | None:
        """Return the newest root."""
        ...

    async def roots(self, program: str) -> list[Root]:
        """Return all roots, oldest first."""
        ...

    async def add_root(self, program: str, root: Root) -> bool:
        """Store a root unless there is one of that day; tell whether."""
        ...


class Sealed(NamedTuple):
    """What is sealed under the storage key: the name it opens under, and the bytes."""

    member_keys: list[tuple[str, bytes]]
    codes: list[tuple[str, bytes]]


class Evidence(Protocol):
    """What `verify` looks at beside what everybody reads: documents as they lie there."""

    @property
    def collections(self) -> Sequence[str]:
        """Which collections hold documents with prints."""
        ...

    async def spoilt(
        self, program: str, collection: str, after: str, limit: int
    ) -> tuple[list[str], str | None, int]:
        """Return the names of documents that do not fit their print, where to go on, and how many.

        Looked at are the next `limit` after a name; there are no more where the place is None.
        """
        ...

    async def people(self, program: str, members: Collection[str]) -> dict[str, Person]:
        """Return what the directory says of these members."""
        ...

    async def members(self, program: str, after: str, limit: int) -> list[str]:
        """Return the ids of all members in order, whatever their status, behind an id."""
        ...

    async def sealed(self, program: str, limit: int) -> Sealed:
        """Return some of what lies under the storage key: the first and the last of each kind."""
        ...

    async def shared(self, program: str) -> dict[str, tuple[int, int]]:
        """Return what is shared, by kind and key: its size, and what is left or only reserved."""
        ...

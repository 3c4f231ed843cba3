"""What the engine asks of the stores about credentials, as protocols.

Rule: secrets are handed over as digests; which program a credential leads to is found here alone,
so that these calls, unlike those of `ports`, may read over all programs.
"""

from typing import Protocol

from guerdon.core.activity import Instant
from guerdon.engine.outcomes import Key
from guerdon.engine.records import Issuer


class Keys(Protocol):
    """API keys: hashed secrets."""

    async def add(self, program: str, entry: Key, digest: bytes) -> None:
        """Store a key."""
        ...

    async def find(self, program: str, key_id: str) -> tuple[Key, bytes] | None:
        """Return a key and its digest."""
        ...

    async def list(self, program: str) -> list[Key]:
        """Return a program's keys, newest first."""
        ...

    async def revoke(self, program: str, key_id: str, at: Instant) -> Key | None:
        """Revoke a key for good and return it."""
        ...

    async def expire(self, program: str, key_id: str, at: Instant) -> Key | None:
        """Have a key expire at an instant, if it does not earlier, and return it."""
        ...


class Secrets(Protocol):
    """The installation's secrets."""

    async def token_secret(self) -> bytes:
        """Return what signs member tokens."""
        ...

    async def key_pepper(self) -> bytes:
        """Return what API keys are hashed with."""
        ...

    async def storage_key(self) -> bytes:
        """Return what codes and references for partners are sealed with."""
        ...

    async def has_storage_key(self) -> bool:
        """Tell whether there is one: asking for it would make one."""
        ...


class Issuers(Protocol):
    """Who else signs tokens; read over all programs, because a token leads to its program."""

    async def add(self, issuer: Issuer) -> None:
        """Store an issuer; the program's one of the same name is replaced."""
        ...

    async def remove(self, program: str, issuer: str) -> bool:
        """Forget an issuer; tell whether there was one."""
        ...

    async def list_all(self) -> list[Issuer]:
        """Return the issuers of all programs."""
        ...


class Revocations(Protocol):
    """Who was signed out, and when."""

    async def add(self, program: str, member: str, at: Instant, *, forget_before: Instant) -> None:
        """Note that a member's earlier tokens are no longer good; old notes may go.

        Those of accounts that were merged into this member are among them.
        """
        ...

    async def list_all(self) -> dict[tuple[str, str], Instant]:
        """Return when whose tokens were taken back, over all programs.

        What was noted of a member who has been merged since stands for the survivor, too.
        """
        ...

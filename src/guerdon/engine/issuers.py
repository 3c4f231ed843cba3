"""Who else signs tokens for members: the identity providers of programs.

Rule: a token's issuer and audience lead to exactly one program, and what leads to two leads to
none. Issuers are named by the operator, in the settings or by the command line, never by a request.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from urllib.parse import urlsplit

from guerdon.engine.credential_ports import Issuers
from guerdon.engine.outcomes import Problem
from guerdon.engine.records import Issuer, StoreDown
from guerdon.engine.refusals import InvalidInput

_NEVER = float("-inf")


class IssuerRegistry:
    """All issuers, as they were known at most `poll_seconds` ago; `named` are in the settings."""

    def __init__(
        self,
        store: Issuers,
        *,
        named: Sequence[Issuer] = (),
        poll_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._named = tuple(named)
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._known: tuple[Issuer, ...] = ()
        self._read_at = _NEVER
        self._reading = asyncio.Lock()

    async def find(self, issuer: str, audiences: Collection[str]) -> Issuer | None:
        """Return whose tokens these are, None where that is nobody or undecided."""
        await self._keep_up()
        found = [it for it in self._known if it.issuer == issuer and it.audience in audiences]
        return found[0] if len(found) == 1 else None

    async def add(self, issuer: Issuer) -> None:
        """Trust an issuer's tokens from now on; the program's one of the same name is replaced.

        Raises:
            InvalidInput: With every mistake.
        """
        wrong = tuple(_mistakes(issuer))
        if wrong:
            raise InvalidInput(wrong)
        await self._store.add(issuer)
        self._read_at = _NEVER

    async def remove(self, program: str, issuer: str) -> bool:
        """Trust an issuer no longer; tell whether it was trusted."""
        self._read_at = _NEVER
        return await self._store.remove(program, issuer)

    async def list_all(self) -> list[Issuer]:
        """Return the issuers of all programs as they are now."""
        return [*self._named, *await self._store.list_all()]

    async def _keep_up(self) -> None:
        if self._clock() - self._read_at <= self._poll_seconds:
            return
        async with self._reading:
            if self._clock() - self._read_at <= self._poll_seconds:
                return
            try:
                self._known = tuple(await self.list_all())
            except StoreDown:
                if self._read_at == _NEVER:
                    raise
            self._read_at = self._clock()


def _mistakes(issuer: Issuer) -> Iterator[Problem]:
    for name in ("issuer", "audience"):
        if not getattr(issuer, name).strip():
            message = f"`{name}` is empty; it is what the tokens say."
            yield Problem(code="INVALID_INPUT", message=message, path=(name,))
    url = urlsplit(issuer.key_set_url)
    is_here = url.hostname in {"localhost", "127.0.0.1", "::1"}
    if not url.hostname or url.scheme not in ({"http", "https"} if is_here else {"https"}):
        message = "The keys' address must begin with https://: whoever changes the keys is let in."
        yield Problem(code="INVALID_INPUT", message=message, path=("key_set_url",))

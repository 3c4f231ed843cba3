"""How often somebody may name what does not exist: codes, and members by an identity.

The rule: what is counted are failures, ten at once and one more every six seconds, for a credential
and for an address, over all processes. A try takes its unit before it looks and gets it back where
it found something, so that tries at the same time cannot fail more often than tries in a row, and
a busy till that scans good codes is never slowed down. Without Redis nothing can be counted: then
codes are refused, because one that is guessed is money, and identities are looked up all the same.

Reports tell whether somebody is known too, but they leave a trace, and a till reports cards that
are linked later. So unknown members in a partner's reports have an allowance of their own: a
thousand at once and sixty a minute.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from guerdon.api.transport.errors import RateLimited, Refused
from guerdon.engine.refusals import LiveDown, NotFound
from guerdon.engine.world import Caller, Rate, Rates

FAILURES_A_MINUTE = 10
AWAY_SECONDS = 1.0
"""When to come back while Redis is away; it is asked again once a second."""

UNKNOWN_AT_ONCE = 1_000
UNKNOWN_A_MINUTE = 60

_RATE = Rate(FAILURES_A_MINUTE / 60, FAILURES_A_MINUTE)
_REPORTS = Rate(UNKNOWN_A_MINUTE / 60, UNKNOWN_AT_ONCE)


class TooManyTries(RateLimited):
    """Too many codes or members were named that do not exist."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds, what="Too many codes or identities led nowhere")


class Attempt:
    """One try; `failed` is set by who tried, where it led nowhere."""

    def __init__(self) -> None:
        self.failed = False


class Report:
    """One call that reports; `unknown` is set to how many members it named whom nobody knows."""

    def __init__(self) -> None:
        self.unknown = 0


class _Allowance:
    """What this process does with one allowance: who asks for it, in turn, and who holds a unit."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.settled = asyncio.Event()
        self.held = 0
        self.tries = 0


class Guesses:
    """Counts the failures of all operations of a process."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._allowances: dict[str, _Allowance] = {}

    @asynccontextmanager
    async def attempt(
        self, caller: Caller, address: str | None, *, closed_without_redis: bool
    ) -> AsyncIterator[Attempt]:
        """Let a try pass; it has failed where it says so or leaves by `NotFound`.

        Raises:
            TooManyTries: Too many failed.
            Refused: They cannot be counted (`UNAVAILABLE`).
        """
        attempt = Attempt()
        async with AsyncExitStack() as units:
            try:
                for name in _names(caller, address):
                    await units.enter_async_context(self._unit(name, attempt))
            except LiveDown:
                if closed_without_redis:
                    raise _cannot_count() from None
            try:
                yield attempt
            except NotFound:
                attempt.failed = True
                raise

    @asynccontextmanager
    async def report(self, caller: Caller, address: str | None) -> AsyncIterator[Report]:
        """Let a call report, unless earlier ones have named too many whom nobody knows.

        Calls at the same time may overdraw by what each of them names: that is bounded by what they
        cost.

        Raises:
            TooManyTries: The allowance is used up.
        """
        report, held = Report(), []
        try:
            try:
                for name in _names(caller, address, "report"):
                    answer = await self._rates.take(name, _REPORTS, need=1, want=1)
                    if not answer.units:
                        raise TooManyTries(answer.retry_after_seconds)
                    held.append(name)
            except LiveDown:
                pass  # reports go on without Redis
            yield report
        finally:
            more, back = max(report.unknown - 1, 0), 0 if report.unknown else 1
            with suppress(LiveDown):
                for name in held:
                    await self._rates.take(name, _REPORTS, need=0, want=more, back=back)

    @asynccontextmanager
    async def _unit(self, name: str, attempt: Attempt) -> AsyncIterator[None]:
        """Hold a unit of an allowance; it is spent if the attempt has failed at the end."""
        allowance = self._allowances.setdefault(name, _Allowance())
        allowance.tries += 1
        try:
            await self._take(name, allowance)
            try:
                yield
            finally:
                try:
                    if not attempt.failed:
                        with suppress(LiveDown):  # it comes back by itself, in seconds
                            await self._rates.take(name, _RATE, need=0, want=0, back=1)
                finally:
                    allowance.held -= 1
                    allowance.settled.set()
        finally:
            allowance.tries -= 1
            if not allowance.tries:
                del self._allowances[name]

    async def _take(self, name: str, allowance: _Allowance) -> None:
        """Take a unit; where tries under way hold the last ones, wait for one of them to end."""
        async with allowance.turn:
            while True:
                allowance.settled.clear()
                held = allowance.held
                answer = await self._rates.take(name, _RATE, need=1, want=1)
                if answer.units:
                    allowance.held += 1
                    return
                if not held:
                    raise TooManyTries(answer.retry_after_seconds)
                await allowance.settled.wait()


def _names(caller: Caller, address: str | None, kind: str = "try") -> list[str]:
    """Return the allowances of a try; an address is a person's, and is not kept as it is."""
    names = [f"guess:{kind}:{caller.program}/{caller.key_id or caller.reporter}"]
    if address is not None:
        names.append(
            f"guess:{kind}:from:{hashlib.blake2b(address.encode(), digest_size=16).hexdigest()}"
        )
    return names


def _cannot_count() -> Refused:
    return Refused(
        "Codes cannot be checked at present, because wrong ones cannot be counted: come back in"
        f" {AWAY_SECONDS:.0f} s.",
        code="UNAVAILABLE",
        status=503,
        extensions={"retryAfter": AWAY_SECONDS},
    )

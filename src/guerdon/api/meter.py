"""Rate limits: what a credential may spend, counted in Redis for all processes together.

The rule: an operation hardly ever waits for Redis. A process takes more from the shared allowance
than one operation needs and spends the rest from memory; who has nothing left is refused from
memory until there can be something again. Where Redis does not answer in time, each process goes on
with a bucket of its own at half the rate, and nobody waits for Redis twice.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from guerdon.api.auth import Bearer
from guerdon.api.transport import Allowance, NotAtOnce
from guerdon.engine.refusals import LiveDown
from guerdon.engine.world import Rate, Rates, Taken

WAIT_SECONDS = 0.05
"""How long an operation waits for Redis; a healthy one answers in less than a millisecond."""

AWAY_SECONDS = 1.0
"""For how long Redis is not asked again, once it was too slow."""

LEASE_SECONDS = 1.0
"""How long units that were taken ahead may be spent; what is left then goes back."""

ACCOUNTS_MAX = 20_000

_CHUNK_SECONDS = 0.2
_CHUNK_SHARE = 50


@dataclass(slots=True)
class _Account:
    """What this process knows of one allowance.

    `held` units were taken and not spent; `shared` were left in Redis at `asked_at`. `own` is the
    process's own bucket at `own_at`, for the time without Redis; `owed` is what was spent of it and
    would still be missing in the shared one.
    """

    held: int = 0
    shared: float = 0.0
    asked_at: float = -1.0
    own: float = 0.0
    own_at: float = -1.0
    owed: float = 0.0

    def left(self, rate: Rate, now: float) -> float:
        """Return how much there is at most by now, held units included."""
        if self.asked_at < 0:
            return rate.burst
        grown = self.shared + (now - self.asked_at) * rate.per_second
        return min(grown + self.held, rate.burst)

    def balance(self, rate: Rate, now: float) -> int:
        """Return what Redis is to be given back, negative for what it is to take; it is settled."""
        owed = max(self.owed - (now - self.own_at) * rate.per_second, 0.0)
        balance, self.held, self.owed = self.held - round(owed), 0, 0.0
        return balance

    def untold(self, balance: int) -> None:
        """Keep a balance that Redis was not told."""
        self.held += max(balance, 0)
        self.owed += max(-balance, 0)


class Meter:
    """Charges credentials; see `transport.hooks.Meter`."""

    def __init__(
        self,
        rates: Rates,
        *,
        wait_seconds: float = WAIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rates = rates
        self._wait_seconds = wait_seconds
        self._now = clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._away_until = 0.0
        self._late: set[asyncio.Task[Taken]] = set()

    async def charge(self, credential: Bearer, units: int) -> Allowance | None:
        """Take units from the credential's allowance, or say when there will be enough."""
        try:
            return self.charge_at_once(credential, units)
        except NotAtOnce:
            rate = credential.rate
            assert rate is not None, "only who has a limit must wait"
            account = self._account(credential.key)
            return await self._ask(credential.key, account, rate, min(units, rate.burst))

    def charge_at_once(self, credential: Bearer, units: int) -> Allowance | None:
        """Take units from what this process holds of the allowance, or refuse from memory.

        Raises:
            NotAtOnce: Redis must be asked; nothing has been taken.
        """
        rate = credential.rate
        if rate is None:
            return None
        now = self._now()
        account = self._account(credential.key)
        need = min(units, rate.burst)
        if need <= account.held and now - account.asked_at < LEASE_SECONDS:
            account.held -= need
            return _allowed(account.left(rate, now), rate)
        if now < self._away_until:
            return _alone(account, rate, need, now)
        left = account.left(rate, now)
        if left < need:
            return _refused(need - left, left, rate)
        raise NotAtOnce

    def refund(self, credential: Bearer, asked: int, actual: int) -> int:
        """Give units back; they are spent next, or go back with the next question."""
        rate = credential.rate
        account = self._accounts.get(credential.key)
        if rate is None or account is None:
            return 0
        is_alone = self._now() < self._away_until
        burst = _half(rate).burst if is_alone else rate.burst
        units = max(min(asked, burst) - actual, 0)
        if is_alone:
            account.own = min(account.own + units, burst)
        else:
            account.held += units
        return units

    async def _ask(self, key: str, account: _Account, rate: Rate, need: int) -> Allowance:
        back = account.balance(rate, self._now())
        ahead = max(int(min(rate.per_second * _CHUNK_SECONDS, rate.burst / _CHUNK_SHARE)), need)
        asking = asyncio.ensure_future(
            self._rates.take(key, rate, need=need, want=ahead, back=back)
        )
        try:
            async with asyncio.timeout(self._wait_seconds):
                taken = await asyncio.shield(asking)
        except TimeoutError:
            self._keep(asking, account, rate, back)
        except LiveDown:
            account.untold(back)
        else:
            return self._told(account, taken, rate, need)
        now = self._now()
        self._away_until = now + AWAY_SECONDS
        return _alone(account, rate, need, now)

    def _told(self, account: _Account, taken: Taken, rate: Rate, need: int) -> Allowance:
        now = self._now()
        account.shared, account.asked_at = taken.left, now
        if taken.units < need:
            return Allowance(
                retry_after_seconds=taken.retry_after_seconds,
                available=max(taken.left, 0),
                restore_rate=rate.per_second,
            )
        account.held += taken.units - need
        return _allowed(account.left(rate, now), rate)

    def _keep(
        self, asking: "asyncio.Task[Taken]", account: _Account, rate: Rate, back: int
    ) -> None:
        """Have an answer that comes too late for its operation, and end the time without Redis."""
        self._late.add(asking)

        def done(task: "asyncio.Task[Taken]") -> None:
            self._late.discard(task)
            if task.cancelled() or task.exception() is not None:
                account.untold(back)
                return
            taken = task.result()
            now = self._now()
            account.held += taken.units
            account.untold(account.balance(rate, now))
            account.shared, account.asked_at, account.own_at = taken.left, now, now
            self._away_until = 0.0

        asking.add_done_callback(done)

    def _account(self, key: str) -> _Account:
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = _Account()
            if len(self._accounts) > ACCOUNTS_MAX:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(key)
        return account


def _allowed(left: float, rate: Rate) -> Allowance:
    return Allowance(available=int(left), restore_rate=rate.per_second)


def _refused(missing: float, left: float, rate: Rate) -> Allowance:
    return Allowance(
        retry_after_seconds=missing / rate.per_second,
        available=max(int(left), 0),
        restore_rate=rate.per_second,
    )


def _half(rate: Rate) -> Rate:
    """Return what each process has by itself."""
    return Rate(rate.per_second / 2, max(rate.burst // 2, 1))


def _alone(account: _Account, rate: Rate, need: int, now: float) -> Allowance:
    """Charge the process's own bucket, which has half the rate and holds half.

    It begins with what was last known to be there, so that who had spent all has not a second
    allowance when Redis goes.
    """
    half = _half(rate)
    need = min(need, half.burst)
    if account.own_at <= account.asked_at:
        account.own, account.own_at = min(account.left(rate, now), half.burst), now
        account.held, account.owed = 0, 0.0
    grown = account.own + (now - account.own_at) * half.per_second
    account.owed = max(account.owed - (now - account.own_at) * rate.per_second, 0.0)
    account.own, account.own_at = min(grown, half.burst), now
    if account.own < need:
        return _refused(need - account.own, account.own, half)
    account.own -= need
    account.owed += need
    return _allowed(account.own, half)

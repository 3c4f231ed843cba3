"""Lots: units granted together, their dates and the order in which they are spent.

Rule: granted = left + spent + expired + reversed, none negative; a lot expires as a whole. The
wallet around them, its totals and its debt, is in `core.wallets`.
"""

from collections.abc import Callable
from typing import NamedTuple

from guerdon.core.activity import Instant
from guerdon.core.context import tier_at
from guerdon.core.program import (
    After,
    Expiry,
    ExpiryByTier,
    Inactivity,
    OnDate,
    Pending,
    Period,
    Program,
    Wallet,
    WindowKind,
)
from guerdon.core.standing import Plain, Standing
from guerdon.core.windows import FAR, Calendar, add, date_of, day_of, span_of


class Lot(NamedTuple):
    """A lot; `release` is None once spendable, `FAR` while it waits for a confirmation.

    `no` numbers the member's lots, `key` is the activity that counts as its origin, `fixed` tells
    that its date does not follow the wallet's policy. `cover` lists what took the place of its own
    spent units when they were reversed: (lot or 0 for debt, amount). A `silent` lot moves no
    counter. `turn` is its place among lots of the same dates where a merger made it another than
    that of its number, else 0. `since` is when inactivity began to count for it, where that is not
    `at`: somebody else sent it then, or a tier brought inactivity.
    """

    no: int
    source: str
    rule: str
    key: str
    at: Instant
    expires: Instant | None
    granted: int
    left: int
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    release: Instant | None = None
    fixed: bool = False
    partner: str = ""
    died: Instant | None = None
    cover: tuple[tuple[int, int], ...] = ()
    silent: bool = False
    turn: int = 0
    since: Instant | None = None

    @property
    def begins(self) -> Instant:
        """From when on it goes if its wallet lapses."""
        return self.at if self.since is None else self.since

    @property
    def place(self) -> int:
        """Its place among lots of the same dates."""
        return self.turn or self.no

    @property
    def name(self) -> str:
        """The lot as programs name it: source and rule."""
        return f"{self.source}.{self.rule}"

    @property
    def worth(self) -> int:
        """Granted less reversed."""
        return self.granted - self.reversed


_FIELDS = len(Lot._fields)


def lot_of(value: Plain) -> Lot:
    """Return a lot as it was stored; a list is what a database made of the tuple."""
    if type(value) is Lot:
        return value
    lot = Lot._make(value) if len(value) == _FIELDS else Lot(*value)  # the latter is slower
    return lot._replace(cover=tuple((no, amount) for no, amount in lot.cover))


def order_of(wallet: Wallet) -> Callable[[Plain], tuple[int, int, int]]:
    """Return the place of a lot, or of what was stored of it, in the wallet's order of spending."""
    return _oldest_first if wallet.spend == "fifo" else _first_expiring_first


def _oldest_first(value: Plain) -> tuple[int, int, int]:
    lot = value if type(value) is Lot else lot_of(value)
    return 0, lot.at, lot.turn or lot.no


def _first_expiring_first(value: Plain) -> tuple[int, int, int]:
    lot = value if type(value) is Lot else lot_of(value)
    expires = lot.expires
    return (FAR if expires is None else expires), lot.at, lot.turn or lot.no


def policy_of(program: Program, wallet: Wallet, standing: Standing, now: Instant) -> Expiry:
    """Return the wallet's expiry policy for the tier held now.

    Where the ladder is gone from the program, nobody holds a tier that could be named.
    """
    policy = wallet.expiry
    while isinstance(policy, ExpiryByTier):
        tier = None
        if policy.ladder in program.ladders:
            tier = tier_at(program, standing, policy.ladder, now)
        policy = policy.otherwise if tier is None else policy.tiers.get(tier, policy.otherwise)
    return policy


def policy_name(wallet: Wallet, policy: Expiry) -> str:
    """Return how a standing names the policy that its tier brings; nothing where none follows."""
    return repr(policy) if isinstance(wallet.expiry, ExpiryByTier) else ""


def policies_of(expiry: Expiry) -> list[Expiry]:
    """Return the policies among which tiers choose, or the only one."""
    if not isinstance(expiry, ExpiryByTier):
        return [expiry]
    branches = (expiry.otherwise, *expiry.tiers.values())
    return [policy for branch in branches for policy in policies_of(branch)]


def expiry_of(policy: Expiry, calendar: Calendar, day: int) -> Instant | None:
    """Return the first instant at which a lot of that day is gone; None for no date of its own."""
    if not isinstance(policy, After | OnDate):
        return None
    return _expiry(policy, calendar, day)


class Purse:
    """A wallet, compiled: its shelves, the order of its lots, and the dates of its own policy.

    `is_steady` tells that its policy neither follows a tier nor activity, so that the day of a lot
    alone decides its date.
    """

    __slots__ = ("_calendar", "_dates", "id", "is_steady", "lots", "order", "wallet")

    def __init__(self, wallet: Wallet, calendar: Calendar) -> None:
        self.wallet = wallet
        self.id = wallet.id
        self.lots = f"lots:{wallet.id}"
        self.order = order_of(wallet)
        self.is_steady = not isinstance(wallet.expiry, Inactivity | ExpiryByTier)
        self._calendar = calendar
        self._dates: dict[int, Instant | None] = {}

    def expiry(self, day: int) -> Instant | None:
        """Return when a lot of that day is gone by the wallet's own, steady policy; remembered."""
        if day in self._dates:
            return self._dates[day]
        if len(self._dates) >= _DATES_MAX:
            self._dates.clear()
        found = self._dates[day] = expiry_of(self.wallet.expiry, self._calendar, day)
        return found


_DATES_MAX = 8_192


def _expiry(policy: After | OnDate, calendar: Calendar, day: int) -> Instant:
    if isinstance(policy, After):
        last = add(day, policy.period)
        if policy.round == "month":
            return calendar.begin(_end(WindowKind.MONTH, last))
        if policy.round == "year":
            return calendar.begin(_end(WindowKind.YEAR, last))
        if policy.round == "quarter":
            on = date_of(last)
            first = day_of(on.year, (on.month - 1) // 3 * 3 + 1, 1)
            return calendar.begin(add(first, Period(months=3)))
        return calendar.through(last)
    on = date_of(day)
    return calendar.through(day_of(on.year + policy.years, policy.month, policy.day))


def release_of(pending: Pending, calendar: Calendar, day: int) -> Instant:
    """Return when units of that day become spendable; `FAR` until they are confirmed."""
    if pending.period is None:
        return FAR
    return calendar.begin(add(day, pending.period))


def lapse_of(policy: Expiry, calendar: Calendar, active_on: int | None) -> Instant | None:
    """Return when a wallet lapses through inactivity, counted from its last active day."""
    if not isinstance(policy, Inactivity) or active_on is None:
        return None
    return calendar.through(add(active_on, policy.period))


def _end(kind: WindowKind, day: int) -> int:
    end = span_of(kind, day).end
    assert end is not None
    return end

"""Activities that let lots live longer (`extend`), in whatever order they are reported.

Rule: an activity in a month lets no lot that was there die before a later month begins. A late
report of one brings back what died by its date although the activity had happened before, and what
is reported late itself is dated by the activities that followed it. Of each month the first and the
last such activity are kept, of so many months that a late report finds those around it.
"""

from guerdon.core import lapses
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding
from guerdon.core.holdings import evict, head, pull_all, redate, replace
from guerdon.core.lots import Lot, lot_of
from guerdon.core.program import Wallet
from guerdon.core.standing import WalletState
from guerdon.core.wallets import pay_debt_from_lots

Months = tuple[tuple[Instant, Instant, Instant], ...]

_KEPT = 12
"""How many months a standing remembers."""


def extend(d: Deciding, slug: str, at: Instant, least: Instant) -> None:
    """Let no lot of the wallet die before `least`, because of an activity at an instant."""
    wallet = d.state.wallet(slug)
    state = d.wallet(slug)
    state.extended = united(state.extended, ((at, at, least),))
    if state.spill_due is not None and state.spill_due < least:
        pull_all(d, slug)
    soon = [lot for lot in head(d, slug) if lot.expires is not None and lot.expires < least]
    if soon:
        redate(d, wallet, [lot._replace(expires=least) for lot in soon])
    if at < state.buried:
        _exhume(d, wallet, state, at, least)
    evict(d, slug)


def reach(months: Months, begins: Instant, expires: Instant) -> Instant:
    """Return when a lot dies that began and would die then, after what extended it."""
    for earliest, latest, least in months:
        seen = earliest if earliest > begins else latest
        if begins < seen < expires:
            expires = max(expires, least)
    return expires


def united(months: Months, more: Months) -> Months:
    """Return the months of both, those of the same end as one; the newest are kept."""
    found: dict[Instant, tuple[Instant, Instant, Instant]] = {}
    for earliest, latest, least in (*months, *more):
        mine = found.get(least, (earliest, latest, least))
        found[least] = (min(mine[0], earliest), max(mine[1], latest), least)
    return tuple(sorted(found.values()))[-_KEPT:]


def _exhume(d: Deciding, wallet: Wallet, state: WalletState, at: Instant, least: Instant) -> None:
    """Bring back what died by its date after an activity that is only known now."""
    for value in list(d.everything(f"closed:{wallet.id}").values()):
        lot = lot_of(value)
        if lot.expires is None or not lot.expired or not _was_there(lot, at, lot.expires):
            continue
        expires = reach(state.extended, lot.begins, max(lot.expires, least))
        if expires > d.now and lapses.died(d, wallet, lot) is None:
            lapses.come_back(d, wallet, lot._replace(expires=expires))
        elif expires > lot.expires:
            state.buried = max(state.buried, expires)
            replace(d, wallet, lot._replace(expires=expires, died=expires))
    pay_debt_from_lots(d, wallet.id)


def _was_there(lot: Lot, at: Instant, expires: Instant) -> bool:
    """Tell whether a lot that is dead by its date lived at an instant."""
    return lot.died is not None and expires <= lot.died and lot.begins <= at < expires

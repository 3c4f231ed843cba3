"""Spent units that come back: to their own lots, with their old dates.

Rule: nothing that was spent comes back younger. What stood in for units that were reversed
meanwhile is refilled instead, the debt first; dead units come back dead, or with a grace.
"""

from dataclasses import dataclass

from guerdon.core import lapses
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding, first
from guerdon.core.decision import PointsEffect
from guerdon.core.granting import Origin, Terms, grant
from guerdon.core.holdings import every_lot, find, replace
from guerdon.core.program import After, Period, Wallet
from guerdon.core.wallets import RETURNED, die, pay_debt


@dataclass(frozen=True, slots=True)
class Return:
    """How spent units come back: from which account, for whom, and how long dead ones live on."""

    account: str = "redeemed"
    partner: str = ""
    grace: Period | None = None


def restore(
    d: Deciding,
    slug: str,
    taken: list[tuple[int, int]],
    back: Return,
    *,
    source: str,
    at: Instant,
) -> None:
    """Give spent units back to their own lots with their old dates.

    Units whose lot was reversed meanwhile go to what stood in for it: the debt first, then lots,
    then what was written off.
    Units whose date has passed come back dead, or with `grace` as a lot of their own.
    """
    wallet = d.state.wallet(slug)
    revived: list[tuple[int, int]] = []
    for no, amount in taken:
        part = min(amount, find(d, slug, no).spent)
        if part:
            revived += _give_back(d, wallet, no, part, back)
        if amount > part:
            revived += _give_cover_back(d, wallet, no, amount - part, back)
    if revived:
        _let_live(d, wallet, revived, back, Origin(source, RETURNED, at, source, back.partner))


def _let_live(
    d: Deciding, wallet: Wallet, revived: list[tuple[int, int]], back: Return, origin: Origin
) -> None:
    """Make dead units a lot of their own, and note with the dead where they live on."""
    assert back.grace is not None
    terms = Terms(expiry=After(back.grace), how="returned", account=back.account, silent=True)
    fresh = grant(d, wallet.id, sum(part for _, part in revived), origin, terms)
    for no, part in revived:
        lot = find(d, wallet.id, no)
        replace(d, wallet, lot._replace(cover=(*lot.cover, (fresh, part))))


def _give_back(
    d: Deciding, wallet: Wallet, no: int, part: int, back: Return
) -> list[tuple[int, int]]:
    """Refill a lot; return what has to come back as a new lot because this one is dead."""
    slug = wallet.id
    state = d.wallet(slug)
    lot = find(d, slug, no)
    died = lot.died if lot.died is not None else lapses.died(d, wallet, lot)
    gone = died is not None or (lot.expires is not None and lot.expires <= d.now)
    if gone and back.grace is not None:
        state.earned -= part
        replace(d, wallet, lot._replace(spent=lot.spent - part, reversed=lot.reversed + part))
        return [(no, part)]
    d.post(slug, back.account, "spendable", part, lot=no, partner=back.partner)
    state.spendable += part
    lot = lot._replace(spent=lot.spent - part, left=lot.left + part)
    d.effect(PointsEffect(slug, "returned", part, lot.rule, lot.source, d.now, lot.expires))
    if gone:
        lot = die(d, wallet, lot, at=d.now if died is None else died)
    else:
        lot = pay_debt(d, wallet, lot)
    if not gone:
        state.due = first((state.due, lot.expires, lapses.ahead(d, wallet)))
    replace(d, wallet, lot)
    return []


def _give_cover_back(
    d: Deciding, wallet: Wallet, no: int, rest: int, back: Return
) -> list[tuple[int, int]]:
    """Return units whose own lot was taken back: pay the debt, then refill what covered.

    What was written off for them is lost no longer.
    """
    slug = wallet.id
    state = d.wallet(slug)
    paid = min(rest, state.debt)
    state.debt -= paid
    d.post(slug, back.account, "debt", paid, lot=no, partner=back.partner)
    rest -= paid
    revived: list[tuple[int, int]] = []
    left: list[tuple[int, int]] = []
    for other, amount in find(d, slug, no).cover:
        part = min(rest, amount, find(d, slug, other).spent) if other else 0
        if part:
            revived += _give_back(d, wallet, other, part, back)
        rest -= part
        if amount > part:
            left.append((other, amount - part))
    replace(d, wallet, find(d, slug, no)._replace(cover=tuple(left)))
    lost = min(rest, state.written_off) if wallet.debt == "write_off" else 0
    state.written_off -= lost
    d.post(slug, back.account, "written_off", lost, lot=no, partner=back.partner)
    rest -= lost
    return revived + (_refill(d, wallet, rest, back) if rest else [])


def _refill(d: Deciding, wallet: Wallet, rest: int, back: Return) -> list[tuple[int, int]]:
    """Return units to the newest lots that were spent, where nothing better is known."""
    revived: list[tuple[int, int]] = []
    for lot in sorted(every_lot(d, wallet.id), key=lambda each: -each.no):
        part = min(rest, lot.spent)
        if part:
            revived += _give_back(d, wallet, lot.no, part, back)
            rest -= part
    return revived

"""What happens to the units of one wallet once they are there: spent, taken back, owed, gone.

Rules: taking back reads what is left of the lot, then what already expired, then other lots in
spending order, then debt. Totals, lots, postings and effects are always written together, so that
they cannot disagree. How units come to be there is in `core.granting`.
"""

from guerdon.core.activity import Instant
from guerdon.core.counters import count_points
from guerdon.core.deciding import Deciding
from guerdon.core.decision import PointsEffect
from guerdon.core.holdings import add, find, portions, remove, replace
from guerdon.core.lots import Lot
from guerdon.core.program import Wallet

RETURNED = "returned"
"""The rule of a lot in which dead units live on that a cancellation gave back."""


def take(
    d: Deciding, slug: str, points: int, *, target: str, partner: str = ""
) -> list[tuple[int, int]]:
    """Spend units in spending order and return (lot, amount) pairs; the caller saw to enough."""
    wallet = d.state.wallet(slug)
    taken: list[tuple[int, int]] = []
    for lot, part in portions(d, slug, points):
        replace(d, wallet, lot._replace(left=lot.left - part, spent=lot.spent + part))
        d.post(slug, "spendable", target, part, lot=lot.no, partner=partner)
        taken.append((lot.no, part))
    d.wallet(slug).spendable -= points
    return taken


def reverse(d: Deciding, slug: str, no: int, points: int, *, partner: str | None = None) -> None:
    """Take back units that a lot granted, in the order this module's rule names.

    What was taken back before is not taken twice; units that a cancellation let live on in a lot
    of their own are taken from there. All of it is settled with the `partner` who issued them: the
    lot's, unless they were another's before they lived on.
    """
    if points <= 0:
        return
    wallet = d.state.wallet(slug)
    state = d.wallet(slug)
    lot = find(d, slug, no)
    issuer = lot.partner if partner is None else partner
    if points > lot.worth:
        _reverse_returned(d, wallet, lot, points - lot.worth, issuer)
        points = lot.worth
        lot = find(d, slug, no)
    if not points:
        return
    state.earned -= points
    d.effect(PointsEffect(slug, "reversed", -points, lot.rule, lot.source, d.now))
    if not lot.silent:
        count_points(d, slug, lot, -points)
    left = min(points, lot.left)
    dead = min(points - left, lot.expired)
    gone = min(points - left - dead, lot.spent)
    if lot.release is not None:
        state.pending -= left
        d.post(slug, "pending", "issued", left, lot=no, partner=issuer)
    else:
        state.spendable -= left
        d.post(slug, "spendable", "issued", left, lot=no, partner=issuer)
    state.expired -= dead
    d.post(slug, "expired", "issued", dead, lot=no, partner=issuer)
    cover: list[tuple[int, int]] = []
    lot = lot._replace(
        left=lot.left - left,
        expired=lot.expired - dead,
        spent=lot.spent - gone,
        reversed=lot.reversed + left + dead + gone,
    )
    replace(d, wallet, lot)
    if gone:
        cover = _cover(d, wallet, gone, lot, issuer)
        kept = find(d, slug, no)
        replace(d, wallet, kept._replace(cover=kept.cover + tuple(cover)))


def _reverse_returned(d: Deciding, wallet: Wallet, lot: Lot, points: int, issuer: str) -> None:
    """Take back units of a lot that came back from a redemption as a lot of their own."""
    kept: list[tuple[int, int]] = []
    for no, amount in lot.cover:
        part = 0
        if no and find(d, wallet.id, no).rule == RETURNED:
            part = min(points, amount)
            reverse(d, wallet.id, no, part, partner=issuer)
            if not lot.silent:
                count_points(d, wallet.id, lot, -part)
            points -= part
        if amount > part:
            kept.append((no, amount - part))
    replace(d, wallet, lot._replace(cover=tuple(kept)))


def _cover(d: Deciding, wallet: Wallet, gone: int, lot: Lot, issuer: str) -> list[tuple[int, int]]:
    """Let other lots stand in for spent units that were reversed; the rest becomes debt."""
    slug = wallet.id
    state = d.wallet(slug)
    cover: list[tuple[int, int]] = []
    portion = min(gone, state.spendable)
    for other, part in portions(d, slug, portion):
        replace(d, wallet, other._replace(left=other.left - part, spent=other.spent + part))
        d.post(slug, "spendable", "issued", part, lot=other.no, partner=issuer)
        cover.append((other.no, part))
    state.spendable -= portion
    rest = gone - portion
    if rest and wallet.debt == "write_off":
        state.written_off += rest
        d.post(slug, "written_off", "issued", rest, lot=lot.no, partner=issuer)
    elif rest:
        state.debt += rest
        d.post(slug, "debt", "issued", rest, lot=lot.no, partner=issuer)
        cover.append((0, rest))
    return cover


def owe(d: Deciding, slug: str, points: int, *, target: str) -> None:
    """Make units that are not there a debt, or write them off, as the wallet says."""
    state = d.wallet(slug)
    if d.state.wallet(slug).debt == "write_off":
        state.written_off += points
        d.post(slug, "written_off", target, points)
    else:
        state.debt += points
        d.post(slug, "debt", target, points)


def die(d: Deciding, wallet: Wallet, lot: Lot, *, at: Instant) -> Lot:
    """Return the lot with what was left of it expired, totals and postings written.

    It remembers what it waited for, because an expiry through inactivity may be undone.
    """
    state = d.wallet(wallet.id)
    part = lot.left
    account = "pending" if lot.release is not None else "spendable"
    if lot.release is not None:
        state.pending -= part
    else:
        state.spendable -= part
    state.expired += part
    if wallet.extend is not None and lot.expires is not None and lot.expires <= at:
        state.buried = max(state.buried, lot.expires)
    d.post(wallet.id, account, "expired", part, lot=lot.no)
    d.effect(PointsEffect(wallet.id, "expired", -part, lot.rule, lot.source, at, None))
    return lot._replace(left=0, expired=lot.expired + part, died=at)


def expire(d: Deciding, wallet: Wallet, lot: Lot, *, at: Instant) -> None:
    """Let one lot expire as a whole; `at` is the instant its time had come."""
    remove(d, wallet.id, lot)
    add(d, wallet, die(d, wallet, lot, at=at))


def pay_debt(d: Deciding, wallet: Wallet, lot: Lot) -> Lot:
    """Return the lot after it paid what the wallet owes."""
    state = d.wallet(wallet.id)
    paid = min(state.debt, lot.left)
    if not paid:
        return lot
    state.debt -= paid
    state.spendable -= paid
    d.post(wallet.id, "spendable", "debt", paid, lot=lot.no)
    d.effect(PointsEffect(wallet.id, "paid_debt", -paid, lot.rule, lot.source, d.now))
    return lot._replace(left=lot.left - paid, spent=lot.spent + paid)


def pay_debt_from_lots(d: Deciding, slug: str) -> None:
    """Let spendable units pay a debt they meet, in spending order."""
    wallet = d.state.wallet(slug)
    state = d.wallet(slug)
    for lot, _ in portions(d, slug, min(state.debt, state.spendable)):
        replace(d, wallet, pay_debt(d, wallet, lot))

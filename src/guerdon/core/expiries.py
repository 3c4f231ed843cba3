"""What the passing of time does to lots: expiry, release, inactivity, and dates that move.

Rule: a lot expires as a whole at the first instant at which it is gone; a wallet that lapses
through inactivity (`core.lapses`) expires as a whole too.
"""

from guerdon.core import lapses, wallets
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding, first
from guerdon.core.decision import PointsEffect
from guerdon.core.holdings import (
    LIVING,
    add,
    evict,
    head,
    pull_all,
    redate,
    remove,
)
from guerdon.core.lots import Lot, expiry_of, lapse_of, lot_of, order_of, policies_of, policy_of
from guerdon.core.program import ExpiryByTier, Inactivity, Never
from guerdon.core.rulebook import Version
from guerdon.core.standing import WalletState
from guerdon.core.windows import FAR


def release(d: Deciding, slug: str, lot: Lot) -> None:
    """Make a pending lot spendable; it pays the debt now."""
    wallet = d.state.wallet(slug)
    state = d.wallet(slug)
    state.pending -= lot.left
    state.spendable += lot.left
    d.post(slug, "pending", "spendable", lot.left, lot=lot.no)
    if lot.left:
        d.effect(PointsEffect(slug, "released", lot.left, lot.rule, lot.source, d.now, lot.expires))
    remove(d, slug, lot)
    add(d, wallet, wallets.pay_debt(d, wallet, lot._replace(release=None)))


def expire_due(d: Deciding, slug: str) -> None:
    """Let everything of a wallet expire whose date has come, pending lots included."""
    wallet = d.state.wallet(slug)
    lapse = lapses.idle(d, wallet)
    spill_due = d.wallet(slug).spill_due
    if lapse is not None or (spill_due is not None and spill_due <= d.now):
        pull_all(d, slug)
    for lot in head(d, slug):
        if lot.expires is not None and lot.expires <= d.now:
            wallets.expire(d, wallet, lot, at=d.now)
        elif lapse is not None and not lot.fixed and lot.begins < lapse:
            wallets.expire(d, wallet, lot, at=lapse)
    lapses.note(d, wallet)


def release_due(d: Deciding, slug: str) -> None:
    """Release the pending lots whose time has come."""
    found = d.standing.shelves.get(f"pending:{slug}")
    if found is None:
        return
    due = [lot for lot in map(lot_of, found.items.values()) if (lot.release or FAR) <= d.now]
    for lot in sorted(due, key=lambda each: (each.release or 0, each.at, each.no)):
        release(d, slug, lot)


def refresh_due(d: Deciding, slug: str) -> None:
    """Reckon anew when time alone changes this wallet next; asks for all lots only when it must."""
    state = d.wallet(slug)
    evict(d, slug)
    if not head(d, slug):
        d.pull(f"lots:{slug}", "front", order_of(d.state.wallet(slug)))
    state.due = due_of(d, slug, state)


def due_of(d: Deciding, slug: str, state: WalletState) -> Instant | None:
    """Return when time alone changes this wallet next.

    Between two reckonings `WalletState.due` is only ever moved forward in time by what is added,
    so it may be early, never late; an early tick finds nothing to do and reckons anew.
    """
    lots = head(d, slug)
    policy = policy_of(d.program, d.state.wallet(slug), d.standing, d.now)
    lapse = lapse_of(policy, d.rulebook.calendar, state.active_on)
    outside = any(d.spilled(f"{prefix}:{slug}") for prefix in LIVING)
    return first(
        [
            state.spill_due,
            lapse if outside or any(not lot.fixed for lot in lots) else None,
            *(lot.expires for lot in lots),
            *(lot.release for lot in lots if lot.release != FAR),
        ]
    )


def follow_version(d: Deciding, before: Version) -> None:
    """Let wallets follow the version that begins now: its order of spending, its inactivity.

    Lots keep the dates that they were given.
    """
    for slug, state in list(d.standing.wallets.items()):
        old, new = before.wallet(slug), d.state.wallet(slug)
        if old.spend != new.spend:
            pull_all(d, slug)
            redate(d, new, [])
            evict(d, slug)
        if old.expiry != new.expiry:
            owned = d.wallet(slug)
            if isinstance(new.expiry, ExpiryByTier) and new.expiry.ladder in d.program.ladders:
                # Only a change of tier gives lots another date.
                owned.policy = repr(policy_of(d.program, new, d.standing, d.now))
            if state.spendable or state.pending:
                refresh_due(d, slug)


def follow_policy(d: Deciding, slug: str) -> None:
    """Give living lots the date of the policy that the tier held now brings, where it changed.

    A wallet in which nothing ever was begins with its first unit, or its first day of activity.
    """
    wallet = d.state.wallet(slug)
    if not isinstance(wallet.expiry, ExpiryByTier):
        return
    if wallet.expiry.ladder not in d.program.ladders:
        return  # a later version dropped the ladder: lots keep the dates that they have
    policy = policy_of(d.program, wallet, d.standing, d.now)
    name = repr(policy)
    state = d.standing.wallets.get(slug)
    if state is None or not state.policy or state.policy == name:
        return
    owned = d.wallet(slug)
    known = policies_of(wallet.expiry)
    former = next((each for each in known if repr(each) == owned.policy), Never())
    lapses.turn(d, wallet, former)
    owned.policy = name
    pull_all(d, slug)
    expires = expiry_of(policy, d.rulebook.calendar, d.today)
    since = d.now if isinstance(policy, Inactivity) else None
    redate(
        d,
        wallet,
        [lot._replace(expires=expires, since=since) for lot in head(d, slug) if not lot.fixed],
    )
    evict(d, slug)
    owned.due = due_of(d, slug, owned)

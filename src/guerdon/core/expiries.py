"""What the passing of time does to lots: expiry, release, inactivity, and dates that move.

Rule: a lot expires as a whole at the first instant at which it is gone; a wallet that lapses
through inactivity expires as a whole too, and a late report that shows the lapse to be wrong
undoes it.
"""

from collections.abc import Collection

from guerdon.core import wallets
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
    replace,
)
from guerdon.core.lots import Lot, expiry_of, lapse_of, lot_of, order_of, policy_of
from guerdon.core.program import ExpiryByTier, Inactivity, Wallet
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
    lapse = lapse_of(
        policy_of(d.program, wallet, d.standing, d.now),
        d.rulebook.calendar,
        d.wallet(slug).active_on,
    )
    lapsed = lapse is not None and lapse <= d.now
    spill_due = d.wallet(slug).spill_due
    if lapsed or (spill_due is not None and spill_due <= d.now):
        pull_all(d, slug)
    for lot in head(d, slug):
        own = lot.expires is not None and lot.expires <= d.now
        # A late report may tell of a lapse in the past: what was earned since then lives on.
        if own or (lapse is not None and lapsed and not lot.fixed and lot.at < lapse):
            expire_lot(d, wallet, lot, at=d.now if own or lapse is None else lapse)
    if lapsed and lapse is not None:
        _note_lapse(d.wallet(slug), lapse)


def _note_lapse(state: WalletState, lapse: Instant) -> None:
    """Remember that the wallet lapsed, once; it has been idle since then."""
    if state.active_on is not None and all(lapse != known for known, _, _ in state.lapses):
        state.lapses = (*state.lapses[-3:], (lapse, state.active_on, None))
    state.active_on = None


def expire_lot(d: Deciding, wallet: Wallet, lot: Lot, *, at: Instant) -> None:
    """Let one lot expire as a whole; `at` is the instant its time had come."""
    remove(d, wallet.id, lot)
    add(d, wallet, wallets.die(d, wallet, lot, at=at))


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
    """Give living lots the date of the policy that the tier held now brings, where it changed."""
    wallet = d.state.wallet(slug)
    if not isinstance(wallet.expiry, ExpiryByTier):
        return
    if wallet.expiry.ladder not in d.program.ladders:
        return  # a later version dropped the ladder: lots keep the dates that they have
    policy = policy_of(d.program, wallet, d.standing, d.now)
    name = repr(policy)
    state = d.standing.wallets.get(slug)
    if state is None or state.policy == name:
        return
    owned = d.wallet(slug)
    before, owned.policy = owned.policy, name
    if not before:
        return
    pull_all(d, slug)
    expires = expiry_of(policy, d.rulebook.calendar, d.rulebook.calendar.day(d.now))
    redate(d, wallet, [lot._replace(expires=expires) for lot in head(d, slug) if not lot.fixed])
    evict(d, slug)
    if isinstance(policy, Inactivity) and owned.active_on is None:
        owned.active_on = d.rulebook.calendar.day(d.now)
    owned.due = due_of(d, slug, owned)


def extend(d: Deciding, slug: str, least: Instant) -> None:
    """Let no lot of the wallet die before an instant."""
    wallet = d.state.wallet(slug)
    if slug not in d.standing.wallets:
        return
    spill_due = d.standing.wallets[slug].spill_due
    if spill_due is not None and spill_due < least:
        pull_all(d, slug)
    soon = [lot for lot in head(d, slug) if lot.expires is not None and lot.expires < least]
    if soon:
        redate(d, wallet, [lot._replace(expires=least) for lot in soon])
    evict(d, slug)


def active(d: Deciding, slug: str, day: int) -> None:
    """Count a day of activity against inactivity; an expiry that it shows to be wrong is undone."""
    wallet = d.state.wallet(slug)
    state = d.wallet(slug)
    if state.lapses:
        _amend_lapses(d, wallet, state, day)
    if state.active_on is None or day > state.active_on:
        state.active_on = day
        policy = policy_of(d.program, wallet, d.standing, d.now)
        state.due = first((state.due, lapse_of(policy, d.rulebook.calendar, day)))
        if state.lapses and state.lapses[-1][2] is None and day > state.lapses[-1][1]:
            lapse, before, _ = state.lapses[-1]
            state.lapses = (*state.lapses[:-1], (lapse, before, day))


def reconsider(d: Deciding, slug: str, days: Collection[int]) -> None:
    """Let lapses through inactivity be those of all these days of activity.

    What expired wrongly comes back; what was there before a lapse that stays goes with it.
    """
    wallet, state, calendar = d.state.wallet(slug), d.wallet(slug), d.rulebook.calendar
    state.lapses = tuple(
        (
            lapse,
            before,
            min(
                [day for day in days if calendar.begin(day) >= lapse]
                + ([after] if after is not None else []),
                default=None,
            ),
        )
        for lapse, before, after in state.lapses
    )
    latest = max(days, default=None)
    for day in sorted(days):
        _amend_lapses(d, wallet, state, day)
    if latest is not None and state.active_on is not None:
        state.active_on = max(state.active_on, latest)
    pull_all(d, slug)
    for lapse, _, _ in state.lapses:
        for lot in head(d, slug):
            if lot.at < lapse and not lot.fixed:
                expire_lot(d, wallet, lot, at=lapse)


def _amend_lapses(d: Deciding, wallet: Wallet, state: WalletState, day: int) -> None:
    calendar = d.rulebook.calendar
    policy = policy_of(d.program, wallet, d.standing, d.now)
    kept: list[tuple[Instant, int, int | None]] = []
    for lapse, before, after in state.lapses:
        moved = lapse_of(policy, calendar, day)
        if not (before < day and calendar.begin(day) < lapse) or moved is None:
            kept.append((lapse, before, after))
            continue
        next_begin = calendar.begin(after) if after is not None else d.now
        if moved > next_begin:
            _revive(d, wallet, lapse)
            if after is None:
                state.active_on = day
        else:
            kept.append((moved, day, after))
            _bury(d, wallet, lapse, moved)
    state.lapses = tuple(kept)


def _revive(d: Deciding, wallet: Wallet, lapse: Instant) -> None:
    """Undo an expiry through inactivity."""
    slug = wallet.id
    state = d.wallet(slug)
    for value in list(d.everything(f"closed:{slug}").values()):
        lot = lot_of(value)
        if lot.died != lapse or not lot.expired:
            continue
        if lot.expires is not None and lot.expires <= d.now:
            continue
        part = lot.expired
        waits = lot.release if lot.release is not None and lot.release > d.now else None
        state.expired -= part
        d.post(slug, "expired", "spendable" if waits is None else "pending", part, lot=lot.no)
        d.effect(PointsEffect(slug, "revived", part, lot.rule, lot.source, d.now, lot.expires))
        remove(d, slug, lot)
        alive = lot._replace(left=part, expired=0, died=None, release=waits)
        if waits is None:
            state.spendable += part
            alive = wallets.pay_debt(d, wallet, alive)
        else:
            state.pending += part
        add(d, wallet, alive)
        soon = waits if waits != FAR else None
        state.due = first((state.due, soon, d.now if lot.expires is None else lot.expires))


def _bury(d: Deciding, wallet: Wallet, lapse: Instant, moved: Instant) -> None:
    """Date an expiry that stays, only later, so that a further report can still undo it."""
    for value in list(d.everything(f"closed:{wallet.id}").values()):
        lot = lot_of(value)
        if lot.died == lapse:
            replace(d, wallet, lot._replace(died=moved))

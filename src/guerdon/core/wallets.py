"""What happens to the units of one wallet: granted, spent, taken back, released, expired.

Rules: new units pay a debt first; taking back reads what is left of the lot, then what already
expired, then other lots in spending order, then debt; a pending lot waits apart. Totals, lots,
postings and effects are always written together, so that they cannot disagree.
"""

from dataclasses import dataclass

from guerdon.core.activity import Instant
from guerdon.core.counters import count_points
from guerdon.core.deciding import Deciding, capacity_of, first, sort_text
from guerdon.core.decision import Needed, PointsEffect
from guerdon.core.lots import (
    Lot,
    expiry_of,
    lapse_of,
    lot_of,
    policy_of,
    release_of,
    spending_key,
)
from guerdon.core.program import After, Expiry, ExpiryByTier, Inactivity, Pending, Period, Wallet
from guerdon.core.standing import WalletState
from guerdon.core.windows import FAR

SHELVES = ("lots", "pending", "closed")


def grant(
    d: Deciding,
    slug: str,
    points: int,
    *,
    source: str,
    rule: str,
    at: Instant,
    key: str = "",
    expiry: Expiry | None = None,
    pending: Pending | None = None,
    partner: str = "",
    how: str = "earned",
    expires: Instant | None = None,
    dated: bool = False,
    fixed: bool = True,
    account: str = "issued",
    silent: bool = False,
) -> int:
    """Make a lot of new units and return its number; 0 where there is nothing to grant.

    With `dated` the lot has the date `expires` instead of the policy's; `fixed` tells whether it
    keeps it when the policy changes. A lot whose date
    has passed is born expired and pays no debt. `silent` units move no counter: they were counted
    when they were first granted.
    """
    if points <= 0:
        return 0
    wallet = d.rulebook.wallet(slug)
    state = d.wallet(slug)
    calendar = d.rulebook.calendar
    day = calendar.day(at)
    if not state.policy and isinstance(wallet.expiry, ExpiryByTier):
        # What later tiers bring is compared with the policy of the first unit.
        state.policy = repr(policy_of(d.program, wallet, d.standing, d.now))
    if not dated:
        policy = expiry or policy_of(d.program, wallet, d.standing, d.now)
        expires = expiry_of(policy, calendar, day)
    release = release_of(pending, calendar, day)
    if release is not None and release <= d.now:
        release = None
    d.standing.lots_made += 1
    lot = Lot(
        no=d.standing.lots_made,
        source=source,
        rule=rule,
        key=key,
        at=at,
        expires=expires,
        granted=points,
        left=points,
        release=release,
        fixed=fixed if dated else expiry is not None,
        partner=partner,
        silent=silent,
    )
    state.earned += points
    d.effect(PointsEffect(slug, how, points, rule, source, at, expires))
    if not lot.silent:
        count_points(d, slug, rule, at=at, key=key, delta=points)
    if release is not None:
        state.pending += points
        d.post(slug, account, "pending", points, lot=lot.no, partner=partner)
        _store(d, wallet, lot, fresh=True)
        return lot.no
    d.post(slug, account, "spendable", points, lot=lot.no, partner=partner)
    state.spendable += points
    if expires is not None and expires <= d.now:
        lot = _die(d, wallet, lot, at=d.now)
    else:
        lot = _pay_debt(d, wallet, lot)
    _store(d, wallet, lot, fresh=True)
    return lot.no


def find(d: Deciding, slug: str, no: int) -> Lot:
    """Return a lot by its number, wherever it lies."""
    key = str(no)
    missing = []
    for prefix in SHELVES:
        try:
            value = d.look(f"{prefix}:{slug}", key)
        except Needed as needed:
            missing += needed.pages
            continue
        if value is not None:
            return lot_of(value)
    if missing:
        raise Needed(tuple(missing))
    raise KeyError(f"{slug} lot {no}")


def living(d: Deciding, slug: str) -> list[Lot]:
    """Return the spendable lots in the head, in spending order."""
    wallet = d.rulebook.wallet(slug)
    found = d.standing.shelves.get(f"lots:{slug}")
    if found is None:
        return []
    return sorted(map(lot_of, found.items.values()), key=lambda lot: spending_key(wallet, lot))


def take(
    d: Deciding, slug: str, points: int, *, target: str, partner: str = ""
) -> list[tuple[int, int]]:
    """Spend units in spending order and return (lot, amount) pairs; the caller checked the total."""
    wallet = d.rulebook.wallet(slug)
    taken: list[tuple[int, int]] = []
    for lot, part in _portions(d, slug, points):
        _store(d, wallet, lot._replace(left=lot.left - part, spent=lot.spent + part))
        d.post(slug, "spendable", target, part, lot=lot.no, partner=partner)
        taken.append((lot.no, part))
    d.wallet(slug).spendable -= points
    return taken


def reverse(d: Deciding, slug: str, no: int, points: int, *, at: Instant | None = None) -> None:
    """Take back units that a lot granted, in the order this module's rule names.

    `at` dates the counters that follow the units when it is not the lot's own.
    """
    if points <= 0:
        return
    wallet = d.rulebook.wallet(slug)
    state = d.wallet(slug)
    lot = find(d, slug, no)
    state.earned -= points
    d.effect(PointsEffect(slug, "reversed", -points, lot.rule, lot.source, d.now))
    if not lot.silent:
        count_points(d, slug, lot.rule, at=at or lot.at, key=lot.key, delta=-points)
    left = min(points, lot.left)
    dead = min(points - left, lot.expired)
    gone = min(points - left - dead, lot.spent)
    if lot.release is not None:
        state.pending -= left
        d.post(slug, "pending", "issued", left, lot=no, partner=lot.partner)
    else:
        state.spendable -= left
        d.post(slug, "spendable", "issued", left, lot=no, partner=lot.partner)
    state.expired -= dead
    d.post(slug, "expired", "issued", dead, lot=no, partner=lot.partner)
    cover: list[tuple[int, int]] = []
    lot = lot._replace(
        left=lot.left - left,
        expired=lot.expired - dead,
        spent=lot.spent - gone,
        reversed=lot.reversed + left + dead + gone,
    )
    _store(d, wallet, lot)
    if gone:
        cover = _cover(d, wallet, gone, lot)
        kept = find(d, slug, no)
        _store(d, wallet, kept._replace(cover=kept.cover + tuple(cover)))


def _cover(d: Deciding, wallet: Wallet, gone: int, lot: Lot) -> list[tuple[int, int]]:
    """Let other lots stand in for spent units that were reversed; the rest becomes debt."""
    slug = wallet.id
    state = d.wallet(slug)
    cover: list[tuple[int, int]] = []
    portion = min(gone, state.spendable)
    for other, part in _portions(d, slug, portion):
        _store(d, wallet, other._replace(left=other.left - part, spent=other.spent + part))
        d.post(slug, "spendable", "issued", part, lot=other.no, partner=lot.partner)
        cover.append((other.no, part))
    state.spendable -= portion
    rest = gone - portion
    if rest and wallet.debt == "write_off":
        state.written_off += rest
        d.post(slug, "written_off", "issued", rest, lot=lot.no, partner=lot.partner)
    elif rest:
        state.debt += rest
        d.post(slug, "debt", "issued", rest, lot=lot.no, partner=lot.partner)
        cover.append((0, rest))
    return cover


def owe(d: Deciding, slug: str, points: int, *, target: str) -> None:
    """Make units that are not there a debt, or write them off, as the wallet says."""
    state = d.wallet(slug)
    if d.rulebook.wallet(slug).debt == "write_off":
        state.written_off += points
        d.post(slug, "written_off", target, points)
    else:
        state.debt += points
        d.post(slug, "debt", target, points)


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

    Units whose lot was reversed meanwhile go to what stood in for it: the debt first, then lots.
    Units whose date has passed come back dead, or with `grace` as a lot of their own.
    """
    wallet = d.rulebook.wallet(slug)
    revived = 0
    for no, amount in taken:
        part = min(amount, find(d, slug, no).spent)
        if part:
            revived += _give_back(d, wallet, no, part, back)
        if amount > part:
            revived += _give_cover_back(d, wallet, no, amount - part, back)
    if revived and back.grace is not None:
        grant(
            d,
            slug,
            revived,
            source=source,
            rule="returned",
            at=at,
            key=source,
            expiry=After(back.grace),
            partner=back.partner,
            how="returned",
            account=back.account,
            silent=True,
        )


def _give_back(d: Deciding, wallet: Wallet, no: int, part: int, back: Return) -> int:
    """Refill a lot; return what has to come back as a new lot because this one is dead."""
    slug = wallet.id
    state = d.wallet(slug)
    lot = find(d, slug, no)
    gone = lot.died is not None or (lot.expires is not None and lot.expires <= d.now)
    if gone and back.grace is not None:
        state.earned -= part
        _store(d, wallet, lot._replace(spent=lot.spent - part, reversed=lot.reversed + part))
        return part
    d.post(slug, back.account, "spendable", part, lot=no, partner=back.partner)
    state.spendable += part
    lot = lot._replace(spent=lot.spent - part, left=lot.left + part)
    d.effect(PointsEffect(slug, "returned", part, lot.rule, lot.source, d.now, lot.expires))
    lot = _die(d, wallet, lot, at=d.now) if gone else _pay_debt(d, wallet, lot)
    _store(d, wallet, lot)
    return 0


def _give_cover_back(d: Deciding, wallet: Wallet, no: int, rest: int, back: Return) -> int:
    """Return units whose own lot was taken back: pay the debt, then refill the lots that covered."""
    slug = wallet.id
    state = d.wallet(slug)
    paid = min(rest, state.debt)
    state.debt -= paid
    d.post(slug, back.account, "debt", paid, lot=no, partner=back.partner)
    rest -= paid
    revived = 0
    left: list[tuple[int, int]] = []
    for other, amount in find(d, slug, no).cover:
        part = min(rest, amount, find(d, slug, other).spent) if other else 0
        if part:
            revived += _give_back(d, wallet, other, part, back)
        rest -= part
        if amount > part:
            left.append((other, amount - part))
    _store(d, wallet, find(d, slug, no)._replace(cover=tuple(left)))
    return revived + (_refill(d, wallet, rest, back) if rest else 0)


def _refill(d: Deciding, wallet: Wallet, rest: int, back: Return) -> int:
    """Return units to the newest lots that were spent, where nothing better is known."""
    revived = 0
    for lot in sorted(every_lot(d, wallet.id), key=lambda each: -each.no):
        part = min(rest, lot.spent)
        if part:
            revived += _give_back(d, wallet, lot.no, part, back)
            rest -= part
    return revived


def every_lot(d: Deciding, slug: str) -> list[Lot]:
    """Return all lots of a wallet, dead ones included; asks for those outside the head."""
    return [
        lot_of(value) for prefix in SHELVES for value in d.everything(f"{prefix}:{slug}").values()
    ]


def release(d: Deciding, slug: str, lot: Lot) -> None:
    """Make a pending lot spendable; it pays the debt now."""
    wallet = d.rulebook.wallet(slug)
    state = d.wallet(slug)
    state.pending -= lot.left
    state.spendable += lot.left
    d.post(slug, "pending", "spendable", lot.left, lot=lot.no)
    d.effect(PointsEffect(slug, "released", lot.left, lot.rule, lot.source, d.now, lot.expires))
    d.drop(f"pending:{slug}", str(lot.no))
    _store(d, wallet, _pay_debt(d, wallet, lot._replace(release=None)), fresh=True)


def expire_due(d: Deciding, slug: str) -> None:
    """Let everything of a wallet expire whose date has come, pending lots included."""
    wallet = d.rulebook.wallet(slug)
    lapse = lapse_of(
        policy_of(d.program, wallet, d.standing, d.now),
        d.rulebook.calendar,
        d.wallet(slug).active_on,
    )
    lapsed = lapse is not None and lapse <= d.now
    if lapsed:
        d.pull(f"lots:{slug}", "all")
        d.pull(f"pending:{slug}", "all")
    for lot in _head(d, slug):
        own = lot.expires is not None and lot.expires <= d.now
        if own or (lapsed and not lot.fixed):
            expire_lot(d, wallet, lot, at=d.now if own or lapse is None else lapse)
    if lapsed and lapse is not None:
        state = d.wallet(slug)
        if state.active_on is not None and (not state.lapses or state.lapses[-1][0] != lapse):
            state.lapses = (*state.lapses[-3:], (lapse, state.active_on, None))
            state.active_on = None


def expire_lot(d: Deciding, wallet: Wallet, lot: Lot, *, at: Instant) -> None:
    """Let one lot expire as a whole; `at` is the instant its time had come."""
    shelf = "pending" if lot.release is not None else "lots"
    d.drop(f"{shelf}:{wallet.id}", str(lot.no))
    _store(d, wallet, _die(d, wallet, lot, at=at), fresh=True)


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
    if state.spill_due is not None and state.spill_due <= d.now:
        d.pull(f"lots:{slug}", "all")
        d.pull(f"pending:{slug}", "all")
        state.spill_due = None
        _evict(d, slug)
    if not _head(d, slug) and d.spilled(f"lots:{slug}"):
        d.pull(f"lots:{slug}", "front")
    state.due = due_of(d, slug, state)


def due_of(d: Deciding, slug: str, state: WalletState) -> Instant | None:
    """Return when time alone changes this wallet next."""
    lots = _head(d, slug)
    policy = policy_of(d.program, d.rulebook.wallet(slug), d.standing, d.now)
    lapse = lapse_of(policy, d.rulebook.calendar, state.active_on)
    return first(
        [
            state.spill_due,
            lapse if any(not lot.fixed for lot in lots) else None,
            *(lot.expires for lot in lots),
            *(lot.release for lot in lots if lot.release != FAR),
        ]
    )


def follow_policy(d: Deciding, slug: str) -> None:
    """Give living lots the date of the policy that the tier held now brings, where it changed."""
    wallet = d.rulebook.wallet(slug)
    policy = policy_of(d.program, wallet, d.standing, d.now)
    name = repr(policy)
    state = d.standing.wallets.get(slug)
    if state is None or state.policy == name:
        return
    owned = d.wallet(slug)
    before, owned.policy = owned.policy, name
    if not before:
        return
    d.pull(f"lots:{slug}", "all")
    d.pull(f"pending:{slug}", "all")
    owned.spill_due = None
    expires = expiry_of(policy, d.rulebook.calendar, d.rulebook.calendar.day(d.now))
    for lot in _head(d, slug):
        if not lot.fixed:
            _store(d, wallet, lot._replace(expires=expires))
    _evict(d, slug)
    if isinstance(policy, Inactivity) and owned.active_on is None:
        owned.active_on = d.rulebook.calendar.day(d.now)


def extend(d: Deciding, slug: str, least: Instant) -> None:
    """Let no lot of the wallet die before an instant."""
    wallet = d.rulebook.wallet(slug)
    if slug not in d.standing.wallets:
        return
    soon = [lot for lot in _head(d, slug) if lot.expires is not None and lot.expires < least]
    if d.spilled(f"lots:{slug}") and len(soon) == len(_head(d, slug)):
        d.pull(f"lots:{slug}", "all")
        d.pull(f"pending:{slug}", "all")
        soon = [lot for lot in _head(d, slug) if lot.expires is not None and lot.expires < least]
    for lot in soon:
        if not lot.fixed:
            _store(d, wallet, lot._replace(expires=least))
    _evict(d, slug)


def active(d: Deciding, slug: str, day: int) -> None:
    """Count a day of activity against inactivity; an expiry that it shows to be wrong is undone."""
    wallet = d.rulebook.wallet(slug)
    state = d.wallet(slug)
    if state.lapses:
        _amend_lapses(d, wallet, state, day)
    if state.active_on is None or day > state.active_on:
        state.active_on = day
        if state.lapses and state.lapses[-1][2] is None and day > state.lapses[-1][1]:
            lapse, before, _ = state.lapses[-1]
            state.lapses = (*state.lapses[:-1], (lapse, before, day))


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
        state.expired -= part
        state.spendable += part
        d.post(slug, "expired", "spendable", part, lot=lot.no)
        d.effect(PointsEffect(slug, "revived", part, lot.rule, lot.source, d.now, lot.expires))
        d.drop(f"closed:{slug}", str(lot.no))
        lot = lot._replace(left=part, expired=0, died=None)
        _store(d, wallet, _pay_debt(d, wallet, lot), fresh=True)


def _bury(d: Deciding, wallet: Wallet, lapse: Instant, moved: Instant) -> None:
    """Date an expiry that stays, only later, so that a further report can still undo it."""
    for value in list(d.everything(f"closed:{wallet.id}").values()):
        lot = lot_of(value)
        if lot.died == lapse:
            _store(d, wallet, lot._replace(died=moved))


def _die(d: Deciding, wallet: Wallet, lot: Lot, *, at: Instant) -> Lot:
    """Return the lot with what was left of it expired, totals and postings written."""
    state = d.wallet(wallet.id)
    part = lot.left
    account = "pending" if lot.release is not None else "spendable"
    if lot.release is not None:
        state.pending -= part
    else:
        state.spendable -= part
    state.expired += part
    d.post(wallet.id, account, "expired", part, lot=lot.no)
    if part:
        d.effect(PointsEffect(wallet.id, "expired", -part, lot.rule, lot.source, at, None))
    return lot._replace(left=0, expired=lot.expired + part, release=None, died=at)


def _pay_debt(d: Deciding, wallet: Wallet, lot: Lot) -> Lot:
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
    wallet = d.rulebook.wallet(slug)
    state = d.wallet(slug)
    for lot, _ in _portions(d, slug, min(state.debt, state.spendable)):
        _store(d, wallet, _pay_debt(d, wallet, lot))


def _portions(d: Deciding, slug: str, points: int) -> list[tuple[Lot, int]]:
    """Return the lots that give `points` in spending order; more are asked for when needed."""
    name = f"lots:{slug}"
    after = ""
    while True:
        lots = living(d, slug)
        if sum(lot.left for lot in lots) >= points or not d.spilled(name):
            break
        d.pull(name, "all" if after else "front")
        after = "more"
    found: list[tuple[Lot, int]] = []
    for lot in lots:
        if points <= 0:
            break
        part = min(points, lot.left)
        found.append((lot, part))
        points -= part
    return found


def _head(d: Deciding, slug: str) -> list[Lot]:
    """Return the living lots in the head, spendable and pending, as they lie."""
    found: list[Lot] = []
    for prefix in ("lots", "pending"):
        shelf = d.standing.shelves.get(f"{prefix}:{slug}")
        if shelf is not None:
            found += map(lot_of, shelf.items.values())
    return sorted(found, key=lambda lot: lot.no)


def _store(d: Deciding, wallet: Wallet, lot: Lot, *, fresh: bool = False) -> None:
    """Put a lot on the shelf where it belongs now; `fresh` when it lies on none."""
    slug, key = wallet.id, str(lot.no)
    home = "pending" if lot.release is not None else "lots" if lot.left else "closed"
    if not fresh:
        for prefix in SHELVES:
            shelf = d.standing.shelves.get(f"{prefix}:{slug}")
            if shelf is None:
                continue
            name = f"{prefix}:{slug}"
            page = d.pages.get((name, key), d.given.entries.get((name, key)))
            if key in shelf.items or page is not None:
                if prefix != home:
                    d.drop(name, key)
                break
    name = f"{home}:{slug}"
    if home == "closed":
        d.put(name, key, lot, key.rjust(12, "0"))
        return
    before = d.spilled(name)
    d.put_ordered(name, key, lot, lambda value: spending_key(wallet, lot_of(value)))
    if d.spilled(name) > before:
        _note_spill(d, slug, name)


def _note_spill(d: Deciding, slug: str, name: str) -> None:
    """Remember the earliest date among lots outside the head."""
    state = d.wallet(slug)
    for (owner, _), entry in d.pages.items():
        if owner == name and entry is not None:
            lot = lot_of(entry[1])
            waits = lot.release if lot.release != FAR else None
            state.spill_due = first([state.spill_due, lot.expires, waits])


def _evict(d: Deciding, slug: str) -> None:
    """Move what does not fit the head back into pages, last in order first."""
    wallet = d.rulebook.wallet(slug)
    for prefix in ("lots", "pending"):
        name = f"{prefix}:{slug}"
        if name not in d.standing.shelves:
            continue
        items = d.shelf(name).items
        extra = len(items) - capacity_of(name)
        if extra <= 0:
            continue
        order = sorted(items, key=lambda key: spending_key(wallet, lot_of(items[key])))
        for key in order[-extra:]:
            value = items[key]
            d.spill(name, key, value, sort_text(spending_key(wallet, lot_of(value))))
        _note_spill(d, slug, name)

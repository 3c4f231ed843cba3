"""What happens to the units of one wallet: granted, spent, taken back, owed.

Rules: new units pay a debt first; taking back reads what is left of the lot, then what already
expired, then other lots in spending order, then debt. Totals, lots, postings and effects are
always written together, so that they cannot disagree.
"""

from typing import NamedTuple

from guerdon.core.activity import Instant
from guerdon.core.counters import count_points, move, moves_of
from guerdon.core.deciding import Deciding, earlier
from guerdon.core.decision import PointsEffect, Posting
from guerdon.core.holdings import add, add_spendable, find, note_spill, portions, replace
from guerdon.core.lots import Lot, Purse, expiry_of, lapse_of, policy_of, release_of
from guerdon.core.program import Expiry, ExpiryByTier, Inactivity, Pending, Wallet
from guerdon.core.shelving import sort_end, sort_front
from guerdon.core.standing import Plain, Shelf, WalletState, make
from guerdon.core.windows import FAR


class Origin(NamedTuple):
    """Where units come from: the lot's source and rule, when and by which activity (`key`).

    `day` is the business day of `at`, where it is known.
    """

    source: str
    rule: str
    at: Instant
    key: str = ""
    partner: str = ""
    day: int | None = None


class Terms(NamedTuple):
    """How units are granted.

    `expiry` takes the place of the wallet's policy; with `dated` the lot has the date `expires`
    instead, and `fixed` tells whether it keeps it when the policy changes. `account` is where the
    units come from, `how` what the effect calls it. `silent` units move no counter: they were
    counted when they were first granted.
    """

    expiry: Expiry | None = None
    pending: Pending | None = None
    dated: bool = False
    expires: Instant | None = None
    fixed: bool = True
    account: str = "issued"
    how: str = "earned"
    silent: bool = False


PLAIN = Terms()

RETURNED = "returned"
"""The rule of a lot in which dead units live on that a cancellation gave back."""


def grant(d: Deciding, slug: str, points: int, origin: Origin, terms: Terms = PLAIN) -> int:
    """Make a lot of new units and return its number; 0 where there is nothing to grant."""
    if points <= 0:
        return 0
    granting = Granting(d, slug, origin, terms)
    no = granting.lot(origin.rule, points)
    granting.close()
    return no


class Granting:
    """Grants of one origin into one wallet: what their lots have in common is reckoned once.

    A lot whose date has passed is born expired and pays no debt. Counters that follow the wallet's
    units move once, in `close`: nothing reads them between two lots of one activity.
    """

    __slots__ = (
        "_at",
        "_d",
        "_dies",
        "_effect",
        "_expires",
        "_fixed",
        "_head",
        "_home",
        "_is_plain",
        "_key",
        "_laid",
        "_last",
        "_moves",
        "_partner",
        "_post",
        "_purse",
        "_release",
        "_sort",
        "_source",
        "_state",
        "_terms",
        "_units",
    )

    def __init__(self, d: Deciding, slug: str, origin: Origin, terms: Terms = PLAIN) -> None:
        purse = d.state.purse(slug)
        state = d.wallet(slug)
        if not purse.is_steady and not state.policy:
            _note_policy(d, purse.wallet, state)
        self._d, self._purse, self._state, self._terms = d, purse, state, terms
        self._source, _, at, self._key, self._partner, day = origin
        self._at = at
        if purse.is_steady and terms is PLAIN and day is not None:
            expires = purse.expiry(day)
        else:
            expires = _expires(d, purse, at, terms)
        self._expires = expires
        self._fixed = terms.fixed if terms.dated else terms.expiry is not None
        self._release = None if terms.pending is None else _release(d, terms.pending, at)
        self._home = "spendable" if self._release is None else "pending"
        self._dies = bool(state.lapses) or (expires is not None and expires <= d.now)
        self._head: dict[str, Plain] | None = None
        self._last = (0, 0, 0)
        self._laid: Shelf | None = None
        self._sort = ""
        self._units = 0
        self._is_plain = purse.is_steady and not self._dies
        self._effect = d.decision.effects.append
        self._post = d.decision.postings.append
        self._moves = () if terms.silent else moves_of(d, slug, at)

    def lot(self, rule: str, points: int) -> int:
        """Make a lot of so many units and return its number."""
        d, state, purse = self._d, self._state, self._purse
        slug, source, at, expires = purse.id, self._source, self._at, self._expires
        terms, release, partner = self._terms, self._release, self._partner
        no = d.standing.lots_made = d.standing.lots_made + 1
        lot = make(Lot, (
            no, source, rule, self._key, at, expires, points, points, 0, 0, 0, release,
            self._fixed, partner, None, (), terms.silent,
        ))  # fmt: skip
        state.earned += points
        self._effect(
            make(PointsEffect, (slug, terms.how, points, rule, source, at, expires, "points"))
        )
        if self._moves is None:
            count_points(d, slug, lot, points)
        else:
            self._units += points
        self._post(make(Posting, (slug, terms.account, self._home, points, no, partner)))
        if release is not None:
            state.pending += points
        else:
            state.spendable += points
            if self._is_plain and not state.debt:
                if expires is not None and (state.due is None or expires < state.due):
                    state.due = expires
                self._add_spendable(lot)
                return no
        wallet = purse.wallet
        died = _died(d, wallet, state, lot) if self._dies else None
        if died is not None:
            lot = die(d, wallet, lot, at=died)
        elif state.debt and release is None:
            lot = pay_debt(d, wallet, lot)
        self._store(lot)
        return no

    def close(self) -> None:
        """Let the counters that follow the wallet's units count what the lots brought."""
        if self._units and self._moves:
            for reading, window in self._moves:
                move(self._d, reading, window, self._at, self._units)
        self._units = 0

    def _store(self, lot: Lot) -> None:
        """Put the lot on its shelf, and remember when time will change it."""
        d, state, purse = self._d, self._state, self._purse
        if not lot.left:
            add(d, purse.wallet, lot)
            return
        state.due = earlier(state.due, lot.expires)
        if not purse.is_steady:
            state.due = earlier(state.due, _lapse(d, purse.wallet, state))
        if lot.release is not None:
            if lot.release != FAR:
                state.due = earlier(state.due, lot.release)
            add(d, purse.wallet, lot)
        else:
            self._add_spendable(lot)

    def _add_spendable(self, lot: Lot) -> None:
        """Put the lot among the spendable ones, straight into a page where it comes last."""
        d, purse = self._d, self._purse
        name = purse.lots
        shelf = d.standing.shelves.get(name)
        if shelf is not None and shelf.spilled and shelf.items:
            head = shelf.items
            if shelf is self._laid and head is self._head:
                # Right behind the lot before: the dates are the same, the number is greater.
                shelf.spilled += 1
                d.pages[name, str(lot.no)] = self._sort + sort_end(lot.no), lot
                return
            if head is not self._head:
                # Whatever brings more into a head sorts it anew; without that, it only gets less.
                self._head, self._last = head, purse.order(head[next(reversed(head))])
            place = purse.order(lot)
            if place > self._last:
                d.lay_out(name, shelf, str(lot.no), lot, place)
                note_spill(self._state, lot)
                self._laid, self._sort = d.standing.shelves[name], sort_front(place)
                return
        add_spendable(d, purse, self._state, lot)


def _note_policy(d: Deciding, wallet: Wallet, state: WalletState) -> None:
    """Remember the policy of the first unit: what later tiers bring is compared with it."""
    if isinstance(wallet.expiry, ExpiryByTier):
        state.policy = repr(policy_of(d.program, wallet, d.standing, d.now))


def _expires(d: Deciding, purse: Purse, at: Instant, terms: Terms) -> Instant | None:
    """Return when units of that instant are gone."""
    if terms.dated:
        return terms.expires
    calendar = d.rulebook.calendar
    if terms.expiry is not None:
        return expiry_of(terms.expiry, calendar, calendar.day(at))
    if purse.is_steady:
        return purse.expiry(calendar.day(at))
    policy = policy_of(d.program, purse.wallet, d.standing, d.now)
    return expiry_of(policy, calendar, calendar.day(at))


def _release(d: Deciding, pending: Pending, at: Instant) -> Instant | None:
    """Return when units of that instant become spendable; None where they are."""
    calendar = d.rulebook.calendar
    release = release_of(pending, calendar, calendar.day(at))
    return release if release > d.now else None


def _died(d: Deciding, wallet: Wallet, state: WalletState, lot: Lot) -> Instant | None:
    """Return when a lot died that is only now made; None for one that lives.

    What was earned before the wallet lapsed, and nothing woke it since, went with the others; it
    is dated like them, so that a report that undoes the lapse brings it to life too.
    """
    if lot.expires is not None and lot.expires <= d.now:
        return d.now
    if lot.fixed or not state.lapses or state.lapses[-1][2] is not None:
        return None
    policy = policy_of(d.program, wallet, d.standing, d.now)
    lapse = Instant(state.lapses[-1][0])
    return lapse if isinstance(policy, Inactivity) and lot.at < lapse else None


def _lapse(d: Deciding, wallet: Wallet, state: WalletState) -> Instant | None:
    """Return when the wallet lapses through inactivity, where it can."""
    policy = policy_of(d.program, wallet, d.standing, d.now)
    return lapse_of(policy, d.rulebook.calendar, state.active_on)


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


def reverse(d: Deciding, slug: str, no: int, points: int) -> None:
    """Take back units that a lot granted, in the order this module's rule names.

    What was taken back before is not taken twice; units that a cancellation let live on in a lot
    of their own are taken from there.
    """
    if points <= 0:
        return
    wallet = d.state.wallet(slug)
    state = d.wallet(slug)
    lot = find(d, slug, no)
    if points > lot.worth:
        _reverse_returned(d, wallet, lot, points - lot.worth)
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
    replace(d, wallet, lot)
    if gone:
        cover = _cover(d, wallet, gone, lot)
        kept = find(d, slug, no)
        replace(d, wallet, kept._replace(cover=kept.cover + tuple(cover)))


def _reverse_returned(d: Deciding, wallet: Wallet, lot: Lot, points: int) -> None:
    """Take back units of a lot that came back from a redemption as a lot of their own."""
    kept: list[tuple[int, int]] = []
    for no, amount in lot.cover:
        part = 0
        if no and find(d, wallet.id, no).rule == RETURNED:
            part = min(points, amount)
            reverse(d, wallet.id, no, part)
            if not lot.silent:
                count_points(d, wallet.id, lot, -part)
            points -= part
        if amount > part:
            kept.append((no, amount - part))
    replace(d, wallet, lot._replace(cover=tuple(kept)))


def _cover(d: Deciding, wallet: Wallet, gone: int, lot: Lot) -> list[tuple[int, int]]:
    """Let other lots stand in for spent units that were reversed; the rest becomes debt."""
    slug = wallet.id
    state = d.wallet(slug)
    cover: list[tuple[int, int]] = []
    portion = min(gone, state.spendable)
    for other, part in portions(d, slug, portion):
        replace(d, wallet, other._replace(left=other.left - part, spent=other.spent + part))
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
    d.post(wallet.id, account, "expired", part, lot=lot.no)
    d.effect(PointsEffect(wallet.id, "expired", -part, lot.rule, lot.source, at, None))
    return lot._replace(left=0, expired=lot.expired + part, died=at)


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

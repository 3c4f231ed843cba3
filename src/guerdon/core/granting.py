"""How units come into a wallet: lots, their dates, and what they pay and move as they come.

Rules: new units pay a debt first; totals, lots, postings and effects are always written together.
What happens to units afterwards is in `core.wallets`.
"""

from typing import NamedTuple

from guerdon.core import extensions, lapses
from guerdon.core.activity import Instant
from guerdon.core.counters import count_points, move, moves_of
from guerdon.core.deciding import Deciding, earlier
from guerdon.core.decision import PointsEffect, Posting
from guerdon.core.holdings import add, add_spendable, note_spill
from guerdon.core.lots import (
    Lot,
    Purse,
    expiry_of,
    lapse_of,
    policy_name,
    policy_of,
    release_of,
)
from guerdon.core.program import Expiry, Pending, Wallet
from guerdon.core.shelving import SORT_BASE, SORT_FRONT, sort_text
from guerdon.core.standing import PageWrite, Plain, Shelf, WalletState, make
from guerdon.core.wallets import die, pay_debt
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
    counted when they were first granted. Inactivity counts for them from `since`, where that is not
    when they were earned.
    """

    expiry: Expiry | None = None
    pending: Pending | None = None
    dated: bool = False
    expires: Instant | None = None
    fixed: bool = True
    account: str = "issued"
    how: str = "earned"
    silent: bool = False
    since: Instant | None = None


PLAIN = Terms()


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
        "_head",
        "_is_plain",
        "_laid",
        "_moves",
        "_purse",
        "_shared",
        "_sort",
        "_state",
        "_units",
    )

    def __init__(self, d: Deciding, slug: str, origin: Origin, terms: Terms = PLAIN) -> None:
        purse = d.state.purse(slug)
        state = d.wallet(slug)
        if not purse.is_steady and not state.policy:
            policy = policy_of(d.program, purse.wallet, d.standing, d.now)
            state.policy = policy_name(purse.wallet, policy)
        self._d, self._purse, self._state = d, purse, state
        source, _, at, key, partner, day = origin
        self._at = at
        if purse.is_steady and terms is PLAIN and day is not None:
            expires = purse.expiry(day)
        else:
            expires = _expires(d, purse, at, terms)
        if expires is not None and state.extended:
            begins = at if terms.since is None else terms.since
            expires = extensions.reach(state.extended, begins, expires)
        fixed = terms.fixed if terms.dated else terms.expiry is not None
        release = None if terms.pending is None else _release(d, terms.pending, at)
        home = "spendable" if release is None else "pending"
        self._shared = (
            slug, source, key, at, expires, release, fixed, partner, terms.silent,
            d.decision.effects.append, terms.how, d.decision.postings.append, terms.account, home,
            terms.since,
        )  # fmt: skip
        self._dies = not purse.is_steady or (expires is not None and expires <= d.now)
        self._head: dict[str, Plain] | None = None
        self._laid: Shelf | None = None
        self._sort = ""
        self._units = 0
        self._is_plain = purse.is_steady and not self._dies
        self._moves = () if terms.silent else moves_of(d, slug, at)

    def lot(self, rule: str, points: int) -> int:
        """Make a lot of so many units and return its number."""
        d, state = self._d, self._state
        (
            slug, source, key, at, expires, release, fixed, partner, silent,
            effect, how, post, account, home, since,
        ) = self._shared  # fmt: skip
        no = d.standing.lots_made = d.standing.lots_made + 1
        lot = make(Lot, (
            no, source, rule, key, at, expires, points, points, 0, 0, 0, release,
            fixed, partner, None, (), silent, 0, since,
        ))  # fmt: skip
        state.earned += points
        effect(make(PointsEffect, (slug, how, points, rule, source, at, expires, "points")))
        if self._moves is None:
            count_points(d, slug, lot, points)
        else:
            self._units += points
        post(make(Posting, (slug, account, home, points, no, partner)))
        if release is not None:
            state.pending += points
        else:
            state.spendable += points
            if self._is_plain and not state.debt:
                if expires is not None and (state.due is None or expires < state.due):
                    state.due = expires
                self._add_spendable(lot)
                return no
        wallet = self._purse.wallet
        died = _died(d, wallet, lot) if self._dies else None
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
            head, no = shelf.items, lot.no
            if shelf is self._laid and head is self._head:
                # Right behind the lot before: the dates are the same, the number is greater.
                shelf.spilled += 1
                key = str(no)
                d.pages[name, key] = make(
                    PageWrite, (name, key, f"{self._sort}0{no + SORT_BASE}", lot)
                )
                return
            self._head = head
            place = purse.order(lot)
            if place > purse.order(head[next(reversed(head))]):
                sort = sort_text(place)
                self._laid = d.lay_out(name, shelf, str(no), lot, sort)
                self._sort = sort[:SORT_FRONT]
                note_spill(self._state, lot)
                return
        add_spendable(d, purse, self._state, lot)


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


def _died(d: Deciding, wallet: Wallet, lot: Lot) -> Instant | None:
    """Return when a lot died that is only now made; None for one that lives.

    What was earned before the wallet lapsed went with the others; it is dated like them, so that a
    report that undoes the lapse brings it to life too.
    """
    if lot.expires is not None and lot.expires <= d.now:
        return d.now
    return lapses.died(d, wallet, lot)


def _lapse(d: Deciding, wallet: Wallet, state: WalletState) -> Instant | None:
    """Return when the wallet lapses through inactivity, where it can."""
    policy = policy_of(d.program, wallet, d.standing, d.now)
    return lapse_of(policy, d.rulebook.calendar, state.active_on)

"""Wallets that lapse through inactivity: as a whole, by when things happened.

Rule: units are gone once their wallet lapsed after they were earned, and it lapses when nothing
happened for a period, in whatever order that was reported. So a late report may undo a lapse, put
it off or tell of one; what it shows to live, or to be gone, does so from its arrival on. A tier
that brings other terms closes what was before: what lapsed stays so, and all counts from then on.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding, first
from guerdon.core.decision import PointsEffect
from guerdon.core.holdings import add, evict, head, pull_all, remove, replace
from guerdon.core.lots import Lot, lapse_of, lot_of, policy_name, policy_of
from guerdon.core.program import Expiry, Inactivity, Wallet
from guerdon.core.standing import WalletState
from guerdon.core.wallets import expire, pay_debt_from_lots
from guerdon.core.windows import FAR

_KEPT = 8
"""How many lapses a standing remembers: so many late reports in a row may each undo the last."""


class _Span(NamedTuple):
    """Days of activity that kept a wallet alive, the first and the last, and when it lapsed."""

    first: int
    last: int
    lapse: Instant | None = None


def ahead(d: Deciding, wallet: Wallet) -> Instant | None:
    """Return when the wallet lapses, or did since it was last looked at; None where it cannot."""
    policy = policy_of(d.program, wallet, d.standing, d.now)
    return lapse_of(policy, d.rulebook.calendar, d.wallet(wallet.id).active_on)


def idle(d: Deciding, wallet: Wallet) -> Instant | None:
    """Return when the wallet lapsed since it was last looked at; None where it did not."""
    lapse = ahead(d, wallet)
    return lapse if lapse is not None and lapse <= d.now else None


def note(d: Deciding, wallet: Wallet) -> None:
    """Remember that the wallet lapsed, where it did; it has been idle since then."""
    lapse = idle(d, wallet)
    if lapse is not None:
        state = d.wallet(wallet.id)
        spans = _spans(state)
        _keep(state, [*spans[:-1], spans[-1]._replace(lapse=lapse)])


def died(d: Deciding, wallet: Wallet, lot: Lot) -> Instant | None:
    """Return when the wallet lapsed around a lot; None for one that lives, as far as that goes."""
    policy = policy_of(d.program, wallet, d.standing, d.now)
    if lot.fixed or not isinstance(policy, Inactivity):
        return None
    lapses = [*(lapse for lapse, _, _ in d.wallet(wallet.id).lapses), idle(d, wallet)]
    return next((lapse for lapse in lapses if lapse is not None and lot.begins < lapse), None)


def active(d: Deciding, wallet: Wallet, kind: str, day: int) -> None:
    """Count a day of activity; what lapsed wrongly comes back, what lapsed unknown goes.

    Only what the policy of the tier held now lists counts, where tiers have policies of their own.
    """
    policy = policy_of(d.program, wallet, d.standing, d.now)
    if not isinstance(policy, Inactivity) or kind not in policy.activity:
        return
    state = d.wallet(wallet.id)
    state.policy = state.policy or policy_name(wallet, policy)
    note(d, wallet)
    spans = _spans(state)
    if any(span.first <= day <= span.last for span in spans):
        return
    _be_active(d, wallet, [*spans, _Span(day, day)])
    state.due = first((state.due, lapse_of(policy, d.rulebook.calendar, state.active_on)))


def turn(d: Deciding, wallet: Wallet, former: Expiry) -> None:
    """Count anew from now on, because a tier brought another policy.

    No day before is told of any more: the spans until now leave no gap but the last lapse.
    """
    state = d.wallet(wallet.id)
    lapse = lapse_of(former, d.rulebook.calendar, state.active_on)
    if lapse is None or lapse > d.now:
        lapse = state.lapses[-1][0] if state.lapses else None
    begin, spans = 0, list[_Span]()
    if lapse is not None:
        begin = d.rulebook.calendar.day(lapse)
        spans.append(_Span(0, begin - 1, lapse))
    if isinstance(policy_of(d.program, wallet, d.standing, d.now), Inactivity):
        spans.append(_Span(begin, d.today))
    _keep(state, spans)


def unite(d: Deciding, slug: str, theirs: WalletState) -> None:
    """Let a wallet have been active when either of two accounts was.

    The lots of both are looked at with `recount`, once they lie in one wallet.
    """
    state = d.wallet(slug)
    spans = [*_spans(state), *_spans(theirs)]
    if spans:
        _keep(state, _joined(d, d.state.wallet(slug), spans))


def recount(d: Deciding, slug: str) -> None:
    """Let units of the wallet live or be gone as its lapses say."""
    wallet = d.state.wallet(slug)
    if isinstance(policy_of(d.program, wallet, d.standing, d.now), Inactivity):
        _bury(d, wallet)
        _revive(d, wallet)


def _be_active(d: Deciding, wallet: Wallet, spans: list[_Span]) -> None:
    state = d.wallet(wallet.id)
    before = _last(state)
    _keep(state, _joined(d, wallet, spans))
    after = _last(state)
    if after > before:
        _bury(d, wallet)
    elif after < before:
        _revive(d, wallet)


# ---------------------------------------------------------------- when it was active


def _last(state: WalletState) -> int:
    """Return the last lapse, which alone tells what lives; nought where there was none."""
    return state.lapses[-1][0] if state.lapses else 0


def _spans(state: WalletState) -> list[_Span]:
    begin, found = state.active_since, list[_Span]()
    for lapse, last, after in state.lapses:
        found.append(_Span(begin, last, lapse))
        begin = last if after is None else after
    if state.active_on is not None:
        found.append(_Span(begin, state.active_on))
    return found


def _keep(state: WalletState, spans: list[_Span]) -> None:
    kept = spans[-_KEPT - 1 :]
    state.active_since = kept[0].first if kept else 0
    after = [*(span.first for span in kept[1:]), None][: len(kept)]
    state.lapses = tuple(
        (span.lapse, span.last, begin)
        for span, begin in zip(kept, after, strict=True)
        if span.lapse is not None
    )
    state.active_on = kept[-1].last if kept and kept[-1].lapse is None else None


def _joined(d: Deciding, wallet: Wallet, spans: Iterable[_Span]) -> list[_Span]:
    """Join the spans between which the wallet never lapsed; it lapsed between all others."""
    end = _ends(d, wallet)
    begin = d.rulebook.calendar.begin
    found: list[_Span] = []
    for span in sorted(spans, key=lambda each: each.first):
        before = found[-1] if found else None
        if before is None:
            found.append(span)
            continue
        lapse = before.lapse or end(before.last)
        if span.first <= before.last or begin(span.first) < lapse:
            last = span if span.last > before.last else before
            found[-1] = last._replace(first=before.first)
        else:
            found[-1] = before._replace(lapse=lapse)
            found.append(span)
    last = found[-1]
    lapse = last.lapse or end(last.last)
    found[-1] = last._replace(lapse=lapse if lapse <= d.now else None)
    return found


def _ends(d: Deciding, wallet: Wallet) -> Callable[[int], Instant]:
    """Return what tells when a wallet lapses after a day: never, where it knows no inactivity."""
    policy = policy_of(d.program, wallet, d.standing, d.now)
    return lambda day: lapse_of(policy, d.rulebook.calendar, day) or FAR


# ---------------------------------------------------------------- what lives


def _bury(d: Deciding, wallet: Wallet) -> None:
    """Let what was earned before a lapse be gone."""
    pull_all(d, wallet.id)
    for lot in head(d, wallet.id):
        lapse = died(d, wallet, lot)
        if lapse is not None:
            expire(d, wallet, lot, at=lapse)
    evict(d, wallet.id)


def _revive(d: Deciding, wallet: Wallet) -> None:
    """Undo expiries through inactivity that are none; what comes back pays the debt."""
    slug = wallet.id
    for value in list(d.everything(f"closed:{slug}").values()):
        lot = lot_of(value)
        has_passed = lot.expires is not None and lot.expires <= d.now
        if lot.died is None or lot.fixed or has_passed or died(d, wallet, lot) is not None:
            continue
        if lot.expired:
            come_back(d, wallet, lot)
        else:
            replace(d, wallet, lot._replace(died=None))
    pay_debt_from_lots(d, slug)


def come_back(d: Deciding, wallet: Wallet, lot: Lot) -> None:
    """Undo the expiry of a lot, which waits on where it waited; the debt is not paid here."""
    slug, part = wallet.id, lot.expired
    state = d.wallet(slug)
    waits = lot.release if lot.release is not None and lot.release > d.now else None
    state.expired -= part
    if waits is None:
        state.spendable += part
    else:
        state.pending += part
    d.post(slug, "expired", "spendable" if waits is None else "pending", part, lot=lot.no)
    d.effect(PointsEffect(slug, "revived", part, lot.rule, lot.source, d.now, lot.expires))
    remove(d, slug, lot)
    add(d, wallet, lot._replace(left=part, expired=0, died=None, release=waits))
    soon = waits if waits != FAR else None
    state.due = first((state.due, soon, d.now if lot.expires is None else lot.expires))

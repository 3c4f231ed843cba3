"""Effects that missions, tiers, badges and jobs bring: units, badges, vouchers, tiers.

Rule: an effect with `per` happens at most once in that window; without it, as often as its cause.
A tier granted here is shown once `core.ladders` looks again.
"""

from guerdon.core import granting, vouchers
from guerdon.core.activity import Instant
from guerdon.core.deciding import Deciding
from guerdon.core.decision import BadgeEffect
from guerdon.core.program import (
    Grant,
    GrantBadge,
    GrantPoints,
    GrantTier,
    GrantVoucher,
    Per,
    Period,
)
from guerdon.core.windows import add, per_key


def give(
    d: Deciding,
    effects: tuple[Grant, ...],
    *,
    source: str,
    at: Instant,
    partner: str = "",
    once: str | None = None,
) -> list[tuple[str, int]]:
    """Carry out effects and return (wallet, lot) of the units granted.

    `once` is the window key in which an effect without a `per` of its own happens at most once;
    None lets it happen each time.
    """
    made: list[tuple[str, int]] = []
    for number, effect in zip(d.rulebook.numbers.of(source, effects), effects, strict=True):
        if not _first_time(d, effect.per, f"{source}|{number}", at, once):
            continue
        if isinstance(effect, GrantPoints):
            lot = granting.grant(
                d,
                effect.wallet,
                effect.points,
                granting.Origin(source, effect.as_name, at, source, partner),
                granting.Terms(expiry=effect.expiry, pending=effect.pending),
            )
            made.append((effect.wallet, lot))
        elif isinstance(effect, GrantVoucher):
            valid = vouchers.validity(d, effect)
            if valid is not None or effect.valid is None:
                vouchers.issue(d, effect.kind, source=source, at=at, valid=valid)
        elif isinstance(effect, GrantBadge):
            award(d, effect.badge, at)
        else:
            grant_tier(d, effect, at)
    return made


def award(d: Deciding, slug: str, at: Instant) -> None:
    """Give a badge, once; an earlier date wins."""
    held = d.standing.badges.get(slug)
    if held is not None:
        return
    d.standing.badges[slug] = at
    d.effect(BadgeEffect(slug, at))
    give(d, d.program.badges[slug].grant, source=f"badge:{slug}", at=at)


def grant_tier(d: Deciding, effect: GrantTier, at: Instant) -> None:
    """Hold a tier until an instant, in place of an earlier grant."""
    until = effect.until
    if isinstance(until, Period):
        calendar = d.rulebook.calendar
        until = calendar.through(add(calendar.day(at), until))
    hold(d, effect.ladder, effect.tier, until)


def hold(d: Deciding, ladder: str, tier: str, until: Instant | None) -> None:
    """Keep a granted tier on a ladder; `until` is the first instant without it."""
    rungs = d.program.ladders[ladder].tiers
    state = d.ladder(ladder)
    state.granted = next(index for index, rung in enumerate(rungs) if rung.id == tier)
    state.granted_until = until


def _first_time(d: Deciding, per: Per | None, name: str, at: Instant, once: str | None) -> bool:
    if per is None and once is None:
        return True
    window = once if per is None else per_key(per, d.rulebook.calendar.day(at))
    key = f"{name}|{window}"
    if d.look("done", key) is not None:
        return False
    d.put("done", key, 1)
    return True

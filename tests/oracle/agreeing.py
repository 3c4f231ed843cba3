"""Agreements: what activities take of the number of units that was agreed on with a partner.

Rule: an activity takes once, as it arrives, from what those before it left, whoever's they were;
what is left is the agreed number less everything on the list. Whole units of all wallets count
together.
"""

from fractions import Fraction

from guerdon.core.program import Allowance, Block, Exhausted, Partner
from oracle.world import Happened, Redemption, Taken, World


def may_refuse(world: World, name: str | None) -> bool:
    """Tell whether what is issued in somebody's name is refused where too little is left."""
    allowance = _issues(world, name)
    return allowance is not None and allowance.exhausted is Exhausted.REFUSE


def take_issued(world: World, happened: Happened) -> bool:
    """Let an activity take for what it issued; tell whether it may go on."""
    activity = happened.activity
    allowance = _issues(world, activity.partner)
    if allowance is None:
        return True
    assert activity.partner is not None
    partner = world.program.partners[activity.partner]
    happened.issued = issued_by(world, happened)
    total = sum(happened.issued.values(), Fraction(0))
    enough = _take_limit(world, partner, "issues", total, happened)
    rest = dict(happened.issued)
    for name, block in _good(allowance, activity.at):
        for wallet in sorted(rest):
            left = _left(world, partner, "issues", name, block.points)
            part = min(rest[wallet], _whole(world, wallet, left))
            rest[wallet] -= part
            world.taken.append(Taken(partner.id, "issues", happened, part, block=name, of=wallet))
    if allowance.prepaid and any(rest.values()):
        enough = False
    return enough or allowance.exhausted is Exhausted.GO_ON


def take_redeemed(world: World, redemption: Redemption) -> bool:
    """Let a redemption take for what it cost; tell whether it may go on."""
    partner = world.program.partners.get(redemption.partner or "")
    if partner is None or partner.redeems is None:
        return True
    total = units(world, redemption.wallet, redemption.use.amount)
    enough = _take_limit(world, partner, "redeems", total, redemption)
    return enough or partner.redeems.exhausted is Exhausted.GO_ON


def give_back_issued(world: World, happened: Happened, before: dict[str, Fraction]) -> None:
    """Give back what was taken for units that a refund or void took back; `before` it were these.

    What was taken last goes back first: what is billed, then the last block.
    """
    after = issued_by(world, happened)
    for wallet in {**before, **after}:
        moved = after.get(wallet, Fraction(0)) - before.get(wallet, Fraction(0))
        still = happened.issued.get(wallet, Fraction(0)) + moved
        happened.issued[wallet] = max(still, Fraction(0))
    total = sum(happened.issued.values(), Fraction(0))
    uncovered = dict(happened.issued)
    for one in world.taken:
        if one.by is not happened:
            continue
        if one.block is None:
            one.units = min(one.units, total)
        else:
            one.units = min(one.units, uncovered[one.of])
            uncovered[one.of] -= one.units


def give_back_redeemed(world: World, redemption: Redemption) -> None:
    """Give back what a redemption took that comes to nothing."""
    world.taken = [one for one in world.taken if one.by is not redemption]


def issued_by(world: World, happened: Happened) -> dict[str, Fraction]:
    """Return what is left of an activity's own units, by wallet; a referrer's are not its own."""
    rules = {rule.id: rule for rule in world.rules_at(happened.activity.at).rules}
    lots = [one.lot for one in happened.awards if not rules[one.rule].to_referrer]
    lots += [
        lot for lot in world.lots if lot.rule == "draw" and lot.activity == happened.activity.key
    ]
    found: dict[str, Fraction] = {}
    for lot in lots:
        found[lot.wallet] = found.get(lot.wallet, Fraction(0)) + units(world, lot.wallet, lot.worth)
    return found


def prepaid(world: World, partner: str) -> Fraction:
    """Return how many units issued in a partner's name its blocks paid for."""
    return sum(
        (one.units for one in world.taken if one.partner == partner and one.block is not None),
        Fraction(0),
    )


def units(world: World, wallet: str, minor: int) -> Fraction:
    """Return minor units of a wallet as units."""
    return Fraction(minor, 10 ** world.program.wallets[wallet].scale)


# ---------------------------------------------------------------- what is left


def _issues(world: World, name: str | None) -> Allowance | None:
    partner = world.program.partners.get(name or "")
    return None if partner is None else partner.issues


def _good(allowance: Allowance, at: int) -> list[tuple[str, Block]]:
    """Return the blocks that are good at an instant, the one that began first before the others."""
    good = [
        (name, block)
        for name, block in allowance.prepaid.items()
        if (block.span.begin is None or block.span.begin <= at)
        and (block.span.end is None or at < block.span.end)
    ]
    always = [one for one in good if one[1].span.begin is None]
    dated = [one for one in good if one[1].span.begin is not None]
    return always + sorted(dated, key=lambda one: one[1].span.begin or 0)


def _left(world: World, partner: Partner, direction: str, block: str, points: int) -> Fraction:
    taken = [
        one.units
        for one in world.taken
        if (one.partner, one.direction, one.block) == (partner.id, direction, block)
    ]
    return max(points - sum(taken, Fraction(0)), Fraction(0))


def _whole(world: World, wallet: str, left: Fraction) -> Fraction:
    """Return how much of what is left can be had in a wallet's digits."""
    step = 10 ** world.program.wallets[wallet].scale
    return Fraction(int(left * step), step)


def _take_limit(
    world: World,
    partner: Partner,
    direction: str,
    total: Fraction,
    by: Happened | Redemption,
) -> bool:
    """Take from a limit as much as is left in its window; tell whether that was enough."""
    allowance = partner.issues if direction == "issues" else partner.redeems
    assert allowance is not None
    limit = allowance.limit
    if limit is None:
        return True
    at = by.activity.at if isinstance(by, Happened) else by.at
    span = world.calendar.span(limit.per, at)
    taken = [
        one.units
        for one in world.taken
        if (one.partner, one.direction, one.block) == (partner.id, direction, None)
        and one.window == span
    ]
    part = min(total, max(limit.points - sum(taken, Fraction(0)), Fraction(0)))
    world.taken.append(Taken(partner.id, direction, by, part, window=span))
    return part == total

"""Wallets: granting, spending, taking back, expiring; every unit of a lot is always somewhere.

Rule: granted = left + spent + expired + reversed for each lot, and what was spent is a part of
some use, or a debt.
"""

from collections.abc import Collection
from datetime import date
from fractions import Fraction

from guerdon.core.activity import Activity
from guerdon.core.amounts import Rounding
from guerdon.core.program import (
    After,
    Expiry,
    ExpiryByTier,
    Inactivity,
    Never,
    OnDate,
    Pending,
    Wallet,
)
from oracle.calendar import month_day, plus, plus_months
from oracle.world import Debt, Lot, Person, Use, World

NEVER = 10**18


def rounded(value: Fraction, rounding: Rounding) -> int:
    """Return a figure as whole minor units."""
    floor = value.numerator // value.denominator
    rest = value - floor
    if rounding is Rounding.FLOOR or rest == 0:
        return floor
    if rounding is Rounding.CEIL:
        return floor + 1
    half = Fraction(1, 2)
    if rest != half:
        return floor + (rest > half)
    if rounding is Rounding.HALF_EVEN:
        return floor + floor % 2
    return floor + (value > 0)


# ---------------------------------------------------------------- when units die


def policy_now(world: World, person: Person, wallet: Wallet, own: Expiry | None) -> Expiry:
    """Return the policy that holds: the lot's own, else the wallet's, for the tier held now."""
    policy = own if own is not None else wallet.expiry
    while isinstance(policy, ExpiryByTier):
        climb = person.climbs.get(policy.ladder)
        rank = max(climb.rank, 0) if climb is not None else 0
        tier = world.program.ladders[policy.ladder].tiers[rank].id
        policy = policy.tiers.get(tier, policy.otherwise)
    return policy


def dies(world: World, policy: Expiry, at: int) -> int | None:
    """Return the first instant without a lot that was earned (or dated anew) at an instant."""
    calendar = world.calendar
    day = calendar.day(at)
    if isinstance(policy, OnDate):
        return calendar.after(month_day(day.year + policy.years, policy.month, policy.day))
    if not isinstance(policy, After):
        return None
    last = plus(day, policy.period)
    if policy.round == "month":
        return calendar.begin(plus_months(last.replace(day=1), 1))
    if policy.round == "quarter":
        first = date(last.year, last.month - (last.month - 1) % 3, 1)
        return calendar.begin(plus_months(first, 3))
    if policy.round == "year":
        return calendar.begin(date(last.year + 1, 1, 1))
    return calendar.after(last)


def activities(world: World, person: Person, wallet: str) -> list[int]:
    """Return when something kept a wallet alive, in order, from when a tier brought its terms on.

    That itself counts as such.
    """
    begin, _ = person.turned.get(wallet, (None, None))
    ats: list[int] = [
        one.activity.at
        for one in world.history_of(person)
        if wallet in one.kept_alive and (begin is None or one.activity.at > begin)
    ]
    return sorted(ats if begin is None else [begin, *ats])


def deaths(world: World, person: Person, wallet: str, policy: Inactivity) -> list[int]:
    """Return the instants at which a wallet of this policy dies for want of activity.

    Only when things happened counts, not when they were reported. What was voided later was an
    activity of the member all the same. Only what the policy of the tier held listed counts, so
    what brings a tier is none of the tier's own. Where a tier brought this policy, it all counts
    from then. What lapsed in an account merged into this one under terms of its own stays so, but
    for what happened between its last activity and the lapse.
    """
    begin, lapsed = person.turned.get(wallet, (None, None))
    day = world.calendar.day
    ats = activities(world, person, wallet)
    apart = [
        (last, lapse)
        for last, lapse in person.lapsed_apart.get(wallet, ())
        if not any(day(last) < day(at) and at < lapse for at in ats)
        and (begin is None or day(begin) <= day(last))
    ]
    ats = [at for at in ats if all(at >= lapse for _, lapse in apart)]
    ends = [world.calendar.through(at, policy.period) for at in ats]
    found = [
        end for place, end in enumerate(ends) if place + 1 == len(ats) or ats[place + 1] >= end
    ]
    found += [lapse for _, lapse in apart]
    return found if lapsed is None else [lapsed, *found]


def death_of(world: World, person: Person, lot: Lot) -> int | None:
    """Return when a lot dies by itself or with its wallet; None: no date in sight."""
    policy = policy_now(world, person, world.program.wallets[lot.wallet], lot.policy)
    if not isinstance(policy, Inactivity):
        return lot.expires
    ends = [end for end in deaths(world, person, lot.wallet, policy) if end > begin_of(lot)]
    return min(ends if lot.expires is None else [lot.expires, *ends], default=None)


def turn(world: World, person: Person, wallet: str, former: Expiry, now: int) -> None:
    """Let everything count anew, because a tier brought another policy; what lapsed stays so."""
    _, lapsed = person.turned.get(wallet, (None, None))
    if isinstance(former, Inactivity):
        ends = deaths(world, person, wallet, former)
        lapsed = max((end for end in ends if end <= now), default=None)
    person.turned[wallet] = now, lapsed
    person.lapsed_apart.pop(wallet, None)


# ---------------------------------------------------------------- reading


def spending_order(world: World, person: Person, wallet: str) -> list[Lot]:
    """Return the living lots in the order in which they are spent, pending ones included."""
    living = [lot for lot in world.lots_of(person, wallet) if lot.left > 0]
    jobs = list(world.program.jobs)
    living.sort(key=lambda lot: _job(jobs, lot))  # of one instant: in the program's order
    if world.program.wallets[wallet].spend == "fifo":
        return sorted(living, key=lambda lot: lot.at)
    return sorted(living, key=lambda lot: (NEVER if lot.expires is None else lot.expires, lot.at))


def _job(jobs: list[str], lot: Lot) -> int:
    """Return the place of the job that a lot stems from, behind which everything else comes."""
    name = lot.source.partition(":")[0]
    return jobs.index(name) if name in jobs and not lot.moved else len(jobs)


def spendable(world: World, person: Person, wallet: str) -> int:
    """Return what can be spent now."""
    return sum(lot.left for lot in world.lots_of(person, wallet) if not lot.is_pending)


def owed(person: Person, wallet: str) -> int:
    """Return the debt."""
    return sum(debt.amount for debt in person.debts if debt.wallet == wallet)


# ---------------------------------------------------------------- moving


def grant(world: World, person: Person, lot: Lot, *, now: int, pending: Pending | None) -> Lot:
    """Add a lot; it is born dead if its date has passed, else it pays the debt first."""
    wallet = world.program.wallets[lot.wallet]
    lot.left = lot.granted
    if not lot.moved:
        date_lot(world, person, lot, lot.at)
    if lot.expires is not None:
        lot.expires = longer(person, lot, lot.expires)
    if pending is not None:
        lot.release = "confirmed"
        if pending.period is not None:
            day = plus(world.calendar.day(lot.at), pending.period)
            release = world.calendar.begin(day)
            lot.release = release if release > now else None
    world.lots.append(lot)
    person.used.add(lot.wallet)
    death = death_of(world, person, lot)
    if death is not None and death <= now:
        expire(lot)
    repay(world, person, wallet.id)
    return lot


def date_lot(world: World, person: Person, lot: Lot, at: int) -> None:
    """Give a lot the date of the policy that holds now, counted from an instant."""
    policy = policy_now(world, person, world.program.wallets[lot.wallet], lot.policy)
    lot.expires = dies(world, policy, at)


def extend(world: World, person: Person, wallet: str, activity: Activity, bound: int) -> None:
    """Let no lot die before an instant that was there when an activity happened."""
    months = person.extended.setdefault(wallet, {})
    known = months.get(bound, (activity.at, activity.at))
    months[bound] = min(known[0], activity.at), max(known[1], activity.at)
    for lot in world.lots_of(person, wallet):
        if lot.expires is None:
            continue
        if lot.left:
            lot.expires = max(lot.expires, bound)
        elif (
            lot.expired
            and lot.expires <= activity.received
            and begin_of(lot) <= activity.at < lot.expires
            and death_of(world, person, lot) == lot.expires
        ):
            lot.expires = longer(person, lot, max(lot.expires, bound))
            death = death_of(world, person, lot)
            if death is None or death > activity.received:
                lot.left, lot.expired, lot.dead = lot.expired, 0, False
    repay(world, person, wallet)


def begin_of(lot: Lot) -> int:
    """Return since when a lot is in its wallet."""
    return lot.at if lot.since is None else lot.since


def longer(person: Person, lot: Lot, expires: int) -> int:
    """Return when a lot dies after what let it live longer before it died."""
    for bound, ends in sorted(person.extended.get(lot.wallet, {}).items()):
        if any(begin_of(lot) < at < expires for at in ends):
            expires = max(expires, bound)
    return expires


def expire(lot: Lot) -> None:
    """Let what is left of a lot die."""
    lot.dead = lot.dead or lot.left > 0
    lot.expired += lot.left
    lot.left = 0


def spend(world: World, person: Person, wallet: str, use: Use, amount: int) -> list[Lot]:
    """Take units in spending order; return the lots from which they came."""
    touched = []
    for lot in spending_order(world, person, wallet):
        part = min(lot.left, amount)
        if part and not lot.is_pending:
            lot.left -= part
            lot.uses.append((use, part))
            amount -= part
            touched.append(lot)
    assert amount == 0, "nobody spends what he lacks"
    return touched


def repay(world: World, person: Person, wallet: str) -> None:
    """Let spendable units pay the debt, the oldest part of it first."""
    for debt in [debt for debt in person.debts if debt.wallet == wallet]:
        part = min(debt.amount, spendable(world, person, wallet))
        if part:
            spend(world, person, wallet, debt.use, part)
            debt.amount -= part
    person.debts = [debt for debt in person.debts if debt.amount]


def take_back(world: World, person: Person, lot: Lot, amount: int) -> None:
    """Reverse units of a lot: what is left, then what expired, then what was spent."""
    for part_of in ("left", "expired"):
        part = min(getattr(lot, part_of), amount)
        setattr(lot, part_of, getattr(lot, part_of) - part)
        lot.reversed += part
        amount -= part
    while amount and lot.uses:
        use, used = lot.uses.pop()
        part = min(used, amount)
        if used > part:
            lot.uses.append((use, used - part))
        lot.reversed += part
        amount -= part
        cover(world, person, lot.wallet, use, part)
    living, lot.reborn = lot.reborn, []
    for other, units in living:
        part = min(units, amount)
        take_back(world, person, other, part)
        amount -= part
        if units > part:
            lot.reborn.append((other, units - part))


def cover(world: World, person: Person, wallet: str, use: Use, amount: int) -> None:
    """Pay for a use from other lots, and owe the rest (or write it off)."""
    part = min(amount, spendable(world, person, wallet))
    spend(world, person, wallet, use, part)
    if amount > part and world.program.wallets[wallet].debt == "allow":
        person.debts.append(Debt(wallet, use, amount - part))


def take(world: World, person: Person, wallet: str, use: Use, amount: int) -> None:
    """Take units for a downward adjustment: in spending order, then debt."""
    person.uses.append((wallet, use))
    cover(world, person, wallet, use, amount)


def bring_to_life(world: World, person: Person, now: int, *, but: Collection[str] = ()) -> None:
    """Read the dates of inactivity anew: what died too early lives, what should be dead dies.

    In the wallets of `but` nothing is read.
    """
    for lot in world.lots_of(person):
        wallet = world.program.wallets[lot.wallet]
        if wallet.id in but or not isinstance(
            policy_now(world, person, wallet, lot.policy), Inactivity
        ):
            continue
        death = death_of(world, person, lot)
        if death is not None and death <= now:
            expire(lot)
        else:
            lot.dead = False
            lot.left += lot.expired
            lot.expired = 0
    for wallet_id in world.program.wallets:
        repay(world, person, wallet_id)


# ---------------------------------------------------------------- undoing a use


def undo(world: World, person: Person, wallet: str, use: Use, *, now: int) -> list[tuple[Lot, int]]:
    """Bring a use back into the lots that paid for it; return what came back dead.

    What is still owed for it is owed no longer.
    """
    person.debts = [debt for debt in person.debts if debt.use is not use]
    use.cancelled = use.amount
    dead = []
    for lot in world.lots_of(person, wallet):
        for entry in [entry for entry in lot.uses if entry[0] is use]:
            lot.uses.remove(entry)
            death = death_of(world, person, lot)
            if lot.dead or (death is not None and death <= now):
                lot.expired += entry[1]
                dead.append((lot, entry[1]))
            else:
                lot.left += entry[1]
    repay(world, person, wallet)
    return dead


def wallets_with_policy_of(world: World, ladder: str) -> list[Wallet]:
    """Return the wallets whose expiry looks at a ladder."""
    return [
        wallet
        for wallet in world.program.wallets.values()
        if isinstance(wallet.expiry, ExpiryByTier) and wallet.expiry.ladder == ladder
    ]


def is_never(policy: Expiry) -> bool:
    """Tell whether a policy sets no date at all."""
    return isinstance(policy, Never)

"""Ladders: which tier a member shows, why, and until when.

Rule: a value reached in a window is a result that holds as `keep` says; the tier shown is the
best of the results that still hold, the tier granted and the floors. It rises when something
arrives, it falls only at a review, at the end of a grant, or at a refund where the ladder says
`recheck`.
"""

from datetime import date

from guerdon.core.program import Inactivity, KeepKind, Ladder, Window, WindowKind
from oracle import purse
from oracle.calendar import month_day, plus
from oracle.counting import counter_value, ever_counting, is_counting, last_at
from oracle.granting import Cause, give_all
from oracle.reading import holds, member_look
from oracle.world import Climb, Person, Result, World


def rank_of(ladder: Ladder, value: int) -> int:
    """Return the highest rung whose value is reached; the lowest is everybody's."""
    return max((i for i, rung in enumerate(ladder.tiers) if value >= rung.at), default=0)


def read(world: World, person: Person, ladder: Ladder, at: int) -> int:
    """Return the rank that the window at an instant supports."""
    return rank_of(ladder, counter_value(world, person, ladder.counter, at, ladder.window))


def until(world: World, ladder: Ladder, reached: int, read_at: int) -> int | None:
    """Return the first instant without a tier reached now, for the window read at an instant."""
    calendar, keep = world.calendar, ladder.keep
    if keep.kind is KeepKind.FOR:
        assert keep.period is not None
        return calendar.through(reached, keep.period)
    if keep.kind is KeepKind.END_OF_WINDOW:
        return calendar.bounds(ladder.window, read_at)[1]
    if keep.kind is KeepKind.END_OF_NEXT_YEAR:
        return end_of_year(world, ladder, calendar.day(read_at).year + 1)
    return None


def end_of_year(world: World, ladder: Ladder, year: int) -> int:
    """Return the end of a year's hold, with its days of grace."""
    grace = ladder.keep.grace
    if grace is None:
        return world.calendar.begin(date(year + 1, 1, 1))
    return world.calendar.after(month_day(year + 1, *grace))


def same_window(world: World, window: Window, one: int, other: int) -> bool:
    """Tell whether two instants are read in the same window."""
    if window.kind is WindowKind.ROLLING:
        return False
    return world.calendar.bounds(window, one) == world.calendar.bounds(window, other)


# ---------------------------------------------------------------- what is shown


def best(climb: Climb, now: int) -> int:
    """Return the best rank earned that still holds."""
    held = [one.rank for one in climb.results if one.until is None or one.until > now]
    return max([0, *held])


def shown_rank(person: Person, climb: Climb, ladder: Ladder, now: int) -> int:
    """Return the rank shown: the best of earned, granted and floor."""
    ranks = [best(climb, now), floor(person, ladder)]
    if climb.granted is not None and (climb.granted[1] is None or climb.granted[1] > now):
        ranks.append(climb.granted[0])
    return max(ranks)


def floor(person: Person, ladder: Ladder) -> int:
    """Return the best rank that the member's attributes give him."""
    names = [rung.id for rung in ladder.tiers]
    look = member_look(person.attrs)
    return max(
        (names.index(one.tier) for one in ladder.floors if holds(one.when, look)), default=-1
    )


def shown_until(person: Person, climb: Climb, ladder: Ladder, now: int) -> int | None:
    """Return the first instant without the tier shown, None where none is in sight."""
    rank = climb.rank
    if rank <= 0 or floor(person, ladder) >= rank:
        return None
    ends = [one.until for one in climb.results if one.rank >= rank]
    if climb.granted is not None and climb.granted[0] >= rank:
        ends.append(climb.granted[1])
    if any(end is None for end in ends):
        return None
    later = [end for end in ends if end is not None and end > now]
    return max(later) if later else None


# ---------------------------------------------------------------- what changes it


def climb_all(world: World, person: Person, cause: Cause, *, refunded: bool = False) -> None:
    """Read all ladders twice, because what is given on entering may count."""
    for _ in range(2):
        for ladder in world.program.ladders.values():
            climb(world, person, ladder, cause, refunded=refunded)


def climb(
    world: World, person: Person, ladder: Ladder, cause: Cause, *, refunded: bool = False
) -> None:
    """Read one ladder: now, and in the window of the activity that caused it."""
    state = person.climbs.setdefault(ladder.id, Climb())
    if refunded and ladder.recheck:
        for one in state.results:
            if one.until is None or one.until > cause.now:
                rolls = ladder.window.kind is WindowKind.ROLLING
                read_at = cause.now if rolls else one.read_at
                one.rank = min(one.rank, read(world, person, ladder, read_at))
    for at in dict.fromkeys((cause.at, cause.now)):
        if at == cause.now or _may_lift(world, person, ladder, at, refunded=refunded):
            _reach(world, person, ladder, state, at, cause)
    for at in cause.others if ladder.window.kind is not WindowKind.ROLLING else ():
        measure = world.program.counters[ladder.counter].measure
        inside = world.calendar.inside(ladder.window, at)
        counts = any(ever_counting(world, one, measure, inside) for one in cause.brought)
        if counts or ladder.keep.kind is not KeepKind.FOR:
            last = last_at(world, person, measure, inside)
            _reach(world, person, ladder, state, at, Cause(last, cause.now))
    show(world, person, ladder, state, cause)


def _may_lift(world: World, person: Person, ladder: Ladder, at: int, *, refunded: bool) -> bool:
    """Tell whether a window that may be over is read: a term begins only with what counts in it."""
    if ladder.window.kind is WindowKind.ROLLING:
        return False
    measure = world.program.counters[ladder.counter].measure
    inside = world.calendar.inside(ladder.window, at)
    return ladder.keep.kind is not KeepKind.FOR or (
        not refunded and is_counting(world, person, measure, inside)
    )


def _reach(
    world: World, person: Person, ladder: Ladder, state: Climb, at: int, cause: Cause
) -> None:
    """Keep the result of the window at an instant, where it is more than there was."""
    rank = read(world, person, ladder, at)
    if ladder.keep.kind is not KeepKind.FOR:
        known = [
            one
            for one in state.results
            if not one.is_step and same_window(world, ladder.window, one.read_at, at)
        ]
        before = max([0, *(one.rank for one in known)])
        peak = max([0, *(one.peak for one in known)])
    else:
        before = peak = best(state, cause.now)
    if rank <= before:
        return
    end = until(world, ladder, cause.now, at)
    state.results.append(Result(rank, cause.now, end, at))
    if end is not None and end <= cause.now and ladder.keep.kind is KeepKind.END_OF_WINDOW:
        enter(world, person, ladder, peak, rank, cause)


def show(world: World, person: Person, ladder: Ladder, state: Climb, cause: Cause) -> None:
    """Show the tier that holds now, and let those who enter one have what comes with it."""
    rank, before = shown_rank(person, state, ladder, cause.now), state.rank
    if rank == before and state.spells:
        return
    policies = {
        wallet.id: person.kept.pop(wallet.id, purse.policy_now(world, person, wallet, None))
        for wallet in purse.wallets_with_policy_of(world, ladder.id)
    }
    state.spells.append((cause.now, rank))
    for wallet_id, policy in policies.items():
        wallet = world.program.wallets[wallet_id]
        if purse.policy_now(world, person, wallet, None) != policy and wallet_id in person.used:
            turns = isinstance(purse.policy_now(world, person, wallet, None), Inactivity)
            purse.turn(world, person, wallet_id, policy, cause.now)
            for lot in world.lots_of(person, wallet_id):
                if lot.left and lot.policy is None:
                    lot.since = cause.now if turns else None
                    purse.date_lot(world, person, lot, cause.now)
                    if lot.expires is not None and lot.expires <= cause.now:
                        purse.expire(lot)
    enter(world, person, ladder, before, rank, cause)


def enter(
    world: World, person: Person, ladder: Ladder, before: int, rank: int, cause: Cause
) -> None:
    """Give what comes with each tier above the one before, once per tier and `per`."""
    for rung in ladder.tiers[before + 1 : rank + 1]:
        give_all(world, person, rung.on_enter, f"{ladder.id}:{rung.id}", cause, once=True)


# ---------------------------------------------------------------- reviews


def reviews_of(person: Person, after: int) -> list[int]:
    """Return the instants at which something of a member's tiers ends."""
    found = []
    for state in person.climbs.values():
        found += [one.until for one in state.results if one.until is not None]
        if state.granted is not None and state.granted[1] is not None:
            found.append(state.granted[1])
    return [at for at in found if at > after]


def review(world: World, person: Person, ladder: Ladder, now: int) -> None:
    """Read a ladder anew when a term ends; the new term begins where the old ended."""
    state = person.climbs.get(ladder.id)
    if state is None:
        return
    ending = [one for one in state.results if one.until == now]
    held = max((one.rank for one in ending), default=-1)
    cause = Cause(now, now)
    if ending:
        rank = read(world, person, ladder, now)
        if rank > best(state, now):
            state.results.append(Result(rank, now, _renewed(world, ladder, now), now))
        if ladder.one_rung and best(state, now) < held - 1:
            end = _renewed(world, ladder, now)
            kind = ladder.keep.kind
            if kind is KeepKind.END_OF_NEXT_YEAR:
                end = end_of_year(world, ladder, world.calendar.day(now).year)
            elif kind is KeepKind.END_OF_WINDOW and ladder.window.kind is WindowKind.FIXED:
                end = None  # no window follows with which it could end
            state.results.append(Result(held - 1, now, end, now, is_step=True))
    show(world, person, ladder, state, cause)


def _renewed(world: World, ladder: Ladder, now: int) -> int | None:
    """Return the end of a term that begins where the last one ended."""
    if ladder.keep.kind is KeepKind.FOR:
        assert ladder.keep.period is not None
        return world.calendar.begin(plus(world.calendar.day(now), ladder.keep.period))
    return until(world, ladder, now, now)

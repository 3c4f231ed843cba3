"""What time alone brings, member by member.

Rule: at one instant redemptions fail that nobody fulfilled, then lots expire, then pending ones are
released, then tiers are reviewed and grants end, then scheduled jobs run.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

from guerdon.core.program import Job, Window, WindowKind
from oracle import climbing, counting, purse
from oracle.earning import fraction
from oracle.following import follow
from oracle.granting import Cause, give_all
from oracle.reading import holds, member_look
from oracle.redeeming import Back, undo, waiting
from oracle.world import Lot, Person, Use, World


def pass_time(world: World, person: Person, to: int) -> None:
    """Let everything happen to a member that is due up to an instant."""
    while True:
        due = [at for at in _ahead(world, person, to) if person.settled < at <= to]
        if not due:
            break
        person.settled = min(due)
        _happen(world, person, person.settled)
    person.settled = max(person.settled, to)


def _ahead(world: World, person: Person, to: int) -> Iterator[int]:
    for lot in world.lots_of(person):
        if lot.left:
            death = purse.death_of(world, person, lot)
            if death is not None:
                yield death
            if isinstance(lot.release, int):
                yield lot.release
    for one in waiting(world, person):
        if one.waits is not None:
            yield one.waits
    yield from climbing.reviews_of(person, person.settled)
    for job in world.program.jobs.values():
        for day in _days(world, person, job, to):
            yield world.calendar.begin(day)


def _fail_overdue(world: World, person: Person, now: int) -> None:
    for one in waiting(world, person):
        if one.waits is not None and one.waits <= now:
            undo(world, person, one, Back(one.name, now, now))


def _happen(world: World, person: Person, now: int) -> None:
    _fail_overdue(world, person, now)
    for lot in world.lots_of(person):
        if lot.left:
            death = purse.death_of(world, person, lot)
            if death is not None and death <= now:
                purse.expire(lot)
    for lot in world.lots_of(person):
        if isinstance(lot.release, int) and lot.release <= now:
            lot.release = None
            purse.repay(world, person, lot.wallet)
    for ladder in world.program.ladders.values():
        climbing.review(world, person, ladder, now)
    has_run = False
    for job in world.program.jobs.values():
        for day in _days(world, person, job, now):
            if world.calendar.begin(day) == now and holds(job.when, member_look(person.attrs)):
                _run(world, person, job, day, now)
                has_run = True
    if has_run:
        follow(world, person, Cause(now, now))


# ---------------------------------------------------------------- jobs


def _days(world: World, person: Person, job: Job, to: int) -> Iterator[date]:
    """Return the days on which a job runs for a member, from where he is to an instant."""
    day, last = world.calendar.day(person.settled), world.calendar.day(to)
    while day <= last:
        written = person.attrs.get("birthday")
        if (
            (day.month, day.day) in job.yearly
            or day.day in job.monthly
            or (
                job.birthday
                and isinstance(written, str)
                and world.calendar.birthday(written, day.year) == day
            )
        ):
            yield day
        day += timedelta(days=1)


def _run(world: World, person: Person, job: Job, day: date, now: int) -> None:
    source = f"{job.id}:{day.isoformat()}"
    give_all(world, person, job.grant, source, Cause(now, now))
    if job.payout is not None:
        wallet, amount = job.payout.wallet, purse.spendable(world, person, job.payout.wallet)
        if amount and amount >= job.payout.least:
            use = Use("payout", source, amount)
            person.uses.append((wallet, use))
            purse.spend(world, person, wallet, use, amount)
            world.payouts.append((person.name, wallet, now, amount))
    if job.dividend is not None:
        paid = job.dividend
        last_year = world.calendar.begin(date(day.year - 1, 7, 1))
        total = counting.counter_value(
            world, person, paid.counter, last_year, Window(WindowKind.YEAR)
        )
        points = purse.rounded(Fraction(total) * fraction(paid.rate), paid.round)
        if points > 0 and points >= paid.least:
            lot = Lot(person.name, paid.wallet, source, "dividend", points, now)
            purse.grant(world, person, lot, now=now, pending=None)

"""What time alone brings by the program's schedule: grants, payouts and dividends.

Rule: a job runs at `day_start` of its day, for members enrolled before that instant, in the
program's order, after everything else that is due then. A payout is final.
"""

from guerdon.core import counters, granting, grants, wallets
from guerdon.core.activity import Instant
from guerdon.core.amounts import divide
from guerdon.core.context import birthday_of
from guerdon.core.deciding import Deciding, first
from guerdon.core.decision import PointsEffect
from guerdon.core.program import Dividend, Job, Payout, Period
from guerdon.core.rulebook import LAST_YEAR
from guerdon.core.standing import Standing
from guerdon.core.windows import add, birthday_on, date_of, day_of

_MONTHS_TO_LOOK = 49
_LEAP_YEARS_TO_LOOK = 9


def next_run(d: Deciding, job: Job, after: Instant) -> Instant | None:
    """Return the first run of a job later than an instant; None for members it never meets."""
    calendar = d.rulebook.calendar
    today = calendar.day(after)
    days = _days(d, job, d.standing, today)
    return first(begin for day in days if (begin := calendar.begin(day)) > after)


def _days(d: Deciding, job: Job, standing: Standing, today: int) -> list[int]:
    """Return days on which the job may run, around and after a day."""
    on = date_of(today)
    found: list[int] = []
    if job.birthday:
        born = birthday_of(standing)
        if born is not None:
            march = d.program.leap_birthday_march
            found += [birthday_on(*born, on.year + k, leap_in_march=march) for k in (0, 1)]
    for month, day in job.yearly:
        for year in range(on.year, on.year + _LEAP_YEARS_TO_LOOK):
            exact = day_of(year, month, day)
            if date_of(exact).day == day:
                found.append(exact)
                if exact > today:
                    break
    for day in job.monthly:
        first_day = day_of(on.year, on.month, 1)
        for step in range(_MONTHS_TO_LOOK):
            begin = add(first_day, Period(months=step))
            month_on = date_of(begin)
            exact = day_of(month_on.year, month_on.month, day)
            if date_of(exact).day == day:
                found.append(exact)
                if exact > today:
                    break
    return found


def due(d: Deciding, after: Instant) -> Instant | None:
    """Return when the next job meets this member."""
    if d.standing.enrolled_at is None:
        return None
    return first(next_run(d, job, after) for job in d.program.jobs.values())


def run(d: Deciding, before: Instant) -> bool:
    """Run the jobs whose instant is exactly now, and tell whether there were any.

    `before` is how far time had been settled.
    """
    ran = False
    for job in d.program.jobs.values():
        enrolled = d.standing.enrolled_at
        if enrolled is None or enrolled >= d.now or next_run(d, job, before) != d.now:
            continue
        if not d.about_member(job.when):
            continue
        ran = True
        day = date_of(d.rulebook.calendar.day(d.now)).isoformat()
        source = f"{job.id}:{day}"
        grants.give(d, job.grant, source=source, at=d.now)
        if job.payout is not None:
            _pay_out(d, job.payout, source)
        if job.dividend is not None:
            _pay_dividend(d, job.dividend, source)
    return ran


def _pay_out(d: Deciding, payout: Payout, source: str) -> None:
    held = d.standing.wallets.get(payout.wallet)
    if held is None or held.spendable < max(payout.least, 1):
        return
    points = held.spendable
    wallets.take(d, payout.wallet, points, target="redeemed")
    d.wallet(payout.wallet).redeemed += points
    d.effect(PointsEffect(payout.wallet, "paid_out", -points, "payout", source, d.now))
    d.decision.payouts.append((payout.wallet, d.now, points))


def _pay_dividend(d: Deciding, dividend: Dividend, source: str) -> None:
    calendar = d.rulebook.calendar
    year = date_of(calendar.day(d.now)).year
    last_year = calendar.begin(day_of(year - 1, 1, 1))
    reading = d.state.reading_of(dividend.counter, LAST_YEAR)
    value = counters.value(d, reading, last_year)
    points = divide(value * dividend.rate.over, dividend.rate.under, dividend.round)
    if points >= max(dividend.least, 1):
        origin = granting.Origin(source, "dividend", d.now, source)
        granting.grant(d, dividend.wallet, points, origin)

"""Paid memberships: terms that are appended to each other, and asked for by `plan.<id>`."""

from guerdon.core.activity import Activity
from guerdon.core.conditions import text
from guerdon.core.deciding import Deciding
from guerdon.core.errors import Rejected
from guerdon.core.windows import add


def purchase(d: Deciding, activity: Activity) -> None:
    """Begin a term, or append it to the running one so that an early renewal loses nothing."""
    slug = text(activity.data.get("plan"))
    plan = d.program.plans.get(slug)
    if plan is None:
        raise Rejected("unknown_plan")
    terms = d.standing.plans.get(slug, ())
    last = terms[-1] if terms else None
    running = last is not None and (last[1] is None or activity.at < last[1])
    if running and last is not None and last[1] is None:
        raise Rejected("already_for_life")
    calendar = d.rulebook.calendar
    if plan.period is None:
        d.standing.plans[slug] = (*terms, (activity.at, None))
        return
    if running and last is not None and last[1] is not None:
        ends = calendar.begin(add(calendar.day(last[1]), plan.period))
        d.standing.plans[slug] = (*terms[:-1], (last[0], ends))
        return
    ends = calendar.through(add(calendar.day(activity.at), plan.period))
    d.standing.plans[slug] = (*terms, (activity.at, ends))


def cancel(d: Deciding, activity: Activity) -> None:
    """End the running term at the activity's own time."""
    slug = text(activity.data.get("plan"))
    terms = d.standing.plans.get(slug, ())
    if not terms or (terms[-1][1] is not None and terms[-1][1] <= activity.at):
        raise Rejected("not_eligible")
    d.standing.plans[slug] = (*terms[:-1], (terms[-1][0], activity.at))

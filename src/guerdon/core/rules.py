"""Earning: each rule's points become lots, here or with the member who referred.

Rule: what an activity earned is kept in its record, rule by rule, so that a refund or a void can
post exactly the difference. How many points a rule gives is the matter of `core.rating`.
"""

from typing import Any

from guerdon.core import limits, wallets
from guerdon.core.activity import Activity
from guerdon.core.context import Context
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Explanation
from guerdon.core.limits import Place
from guerdon.core.program import Give, GiveByTier, Rule, Step
from guerdon.core.rating import Rating
from guerdon.core.rulebook import Version

Record = dict[str, Any]


def new_record(context: Context) -> Record:
    """Return the record of an activity that has earned nothing yet."""
    return {
        "member": context.activity.member,
        "kept": dict(context.kept),
        "left": list(context.left),
        "grants": {},
    }


def earn(d: Deciding, version: Version, context: Context, record: Record) -> None:
    """Apply every rule that listens to the activity, in the program's order."""
    rating = Rating(version, context)
    for rule in rating.rules:
        carry = carry_of(rule)
        points = _carried(d, rule, carry, rating) if carry else rating.paid(rule)
        if points <= 0:
            d.decision.explanations.append(
                rating.cause(rule)
                or Explanation(rule.id, False, "amount", "points", "gt", "0", "0")
            )
            continue
        _pay(d, rule, context, points, record)
    referrer = context.kept.get("member.referrer")
    if isinstance(referrer, str) and record["grants"]:
        d.put("befriended", context.activity.key, referrer)


def _pay(d: Deciding, rule: Rule, context: Context, points: int, record: Record) -> None:
    referrer = context.kept.get("member.referrer") if rule.to_referrer else None
    if rule.to_referrer and not isinstance(referrer, str):
        d.decision.explanations.append(
            Explanation(rule.id, False, "referrer", "member.referrer", "exists", "", "true")
        )
        return
    place: Place | None = None
    wanted = points
    elsewhere = rule.to_referrer and rule.limit is not None and rule.limit.by == "beneficiary"
    if rule.limit is not None and not elsewhere:
        points, place = limits.admit(d, rule, rule.limit, context, points)
    cap = points if points < wanted else None
    note: dict[str, Any] = {"points": points}
    if cap is not None:
        note["cap"] = cap
    if place is not None and place.used:
        note["place"] = list(place)
    if points:
        if isinstance(referrer, str):
            note["to"] = referrer
            refer(d, rule.id, referrer, context.activity, points=points)
        else:
            note["lot"] = grant(d, rule, context, points)
    record["grants"][rule.id] = note
    d.decision.explanations.append(
        Explanation(
            rule.id,
            points > 0,
            "applied" if points else "limit",
            "limit",
            "lte",
            str(points),
            str(wanted),
        )
    )


def grant(d: Deciding, rule: Rule, context: Context, points: int) -> int:
    """Make the lot of a rule's points and return its number."""
    activity = context.activity
    no = wallets.grant(
        d,
        rule.wallet,
        points,
        source=activity.id,
        rule=rule.id,
        at=activity.at,
        key=activity.key,
        expiry=rule.expiry,
        pending=rule.pending,
        partner=activity.partner or "",
    )
    if carry_of(rule) is not None:
        d.put(f"carried:{rule.id}", str(no), 1, str(no).rjust(12, "0"))
    return no


def refer(d: Deciding, rule: str, referrer: str, origin: Activity, *, points: int) -> None:
    """Tell the referrer's lane how many points a rule gives them for this activity from now on."""
    cause = d.activity or origin
    d.decision.follow_ups.append(
        Activity(
            id=f"{cause.id}.{rule}",
            type="referral_changed",
            at=cause.at,
            received=cause.received,
            member=referrer,
            reporter=cause.reporter,
            partner=origin.partner,
            data={
                "rule": rule,
                "source": origin.id,
                "origin": origin.key,
                "origin_at": str(origin.at),
                "points": str(points),
                "friend": origin.member,
            },
        )
    )


# ---------------------------------------------------------------- running totals


def carry_of(rule: Rule) -> Step | None:
    """Return the step of a rule that counts on the member's running total, else None."""
    give = rule.give
    forms = (
        [each.form for each in give.tiers.values()] if isinstance(give, GiveByTier) else [give.form]
    )
    found = next((form for form in forms if isinstance(form, Step) and form.carry), None)
    return found


def _step_for(rule: Rule, rating: Rating) -> Step | None:
    give = rule.give
    if isinstance(give, GiveByTier):
        found = give.tiers.get(str(rating.context.kept.get(give.ladder)))
        give = found if found is not None else Give(form=Step(1, 0))
    return give.form if isinstance(give.form, Step) else None


def _carried(d: Deciding, rule: Rule, carry: Step, rating: Rating) -> int:
    """Return the points that the running total brings with this activity."""
    net = rating.base(rule)
    step = _step_for(rule, rating) or carry
    total = d.standing.carries.get(rule.id, 0)
    d.standing.carries[rule.id] = total + net
    return owed(step, total + net) - owed(step, total)


def owed(step: Step, total: int) -> int:
    """Return what a running total is worth in all."""
    return total // step.step * step.points

"""Earning: each rule's points become lots, here or with the member who referred.

Rule: what an activity earned is kept in its record, rule by rule, so that a refund or a void can
post exactly the difference. How many points a rule gives is the matter of `core.rating`.
"""

from typing import Any

from guerdon.core import granting, holdings, limits, wallets
from guerdon.core.activity import Activity
from guerdon.core.conditions import text
from guerdon.core.context import Context
from guerdon.core.deciding import Deciding
from guerdon.core.decision import Explanation
from guerdon.core.earnings import Earning
from guerdon.core.gives import NOTHING_GIVEN, Carry, carry_in
from guerdon.core.program import GiveByTier, Rule
from guerdon.core.rating import Rating
from guerdon.core.rulebook import Version
from guerdon.core.standing import make

Record = dict[str, Any]


def new_record(context: Context) -> Record:
    """Return the record of an activity that has earned nothing yet."""
    return {
        "member": context.activity.member,
        "kept": dict(context.kept),
        "left": list(context.left),
        "grants": {},
    }


def granted(version: Version, record: Record) -> dict[str, int]:
    """Return what an activity earned the member itself, by wallet, as its record has it now."""
    found: dict[str, int] = {}
    for name, note in record["grants"].items():
        earning = version.earning_by_id.get(name)
        if earning is not None and "to" not in note:
            wallet = earning.rule.wallet
            found[wallet] = found.get(wallet, 0) + note["points"]
    return found


def earn(d: Deciding, version: Version, context: Context, record: Record) -> None:
    """Apply every rule that listens to the activity, in the program's order."""
    caps: dict[str, int] = {}
    rating = Rating(version, context, caps)
    paying = Paying(d, context)
    granting_of, rated = paying.granting, rating.rated
    grants = record["grants"]
    explain = d.decision.explanations.append
    for earning in rating.earnings:
        if earning.is_alone:
            points = rated(earning)
        elif (step := step_of(earning, context) if earning.carry else None) is None:
            points = rating.outcome(earning)
        else:
            points = _carried(d, earning, rating, step)
            rating.carried[earning.id] = max(points, 0)
            if points <= 0:
                points = rating.refusal(earning)
        if type(points) is not int:
            explain(points)  # type: ignore[arg-type]
        elif not points:
            explain(earning.nothing)
        elif earning.is_plain:
            name = earning.id
            granted = granting_of.get(earning.wallet) or paying.plain(earning.rule)
            grants[name] = {"points": points, "lot": granted.lot(name, points)}
            explain(earning.applied)
        else:
            explain(_pay(paying, earning, points, grants))
            paid = grants[earning.id]["points"]
            if paid < points:
                caps[earning.id] = rating.carried[earning.id] = paid
    paying.close()
    referrer = context.kept.get("member.referrer")
    if isinstance(referrer, str) and grants:
        d.put("befriended", context.activity.key, referrer)


class Paying:
    """Makes the lots of what rules give for one activity."""

    __slots__ = ("_origin", "context", "d", "granting")

    def __init__(self, d: Deciding, context: Context) -> None:
        self.d = d
        self.context = context
        self.granting: dict[str, granting.Granting] = {}
        activity = context.activity
        self._origin = make(
            granting.Origin,
            (activity.id, "", activity.at, context.key, activity.partner or "", context.day),
        )

    def lot(self, earning: Earning, points: int) -> int:
        """Make the lot of a rule's points and return its number."""
        rule = earning.rule
        if rule.expiry is not None or rule.pending is not None:
            apart = self._under(rule, granting.Terms(expiry=rule.expiry, pending=rule.pending))
            no = apart.lot(rule.id, points)
            apart.close()
        else:
            no = self.plain(rule).lot(rule.id, points)
        if earning.carry is not None:
            self.d.put(f"carried:{rule.id}", str(no), 1, str(no).rjust(12, "0"))
        return no

    def plain(self, rule: Rule) -> granting.Granting:
        """Return what makes the lots of rules without terms of their own, one for each wallet."""
        found = self.granting.get(rule.wallet)
        if found is None:
            found = self.granting[rule.wallet] = self._under(rule, granting.PLAIN)
        return found

    def close(self) -> None:
        """Let the counters that follow units count them all."""
        for each in self.granting.values():
            each.close()

    def _under(self, rule: Rule, terms: granting.Terms) -> granting.Granting:
        return granting.Granting(self.d, rule.wallet, self._origin, terms)


def _pay(
    paying: Paying, earning: Earning, points: int, grants: dict[str, dict[str, Any]]
) -> Explanation:
    """Grant what a rule gives, as far as its limit lets through, and say so."""
    rule, d, context = earning.rule, paying.d, paying.context
    referrer = context.kept.get("member.referrer") if rule.to_referrer else None
    wanted = points
    note: dict[str, Any] = {}
    if rule.limit is not None and not (rule.to_referrer and rule.limit.by == "beneficiary"):
        points, place = limits.admit(d, rule, rule.limit, context, points)
        if points < wanted:
            note["cap"] = points
        if place.used:
            note["place"] = list(place)
    note["points"] = points
    if isinstance(referrer, str) and points:
        note["to"] = referrer
        refer(d, rule.id, referrer, context.activity, points=points)
    elif points:
        note["lot"] = paying.lot(earning, points)
    grants[rule.id] = note
    if points == wanted:
        return earning.applied
    return Explanation(rule.id, points > 0, "limit", "limit", "lte", str(points), str(wanted))


def grant(d: Deciding, earning: Earning, context: Context, points: int) -> int:
    """Make one lot of a rule's points and return its number."""
    paying = Paying(d, context)
    no = paying.lot(earning, points)
    paying.close()
    return no


def refer(
    d: Deciding,
    rule: str,
    referrer: str,
    origin: Activity,
    *,
    points: int,
    confirmed: bool = False,
) -> None:
    """Tell the referrer's lane how many points a rule gives them for this activity from now on.

    `confirmed` tells that what waited for a confirmation need not wait any more.
    """
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
                **({"confirmed": "true"} if confirmed else {}),
            },
        )
    )


# ---------------------------------------------------------------- running totals


def step_of(earning: Earning, context: Context) -> Carry | None:
    """Return the steps by which this activity counts on the running total; None where it does not.

    By tier they are those of the tier held at the activity's own time.
    """
    give = earning.rule.give
    if isinstance(give, GiveByTier):
        give = give.tiers.get(text(context.kept.get(give.ladder)), NOTHING_GIVEN)
    return carry_in(give)


def _carried(d: Deciding, earning: Earning, rating: Rating, step: Carry) -> int:
    """Return the points that the running total brings with this activity.

    A total that falls takes points back from the rule's newest lots.
    """
    net = rating.base(earning)
    name = earning.rule.id
    total = d.standing.carries.get(name, 0)
    d.standing.carries[name] = total + net
    change = step.owed(total + net) - step.owed(total)
    if change < 0:
        take_from_newest(d, earning.rule, -change)
    return change


def take_from_newest(d: Deciding, rule: Rule, points: int) -> None:
    """Reverse points of a rule that follows a running total, newest lot first."""
    if not points:
        return
    for key in sorted(d.everything(f"carried:{rule.id}"), key=int, reverse=True):
        if not points:
            break
        lot = holdings.find(d, rule.wallet, int(key))
        part = min(points, lot.worth)
        wallets.reverse(d, rule.wallet, lot.no, part)
        points -= part
        if part and (d.program.book.ifrs15 or rule.id in d.state.multiplied):
            d.lessened.append((lot.key, rule.id, part))

"""How many units each rule gives for one activity, and why a rule gives none.

Rule: rating is a function of the activity, what is left of its lines and what was kept of the
member's state, so a refund is the difference of two ratings and never a rate of its own. Limits,
lots and the running totals of `carry` are the matter of `core.rules`.
"""

from collections.abc import Mapping

from guerdon.core.conditions import text
from guerdon.core.context import Context
from guerdon.core.decision import Explanation
from guerdon.core.earnings import Earning
from guerdon.core.forms import Giving
from guerdon.core.rulebook import Version

Outcome = int | Explanation
"""What a rule comes to: its points, or why it gives none."""

_NO_CAPS: dict[str, int] = {}
_REFERRER = "member.referrer"


class Rating:
    """The points of every rule for one activity in one state of its lines.

    `caps` bounds what single rules pay: what a limit let through when the activity was first
    decided. `carried` tells what rules that follow a running total hold for the activity, which
    no rating can tell. Rules that multiply others see them as they are paid.
    """

    __slots__ = ("_paid", "_raw", "_whole", "caps", "carried", "context", "earnings", "version")

    def __init__(
        self, version: Version, context: Context, caps: Mapping[str, int] = _NO_CAPS
    ) -> None:
        self.version = version
        self.context = context
        self.caps = caps
        self.carried: dict[str, int] = {}
        self.earnings = version.rules_by_type.get(context.activity.type, ())
        whole = context.whole
        self._whole = None if whole.gone or whole.net < 0 else whole.net
        self._raw: dict[str, Outcome] = {}
        self._paid: dict[str, Outcome] = {}

    def outcome(self, earning: Earning) -> Outcome:
        """Return what the rule pays; one that another of its group beats pays nothing."""
        if earning.carry is not None and earning.id in self.carried:
            return self.carried[earning.id]
        if earning.rule.best_of is None:
            found = self.rated(earning)
        else:
            known = self._paid.get(earning.id)
            if known is None:
                known = self.rated(earning)
                if type(known) is int and known:
                    known = self._best(earning, known)
                self._paid[earning.id] = known
            found = known
        cap = self.caps.get(earning.id) if self.caps else None
        return found if cap is None or type(found) is not int or found < cap else cap

    def paid(self, earning: Earning) -> int:
        """Return the points that the rule pays."""
        found = self.outcome(earning)
        return found if type(found) is int else 0

    def paid_by(self, names: tuple[str, ...]) -> int:
        """Return what rules pay in all, those that listen to this type of activity."""
        by_id = self.version.earning_by_id
        kind = self.context.activity.type
        total = 0
        for name in names:
            earning = by_id.get(name)
            if earning is not None and kind in earning.rule.activity:
                found = self.outcome(earning)
                if type(found) is int:
                    total += found
        return total

    def refusal(self, earning: Earning) -> Explanation:
        """Return why a rule that follows a running total gives nothing now."""
        found = self._money(earning)
        return earning.nothing if type(found) is int else found  # type: ignore[return-value]

    def base(self, earning: Earning) -> int:
        """Return the money a rule rates, what is left of matching lines; 0 if it does not apply."""
        found = self._money(earning)
        return found if type(found) is int else 0

    def _best(self, earning: Earning, points: int) -> Outcome:
        for other in self.earnings:
            if other.rule.best_of != earning.rule.best_of or other is earning:
                continue
            found = self.rated(other)
            rival = found if type(found) is int else 0
            if rival > points or (rival == points and other.place < earning.place):
                return Explanation(
                    earning.id, False, "best_of", other.id, "gte", str(points), str(rival)
                )
        return points

    def rated(self, earning: Earning) -> Outcome:
        """Return what the rule gives by itself, before its group picks the best."""
        is_read = earning.is_read
        if is_read:
            known = self._raw.get(earning.id)
            if known is not None:
                return known
            self._raw[earning.id] = 0  # a rule that multiplies itself finds nothing to multiply
        found = self._money(earning) if earning.asks else self._whole
        if found is None or (type(found) is int and found < 0):
            found = earning.nothing  # what is gone gives nothing, nor do discounts alone
        if type(found) is int:
            give = earning.give or self._given(earning)
            if isinstance(give, Explanation):
                found = give
            else:
                units, cap = give
                found = units(found, self)
                if cap is not None and found > cap:
                    found = cap
        if is_read:
            self._raw[earning.id] = found
        return found

    def _given(self, earning: Earning) -> Giving | Explanation:
        """Return what a rule gives that depends on the member, or why it gives nothing."""
        kept = self.context.kept
        if earning.rule.to_referrer and not isinstance(kept.get(_REFERRER), str):
            return Explanation(earning.id, False, "referrer", _REFERRER, "exists", "", "true")
        if earning.to_referrer is not None:
            return earning.to_referrer
        ladder, gives = earning.by_tier
        tier = text(kept.get(ladder))
        return gives.get(tier) or Explanation(
            earning.id, False, "tier", ladder, "in", tier, ", ".join(gives)
        )

    def _money(self, earning: Earning) -> Outcome:
        """Return the matching money that is left, or why the rule does not apply."""
        context = self.context
        whole = context.whole
        context.net = whole.net
        for get, verdicts in earning.when:
            refusal = verdicts[get(context)]
            if refusal is not None:
                return refusal
        matched = whole if earning.lines is None else context.matched(earning.lines)
        if matched is None:
            return earning.unmatched
        return earning.nothing if matched.gone else matched.net

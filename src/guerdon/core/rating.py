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

_NO_CAPS: dict[str, int] = {}


class Rating:
    """The points of every rule for one activity in one state of its lines.

    `caps` bounds what single rules pay: what a limit let through when the activity was first
    decided. `carried` tells what rules that follow a running total hold for the activity, which
    no rating can tell. Rules that multiply others see them as they are paid.
    """

    __slots__ = ("_causes", "_paid", "_raw", "caps", "carried", "context", "earnings", "version")

    def __init__(
        self, version: Version, context: Context, caps: Mapping[str, int] = _NO_CAPS
    ) -> None:
        self.version = version
        self.context = context
        self.caps = caps
        self.carried: dict[str, int] = {}
        self.earnings = version.rules_by_type.get(context.activity.type, ())
        self._raw: dict[str, int] = {}
        self._paid: dict[str, int] = {}
        self._causes: dict[str, Explanation] = {}

    def paid(self, earning: Earning) -> int:
        """Return what the rule gives, 0 for those that another of their group beats."""
        if earning.carry is not None and earning.id in self.carried:
            return self.carried[earning.id]
        if earning.rule.best_of is None:
            found = self.rated(earning)
        else:
            known = self._paid.get(earning.id)
            if known is None:
                known = self.rated(earning)
                self._paid[earning.id] = known = self._best(earning, known) if known else 0
            found = known
        cap = self.caps.get(earning.id) if self.caps else None
        return found if cap is None or found < cap else cap

    def paid_by(self, names: tuple[str, ...]) -> int:
        """Return what rules pay in all, those that listen to this type of activity."""
        by_id = self.version.earning_by_id
        kind = self.context.activity.type
        return sum(
            self.paid(by_id[name])
            for name in names
            if name in by_id and kind in by_id[name].rule.activity
        )

    def cause(self, earning: Earning) -> Explanation:
        """Return why the rule gives nothing."""
        return self._causes.get(earning.id, earning.nothing)

    def base(self, earning: Earning) -> int:
        """Return the money a rule rates, what is left of matching lines; 0 if it does not apply."""
        return self._eligible(earning) or 0

    def _best(self, earning: Earning, points: int) -> int:
        for other in self.earnings:
            if other.rule.best_of != earning.rule.best_of or other is earning:
                continue
            rival = self.rated(other)
            if rival > points or (rival == points and other.place < earning.place):
                name = earning.rule.id
                self._causes[name] = Explanation(
                    name, False, "best_of", other.rule.id, "gte", str(points), str(rival)
                )
                return 0
        return points

    def rated(self, earning: Earning) -> int:
        """Return what the rule gives by itself, before its group picks the best."""
        if earning.is_read:
            found = self._raw.get(earning.id)
            if found is not None:
                return found
            self._raw[earning.id] = 0  # a rule that multiplies itself finds nothing to multiply
        net = self._eligible(earning)
        if net is None or (earning.rule.to_referrer and not self._referrer(earning)):
            return 0
        give = earning.give or self._tier_give(earning)
        if give is None:
            return 0
        units, cap = give
        points = units(net, self)
        if cap is not None and points > cap:
            points = cap
        points = max(points, 0)  # a basket of discounts alone costs nothing
        if earning.is_read:
            self._raw[earning.id] = points
        return points

    def _eligible(self, earning: Earning) -> int | None:
        """Return the matching money that is left, or None where the rule does not apply."""
        context = self.context
        matched = context.whole
        context.net = matched.net
        for get, holds, words, refusals in earning.when:
            seen = get(context)
            if not holds(seen):
                self._causes[earning.id] = refusals[seen if type(seen) is str else words(seen)]
                return None
        if earning.lines is not None:
            found = context.matched(earning.lines)
            if found is None:
                self._causes[earning.id] = earning.unmatched
                return None
            matched = found
        return None if matched.gone else matched.net

    def _referrer(self, earning: Earning) -> bool:
        """Tell whether there is somebody to get what a rule gives to the one who referred."""
        if isinstance(self.context.kept.get("member.referrer"), str):
            return True
        self._causes[earning.id] = Explanation(
            earning.id, False, "referrer", "member.referrer", "exists", "", "true"
        )
        return False

    def _tier_give(self, earning: Earning) -> Giving | None:
        ladder, gives = earning.by_tier
        tier = text(self.context.kept.get(ladder))
        found = gives.get(tier)
        if found is None:
            self._causes[earning.id] = Explanation(
                earning.id, False, "tier", ladder, "in", tier, ", ".join(gives)
            )
        return found

"""How many units each rule gives for one activity, and why a rule gives none.

Rule: rating is a function of the activity, what is left of its lines and what was kept of the
member's state, so a refund is the difference of two ratings and never a rate of its own. Limits,
lots and the running totals of `carry` are the matter of `core.rules`.
"""

from collections.abc import Mapping
from decimal import Decimal

from guerdon.core.amounts import Rounding, divide
from guerdon.core.conditions import number, text
from guerdon.core.context import Context
from guerdon.core.decision import Explanation
from guerdon.core.program import Bands, Fixed, Give, GiveByTier, Of, Rate, Rule, Step, Unit
from guerdon.core.rulebook import Earning, Version

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
            found = self._rated(earning)
        else:
            known = self._paid.get(earning.id)
            if known is None:
                known = self._rated(earning)
                self._paid[earning.id] = known = self._best(earning, known) if known else 0
            found = known
        cap = self.caps.get(earning.id) if self.caps else None
        return found if cap is None or found < cap else cap

    def cause(self, rule: Rule) -> Explanation:
        """Return why the rule gives nothing."""
        found = self._causes.get(rule.id)
        return found or Explanation(rule.id, False, "amount", "points", "gt", "0", "0")

    def base(self, earning: Earning) -> int:
        """Return the money a rule rates, what is left of matching lines; 0 if it does not apply."""
        return self._eligible(earning) or 0

    def _best(self, earning: Earning, points: int) -> int:
        for other in self.earnings:
            if other.rule.best_of != earning.rule.best_of or other is earning:
                continue
            rival = self._rated(other)
            if rival > points or (rival == points and other.place < earning.place):
                name = earning.rule.id
                self._causes[name] = Explanation(
                    name, False, "best_of", other.rule.id, "gte", str(points), str(rival)
                )
                return 0
        return points

    def _rated(self, earning: Earning) -> int:
        """Return what the rule gives by itself, before its group picks the best."""
        name = earning.id
        found = self._raw.get(name)
        if found is not None:
            return found
        self._raw[name] = 0  # a rule that multiplies itself finds nothing to multiply
        net = self._eligible(earning)
        if net is None or (earning.rule.to_referrer and not self._referrer(name)):
            return 0
        give = earning.rule.give
        if isinstance(give, GiveByTier):
            by_tier = self._tier_give(earning.rule, give)
            if by_tier is None:
                return 0
            give = by_tier
        form = give.form
        if type(form) is Rate and give.round is Rounding.FLOOR:
            points = net * form.ratio.over // form.ratio.under
        else:
            points = self._points(give, net)
        if give.max is not None and points > give.max:
            points = give.max
        self._raw[name] = points = max(points, 0)  # a basket of discounts alone costs nothing
        return points

    def _eligible(self, earning: Earning) -> int | None:
        """Return the matching money that is left, or None where the rule does not apply."""
        context = self.context
        context.net = context.whole.net
        for get, holds, field, op, needed in earning.when:
            seen = get(context)
            if not holds(seen):
                words = seen if type(seen) is str else text(seen)
                name = earning.id
                self._causes[name] = Explanation(name, False, "when", field, op, words, needed)
                return None
        if earning.lines is None:
            matched = context.whole
        else:
            found = context.matched(earning.lines)
            if found is None:
                name = earning.id
                self._causes[name] = Explanation(
                    name, False, "lines", "lines", "in", "", earning.wanted
                )
                return None
            matched = found
        return None if matched.gone else matched.net

    def _referrer(self, name: str) -> bool:
        """Tell whether there is somebody to get what a rule gives to the one who referred."""
        if isinstance(self.context.kept.get("member.referrer"), str):
            return True
        self._causes[name] = Explanation(
            name, False, "referrer", "member.referrer", "exists", "", "true"
        )
        return False

    def _tier_give(self, rule: Rule, give: GiveByTier) -> Give | None:
        tier = text(self.context.kept.get(give.ladder))
        found = give.tiers.get(tier)
        if found is None:
            self._causes[rule.id] = Explanation(
                rule.id, False, "tier", give.ladder, "in", tier, ", ".join(give.tiers)
            )
        return found

    def _points(self, give: Give, net: int) -> int:
        form = give.form
        if isinstance(form, Rate):
            return divide(net * form.ratio.over, form.ratio.under, give.round)
        if isinstance(form, Fixed):
            return form.points
        if isinstance(form, Step):
            return net // form.step * form.points
        if isinstance(form, Bands):
            return next((points for upto, points in form.bands if net <= upto), form.above)
        if isinstance(form, Unit):
            return self._unit(form, give.round)
        return self._multiple(form, give.round)

    def _unit(self, form: Unit, rounding: Rounding) -> int:
        context = self.context
        seen = number(self.version.getters[form.field](context)) or Decimal(0)
        over, under = seen.as_integer_ratio()
        if over * form.least.under < form.least.over * under:
            over, under = form.least.over, form.least.under
        return divide(over * form.points.over, under * form.points.under, rounding)

    def _multiple(self, form: Of, rounding: Rounding) -> int:
        by_id = self.version.earning_by_id
        kind = self.context.activity.type
        base = sum(
            self.paid(by_id[name])
            for name in form.rules
            if name in by_id and kind in by_id[name].rule.activity
        )
        return divide(base * form.times.over, form.times.under, rounding)

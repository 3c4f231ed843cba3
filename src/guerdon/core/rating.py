"""How many units each rule gives for one activity, and why a rule gives none.

Rule: rating is a function of the activity, what is left of its lines and what was kept of the
member's state, so a refund is the difference of two ratings and never a rate of its own. Limits,
lots and the running totals of `carry` are the matter of `core.rules`.
"""

from decimal import Decimal

from guerdon.core.amounts import Rounding, divide
from guerdon.core.conditions import first_failed, number, text
from guerdon.core.context import Context
from guerdon.core.counters import matched_lines
from guerdon.core.decision import Explanation
from guerdon.core.program import (
    Bands,
    Fixed,
    Give,
    GiveByTier,
    Of,
    Rate,
    Rule,
    Step,
    Unit,
)
from guerdon.core.rulebook import Version


class Rating:
    """The points of every rule for one activity in one state of its lines.

    `caps` bounds single rules: what a limit let through when the activity was first decided.
    """

    __slots__ = ("_busy", "_causes", "_paid", "_raw", "caps", "context", "rules", "version")

    def __init__(
        self, version: Version, context: Context, caps: dict[str, int] | None = None
    ) -> None:
        self.version = version
        self.context = context
        self.caps = caps or {}
        self.rules = version.rules_by_type.get(context.activity.type, ())
        self._raw: dict[str, int] = {}
        self._paid: dict[str, int] = {}
        self._causes: dict[str, Explanation] = {}
        self._busy: set[str] = set()

    def raw(self, rule: Rule) -> int:
        """Return what the rule gives by itself, before its group picks the best."""
        found = self._raw.get(rule.id)
        if found is None:
            found = self._raw[rule.id] = self._rate(rule)
        return found

    def paid(self, rule: Rule) -> int:
        """Return what the rule gives, 0 for those that another of their group beats."""
        found = self._paid.get(rule.id)
        if found is None:
            found = self.raw(rule)
            if rule.best_of is not None and found:
                found = self._best(rule, found)
            self._paid[rule.id] = found
        return found

    def cause(self, rule: Rule) -> Explanation | None:
        """Return why the rule gives nothing, where that is known."""
        return self._causes.get(rule.id)

    def base(self, rule: Rule) -> int:
        """Return the money a rule rates: the matching lines that are left; 0 if it does not apply."""
        return self._eligible(rule) or 0

    def _best(self, rule: Rule, points: int) -> int:
        for other in self.rules:
            if other.best_of != rule.best_of or other is rule:
                continue
            rival = self.raw(other)
            earlier = self.rules.index(other) < self.rules.index(rule)
            if rival > points or (rival == points and earlier):
                self._causes[rule.id] = Explanation(
                    rule.id, False, "best_of", other.id, "gte", str(points), str(rival)
                )
                return 0
        return points

    def _rate(self, rule: Rule) -> int:
        if rule.id in self._busy:
            return 0
        self._busy.add(rule.id)
        try:
            net = self._eligible(rule)
            if net is None:
                return 0
            give = self._give(rule)
            if give is None:
                return 0
            points = self._points(give, net)
        finally:
            self._busy.discard(rule.id)
        if give.max is not None:
            points = min(points, give.max)
        if rule.id in self.caps:
            points = min(points, self.caps[rule.id])
        return points

    def _eligible(self, rule: Rule) -> int | None:
        """Return the matching money that is left, or None where the rule does not apply."""
        context = self.context
        matching = self.version.matching[f"rule:{rule.id}"]
        lines = context.activity.lines
        indexes = matched_lines(matching, context)
        context.net = sum(context.left)
        if matching.when is not None and not matching.when(context.read):
            failed = first_failed(rule.when, context.read)
            if failed is not None:
                self._causes[rule.id] = Explanation(rule.id, False, "when", *failed)
            return None
        if indexes is None:
            self._causes[rule.id] = Explanation(
                rule.id, False, "lines", "lines", "in", "", _wanted(rule)
            )
            return None
        net = sum(context.left[index] for index in indexes)
        if not net and any(lines[index].amount for index in indexes):
            self._causes[rule.id] = Explanation(rule.id, False, "amount", "net", "gt", "0", "0")
            return None
        return net

    def _give(self, rule: Rule) -> Give | None:
        give = rule.give
        if not isinstance(give, GiveByTier):
            return give
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
        seen = number(self.context.read(form.field)) or Decimal(0)
        over, under = seen.as_integer_ratio()
        if over * form.least.under < form.least.over * under:
            over, under = form.least.over, form.least.under
        return divide(over * form.points.over, under * form.points.under, rounding)

    def _multiple(self, form: Of, rounding: Rounding) -> int:
        by_id = self.version.rule_by_id
        base = sum(
            self.paid(by_id[name])
            for name in form.rules
            if name in by_id and self.context.activity.type in by_id[name].activity
        )
        return divide(base * form.times.over, form.times.under, rounding)


def _wanted(rule: Rule) -> str:
    return "; ".join(f"{test.field} {test.op} {text(test.value)}" for test in rule.lines.tests)

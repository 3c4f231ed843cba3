"""Rules, compiled once a version: conditions and gives as functions, refusals as far as known.

Rule: whatever the version decides is looked up here once and never per activity. How many units a
rule gives is decided in `core.rating`, what becomes of them in `core.rules`.
"""

from collections.abc import Callable
from typing import Any

from guerdon.core.conditions import text
from guerdon.core.context import BoundTest, Context, Getters, LineMatch
from guerdon.core.decision import Explanation
from guerdon.core.forms import Giving, compile_give
from guerdon.core.gives import carry_of
from guerdon.core.program import GiveByTier, Rule


class Verdicts(dict[Any, "Explanation | None"]):
    """What one test of a rule says of a value: None where it holds, else why the rule does not.

    Values repeat from one activity to the next, so what was said of them is kept.
    """

    __slots__ = ("_rule", "_test")

    def __init__(self, rule: str, test: BoundTest) -> None:
        super().__init__()
        self._rule = rule
        self._test = test

    def __missing__(self, value: Any) -> Explanation | None:
        if len(self) >= _VERDICTS_MAX:
            self.clear()
        _, holds, field, op, needed, words = self._test
        found = None
        if not holds(value):
            found = Explanation(self._rule, False, "when", field, op, words(value), needed)
        self[value] = found
        return found


_VERDICTS_MAX = 1_024


RuleTest = tuple[Callable[[Context], Any], Verdicts]
"""One test of a rule: how its field is read, and what is said of a value."""


class Earning:
    """A rule, compiled: conditions and gives as functions, explanations as far as they are fixed.

    `place` is its place in the program's order. `is_read` tells that other rules read what it
    gives, `is_alone` that what it gives depends on no rival and no running total, `is_plain` that
    nothing limits it, and the member gets it under the wallet's own terms, `asks` that it has
    conditions. There is either `give`
    or `by_tier` (ladder and gives by tier), or `to_referrer` where another member gets it.
    """

    __slots__ = (
        "applied",
        "asks",
        "by_tier",
        "carry",
        "give",
        "id",
        "is_alone",
        "is_plain",
        "is_read",
        "lines",
        "nothing",
        "place",
        "rule",
        "to_referrer",
        "unmatched",
        "wallet",
        "when",
    )

    def __init__(
        self,
        rule: Rule,
        place: int,
        *,
        when: tuple[BoundTest, ...],
        lines: LineMatch | None,
        getters: Getters,
        is_read: bool,
    ) -> None:
        name = rule.id
        self.rule = rule
        self.id = name
        self.wallet = rule.wallet
        self.place = place
        self.is_read = is_read
        self.is_plain = (
            rule.limit is None
            and not rule.to_referrer
            and rule.expiry is None
            and rule.pending is None
            and carry_of(rule) is None
        )
        self.is_alone = rule.best_of is None and carry_of(rule) is None
        self.when: tuple[RuleTest, ...] = tuple((test.get, Verdicts(name, test)) for test in when)
        self.lines = lines
        self.asks = bool(when) or lines is not None
        self.carry = carry_of(rule)
        self.give: Giving | None = None
        self.to_referrer: Giving | None = None
        self.by_tier: tuple[str, dict[str, Giving]] = ("", {})
        if isinstance(rule.give, GiveByTier):
            gives = rule.give.tiers.items()
            compiled = {tier: compile_give(give, getters) for tier, give in gives}
            self.by_tier = (rule.give.ladder, compiled)
        elif rule.to_referrer:
            self.to_referrer = compile_give(rule.give, getters)
        else:
            self.give = compile_give(rule.give, getters)
        wanted = "; ".join(
            f"{test.field} {test.op} {text(test.value)}" for test in rule.lines.tests
        )
        self.applied = Explanation(name, True, "applied")
        self.unmatched = Explanation(name, False, "lines", "lines", "in", "", wanted)
        self.nothing = Explanation(name, False, "amount", "points", "gt", "0", "0")

"""What a rule can give, whatever the tier: read off the program, before any activity."""

from typing import NamedTuple

from guerdon.core.amounts import Ratio, Rounding, divide
from guerdon.core.program import Fixed, Give, GiveByTier, Of, Rule, Step

NOTHING_GIVEN = Give(form=Fixed(0))
"""What a tier that is not named gives."""


def gives_of(rule: Rule) -> list[Give]:
    """Return every give of a rule."""
    give = rule.give
    return list(give.tiers.values()) if isinstance(give, GiveByTier) else [give]


def multiplied(rule: Rule) -> tuple[str, ...]:
    """Return the rules whose units a rule gives a multiple of."""
    forms = [give.form for give in gives_of(rule)]
    return tuple(name for form in forms if isinstance(form, Of) for name in form.rules)


class Carry(NamedTuple):
    """What a running total is worth: `points` for each full step, then rounded."""

    step: int
    points: Ratio
    round: Rounding

    def owed(self, total: int) -> int:
        """Return what a total is worth in all."""
        return divide(total // self.step * self.points.over, self.points.under, self.round)


def carry_in(give: Give) -> Carry | None:
    """Return how a give counts on the member's running total; None where it does not."""
    form = give.form
    if not isinstance(form, Step) or not form.carry:
        return None
    return Carry(form.step, form.points, give.round)


def carry_of(rule: Rule) -> Carry | None:
    """Return how a rule counts on the member's running total; None where it does not."""
    found = (carry_in(give) for give in gives_of(rule))
    return next((carry for carry in found if carry is not None), None)

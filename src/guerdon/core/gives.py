"""What a rule can give, whatever the tier: read off the program, before any activity."""

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


def carry_of(rule: Rule) -> Step | None:
    """Return the step of a rule that counts on the member's running total, else None."""
    forms = [give.form for give in gives_of(rule)]
    return next((form for form in forms if isinstance(form, Step) and form.carry), None)

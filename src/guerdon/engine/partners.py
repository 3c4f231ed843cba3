"""Partners of a program, as those who make credentials and endpoints name them.

Rule: what is made for a partner is made for one that the program has, now or in a version that is
to begin; one that is misspelt would be refused nothing, and find nothing. What was made stays good
when its partner goes.
"""

from guerdon.engine.outcomes import Problem
from guerdon.engine.world import World


async def mistakes(world: World, program: str, partner: str) -> list[Problem]:
    """Return what is wrong with the name of a partner: nothing, where the program has it."""
    rulebook, now = await world.rulebooks.get(program), world.clock()
    present = rulebook.at(now).program
    coming = [version.program for version in rulebook.versions if version.program.begin > now]
    there = {slug for each in (present, *coming) for slug in each.partners}
    if partner in there:
        return []
    message = (
        f"The program has no partner {partner!r}; there are: {', '.join(sorted(there)) or 'none'}."
        " Publish a version that has it first."
    )
    return [Problem(code="INVALID_INPUT", message=message, path=("partner",))]

"""Explanations: why each rule did or did not apply to an activity.

The rule: figures are those that the decision saw, kept with it; nothing is worked out anew. The
sentences are formed in `core.sentences`.
"""

from guerdon.api.catalogue import Catalogue
from guerdon.api.describe import noun, says
from guerdon.core.activity import Instant
from guerdon.core.context import is_state
from guerdon.core.decision import Explanation
from guerdon.core.sentences import explanation_sentence
from guerdon.engine.world import Caller, Role


@noun
class RuleExplanation:
    """Why a rule did or did not apply: the condition, the value seen, the value needed."""

    rule: str = says("The rule's short name in the program.")
    applied: bool = says("Whether it gave anything.")
    sentence: str = says("The reason, for people.")
    field: str | None = says("What the condition asked for; null where no condition decided.")
    seen: str | None = says("What was found there.")
    needed: str | None = says("What would have been needed.")


def explanation_noun(
    catalogue: Catalogue, found: Explanation, at: Instant, caller: Caller
) -> RuleExplanation:
    """Return an explanation as the API shows it, in the words of the version in force `at`.

    Partners do not learn what was found of the member.
    """
    program = catalogue.version_at(at)
    if caller.role is Role.PARTNER and is_state(program, found.field):
        found = Explanation(found.rule, found.applied, "applied" if found.applied else "")
    return RuleExplanation(
        rule=found.rule,
        applied=found.applied,
        sentence=explanation_sentence(program, found),
        field=found.field or None,
        seen=found.seen or None,
        needed=found.needed or None,
    )

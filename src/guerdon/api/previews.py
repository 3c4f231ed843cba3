"""Previews: what an activity would do, before it is reported.

The rule: the same input, judged and decided the same way, and nothing is kept of it. How that is
done is `engine.preview`'s matter.
"""

from functools import partial
from typing import Annotated, Any

import strawberry

from guerdon.api.activities import ActivityResult, result_of
from guerdon.api.catalogue import Catalogue
from guerdon.api.context import Info
from guerdon.api.describe import argument, bulk_field, field, noun, says
from guerdon.api.effects import Effect, effect_noun, visible
from guerdon.api.explanations import RuleExplanation, explanation_noun
from guerdon.api.problems import Problem, outcome_problems, refusal_nouns
from guerdon.api.receipts import ActivityInput, given_activity
from guerdon.engine import preview
from guerdon.engine.outcomes import NOBODY, JournalEntry
from guerdon.engine.presented import FIELDS
from guerdon.engine.refusals import InvalidInput

COST = 10
"""What a preview costs: it decides an activity."""


@noun
class ActivityPreview:
    """What an activity would do now; nothing of it is stored, so ids in it lead nowhere."""

    result: ActivityResult = says("What would become of it.")
    reason: str | None = says("Why it would be refused, as a fixed word.")
    problems: list[Problem] = says("Why it would be refused, in sentences; empty where it counts.")
    entry: strawberry.Private[JournalEntry | None]
    catalogue: strawberry.Private[Catalogue]

    @field
    def effects(self, info: Info) -> list[Effect]:
        """What it would change, in order; partners see what concerns them."""
        if self.entry is None:
            return []
        member, caller = self.entry.activity.member or "", info.context.caller
        return [
            effect_noun(self.catalogue, effect, member, caller)
            for effect in self.entry.effects
            if visible(self.catalogue, caller, effect)
        ]

    @field
    def explanation(self, info: Info) -> list[RuleExplanation]:
        """Why each rule would or would not apply: the condition, the value seen and needed."""
        if self.entry is None:
            return []
        at, caller = self.entry.activity.at, info.context.caller
        return [
            explanation_noun(self.catalogue, found, at, caller) for found in self.entry.explanations
        ]


@noun
class PreviewQueries:
    """Root fields that try something out."""

    @partial(bulk_field, cost=COST)
    async def preview_activity(
        self, info: Info, activity: Annotated[ActivityInput, argument("What would be reported.")]
    ) -> ActivityPreview:
        """What this activity would do now; nothing is written.

        It is decided on what is decided so far: activities that wait for their turn are not seen.
        """
        asked: Any = activity
        context = info.context
        catalogue = await context.catalogue()
        try:
            reported = given_activity(asked, context.program)
        except InvalidInput as refusal:
            return ActivityPreview(
                result=ActivityResult.REJECTED,
                reason="invalid",
                problems=refusal_nouns(refusal),
                entry=None,
                catalogue=catalogue,
            )
        with_codes = bool(FIELDS & reported.data.keys())
        async with context.trying_a_member(reported.member, with_codes=with_codes) as attempt:
            found = await preview.preview(context.world, context.caller, reported)
            attempt.failed = found.reason in NOBODY or found.astray > 0
        return ActivityPreview(
            result=result_of(found.result),
            reason=found.reason,
            problems=outcome_problems(found),
            entry=found.entry,
            catalogue=catalogue,
        )

"""Activities: what was reported, what became of it, and reporting itself.

The rule: an activity is shown to whom it concerns, and to who reported it; to anybody else it does
not exist. What an activity means is decided in `core`; whether a report is taken, in
`engine.accept`.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from guerdon.api.catalogue import Catalogue
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, field, kind, kinds, noun, says
from guerdon.api.effects import Effect, effect_noun, visible
from guerdon.api.explanations import RuleExplanation, explanation_noun
from guerdon.api.ids import global_id
from guerdon.api.instants import maybe_datetime, to_datetime
from guerdon.api.nodes import Node
from guerdon.api.standings import plain_value
from guerdon.core.activity import CAUSED
from guerdon.engine import read
from guerdon.engine.inputs import MemberRef
from guerdon.engine.outcomes import JournalEntry, Result
from guerdon.engine.world import Role


@kinds
class ActivityResult(Enum):
    """What became of an activity."""

    PENDING = kind("pending", "Accepted for good, not yet decided.")
    ACCEPTED = kind("accepted", "Decided: it counts.")
    DUPLICATE = kind("duplicate", "The same id and content, or the same reference, came before.")
    CONFLICT = kind("conflict", "The same id came before with other content.")
    PARKED = kind("parked", "Its identity belongs to nobody yet.")
    REJECTED = kind("rejected", "Decided: it counts for nothing; `reason` says why.")
    FAILED = kind("failed", "Set aside for an operator.")


_RESULTS = {result: ActivityResult(result.value) for result in Result}


@noun
class Activity(Node):
    """A fact that was reported once: a purchase, a refund, an enrollment, a redemption, ..."""

    activity_id: str = says("The reporter's own id.")
    reporter: str = says('Who reported it: "service", "partner:<slug>" or "member:<id>".')
    type: str = says("What kind of fact it is, in the program's words.")
    at: datetime = says("When it happened.")
    received_at: datetime = says("When it arrived here.")
    decided_at: datetime | None = says("When it was decided; null until then.")
    result: ActivityResult = says("What became of it.")
    reason: str | None = says("Why it was rejected or set aside, as a fixed word.")
    data: JSON = says("Everything else that was reported, as the program's conditions see it.")
    entry: strawberry.Private[JournalEntry]
    catalogue: strawberry.Private[Catalogue]

    @field
    def effects(self, info: Info) -> list[Effect]:
        """What it changed, in order; partners see what concerns them."""
        member, caller = self.entry.activity.member or "", info.context.caller
        return [
            effect_noun(self.catalogue, effect, member, caller)
            for effect in self.entry.effects
            if visible(self.catalogue, caller, effect)
        ]

    @field
    def explanation(self, info: Info) -> list[RuleExplanation]:
        """Why each rule did or did not apply: the condition, the value seen, the value needed."""
        at, caller = self.entry.activity.at, info.context.caller
        return [
            explanation_noun(self.catalogue, found, at, caller) for found in self.entry.explanations
        ]


@noun
class ActivityQueries:
    """Root fields about activities."""

    @field
    async def activity(
        self,
        info: Info,
        activity_id: Annotated[str, argument("The reporter's own id.")],
        reporter: Annotated[
            str | None,
            argument(
                'Who reported it: "service", "partner:<slug>" or "member:<id>". Absent: the'
                " credential itself."
            ),
        ] = None,
    ) -> Activity | None:
        """An activity by the id that its reporter gave it; null where there is none."""
        reporter = reporter or info.context.caller.reporter
        return await load_activity(info.context, f"{reporter}/{activity_id}")


async def load_activity(context: Context, key: str) -> Activity | None:
    """Return the activity under a key, None where there is none that the caller may see."""
    entry = await context.activity(key)
    if entry is None or not await may_see(context, entry):
        return None
    return activity_noun(await context.catalogue(), entry)


async def may_see(context: Context, entry: JournalEntry) -> bool:
    """Tell whether an activity is the caller's to see: its own member's, or one it reported.

    What concerned an account that was merged into the member concerns the member. What a partner's
    activity causes for others goes by the partner's name, but nobody reported that.
    """
    caller, member = context.caller, entry.activity.member
    if caller.role is Role.MEMBER:
        if member is None or member == caller.member:
            return member is not None
        return await read.find(context.world, caller, MemberRef(id=member)) is not None
    if caller.role is Role.PARTNER:
        reported = entry.activity
        return reported.reporter == caller.reporter and reported.type not in CAUSED
    return True


def activity_noun(catalogue: Catalogue, entry: JournalEntry) -> Activity:
    """Return an activity as the API shows it."""
    reported = entry.activity
    return Activity(
        id=strawberry.ID(global_id("Activity", catalogue.id, reported.reporter, reported.id)),
        activity_id=reported.id,
        reporter=reported.reporter,
        type=reported.type,
        at=to_datetime(reported.at),
        received_at=to_datetime(reported.received),
        decided_at=maybe_datetime(entry.decided_at),
        result=_RESULTS[entry.result],
        reason=entry.reason,
        data=JSON({name: plain_value(value) for name, value in reported.data.items()}),
        entry=entry,
        catalogue=catalogue,
    )


def result_of(result: Result) -> ActivityResult:
    """Return the API's word for what became of an activity."""
    return _RESULTS[result]

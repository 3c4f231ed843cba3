"""Changes: mutations that are one activity each, from the input to the answer.

The rule: a change enters by the same door as every other activity, under an id that makes a repeat
harmless: the caller's own, else one that follows from kind and content. A repeat answers with the
first outcome. What the change means is decided in `core`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from guerdon.api.activities import Activity, activity_noun, may_see
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, given, may, mutation, noun, order, says
from guerdon.api.problems import Problem, outcome_problems, refusing
from guerdon.api.references import MemberRef, engine_ref
from guerdon.engine import accept
from guerdon.engine.inputs import ActivityInput, Wait
from guerdon.engine.inputs import MemberRef as EngineRef
from guerdon.engine.outcomes import Receipt

ACTIVITY_ID = (
    "Makes a repeated call harmless; absent: derived from the content, so that the same call again"
    " is the same change."
)
REASON = "Why, for the record: it is kept with the activity."


@order
class JoinMissionInput:
    """Who joins which mission."""

    activity_id: str | None = may(ACTIVITY_ID)
    member: MemberRef | None = may("Absent: the member of the token.")
    mission: str = asks("The mission's short name.")


@order
class AdjustPointsInput:
    """By how much to correct a balance."""

    activity_id: str = asks("Makes a repeated call harmless.")
    member: MemberRef = asks("Whose balance.")
    wallet: str = asks("The wallet's short name.")
    amount: Decimal = asks("Positive to give, negative to take; what is not there becomes a debt.")
    reason: str = asks(REASON)


@order
class GrantTierInput:
    """Which tier to give for how long."""

    activity_id: str = asks("Makes a repeated call harmless.")
    member: MemberRef = asks("To whom.")
    ladder: str = asks("The ladder's short name.")
    tier: str = asks("The tier's short name.")
    until: datetime = asks("The first instant without it.")
    reason: str = asks(REASON)


@order
class AwardBadgeInput:
    """Which badge to give."""

    activity_id: str = asks("Makes a repeated call harmless.")
    member: MemberRef = asks("To whom.")
    badge: str = asks("The badge's short name.")
    reason: str = asks(REASON)


@noun
class ActivityPayload:
    """What became of a change."""

    activity: Activity | None = says(
        "The change as an activity, with its effects; null where it was not taken at all."
    )
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


_refusing = refusing(lambda problems: ActivityPayload(activity=None, problems=problems))


@noun
class ChangeMutations:
    """Root fields that change one thing about one member."""

    @mutation
    @_refusing
    async def join_mission(
        self, info: Info, input: Annotated[JoinMissionInput, argument("Who joins what.")]
    ) -> ActivityPayload:
        """Opt in to a mission; from then on what the member does counts."""
        receipt = await change(
            info.context,
            "mission_joined",
            given(input.member),
            activity_id=given(input.activity_id),
            data={"mission": input.mission},
        )
        return await activity_payload(info.context, receipt)

    @mutation
    @_refusing
    async def adjust_points(
        self, info: Info, input: Annotated[AdjustPointsInput, argument("What to correct.")]
    ) -> ActivityPayload:
        """Correct a member's balance by hand."""
        data = {"wallet": input.wallet, "points": input.amount, "reason": input.reason}
        receipt = await change(
            info.context, "adjustment", input.member, activity_id=input.activity_id, data=data
        )
        return await activity_payload(info.context, receipt)

    @mutation
    @_refusing
    async def grant_tier(
        self, info: Info, input: Annotated[GrantTierInput, argument("What to grant.")]
    ) -> ActivityPayload:
        """Give a member a tier for a time, such as to match another program's status."""
        data = {
            "ladder": input.ladder,
            "tier": input.tier,
            "until": input.until.isoformat(),
            "reason": input.reason,
        }
        receipt = await change(
            info.context, "tier_granted", input.member, activity_id=input.activity_id, data=data
        )
        return await activity_payload(info.context, receipt)

    @mutation
    @_refusing
    async def award_badge(
        self, info: Info, input: Annotated[AwardBadgeInput, argument("What to award.")]
    ) -> ActivityPayload:
        """Give a member a badge by hand; one that the member has already stays as it is."""
        data = {"badge": input.badge, "reason": input.reason}
        receipt = await change(
            info.context, "badge_awarded", input.member, activity_id=input.activity_id, data=data
        )
        return await activity_payload(info.context, receipt)


async def change(
    context: Context,
    type_: str,
    member: MemberRef | None,
    *,
    activity_id: str | None,
    data: Mapping[str, Any],
) -> Receipt:
    """Report a change as an activity, wait for the decision, and return what became of it."""
    ref = engine_ref(member, context.program) if member else None
    return await report(context, type_, ref, activity_id=activity_id, data=data)


async def report(
    context: Context,
    type_: str,
    ref: EngineRef | None,
    *,
    activity_id: str | None,
    data: Mapping[str, Any],
    named: EngineRef | None = None,
) -> Receipt:
    """Report a change about a member whom the engine can find, as `change` does.

    `named` is whom `data` names by the owner's id, where the caller said it otherwise.
    """
    id_ = _derived_id(type_, ref, named or data) if activity_id is None else activity_id
    reported = ActivityInput(id=id_, type=type_, member=ref, data=data, named=named)
    (receipt,) = await accept.record(context.world, context.caller, [reported], wait=Wait.DECIDED)
    return receipt


async def activity_payload(context: Context, receipt: Receipt) -> ActivityPayload:
    """Return a change as the API answers it."""
    problems = outcome_problems(receipt, place)
    # What is not decided in time is shown as it waits.
    entry = receipt.entry if receipt.entry or problems else await context.activity(receipt.key)
    if entry is not None and not await may_see(context, entry):
        entry = None
    catalogue = await context.catalogue()
    return ActivityPayload(
        activity=activity_noun(catalogue, entry) if entry else None, problems=problems
    )


def place(path: Sequence[str]) -> Sequence[str]:
    """Return where in the input something stands that became an activity's data."""
    if path[:1] != ("data",):
        return path
    return [_NAMES.get(name, name) for name in path[1:]]


_NAMES = {"points": "amount", "item": "reward", "qty": "quantity", "of": "redemptionId"}
"""What inputs call otherwise than the activities that are made of them."""


def _derived_id(type_: str, ref: EngineRef | None, said: EngineRef | Mapping[str, Any]) -> str:
    """Return the id of a change that its caller did not name: the same for the same content."""
    words: object = said
    if not isinstance(said, EngineRef):
        words = sorted((name, str(value)) for name, value in said.items())
    content = repr((ref, words))
    return f"{type_}.{hashlib.blake2b(content.encode(), digest_size=16).hexdigest()}"

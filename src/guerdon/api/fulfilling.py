"""Fulfilling: a partner's answer to a redemption that waits for it.

The rule: a redemption is answered once, by the partner who honours its reward or by the program's
owner on the partner's behalf; a repeat of the same answer reads what became of the first. Whether
it still waits is decided in `core`.
"""

from typing import Annotated

from guerdon.api.changes import ACTIVITY_ID, place, report
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, given, may, mutation, noun, order
from guerdon.api.ids import parts_for, read_id
from guerdon.api.problems import outcome_problems
from guerdon.api.redeeming import RedemptionPayload, redemption_payload, refusing_redemption
from guerdon.api.references import MemberRef, engine_ref
from guerdon.api.transport.errors import BadInput
from guerdon.engine import read
from guerdon.engine.inputs import MemberRef as EngineRef
from guerdon.engine.pseudonyms import shown_as
from guerdon.engine.refusals import NotFound

_WHICH = "The global id of a `Redemption`; beside `member`, the id that it was made under."
_WHOSE = "Whose it is, where only the id is known that it was made under, as in a webhook."


@order
class FulfilRedemptionInput:
    """Which redemption was fulfilled."""

    activity_id: str | None = may(ACTIVITY_ID)
    redemption_id: str = asks(_WHICH)
    member: MemberRef | None = may(_WHOSE)


@order
class RefuseRedemptionInput:
    """Which redemption cannot be fulfilled, and why."""

    activity_id: str | None = may(ACTIVITY_ID)
    redemption_id: str = asks(_WHICH)
    member: MemberRef | None = may(_WHOSE)
    reason: str = asks("Why, in up to 200 characters; the member reads it.")


@noun
class FulfilmentMutations:
    """Root fields by which partners answer for what members redeemed."""

    @mutation
    @refusing_redemption
    async def fulfil_redemption(
        self, info: Info, input: Annotated[FulfilRedemptionInput, argument("What was fulfilled.")]
    ) -> RedemptionPayload:
        """By the partner: a pending redemption is fulfilled, and the member has what it brings."""
        return await _answered(
            info.context, "redemption_fulfilled", input, activity_id=given(input.activity_id)
        )

    @mutation
    @refusing_redemption
    async def refuse_redemption(
        self, info: Info, input: Annotated[RefuseRedemptionInput, argument("What cannot be had.")]
    ) -> RedemptionPayload:
        """By the partner: a pending redemption fails, and everything goes back where it was."""
        return await _answered(
            info.context,
            "redemption_refused",
            input,
            activity_id=given(input.activity_id),
            reason=input.reason,
        )


async def _answered(
    context: Context,
    type_: str,
    which: FulfilRedemptionInput | RefuseRedemptionInput,
    *,
    activity_id: str | None,
    **said: str,
) -> RedemptionPayload:
    member_id, redemption_id = await _meant(context, which.redemption_id, given(which.member))
    receipt = await report(
        context,
        type_,
        EngineRef(id=shown_as(context.caller, member_id)),
        activity_id=activity_id,
        data={"of": redemption_id, **said},
    )
    return await redemption_payload(context, receipt, outcome_problems(receipt, place))


async def _meant(context: Context, text: str, member: MemberRef | None) -> tuple[str, str]:
    """Return the member and the id of a redemption that the caller names.

    Raises:
        NotFound: There is no such redemption, or nobody under the reference.
        TooManyTries: A partner has named too many whom nobody knows.
    """
    if member is not None:
        ref = engine_ref(member, context.program)
        async with context.trying_a_member(ref):
            member_id = await read.find(context.world, context.caller, ref)
            if member_id is None:
                raise NotFound("member", ("member",))
        return member_id, text
    try:
        found = read_id(text)
    except BadInput:
        found = None
    if found is not None and (found.type, found.program) == ("Redemption", context.program):
        parts = parts_for(context.caller, found, 2)
        if parts is not None:
            return parts[0], parts[1]
    raise NotFound("redemption", ("redemptionId",))

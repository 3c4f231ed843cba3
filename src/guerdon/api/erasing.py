"""Erasing: a person is forgotten for good; the figures stay for the books.

The rule: names, attributes, identities and everything that was ever reported of the member can be
read by nobody from the moment the call is answered; nothing brings it back.
"""

from typing import Annotated

from guerdon.api.changes import ACTIVITY_ID, report
from guerdon.api.context import Info
from guerdon.api.describe import argument, asks, given, may, mutation, noun, order
from guerdon.api.enrollments import MemberPayload
from guerdon.api.members import load_member
from guerdon.api.problems import outcome_problems, refusing
from guerdon.api.references import MemberRef, engine_ref
from guerdon.engine import read
from guerdon.engine.inputs import MemberRef as EngineRef
from guerdon.engine.refusals import NotFound


@order
class EraseMemberInput:
    """Whom to forget."""

    activity_id: str | None = may(ACTIVITY_ID)
    member: MemberRef = asks("Whom to forget, with all accounts that were merged into this one.")


_refusing = refusing(lambda problems: MemberPayload(member=None, problems=problems))


@noun
class ErasureMutations:
    """Root fields that forget people."""

    @mutation
    @_refusing
    async def erase_member(
        self, info: Info, input: Annotated[EraseMemberInput, argument("Whom to forget.")]
    ) -> MemberPayload:
        """Forget a person for good: what is left of their units expires, only figures stay."""
        context = info.context
        ref = engine_ref(input.member, context.program)
        member_id = await read.find(context.world, context.caller, ref)
        if member_id is None:
            raise NotFound("member", ("member",))
        receipt = await report(
            context,
            "member_erased",
            # By the id: the owner's name for a member is free again once they are forgotten.
            EngineRef(id=member_id),
            activity_id=given(input.activity_id),
            data={},
        )
        problems = outcome_problems(receipt, lambda path: path)
        member = None if problems else await load_member(context, member_id)
        return MemberPayload(member=member, problems=problems)

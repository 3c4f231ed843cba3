"""Identities: under which numbers others know a member, and two accounts of one person.

The rule: an identity belongs to one person. Linking sets free what was parked for it; merging leads
the given-up account and all its identities to the survivor, for good.
"""

from collections.abc import Sequence
from typing import Annotated

from guerdon.api.changes import ACTIVITY_ID, change, report
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, given, may, mutation, noun, order
from guerdon.api.enrollments import MemberPayload
from guerdon.api.members import Member, load_member
from guerdon.api.problems import outcome_problems, refusing
from guerdon.api.references import IdentityInput, MemberRef, engine_ref
from guerdon.engine import read
from guerdon.engine.inputs import MemberRef as EngineRef
from guerdon.engine.inputs import looked_up
from guerdon.engine.refusals import NotFound


@order
class LinkIdentityInput:
    """Which identity is whose."""

    activity_id: str | None = may(ACTIVITY_ID)
    member: MemberRef = asks("Whose identity it is.")
    identity: IdentityInput = asks("The number or name under which others know the member.")


@order
class MergeMembersInput:
    """Which two accounts are one person's."""

    activity_id: str | None = may(ACTIVITY_ID)
    from_: MemberRef = asks("The account that is given up.", name="from")
    into: MemberRef = asks("The account that goes on.")


_refusing = refusing(lambda problems: MemberPayload(member=None, problems=problems))


@noun
class IdentityMutations:
    """Root fields about who is who."""

    @mutation
    @_refusing
    async def link_identity(
        self, info: Info, input: Annotated[LinkIdentityInput, argument("What is whose.")]
    ) -> MemberPayload:
        """Link an identity to a member; what was reported under it before is decided then."""
        context, identity = info.context, input.identity
        receipt = await change(
            context,
            "identity_linked",
            input.member,
            activity_id=given(input.activity_id),
            data={"scheme": identity.scheme, "value": identity.value},
        )
        problems = outcome_problems(receipt, _place_of_identity)
        member = (
            await load_member(context, receipt.member) if receipt.member and not problems else None
        )
        return MemberPayload(member=member, problems=problems)

    @mutation
    @_refusing
    async def merge_members(
        self, info: Info, input: Annotated[MergeMembersInput, argument("Who is one person.")]
    ) -> MemberPayload:
        """Merge two accounts of one person; what the first one holds follows at once."""
        context = info.context
        into = engine_ref(input.into, context.program)
        survivor = await _survivor(context, into)
        receipt = await report(
            context,
            "member_merged",
            engine_ref(input.from_, context.program),
            activity_id=given(input.activity_id),
            data={"into": into.external_id or survivor.external_id},
            named=looked_up(into),
        )
        problems = outcome_problems(receipt, _place_of_merge)
        member = None if problems else await load_member(context, survivor.member_id)
        return MemberPayload(member=member, problems=problems)


async def _survivor(context: Context, into: EngineRef) -> Member:
    """Return the member into whom another is to be merged.

    Raises:
        NotFound: There is none.
    """
    member_id = await read.find(context.world, context.caller, into)
    member = await load_member(context, member_id) if member_id else None
    if member is None:
        raise NotFound("member", ("into",))
    return member


def _place_of_identity(path: Sequence[str]) -> Sequence[str]:
    return ["identity", *path[1:]] if path[:1] == ("data",) else path


def _place_of_merge(path: Sequence[str]) -> Sequence[str]:
    if path[:1] == ("data",):
        return path[1:]
    return ["from", *path[1:]] if path[:1] == ("member",) else path

"""Updates: everything that happens to a member, as it happens.

The rule: a history loses nothing. What was missed since a cursor comes first, then what happens,
each once and in order, read from the journal; who reads slowly waits, and nothing piles up.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from guerdon.api.activities import Activity, activity_noun
from guerdon.api.connections import read_cursor, write_cursor
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, field, noun, says, subscription
from guerdon.api.journals import journal_of
from guerdon.api.members import Member, load_member
from guerdon.api.references import MemberRef, find_member
from guerdon.api.transport.errors import BadInput, Refused
from guerdon.engine import watch


@noun
class MemberUpdate:
    """One thing that happened to a member."""

    cursor: str = says("Where it stands in the journal: subscribe again with it as `after`.")
    activity: Activity = says("What happened, with its effects.")
    member_id: strawberry.Private[str]

    @field
    async def member(self, info: Info) -> Member:
        """The member as of now, which may be later than the activity."""
        member = await load_member(info.context, self.member_id)
        assert member is not None, "a member who was subscribed to is never deleted"
        return member


@noun
class MemberSubscriptions:
    """Root fields that follow members."""

    @subscription
    async def member_updates(
        self,
        info: Info,
        member: Annotated[
            MemberRef | None, argument("Whom to follow; absent: the member of the token.")
        ] = None,
        after: Annotated[
            str | None,
            argument("A cursor of this member's journal or updates; absent: only what is new."),
        ] = None,
    ) -> AsyncIterator[MemberUpdate]:
        """Everything that happens to a member, in order.

        With `after`, first what was missed since that cursor.
        """
        context = info.context
        member_id = await _followed(context, member)
        listing = journal_of(member_id)
        seq = None if after is None else int(read_cursor(listing.kind, listing.shape, after)[0])
        entries = watch.member(context.world, context.program, member_id, after=seq)
        async with aclosing(entries):
            async for entry in entries:
                catalogue = await context.fresh().catalogue()
                yield MemberUpdate(
                    cursor=write_cursor(listing.kind, listing.key(entry)),
                    activity=activity_noun(catalogue, entry),
                    member_id=member_id,
                )


async def _followed(context: Context, ref: MemberRef | None) -> str:
    """Return whom a subscription follows.

    Raises:
        BadInput: A key did not name a member.
        Refused: There is no such member, or none whom the caller may see.
    """
    if ref is None:
        if context.caller.member is None:
            raise BadInput("Name the `member` to follow: a key is nobody's own.")
        return context.caller.member
    member_id = await find_member(context, ref)
    if member_id is None:
        raise Refused("There is no such member in this program.", code="NOT_FOUND", status=404)
    return member_id

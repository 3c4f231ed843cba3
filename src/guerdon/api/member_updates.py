"""Updates: everything that happens to a member, as it happens.

The rule: a history loses nothing. What was missed since a cursor comes first, then what happens,
each once and in order, read from the journal; who reads slowly waits, and nothing piles up. Where a
member is merged into another, the survivor's journal goes on from there.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated

import strawberry

from guerdon.api.activities import Activity, activity_noun
from guerdon.api.connections import write_cursor
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, field, noun, says, subscription
from guerdon.api.journals import journal_of, read_place
from guerdon.api.members import Member, load_member
from guerdon.api.references import MemberRef, find_member
from guerdon.api.transport.errors import BadInput, Refused
from guerdon.core.activity import Instant
from guerdon.engine import read, watch
from guerdon.engine.inputs import MemberRef as EngineRef
from guerdon.engine.outcomes import JournalEntry, Result

_AT_ONCE = 100
_SKEW_MS = 3_600_000


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
        place = None if after is None else await _resumed(context, member_id, after)
        entries = _entries(context, member_id, place)
        async with aclosing(entries):
            async for journal, entry in entries:
                begun_ms = context.world.clock()
                listing = journal_of(journal)
                yield MemberUpdate(
                    cursor=write_cursor(listing.kind, listing.key(entry)),
                    activity=activity_noun(await context.fresh().catalogue(), entry),
                    member_id=journal,
                )
                # Whoever comes back for the next one has written this one.
                _note_push(context, entry, begun_ms)


def _note_push(context: Context, entry: JournalEntry, begun_ms: Instant) -> None:
    if entry.trace is not None:
        context.world.tracer.note(
            "push",
            of=entry.trace,
            begun_ms=begun_ms,
            ended_ms=context.world.clock(),
            program=context.program,
            activity=entry.key,
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


async def _resumed(context: Context, member_id: str, cursor: str) -> tuple[str, int]:
    """Return the journal and the sequence that a cursor stands on.

    Raises:
        BadInput: The cursor is of nobody who is, or has become, this member.
    """
    journal, seq = read_place(cursor)
    if journal != member_id:
        found = await read.find(context.world, context.caller, EngineRef(id=journal))
        if found != member_id:
            raise BadInput("This cursor is another member's: pass on one of this member's.")
    return journal, seq


async def _entries(
    context: Context, member_id: str, place: tuple[str, int] | None
) -> AsyncGenerator[tuple[str, JournalEntry], None]:
    """Yield what happens, each with whose journal it stands in, across mergers."""
    journal, seq = (member_id, None) if place is None else place
    if place is not None and journal != member_id:
        journal, seq = await _behind_mergers(context, *place)
    while True:
        merged = None
        entries = watch.member(context.world, context.program, journal, after=seq)
        async with aclosing(entries):
            async for entry in entries:
                yield journal, entry
                merged = _survivor(entry)
                if merged is not None:
                    seq = await _place_of_merger(context, merged, entry)
                    break
        if merged is None:
            return
        journal = merged


async def _behind_mergers(context: Context, journal: str, seq: int) -> tuple[str, int]:
    """Return where it goes on behind an entry of a member who has been merged since.

    Where that is the merger or stands behind it, nothing follows in this journal: who left right
    there comes back for what the survivor's says. Next to nothing happens to a member once merged.
    """
    page = await read.journal(context.world, context.program, journal, limit=_AT_ONCE)
    for entry in page.items:
        survivor = _survivor(entry)
        if survivor is not None and entry.member_seq <= seq:
            return survivor, await _place_of_merger(context, survivor, entry)
    return journal, seq


def _survivor(entry: JournalEntry) -> str | None:
    """Return who goes on for the member from this entry on, None where that is the member."""
    if entry.activity.type != "member_merged" or entry.result is not Result.ACCEPTED:
        return None
    return str(entry.activity.data["into"])


async def _place_of_merger(context: Context, survivor: str, merger: JournalEntry) -> int:
    """Return the sequence behind which the survivor's journal goes on for the merged member.

    It goes on with the merger's own consequence there, which is looked for from the newest entry
    back. Where that is not decided yet, it will come behind the newest one that was seen. Clocks
    only say how far to look, because two lanes may be decided on two machines.
    """
    assert merger.decided_at is not None, "a merger that counts was decided"
    consequence, oldest = f"{merger.key}.absorb", merger.decided_at - _SKEW_MS
    newest: int | None = None
    after: int | None = None
    while True:
        page = await read.journal(
            context.world, context.program, survivor, limit=_AT_ONCE, after=after
        )
        for entry in page.items:
            newest = entry.member_seq if newest is None else newest
            if entry.key == consequence:
                return entry.member_seq - 1
            if entry.decided_at is not None and entry.decided_at < oldest:
                return newest
        if not page.has_next:
            return newest or 0
        after = page.items[-1].member_seq

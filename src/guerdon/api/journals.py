"""Journals: what happened to a member, newest first, page by page.

The rule: the place of an entry is the member's own sequence, which has no gap. So a page, a cursor
and a subscription that resumes behind a cursor (`member_updates`) all speak of the same list, and
nothing is missed or shown twice between them.
"""

from guerdon.api.activities import Activity, activity_noun
from guerdon.api.connections import (
    Found,
    Key,
    Listing,
    PageInfo,
    Range,
    page_info,
    read_any_cursor,
)
from guerdon.api.context import Context
from guerdon.api.describe import noun, says
from guerdon.api.transport.errors import BadInput
from guerdon.engine import read
from guerdon.engine.outcomes import JournalEntry


@noun
class JournalEdge:
    """An activity on a page of a member's journal."""

    cursor: str = says("Where the activity stands; `memberUpdates` resumes behind it, too.")
    node: Activity = says("The activity.")


@noun
class JournalConnection:
    """A page of a member's journal, the newest first."""

    edges: list[JournalEdge] = says("The activities of the page.")
    page_info: PageInfo = says("Where the page lies in the list.")


_JOURNAL = "journal/"


def journal_of(member_id: str) -> Listing[JournalEntry]:
    """Return how a member's journal is listed: the newest first."""
    return Listing(
        kind=f"{_JOURNAL}{member_id}",
        shape=(int,),
        key=lambda entry: (entry.member_seq,),
        order=lambda key: -int(key[0]),
        end=(0,),
    )


def read_place(cursor: str) -> tuple[str, int]:
    """Return whose journal a cursor belongs to, and the sequence it stands on.

    Raises:
        BadInput: It is no cursor of a journal.
    """
    kind, key = read_any_cursor((int,), cursor)
    if not kind.startswith(_JOURNAL):
        raise BadInput("This is no cursor of a journal: pass on one of a journal or of updates.")
    return kind.removeprefix(_JOURNAL), int(key[0])


async def journal_page(context: Context, member_id: str, asked: Range) -> JournalConnection:
    """Return a page of a member's journal."""

    async def fetch(*, limit: int, after: Key | None, before: Key | None) -> Found[JournalEntry]:
        page = await read.journal(
            context.world,
            context.program,
            member_id,
            limit=limit,
            after=int(after[0]) if after else None,
            before=int(before[0]) if before else None,
        )
        return Found(page.items, page.has_previous, page.has_next)

    listing = journal_of(member_id)
    page = await listing.page(asked, fetch)
    catalogue = await context.catalogue()
    cursors = page.cursors(listing.kind)
    return JournalConnection(
        edges=[
            JournalEdge(cursor=cursor, node=activity_noun(catalogue, entry))
            for cursor, entry in zip(cursors, page.entries, strict=True)
        ],
        page_info=page_info(page, cursors),
    )

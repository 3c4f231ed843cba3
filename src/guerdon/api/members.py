"""Members: who takes part, and all that is decided about each of them.

The rule: a member is shown as of now, never as of the last activity, and only to the member and to
the program's owner. What others may see is a `Profile`.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from guerdon.api.badges import BadgeAward, awards_of
from guerdon.api.connections import (
    TEXT_END,
    After,
    Before,
    First,
    Found,
    Key,
    Last,
    Listing,
    PageInfo,
    page_info,
)
from guerdon.api.context import Context, Info
from guerdon.api.counters import CounterReading, counters_of
from guerdon.api.describe import argument, field, kind, kinds, noun, says
from guerdon.api.ids import GlobalId, global_id, parts_for
from guerdon.api.instants import to_datetime
from guerdon.api.journals import JournalConnection, journal_of, journal_page
from guerdon.api.ladders import MemberTier, tier_of, tiers_of
from guerdon.api.missions import MissionProgress, MissionState, missions_of
from guerdon.api.nodes import Node
from guerdon.api.offers import OFFERS, RewardOfferConnection, offer_of, offer_page
from guerdon.api.redemptions import (
    REDEMPTIONS,
    RedemptionConnection,
    redemption_of,
    redemption_page,
)
from guerdon.api.references import MemberRef, find_member
from guerdon.api.standings import plain_value, shown
from guerdon.api.vouchers import Voucher, VoucherState, honoured_by, vouchers_of
from guerdon.api.wallets import Wallet, wallet_of, wallets_of
from guerdon.engine import read
from guerdon.engine.inputs import MemberRef as EngineRef
from guerdon.engine.outcomes import Profile
from guerdon.engine.pseudonyms import shown_as


@kinds
class MemberStatus(Enum):
    """Whether a member takes part."""

    ACTIVE = kind("active", "Takes part.")
    SUSPENDED = kind("suspended", "Takes part no more for the time being.")
    MERGED = kind("merged", "Was merged into another member, whom all references lead to.")
    ERASED = kind("erased", "Everything personal was erased.")


_STATUSES = {status.value: status for status in MemberStatus}


@noun
class Member(Node):
    """Somebody who takes part in the program."""

    external_id: str = says("The member's id in the system of the program's owner.")
    display_name: str | None = says("The name that others see; null where none was given.")
    status: MemberStatus = says("Whether the member takes part.")
    enrolled_at: datetime = says("When the member joined.")
    member_id: strawberry.Private[str]

    @field
    async def attributes(self, info: Info) -> JSON:
        """What the program's conditions may ask for of the member, as an object."""
        found = await shown(info.context, self.member_id, lambda view: dict(view.standing.attrs))
        return JSON({name: plain_value(value) for name, value in found.items()})

    @field
    async def wallets(self, info: Info) -> list[Wallet]:
        """What the member holds of each kind of units."""
        return await wallets_of(info.context, self.member_id)

    @field
    async def wallet(
        self, info: Info, slug: Annotated[str, argument("The wallet's short name.")]
    ) -> Wallet | None:
        """What the member holds of one kind of units; null where the program has none so named."""
        return await wallet_of(info.context, self.member_id, slug)

    @field
    async def tiers(self, info: Info) -> list[MemberTier]:
        """Where the member stands on each ladder."""
        return await tiers_of(info.context, self.member_id)

    @field
    async def tier(
        self,
        info: Info,
        ladder: Annotated[
            str | None, argument("The ladder's short name; absent: the program's first.")
        ] = None,
    ) -> MemberTier | None:
        """Where the member stands on one ladder; null where the program has none so named."""
        return await tier_of(info.context, self.member_id, ladder)

    @field
    async def missions(
        self,
        info: Info,
        states: Annotated[
            list[MissionState] | None, argument("Only missions in one of these states.")
        ] = None,
    ) -> list[MissionProgress]:
        """How far the member has come in each mission."""
        found = await missions_of(info.context, self.member_id)
        return [it for it in found if states is None or it.state in states]

    @field
    async def badges(self, info: Info) -> list[BadgeAward]:
        """The badges that the member has earned, the first one first."""
        return await awards_of(info.context, self.member_id)

    @field
    async def counters(
        self,
        info: Info,
        slugs: Annotated[
            list[str] | None, argument("Only these counters, by short name; absent: all.")
        ] = None,
    ) -> list[CounterReading]:
        """What the program counts of the member."""
        return await counters_of(info.context, self.member_id, slugs)

    @field
    async def vouchers(
        self,
        info: Info,
        states: Annotated[
            list[VoucherState] | None, argument("Only vouchers in one of these states.")
        ] = None,
    ) -> list[Voucher]:
        """What the member can show at the till, and what became of it; the newest first."""
        found = await vouchers_of(info.context, self.member_id)
        return [it for it in found if states is None or it.state in states]

    @field
    async def redemptions(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> RedemptionConnection:
        """The rewards the member took and what became of them, the newest first."""
        asked = REDEMPTIONS.range(first=first, after=after, last=last, before=before)
        return await redemption_page(info.context, self.member_id, asked)

    @field
    async def rewards(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> RewardOfferConnection:
        """The rewards this member may see, each with its price and, if not now, why not."""
        asked = OFFERS.range(first=first, after=after, last=last, before=before)
        return await offer_page(info.context, self.member_id, asked)

    @field
    async def journal(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> JournalConnection:
        """What happened, newest first, each with its effects: the feed and the statement."""
        asked = journal_of(self.member_id).range(first=first, after=after, last=last, before=before)
        return await journal_page(info.context, self.member_id, asked)


@noun
class MemberEdge:
    """A member on a page of members."""

    cursor: str = says("Where the member stands in the list.")
    node: Member = says("The member.")


@noun
class MemberConnection:
    """A page of members, by their ids in the owner's system."""

    edges: list[MemberEdge] = says("The members of the page.")
    page_info: PageInfo = says("Where the page lies in the list.")
    total_count: int = says("How many members the program has, whatever was searched for.")


MEMBERS: Listing[Profile] = Listing(
    kind="members",
    shape=(str,),
    key=lambda profile: (profile.external_id,),
    order=lambda key: key,
    end=(TEXT_END,),
)


@noun
class MemberQueries:
    """Root fields about members."""

    @field
    async def member(
        self, info: Info, ref: Annotated[MemberRef, argument("Which member.")]
    ) -> Member | None:
        """A member; null where there is none. A token finds its own member and nobody else."""
        member_id = await find_member(info.context, ref)
        return await load_member(info.context, member_id) if member_id else None

    @field
    async def members(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Annotated[str | None, argument("Only members whose id begins so.")] = None,
    ) -> MemberConnection:
        """The members of the program, by their ids in the owner's system."""
        context = info.context

        async def fetch(*, limit: int, after: Key | None, before: Key | None) -> Found[Profile]:
            page = await read.directory(
                context.world,
                context.program,
                limit=limit,
                after=str(after[0]) if after else None,
                before=str(before[0]) if before else None,
                search=search,
            )
            return Found(page.items, page.has_previous, page.has_next)

        asked = MEMBERS.range(first=first, after=after, last=last, before=before)
        page = await MEMBERS.page(asked, fetch)
        cursors = page.cursors(MEMBERS.kind)
        return MemberConnection(
            edges=[
                MemberEdge(cursor=cursor, node=_member_noun(context, profile))
                for cursor, profile in zip(cursors, page.entries, strict=True)
            ],
            page_info=page_info(page, cursors),
            total_count=await read.directory_total(context.world, context.program),
        )


async def load_member(context: Context, member_id: str) -> Member | None:
    """Return a member by the id within the program, None where there is none."""
    profile = await context.profile(member_id)
    return _member_noun(context, profile) if profile else None


def _member_noun(context: Context, profile: Profile) -> Member:
    return Member(
        id=strawberry.ID(global_id("Member", context.program, profile.id)),
        external_id=profile.external_id,
        display_name=profile.display_name,
        status=_STATUSES[profile.status],
        enrolled_at=to_datetime(profile.enrolled_at),
        member_id=profile.id,
    )


Part = Callable[[Context, str, str], Awaitable[Node | None]]


async def member_node(context: Context, found: GlobalId) -> Member | None:
    """Return the member that an id names, None where the caller may not see one."""
    member_id = await _visible(context, found.key)
    return await load_member(context, member_id) if member_id else None


def _part_of_a_member(load: Part) -> Callable[[Context, GlobalId], Awaitable[Node | None]]:
    async def load_part(context: Context, found: GlobalId) -> Node | None:
        parts = parts_for(context.caller, found, 2)
        meant = shown_as(context.caller, parts[0]) if parts else None
        member_id = await _visible(context, meant) if meant else None
        return await load(context, member_id, parts[1]) if parts and member_id else None

    return load_part


async def _visible(context: Context, member_id: str) -> str | None:
    """Return the member's id where the caller may see that member."""
    return await read.find(context.world, context.caller, EngineRef(id=member_id))


async def _tier(context: Context, member_id: str, ladder: str) -> Node | None:
    return await tier_of(context, member_id, ladder)


async def _mission(context: Context, member_id: str, slug: str) -> Node | None:
    found = await missions_of(context, member_id)
    return next((it for it in found if it.mission.slug == slug), None)


async def _award(context: Context, member_id: str, slug: str) -> Node | None:
    found = await awards_of(context, member_id)
    return next((it for it in found if it.badge.slug == slug), None)


async def _voucher(context: Context, member_id: str, name: str) -> Node | None:
    found = next((it for it in await vouchers_of(context, member_id) if it.key == name), None)
    return found if found and await honoured_by(context, found.kind) else None


MEMBER_NODES = {
    "Member": member_node,
    "BadgeAward": _part_of_a_member(_award),
    "MemberTier": _part_of_a_member(_tier),
    "MissionProgress": _part_of_a_member(_mission),
    "Redemption": _part_of_a_member(redemption_of),
    "RewardOffer": _part_of_a_member(offer_of),
    "Voucher": _part_of_a_member(_voucher),
    "Wallet": _part_of_a_member(wallet_of),
}
"""How a member, and each part of one that is a node, is loaded by what its id says."""

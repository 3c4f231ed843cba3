"""Redemptions: rewards that members have taken, and what became of them.

Whether a redemption is possible is decided in `core`, when its activity is.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.connections import Found, Key, Listing, PageInfo, Range, page_info
from guerdon.api.context import Context, Info
from guerdon.api.describe import field, kind, kinds, noun, says
from guerdon.api.ids import caller_id
from guerdon.api.instants import amount, maybe_datetime, to_datetime
from guerdon.api.nodes import Node
from guerdon.api.rewards import Reward, reward_noun
from guerdon.api.standings import shown
from guerdon.api.vouchers import Voucher, honoured_by, vouchers_of
from guerdon.core.decision import RedemptionEffect
from guerdon.core.standing import Plain
from guerdon.core.views import View
from guerdon.core.vouchers import Voucher as HeldVoucher
from guerdon.core.vouchers import origin_of
from guerdon.engine import read
from guerdon.engine.outcomes import JournalEntry
from guerdon.engine.records import Place
from guerdon.engine.refusals import NotFound
from guerdon.engine.world import Caller

if TYPE_CHECKING:
    from guerdon.api.members import Member


@kinds
class RedemptionState(Enum):
    """What became of a redemption."""

    PENDING = kind("pending", "A partner has yet to fulfil it; the units are set aside.")
    ISSUED = kind("issued", "The member has what was redeemed.")
    USED = kind("used", "The vouchers were used.")
    CANCELLED = kind("cancelled", "It was cancelled; the units came back.")
    EXPIRED = kind("expired", "The vouchers ran out unused.")
    FAILED = kind("failed", "It could not be fulfilled; the units came back.")


@noun
class Redemption(Node):
    """A reward that a member took."""

    reward: Reward = says("What was taken.")
    quantity: int = says("How many.")
    cost: Decimal = says("What they cost together.")
    wallet: str = says("The wallet that paid.")
    state: RedemptionState = says("What became of it.")
    at: datetime = says("When it was taken or, once cancelled, given back.")
    until: datetime | None = says("By when its partner has to fulfil it, while it is pending.")
    reason: str | None = says(
        "Why it failed: `deadline` where it was not fulfilled in time, else what its partner said."
    )
    member_id: strawberry.Private[str]
    key: strawberry.Private[str]

    @field
    async def member(
        self, info: Info
    ) -> Annotated["Member", strawberry.lazy("guerdon.api.members")]:
        """Who took it."""
        member = await info.context.links.member(info.context, self.member_id)
        if member is None:  # a preview of somebody's who is not enrolled yet
            raise NotFound("member")
        return member

    @field
    async def vouchers(self, info: Info) -> list[Voucher]:
        """What the member holds for it."""
        context = info.context
        held = await shown(context, self.member_id, lambda view: view.vouchers())
        # Another reporter may have used the same id: what is for another reward is not of this.
        names = {
            name
            for name, voucher in held.items()
            if (voucher.redemption, voucher.kind) == (self.key, self.reward.slug)
        }
        return await vouchers_of(context, self.member_id, names)


@noun
class RedemptionEdge:
    """A redemption on a page of redemptions."""

    cursor: str = says("Where the redemption stands in the list.")
    node: Redemption = says("The redemption.")


@noun
class RedemptionConnection:
    """A page of a member's redemptions, the newest first."""

    edges: list[RedemptionEdge] = says("The redemptions of the page.")
    page_info: PageInfo = says("Where the page lies in the list.")


REDEMPTIONS: Listing[JournalEntry] = Listing(
    kind="redemptions",
    shape=(int, int, int),
    key=lambda entry: (entry.decided_at or 0, entry.lane, entry.seq),
    order=lambda key: tuple(-int(part) for part in key),
    end=(0, 0, 0),
)


async def redemption_page(context: Context, member_id: str, asked: Range) -> RedemptionConnection:
    """Return a page of a member's redemptions, each in its present state."""
    settled = await context.settled(member_id)
    assert settled is not None, "only members that were found are shown"

    async def fetch(*, limit: int, after: Key | None, before: Key | None) -> Found[JournalEntry]:
        page = await read.redemptions(
            context.world,
            context.program,
            settled,
            limit=limit,
            after=_place(after),
            before=_place(before),
        )
        return Found(page.items, page.has_previous, page.has_next)

    page = await REDEMPTIONS.page(asked, fetch)
    nouns = await _present(context, member_id, page.entries)
    cursors = page.cursors(REDEMPTIONS.kind)
    return RedemptionConnection(
        edges=[
            RedemptionEdge(cursor=cursor, node=nouns[entry.key])
            for cursor, entry in zip(cursors, page.entries, strict=True)
        ],
        page_info=page_info(page, cursors),
    )


def _place(key: Key | None) -> Place | None:
    return None if key is None else Place(*(int(part) for part in key))


def redemption_noun(
    catalogue: Catalogue, member_id: str, effect: RedemptionEffect, caller: Caller
) -> Redemption:
    """Return a redemption in the state that an effect gave it."""
    reward = reward_noun(catalogue, effect.reward)
    assert reward is not None, "a reward that was redeemed was in some version"
    return Redemption(
        id=strawberry.ID(caller_id(caller, "Redemption", member_id, effect.redemption)),
        reward=reward,
        quantity=effect.quantity,
        cost=amount(effect.cost, catalogue.wallet_scale(effect.wallet or reward.wallet)),
        wallet=effect.wallet or reward.wallet,
        state=RedemptionState(effect.state),
        at=to_datetime(effect.at),
        until=maybe_datetime(effect.until),
        reason=effect.reason or None,
        member_id=member_id,
        key=effect.redemption,
    )


async def redemption_of(context: Context, member_id: str, redemption_id: str) -> Redemption | None:
    """Return a redemption as it is now, None where the caller may see none under that id."""
    catalogue = await context.catalogue()
    settled = await context.settled(member_id)
    assert settled is not None, "only members that were found are shown"
    members = {member_id, *settled.standing.absorbed}
    found = await read.activities(
        context.world,
        context.program,
        [
            f"{reporter}/{redemption_id}"
            for reporter in _reporters(catalogue, members, context.caller)
        ],
    )
    entries = [
        entry
        for entry in found.values()
        if entry.activity.type == "redemption" and entry.activity.member in members
    ]
    for redemption in (await _present(context, member_id, entries)).values():
        if await honoured_by(context, redemption.reward.slug):
            return redemption
    return None


async def _present(
    context: Context, member_id: str, entries: Sequence[JournalEntry]
) -> dict[str, Redemption]:
    """Return redemptions as they are now, by their activities' keys; read all at once."""
    if not entries:
        return {}
    catalogue = await context.catalogue()
    keys = [entry.key for entry in entries]
    records, vouchers = await shown(context, member_id, partial(_kept, keys=keys))
    found = {}
    for entry in entries:
        record = records.get(entry.key)
        if record is None:
            continue
        issued = {f"{record['member']}/{name}" for name in record["vouchers"]}
        states = {
            voucher.shown(context.now)
            for name, voucher in vouchers.items()
            if origin_of(member_id, name, voucher) in issued
        }
        effect = RedemptionEffect(
            redemption=entry.activity.id,
            reward=record["reward"],
            state=_state(record["state"], states),
            cost=record["cost"],
            quantity=record["quantity"],
            at=record["at"],
            wallet=record["wallet"],
            reason=record.get("reason", ""),
            until=record.get("until") if record["state"] == "pending" else None,
        )
        found[entry.key] = redemption_noun(catalogue, member_id, effect, context.caller)
    return found


def _kept(view: View, *, keys: Sequence[str]) -> tuple[dict[str, Plain], dict[str, HeldVoucher]]:
    return view.redemptions(keys), view.vouchers()


def _reporters(catalogue: Catalogue, members: set[str], caller: Caller) -> list[str]:
    """Return who may have reported a redemption of a person, known as all these members."""
    partners = [f"partner:{slug}" for slug in catalogue.program.partners]
    own = [f"member:{each}" for each in sorted(members)]
    return list(dict.fromkeys(["service", *own, *partners, caller.reporter]))


def _state(state: str, vouchers: set[str]) -> str:
    """Return what became of a redemption, given what became of all of its vouchers.

    Once none can be used any more, one that was used is what counts.
    """
    if state != "issued" or not vouchers or "issued" in vouchers:
        return state
    return "used" if "used" in vouchers else "expired"

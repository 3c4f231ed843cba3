"""Offers: the rewards of the program as one member sees them.

The rule: what is said here is what redeeming would answer now, in the order in which redeeming
refuses: not yet or no more, off sale, not eligible, limit, out of stock, too few units. Stock, and
what is on sale, are shared by all members and read beside the standing.
"""

import asyncio
from decimal import Decimal
from enum import Enum

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.connections import TEXT_END, Listing, PageInfo, Range, page_info, whole
from guerdon.api.context import Context
from guerdon.api.describe import kind, kinds, noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import amount
from guerdon.api.nodes import Node
from guerdon.api.rewards import Reward, is_on_sale, reward_noun, stock_left
from guerdon.api.standings import shown
from guerdon.core.views import OfferView


@kinds
class Availability(Enum):
    """Whether a member can take a reward now and, if not, why."""

    AVAILABLE = kind("available", "It can be redeemed now.")
    INSUFFICIENT_POINTS = kind("insufficient_points", "The member has too few units.")
    OUT_OF_STOCK = kind("out_of_stock", "None are left.")
    LIMIT = kind("limit", "The member has had as many as one may.")
    NOT_ELIGIBLE = kind("not_eligible", "It is not meant for this member.")
    NOT_YET = kind("not_yet", "It has not begun.")
    ENDED = kind("ended", "It is over.")
    OFF_SALE = kind("off_sale", "Its partner has taken it off sale.")
    BLOCKED = kind("blocked", "The member may not redeem at present.")


@noun
class RewardOffer(Node):
    """A reward as one member sees it."""

    reward: Reward = says("The reward.")
    cost: Decimal | None = says("Its price for this member; null where the member names the value.")
    wallet: str = says("The wallet that pays this price.")
    availability: Availability = says("Whether it can be taken now and, if not, why.")
    missing: Decimal | None = says("How many units the member lacks; null where there is no price.")


@noun
class RewardOfferEdge:
    """An offer on a page of offers."""

    cursor: str = says("Where the offer stands in the list.")
    node: RewardOffer = says("The offer.")


@noun
class RewardOfferConnection:
    """A page of offers, by the rewards' short names."""

    edges: list[RewardOfferEdge] = says("The offers of the page.")
    page_info: PageInfo = says("Where the page lies in the list.")


OFFERS: Listing[OfferView] = Listing(
    kind="offers",
    shape=(str,),
    key=lambda offer: (offer.reward.id,),
    order=lambda key: key,
    end=(TEXT_END,),
)


async def offer_page(context: Context, member_id: str, asked: Range) -> RewardOfferConnection:
    """Return a page of what a member may see, each with whether it can be taken now."""
    catalogue = await context.catalogue()
    offers = await shown(context, member_id, lambda view: view.offers())
    page = await OFFERS.page(asked, whole(sorted(offers, key=OFFERS.key), OFFERS))
    cursors = page.cursors(OFFERS.kind)
    nouns = await asyncio.gather(
        *(_offer_noun(context, catalogue, member_id, offer) for offer in page.entries)
    )
    return RewardOfferConnection(
        edges=[
            RewardOfferEdge(cursor=cursor, node=offer)
            for cursor, offer in zip(cursors, nouns, strict=True)
        ],
        page_info=page_info(page, cursors),
    )


async def offer_of(context: Context, member_id: str, slug: str) -> RewardOffer | None:
    """Return one reward as a member sees it, None where the program has none so named."""
    catalogue = await context.catalogue()
    offers = await shown(context, member_id, lambda view: view.offers())
    found = next((offer for offer in offers if offer.reward.id == slug), None)
    return await _offer_noun(context, catalogue, member_id, found) if found else None


async def _offer_noun(
    context: Context, catalogue: Catalogue, member_id: str, offer: OfferView
) -> RewardOffer:
    reward = reward_noun(catalogue, offer.reward.id)
    assert reward is not None, "an offer is of a reward of the program"
    scale = catalogue.wallet_scale(offer.wallet)
    availability = Availability(offer.availability)
    left = await stock_left(context, offer.reward)
    if availability in _AFTER_STOCK and left == 0:
        availability = Availability.OUT_OF_STOCK
    if availability not in _BEFORE_SALE and not await is_on_sale(context, offer.reward):
        availability = Availability.OFF_SALE
    return RewardOffer(
        id=strawberry.ID(global_id("RewardOffer", catalogue.id, member_id, offer.reward.id)),
        reward=reward,
        cost=None if offer.cost is None else amount(offer.cost, scale),
        wallet=offer.wallet,
        availability=availability,
        missing=None if offer.missing is None else amount(offer.missing, scale),
    )


_BEFORE_SALE = (Availability.NOT_YET, Availability.ENDED)
_AFTER_STOCK = (Availability.AVAILABLE, Availability.INSUFFICIENT_POINTS)

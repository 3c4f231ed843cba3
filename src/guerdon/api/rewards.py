"""Rewards: what units buy.

What a member may take now is in `offers`, what one has taken in `redemptions`.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.connections import (
    TEXT_END,
    After,
    Before,
    First,
    Last,
    Listing,
    PageInfo,
    Range,
    page_info,
    whole,
)
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, field, noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import amount
from guerdon.api.nodes import Node
from guerdon.api.partners import Partner, partner_noun
from guerdon.core import program as core
from guerdon.core.decision import Claim


@noun
class Reward(Node):
    """What members can redeem their units for."""

    slug: str = says("The reward's short name in the program.")
    name: str = says("What members read.")
    description: str | None = says("What it is, in the program's words.")
    image_url: str | None = says("Where its picture is, if it has one.")
    wallet: str = says("The wallet that pays for it.")
    cost: Decimal | None = says("Its price; null where the member chooses the value.")
    partner: Partner | None = says("Who honours it; null where the program's owner does.")
    starts_at: datetime | None = says("When it can be redeemed first; null for always.")
    ends_at: datetime | None = says("The first instant at which it is gone; null for never.")
    definition: strawberry.Private[core.Reward]

    @field
    async def stock(self, info: Info) -> int | None:
        """How many are left; null where there is no end to them."""
        return await stock_left(info.context, self.definition)


@noun
class RewardEdge:
    """A reward on a page of rewards."""

    cursor: str = says("Where the reward stands in the list.")
    node: Reward = says("The reward.")


@noun
class RewardConnection:
    """A page of rewards, in the program's order."""

    edges: list[RewardEdge] = says("The rewards of the page.")
    page_info: PageInfo = says("Where the page lies in the list.")


def reward_noun(catalogue: Catalogue, slug: str) -> Reward | None:
    """Return a reward as the API shows it; None where no version knows it."""
    reward = catalogue.reward(slug)
    return _noun(catalogue, reward) if reward else None


def _noun(catalogue: Catalogue, reward: core.Reward) -> Reward:
    scale = catalogue.wallet_scale(reward.wallet)
    return Reward(
        id=strawberry.ID(global_id("Reward", catalogue.id, reward.id)),
        slug=reward.id,
        name=reward.name,
        description=reward.description,
        image_url=reward.image_url,
        wallet=reward.wallet,
        cost=None if reward.cost is None else amount(reward.cost, scale),
        partner=partner_noun(catalogue, reward.partner) if reward.partner else None,
        starts_at=None,
        ends_at=None,
        definition=reward,
    )


async def stock_left(context: Context, reward: core.Reward) -> int | None:
    """Return how many of a reward are left, None where the program sets no end."""
    if reward.stock is None:
        return None
    claim = Claim("stock", reward.id, reward.stock, reward.stock, peek=True)
    return await context.world.shared.peek(context.program, claim)


@noun
class RewardQueries:
    """Root fields about rewards."""

    @field
    async def reward(
        self, info: Info, slug: Annotated[str, argument("The reward's short name.")]
    ) -> Reward | None:
        """A reward of the program; null where there is none of that name."""
        return reward_noun(await info.context.catalogue(), slug)

    @field
    async def rewards(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> RewardConnection:
        """What the program's members can redeem their units for, by short name."""
        catalogue = await info.context.catalogue()
        asked = REWARDS.range(first=first, after=after, last=last, before=before)
        return await reward_page(catalogue, catalogue.program.rewards.values(), asked)


REWARDS: Listing[core.Reward] = Listing(
    kind="rewards",
    shape=(str,),
    key=lambda reward: (reward.id,),
    order=lambda key: key,
    end=(TEXT_END,),
)


async def reward_page(
    catalogue: Catalogue, rewards: Iterable[core.Reward], asked: Range
) -> RewardConnection:
    """Return a page of these rewards, by short name."""
    page = await REWARDS.page(asked, whole(sorted(rewards, key=REWARDS.key), REWARDS))
    cursors = page.cursors(REWARDS.kind)
    return RewardConnection(
        edges=[
            RewardEdge(cursor=cursor, node=_noun(catalogue, reward))
            for cursor, reward in zip(cursors, page.entries, strict=True)
        ],
        page_info=page_info(page, cursors),
    )

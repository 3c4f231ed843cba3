"""Rewards: what units buy.

What a member may take now is in `offers`, what one has taken in `redemptions`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
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
from guerdon.api.describe import argument, field, kind, kinds, noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import amount, maybe_datetime
from guerdon.api.nodes import Node
from guerdon.api.partners import Partner, partner_noun
from guerdon.api.permissions import owner
from guerdon.core import program as core
from guerdon.core.activity import Instant
from guerdon.core.offering import sale_claim
from guerdon.core.rewards import period_of, stock_claims
from guerdon.engine.world import Role


@kinds
class RewardKind(Enum):
    """What sort of thing a reward is, for those who show and deliver it."""

    CUSTOM = kind("custom", "Whatever its text says.")
    DISCOUNT_CODE = kind("discount_code", "A code that makes something cheaper.")
    GIFT_CARD = kind("gift_card", "A code that is worth money.")
    PHYSICAL = kind("physical", "A thing that is handed over or sent.")
    EXPERIENCE = kind("experience", "Something to take part in.")
    EARLY_ACCESS = kind("early_access", "Something before others have it.")
    CASHBACK = kind("cashback", "Money that is paid out.")
    POINTS = kind("points", "Units of another wallet.")
    PARTNER_OFFER = kind("partner_offer", "Something that a partner gives.")
    DONATION = kind("donation", "Something given to others in the member's name.")
    DRAW_TICKET = kind("draw_ticket", "A chance in a raffle.")


@noun
class RewardText:
    """How a reward is shown in a language."""

    language: str | None = says("Its tag; null for the program's own words.")
    name: str = says("What members read.")
    description: str | None = says("What it is.")
    image_url: str | None = says("Where its picture is, if it has one.")


@noun
class RewardPrice:
    """One price of a reward."""

    wallet: str = says("The wallet that pays.")
    cost: Decimal = says("What it costs.")
    limited: bool = says("Whether only some members pay this price, such as those of a tier.")


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
    def kind(self) -> RewardKind:
        """What sort of thing it is."""
        return RewardKind(self.definition.kind or "custom")

    @field
    async def stock(self, info: Info) -> int | None:
        """How many can be taken now, in all and in this period; null where there is no end."""
        return await stock_left(info.context, self.definition)

    @field
    async def on_sale(self, info: Info) -> bool:
        """Whether it is on sale, within its span: its partner may take it off and put it on."""
        return await is_on_sale(info.context, self.definition)

    @field
    async def codes_left(self, info: Info) -> int | None:
        """How many codes its pool has left; null without a pool, and for all but who fills it."""
        context, reward = info.context, self.definition
        is_own = context.caller.role is Role.PARTNER and context.caller.partner == reward.partner
        if reward.codes is None or not (is_own or context.permits(owner())):
            return None
        return await context.world.codes.left(context.program, reward.codes)

    @field
    def text(
        self,
        languages: Annotated[
            list[str], argument("Language tags, the preferred one first, such as `de-AT`.")
        ],
    ) -> RewardText:
        """How it is shown in the first of these languages that the program knows, else as it is."""
        return text_in(self.definition, languages)

    @field
    async def prices(self, info: Info) -> list[RewardPrice]:
        """Its prices by wallet, in the order in which they are tried."""
        catalogue, reward = await info.context.catalogue(), self.definition
        found = [(price.wallet, price.cost, bool(price.when)) for price in reward.prices]
        if reward.cost is not None:
            found.append((reward.wallet, reward.cost, False))
        return [
            RewardPrice(wallet=slug, cost=amount(cost, catalogue.wallet_scale(slug)), limited=some)
            for slug, cost, some in found
        ]


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
        starts_at=maybe_datetime(_last(reward.visible.begin, reward.redeemable.begin)),
        ends_at=maybe_datetime(_first(reward.visible.end, reward.redeemable.end)),
        definition=reward,
    )


def _last(*instants: Instant | None) -> Instant | None:
    return max((it for it in instants if it is not None), default=None)


def _first(*instants: Instant | None) -> Instant | None:
    return min((it for it in instants if it is not None), default=None)


def text_in(reward: core.Reward, languages: Sequence[str]) -> RewardText:
    """Return how a reward is shown in the first of some languages that it has words in.

    `de-AT` falls back to `de`; what a language leaves out is shown in the program's own words.
    """
    wanted = [tag for asked in languages for tag in (asked, asked.partition("-")[0])]
    language = next((tag for tag in wanted if tag in reward.texts), None)
    words = core.Wording() if language is None else reward.texts[language]
    return RewardText(
        language=language,
        name=words.name or reward.name,
        description=words.description or reward.description,
        image_url=words.image_url or reward.image_url,
    )


async def is_on_sale(context: Context, reward: core.Reward) -> bool:
    """Tell whether a reward's partner, if it has one, has not taken it off sale."""
    if reward.partner is None:
        return True
    claim = sale_claim(reward.id, peek=True)
    return bool(await context.world.shared.peek(context.program, claim))


async def stock_left(context: Context, reward: core.Reward) -> int | None:
    """Return how many of a reward are left, None where the program sets no end."""
    calendar = (await context.catalogue()).rulebook.calendar
    window = period_of(reward, calendar.day(context.now))
    left = [
        await context.world.shared.peek(context.program, claim._replace(peek=True))
        for claim in stock_claims(reward, 1, window)
    ]
    if reward.codes is not None:
        left.append(await context.world.codes.left(context.program, reward.codes))
    return min(left, default=None)


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
        context = info.context
        catalogue = await context.catalogue()
        asked = REWARDS.range(first=first, after=after, last=last, before=before)
        rewards = [
            reward
            for reward in catalogue.program.rewards.values()
            if context.caller.role is not Role.MEMBER or reward.visible.place(context.now) == 0
        ]
        return await reward_page(catalogue, rewards, asked)


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

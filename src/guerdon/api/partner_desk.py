"""The partner's desk: what a partner may ask and do beside reporting activities.

The rule: whether somebody takes part, and in which tier, is told by consent alone: the member's
attribute `shares_with.<partner>` is true. Without it, and for whoever is unknown, the answer is the
same, and one kind of failed try (`guesses`). A partner brings codes to its own rewards and sees
what became of its own redemptions.
"""

from typing import Annotated

from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, field, mutation, noun, order, says
from guerdon.api.ladders import MemberTier, tiers_of
from guerdon.api.problems import Problem, refusing
from guerdon.api.references import IdentityInput
from guerdon.api.rewards import Reward, reward_noun
from guerdon.core.conditions import text
from guerdon.engine import code_pools, read
from guerdon.engine.inputs import Identity, MemberRef
from guerdon.engine.outcomes import Problem as Found
from guerdon.engine.pseudonyms import shown_as
from guerdon.engine.refusals import InvalidInput, NotFound

CODES_MAX = 1_000
CONSENT = "shares_with."
"""What the attribute begins with by which a member lets a partner know of their membership."""


@noun
class Membership:
    """That somebody takes part, as far as they let this partner know."""

    reference: str = says("What this partner may call the member from now on, as a `MemberRef.id`.")
    tiers: list[str] = says("The tier the member holds on each ladder, as `ladder:tier`.")


@order
class StockRewardInput:
    """Codes for a reward."""

    reward: str = asks("The reward's short name; it must be this partner's and give out codes.")
    codes: list[str] = asks("Up to 1,000 codes; bringing the same ones again adds nothing.")


@noun
class StockRewardPayload:
    """What became of the codes that were brought."""

    reward: Reward | None = says("The reward; null where nothing was taken.")
    added: int = says("How many were new.")
    repeated: list[int] = says("The places, from 1, of those that were known already or no codes.")
    problems: list[Problem] = says("Why nothing was taken; empty where it was.")


@noun
class PartnerQueries:
    """Root fields for partners."""

    @field
    async def membership(
        self, info: Info, identity: Annotated[IdentityInput, argument("Whom the partner serves.")]
    ) -> Membership | None:
        """Whether somebody takes part, and in which tier; null where they do not let you know."""
        context = info.context
        ref = MemberRef(identity=Identity(identity.scheme, identity.value))
        async with context.trying_a_member(ref) as attempt:
            found = await _shared_with(context, ref)
            attempt.failed = found is None
        return found


async def _shared_with(context: Context, ref: MemberRef) -> Membership | None:
    member_id = await read.find(context.world, context.caller, ref)
    settled = await context.settled(member_id) if member_id else None
    if member_id is None or settled is None or settled.standing.status != "active":
        return None
    if text(settled.standing.attrs.get(f"{CONSENT}{context.caller.partner}")) != "true":
        return None
    tiers: list[MemberTier] = await tiers_of(context, member_id)
    return Membership(
        reference=shown_as(context.caller, member_id),
        tiers=[f"{tier.ladder.slug}:{tier.tier.slug}" for tier in tiers],
    )


_refusing = refusing(
    lambda problems: StockRewardPayload(reward=None, added=0, repeated=[], problems=problems)
)


@noun
class PartnerMutations:
    """Root fields by which partners stock their rewards."""

    @mutation
    @_refusing
    async def stock_reward(
        self, info: Info, input: Annotated[StockRewardInput, argument("Which codes for what.")]
    ) -> StockRewardPayload:
        """By the partner: bring codes that a reward of its own gives out, each once."""
        context = info.context
        catalogue = await context.catalogue()
        reward = catalogue.program.rewards.get(input.reward)
        if reward is None or reward.partner != context.caller.partner:
            raise NotFound("reward", ("reward",))
        if reward.codes is None or not 1 <= len(input.codes) <= CODES_MAX:
            message = (
                "This reward gives out no codes of a pool: have it name one under `voucher`."
                if reward.codes is None
                else f"Bring 1 to {CODES_MAX:,} codes at once."
            )
            path = ("reward",) if reward.codes is None else ("codes",)
            raise InvalidInput((Found(code="INVALID_INPUT", message=message, path=path),))
        found = await code_pools.bring(context.world, context.program, reward.codes, input.codes)
        return StockRewardPayload(
            reward=reward_noun(catalogue, reward.id),
            added=found.added,
            repeated=sorted([*(line for line, _ in found.twice), *found.known, *found.unfit]),
            problems=[],
        )

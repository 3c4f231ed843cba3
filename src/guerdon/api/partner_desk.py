"""The partner's desk: what a partner may ask and do beside reporting activities.

The rule: whether somebody takes part, and in which tier, is told by consent alone: the member's
attribute `shares_with.<partner>` is true. Without it, and for whoever is unknown, the answer is the
same, and one kind of failed try (`guesses`). A partner stocks its own rewards and takes them on and
off sale; another's are as good as none.
"""

from typing import Annotated
from uuid import uuid4

from guerdon.api.changes import place, report
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, field, given, may, mutation, noun, order, says
from guerdon.api.ladders import MemberTier, tiers_of
from guerdon.api.problems import Problem, outcome_problems, refusing, undecided
from guerdon.api.references import IdentityInput
from guerdon.api.rewards import Reward, reward_noun
from guerdon.core import program as core
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
    """What to add to a reward: codes, or a number to its stock."""

    activity_id: str | None = may(
        "With `add`: makes a repeated call harmless; absent: every call adds again."
    )
    reward: str = asks("The reward's short name; it must be this partner's.")
    codes: list[str] | None = may(
        "Up to 1,000 codes that it gives out; bringing the same ones again adds nothing."
    )
    add: int | None = may("How many more there are; below 0: how many fewer, of what is left.")


@order
class OfferRewardInput:
    """Whether a reward is on sale."""

    activity_id: str | None = may("Makes a repeated call harmless; absent: a call of its own.")
    reward: str = asks("The reward's short name; it must be this partner's.")
    on_sale: bool = asks("False takes it off sale; what was redeemed stays good.")


@noun
class OfferRewardPayload:
    """What became of a reward that was put on sale or taken off."""

    reward: Reward | None = says("The reward as it is now; null where it was refused.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


@noun
class StockRewardPayload:
    """What became of what was added."""

    reward: Reward | None = says("The reward as it is now; null where nothing was taken.")
    added: int = says("How many codes were new, or how many were added to the stock.")
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
        """By the partner: add codes that a reward of its own gives out, or to its stock."""
        context = info.context
        reward = await _own(context, input.reward)
        codes, add = given(input.codes), given(input.add)
        if (codes is None) == (add is None):
            raise _invalid("Bring either `codes` or a number to `add`.", "codes")
        if add is not None:
            return await _added(context, reward, add, given(input.activity_id))
        assert codes is not None
        if reward.codes is None:
            message = "This reward gives out no codes of a pool: have it name one under `voucher`."
            raise _invalid(message, "reward")
        if not 1 <= len(codes) <= CODES_MAX:
            raise _invalid(f"Bring 1 to {CODES_MAX:,} codes at once.", "codes")
        found = await code_pools.bring(
            context.world, context.program, reward.codes, codes, partner=context.caller.partner
        )
        return StockRewardPayload(
            reward=reward_noun(await context.catalogue(), reward.id),
            added=found.added,
            repeated=sorted([*(line for line, _ in found.twice), *found.known, *found.unfit]),
            problems=[],
        )

    @mutation
    @refusing(lambda problems: OfferRewardPayload(reward=None, problems=problems))
    async def offer_reward(
        self, info: Info, input: Annotated[OfferRewardInput, argument("Which, and whether.")]
    ) -> OfferRewardPayload:
        """By the partner: put a reward of its own on sale, within its span, or take it off."""
        context = info.context
        reward = await _own(context, input.reward)
        receipt = await report(
            context,
            "reward_offered",
            None,
            activity_id=given(input.activity_id) or f"reward_offered.{uuid4().hex}",
            data={"item": reward.id, "on_sale": input.on_sale},
        )
        problems = outcome_problems(receipt, place) or undecided(receipt)
        noun_ = None if problems else reward_noun(await context.catalogue(), reward.id)
        return OfferRewardPayload(reward=noun_, problems=problems)


async def _own(context: Context, slug: str) -> core.Reward:
    """Return a reward of the partner who calls.

    Raises:
        NotFound: There is none of that name, or it is another's.
    """
    reward = (await context.catalogue()).program.rewards.get(slug)
    if reward is None or reward.partner != context.caller.partner:
        raise NotFound("reward", ("reward",))
    return reward


def _invalid(message: str, field_: str) -> InvalidInput:
    return InvalidInput((Found(code="INVALID_INPUT", message=message, path=(field_,)),))


async def _added(
    context: Context, reward: core.Reward, add: int, activity_id: str | None
) -> StockRewardPayload:
    """Add to a reward's stock, and return how it stands then."""
    receipt = await report(
        context,
        "reward_stocked",
        None,
        activity_id=activity_id or f"reward_stocked.{uuid4().hex}",
        data={"item": reward.id, "add": add},
    )
    problems = outcome_problems(receipt, place) or undecided(receipt)
    return StockRewardPayload(
        reward=None if problems else reward_noun(await context.catalogue(), reward.id),
        added=0 if problems else add,
        repeated=[],
        problems=problems,
    )

"""Redeeming: taking a reward, and giving it back.

The rule: a redemption is an activity under the caller's own `redemptionId`; a repeat answers with
the same redemption and takes nothing twice. It is refused in a fixed order: not eligible, limit,
out of stock, too few units. What a partner has to fulfil is pending first (`fulfilling`).
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import strawberry

from guerdon.api.changes import ACTIVITY_ID, change, place, report
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, given, may, mutation, noun, order, says
from guerdon.api.ids import read_id
from guerdon.api.instants import amount
from guerdon.api.problems import (
    InsufficientPoints,
    Problem,
    outcome_problems,
    refusing,
    undecided,
)
from guerdon.api.redemptions import Redemption, redemption_noun
from guerdon.api.references import MemberRef
from guerdon.api.standings import shown
from guerdon.api.transport.errors import BadInput
from guerdon.core.decision import RedemptionEffect
from guerdon.core.views import View
from guerdon.engine.inputs import MemberRef as EngineRef
from guerdon.engine.outcomes import JournalEntry, Receipt
from guerdon.engine.refusals import NotFound


@order
class RedeemRewardInput:
    """What to take for whom."""

    redemption_id: str = asks("Chosen by the caller; makes a repeated call harmless.")
    member: MemberRef | None = may("Absent: the member of the token.")
    reward: str = asks("The reward's short name.")
    quantity: int | None = strawberry.field(
        description="How many; at most 1,000 where each brings a voucher.", default=1
    )
    wallet: str | None = may("Which wallet is to pay; absent: the reward's own.")
    value: Decimal | None = may("What it is to be worth, where the member chooses the value.")


@order
class CancelRedemptionInput:
    """Which redemption to give back."""

    activity_id: str | None = may(ACTIVITY_ID)
    redemption_id: str = asks(
        "The id that the redemption was made under by this credential, or the global id of a"
        " `Redemption`."
    )


@noun
class RedemptionPayload:
    """What became of a redemption."""

    redemption: Redemption | None = says("The redemption as it is now; null where it was refused.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


refusing_redemption = refusing(
    lambda problems: RedemptionPayload(redemption=None, problems=problems)
)


@noun
class RedemptionMutations:
    """Root fields that take rewards and give them back."""

    @mutation
    @refusing_redemption
    async def redeem_reward(
        self, info: Info, input: Annotated[RedeemRewardInput, argument("What to take.")]
    ) -> RedemptionPayload:
        """Take a reward: the units are spent and what they buy is issued.

        What a partner must fulfil is pending until then.
        """
        context = info.context
        quantity = 1 if input.quantity is None else input.quantity
        wallet = given(input.wallet)
        data = {
            "item": input.reward,
            "qty": quantity,
            "value": given(input.value),
            "wallet": wallet,
        }
        receipt = await change(
            context,
            "redemption",
            given(input.member),
            activity_id=input.redemption_id,
            data={name: value for name, value in data.items() if value is not None},
        )
        problems = outcome_problems(receipt, _place)
        if any(problem.code == "INSUFFICIENT_POINTS" for problem in problems) and receipt.member:
            problems = [await _lack(context, receipt.member, input)]
        return await redemption_payload(context, receipt, problems)

    @mutation
    @refusing_redemption
    async def cancel_redemption(
        self, info: Info, input: Annotated[CancelRedemptionInput, argument("What to give back.")]
    ) -> RedemptionPayload:
        """Give a reward back: its vouchers are void and the units return to where they were."""
        context = info.context
        member_id, redemption_id = await _redeemed(context, input.redemption_id)
        receipt = await report(
            context,
            "redemption_cancelled",
            EngineRef(id=member_id),
            activity_id=given(input.activity_id),
            data={"of": redemption_id},
        )
        return await redemption_payload(context, receipt, outcome_problems(receipt, place))


async def redemption_payload(
    context: Context, receipt: Receipt, problems: list[Problem]
) -> RedemptionPayload:
    """Return what became of a redemption by a decision, or why none is shown."""
    catalogue = await context.catalogue()
    effect, problems = _effect_of(receipt.entry), problems or undecided(receipt)
    if effect is None or problems or not receipt.member:
        return RedemptionPayload(redemption=None, problems=problems)
    redemption = redemption_noun(catalogue, receipt.member, effect, context.caller)
    return RedemptionPayload(redemption=redemption, problems=problems)


def _effect_of(entry: JournalEntry | None) -> RedemptionEffect | None:
    effects = entry.effects if entry else ()
    return next((effect for effect in effects if isinstance(effect, RedemptionEffect)), None)


async def _redeemed(context: Context, text: str) -> tuple[str, str]:
    """Return the member and the id of a redemption that a caller names.

    Raises:
        NotFound: There is none that the caller may give back.
    """
    try:
        found = read_id(text)
    except BadInput:
        found = None
    parts = found.parts(2) if found else None
    if found and parts and (found.type, found.program) == ("Redemption", context.program):
        return parts[0], parts[1]
    entry = await context.activity(f"{context.caller.reporter}/{text}")
    if entry is None or entry.activity.type != "redemption" or entry.activity.member is None:
        raise NotFound("redemption", ("redemptionId",))
    return entry.activity.member, text


def _place(path: Sequence[str]) -> Sequence[str]:
    return ["redemptionId"] if path[:1] == ("activityId",) else place(path)


async def _lack(context: Context, member_id: str, input_: RedeemRewardInput) -> Problem:
    """Return how far a member's units fall short of a reward's price."""
    catalogue = await context.catalogue()

    def look(view: View) -> tuple[str, int, int]:
        wallet, cost = view.price(input_.reward, given(input_.wallet))
        return wallet, cost or 0, view.wallet(wallet).spendable

    wallet, cost, held = await shown(context, member_id, look)
    scale = catalogue.wallet_scale(wallet)
    return InsufficientPoints(
        code="INSUFFICIENT_POINTS",
        message="The member has too few units for this.",
        path=["reward"],
        held=amount(held, scale),
        needed=amount(cost * (input_.quantity or 1), scale),
    )

"""Redemptions: rewards that members have taken, and what became of them.

Whether a redemption is possible is decided in `core`, when its activity is.
"""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.context import Context, Info
from guerdon.api.describe import field, kind, kinds, noun, says
from guerdon.api.ids import global_id
from guerdon.api.instants import amount, to_datetime
from guerdon.api.nodes import Node
from guerdon.api.rewards import Reward, reward_noun
from guerdon.api.standings import shown
from guerdon.api.vouchers import Voucher, vouchers_of
from guerdon.core.decision import RedemptionEffect
from guerdon.core.standing import Plain
from guerdon.core.views import View
from guerdon.core.vouchers import Voucher as HeldVoucher
from guerdon.engine import read
from guerdon.engine.refusals import NotFound

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
    state: RedemptionState = says("What became of it.")
    at: datetime = says("When it was taken or, once cancelled, given back.")
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
        return await vouchers_of(info.context, self.member_id, self.key)


def redemption_noun(catalogue: Catalogue, member_id: str, effect: RedemptionEffect) -> Redemption:
    """Return a redemption in the state that an effect gave it."""
    reward = reward_noun(catalogue, effect.reward)
    assert reward is not None, "a reward that was redeemed was in some version"
    return Redemption(
        id=strawberry.ID(global_id("Redemption", catalogue.id, member_id, effect.redemption)),
        reward=reward,
        quantity=effect.quantity,
        cost=amount(effect.cost, catalogue.wallet_scale(reward.wallet)),
        state=RedemptionState(effect.state),
        at=to_datetime(effect.at),
        member_id=member_id,
        key=effect.redemption,
    )


async def redemption_of(context: Context, member_id: str, redemption_id: str) -> Redemption | None:
    """Return a redemption as it is now, None where the member has none under that id."""
    catalogue = await context.catalogue()
    found = await read.activities(
        context.world,
        context.program,
        [f"{reporter}/{redemption_id}" for reporter in _reporters(catalogue, member_id)],
    )
    for key, entry in found.items():
        if entry.activity.type != "redemption" or entry.activity.member != member_id:
            continue
        record, vouchers = await shown(context, member_id, partial(_kept, key=key))
        if record is None:
            continue
        states = {vouchers[name].shown(context.now) for name in record["vouchers"]}
        effect = RedemptionEffect(
            redemption=redemption_id,
            reward=record["reward"],
            state=_state(record["state"], states),
            cost=record["cost"],
            quantity=record["quantity"],
            at=record["at"],
        )
        return redemption_noun(catalogue, member_id, effect)
    return None


def _kept(view: View, *, key: str) -> tuple[Plain | None, dict[str, HeldVoucher]]:
    return view.redemption(key), view.vouchers()


def _reporters(catalogue: Catalogue, member_id: str) -> list[str]:
    """Return who may have reported a member's redemption."""
    partners = [f"partner:{slug}" for slug in catalogue.program.partners]
    return ["service", f"member:{member_id}", *partners]


def _state(state: str, vouchers: set[str]) -> str:
    """Return what became of a redemption, given what became of all of its vouchers."""
    if state == "issued" and len(vouchers) == 1 and vouchers <= {"used", "expired"}:
        return next(iter(vouchers))
    return state

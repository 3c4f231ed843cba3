"""Effects: what one activity changed, one type for each kind of change.

The rule: an effect is shown from the figures that were kept with the decision, so that the feed of
last year reads the same today. The sentences are formed in `core.sentences`.
"""

from datetime import datetime
from decimal import Decimal

from guerdon.api.badges import Badge, badge_noun
from guerdon.api.catalogue import Catalogue
from guerdon.api.describe import interface, noun, says
from guerdon.api.instants import amount, maybe_datetime
from guerdon.api.missions import Mission, MissionState, mission_noun
from guerdon.api.redemptions import Redemption, redemption_noun
from guerdon.api.vouchers import Voucher, voucher_noun
from guerdon.core import decision as core
from guerdon.core.sentences import effect_sentence
from guerdon.engine.world import Caller, Role


@interface
class Effect:
    """One thing that an activity changed."""

    summary: str = says('A sentence for the member, such as "+12.50 Stars for a purchase".')


@noun
class PointsEffect(Effect):
    """Units came into a wallet or went out of it."""

    wallet: str = says("The wallet's short name.")
    amount: Decimal = says("How many: positive when they came, negative when they went.")
    rule: str = says("The rule, or whatever else in the program moved them.")
    expires_at: datetime | None = says("The first instant at which they are gone, if there is one.")


@noun
class MissionEffect(Effect):
    """A member came further in a mission, or fell back."""

    mission: Mission = says("Which mission.")
    state: MissionState = says("Where the member stands in it now.")
    progress: Decimal = says("How much is done now.")


@noun
class BadgeEffect(Effect):
    """A badge was given."""

    badge: Badge = says("Which badge.")


@noun
class TierEffect(Effect):
    """The tier that a member shows changed."""

    ladder: str = says("The ladder's short name.")
    from_: str | None = says("The tier before; null where there was none.", name="from")
    to: str = says("The tier after.")
    until: datetime | None = says("The first instant without it; null while it has no end.")


@noun
class VoucherEffect(Effect):
    """A voucher was issued, used or taken back."""

    voucher: Voucher = says("The voucher, in the state that this gave it.")


@noun
class RedemptionEffect(Effect):
    """A reward was redeemed, or its redemption fulfilled, failed or cancelled."""

    redemption: Redemption = says("The redemption, in the state that this gave it.")


@noun
class DrawEffect(Effect):
    """A draw was played."""

    draw: str = says("The draw's short name.")
    result: str = says("One of won, none, pity (consolation after bad luck), budget (all was won).")
    prize: str | None = says("The prize's short name; null where nothing was won.")


EFFECTS = (
    PointsEffect,
    MissionEffect,
    BadgeEffect,
    TierEffect,
    VoucherEffect,
    RedemptionEffect,
    DrawEffect,
)


def visible(catalogue: Catalogue, caller: Caller, effect: core.Effect) -> bool:
    """Tell whether the caller may see an effect on another than itself.

    Partners see what their own activities earned, and what concerns their own rewards; of tiers,
    missions and badges they learn nothing.
    """
    if caller.role is not Role.PARTNER:
        return True
    match effect:
        case core.PointsEffect():
            return True
        case core.VoucherEffect():
            reward = catalogue.reward(effect.kind)
        case core.RedemptionEffect():
            reward = catalogue.reward(effect.reward)
        case _:
            return False
    return reward is not None and reward.partner == caller.partner


def effect_noun(
    catalogue: Catalogue, effect: core.Effect, member_id: str, caller: Caller
) -> Effect:
    """Return an effect as the API shows it."""
    summary = effect_sentence(catalogue.version_at(effect.at), effect)
    match effect:
        case core.PointsEffect():
            return PointsEffect(
                summary=summary,
                wallet=effect.wallet,
                amount=amount(effect.amount, catalogue.wallet_scale(effect.wallet)),
                rule=effect.rule,
                expires_at=maybe_datetime(effect.expires_at),
            )
        case core.MissionEffect():
            mission = catalogue.mission(effect.mission)
            return MissionEffect(
                summary=summary,
                mission=mission_noun(catalogue, effect.mission),
                state=MissionState(effect.state),
                progress=amount(effect.progress, mission.scale if mission else 0),
            )
        case core.BadgeEffect():
            return BadgeEffect(summary=summary, badge=badge_noun(catalogue, effect.badge))
        case core.TierEffect():
            return TierEffect(
                summary=summary,
                ladder=effect.ladder,
                from_=effect.before,
                to=effect.after,
                until=maybe_datetime(effect.until),
            )
        case core.DrawEffect():
            return DrawEffect(
                summary=summary, draw=effect.draw, result=effect.result, prize=effect.prize
            )
        case core.VoucherEffect():
            return VoucherEffect(
                summary=summary,
                voucher=voucher_noun(
                    caller,
                    member_id,
                    effect.voucher,
                    kind=effect.kind,
                    state=effect.state,
                    until=effect.until,
                ),
            )
        case core.RedemptionEffect():
            return RedemptionEffect(
                summary=summary,
                redemption=redemption_noun(catalogue, member_id, effect, caller),
            )

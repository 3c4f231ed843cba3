"""Sentences formed when read: what an activity changed, and why a rule did or did not apply.

Rule: a sentence names only the reader's own figures and the program's public names; no other
member's data can be in it, because effects and explanations hold none.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from guerdon.core.activity import Instant
from guerdon.core.amounts import plain, to_decimal
from guerdon.core.decision import (
    BadgeEffect,
    DrawEffect,
    Effect,
    Explanation,
    MissionEffect,
    PointsEffect,
    RedemptionEffect,
    TierEffect,
)
from guerdon.core.program import Program

_POINTS = {
    "earned": "{signed} {name}",
    "released": "{amount} {name} can be spent now",
    "reversed": "{signed} {name}: taken back",
    "expired": "{signed} {name}: expired",
    "revived": "{signed} {name}: the expiry was undone",
    "returned": "{signed} {name}: returned",
    "paid_debt": "{amount} {name} paid what was owed",
    "adjusted": "{signed} {name}: corrected",
    "sent": "{amount} {name} sent",
    "received": "{signed} {name}: received",
    "paid_out": "{amount} {name} paid out",
}

_MISSIONS = {
    "active": "{name}: {progress} of {goal}",
    "completed": "{name} completed",
    "expired": "{name} is over",
}

_REDEMPTIONS = {
    "issued": "{name}: redeemed",
    "pending": "{name}: redeemed, waiting for the partner",
    "cancelled": "{name}: cancelled",
    "failed": "{name}: not fulfilled ({reason}), returned",
}

_DRAWS = {
    "won": "{name}: won {prize}",
    "pity": "{name}: {prize}, for bad luck",
    "budget": "{name}: no prize, the budget is spent",
    "none": "{name}: no prize this time",
}


def effect_sentence(program: Program, effect: Effect) -> str:
    """Return what the effect means to the member, in one sentence without a full stop."""
    if isinstance(effect, PointsEffect):
        return _points(program, effect)
    if isinstance(effect, TierEffect):
        return _tier(program, effect)
    if isinstance(effect, MissionEffect):
        mission = program.missions.get(effect.mission)
        scale = mission.scale if mission is not None else 0
        return _MISSIONS[effect.state].format(
            name=mission.name if mission is not None else effect.mission,
            progress=plain(to_decimal(effect.progress, scale)),
            goal=plain(to_decimal(mission.goal, scale)) if mission is not None else "?",
        )
    if isinstance(effect, BadgeEffect):
        badge = program.badges.get(effect.badge)
        return f"Badge: {badge.name if badge is not None else effect.badge}"
    if isinstance(effect, RedemptionEffect):
        reward = program.rewards.get(effect.reward)
        name = reward.name if reward is not None else effect.reward
        return _REDEMPTIONS[effect.state].format(name=name, reason=effect.reason)
    if isinstance(effect, DrawEffect):
        return _DRAWS[effect.result].format(name=effect.draw, prize=effect.prize)
    return f"Voucher {effect.kind}: {effect.state}"


def _points(program: Program, effect: PointsEffect) -> str:
    wallet = program.wallets.get(effect.wallet)
    scale = wallet.scale if wallet is not None else 0
    return _POINTS[effect.how].format(
        signed=f"{'+' if effect.amount >= 0 else '-'}{_figure(abs(effect.amount), scale)}",
        amount=_figure(abs(effect.amount), scale),
        name=wallet.name if wallet is not None else effect.wallet,
    )


def _tier(program: Program, effect: TierEffect) -> str:
    ladder = program.ladders.get(effect.ladder)
    names = {rung.id: rung.name or rung.id for rung in ladder.tiers} if ladder is not None else {}
    label = ladder.name if ladder is not None else effect.ladder
    until = "" if effect.until is None else f", until {_day(program, effect.until)}"
    return f"{label}: {names.get(effect.after, effect.after)}{until}"


def explanation_sentence(program: Program, explanation: Explanation) -> str:
    """Return why a rule applied or did not, with the value seen and the value needed."""
    rule = next((rule for rule in program.rules if rule.id == explanation.rule), None)
    name = (rule.name if rule is not None else "") or explanation.rule
    seen = explanation.seen or "nothing"
    needed = explanation.needed
    if explanation.applied:
        return f"{name} applied."
    return {
        "when": f"{name} asks for {_words(explanation)}; it was {seen}.",
        "lines": f"{name} asks for a line with {needed}; there was none.",
        "tier": f"{name} gives nothing at {seen}; it does at {needed}.",
        "limit": f"{name} has reached its limit.",
        "best_of": f"{name} gave way to {explanation.field}, which gives more.",
        "referrer": f"{name} asks for a member who referred this one; there is none.",
    }.get(explanation.cause, f"{name} comes to nothing here.")


_OPS = {
    "eq": "to be {needed}",
    "in": "to be one of {needed}",
    "not_in": "to be none of {needed}",
    "ne": "not to be {needed}",
    "gte": "to be at least {needed}",
    "gt": "to be more than {needed}",
    "lte": "to be at most {needed}",
    "lt": "to be less than {needed}",
    "from": "to be {needed} or later",
    "to": "to be {needed} or earlier",
}


def _words(explanation: Explanation) -> str:
    if explanation.op == "exists":
        return f"{explanation.field} to be {'there' if explanation.needed == 'true' else 'absent'}"
    words = _OPS.get(explanation.op, "to be {needed}").format(needed=explanation.needed)
    return f"{explanation.field} {words}"


def _figure(minor: int, scale: int) -> str:
    value: Decimal = to_decimal(minor, scale)
    return format(value, "f")


def _day(program: Program, at: Instant) -> str:
    """Return the last business day before an instant."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at - 1)
    local = moment.astimezone(ZoneInfo(program.timezone)).replace(tzinfo=None)
    return (local - timedelta(minutes=program.day_start_minutes)).date().isoformat()

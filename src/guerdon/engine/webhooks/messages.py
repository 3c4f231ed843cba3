"""Messages: what a journal entry says to those who listen, in the words of the API.

Rule: one message for the activity, then one for each of its effects, always numbered alike, so that
a message has one id for all endpoints and all tries. A partner hears of activities that it reported
itself and of its own rewards, of members under the partner's own names for them; nobody is sent an
attribute, a voucher's code or a display name.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from guerdon.core.activity import CAUSED, Instant
from guerdon.core.amounts import to_decimal
from guerdon.core.decision import (
    BadgeEffect,
    DrawEffect,
    Effect,
    MissionEffect,
    PointsEffect,
    RedemptionEffect,
    TierEffect,
    VoucherEffect,
)
from guerdon.core.plain import activity_from_plain, effects_from_plain
from guerdon.core.program import Program
from guerdon.core.rulebook import Rulebook
from guerdon.core.standing import Plain
from guerdon.engine.records import Entry

TOPICS = (
    "activity.accepted",
    "activity.rejected",
    "points.earned",
    "points.released",
    "points.reversed",
    "points.expired",
    "points.revived",
    "points.returned",
    "points.paid_debt",
    "points.adjusted",
    "points.sent",
    "points.received",
    "points.paid_out",
    "tier.changed",
    "mission.active",
    "mission.completed",
    "badge.awarded",
    "voucher.issued",
    "voucher.used",
    "voucher.cancelled",
    "redemption.pending",
    "redemption.issued",
    "redemption.failed",
    "redemption.cancelled",
    "draw.won",
    "draw.none",
    "draw.pity",
    "draw.budget",
    "partner.low",
    "partner.exhausted",
)
"""What can be listened to; `points.*` is all that begins so, `*` is everything."""


class Message(NamedTuple):
    """One message, not yet addressed; `number` is its place within the entry."""

    number: int
    topic: str
    data: dict[str, Any]


def matches(pattern: str, topic: str) -> bool:
    """Tell whether a pattern names a topic."""
    if pattern.endswith("*"):
        return topic.startswith(pattern[:-1])
    return pattern == topic


def messages(rulebook: Rulebook, entry: Entry, *, partner: str | None) -> Iterator[Message]:
    """Yield what an entry says to the owner, or to one of the partners; the member left out."""
    program = rulebook.at(entry.decided_at).program
    activity = entry.activity
    reported = partner is None or (
        activity.get("partner") == partner or activity["reporter"] == f"partner:{partner}"
    )
    if activity["type"] == "partner_low":
        if reported:
            yield _agreement(activity)
        return
    # What a partner's activity causes for others goes by its name, and was reported by nobody.
    reported = reported and (partner is None or activity["type"] not in CAUSED)
    about = {
        "activityId": activity["id"],
        "type": activity["type"],
        "at": text_of(Instant(activity["at"])),
        "result": entry.decision["result"].upper(),
        "reason": entry.decision.get("reason"),
    }
    if partner is None:
        about["reporter"] = activity["reporter"]
    if reported and activity["type"] != "tick":
        yield Message(0, f"activity.{entry.decision['result']}", {"activity": about})
    for number, effect in enumerate(effects_from_plain(entry.decision.get("effects", ())), 1):
        if partner is None or (
            (reported and isinstance(effect, PointsEffect))
            or partner == _honoured_by(rulebook, program, effect)
        ):
            topic, data = _told(rulebook, effect)
            named = {"activity": about} if reported else {}
            yield Message(number, topic, {**named, **data})


def _agreement(activity: Plain) -> Message:
    """Return the message that a partner's agreement runs low."""
    said = activity_from_plain(activity).data
    data = {
        "partner": activity["partner"],
        "direction": said["direction"],
        "of": said["of"],
        "left": said["left"],
    }
    return Message(0, f"partner.{said['state']}", data)


def body(message: Message, entry: Entry, member: dict[str, str] | None) -> dict[str, Any]:
    """Return the message as it is sent, of this member."""
    data = message.data if member is None else {"member": member, **message.data}
    if member is not None:
        data = {**data, "sequence": entry.member_seq}
    return {"type": message.topic, "timestamp": text_of(entry.decided_at), "data": data}


def _honoured_by(rulebook: Rulebook, program: Program, effect: Effect) -> str | None:
    """Return the partner whose reward an effect is about, also of one that is gone by then."""
    if isinstance(effect, RedemptionEffect):
        slug = effect.reward
    elif isinstance(effect, VoucherEffect):
        slug = effect.kind
    else:
        return None
    reward = program.rewards.get(slug)
    return rulebook.partner_of(slug) if reward is None else reward.partner


def _told(rulebook: Rulebook, effect: Effect) -> tuple[str, dict[str, Any]]:
    match effect:
        case PointsEffect():
            scale = rulebook.wallet(effect.wallet).scale
            return f"points.{effect.how}", {
                "wallet": effect.wallet,
                "amount": str(to_decimal(effect.amount, scale)),
                "rule": effect.rule,
                "expiresAt": None if effect.expires_at is None else text_of(effect.expires_at),
            }
        case TierEffect():
            return "tier.changed", {
                "ladder": effect.ladder,
                "from": effect.before,
                "to": effect.after,
                "until": None if effect.until is None else text_of(effect.until),
            }
        case MissionEffect():
            return f"mission.{effect.state}", {"mission": effect.mission}
        case BadgeEffect():
            return "badge.awarded", {"badge": effect.badge}
        case VoucherEffect():
            state = "cancelled" if effect.state == "void" else effect.state
            return f"voucher.{state}", {
                "voucher": effect.voucher,
                "kind": effect.kind,
                "redemptionId": effect.redemption or None,
                "until": None if effect.until is None else text_of(effect.until),
            }
        case RedemptionEffect():
            return f"redemption.{effect.state}", {
                "redemptionId": effect.redemption,
                "reward": effect.reward,
                "quantity": effect.quantity,
                "until": None if effect.until is None else text_of(effect.until),
                "reason": effect.reason or None,
            }
        case DrawEffect():
            return f"draw.{effect.result}", {"draw": effect.draw, "prize": effect.prize}


def text_of(at: Instant) -> str:
    """Return an instant as Standard Webhooks writes it."""
    return f"{datetime.fromtimestamp(at // 1_000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1_000:03d}Z"
